//! Names, a desk, and events that happened one second after the other.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    AccountId, CommentId, Event, Language, OrganizationId, PersonId, Personal,
    desk::Desk,
    policy::Side,
    ticket::{
        Document, FieldValue, Stamp, TicketEvent, Visibility,
        event::{CommentBody, Commented, Opened, Transitioned},
    },
};
use event_log::Channel;
use serde_json::{Value, json};
use uuid::Uuid;
use views::history::{Entry, Happened, Names, Seen, Teller};

pub(crate) struct Directory(pub(crate) BTreeMap<AccountId, &'static str>);

impl Names for Directory {
    fn name(&self, account: AccountId) -> Option<String> {
        self.0.get(&account).map(|name| (*name).to_owned())
    }

    fn organization(&self, id: &OrganizationId) -> Option<String> {
        (id.as_str() == "commune-b").then(|| "Commune de Bourg".to_owned())
    }
}

pub(crate) const RITA: AccountId = AccountId(Uuid::from_u128(1));
pub(crate) const ANNE: AccountId = AccountId(Uuid::from_u128(2));
pub(crate) const GONE: AccountId = AccountId(Uuid::from_u128(3));

pub(crate) fn directory() -> Directory {
    Directory([(RITA, "Rita Requérante"), (ANNE, "anne agent")].into())
}

pub(crate) fn sup() -> Desk {
    domain::desk::shipped()
        .unwrap()
        .into_iter()
        .find(|desk| desk.definition().key.as_str() == "SUP")
        .unwrap()
}

pub(crate) fn personal(words: &str) -> Personal<String> {
    Personal::new(PersonId(Uuid::from_u128(1)), words.to_owned())
}

pub(crate) fn start() -> DateTime<Utc> {
    "2026-03-02T09:00:00Z".parse().unwrap()
}

pub(crate) fn opening() -> TicketEvent {
    TicketEvent::Opened(Box::new(Opened {
        side: Side::Requester,
        desk: "SUP".parse().unwrap(),
        desk_version: 1,
        request_type: "incident".to_owned(),
        summary: personal("Écran noir"),
        description: Some(personal("Rien ne s'affiche")),
        status: "open".parse().unwrap(),
        priority: "normal".to_owned(),
        urgency: "medium".to_owned(),
        requester: RITA,
        customer: None,
        organization: Some("commune-a".parse().unwrap()),
        private: false,
        shared_with: BTreeSet::new(),
        notify: true,
        fields: [("product".to_owned(), FieldValue::Open(json!("Poste de travail")))].into(),
    }))
}

pub(crate) fn comment(words: Personal<String>, visibility: Visibility) -> TicketEvent {
    let comment = CommentId(Uuid::from_u128(7));
    TicketEvent::Commented(Commented {
        side: Side::Agent,
        comment,
        visibility,
        body: CommentBody::Words(words),
    })
}

pub(crate) fn followed(action: &str, from: &str, to: &str) -> Transitioned {
    Transitioned {
        side: Side::Agent,
        action: action.to_owned(),
        from: from.parse().unwrap(),
        to: to.parse().unwrap(),
        fields: BTreeMap::new(),
        removed: BTreeSet::new(),
        customer: None,
        comment: None,
    }
}

pub(crate) fn happened(events: Vec<(AccountId, TicketEvent)>) -> Vec<Happened> {
    let mut all = Vec::new();
    for (index, (by, event)) in events.into_iter().enumerate() {
        let version = index as u64 + 1;
        let stamp = Stamp {
            position: 10 + version,
            version,
            command: Uuid::from_u128(u128::from(version)),
            at: start() + TimeDelta::seconds(index as i64),
            occurred_at: None,
            sent_at: None,
            by,
            on_behalf_of: None,
        };
        let (event_type, _) = Event::Ticket(event.clone()).encode().unwrap();
        all.push(Happened {
            stamp,
            event_type: event_type.to_owned(),
            channel: Channel::Rest,
            event,
        });
    }
    all
}

/// One entry per event that a reader may see: internal notes only when `internal`.
pub(crate) fn history(events: &[Happened], language: Language, internal: bool) -> Vec<Entry> {
    let (names, desk) = (directory(), sup());
    let teller = Teller {
        names: &names,
        desk: &desk,
        language,
    };
    let (mut entries, mut document, mut before) = (Vec::new(), None, Seen::default());
    for happened in events {
        document = Document::evolve(document, &happened.stamp, &happened.event);
        let after = Seen::of(document.as_ref());
        if internal || !happened.event.is_internal() {
            entries.push(teller.tell(&before, &after, happened.clone()));
        }
        before = after;
    }
    entries
}

pub(crate) fn told(events: Vec<(AccountId, TicketEvent)>, language: Language) -> Vec<Entry> {
    history(&happened(events), language, true)
}

/// What is said of one event after the opening.
pub(crate) fn said(by: AccountId, event: TicketEvent) -> (String, String) {
    let one = |language| {
        let entries = told(vec![(RITA, opening()), (by, event.clone())], language);
        entries.into_iter().nth(1).unwrap().text
    };
    (one(Language::Fr), one(Language::En))
}

pub(crate) fn changes(entry: &Entry) -> Vec<(&str, Option<Value>, Option<Value>)> {
    entry
        .changes
        .iter()
        .map(|change| (change.field.as_str(), change.from.clone(), change.to.clone()))
        .collect()
}
