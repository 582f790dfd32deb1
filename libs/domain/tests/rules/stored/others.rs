//! What the fixtures of all other events stand for.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Event, Label, Language, NameEvent, Personal,
    account::{AccountCreated, AccountEvent, AccountKind},
    audit::{AuditData, AuditEvent},
    desk::{
        ApprovalRule, Category, DeskDefinition, DeskEvent, ReopenRule, RequestType, Status, Transition, Who,
        definition::Choice,
    },
    epoch::{Endorsement, EpochBefore, LogEvent},
    organization::{Organization, OrganizationEvent},
    person::PersonEvent,
    policy::{Grant, Role},
};
use serde_json::{Value, json};

use super::tickets::{erased, words};
use crate::given::{account, organization, status};

pub(super) fn accounts() -> Vec<(&'static str, Event)> {
    let created = |kind, username, name, language| {
        Event::Account(AccountEvent::Created(AccountCreated {
            kind,
            username,
            name,
            language,
        }))
    };
    let granted = |grant| Event::Account(AccountEvent::RoleGranted { grant });
    let sealed = Personal::new(
        account(1).person(),
        "$argon2id$v=19$m=19456,t=2,p=1$c2Vs$aGFjaA".to_owned(),
    );
    vec![
        (
            "account-created.v1",
            created(
                AccountKind::Person,
                words("rita"),
                words("Rita Requérante"),
                Language::Fr,
            ),
        ),
        (
            "account-created.v1.operator",
            created(
                AccountKind::Operator,
                words("oc-alpha"),
                words("OC Alpha"),
                Language::En,
            ),
        ),
        (
            "account-created.v1.erased",
            created(AccountKind::Service, erased(), erased(), Language::Fr),
        ),
        (
            "account-password-set.v1",
            Event::Account(AccountEvent::PasswordSet { hash: sealed }),
        ),
        (
            "account-role-granted.v1",
            granted(Grant {
                role: Role::Requester,
                desk: None,
                organization: None,
            }),
        ),
        (
            "account-role-granted.v1.limited",
            granted(Grant {
                role: Role::LocalAdmin,
                desk: Some("ENT".parse().unwrap()),
                organization: Some(organization("lycee-a")),
            }),
        ),
        (
            "account-joined.v1",
            Event::Account(AccountEvent::Joined {
                organization: organization("commune-a"),
            }),
        ),
    ]
}

pub(super) fn places() -> Vec<(&'static str, Event)> {
    let organization_of = |siren: Option<&str>, parent: Option<&str>| {
        Event::Organization(OrganizationEvent::Created(Organization {
            id: organization("commune-a"),
            name: "Commune A".to_owned(),
            siren: siren.map(str::to_owned),
            parent: parent.map(organization),
        }))
    };
    vec![
        ("organization-created.v1", organization_of(None, None)),
        (
            "organization-created.v1.full",
            organization_of(Some("123456782"), Some("region-a")),
        ),
        (
            "name-reserved.v1",
            Event::Name(NameEvent::Reserved { holder: account(1) }),
        ),
        ("desk-published.v1", published(plain_desk())),
        ("desk-published.v1.full", published(full_desk())),
    ]
}

/// What the log says of persons, of itself and of its readers.
pub(super) fn records() -> Vec<(&'static str, Event)> {
    let begun = |epoch, origin: &str, before, reason: Option<&str>| {
        Event::Log(LogEvent::EpochBegun {
            epoch,
            origin: origin.to_owned(),
            before,
            reason: reason.map(str::to_owned),
        })
    };
    let enrolled = |endorsement| {
        let key = "guichet.example/log+1f3c6ac3+AQ9yUJr2bv5vlpYFvhmW7qIqGbIYKmuBmVVSKmWX6R4L".to_owned();
        Event::Log(LogEvent::KeyEnrolled { key, endorsement })
    };
    let read = |what| Event::Audit(AuditEvent::Read { what, up_to: 42 });
    let bundle = AuditData::Bundle {
        ticket: "SUP-12".parse().unwrap(),
        redacted: true,
    };
    vec![
        (
            "person-erased.v1",
            Event::Person(PersonEvent::Erased {
                reason: words("Demande du 2 mars"),
            }),
        ),
        ("log-epoch-begun.v1", begun(0, "guichet.example/log", None, None)),
        (
            "log-epoch-begun.v1.after-loss",
            begun(
                1,
                "guichet.example/log/1",
                Some(EpochBefore {
                    origin: Some("guichet.example/log".to_owned()),
                    lost_from: 41,
                    lost_to: 57,
                    checkpoint: Some("guichet.example/log\n57\nAAAA\n\n— k AAAA\n".to_owned()),
                }),
                Some("the disk of the first machine is gone"),
            ),
        ),
        ("log-key-enrolled.v1", enrolled(None)),
        (
            "log-key-enrolled.v1.endorsed",
            enrolled(Some(Endorsement {
                by: "guichet.example/log+aaaaaaaa+AQ==".to_owned(),
                signature: "c2lnbmF0dXJl".to_owned(),
            })),
        ),
        ("audit-read.v1", read(AuditData::Export)),
        ("audit-read.v1.bundle", read(bundle)),
        ("audit-read.v1.feed", read(AuditData::Feed)),
    ]
}

fn label(text: &str) -> Label {
    Label {
        fr: text.to_owned(),
        en: format!("{text} (en)"),
    }
}

fn colour() -> BTreeSet<String> {
    BTreeSet::from(["colour".to_owned()])
}

fn form() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {"colour": {"enum": ["red"]}, "name": {"type": "string", "x-personal": "customer"}}
    })
}

/// A desk with all that is optional.
fn full_desk() -> DeskDefinition {
    DeskDefinition {
        version: 2,
        transitions: vec![Transition {
            id: "end".to_owned(),
            label: label("end"),
            from: BTreeSet::from([status("new")]),
            to: Some(status("end")),
            who: BTreeSet::from([Who::Agent, Who::Supplier]),
            requires_comment: true,
            form: Some(form()),
            assigns_actor: true,
            clears: colour(),
            automatic_comment: Some(label("ended")),
        }],
        approval: Some(ApprovalRule {
            from: BTreeSet::from([status("new")]),
            pending: status("wait"),
            accepted: status("end"),
            refused: status("new"),
            accept_label: label("yes"),
            refuse_label: label("no"),
            clears: colour(),
        }),
        reopen: Some(ReopenRule {
            from: BTreeSet::from([status("end")]),
            to: status("new"),
            label: label("again"),
            clears: colour(),
        }),
        value_lists: BTreeMap::from([("colour".to_owned(), vec![choice("red")])]),
        ..plain_desk()
    }
}

fn choice(id: &str) -> Choice {
    Choice {
        id: id.to_owned(),
        label: label(id),
    }
}

/// A desk with nothing that is optional.
fn plain_desk() -> DeskDefinition {
    let standing = |id: &str, category| Status {
        id: status(id),
        label: label(id),
        category,
        response_required: category == Category::Waiting,
        closed: category == Category::Done,
    };
    DeskDefinition {
        key: "X1".parse().unwrap(),
        version: 1,
        label: label("desk"),
        initial_status: status("new"),
        priorities: vec![choice("normal")],
        default_priority: "normal".to_owned(),
        urgencies: vec![choice("medium")],
        default_urgency: "medium".to_owned(),
        statuses: vec![
            standing("new", Category::New),
            standing("work", Category::Active),
            standing("wait", Category::Waiting),
            standing("end", Category::Done),
        ],
        transitions: vec![Transition {
            id: "inform".to_owned(),
            label: label("inform"),
            from: BTreeSet::from([status("new")]),
            to: None,
            who: BTreeSet::from([Who::Requester, Who::System]),
            requires_comment: false,
            form: None,
            assigns_actor: false,
            clears: BTreeSet::new(),
            automatic_comment: None,
        }],
        approval: None,
        reopen: None,
        types: vec![RequestType {
            id: "any".to_owned(),
            label: label("any"),
            form: form(),
        }],
        value_lists: BTreeMap::new(),
    }
}

fn published(definition: DeskDefinition) -> Event {
    Event::Desk(DeskEvent::Published {
        definition: Box::new(definition),
    })
}
