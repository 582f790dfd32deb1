//! What a client is told that it may ask of a ticket is what is taken, and nothing else is.

use std::collections::BTreeSet;

use domain::{
    policy::Viewer,
    ticket::{
        Action, Context, Edit, Rejection, Right, Visibility,
        command::{Attach, Decision},
        rights::{editable, rights},
    },
};
use uuid::Uuid;

use crate::given::{
    Ticket, a_question, a_report, admin, agent, approval, auditor, colleague, operator, organization,
    organizations, person, plainly, requester, start, stranger, supplier, text,
};

fn told(ticket: &Ticket, viewer: &Viewer) -> BTreeSet<&'static str> {
    let context = Context {
        viewer,
        desk: ticket.desk,
        at: start(),
    };
    rights(&context, &ticket.state)
        .into_iter()
        .map(Right::as_str)
        .collect()
}

fn members(ticket: &Ticket, viewer: &Viewer) -> Vec<String> {
    let context = Context {
        viewer,
        desk: ticket.desk,
        at: start(),
    };
    editable(&context, &ticket.state)
}

/// How an edit is made one of something.
type Change = fn(&mut Edit);

/// A request of each kind that has no fault.
fn asked(right: Right, ticket: &Ticket) -> Action {
    let own = ticket.state.organization.clone();
    match right {
        Right::Comment => Action::Comment {
            text: text(1, "Un mot."),
            visibility: Visibility::Public,
        },
        Right::CommentInternal => Action::Comment {
            text: text(2, "Un mot."),
            visibility: Visibility::Internal,
        },
        Right::Attach => Action::Attach(Box::new(Attach {
            id: domain::ids::AttachmentId(Uuid::from_u128(3)),
            subject: person(3),
            name: "a.txt".to_owned(),
            size: 1,
            media_type: "text/plain".to_owned(),
            content_sha256: String::new(),
            blob: "4".to_owned(),
            blob_sha256: String::new(),
        })),
        Right::Edit => Action::Edit(Box::new(Edit {
            notify: Some(!ticket.state.notify),
            ..Edit::nothing(person(5))
        })),
        Right::Assign => Action::Assign { assignee: None },
        Right::Share => Action::Share {
            organizations: own.into_iter().collect(),
        },
        Right::Unshare => Action::Unshare {
            organization: ticket
                .state
                .shared_with
                .first()
                .cloned()
                .unwrap_or_else(|| organization("nowhere")),
        },
        Right::RequestApproval => Action::RequestApproval {
            id: approval(6),
            proposal: "Ainsi ?".to_owned(),
            comment: None,
        },
        Right::DecideApproval => Action::DecideApproval {
            id: ticket.state.pending_approval().unwrap_or_else(|| approval(7)),
            decision: Decision::Accept,
            comment: None,
        },
    }
}

/// Tickets in every state that makes a difference.
fn tickets() -> Vec<(&'static str, Ticket)> {
    let mut proposed = a_question();
    proposed.when(&agent(), plainly("take")).unwrap();
    let request = asked(Right::RequestApproval, &proposed);
    proposed.when(&agent(), request).unwrap();
    let mut shared = a_question();
    let share = Action::Share {
        organizations: organizations(&["commune-b"]),
    };
    shared.when(&agent(), share).unwrap();
    let mut closed = a_question();
    closed.when(&agent(), plainly("close")).unwrap();
    vec![
        ("new", a_question()),
        ("proposed", proposed),
        ("shared", shared),
        ("closed", closed),
        ("reported", a_report()),
    ]
}

fn viewers() -> Vec<(&'static str, Viewer)> {
    vec![
        ("requester", requester()),
        ("colleague", colleague()),
        ("agent", agent()),
        ("supplier", supplier()),
        ("auditor", auditor()),
        ("admin", admin()),
        ("operator", operator()),
        ("stranger", stranger()),
    ]
}

#[test]
fn a_right_is_told_exactly_when_such_a_request_is_taken() {
    let (mut taken, mut refused) = (0, 0);
    for (state, ticket) in tickets() {
        for (who, viewer) in viewers() {
            let told = told(&ticket, &viewer);
            for right in Right::ALL {
                let answer = ticket.asked(&viewer, asked(right, &ticket));
                let is_told = told.contains(right.as_str());
                assert_eq!(answer.is_ok(), is_told, "{who} {right:?} {state}: {answer:?}");
                if is_told { taken += 1 } else { refused += 1 }
            }
        }
    }
    assert!(taken > 100 && refused > 100, "{taken} {refused}");
}

#[test]
fn the_members_that_may_change_are_those_whose_change_is_not_forbidden() {
    for (state, ticket) in tickets() {
        for (who, viewer) in viewers() {
            let members = members(&ticket, &viewer);
            let edit = |change: Change| {
                let mut edit = Edit::nothing(person(8));
                change(&mut edit);
                let answer = ticket.asked(&viewer, Action::Edit(Box::new(edit)));
                !matches!(
                    answer,
                    Err(Rejection::NotPermitted { .. } | Rejection::DeclarationFrozen { .. })
                )
            };
            let table: [(&str, Change); 8] = [
                ("summary", |edit| edit.summary = Some("Autre".to_owned())),
                ("description", |edit| edit.description = Some("Autre".to_owned())),
                ("private", |edit| edit.private = Some(true)),
                ("notify", |edit| edit.notify = Some(false)),
                ("type", |edit| edit.request_type = Some("incident".to_owned())),
                ("priority", |edit| edit.priority = Some("high".to_owned())),
                ("urgency", |edit| edit.urgency = Some("high".to_owned())),
                ("organization", |edit| {
                    edit.organization = Some(organization("commune-a"))
                }),
            ];
            for (member, change) in table {
                assert_eq!(
                    members.iter().any(|name| name == member),
                    edit(change),
                    "{who} {member} {state}"
                );
            }
        }
    }
}

#[test]
fn the_fields_that_may_change_are_those_of_the_form_that_are_not_declared_once() {
    let of = |ticket: &Ticket| {
        let members = members(ticket, &agent());
        let fields = members.iter().filter_map(|member| member.strip_prefix("fields."));
        fields.map(str::to_owned).collect::<BTreeSet<_>>()
    };
    assert_eq!(of(&a_question()), BTreeSet::from(["product".to_owned()]));
    let report = of(&a_report());
    assert!(
        report.contains("customerLastName") && !report.contains("offerId"),
        "{report:?}"
    );
    // Those who ask change no fields, and a member list says so.
    assert_eq!(
        members(&a_question(), &requester()),
        ["summary", "description", "private", "notify"]
    );
    assert_eq!(
        members(&a_report(), &operator()),
        ["summary", "private", "notify"]
    );
}
