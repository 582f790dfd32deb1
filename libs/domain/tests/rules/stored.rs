//! The stored forms of all events, which are for ever: one fixture per type and notable form under
//! `tests/fixtures/events`, named by the type. A form that has been in a release is never changed here; a new one is
//! added beside it.

mod accounts;
mod desks;
mod organizations;
mod records;
mod sign_ins;
mod tickets;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use domain::{DecodeError, Event, account::AccountEvent};
use serde_json::{Value, json};
use uuid::Uuid;

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/events")
}

/// Every fixture with the value that it stands for.
pub(crate) fn expected() -> Vec<(&'static str, Event)> {
    let of_tickets = [
        tickets::openings(),
        tickets::talk(),
        tickets::changes(),
        tickets::edits(),
        tickets::approvals(),
    ];
    let of_tickets = of_tickets.into_iter().flatten();
    let mut all: Vec<_> = of_tickets
        .map(|(name, event)| (name, Event::Ticket(event)))
        .collect();
    all.extend(accounts::beginnings());
    all.extend(accounts::powers());
    all.extend(accounts::profiles());
    all.extend(accounts::addresses());
    all.extend(sign_ins::passwords());
    all.extend(sign_ins::standing());
    all.extend(sign_ins::factors());
    all.extend(sign_ins::programs());
    all.extend(organizations::places());
    all.extend(organizations::contracts());
    all.extend(desks::desks());
    all.extend(records::names());
    all.extend(records::records());
    all
}

/// The type that a fixture's name starts with: up to the version, whose form may follow after a dot.
fn type_of(name: &str) -> String {
    name.split('.').take(2).collect::<Vec<_>>().join(".")
}

fn stored(name: &str) -> Value {
    let path = directory().join(format!("{name}.json"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

#[test]
fn every_stored_form_is_read_as_what_it_meant_and_written_as_it_stands() {
    for (name, event) in expected() {
        let json = stored(name);
        assert_eq!(
            Event::decode(&type_of(name), json.clone()).unwrap(),
            event,
            "{name}"
        );
        let (written, data) = event.encode().unwrap();
        if type_of(name) == "desk-published.v1" {
            assert_eq!(written, "desk-published.v2", "{name}");
            continue;
        }
        assert_eq!((written.to_owned(), data), (type_of(name), json), "{name}");
    }
}

#[test]
fn every_type_has_a_fixture_and_every_fixture_a_meaning() {
    let types: BTreeSet<String> = Event::types().map(str::to_owned).collect();
    let with_fixture: BTreeSet<String> = expected().into_iter().map(|(name, _)| type_of(name)).collect();
    assert_eq!(with_fixture, types);
    let on_disk: BTreeSet<String> = fs::read_dir(directory())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .map(|name| name.strip_suffix(".json").unwrap().to_owned())
        .collect();
    let named: BTreeSet<String> = expected().into_iter().map(|(name, _)| name.to_owned()).collect();
    assert_eq!(on_disk, named);
}

#[test]
fn a_member_that_this_version_does_not_know_is_refused_rather_than_dropped() {
    for (name, _) in expected() {
        let mut json = stored(name);
        json["unheard_of"] = json!(1);
        let told = Event::decode(&type_of(name), json);
        assert!(matches!(told, Err(DecodeError::Shape { .. })), "{name}: {told:?}");
    }
}

#[test]
fn a_type_that_this_version_does_not_know_is_named() {
    let told = Event::decode("ticket-opened.v2", stored("ticket-opened.v1")).unwrap_err();
    assert!(matches!(&told, DecodeError::UnknownType { event_type } if event_type == "ticket-opened.v2"));
    assert_eq!(
        told.to_string(),
        "event type \"ticket-opened.v2\" is not known to this version"
    );
}

#[test]
fn a_value_that_was_not_put_back_is_never_read_as_if_it_were_one() {
    let sealed = json!({"sealed": {"v": 1, "subject": Uuid::nil(), "commitment": "", "ciphertext": ""}});
    for pointer in [
        "/summary",
        "/description",
        "/fields/technicalId",
        "/fields/alreadyOperated",
    ] {
        let mut json = stored("ticket-opened.v1.full");
        *json.pointer_mut(pointer).unwrap() = sealed.clone();
        assert!(Event::decode("ticket-opened.v1", json).is_err(), "{pointer}");
    }
    let mut json = stored("ticket-opened.v1.full");
    json["fields"]["tests"] = json!([sealed]);
    assert!(Event::decode("ticket-opened.v1", json).is_err());
    let mut json = stored("ticket-commented.v1");
    json["body"] = sealed;
    assert!(Event::decode("ticket-commented.v1", json).is_err());
}

#[test]
fn an_automatic_comment_is_the_only_public_text_that_is_not_sealed() {
    for (name, event) in expected() {
        let Event::Ticket(event) = event else { continue };
        let data = stored(name);
        for text in [
            "Imprimante",
            "Plus de lumière",
            "Bonjour",
            "Client pressé",
            "Remplacer",
            "Encore",
            "écran",
            "Martin",
            "Neuf",
        ] {
            assert!(
                !outside_of_marks(&data).contains(text),
                "{name} holds {text} in clear"
            );
        }
        assert_eq!(
            event.is_internal(),
            name == "ticket-commented.v1.internal",
            "{name}"
        );
    }
}

#[test]
fn what_signs_somebody_in_is_sealed_and_its_types_are_secret() {
    let types: BTreeSet<String> = Event::types().map(str::to_owned).collect();
    assert!(AccountEvent::SECRET.iter().all(|secret| types.contains(*secret)));
    let secrets = [
        "$argon2id$",
        "JBSWY3DPEHPK3PXP",
        "9f86d081884c7d65",
        "60303ae22b998861",
    ];
    for (name, _) in expected() {
        let data = stored(name);
        let holds_one = secrets.iter().any(|secret| data.to_string().contains(secret));
        assert!(!holds_one || Event::is_secret(&type_of(name)), "{name}");
        for text in secrets
            .into_iter()
            .chain(["Rita", "Import de nuit", "+33", "retraite", "248289761001"])
        {
            assert!(
                !outside_of_marks(&data).contains(text),
                "{name} holds {text} in clear"
            );
        }
    }
    assert!(!Event::is_secret("account-created.v1") && !Event::is_secret("ticket-opened.v1"));
}

/// The JSON with every personal value taken out.
fn outside_of_marks(json: &Value) -> String {
    match json {
        Value::Object(members) if members.contains_key("personal") => String::new(),
        Value::Object(members) => members.values().map(outside_of_marks).collect(),
        Value::Array(items) => items.iter().map(outside_of_marks).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => json.to_string(),
    }
}
