//! What comes with an action, and what it does beside the status.

use std::collections::BTreeSet;

use domain::{
    Personal,
    desk::Desk,
    fault::FaultCode,
    policy::{Side, Viewer},
    ticket::{
        Action, Edit, Rejection, TicketEvent,
        event::{CommentBody, FieldValue},
    },
};
use serde_json::json;

use crate::{
    given::{
        SAV, SUP, a_question, a_report, account, agent, at, faults, follow, given, kinds, object, operator,
        person, plainly, question, report, requester, status, supplier, text, viewer,
    },
    transitions::{fields_of, standing_in},
};

#[test]
fn an_action_that_the_desk_does_not_have_is_a_fault_of_the_input() {
    assert_eq!(
        faults(a_question().asked(&agent(), plainly("clear"))),
        [at("/action", FaultCode::Value)]
    );
}

#[test]
fn an_action_that_asks_for_a_comment_is_refused_without_one() {
    for (ticket, from, action, who) in [
        (a_question(), "open", "wait_for_customer", agent()),
        (a_question(), "waiting_customer", "customer_answered", requester()),
        (a_question(), "closed", "reopen", requester()),
        (a_report(), "queued", "inform", operator()),
        (a_report(), "cleared", "refuse_clearance", operator()),
        (a_report(), "to_be_cancelled", "refuse_cancellation", supplier()),
    ] {
        let ticket = standing_in(&ticket, from);
        assert!(
            ticket
                .allowed(&who)
                .iter()
                .any(|allowed| allowed.id == action && allowed.requires_comment)
        );
        assert_eq!(
            faults(ticket.asked(&who, plainly(action))),
            [at("/comment", FaultCode::Required)],
            "{action}"
        );
        let blank = follow(action, Some(text(60, " \n")), json!({}));
        assert_eq!(
            faults(ticket.asked(&who, blank)),
            [at("/comment", FaultCode::Required)],
            "{action}"
        );
    }
}

#[test]
fn all_faults_of_an_action_are_told_at_once() {
    let ticket = standing_in(&a_report(), "open_active");
    let asked = follow(
        "close",
        Some(text(60, "a\u{7}")),
        json!({"troubleTicketClosureCode": "XXX", "colour": "red"}),
    );
    assert_eq!(
        faults(ticket.asked(&supplier(), asked)),
        [
            at("/comment", FaultCode::Format),
            at("/fields/colour", FaultCode::Unknown),
            at("/fields/troubleTicketClosureCode", FaultCode::Value),
        ]
    );
    assert_eq!(
        faults(ticket.asked(&supplier(), plainly("close"))),
        [at("/fields/troubleTicketClosureCode", FaultCode::Required)]
    );
    let asked = follow("request_cancellation", None, json!({"a/b": 1}));
    assert_eq!(
        faults(ticket.asked(&operator(), asked)),
        [at("/fields/a~1b", FaultCode::Unknown)]
    );
}

#[test]
fn whoever_takes_a_ticket_has_it_and_keeps_the_one_who_has_it_already() {
    let mut ticket = a_question();
    let events = ticket.when(&agent(), plainly("take")).unwrap();
    assert_eq!(kinds(&events), ["transitioned", "assigned"]);
    assert_eq!(ticket.state.assignee, Some(account(10)));
    ticket.when(&agent(), plainly("transfer_to_development")).unwrap();
    let other = viewer(14, domain::policy::Role::Agent, &[]);
    assert_eq!(
        kinds(&ticket.when(&other, plainly("take")).unwrap()),
        ["transitioned"]
    );
    assert_eq!(ticket.state.assignee, Some(account(10)));
}

#[test]
fn an_agent_takes_their_own_ticket_as_an_agent_and_writes_on_it_as_its_requester() {
    let mut ticket = given(&SUP, &agent(), question(&agent()));
    let events = ticket.when(&agent(), plainly("take")).unwrap();
    assert!(events.iter().all(|event| event.side() == Side::Agent));
    let comment = Action::Comment {
        text: text(61, "Moi-même."),
        visibility: Default::default(),
    };
    assert_eq!(ticket.when(&agent(), comment).unwrap()[0].side(), Side::Requester);
}

#[test]
fn the_desk_s_own_comment_names_nobody_and_comes_before_the_agent_s() {
    let ticket = a_question();
    let asked = follow("transfer_to_development", Some(text(60, "Transmis.")), json!({}));
    let events = ticket.asked(&agent(), asked).unwrap();
    let [
        TicketEvent::Transitioned(followed),
        TicketEvent::Commented(automatic),
        TicketEvent::Commented(own),
    ] = &events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!(
        automatic.body,
        CommentBody::Automatic {
            automatic: "transfer_to_development".to_owned()
        }
    );
    assert_eq!(automatic.side, Side::System);
    assert_eq!(followed.comment, Some(own.comment));
    assert_eq!(
        own.body,
        CommentBody::Words(Personal::new(person(1), "Transmis.".to_owned()))
    );
}

#[test]
fn a_resolution_is_kept_until_work_goes_on() {
    let mut ticket = a_question();
    ticket
        .when(&agent(), follow("resolve", None, json!({"resolution": "done"})))
        .unwrap();
    assert_eq!(ticket.document.fields["resolution"], "done");
    ticket
        .when(
            &requester(),
            Action::Reopen {
                reason: text(62, "Toujours en panne."),
            },
        )
        .unwrap();
    assert!(ticket.document.fields.is_empty() && ticket.state.fields.is_empty());
    ticket.when(&agent(), plainly("resolve")).unwrap();
    assert!(ticket.document.fields.is_empty());
}

#[test]
fn an_action_that_clears_a_field_and_sets_it_anew_sets_it() {
    let mut definition = SUP.definition().clone();
    let resolve = definition
        .transitions
        .iter_mut()
        .find(|of| of.id == "resolve")
        .unwrap();
    resolve.clears = BTreeSet::from(["resolution".to_owned()]);
    resolve.from.insert(status("resolved"));
    let desk = Desk::load(definition).unwrap();
    let mut ticket = a_question();
    ticket
        .when(&agent(), follow("resolve", None, json!({"resolution": "done"})))
        .unwrap();
    let agent = agent();
    let context = domain::ticket::Context {
        viewer: &agent,
        desk: &desk,
        at: crate::given::start(),
    };
    let again = follow("resolve", None, json!({"resolution": "duplicate"}));
    let events = domain::ticket::decide(&context, &ticket.state, again).unwrap();
    ticket.then(&agent, &events);
    assert_eq!(ticket.document.fields["resolution"], "duplicate");
    let events = domain::ticket::decide(&context, &ticket.state, plainly("resolve")).unwrap();
    ticket.then(&agent, &events);
    assert!(ticket.document.fields.is_empty());
}

#[test]
fn a_refused_clearance_takes_back_that_the_service_was_restored() {
    let mut ticket = a_report();
    ticket.when(&supplier(), plainly("activate")).unwrap();
    ticket
        .when(&supplier(), follow("clear", None, fields_of("clear")))
        .unwrap();
    assert!(ticket.document.fields.contains_key("serviceRestoredTime"));
    ticket
        .when(
            &operator(),
            follow("refuse_clearance", Some(text(63, "Non.")), json!({})),
        )
        .unwrap();
    assert!(!ticket.document.fields.contains_key("serviceRestoredTime"));
    assert_eq!(ticket.document.status, status("open_active"));
}

#[test]
fn an_appointment_asked_for_later_still_needs_the_customer_s_name_and_phone() {
    let ticket = a_report();
    let asked = follow(
        "replan",
        None,
        json!({"appointmentSuggestion1": "2026-03-05T08:00:00+01:00"}),
    );
    assert_eq!(
        faults(ticket.asked(&operator(), asked)),
        [
            at("/fields/contactPhoneNumber1", FaultCode::Required),
            at("/fields/customerFirstName", FaultCode::Required),
            at("/fields/customerLastName", FaultCode::Required),
        ]
    );
    let mut named = report(&operator());
    named.fields.extend(object(json!({
        "customerLastName": "Martin", "customerFirstName": "Ada", "contactPhoneNumber1": "+33 6 01 02 03 04"
    })));
    let mut ticket = given(&SAV, &operator(), named);
    let asked = follow(
        "replan",
        None,
        json!({"appointmentSuggestion1": "2026-03-05T08:00:00+01:00"}),
    );
    ticket.when(&operator(), asked).unwrap();
    assert_eq!(
        ticket.document.fields["appointmentSuggestion1"],
        "2026-03-05T08:00:00+01:00"
    );
}

#[test]
fn a_replan_without_any_field_is_refused() {
    let asked = a_report().asked(&operator(), plainly("replan"));
    assert_eq!(faults(asked), [at("/fields", FaultCode::Value)]);
}

#[test]
fn a_customer_whom_the_opening_named_is_not_minted_again() {
    let asked = follow("replan", None, fields_of("replan"));
    let events = a_report().asked(&operator(), asked).unwrap();
    let TicketEvent::Transitioned(replanned) = &events[0] else {
        panic!("{events:?}")
    };
    assert_eq!(replanned.customer, None);
    let name = FieldValue::Personal(Personal::new(person(900), json!("Martin")));
    assert_eq!(replanned.fields["customerLastName"], name);
}

#[test]
fn the_server_follows_what_is_open_to_it_alone() {
    let mut definition = SUP.definition().clone();
    definition.transitions[0].who = BTreeSet::from([domain::desk::Who::System]);
    definition.transitions[0].assigns_actor = false;
    let desk = Desk::load(definition).unwrap();
    let ticket = a_question();
    let ask = |viewer: &Viewer| {
        let context = domain::ticket::Context {
            viewer,
            desk: &desk,
            at: crate::given::start(),
        };
        domain::ticket::decide(&context, &ticket.state, plainly("take"))
    };
    let system = Viewer {
        account: domain::AccountId::SYSTEM,
        grants: BTreeSet::new(),
        organizations: BTreeSet::new(),
        within: std::sync::Arc::default(),
    };
    assert_eq!(ask(&system).unwrap()[0].side(), Side::System);
    assert!(matches!(ask(&agent()), Err(Rejection::NotPermitted { .. })));
}

#[test]
fn a_customer_named_by_an_action_for_the_first_time_is_minted_then() {
    let mut ticket = a_report();
    // As a desk would have it whose opening form names nobody.
    ticket.state.customer = None;
    let asked = follow("replan", None, fields_of("replan"));
    let events = ticket.when(&operator(), asked).unwrap();
    let TicketEvent::Transitioned(replanned) = &events[0] else {
        panic!("{events:?}")
    };
    assert_eq!(replanned.customer, Some(person(901)));
    let name = FieldValue::Personal(Personal::new(person(901), json!("Martin")));
    assert_eq!(replanned.fields["customerLastName"], name);
    assert_eq!(ticket.state.customer, Some(person(901)));
    let edit = Edit {
        fields: object(json!({"customerLastName": "Durand"})),
        ..Edit::nothing(person(902))
    };
    let events = ticket.when(&agent(), Action::Edit(Box::new(edit))).unwrap();
    let TicketEvent::Edited(edited) = &events[0] else {
        panic!("{events:?}")
    };
    assert_eq!(edited.customer, None);
    let name = FieldValue::Personal(Personal::new(person(901), json!("Durand")));
    assert_eq!(edited.fields["customerLastName"], name);
}
