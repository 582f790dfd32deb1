//! What happened to the ticket, told plainly: a bundle does not hold the desk's definition, so statuses and actions go by
//! their ids.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::ticket::TicketEvent;
use domain::ticket::Visibility;
use domain::ticket::event::Verdict;
use domain::{AccountId, Event};
use serde::Serialize;
use serde_json::Value;

use crate::scan::Envelope;

/// One event of the ticket, in words.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Told {
    /// Its position in the log.
    pub position: u64,
    /// Its version in the ticket; `None` when it is redacted.
    pub version: Option<u64>,
    /// Its type; `None` when it is redacted.
    pub event_type: Option<String>,
    /// When it was recorded.
    pub at: Option<DateTime<Utc>>,
    /// When it happened, where a trusted channel says so.
    pub occurred_at: Option<DateTime<Utc>>,
    /// Who acted: the disclosed name, or the account.
    pub by: Option<String>,
    /// For whom.
    pub on_behalf_of: Option<String>,
    /// What happened.
    pub text: String,
    /// What the event says.
    pub values: Vec<Disclosed>,
}

/// One value of an event.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Disclosed {
    /// Its place in the event (RFC 6901).
    pub pointer: String,
    /// Whether it stands sealed in the log.
    pub sealed: bool,
    /// The value; `None` when its key is not disclosed: withheld from this reader, or erased.
    pub value: Option<Value>,
}

/// The names that the bundle discloses.
pub(super) type Names = BTreeMap<AccountId, String>;

/// An event that is left out.
pub(super) fn redacted(position: u64) -> Told {
    Told {
        position,
        version: None,
        event_type: None,
        at: None,
        occurred_at: None,
        by: None,
        on_behalf_of: None,
        text: "an event that this bundle does not show".to_owned(),
        values: Vec::new(),
    }
}

/// An event that is shown; `event` when it could be decoded.
pub(super) fn shown(
    position: u64,
    envelope: &Envelope<'_>,
    event: Option<&Event>,
    data: &Value,
    names: &Names,
) -> Told {
    let mut values = Vec::new();
    list(data, &mut String::from("/data"), &mut values);
    Told {
        position,
        version: Some(envelope.version),
        event_type: Some(envelope.event_type.to_owned()),
        at: Some(envelope.at),
        occurred_at: envelope.occurred_at,
        by: Some(who(AccountId(envelope.by), names)),
        on_behalf_of: envelope
            .on_behalf_of
            .map(|account| who(AccountId(account), names)),
        text: match event {
            Some(Event::Ticket(event)) => words(event, names),
            Some(
                Event::Account(_)
                | Event::Organization(_)
                | Event::Desk(_)
                | Event::Name(_)
                | Event::Person(_)
                | Event::Log(_)
                | Event::Audit(_),
            )
            | None => envelope.event_type.to_owned(),
        },
        values,
    }
}

fn who(account: AccountId, names: &Names) -> String {
    if account == AccountId::SYSTEM {
        return "the server".to_owned();
    }
    names
        .get(&account)
        .cloned()
        .unwrap_or_else(|| format!("account {account}"))
}

fn words(event: &TicketEvent, names: &Names) -> String {
    match event {
        TicketEvent::Opened(opened) => format!(
            "opened the ticket: type {}, for {}, status {}, priority {}",
            opened.request_type,
            who(opened.requester, names),
            opened.status,
            opened.priority
        ),
        TicketEvent::Described { .. } => "described it".to_owned(),
        TicketEvent::Commented(commented) => match commented.visibility {
            Visibility::Public => "commented".to_owned(),
            Visibility::Internal => "noted internally".to_owned(),
        },
        TicketEvent::Attached(attached) => {
            format!(
                "attached a file: {}, {} bytes",
                attached.media_type, attached.size
            )
        }
        TicketEvent::Transitioned(transitioned) => format!(
            "followed {}: {} → {}",
            transitioned.action, transitioned.from, transitioned.to
        ),
        TicketEvent::Assigned { assignee, .. } => match assignee {
            Some(assignee) => format!("assigned it to {}", who(*assignee, names)),
            None => "assigned it to nobody".to_owned(),
        },
        TicketEvent::Edited(_) => "edited it".to_owned(),
        TicketEvent::ApprovalRequested(requested) => {
            format!("asked for approval: {} → {}", requested.from, requested.to)
        }
        TicketEvent::ApprovalWithdrawn { .. } => "withdrew a request for approval".to_owned(),
        TicketEvent::ApprovalDecided(decided) => {
            let verb = match decided.decision {
                Verdict::Accept => "accepted",
                Verdict::Refuse => "refused",
            };
            format!("{verb} the proposal: {} → {}", decided.from, decided.to)
        }
        TicketEvent::Reopened { from, to, .. } => format!("reopened it: {from} → {to}"),
        TicketEvent::Shared { organizations, .. } => {
            let organizations: Vec<&str> = organizations.iter().map(domain::OrganizationId::as_str).collect();
            format!("shared it with {}", organizations.join(", "))
        }
        TicketEvent::Unshared { organizations, .. } => {
            let organizations: Vec<&str> = organizations.iter().map(domain::OrganizationId::as_str).collect();
            format!("shares it no longer with {}", organizations.join(", "))
        }
    }
}

/// Every value that is no object, and every sealed one.
fn list(value: &Value, pointer: &mut String, values: &mut Vec<Disclosed>) {
    let mut add = |sealed, value: Option<&Value>| {
        values.push(Disclosed {
            pointer: pointer.clone(),
            sealed,
            value: value.cloned(),
        });
    };
    match value {
        Value::Object(members) => {
            let mark = members.get("personal").filter(|_| members.len() == 1);
            if let Some(mark) = mark.filter(|mark| mark.get("commitment").is_some()) {
                add(true, mark.get("value"));
                return;
            }
            for (name, member) in members {
                let length = pointer.len();
                pointer.push('/');
                pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
                list(member, pointer, values);
                pointer.truncate(length);
            }
        }
        Value::Array(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            add(false, Some(value));
        }
    }
}
