//! What the fixtures of desk events stand for.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Event, Label,
    desk::{
        ApprovalRule, Category, DeskDefinition, DeskEvent, Field, FormDefinition, Meaning, ReopenRule,
        RequestType, Status, Transition, Who,
        definition::{Choice, ValueList},
        field::{Whose, Widget},
    },
};
use serde_json::{Map, Value, json};

use crate::given::status;

pub(super) fn desks() -> Vec<(&'static str, Event)> {
    vec![
        ("desk-published.v1", published(first_plain())),
        ("desk-published.v1.full", published(first_full())),
        ("desk-published.v2", published(plain_desk())),
        ("desk-published.v2.full", published(full_desk())),
        (
            "desk-list-changed.v1",
            Event::Desk(DeskEvent::ListChanged {
                desk: "X1".parse().unwrap(),
                list: "place".to_owned(),
                values: vec![
                    choice("north"),
                    Choice {
                        help: Some(label("help")),
                        parent: Some("north".to_owned()),
                        retired: true,
                        ..choice("harbour")
                    },
                ],
            }),
        ),
    ]
}

/// What the first edition's desk with nothing optional means today: its fields are the desk's, under their names.
fn first_plain() -> DeskDefinition {
    let mut desk = plain_desk();
    desk.fields = BTreeMap::from([
        (
            "colour".to_owned(),
            Field {
                schema: schema(json!({"enum": ["red"]})),
                ..field("colour")
            },
        ),
        (
            "name".to_owned(),
            Field {
                personal: Some(Whose::Customer),
                ..text("name")
            },
        ),
    ]);
    desk.types[0].form.fields = vec!["colour".to_owned(), "name".to_owned()];
    desk
}

/// The same of the desk with all that the first edition had: a list that a form repeated is the field's list.
fn first_full() -> DeskDefinition {
    let mut desk = full_desk();
    let here = ValueList {
        values: vec![choice("red")],
        apart: false,
    };
    desk.help = None;
    desk.value_lists = BTreeMap::from([("colour".to_owned(), here)]);
    desk.types = first_plain().types;
    desk.fields = first_plain().fields;
    let colour = desk.fields.get_mut("colour").unwrap();
    *colour = Field {
        list: Some("colour".to_owned()),
        schema: Map::new(),
        ..field("colour")
    };
    desk.transitions[0].help = None;
    desk.transitions[0].form = Some(desk.types[0].form.clone());
    desk
}

/// A field whose title is its name in both languages, as the first edition's fields without a title are read.
fn field(name: &str) -> Field {
    Field {
        name: None,
        title: Label {
            fr: name.to_owned(),
            en: name.to_owned(),
        },
        help: None,
        widget: None,
        schema: Map::new(),
        format_help: None,
        list: None,
        personal: None,
        open: false,
        declared: false,
        lookup: false,
        meaning: None,
    }
}

fn schema(keywords: Value) -> Map<String, Value> {
    serde_json::from_value(keywords).unwrap()
}

fn text(name: &str) -> Field {
    Field {
        schema: schema(json!({"type": "string"})),
        ..field(name)
    }
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

/// Fields with all that is optional, among them two ways of asking for the same.
fn full_fields() -> BTreeMap<String, Field> {
    BTreeMap::from([
        (
            "colour".to_owned(),
            Field {
                list: Some("colour".to_owned()),
                widget: Some(Widget::Radio),
                meaning: Some(Meaning::Resolution),
                ..field("colour")
            },
        ),
        (
            "name".to_owned(),
            Field {
                help: Some(label("help")),
                schema: schema(json!({"type": "string", "maxLength": 9, "pattern": "^[A-Z]"})),
                format_help: Some(label("a capital first")),
                open: true,
                declared: true,
                lookup: true,
                ..field("name")
            },
        ),
        (
            "name_2".to_owned(),
            Field {
                name: Some("name".to_owned()),
                personal: Some(Whose::Customer),
                ..text("name")
            },
        ),
        (
            "place".to_owned(),
            Field {
                list: Some("place".to_owned()),
                ..field("place")
            },
        ),
    ])
}

/// A list of each kind.
fn full_lists() -> BTreeMap<String, ValueList> {
    BTreeMap::from([
        (
            "colour".to_owned(),
            ValueList {
                values: vec![choice("red")],
                apart: false,
            },
        ),
        (
            "place".to_owned(),
            ValueList {
                values: Vec::new(),
                apart: true,
            },
        ),
    ])
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
            help: Some(label("what it does")),
            form: Some(FormDefinition {
                fields: vec!["colour".to_owned(), "name_2".to_owned()],
                required: colour(),
                rules: schema(json!({"minProperties": 1})),
                declares_description: false,
            }),
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
        help: Some(label("what it is for")),
        types: vec![RequestType {
            id: "any".to_owned(),
            label: label("any"),
            help: Some(label("what to ask")),
            form: FormDefinition {
                fields: ["name", "colour", "place"].map(str::to_owned).to_vec(),
                declares_description: true,
                ..FormDefinition::default()
            },
        }],
        fields: full_fields(),
        value_lists: full_lists(),
        ..plain_desk()
    }
}

fn choice(id: &str) -> Choice {
    Choice {
        id: id.to_owned(),
        label: label(id),
        help: None,
        parent: None,
        retired: false,
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
        help: None,
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
            help: None,
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
            help: None,
            form: FormDefinition::default(),
        }],
        fields: BTreeMap::new(),
        value_lists: BTreeMap::new(),
    }
}

fn published(definition: DeskDefinition) -> Event {
    Event::Desk(DeskEvent::Published {
        definition: Box::new(definition),
    })
}
