//! The two editions of desk definitions: what the first one asked is asked still, and the second says it to people.

use std::collections::BTreeMap;

use domain::{
    FaultText, Label, Language,
    desk::{Desk, FormDefinition, definition::RequestType, schema},
};
use serde_json::{Value, json};

use crate::given::{SAV, SUP, first_edition, object, published};

const FIRST: [&str; 2] = [
    include_str!("../fixtures/desks/SUP-3.v1.json"),
    include_str!("../fixtures/desks/SAV-2.v1.json"),
];

/// Every form of a desk by the words that say where it stands.
fn forms(desk: &Desk) -> BTreeMap<String, &FormDefinition> {
    let definition = desk.definition();
    let of_types = definition
        .types
        .iter()
        .map(|of| (format!("type {}", of.id), &of.form));
    let of_transitions = definition.transitions.iter();
    let of_transitions =
        of_transitions.filter_map(|of| Some((format!("transition {}", of.id), of.form.as_ref()?)));
    of_types.chain(of_transitions).collect()
}

/// What a form judges by, without the words that people read and the marks that are attributes of fields today.
fn judged_by(schema: &Value) -> Value {
    let mut schema = schema.clone();
    for word in ["$schema", "x-declared"] {
        schema.as_object_mut().unwrap().remove(word);
    }
    for property in schema["properties"].as_object_mut().unwrap().values_mut() {
        let told = |word: &String| word == "title" || word == "description" || word.starts_with("x-");
        property.as_object_mut().unwrap().retain(|word, _| !told(word));
    }
    if let Some(required) = schema.get_mut("required") {
        required.as_array_mut().unwrap().sort_by_key(Value::to_string);
    }
    schema
}

#[test]
fn a_form_of_the_first_edition_judges_as_it_did() {
    for text in FIRST {
        let data = first_edition(text);
        let desk = published(data.clone());
        let stored = &data["definition"];
        let mut compared = 0;
        for of in stored["types"].as_array().unwrap() {
            let form = desk.form(of["id"].as_str().unwrap()).unwrap();
            assert_eq!(judged_by(form.schema()), judged_by(&of["form"]), "{}", of["id"]);
            compared += 1;
        }
        for (of, today) in stored["transitions"]
            .as_array()
            .unwrap()
            .iter()
            .zip(&desk.definition().transitions)
        {
            let from = today.from.first().unwrap();
            let form = desk
                .transitions_from(from)
                .find(|(transition, _)| transition.id == today.id)
                .unwrap()
                .1;
            assert_eq!(form.is_some(), of.get("form").is_some());
            if let Some(form) = form {
                assert_eq!(judged_by(form.schema()), judged_by(&of["form"]), "{}", of["id"]);
                compared += 1;
            }
        }
        assert_eq!(compared, forms(&desk).len());
    }
}

/// The desks that ship in the second edition ask what those of the first did, of the same persons.
#[test]
fn the_second_edition_of_a_shipped_desk_asks_what_the_first_did() {
    for (text, today) in FIRST.into_iter().zip([&*SUP, &*SAV]) {
        let first = published(first_edition(text));
        let (old, new) = (forms(&first), forms(today));
        assert_eq!(old.keys().collect::<Vec<_>>(), new.keys().collect::<Vec<_>>());
        for (whence, form) in &old {
            let second = new[whence];
            assert_eq!(
                (&form.required, &form.rules),
                (&second.required, &second.rules),
                "{whence}"
            );
            assert_eq!(form.declares_description, second.declares_description);
            let of = |desk: &Desk, form: &FormDefinition| {
                let fields = desk.definition().fields_of(form);
                let kept = fields.map(|(key, field)| {
                    let whose = (field.personal, field.open, field.lookup, field.meaning);
                    (
                        field.name(key).to_owned(),
                        (field.schema.clone(), field.list.clone(), whose),
                    )
                });
                kept.collect::<BTreeMap<_, _>>()
            };
            let mut asked = of(today, second);
            // What the first edition could not ask: a value of a list that stands apart.
            let is_new = asked.remove("location").is_some();
            assert_eq!(is_new, whence == "type incident", "{whence}");
            assert_eq!(of(&first, form), asked, "{whence}");
        }
        let mut lists = today.definition().value_lists.clone();
        lists.retain(|_, list| !list.apart);
        assert_eq!(first.definition().value_lists, lists);
    }
}

fn served(desk: &Desk, form: &FormDefinition, language: Language) -> String {
    let title = Label {
        fr: "Formulaire".to_owned(),
        en: "Form".to_owned(),
    };
    let served = schema::served(desk.definition(), form, (&title, Some(&title)), language);
    serde_json::to_string(&served).unwrap()
}

/// Fault U8: forms are in the reader's language, and their fields in the order of the definition.
#[test]
fn a_form_is_served_by_language_and_in_its_order() {
    let incident = SUP
        .definition()
        .types
        .iter()
        .find(|of| of.id == "incident")
        .unwrap();
    let (french, english) = (
        served(&SUP, &incident.form, Language::Fr),
        served(&SUP, &incident.form, Language::En),
    );
    let places = |text: &str| {
        ["product", "equipment", "location", "since", "steps"]
            .map(|name| text.find(&format!("\"{name}\":{{")).unwrap())
    };
    assert!(
        places(&french).is_sorted() && places(&english).is_sorted(),
        "{french}"
    );
    let [fr, en]: [Value; 2] = [&french, &english].map(|text| serde_json::from_str(text).unwrap());
    assert_eq!(
        fr["x-order"],
        json!(["product", "equipment", "location", "since", "steps"])
    );
    assert_eq!(
        (&fr["title"], &en["title"]),
        (&json!("Formulaire"), &json!("Form"))
    );
    assert_eq!(
        [&fr, &en].map(|form| form["properties"]["product"].clone()),
        [
            json!({
                "title": "Produit", "description": "Produit ou application sur lequel repose la demande",
                "type": "string", "minLength": 1, "maxLength": 120, "x-open": true, "x-widget": "text",
            }),
            json!({
                "title": "Product", "description": "The product or application that this is about",
                "type": "string", "minLength": 1, "maxLength": 120, "x-open": true, "x-widget": "text",
            }),
        ]
    );
    let widgets = ["product", "since", "steps"].map(|name| fr["properties"][name]["x-widget"].clone());
    assert_eq!(widgets, ["text", "datetime", "textarea"].map(Value::from));
}

#[test]
fn the_values_of_a_list_are_served_with_their_labels_and_typed_as_they_are_sent() {
    let report: &RequestType = &SAV.definition().types[0];
    let english: Value = serde_json::from_str(&served(&SAV, &report.form, Language::En)).unwrap();
    let kind = &english["properties"]["troubleTicketType"];
    assert_eq!(
        (&kind["type"], &kind["oneOf"][0]),
        (&json!("integer"), &json!({"const": 1, "title": "Service cut"}))
    );
    let class = &english["properties"]["defectClassId"];
    assert_eq!(
        class["oneOf"][1],
        json!({"const": "2", "title": "Equipment fault"})
    );
    assert_eq!(english["properties"]["technicalId"]["x-lookup"], true);
    assert_eq!(
        english["properties"]["serviceProviderID"]["x-format-help"],
        "nine digits"
    );
    assert_eq!(english["x-declared"], json!(["description"]));
}

/// "Every pattern has its sentence": people cannot read a pattern.
#[test]
fn who_misses_a_pattern_is_told_what_it_asks_for() {
    let form = SUP.form("account_request").unwrap();
    let fields = json!({"person_name": "Paul Petit", "person_email": "mairie@commune-a.example"});
    let told = form.faults(&object(fields));
    let (fr, en) = (
        "une adresse personnelle, pas celle d'un service (accueil, contact, mairie…)",
        "a personal address, not that of an office (contact, info, support…)",
    );
    assert_eq!(told.len(), 1);
    assert_eq!(
        told[0].text,
        FaultText::OtherFormThan {
            fr: fr.to_owned(),
            en: en.to_owned()
        }
    );
    assert_eq!(
        told[0].text.text(Language::En),
        format!("does not have the form that is expected: {en}")
    );
}
