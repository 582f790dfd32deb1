//! Tickets that stand to a caller as a cell wants them. An administrator makes them, so that the roles that open
//! nothing have tickets too.

use guichet_tests::client::Client;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    cast::{Caller, Desk, SIREN},
    expected::Relation,
};

/// How far a ticket is brought, where its desk knows that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum State {
    /// As it was opened.
    Opened,
    /// Under way.
    InProgress,
    /// Resolved, so that it can be confirmed and reopened.
    Resolved,
    /// With a proposal that waits for a decision.
    Proposed,
    /// With a file.
    WithFile,
}

/// Whether a ticket is only looked at, or made for one cell that may change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Thread {
    /// Nothing was said on it.
    Empty,
    /// An internal note, and a public comment after it, so that the past has a note and the present more than that.
    Noted,
}

/// A ticket, with what can be looked for of it.
#[derive(Debug, Clone)]
pub(super) struct Subject {
    pub(super) key: String,
    pub(super) desk: Desk,
    /// A word that stands in its summary and nowhere else.
    pub(super) word: String,
    /// A word that stands in its internal note and nowhere else.
    pub(super) note: String,
    /// When it was opened, as the server tells it.
    pub(super) opened_at: String,
    /// Where the log stood when it was ready.
    pub(super) position: u64,
    /// And before the last thing was said on it: what `as_of` reads name.
    pub(super) noted_position: u64,
    /// The approval that waits; any id where the desk knows no approvals.
    pub(super) approval: String,
    /// Its file; any id where it has none.
    pub(super) attachment: String,
}

/// For whom a ticket that stands so is opened, and where.
fn placed(caller: &Caller, relation: Relation) -> (Desk, &'static str) {
    match relation {
        Relation::Own | Relation::InternalNote => (caller.home, caller.username),
        Relation::SameOrganization | Relation::Private => (caller.home, caller.colleague),
        Relation::OtherOrganization | Relation::Shared => (caller.home, caller.home.stranger().0),
        Relation::OtherDesk => (caller.elsewhere, caller.elsewhere.stranger().0),
    }
}

/// A new ticket on a desk, as everybody who may can open it.
pub(super) fn opening(desk: Desk, word: &str) -> Value {
    let fields = match desk {
        Desk::Sup => json!({"product": "Accueil"}),
        Desk::Sav => json!({
            "troubleDetectionTime": "2026-03-02T08:00:00+01:00", "serviceProviderID": SIREN,
            "supplierID": "987654324", "troubleTicketType": 1, "offerId": "FTTH", "technicalId": "CO-ABCD-1234",
            "serviceProviderTroubleTicketKey": word, "defectClassId": "1", "defectDescription": "1",
            "defectPrelocalization": "PTO", "alreadyOperated": true,
        }),
    };
    json!({
        "desk": desk.key(), "type": desk.request_type(), "summary": format!("Demande {word}"),
        "description": "Une demande comme une autre.", "fields": fields,
    })
}

/// Makes a ticket; `number` makes its words its own.
pub(super) fn make(
    admin: &Client,
    caller: &Caller,
    relation: Relation,
    (state, thread): (State, Thread),
    number: u32,
) -> Subject {
    let (desk, requester) = placed(caller, relation);
    let (word, note) = (format!("sujet{number:06}"), format!("cachette{number:06}"));
    let mut opening = opening(desk, &word);
    opening["on_behalf_of"] = json!(requester);
    opening["private"] = json!(relation == Relation::Private);
    if relation == Relation::Shared {
        opening["share_with"] = json!([caller.organization]);
    }
    let ticket = admin.open(&opening);
    let mut subject = Subject {
        key: ticket["key"].as_str().unwrap().to_owned(),
        desk,
        word,
        note,
        opened_at: ticket["created_at"].as_str().unwrap().to_owned(),
        position: position(&ticket),
        noted_position: position(&ticket),
        approval: Uuid::new_v4().to_string(),
        attachment: Uuid::new_v4().to_string(),
    };
    bring(admin, &mut subject, state);
    if thread == Thread::Noted {
        let note = format!("Rien à dire de {}.", subject.note);
        subject.noted_position = position(&admin.comment(&subject.key, &note, "internal"));
        subject.position = position(&admin.comment(&subject.key, "À suivre.", "public"));
    }
    subject
}

/// Brings a ticket where its desk can bring it: on SAV everything is asked of a new ticket.
fn bring(admin: &Client, subject: &mut Subject, state: State) {
    let key = subject.key.clone();
    let follow = |action: &str| position(&admin.follow(&key, &json!({"action": action})));
    match (subject.desk, state) {
        (_, State::Opened) | (Desk::Sav, State::InProgress | State::Resolved | State::Proposed) => {}
        (_, State::WithFile) => {
            let file = admin.attach(&key, "plan.txt", b"au fond du couloir").expect(201);
            subject.attachment = file["id"].as_str().unwrap().to_owned();
            subject.position = position(&file);
        }
        (Desk::Sup, State::InProgress) => subject.position = follow("take"),
        (Desk::Sup, State::Resolved) => subject.position = follow("resolve"),
        (Desk::Sup, State::Proposed) => {
            let _ = follow("take");
            let proposal = json!({"proposal": "La remplacer."});
            let approval = admin
                .post(&format!("/v1/tickets/{key}/approvals"), &proposal)
                .expect(201);
            subject.approval = approval["id"].as_str().unwrap().to_owned();
            subject.position = position(&admin.ticket(&key));
        }
    }
}

/// Where in the log an answer stands.
fn position(answer: &Value) -> u64 {
    answer["position"].as_u64().unwrap()
}
