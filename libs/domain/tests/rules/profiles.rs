//! Profiles, and addresses of notifications.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Language, Personal,
    account::{
        Account, AccountEvent, AccountKind, ProfileChanged, ProfileField,
        change::{Refusal, address_set},
        profile::{
            ADDRESS_CHARS_MAX, DEFAULT_VIEWS, PHONE_CHARS_MAX, PREFERENCES_BYTES_MAX, PREFERENCES_DEPTH_MAX,
            PREFERENCES_MAX, ProfileEdit, address_faults, default_view, is_generic_address,
        },
    },
    fault::{Fault, FaultCode},
    policy::Role,
};
use serde_json::{Value, json};

use crate::{
    given::{at, grant, person},
    holders::{after, faults_of, holding, somebody},
};

fn preferences(members: Value) -> BTreeMap<String, Value> {
    serde_json::from_value(members).unwrap()
}

/// An edit of every field.
fn everything() -> ProfileEdit {
    ProfileEdit {
        name: Some("Rita R.".to_owned()),
        language: Some(Language::En),
        time_zone: Some(Some("Indian/Reunion".to_owned())),
        phone: Some(Some("+33 1 23 45 67 89".to_owned())),
        default_view: Some(Some("queue".to_owned())),
        preferences: Some(preferences(json!({"dense": true}))),
    }
}

fn places(faults: Vec<Fault>) -> Vec<(String, FaultCode)> {
    faults
        .into_iter()
        .map(|fault| (fault.pointer.clone(), fault.code()))
        .collect()
}

fn refused(account: &Account, edit: ProfileEdit) -> Vec<(String, FaultCode)> {
    places(edit.decide(account, false).unwrap_err())
}

#[test]
fn a_profile_is_changed_where_it_differs_and_cleared_where_there_was_something() {
    let rita = somebody([], &[]);
    let events = everything().decide(&rita, false).unwrap();
    let rita = after(rita, events);
    assert_eq!(
        (rita.name.as_deref(), rita.language, rita.time_zone.as_deref()),
        (Some("Rita R."), Language::En, Some("Indian/Reunion"))
    );
    assert_eq!(
        (
            rita.phone.as_deref(),
            rita.default_view.as_deref(),
            &rita.preferences
        ),
        (
            Some("+33 1 23 45 67 89"),
            Some("queue"),
            &preferences(json!({"dense": true}))
        )
    );
    assert_eq!(everything().decide(&rita, false), Ok(vec![]));
    let clearing = || ProfileEdit {
        time_zone: Some(None),
        phone: Some(None),
        default_view: Some(None),
        preferences: Some(BTreeMap::new()),
        ..ProfileEdit::default()
    };
    let events = clearing().decide(&rita, false).unwrap();
    let changed = ProfileChanged {
        cleared: BTreeSet::from([
            ProfileField::TimeZone,
            ProfileField::Phone,
            ProfileField::DefaultView,
        ]),
        preferences: Some(Personal::new(person(50), BTreeMap::new())),
        ..ProfileChanged::default()
    };
    assert_eq!(events, [AccountEvent::ProfileChanged(changed)]);
    let rita = after(rita, events);
    assert_eq!(
        (&rita.time_zone, &rita.phone, &rita.default_view),
        (&None, &None, &None)
    );
    assert_eq!(rita.preferences, BTreeMap::new());
    assert_eq!(clearing().decide(&rita, false), Ok(vec![]));
    assert_eq!(ProfileEdit::default().decide(&rita, false), Ok(vec![]));
}

#[test]
fn what_no_field_takes_is_refused_all_at_once() {
    let edit = ProfileEdit {
        name: Some(String::new()),
        language: None,
        time_zone: Some(Some("Europe/Brest".to_owned())),
        phone: Some(Some("secret".to_owned())),
        default_view: Some(Some("moon".to_owned())),
        preferences: Some(
            (0..=PREFERENCES_MAX)
                .map(|number| (number.to_string(), json!(1)))
                .collect(),
        ),
    };
    assert_eq!(
        refused(&somebody([], &[]), edit),
        [
            at("/name", FaultCode::Required),
            at("/time_zone", FaultCode::Value),
            at("/phone", FaultCode::Format),
            at("/default_view", FaultCode::Value),
            at("/preferences", FaultCode::Length),
        ]
    );
}

#[test]
fn a_telephone_number_is_one() {
    for (phone, is) in [
        ("112", true),
        ("+33 (0)1-23.45.67.89", true),
        ("12", false),
        ("", false),
        ("+33 1 23 45 67 89 poste 4", false),
        ("١٢٣٤", false),
    ] {
        let edit = ProfileEdit {
            phone: Some(Some(phone.to_owned())),
            ..ProfileEdit::default()
        };
        assert_eq!(edit.decide(&somebody([], &[]), false).is_ok(), is, "{phone}");
    }
    for (digits, is) in [(PHONE_CHARS_MAX, true), (PHONE_CHARS_MAX + 1, false)] {
        let edit = ProfileEdit {
            phone: Some(Some("1".repeat(digits))),
            ..ProfileEdit::default()
        };
        assert_eq!(edit.decide(&somebody([], &[]), false).is_ok(), is, "{digits}");
    }
}

#[test]
fn preferences_are_measured_as_they_are_stored() {
    let named = |name: String, value: &str| ProfileEdit {
        preferences: Some(BTreeMap::from([(name, json!(value))])),
        ..ProfileEdit::default()
    };
    // `{"a":"…"}` has eight characters around the value.
    for (chars, is) in [
        (PREFERENCES_BYTES_MAX - 8, true),
        (PREFERENCES_BYTES_MAX - 7, false),
    ] {
        let edit = named("a".to_owned(), &"x".repeat(chars));
        assert_eq!(edit.decide(&somebody([], &[]), false).is_ok(), is, "{chars}");
    }
    for (levels, is) in [(PREFERENCES_DEPTH_MAX, true), (PREFERENCES_DEPTH_MAX + 1, false)] {
        let deep = (0..levels).fold(json!(1), |inside, level| match level % 2 {
            0 => json!([inside]),
            _ => json!({"a": inside}),
        });
        let edit = ProfileEdit {
            preferences: Some(preferences(json!({"a": deep}))),
            ..ProfileEdit::default()
        };
        assert_eq!(edit.decide(&somebody([], &[]), false).is_ok(), is, "{levels}");
    }
    let escaped = named("\u{1}".repeat(PREFERENCES_BYTES_MAX / 4), "");
    assert_eq!(
        refused(&somebody([], &[]), escaped),
        [at("/preferences", FaultCode::Length)]
    );
}

#[test]
fn a_locked_field_is_changed_by_administrators_only() {
    let fields = [
        (ProfileField::Name, "/name"),
        (ProfileField::Language, "/language"),
        (ProfileField::TimeZone, "/time_zone"),
        (ProfileField::Phone, "/phone"),
        (ProfileField::DefaultView, "/default_view"),
        (ProfileField::Preferences, "/preferences"),
    ];
    for (field, pointer) in fields {
        let locked = AccountEvent::FieldsLocked {
            fields: BTreeSet::from([field]),
        };
        let rita = after(somebody([], &[]), [locked]);
        assert_eq!(refused(&rita, everything()), [at(pointer, FaultCode::Forbidden)]);
        assert_eq!(everything().decide(&rita, true).unwrap().len(), 1, "{pointer}");
    }
}

#[test]
fn the_first_screen_is_the_one_of_the_widest_role() {
    for (roles, view) in [
        (&[][..], "create_ticket"),
        (&[Role::Requester], "create_ticket"),
        (&[Role::Requester, Role::Operator], "my_tickets"),
        (&[Role::Requester, Role::Supplier], "queue"),
        (&[Role::Requester, Role::LocalAdmin], "queue"),
        (&[Role::Requester, Role::Agent], "queue"),
        (&[Role::Agent, Role::Auditor], "audit"),
        (&[Role::Auditor, Role::Admin], "administration"),
    ] {
        let viewer = holding(roles.iter().map(|role| grant(*role)));
        assert_eq!(default_view(&viewer), view, "{roles:?}");
        assert!(DEFAULT_VIEWS.contains(&view));
    }
}

#[test]
fn the_address_of_an_office_is_told_from_that_of_a_person() {
    for address in [
        "contact@commune-a.example",
        "Contact@commune-a.example",
        "mairie.commune-a@region.example",
        "mairie-commune-a@region.example",
        "service+x@commune-a.example",
        "info_@commune-a.example",
        "info_ventes@oc.example",
        "no-reply@commune-a.example",
        "vie-scolaire@lycee-a.example",
        "vie-scolaire.lycee-a@region.example",
        "support.n2@oc.example",
        // Written with other letters.
        "ｃontact@commune-a.example",
        "c\u{43e}ntact@commune-a.example",
        "m\u{430}irie.commune-a@region.example",
    ] {
        assert!(is_generic_address(address), "{address}");
        assert_eq!(
            places(address_faults("/address", address, AccountKind::Person)),
            [at("/address", FaultCode::Value)],
            "{address}"
        );
        assert_eq!(
            address_faults("/address", address, AccountKind::Service),
            [],
            "{address}"
        );
    }
    for address in [
        "rita.requerante@commune-a.example",
        "rita@contact.example",
        "r.contact@commune-a.example",
        "serviceton@commune-a.example",
        "informaticienne@commune-a.example",
        "mairiere@commune-a.example",
        "marie-claire@commune-a.example",
        "rita+contact@commune-a.example",
    ] {
        assert!(!is_generic_address(address), "{address}");
        assert_eq!(
            address_faults("/address", address, AccountKind::Person),
            [],
            "{address}"
        );
    }
}

#[test]
fn what_is_no_address_is_refused() {
    let long = |local: usize, domain: usize| format!("{}@{}.fr", "a".repeat(local), "b".repeat(domain));
    let refused = [
        "",
        "@",
        "rita",
        "rita@",
        "@commune-a.example",
        "rita@commune",
        "rita@.example",
        "rita@example.",
        "rita@a@b.example",
        "rita r@a.example",
        "rita@a.example\r\nBcc: all@a.example",
        "<rita@a.example>",
        "rita@a.example,eve@a.example",
        "\"rita\"@a.example",
        "rita@[127.0.0.1]",
        "Rita:rita@a.example",
        "rita@a_b.example",
        "rita@-a.example",
        "rita@a-.example",
        "rita@xn--.example",
        "rita@example.\u{661}",
        "rita@commune..example",
    ];
    for address in refused
        .map(str::to_owned)
        .into_iter()
        .chain([long(65, 9), long(64, ADDRESS_CHARS_MAX - 67)])
    {
        assert_eq!(
            places(address_faults("/address", &address, AccountKind::Person)),
            [at("/address", FaultCode::Format)],
            "{address}"
        );
    }
    for address in [
        long(64, ADDRESS_CHARS_MAX - 68),
        "rita@mairie-é.example".to_owned(),
        "o'neil@a.example".to_owned(),
    ] {
        assert_eq!(
            address_faults("/address", &address, AccountKind::Person),
            [],
            "{address}"
        );
    }
}

#[test]
fn an_address_is_set_anew_when_it_differs_or_something_new_is_known_of_it() {
    let rita = "rita.requerante@commune-a.example";
    let set = |address: &str, confirmed| AccountEvent::AddressSet {
        address: Personal::new(person(50), address.to_owned()),
        confirmed,
    };
    let refused = || AccountEvent::AddressRefused {};
    // What took place before, whether arrival is shown now, whether that is an event.
    let table = [
        (vec![], false, true),
        (vec![set("rita@old.example", true)], false, true),
        (vec![set(rita, false)], false, false),
        (vec![set(rita, false)], true, true),
        (vec![set(rita, true)], true, false),
        (vec![set(rita, true)], false, false),
        (vec![set(rita, true), refused()], false, true),
        (vec![set(rita, true), AccountEvent::AddressRemoved {}], true, true),
    ];
    for (before, confirmed, is_event) in table {
        let account = after(somebody([], &[]), before.clone());
        let events = address_set(&account, Some(rita.to_owned()), confirmed).unwrap();
        assert_eq!(
            events,
            if is_event {
                vec![set(rita, confirmed)]
            } else {
                vec![]
            },
            "{before:?} {confirmed}"
        );
    }
    let nobody = somebody([], &[]);
    assert_eq!(address_set(&nobody, None, false), Ok(vec![]));
    let told: Result<_, Refusal> = address_set(&nobody, Some("info@a.example".to_owned()), true);
    assert_eq!(faults_of(told), [at("/address", FaultCode::Value)]);
    // Who corrects a refused address shows nothing: it starts unconfirmed again.
    let corrected = after(nobody, [set(rita, true), refused(), set(rita, false)])
        .address
        .unwrap();
    assert_eq!((corrected.confirmed, corrected.refused), (false, false));
}
