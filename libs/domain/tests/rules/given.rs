//! People, desks and tickets to start from: `given(..)` opens a ticket, `when(..)` asks something of it, and the
//! answer is compared by the test.

use std::{
    collections::BTreeSet,
    sync::{Arc, LazyLock},
};

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    AccountId, ApprovalId, CommentId, Event, OrganizationId, PersonId, StatusId,
    desk::{Desk, DeskEvent, Field, Form, shipped},
    fault::FaultCode,
    policy::{Grant, Role, Viewer},
    ticket::{
        Action, AllowedAction, Context, Document, Open, Rejection, Stamp, State, Text, TicketEvent, decide,
        open, transition,
    },
};
use serde_json::{Map, Value, json};
use uuid::Uuid;

pub(crate) static SUP: LazyLock<Desk> = LazyLock::new(|| shipped().unwrap().swap_remove(0));
pub(crate) static SAV: LazyLock<Desk> = LazyLock::new(|| shipped().unwrap().swap_remove(1));

/// `SAV` as it would be if nothing were declared once, for rules about edits of its form.
pub(crate) static SAV_REVISABLE: LazyLock<Desk> = LazyLock::new(|| {
    let mut definition = SAV.definition().clone();
    for of in &mut definition.types {
        assert!(std::mem::take(&mut of.form.declares_description));
    }
    for field in definition.fields.values_mut() {
        field.declared = false;
    }
    Desk::load(definition).unwrap()
});

/// A field that is called by its key and holds what this JSON Schema says.
pub(crate) fn field(schema: Value) -> Field {
    let title = json!({"fr": "Champ", "en": "Field"});
    serde_json::from_value(json!({"title": title, "schema": schema})).unwrap()
}

/// A desk of the first edition whose type `any` asks for what this JSON Schema says.
pub(crate) fn desk_asking(form: &Value) -> Desk {
    let mut data = first_edition(include_str!("../fixtures/desks/SUP-3.v1.json"));
    let label = json!({"fr": "Tout", "en": "Anything"});
    data["definition"]["types"] = json!([{"id": "any", "label": label, "form": form}]);
    published(data)
}

/// An event of the first edition, as it is stored.
pub(crate) fn first_edition(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// The desk that an event of the first edition published.
pub(crate) fn published(data: Value) -> Desk {
    let Event::Desk(DeskEvent::Published { definition }) = Event::decode("desk-published.v1", data).unwrap()
    else {
        panic!("a desk is published")
    };
    Desk::load(*definition).unwrap()
}

/// The form that such a desk asks for, of these properties.
pub(crate) fn form_of(properties: &Value) -> Form {
    let form = json!({"type": "object", "additionalProperties": false, "properties": properties});
    desk_asking(&form).form("any").unwrap().clone()
}

/// SIREN of the operator's organization.
pub(crate) const SIREN: &str = "123456782";

pub(crate) fn account(number: u128) -> AccountId {
    AccountId(Uuid::from_u128(number))
}

pub(crate) fn person(number: u128) -> PersonId {
    PersonId(Uuid::from_u128(number))
}

pub(crate) fn organization(name: &str) -> OrganizationId {
    name.parse().unwrap()
}

pub(crate) fn organizations(names: &[&str]) -> BTreeSet<OrganizationId> {
    names.iter().map(|name| organization(name)).collect()
}

pub(crate) fn status(id: &str) -> StatusId {
    id.parse().unwrap()
}

pub(crate) fn approval(number: u128) -> ApprovalId {
    ApprovalId(Uuid::from_u128(number))
}

pub(crate) fn grant(role: Role) -> Grant {
    Grant {
        role,
        desk: None,
        organization: None,
    }
}

pub(crate) fn viewer(number: u128, role: Role, of: &[&str]) -> Viewer {
    Viewer {
        account: account(number),
        grants: BTreeSet::from([grant(role)]),
        organizations: organizations(of),
        within: Arc::default(),
    }
}

pub(crate) fn requester() -> Viewer {
    viewer(1, Role::Requester, &["commune-a"])
}

pub(crate) fn colleague() -> Viewer {
    viewer(2, Role::Requester, &["commune-a"])
}

pub(crate) fn stranger() -> Viewer {
    viewer(3, Role::Requester, &["commune-b"])
}

pub(crate) fn agent() -> Viewer {
    viewer(10, Role::Agent, &[])
}

pub(crate) fn supplier() -> Viewer {
    viewer(11, Role::Supplier, &["oi"])
}

pub(crate) fn auditor() -> Viewer {
    viewer(12, Role::Auditor, &[])
}

pub(crate) fn admin() -> Viewer {
    viewer(13, Role::Admin, &[])
}

pub(crate) fn operator() -> Viewer {
    viewer(20, Role::Operator, &["oc-alpha"])
}

pub(crate) fn operators_colleague() -> Viewer {
    viewer(21, Role::Operator, &["oc-alpha"])
}

pub(crate) fn other_operator() -> Viewer {
    viewer(22, Role::Operator, &["oc-beta"])
}

/// A text with an id of its own.
pub(crate) fn text(number: u128, body: &str) -> Text {
    Text {
        id: CommentId(Uuid::from_u128(number)),
        body: body.to_owned(),
    }
}

pub(crate) fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

/// A question of this viewer on `SUP`.
pub(crate) fn question(viewer: &Viewer) -> Open {
    Open {
        request_type: "question".to_owned(),
        summary: "Imprimante".to_owned(),
        description: "Elle n'imprime plus.".to_owned(),
        priority: None,
        urgency: None,
        requester: viewer.account,
        requester_organizations: viewer.organizations.clone(),
        requester_sirens: BTreeSet::new(),
        organization: None,
        private: false,
        share_with: BTreeSet::new(),
        notify: true,
        fields: Map::new(),
        customer: person(900),
    }
}

/// The fields of a trouble report without an appointment.
pub(crate) fn report_fields() -> Map<String, Value> {
    object(json!({
        "troubleDetectionTime": "2026-03-01T08:00:00+01:00",
        "serviceProviderID": SIREN,
        "supplierID": "987654324",
        "troubleTicketType": 1,
        "offerId": "FTTH",
        "technicalId": "CO-ABCD-1234",
        "serviceProviderTroubleTicketKey": "OC-42",
        "defectClassId": "1",
        "defectDescription": "1",
        "defectPrelocalization": "PM-PBO",
        "alreadyOperated": true,
    }))
}

/// A trouble report of this operator on `SAV`.
pub(crate) fn report(viewer: &Viewer) -> Open {
    Open {
        request_type: "signalisation".to_owned(),
        requester_sirens: BTreeSet::from([SIREN.to_owned()]),
        fields: report_fields(),
        ..question(viewer)
    }
}

pub(crate) fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_772_442_000, 0).unwrap()
}

/// The stamp of the event of that version: one event a minute, each by a command of its own.
pub(crate) fn stamp(version: u64, by: AccountId) -> Stamp {
    stamp_of(version, version, by)
}

/// The stamp of the event of that version, made by the command whose first event has the version `first`.
fn stamp_of(first: u64, version: u64, by: AccountId) -> Stamp {
    Stamp {
        position: 100 + version,
        version,
        command: Uuid::from_u128(u128::from(first)),
        at: start() + TimeDelta::minutes(i64::try_from(version).unwrap()),
        occurred_at: None,
        sent_at: None,
        by,
        on_behalf_of: None,
    }
}

/// A ticket with both its folds.
#[derive(Clone)]
pub(crate) struct Ticket {
    pub(crate) desk: &'static Desk,
    pub(crate) state: State,
    pub(crate) document: Document,
}

/// Opens a ticket, which must not be refused.
pub(crate) fn given(desk: &'static Desk, viewer: &Viewer, new: Open) -> Ticket {
    let events = open::open(
        &Context {
            viewer,
            desk,
            at: start(),
        },
        new,
    )
    .unwrap();
    let (mut state, mut document) = (None, None);
    for (version, event) in (1..).zip(&events) {
        let stamp = stamp_of(1, version, viewer.account);
        state = State::evolve(state, &stamp, event);
        document = Document::evolve(document, &stamp, event);
    }
    Ticket {
        desk,
        state: state.unwrap(),
        document: document.unwrap(),
    }
}

/// A question of the requester.
pub(crate) fn a_question() -> Ticket {
    given(&SUP, &requester(), question(&requester()))
}

/// A trouble report of the operator.
pub(crate) fn a_report() -> Ticket {
    given(&SAV, &operator(), report(&operator()))
}

/// The same on a desk where nothing is declared once.
pub(crate) fn a_revisable_report() -> Ticket {
    given(&SAV_REVISABLE, &operator(), report(&operator()))
}

impl Ticket {
    /// What the rules answer, without any event taking place.
    pub(crate) fn asked(&self, viewer: &Viewer, action: Action) -> Result<Vec<TicketEvent>, Rejection> {
        decide(
            &Context {
                viewer,
                desk: self.desk,
                at: start(),
            },
            &self.state,
            action,
        )
    }

    /// Asks, and lets the events take place.
    pub(crate) fn when(&mut self, viewer: &Viewer, action: Action) -> Result<Vec<TicketEvent>, Rejection> {
        let events = self.asked(viewer, action)?;
        self.then(viewer, &events);
        Ok(events)
    }

    pub(crate) fn then(&mut self, viewer: &Viewer, events: &[TicketEvent]) {
        let first = self.document.version + 1;
        for event in events {
            let stamp = stamp_of(first, self.document.version + 1, viewer.account);
            self.state = State::evolve(Some(self.state.clone()), &stamp, event).unwrap();
            self.document = Document::evolve(Some(self.document.clone()), &stamp, event).unwrap();
        }
    }

    pub(crate) fn allowed(&self, viewer: &Viewer) -> Vec<AllowedAction> {
        transition::allowed(
            &Context {
                viewer,
                desk: self.desk,
                at: start(),
            },
            &self.state,
        )
    }

    pub(crate) fn allowed_ids(&self, viewer: &Viewer) -> BTreeSet<String> {
        self.allowed(viewer).into_iter().map(|action| action.id).collect()
    }
}

/// An action followed with a comment or without.
pub(crate) fn follow(action: &str, comment: Option<Text>, fields: Value) -> Action {
    Action::Transition {
        action: action.to_owned(),
        comment,
        fields: object(fields),
        automatic: CommentId(Uuid::from_u128(777)),
        customer: person(901),
    }
}

/// An action followed without anything else.
pub(crate) fn plainly(action: &str) -> Action {
    follow(action, None, json!({}))
}

/// The places and kinds of the faults of a refused input; panics when it was refused for another reason, or not.
pub(crate) fn faults<T: std::fmt::Debug>(answer: Result<T, Rejection>) -> Vec<(String, FaultCode)> {
    let Err(Rejection::Invalid(faults)) = answer else {
        panic!("not refused for its input: {answer:?}")
    };
    faults
        .into_iter()
        .map(|fault| (fault.pointer.clone(), fault.code()))
        .collect()
}

pub(crate) fn at(pointer: &str, code: FaultCode) -> (String, FaultCode) {
    (pointer.to_owned(), code)
}

/// The kinds of events, by the names of their types on disk.
pub(crate) fn kinds(events: &[TicketEvent]) -> Vec<&'static str> {
    events
        .iter()
        .map(|event| Event::Ticket(event.clone()).encode().unwrap().0)
        .map(|stored| {
            stored
                .strip_prefix("ticket-")
                .unwrap()
                .strip_suffix(".v1")
                .unwrap()
        })
        .collect()
}
