//! Each limit of `docs/limits.md` that a rule keeps, as the number that stands there: at it, and one past it.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use domain::{
    account::{
        AccountEvent, AccountKind, ApiKeyIssued,
        change::{Change, decide},
        profile::{name_faults, username_faults},
    },
    ids::ApiKeyId,
    personal::Personal,
    policy::{KeyScope, Role},
    text_field,
    ticket::{Action, Open, TicketEvent, text},
};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    given::{
        SUP, a_question, agent, form_of, given, kinds, object, organization, question, requester, start,
    },
    holders::{a_program, after, limited, root, viewer_in},
};

fn opened(new: Open) -> bool {
    let context = domain::ticket::Context {
        viewer: &agent(),
        desk: &SUP,
        at: start(),
    };
    domain::ticket::open::open(&context, new).is_ok()
}

/// Fault M4: limits were measured against themselves.
#[test]
fn texts_of_a_ticket_end_at_their_limits() {
    let summary = |chars: usize| Open {
        summary: "é".repeat(chars),
        ..question(&agent())
    };
    assert!(opened(summary(255)) && !opened(summary(256)));
    let description = |bytes: usize| Open {
        description: "x".repeat(bytes),
        ..question(&agent())
    };
    assert!(opened(description(24_576)) && !opened(description(24_577)));
    assert_eq!(text::faults("/body", &"é".repeat(12_288)), []);
    assert_eq!(text::faults("/body", &"é".repeat(12_289)).len(), 1);

    for (bytes, events) in [(8_192, 1), (8_193, 2)] {
        let context = domain::ticket::Context {
            viewer: &agent(),
            desk: &SUP,
            at: start(),
        };
        let made = domain::ticket::open::open(&context, description(bytes)).unwrap();
        assert_eq!(made.len(), events, "{bytes}");
    }
    let field = |bytes: usize| Open {
        request_type: "incident".to_owned(),
        fields: object(json!({"product": "p", "steps": "x".repeat(bytes)})),
        ..question(&agent())
    };
    assert!(opened(field(4_000)) && !opened(field(4_001)));
    let form = form_of(&json!({"t": {"type": "string"}}));
    // `{"t":""}` are 8 bytes.
    let all = |bytes: usize| {
        form.faults(&Map::from_iter([(
            "t".to_owned(),
            Value::from("x".repeat(bytes - 8)),
        )]))
    };
    assert_eq!((all(12_288).len(), all(12_289).len()), (0, 1));
}

/// Fault M4: with how many organizations a ticket is shared.
#[test]
fn a_ticket_is_shared_with_50_organizations() {
    let some = |from: usize, to: usize| {
        (from..to)
            .map(|n| organization(&format!("o{n}")))
            .collect::<BTreeSet<_>>()
    };
    let new = |count| Open {
        share_with: some(0, count),
        ..question(&agent())
    };
    assert!(opened(new(50)) && !opened(new(51)));
    let ticket = given(&SUP, &agent(), new(49));
    let share = |organizations| ticket.asked(&agent(), Action::Share { organizations });
    assert_eq!(kinds(&share(some(49, 50)).unwrap()), ["shared"]);
    assert_eq!(
        kinds(&share(some(0, 50)).unwrap()),
        ["shared"],
        "49 of them know of it already"
    );
    assert!(share(some(49, 51)).is_err());
}

/// Fault M4: how many keys an account has, and for how long.
#[test]
fn an_account_has_20_keys_that_hold_for_366_days_at_most() {
    let issue = |account: &domain::account::Account, days: i64, label: usize| {
        let change = Change::IssueKey {
            key: ApiKeyId(Uuid::from_u128(99)),
            label: "é".repeat(label),
            hash: "9f86".to_owned(),
            scopes: [KeyScope::Read].into(),
            expires_at: start() + TimeDelta::days(days),
        };
        decide(&root(), account, change, start()).is_ok()
    };
    let holding = |count: u128| {
        let key = |number| {
            AccountEvent::ApiKeyIssued(ApiKeyIssued {
                key: ApiKeyId(Uuid::from_u128(number)),
                label: Personal::new(crate::given::person(1), "Import".to_owned()),
                hash: Personal::new(crate::given::person(1), "9f86".to_owned()),
                scopes: [KeyScope::Read].into(),
                expires_at: start() + TimeDelta::days(1),
            })
        };
        after(a_program(AccountKind::Service, &[]), (1..=count).map(key))
    };
    assert!(issue(&holding(0), 366, 1) && !issue(&holding(0), 367, 1));
    assert!(issue(&holding(19), 1, 1) && !issue(&holding(20), 1, 1));
    assert!(issue(&holding(0), 1, 100) && !issue(&holding(0), 1, 101));
}

/// Fault M4: names and reasons.
#[test]
fn names_and_reasons_end_at_their_limits() {
    let long = |chars: usize| "é".repeat(chars);
    let refused = |faults: Vec<domain::Fault>| !faults.is_empty();
    assert!(!refused(name_faults("/name", &long(100))) && refused(name_faults("/name", &long(101))));
    assert!(
        !refused(username_faults("/username", &long(100)))
            && refused(username_faults("/username", &long(101)))
    );
    assert_eq!(text_field::words_faults("/reason", &long(3), 3), []);
    let disable = |chars: usize| {
        let change = Change::Disable { reason: long(chars) };
        decide(&root(), &a_program(AccountKind::Service, &[]), change, start()).is_ok()
    };
    assert!(disable(1_000) && !disable(1_001));
}

/// Fault M4: what a ticket holds.
#[test]
fn a_ticket_is_full_at_its_limits() {
    let full = |ticket: &crate::given::Ticket, action| ticket.asked(&agent(), action).is_err();
    let comment = || Action::Comment {
        text: crate::given::text(1, "Bonjour."),
        visibility: Default::default(),
    };
    let mut ticket = a_question();
    ticket.state.events = 19_999;
    assert!(!full(&ticket, comment()));
    ticket.state.events = 20_000;
    assert!(full(&ticket, comment()));
    let close = || crate::given::follow("close", None, json!({}));
    ticket.state.events = 20_999;
    assert!(!full(&ticket, close()));
    ticket.state.events = 21_000;
    assert!(full(&ticket, close()));
    assert!(matches!(
        given(&SUP, &requester(), question(&requester()))
            .asked(&agent(), comment())
            .unwrap()[..],
        [TicketEvent::Commented(_)]
    ));
}

/// Fault M7: a role that is limited to one desk shows that desk and no other.
#[test]
fn who_holds_a_role_on_one_desk_sees_that_desk_and_no_other() {
    let (sup, sav) = ("SUP".parse().unwrap(), "SAV".parse().unwrap());
    for role in Role::ALL {
        let viewer = |desk| {
            viewer_in(
                &crate::holders::a_tree(),
                60,
                [limited(role, desk, None)].into(),
                BTreeSet::new(),
            )
        };
        let of_one = viewer(Some("SUP"));
        assert_eq!(
            (of_one.may_see_desk(&sup), of_one.may_see_desk(&sav)),
            (true, false),
            "{role:?}"
        );
        let of_all = viewer(None);
        assert!(of_all.may_see_desk(&sup) && of_all.may_see_desk(&sav), "{role:?}");
    }
    let nobody = viewer_in(&crate::holders::a_tree(), 60, BTreeSet::new(), BTreeSet::new());
    assert!(!nobody.may_see_desk(&sup) && !nobody.may_see_desk(&sav));
}
