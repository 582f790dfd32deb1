//! Every cell of the desks' transition tables: status x action x side. The expected tables are written by hand, from
//! the seeds and the references, not read from the definitions.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    desk::Desk,
    policy::{Side, Viewer},
    ticket::{Rejection, TicketEvent, state::ApprovalStatus},
};
use serde_json::{Value, json};

use crate::given::{
    SAV, SUP, Ticket, a_question, a_report, agent, approval, auditor, colleague, follow, operator,
    operators_colleague, other_operator, requester, status, stranger, supplier, text,
};

/// A row: a status, what the requester's side may do there, what those who treat may do there. `action>status`.
type Row = (&'static str, &'static str, &'static str);

const SUP_TABLE: [Row; 10] = [
    (
        "open",
        "",
        "take>in_progress select>selected transfer_to_development>in_development \
         wait_for_customer>waiting_customer resolve>resolved close>closed",
    ),
    (
        "selected",
        "",
        "take>in_progress transfer_to_development>in_development wait_for_customer>waiting_customer \
         resolve>resolved close>closed",
    ),
    (
        "in_development",
        "",
        "take>in_progress wait_for_customer>waiting_customer resolve>resolved close>closed",
    ),
    (
        "in_progress",
        "",
        "transfer_to_development>in_development wait_for_customer>waiting_customer resolve>resolved close>closed",
    ),
    (
        "waiting_customer",
        "customer_answered>in_progress",
        "customer_answered>in_progress resolve>resolved close>closed",
    ),
    (
        "resolved",
        "confirm>closed reopen>reopened",
        "close>closed reopen>reopened",
    ),
    (
        "waiting_approval",
        "accept>to_deliver refuse>in_progress",
        "resume>in_progress close>closed",
    ),
    ("to_deliver", "", "resume>in_progress deliver>closed close>closed"),
    ("closed", "reopen>reopened", "reopen>reopened"),
    (
        "reopened",
        "",
        "take>in_progress select>selected transfer_to_development>in_development \
         wait_for_customer>waiting_customer resolve>resolved close>closed",
    ),
];

const SAV_TABLE: [Row; 5] = [
    (
        "queued",
        "withdraw>closed inform>queued replan>queued",
        "activate>open_active supplier_update>queued",
    ),
    (
        "open_active",
        "request_cancellation>to_be_cancelled inform>open_active replan>open_active",
        "supplier_update>open_active clear>cleared close>closed",
    ),
    (
        "to_be_cancelled",
        "inform>to_be_cancelled",
        "supplier_update>to_be_cancelled refuse_cancellation>open_active close>closed",
    ),
    (
        "cleared",
        "inform>cleared accept_clearance>closed refuse_clearance>open_active",
        "close>closed",
    ),
    ("closed", "", ""),
];

fn cells(actions: &'static str) -> BTreeMap<&'static str, &'static str> {
    actions
        .split_whitespace()
        .map(|cell| cell.split_once('>').unwrap())
        .collect()
}

/// What an action needs to come with it.
pub(crate) fn fields_of(action: &str) -> Value {
    match action {
        "replan" => json!({"appointmentMode": "SANS_PLAN_DE_CHARGE", "customerLastName": "Martin",
            "customerFirstName": "Ada", "contactPhoneNumber1": "0601020304"}),
        "clear" => json!({"serviceRestoredTime": "2026-03-02T10:00:00+01:00"}),
        _ => json!({}),
    }
}

fn fields_in(desk: &Desk, action: &str) -> Value {
    match (desk.definition().key.as_str(), action) {
        ("SAV", "close") => json!({"troubleTicketClosureCode": "RET01"}),
        (_, action) => fields_of(action),
    }
}

/// The ticket in a status, with a proposal that waits for a decision where the status means that one does.
pub(crate) fn standing_in(ticket: &Ticket, id: &str) -> Ticket {
    let mut ticket = ticket.clone();
    ticket.state.status = status(id);
    if id == "waiting_approval" {
        ticket
            .state
            .approvals
            .insert(approval(50), ApprovalStatus::Pending);
    }
    ticket
}

fn status_after(ticket: &Ticket, viewer: &Viewer, events: &[TicketEvent]) -> String {
    let mut after = ticket.clone();
    after.then(viewer, events);
    assert_eq!(after.state.status, after.document.status);
    after.state.status.to_string()
}

/// Checks one column of a table, and every action of the desk that the column does not hold.
fn check(
    ticket: &Ticket,
    table: &[Row],
    viewer: &Viewer,
    side: Side,
    column: fn(&Row) -> &'static str,
) -> usize {
    let all: BTreeSet<&str> = table
        .iter()
        .flat_map(|row| cells(row.1).into_keys().chain(cells(row.2).into_keys()))
        .collect();
    let ever: BTreeSet<&str> = table
        .iter()
        .flat_map(|row| cells(column(row)).into_keys())
        .collect();
    let mut checked = 0;
    for row in table {
        let ticket = standing_in(ticket, row.0);
        let expected = cells(column(row));
        let ids: BTreeSet<String> = expected.keys().map(|id| (*id).to_owned()).collect();
        assert_eq!(ticket.allowed_ids(viewer), ids, "{side:?} in {}", row.0);
        for action in &all {
            let cell = format!("{side:?} follows {action} in {}", row.0);
            let asked = follow(action, Some(text(60, "Voici.")), fields_in(ticket.desk, action));
            match (ticket.asked(viewer, asked), expected.get(action)) {
                (Ok(events), Some(to)) => {
                    assert_eq!(status_after(&ticket, viewer, &events), *to, "{cell}");
                    assert!(
                        events
                            .iter()
                            .all(|event| [side, Side::System].contains(&event.side())),
                        "{cell}"
                    );
                }
                (Err(Rejection::WrongStatus { allowed, .. }), None) => {
                    assert!(ever.contains(action), "{cell}");
                    assert_eq!(allowed, ticket.allowed(viewer), "{cell}");
                }
                (Err(Rejection::NotPermitted { .. }), None) => assert!(!ever.contains(action), "{cell}"),
                (answer, expected) => panic!("{cell}: expected {expected:?}, got {answer:?}"),
            }
            checked += 1;
        }
    }
    checked
}

#[test]
fn every_cell_of_the_support_desk_is_as_written() {
    let ticket = a_question();
    let mut checked = check(&ticket, &SUP_TABLE, &requester(), Side::Requester, |row| row.1);
    checked += check(&ticket, &SUP_TABLE, &colleague(), Side::Requester, |row| row.1);
    checked += check(&ticket, &SUP_TABLE, &agent(), Side::Agent, |row| row.2);
    checked += check(&ticket, &SUP_TABLE, &supplier(), Side::Supplier, |_| "");
    checked += check(&ticket, &SUP_TABLE, &stranger(), Side::Requester, |_| "");
    checked += check(&ticket, &SUP_TABLE, &auditor(), Side::Requester, |_| "");
    assert_eq!(checked, 6 * 10 * 13);
}

#[test]
fn every_cell_of_the_trouble_ticket_desk_is_as_written() {
    let ticket = a_report();
    let mut checked = check(&ticket, &SAV_TABLE, &operator(), Side::Requester, |row| row.1);
    checked += check(
        &ticket,
        &SAV_TABLE,
        &operators_colleague(),
        Side::Requester,
        |row| row.1,
    );
    checked += check(&ticket, &SAV_TABLE, &agent(), Side::Agent, |row| row.2);
    checked += check(&ticket, &SAV_TABLE, &supplier(), Side::Supplier, |row| row.2);
    checked += check(&ticket, &SAV_TABLE, &other_operator(), Side::Requester, |_| "");
    checked += check(&ticket, &SAV_TABLE, &auditor(), Side::Requester, |_| "");
    assert_eq!(checked, 6 * 5 * 11);
}

#[test]
fn the_tables_name_every_status_and_every_action_of_their_desks() {
    for (desk, table) in [(&*SUP, &SUP_TABLE[..]), (&*SAV, &SAV_TABLE[..])] {
        let statuses: BTreeSet<&str> = desk
            .definition()
            .statuses
            .iter()
            .map(|of| of.id.as_str())
            .collect();
        assert_eq!(table.iter().map(|row| row.0).collect::<BTreeSet<_>>(), statuses);
        let named: BTreeSet<&str> = table
            .iter()
            .flat_map(|row| cells(row.1).into_keys().chain(cells(row.2).into_keys()))
            .collect();
        for transition in &desk.definition().transitions {
            assert!(named.contains(transition.id.as_str()), "{}", transition.id);
        }
    }
}

#[test]
fn a_reopened_ticket_offers_what_an_open_one_does() {
    let ticket = a_question();
    let open = standing_in(&ticket, "open").allowed(&agent());
    assert_eq!(standing_in(&ticket, "reopened").allowed(&agent()), open);
    assert_eq!(open.len(), 6);
}
