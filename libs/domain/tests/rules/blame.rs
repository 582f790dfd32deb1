//! Which event set each field: over histories that the rules allow, every change is blamed on the event that made it.

use std::collections::BTreeMap;

use domain::ticket::{Blame, Document, TicketEvent, decide::decide};
use proptest::{
    prelude::*,
    sample::select,
    test_runner::{RngSeed, TestRunner},
};
use serde_json::{Value, json};

use crate::{
    given::{a_question, a_report, account, stamp},
    random::{Tally, an_action, people},
};

/// Every field of a ticket by the name that its history uses.
fn fields(document: &Document) -> BTreeMap<String, Value> {
    let own = document
        .fields
        .iter()
        .map(|(name, value)| (format!("fields.{name}"), value.clone()));
    let columns = [
        ("type", json!(document.request_type)),
        ("summary", json!(document.summary)),
        ("description", json!(document.description)),
        ("status", json!(document.status)),
        ("priority", json!(document.priority)),
        ("urgency", json!(document.urgency)),
        ("requester", json!(document.requester)),
        ("assignee", json!(document.assignee)),
        ("organization", json!(document.organization)),
        ("private", json!(document.private)),
        ("notify", json!(document.notify)),
        ("shared_with", json!(document.shared_with)),
    ];
    own.chain(columns.into_iter().map(|(name, value)| (name.to_owned(), value)))
        .collect()
}

#[test]
fn a_change_is_blamed_on_the_event_that_made_it() {
    let config = ProptestConfig {
        cases: 100,
        rng_seed: RngSeed::Fixed(16),
        failure_persistence: None,
        // A long history that fails is shortened for a few seconds, not for minutes.
        max_shrink_iters: 200,
        ..ProptestConfig::default()
    };
    let asked = prop::collection::vec((select(people()), an_action()), 0..400);
    let tally = Tally::default();
    let tried = TestRunner::new(config).run(&(any::<bool>(), asked), |(on_sav, asked)| {
        let mut ticket = if on_sav { a_report() } else { a_question() };
        let mut events: Vec<TicketEvent> = Vec::new();
        let mut blame = Blame::default();
        // The opening itself is told by its own test.
        let mut document = ticket.document.clone();
        let mut version = document.version;
        for (viewer, action) in asked {
            let context = domain::ticket::Context {
                viewer: &viewer,
                desk: ticket.desk,
                at: crate::given::start(),
            };
            let Ok(more) = decide(&context, &ticket.state, action) else {
                continue;
            };
            ticket.then(&viewer, &more);
            events.extend(more);
        }
        tally.count(&events);
        for event in &events {
            version += 1;
            let stamp = stamp(version, account(1));
            let before = fields(&document);
            document = Document::evolve(Some(document), &stamp, event).unwrap();
            blame = blame.evolve(&stamp, event);
            let after = fields(&document);
            for (name, value) in &after {
                if before.get(name) != Some(value) {
                    let set = &blame.fields[name];
                    prop_assert_eq!((set.stamp.version, set.removed), (version, false), "{}", name);
                }
            }
        }
        Ok(())
    });
    tried.unwrap();
    tally.assert_each_at_least(5);
}

#[test]
fn an_opening_sets_every_field_that_it_names_and_a_removal_is_blamed_too() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/events");
    let read = |name: &str, of: &str| {
        let text = std::fs::read_to_string(path.join(format!("{name}.json"))).unwrap();
        let event = domain::Event::decode(of, serde_json::from_str(&text).unwrap()).unwrap();
        let domain::Event::Ticket(event) = event else {
            panic!("{name} is no event of a ticket");
        };
        event
    };
    let opened = read("ticket-opened.v1.full", "ticket-opened.v1");
    let blame = Blame::default().evolve(&stamp(1, account(1)), &opened);
    let document = Document::evolve(None, &stamp(1, account(1)), &opened).unwrap();
    let unset = ["assignee"];
    for name in fields(&document)
        .keys()
        .filter(|name| !unset.contains(&name.as_str()))
    {
        assert_eq!(blame.fields[name].stamp.version, 1, "{name}");
    }
    let TicketEvent::Opened(of) = &opened else {
        panic!()
    };
    let gone = of.fields.keys().next().unwrap();
    let TicketEvent::Edited(mut edited) = read("ticket-edited.v1", "ticket-edited.v1") else {
        panic!()
    };
    edited.removed = [gone.clone(), "never-there".to_owned()].into();
    let edited = TicketEvent::Edited(edited);
    let blame = blame.evolve(&stamp(2, account(1)), &edited);
    let set = &blame.fields[&format!("fields.{gone}")];
    assert_eq!((set.stamp.version, set.removed), (2, true));
    assert!(!blame.fields.contains_key("fields.never-there"));
}
