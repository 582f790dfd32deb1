//! Desks as data: the shipped ones load, and of a broken one every fault is named.

use domain::desk::{
    Desk, DeskDefinition, Form, LoadError,
    check::{self, STATUSES_MAX, TRANSITIONS_MAX},
    form::{FIELD_NAME_BYTES_MAX, FIELDS_BYTES_MAX, FIELDS_MAX},
    schema, shipped,
};
use domain::{Language, fault::FaultCode};
use serde_json::{Value, json};

use crate::given::{SAV, SUP, form_of, object};

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
fn every_shipped_form_is_valid_json_schema_2020_12_in_both_languages() {
    let mut forms = 0;
    for desk in [&*SUP, &*SAV] {
        let definition = desk.definition();
        let of_types = definition.types.iter().map(|of| (&of.label, Some(&of.form)));
        let of_transitions = definition
            .transitions
            .iter()
            .map(|of| (&of.label, of.form.as_ref()));
        for (title, form) in of_types.chain(of_transitions) {
            let Some(form) = form else { continue };
            for language in [Language::Fr, Language::En] {
                let served = schema::served(definition, form, (title, None), language);
                let served = serde_json::to_value(served).unwrap();
                let checked = jsonschema::draft202012::meta::validate(&served);
                assert!(checked.is_ok(), "{} {title:?}: {checked:?}", definition.key);
            }
            forms += 1;
        }
    }
    assert_eq!(forms, 4 + 1 + 1 + 5);
}

/// Every pattern has its sentence, and every text its length: people and generators read both.
#[test]
fn every_shipped_field_says_how_long_it_is_and_what_its_pattern_asks_for() {
    for desk in [&*SUP, &*SAV] {
        for (key, field) in &desk.definition().fields {
            let holds = |word: &str| field.schema.contains_key(word);
            assert_eq!(holds("pattern"), field.format_help.is_some(), "{key}");
            let is_free = field.kind() == "string" && field.list.is_none() && !holds("format");
            assert!(!is_free || holds("maxLength") || holds("pattern"), "{key}");
        }
    }
}

/// A change of the `SUP` definition, as JSON, at a pointer.
fn broken(pointer: &str, value: Value) -> Vec<String> {
    broken_all(&[(pointer, value)])
}

fn broken_all(changes: &[(&str, Value)]) -> Vec<String> {
    let mut json = serde_json::to_value(SUP.definition()).unwrap();
    for (pointer, value) in changes {
        let (above, name) = pointer.rsplit_once('/').unwrap();
        let above = json
            .pointer_mut(above)
            .unwrap_or_else(|| panic!("nothing at {above}"));
        match name.parse::<usize>() {
            Ok(index) => above[index] = value.clone(),
            Err(_) => above[name] = value.clone(),
        }
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
/value_lists/resolution/values/0/id | "wont_do" | two values of resolution have the same id
/value_lists/resolution/values/0/label/en | "" | value done of resolution has an empty label
/value_lists/resolution/apart | true | the value list resolution stands apart, so it has no values here
/value_lists/resolution/values/0/parent | "nowhere" | the value done of resolution stands under none of its values
/value_lists/resolution/values/0/parent | "done" | the value done of resolution stands under none of its values
/value_lists | {"colour": {}} | the value list colour belongs to no field
/value_lists | {} | field resolution: the desk has no list resolution
/fields/product/title/en | " " | field product has an empty label
/fields/product/help/fr | "" | field product has an empty label
/fields/person_email/format_help/fr | "" | field person_email has an empty label
/fields/product/schema/title | "Produit" | field product: title has an attribute of its own, outside the schema
/fields/product/schema/x-open | true | field product: x-open has an attribute of its own, outside the schema
/fields/resolution/schema | {"enum": ["done"]} | field resolution: its values are those of its list, so its schema has no enum
/fields/resolution/schema | {"type": "integer"} | field resolution: the value done of its list is no integer
/fields/resolution/schema | {"type": "boolean"} | field resolution: a value of its list is a text, or an integer of a list that does not stand apart
/fields/steps/name | "product" | the form of type incident: two of its fields are called product
/fields/product/personal | "customer" | the form of type question: field product: open and personal contradict each other
/types/0/form/fields | ["colour"] | the form of type question: the desk has no field colour
/types/2/form/fields | ["person_name"] | the form of type account_request: it requires person_email, which is none of its fields
/types/2/form/fields | ["person_name"] | the field person_email belongs to no form
/types/0/form/rules | {"properties": {}} | the form of type question: properties is no rule between fields
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
    assert_eq!(rows.len(), 54);
}

#[test]
fn all_faults_of_a_definition_are_named_at_once() {
    let faults = broken_all(&[
        ("/version", json!(0)),
        ("/default_priority", json!("huge")),
        ("/approval/accepted", json!("nowhere")),
        ("/fields/product/name", json!("a b")),
        ("/fields/product/schema", json!({"type": "object"})),
        ("/reopen/label/en", json!("")),
    ]);
    for (start, fault) in [
        ("versions", "versions count from 1"),
        ("approval", "approval names the unknown status nowhere"),
        ("the default", "the default priority \"huge\" is not in its list"),
        ("the form of type question: field \"a b\"", "a letter first"),
        (
            "the form of type question: field a b",
            "nested objects are not supported",
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
        let field = json!({name: {"title": label()}});
        let faults = broken("/fields", field);
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

fn compile(fields: Value, rules: Value) -> String {
    let mut definition = SUP.definition().clone();
    definition.fields = serde_json::from_value(fields).unwrap();
    let form = &mut definition.types[0].form;
    form.fields = definition.fields.keys().cloned().collect();
    form.rules = object(rules);
    Form::compile(&definition, &definition.types[0].form)
        .err()
        .unwrap_or_default()
        .join("; ")
}

#[test]
fn each_fault_of_a_form_is_named() {
    let of = |schema: Value| json!({"a": {"title": label(), "schema": schema}});
    let named = |name: &str| json!({name: {"title": label()}});
    let table = [
        (
            of(json!({"type": "object"})),
            "field a: nested objects are not supported",
        ),
        (
            of(json!({"properties": {}})),
            "field a: nested objects are not supported",
        ),
        (
            of(json!({"items": {"type": "object"}})),
            "field a: nested objects are not supported",
        ),
        (named("a/b"), "field \"a/b\": a name is letters, digits and _"),
        (named("1a"), "field \"1a\": a name is letters, digits and _"),
        (
            of(json!({"type": "text"})),
            "is not valid under any of the schemas",
        ),
        (of(json!({"$ref": "https://example.org/a.json"})), "example.org"),
    ];
    for (fields, fault) in table {
        let told = compile(fields.clone(), json!({}));
        assert!(told.contains(fault), "{fields}: {told}");
    }
    assert_eq!(compile(of(json!({"type": "string"})), json!({})), "");
    assert!(compile(of(json!({})), json!({"if": 1})).contains("1 is not of types"));
}

#[test]
fn a_form_has_64_fields_at_most_with_names_of_63_bytes_at_most() {
    let fields = |count: usize| {
        let fields = (0..count).map(|number| (format!("f{number}"), json!({"title": label()})));
        compile(Value::Object(fields.collect()), json!({}))
    };
    assert_eq!(fields(FIELDS_MAX), "");
    assert_eq!(fields(FIELDS_MAX + 1), "a form has at most 64 fields");
    let name = "a".repeat(FIELD_NAME_BYTES_MAX);
    assert_eq!(compile(json!({name.clone(): {"title": label()}}), json!({})), "");
    assert!(compile(json!({format!("{name}a"): {"title": label()}}), json!({})).contains("a name is"));
}

#[test]
fn no_form_takes_null_or_nested_values() {
    let form = form_of(&json!({"a": {}, "b": {}, "c": {}, "d": {}}));
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
    let form = form_of(&json!({"a": {"type": "string"}}));
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
