//! What the fixtures of desk events stand for.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Event, Label,
    desk::{
        ApprovalRule, Category, DeskDefinition, DeskEvent, ReopenRule, RequestType, Status, Transition, Who,
        definition::Choice,
    },
};
use serde_json::{Value, json};

use crate::given::status;

pub(super) fn desks() -> Vec<(&'static str, Event)> {
    vec![
        ("desk-published.v1", published(plain_desk())),
        ("desk-published.v1.full", published(full_desk())),
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
