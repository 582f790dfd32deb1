//! Desks as data: the shipped ones load, and of a broken one every fault is named.

use domain::desk::{
    Desk, DeskDefinition, Form, LoadError,
    check::{self, STATUSES_MAX, TRANSITIONS_MAX},
    form::{FIELD_NAME_BYTES_MAX, FIELDS_BYTES_MAX, FIELDS_MAX},
    shipped,
};
use domain::{Language, fault::FaultCode};
use serde_json::{Value, json};

use crate::given::{SAV, SUP, object};

#[test]
fn the_shipped_desks_load_and_are_whole() {
    let desks = shipped().unwrap();
    let keys: Vec<&str> = desks.iter().map(|desk| desk.definition().key.as_str()).collect();
    assert_eq!(keys, ["SUP", "SAV"]);
    for desk in &desks {
        assert_eq!(check::faults(desk.definition()), Vec::<String>::new());
    }
}

#[test]
fn the_support_desk_has_the_ten_statuses_of_its_manual_and_two_ask_for_an_answer() {
    let labels: Vec<&str> = SUP
        .definition()
        .statuses
        .iter()
        .map(|status| status.label.fr.as_str())
        .collect();
    assert_eq!(
        labels,
        [
            "Ouvert",
            "Sélectionné pour traitement",
            "Transféré au développement",
            "En progression",
            "En attente du client",
            "Résolu",
            "En attente d'approbation client",
            "A délivrer",
            "Fermé",
            "ReOuvert"
        ]
    );
    let asking: Vec<&str> = SUP
        .definition()
        .statuses
        .iter()
        .filter(|of| of.response_required)
        .map(|of| of.id.as_str())
        .collect();
    assert_eq!(asking, ["waiting_customer", "waiting_approval"]);
}

#[test]
fn a_definition_comes_back_from_its_stored_form_as_it_was() {
    for desk in [&*SUP, &*SAV] {
        let json = serde_json::to_value(desk.definition()).unwrap();
        assert_eq!(
            &serde_json::from_value::<DeskDefinition>(json).unwrap(),
            desk.definition()
        );
    }
}

#[test]
fn every_shipped_form_is_valid_json_schema_2020_12() {
    let mut forms = 0;
    for desk in [&*SUP, &*SAV] {
        let definition = desk.definition();
        let of_types = definition.types.iter().map(|of| (&of.id, Some(&of.form)));
        let of_transitions = definition.transitions.iter().map(|of| (&of.id, of.form.as_ref()));
        for (id, form) in of_types
            .chain(of_transitions)
            .filter_map(|(id, form)| Some((id, form?)))
        {
            let checked = jsonschema::draft202012::meta::validate(form);
            assert!(checked.is_ok(), "{} {id}: {checked:?}", definition.key);
            forms += 1;
        }
        for of in &definition.types {
            assert_eq!(
                of.form["$schema"], "https://json-schema.org/draft/2020-12/schema",
                "{}",
                of.id
            );
        }
    }
    assert_eq!(forms, 4 + 1 + 1 + 5);
}

/// A change of the `SUP` definition, as JSON, at a pointer.
fn broken(pointer: &str, value: Value) -> Vec<String> {
    broken_all(&[(pointer, value)])
}

fn broken_all(changes: &[(&str, Value)]) -> Vec<String> {
    let mut json = serde_json::to_value(SUP.definition()).unwrap();
    for (pointer, value) in changes {
        *json
            .pointer_mut(pointer)
            .unwrap_or_else(|| panic!("nothing at {pointer}")) = value.clone();
    }
    let definition: DeskDefinition = serde_json::from_value(json).unwrap();
    match Desk::load(definition) {
        Err(LoadError { faults }) => faults,
        Ok(_) => Vec::new(),
    }
}

fn label() -> Value {
    json!({"fr": "x", "en": "x"})
}

fn transition(id: &str) -> Value {
    json!({"id": id, "label": label(), "from": ["open"], "to": "closed", "who": ["agent"]})
}

/// A place in the definition of `SUP`, what is put there, and the fault that must be named.
const BROKEN: &str = r#"
/version | 0 | versions count from 1
/initial_status | "nowhere" | initial_status names the unknown status nowhere
/statuses/1/id | "open" | two statuses have the same id
/statuses/0/closed | true | status open is closed, so its category is done
/statuses/0/label/en | " " | status open has an empty label
/label/fr | "" | the desk has an empty label
/default_priority | "huge" | the default priority "huge" is not in its list
/default_urgency | "huge" | the default urgency "huge" is not in its list
/priorities/0/id | "normal" | two values of priorities have the same id
/urgencies/0/id | "" | an id of urgencies is empty or longer than 63 bytes
/transitions/0/to | "nowhere" | transition take names the unknown status nowhere
/transitions/0/from | ["nowhere"] | transition take names the unknown status nowhere
/transitions/0/from | [] | transition take can never be followed
/transitions/0/who | [] | transition take can never be followed
/transitions/0/id | "accept" | the action id accept is reserved
/transitions/0/id | "comment" | the action id comment is reserved
/transitions/0/id | "" | the action id "" is empty or longer than 63 bytes
/transitions/0/id | "select" | two transitions select start from open
/transitions/0/label/fr | "" | transition take has an empty label
/transitions/1/to | "closed" | status selected can never be reached
/transitions/2/automatic_comment/en | "" | transition transfer_to_development has an empty label
/transitions/4/assigns_actor | true | transition customer_answered would assign the ticket to somebody who does not treat it
/transitions/6/clears | ["colour"] | transition resume clears the unknown field colour
/approval/from | [] | an approval can never be asked for
/approval/pending | "in_progress" | a decision leads out of the pending status
/approval/refuse_label/fr | "" | approval has an empty label
/approval/clears | ["colour"] | approval clears the unknown field colour
/reopen/from | [] | a ticket can never be reopened
/reopen/to | "closed" | reopening leads to another status
/reopen/clears | ["colour"] | reopen clears the unknown field colour
/types | [] | request types have ids of their own, and there is at least one
/types/1/id | "question" | request types have ids of their own, and there is at least one
/types/0/id | "" | the id of a request type is empty or longer than 63 bytes
/value_lists/resolution/0/id | "fixed" | the form of transition resolve: the values of resolution are not those of its list
/value_lists/resolution/0/label/en | "" | value done of resolution has an empty label
/value_lists | {"colour": []} | the value list colour belongs to no field
"#;

#[test]
fn each_fault_of_a_definition_is_named() {
    let rows: Vec<Vec<&str>> = BROKEN
        .trim()
        .lines()
        .map(|line| line.split(" | ").collect())
        .collect();
    for row in &rows {
        let faults = broken(row[0], serde_json::from_str(row[1]).unwrap());
        assert!(faults.iter().any(|told| told == row[2]), "{row:?}: {faults:#?}");
    }
    assert_eq!(rows.len(), 36);
}

#[test]
fn all_faults_of_a_definition_are_named_at_once() {
    let faults = broken_all(&[
        ("/version", json!(0)),
        ("/default_priority", json!("huge")),
        ("/approval/accepted", json!("nowhere")),
        (
            "/types/0/form",
            json!({"type": "object", "properties": {"a b": {"x-personal": "me"}}}),
        ),
        ("/reopen/label/en", json!("")),
    ]);
    for (start, fault) in [
        ("versions", "versions count from 1"),
        ("approval", "approval names the unknown status nowhere"),
        ("the default", "the default priority \"huge\" is not in its list"),
        (
            "the form of type question: a form says",
            "`additionalProperties: false`",
        ),
        ("the form of type question: field \"a b\"", "a letter first"),
        (
            "the form of type question: field a b",
            "x-personal is `requester` or `customer`",
        ),
        ("reopen", "reopen has an empty label"),
    ] {
        assert!(
            faults
                .iter()
                .any(|told| told.starts_with(start) && told.contains(fault)),
            "{start}: {faults:#?}"
        );
    }
    let told = LoadError {
        faults: vec!["a".to_owned(), "b".to_owned()],
    }
    .to_string();
    assert_eq!(told, "the desk definition has 2 fault(s): a; b");
}

#[test]
fn a_definition_that_would_pass_for_a_sealed_value_is_refused() {
    for name in ["personal", "sealed"] {
        let form = json!({"type": "object", "additionalProperties": false, "properties": {name: {"type": "string"}}});
        let faults = broken("/types/0/form", form);
        assert!(
            faults
                .iter()
                .any(|fault| fault.contains("would pass for a sealed value")),
            "{faults:?}"
        );
    }
}

#[test]
fn a_definition_is_bounded() {
    let many = |count: usize| -> Vec<Value> {
        (0..count)
            .map(|number| json!({"id": format!("s{number}"), "label": label(), "category": "new"}))
            .collect()
    };
    assert!(
        broken("/statuses", json!(many(STATUSES_MAX + 1)))
            .contains(&"a desk has at most 64 statuses".to_owned())
    );
    let many: Vec<Value> = (0..=TRANSITIONS_MAX)
        .map(|number| transition(&format!("t{number}")))
        .collect();
    assert!(broken("/transitions", json!(many)).contains(&"a desk has at most 256 transitions".to_owned()));
    let long = broken("/label/fr", json!("é".repeat(check::DEFINITION_BYTES_MAX / 2)));
    assert!(
        long.iter()
            .any(|fault| fault.starts_with("a definition holds at most 45056 bytes of JSON")),
        "{long:?}"
    );
    for desk in [&*SUP, &*SAV] {
        let bytes = serde_json::to_string(desk.definition()).unwrap().len();
        assert!(bytes * 2 < check::DEFINITION_BYTES_MAX, "{bytes}");
    }
}

#[test]
fn a_text_that_is_no_definition_says_where() {
    let told = Desk::from_toml("key = \"SUP\"\nversion = \"one\"").unwrap_err();
    assert!(told.faults[0].contains("line 2"), "{told}");
    let told = Desk::from_toml(&format!("colour = 1\n{}", include_str!("../../desks/SUP.toml"))).unwrap_err();
    assert!(told.faults[0].contains("unknown field `colour`"), "{told}");
}

fn closed(properties: Value) -> Value {
    json!({"type": "object", "additionalProperties": false, "properties": properties})
}

fn compile(schema: &Value) -> String {
    Form::compile(schema).err().unwrap_or_default().join("; ")
}

#[test]
fn each_fault_of_a_form_is_named() {
    let table = [
        (json!(true), "a form is an object schema with `properties`"),
        (
            json!({"properties": {}}),
            "a form says `additionalProperties: false`",
        ),
        (
            json!({"$schema": "http://json-schema.org/draft-07/schema#", "additionalProperties": false, "properties": {}}),
            "its $schema is not",
        ),
        (closed(json!({"a": true})), "field a: is no object schema"),
        (
            closed(json!({"a": {"type": "object"}})),
            "field a: nested objects are not supported",
        ),
        (
            closed(json!({"a": {"properties": {}}})),
            "field a: nested objects are not supported",
        ),
        (
            closed(json!({"a": {"x-open": "yes"}})),
            "field a: x-open is true or false",
        ),
        (
            closed(json!({"a": {"x-personal": "me"}})),
            "field a: x-personal is `requester` or `customer`",
        ),
        (
            closed(json!({"a": {"x-personal": 1}})),
            "field a: x-personal is `requester` or `customer`",
        ),
        (
            closed(json!({"a": {"x-open": true, "x-personal": "customer"}})),
            "field a: x-open and x-personal contradict",
        ),
        (
            closed(json!({"a/b": {}})),
            "field \"a/b\": a name is letters, digits and _",
        ),
        (
            closed(json!({"a": {"type": "text"}})),
            "is not valid under any of the schemas",
        ),
        (
            closed(json!({"a": {"$ref": "https://example.org/a.json"}})),
            "example.org",
        ),
    ];
    for (schema, fault) in table {
        let told = compile(&schema);
        assert!(told.contains(fault), "{schema}: {told}");
    }
    assert_eq!(compile(&closed(json!({"a": {"type": "string"}}))), "");
}

#[test]
fn a_form_has_64_fields_at_most_with_names_of_63_bytes_at_most() {
    let form = |count: usize| {
        closed(Value::Object(
            (0..count)
                .map(|number| (format!("f{number}"), json!({})))
                .collect(),
        ))
    };
    assert_eq!(compile(&form(FIELDS_MAX)), "");
    assert_eq!(compile(&form(FIELDS_MAX + 1)), "a form has at most 64 fields");
    let name = "a".repeat(FIELD_NAME_BYTES_MAX);
    assert_eq!(compile(&closed(json!({name.clone(): {}}))), "");
    assert!(compile(&closed(json!({format!("{name}a"): {}}))).contains("a name is"));
}

#[test]
fn no_form_takes_null_or_nested_values() {
    let form = Form::compile(&closed(json!({"a": {}, "b": {}, "c": {}, "d": {}}))).unwrap();
    let fields = object(json!({"a": null, "b": {"personal": {}}, "c": [[1]], "d": [1, "x", null, true]}));
    let told: Vec<_> = form
        .faults(&fields)
        .into_iter()
        .map(|fault| (fault.pointer.clone(), fault.code()))
        .collect();
    let refused = |name: &str| (format!("/fields/{name}"), FaultCode::Type);
    assert_eq!(told, [refused("a"), refused("b"), refused("c")]);
}

#[test]
fn all_fields_together_are_bounded() {
    let form = Form::compile(&closed(json!({"a": {"type": "string"}}))).unwrap();
    let of = |bytes: usize| object(json!({"a": "x".repeat(bytes - r#"{"a":""}"#.len())}));
    assert_eq!(form.faults(&of(FIELDS_BYTES_MAX)), []);
    let told = form.faults(&of(FIELDS_BYTES_MAX + 1));
    assert_eq!(
        (told[0].pointer.as_str(), told[0].code()),
        ("/fields", FaultCode::Length)
    );
}

#[test]
fn a_fault_never_repeats_the_value_which_may_be_somebody_s() {
    let secret = "Jeanne-Secrète";
    let fields = object(json!({
        "troubleDetectionTime": secret, "serviceProviderID": secret, "troubleTicketType": secret,
        "defectClassId": secret, "contactPhoneNumber1": secret, "customerLastName": secret.repeat(9),
        "alreadyOperated": secret, "customerFirstName": {"a": secret}, "SUAppointmentManagementId": secret,
    }));
    let faults = SAV.form("signalisation").unwrap().faults(&fields);
    assert!(faults.len() > 9);
    for fault in faults {
        for language in [Language::Fr, Language::En] {
            let told = fault.text.text(language);
            assert!(!told.contains(secret), "{}: {told}", fault.pointer);
        }
    }
}
