//! Both folds, over any order of events and over histories that the rules allow.

use domain::{
    Event,
    ticket::{Action, Document, State, TicketEvent, decide::decide},
};
use proptest::{
    prelude::*,
    sample::select,
    test_runner::{RngSeed, TestRunner},
};

use crate::{
    given::{Ticket, a_question, a_report, account, stamp, status},
    random::{Tally, an_action, an_event, people},
};

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        rng_seed: RngSeed::Fixed(2),
        failure_persistence: None,
        // A long history that fails is shortened for a few seconds, not for minutes.
        max_shrink_iters: 200,
        ..ProptestConfig::default()
    }
}

fn fold(events: &[TicketEvent]) -> (Option<State>, Option<Document>) {
    let (mut state, mut document) = (None, None);
    for (version, event) in (1..).zip(events) {
        let stamp = stamp(version, account(1));
        state = State::evolve(state, &stamp, event);
        document = Document::evolve(document, &stamp, event);
    }
    (state, document)
}

/// What both folds tell, they tell alike.
fn agree(state: &State, document: &Document) {
    assert_eq!(state.desk, document.desk);
    assert_eq!(state.desk_version, document.desk_version);
    assert_eq!(state.request_type, document.request_type);
    assert_eq!(state.status, document.status);
    assert_eq!(state.summary, document.summary);
    assert_eq!(state.description, document.description);
    assert_eq!(state.priority, document.priority);
    assert_eq!(state.urgency, document.urgency);
    assert_eq!(state.requester, document.requester);
    assert_eq!(state.created_by, document.created_by);
    assert_eq!(state.assignee, document.assignee);
    assert_eq!(state.organization, document.organization);
    assert_eq!(state.private, document.private);
    assert_eq!(state.notify, document.notify);
    assert_eq!(state.shared_with, document.shared_with);
    assert_eq!(state.fields, document.fields);
    assert_eq!(state.attachments, document.attachments.len());
}

fn approvals_agree(ticket: &Ticket) {
    let shown = ticket
        .document
        .approvals
        .iter()
        .map(|approval| (approval.id, approval.status))
        .collect();
    assert_eq!(ticket.state.approvals, shown);
    let pending: Vec<_> = ticket
        .state
        .approvals
        .values()
        .filter(|of| **of == domain::ticket::state::ApprovalStatus::Pending)
        .collect();
    let waits = ticket.state.status == status("waiting_approval");
    assert_eq!(
        pending.len(),
        usize::from(waits),
        "a proposal waits exactly in the status that says so"
    );
}

proptest! {
    #![proptest_config(config(500))]

    #[test]
    fn any_order_of_events_is_folded_and_the_folds_agree(events in prop::collection::vec(an_event(), 0..40)) {
        let (state, document) = fold(&events);
        prop_assert_eq!(state.is_some(), document.is_some());
        let starts = events.iter().position(|event| matches!(event, TicketEvent::Opened(_)));
        prop_assert_eq!(state.is_some(), starts.is_some());
        if let (Some(state), Some(document)) = (state, document) {
            agree(&state, &document);
            prop_assert_eq!(document.version, u64::try_from(events.len()).unwrap());
            prop_assert!(document.public_events <= document.version);
        }
    }

    #[test]
    fn an_event_comes_back_from_its_stored_form_as_it_was(event in an_event()) {
        let event = Event::Ticket(event);
        let (event_type, data) = event.encode().unwrap();
        prop_assert_eq!(Event::decode(event_type, data).unwrap(), event);
    }
}

#[test]
fn histories_that_the_rules_allow_keep_their_promises() {
    let asked = prop::collection::vec((select(people()), an_action()), 0..400);
    let tally = Tally::default();
    let tried = TestRunner::new(config(100)).run(&(any::<bool>(), asked), |(on_sav, asked)| {
        let mut ticket = if on_sav { a_report() } else { a_question() };
        for (viewer, action) in asked {
            // An id names one thing: whoever makes commands never takes the same one twice.
            if matches!(&action, Action::RequestApproval { id, .. } if ticket.state.approvals.contains_key(id)) {
                continue;
            }
            let before = ticket.state.clone();
            let offered = ticket.allowed_ids(&viewer);
            let followed = if let Action::Transition { action, .. } = &action { Some(action.clone()) } else { None };

            let context = domain::ticket::Context { viewer: &viewer, desk: ticket.desk, at: crate::given::start() };
            let Ok(events) = decide(&context, &ticket.state, action.clone()) else { continue };
            prop_assert_eq!(&decide(&context, &ticket.state, action), &Ok(events.clone()), "decided otherwise");
            tally.count(&events);
            let updates = ticket.document.supplier_updates;
            ticket.then(&viewer, &events);
            prop_assert!(ticket.document.supplier_updates - updates <= 1, "one update counted twice");
            agree(&ticket.state, &ticket.document);
            approvals_agree(&ticket);
            let same = State { events: ticket.state.events, ..before } == ticket.state;
            let tells_a_change = events.iter().any(|event| match event {
                TicketEvent::Edited(_)
                | TicketEvent::Described { .. }
                | TicketEvent::Assigned { .. }
                | TicketEvent::Shared { .. }
                | TicketEvent::Unshared { .. }
                | TicketEvent::Attached(_) => true,
                TicketEvent::Opened(_)
                | TicketEvent::Commented(_)
                | TicketEvent::Transitioned(_)
                | TicketEvent::ApprovalRequested(_)
                | TicketEvent::ApprovalWithdrawn { .. }
                | TicketEvent::ApprovalDecided(_)
                | TicketEvent::Reopened { .. } => false,
            });
            prop_assert!(!(tells_a_change && same), "an event tells a change and nothing changed");
            prop_assert!(followed.is_none_or(|action| offered.contains(&action)), "followed what was not offered");
            let known = ticket.desk.definition().status(&ticket.state.status).is_some();
            prop_assert!(known, "a status that the desk does not have");
        }
        Ok(())
    });
    tried.unwrap();
    tally.assert_each_at_least(5);
}
