//! Approvals: bound to what was read, decided once, by the side that asked for help (seed 002 §8.5.7; N17; C10).

use domain::{
    Detail, Personal,
    fault::FaultCode::{Format, Required},
    policy::{Role, Side},
    ticket::{
        Action, Decision, Rejection, TicketEvent, approval::APPROVALS_MAX, event::ApprovalDecided,
        state::ApprovalStatus,
    },
};
use serde_json::json;

use crate::given::{
    SUP, Ticket, a_question, a_report, agent, approval, at, auditor, colleague, faults, follow, given, kinds,
    person, plainly, question, requester, status, stranger, supplier, text, viewer,
};

fn propose(number: u128) -> Action {
    Action::RequestApproval {
        id: approval(number),
        proposal: format!("Proposition {number}"),
        comment: None,
    }
}

fn decide(number: u128, decision: Decision) -> Action {
    Action::DecideApproval {
        id: approval(number),
        decision,
        comment: None,
    }
}

fn in_progress() -> Ticket {
    let mut ticket = a_question();
    ticket.when(&agent(), plainly("take")).unwrap();
    ticket
}

fn proposed() -> Ticket {
    let mut ticket = in_progress();
    ticket.when(&agent(), propose(1)).unwrap();
    ticket
}

#[test]
fn an_accepted_proposal_is_to_be_delivered_and_a_refused_one_worked_on() {
    for (decision, to) in [
        (Decision::Accept, "to_deliver"),
        (Decision::Refuse, "in_progress"),
    ] {
        let mut ticket = proposed();
        assert_eq!(ticket.document.status, status("waiting_approval"));
        let said = Some(text(70, "Tout est ok."));
        let action = Action::DecideApproval {
            id: approval(1),
            decision,
            comment: said,
        };
        let events = ticket.when(&requester(), action).unwrap();
        assert_eq!(kinds(&events), ["approval-decided", "commented"]);
        let expected = ApprovalDecided {
            side: Side::Requester,
            approval: approval(1),
            decision,
            from: status("waiting_approval"),
            to: status(to),
            removed: Default::default(),
            comment: Some(text(70, "").id),
        };
        assert_eq!(events[0], TicketEvent::ApprovalDecided(expected));
        assert_eq!(ticket.document.status, status(to));
    }
}

#[test]
fn a_new_proposal_withdraws_the_old_one_which_cannot_be_decided_any_more() {
    let mut ticket = proposed();
    let events = ticket.when(&agent(), propose(2)).unwrap();
    assert_eq!(kinds(&events), ["approval-withdrawn", "approval-requested"]);
    assert_eq!(
        events[0],
        TicketEvent::ApprovalWithdrawn {
            side: Side::Agent,
            approval: approval(1)
        }
    );
    assert_eq!(
        ticket.asked(&requester(), decide(1, Decision::Accept)),
        Err(Rejection::ApprovalNotPending)
    );
    assert_eq!(ticket.state.pending_approval(), Some(approval(2)));
    ticket.when(&requester(), decide(2, Decision::Accept)).unwrap();
    let stand: Vec<ApprovalStatus> = ticket.document.approvals.iter().map(|of| of.status).collect();
    assert_eq!(stand, [ApprovalStatus::Withdrawn, ApprovalStatus::Accepted]);
}

#[test]
fn a_decision_is_final() {
    let mut ticket = proposed();
    ticket.when(&requester(), decide(1, Decision::Refuse)).unwrap();
    for decision in [Decision::Accept, Decision::Refuse] {
        assert_eq!(
            ticket.asked(&requester(), decide(1, decision)),
            Err(Rejection::ApprovalNotPending)
        );
    }
    assert_eq!(
        ticket.asked(&requester(), decide(9, Decision::Accept)),
        Err(Rejection::UnknownApproval)
    );
}

#[test]
fn a_ticket_that_goes_on_without_a_decision_takes_its_question_back() {
    for action in ["resume", "close"] {
        let mut ticket = proposed();
        let events = ticket.when(&agent(), plainly(action)).unwrap();
        assert_eq!(kinds(&events)[..2], ["approval-withdrawn", "transitioned"]);
        assert_eq!(ticket.state.pending_approval(), None);
        assert_eq!(ticket.document.approvals[0].status, ApprovalStatus::Withdrawn);
        assert_eq!(
            ticket.asked(&requester(), decide(1, Decision::Accept)),
            Err(Rejection::ApprovalNotPending)
        );
    }
}

#[test]
fn a_decision_found_pending_in_another_status_moves_nothing() {
    let mut ticket = proposed();
    ticket.state.status = status("closed");
    let events = ticket.asked(&requester(), decide(1, Decision::Accept)).unwrap();
    let [TicketEvent::ApprovalDecided(decided)] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(
        (&decided.from, &decided.to),
        (&status("closed"), &status("closed"))
    );
}

#[test]
fn only_the_requester_s_side_decides() {
    for viewer in [requester(), colleague()] {
        assert!(proposed().asked(&viewer, decide(1, Decision::Accept)).is_ok());
    }
    for viewer in [agent(), supplier(), auditor(), stranger(), crate::given::admin()] {
        let refused = proposed().asked(&viewer, decide(1, Decision::Accept));
        assert_eq!(
            refused,
            Err(Rejection::NotPermitted {
                why: Detail::MayNotDecide
            })
        );
    }
}

#[test]
fn nobody_accepts_their_own_proposal_by_having_opened_the_ticket_or_by_working_next_door() {
    let mut ticket = given(&SUP, &agent(), question(&requester()));
    ticket.when(&agent(), plainly("take")).unwrap();
    ticket.when(&agent(), propose(1)).unwrap();
    assert!(matches!(
        ticket.asked(&agent(), decide(1, Decision::Accept)),
        Err(Rejection::NotPermitted { .. })
    ));

    let neighbour = viewer(15, Role::Agent, &["commune-a"]);
    let mut ticket = in_progress();
    ticket.when(&neighbour, propose(1)).unwrap();
    let answer = ticket.asked(&neighbour, decide(1, Decision::Accept));
    assert!(matches!(answer, Err(Rejection::NotPermitted { .. })));
}

#[test]
fn only_those_who_treat_propose_and_only_where_the_desk_has_it() {
    for viewer in [requester(), colleague(), supplier(), auditor(), stranger()] {
        let refused = in_progress().asked(&viewer, propose(1));
        assert_eq!(
            refused,
            Err(Rejection::NotPermitted {
                why: Detail::MayNotAskApproval
            })
        );
    }
    let wrong =
        |answer| matches!(answer, Err(Rejection::WrongStatus { action, .. }) if action == "request_approval");
    assert!(wrong(a_question().asked(&agent(), propose(1))));
    assert!(wrong(a_report().asked(&agent(), propose(1))));
    let blank = Action::RequestApproval {
        id: approval(1),
        proposal: " ".to_owned(),
        comment: Some(text(71, "a\u{0}")),
    };
    assert_eq!(
        faults(in_progress().asked(&agent(), blank)),
        [at("/proposal", Required), at("/comment", Format)]
    );
}

#[test]
fn the_reader_sees_what_was_proposed_who_decided_and_what_was_said() {
    let mut ticket = in_progress();
    let said = Some(text(72, "Devis joint."));
    let action = Action::RequestApproval {
        id: approval(1),
        proposal: "Remplacer".to_owned(),
        comment: said,
    };
    let events = ticket.when(&agent(), action).unwrap();
    let [
        TicketEvent::ApprovalRequested(requested),
        TicketEvent::Commented(_),
    ] = &events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!(
        requested.proposal,
        Personal::new(person(1), "Remplacer".to_owned())
    );
    let shown = &ticket.document.approvals[0];
    assert_eq!(
        (shown.proposal.as_deref(), shown.comment.as_deref()),
        (Some("Remplacer"), Some("Devis joint."))
    );
    assert_eq!(
        (shown.requested_by, shown.decided_by, shown.position),
        (agent().account, None, 104)
    );

    let accept = follow("accept", Some(text(73, "D'accord.")), json!({}));
    ticket.when(&colleague(), accept).unwrap();
    let shown = &ticket.document.approvals[0];
    assert_eq!(
        (shown.status, shown.comment.as_deref()),
        (ApprovalStatus::Accepted, Some("D'accord."))
    );
    assert_eq!(
        (shown.decided_by, shown.position),
        (Some(colleague().account), 106)
    );
    let message = ticket.document.last_message.as_ref().unwrap();
    assert_eq!(
        (message.kind.as_str(), message.body.as_deref()),
        ("accept", Some("D'accord."))
    );
}

#[test]
fn a_refusal_takes_back_how_the_ticket_was_resolved() {
    let mut ticket = in_progress();
    ticket
        .when(&agent(), follow("resolve", None, json!({"resolution": "done"})))
        .unwrap();
    ticket.when(&agent(), propose(1)).unwrap();
    ticket.when(&requester(), plainly("refuse")).unwrap();
    assert!(ticket.document.fields.is_empty() && ticket.state.fields.is_empty());
}

#[test]
fn an_acceptance_keeps_how_the_ticket_was_resolved() {
    let mut ticket = in_progress();
    ticket
        .when(&agent(), follow("resolve", None, json!({"resolution": "done"})))
        .unwrap();
    ticket.when(&agent(), propose(1)).unwrap();
    ticket.when(&requester(), plainly("accept")).unwrap();
    assert_eq!(ticket.document.fields["resolution"], "done");
}

#[test]
fn an_action_that_only_informs_leaves_the_question_open() {
    let mut definition = SUP.definition().clone();
    definition.transitions[0].from.insert(status("waiting_approval"));
    definition.transitions[0].to = None;
    let desk = domain::desk::Desk::load(definition).unwrap();
    let agent = agent();
    let context = domain::ticket::Context {
        viewer: &agent,
        desk: &desk,
        at: crate::given::start(),
    };
    let events = domain::ticket::decide(&context, &proposed().state, plainly("take")).unwrap();
    assert_eq!(kinds(&events), ["transitioned"]);
}

#[test]
fn deciding_takes_no_fields_and_nothing_to_decide_is_no_decision() {
    let answer = proposed().asked(
        &requester(),
        follow("accept", None, json!({"resolution": "done"})),
    );
    assert_eq!(
        faults(answer),
        [at("/fields/resolution", domain::fault::FaultCode::Unknown)]
    );
    let answer = in_progress().asked(&requester(), plainly("accept"));
    assert!(matches!(answer, Err(Rejection::WrongStatus { action, .. }) if action == "accept"));
}

#[test]
fn a_ticket_sees_a_thousand_approvals_and_no_more() {
    let mut ticket = in_progress();
    for number in 1..=u128::try_from(APPROVALS_MAX).unwrap() {
        ticket
            .state
            .approvals
            .insert(approval(number), ApprovalStatus::Refused);
    }
    assert_eq!(
        ticket.asked(&agent(), propose(5_000)),
        Err(Rejection::Full {
            why: Detail::ApprovalsMax { max: 1_000 }
        })
    );
    ticket.state.approvals.pop_last();
    assert!(ticket.asked(&agent(), propose(5_000)).is_ok());
}
