//! From domain events to sealed drafts for the log, and back.

use chrono::{DateTime, Utc};
use domain::{Event, ticket::Stamp};
use event_log::{EventDraft, EventId, Recorded};
use serde_json::{Value, value::to_raw_value};
use uuid::Uuid;
use vault::Vault;

use crate::kernel::{
    call::Call,
    error::{ExecuteError, ReadError},
};

/// Seals an event and addresses it, ready for the log. Each draft takes a fresh event id: a key of the vault is used
/// for one value only, so what is decided anew is sealed anew. `at` is its stamp: the time of the call, or later.
///
/// # Errors
/// [`ExecuteError::Internal`] when a person's key is missing, or the event cannot be written as JSON or not be read back as it is.
pub fn draft(
    vault: &Vault,
    call: &Call,
    at: DateTime<Utc>,
    event: &Event,
) -> Result<EventDraft, ExecuteError> {
    let id = Uuid::now_v7();
    let (event_type, mut data) = event.encode().map_err(ExecuteError::internal)?;
    if names_raw_json(&data) {
        return Err(ExecuteError::internal(RawMember));
    }
    vault.seal_data(id, &mut data).map_err(ExecuteError::internal)?;
    Ok(EventDraft {
        id: EventId(id),
        event_type: event_type.to_owned(),
        at,
        occurred_at: call.occurred_at,
        sent_at: call.sent_at,
        by: call.viewer.account.0,
        on_behalf_of: call.on_behalf_of.map(|account| account.0),
        channel: call.channel,
        correlation_id: call.correlation_id,
        causation_id: None,
        data: to_raw_value(&data).map_err(ExecuteError::internal)?,
    })
}

/// The member name by which `serde_json` tells its own raw JSON: an object with it alone is read as the JSON that its text holds,
/// where no member is looked at. Doors refuse it, and no event is written with it.
pub const RAW_MEMBER: &str = "$serde_json::private::RawValue";

/// An event would be read back as something else than was written. What doors take is refused before it comes here.
#[derive(Debug, thiserror::Error)]
#[error("an event has a member named {RAW_MEMBER:?}, and would not be read back as it is")]
struct RawMember;

/// Whether a member of this name stands anywhere, within personal values too.
fn names_raw_json(value: &Value) -> bool {
    match value {
        Value::Object(members) => members
            .iter()
            .any(|(name, value)| name == RAW_MEMBER || names_raw_json(value)),
        Value::Array(items) => items.iter().any(names_raw_json),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Every person whose key an event needs before it can be sealed.
#[must_use]
pub fn subjects(data: &Value) -> Vec<Uuid> {
    let mut found = Vec::new();
    collect(data, &mut found);
    found.sort_unstable();
    found.dedup();
    found
}

fn collect(value: &Value, found: &mut Vec<Uuid>) {
    match value {
        Value::Object(members) => {
            let mark = members
                .get("personal")
                .and_then(|mark| mark.get("subject"))
                .and_then(Value::as_str);
            match mark.and_then(|subject| Uuid::parse_str(subject).ok()) {
                Some(subject) => found.push(subject),
                None => members.values().for_each(|member| collect(member, found)),
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Who and when, as a fold wants it.
#[must_use]
pub fn stamp(recorded: &Recorded) -> Stamp {
    views::event::stamp(recorded.position, &recorded.envelope)
}

/// The stored data with its personal values put back.
///
/// # Errors
/// [`ReadError::Internal`] when the data is not JSON or a sealed value was tampered with.
pub fn opened_data(vault: &Vault, recorded: &Recorded) -> Result<Value, ReadError> {
    let mut data: Value = serde_json::from_str(recorded.envelope.data.get()).map_err(ReadError::internal)?;
    vault
        .open_data(recorded.envelope.id.0, &mut data)
        .map_err(ReadError::internal)?;
    Ok(data)
}

/// A stored event as the domain knows it.
///
/// # Errors
/// [`ReadError::Internal`] when it cannot be opened or is of a type that this version does not know.
pub fn decode(vault: &Vault, recorded: &Recorded) -> Result<Event, ReadError> {
    let data = opened_data(vault, recorded)?;
    Event::decode(&recorded.envelope.event_type, data).map_err(ReadError::internal)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Defence in depth: the doors refuse the name, and what comes here all the same is not written.
    #[test]
    fn the_member_name_of_raw_json_is_found_wherever_it_stands_and_in_no_text() {
        for data in [
            json!({ RAW_MEMBER: "1" }),
            json!({"fields": {"a": [1, { RAW_MEMBER: "{}", "b": 2 }]}}),
            json!({"body": {"personal": {"subject": "x", "value": { RAW_MEMBER: "1" }}}}),
        ] {
            assert!(names_raw_json(&data), "{data}");
        }
        for data in [
            json!({"body": format!("\"{RAW_MEMBER}\":")}),
            json!({"fields": {format!("{RAW_MEMBER}2"): RAW_MEMBER}}),
            json!([RAW_MEMBER, null, 1]),
        ] {
            assert!(!names_raw_json(&data), "{data}");
        }
    }
}
