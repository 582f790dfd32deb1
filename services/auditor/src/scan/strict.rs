//! The strict parser: members in any order, none unknown.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::{Cursor, Envelope, NUMBER_MAX, is_channel, is_digest, is_stream_name, json, written_uuid};

/// Why stored bytes are not an event.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EnvelopeFault {
    #[error("the event is not an envelope: {0}")]
    Json(#[source] serde_json::Error),
    #[error("the member {0} of the event has not the form of one")]
    Member(&'static str),
    #[error("the names and texts of an envelope are written without escapes")]
    Escaped,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Members<'e> {
    #[serde(borrow)]
    id: Cow<'e, str>,
    #[serde(borrow)]
    stream: Cow<'e, str>,
    version: u64,
    #[serde(borrow, rename = "type")]
    event_type: Cow<'e, str>,
    #[serde(borrow)]
    at: Cow<'e, str>,
    #[serde(borrow, default, deserialize_with = "present")]
    occurred_at: Option<Cow<'e, str>>,
    #[serde(borrow, default, deserialize_with = "present")]
    sent_at: Option<Cow<'e, str>>,
    #[serde(borrow)]
    by: Cow<'e, str>,
    #[serde(borrow, default, deserialize_with = "present")]
    on_behalf_of: Option<Cow<'e, str>>,
    #[serde(borrow)]
    channel: Cow<'e, str>,
    #[serde(borrow)]
    command_id: Cow<'e, str>,
    #[serde(borrow)]
    command_digest: Cow<'e, str>,
    #[serde(borrow)]
    correlation_id: Cow<'e, str>,
    #[serde(borrow, default, deserialize_with = "present")]
    causation_id: Option<Cow<'e, str>>,
    #[serde(borrow)]
    data: &'e RawValue,
}

/// A member that is left out is absent; one that is there must be a text, not `null`.
fn present<'de: 'e, 'e, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Cow<'e, str>>, D::Error> {
    <&str>::deserialize(deserializer).map(|text| Some(Cow::Borrowed(text)))
}

/// Reads an envelope however its members are ordered.
pub(super) fn envelope(stored: &[u8]) -> Result<Envelope<'_>, EnvelopeFault> {
    json::check_object(stored, json::JSON_DEPTH_MAX).map_err(EnvelopeFault::Json)?;
    let members: Members<'_> = serde_json::from_slice(stored).map_err(EnvelopeFault::Json)?;
    // The payload is a part of the stored bytes, so its place follows from the two addresses.
    let data = members.data.get().as_bytes();
    if !data.starts_with(b"{") {
        return Err(EnvelopeFault::Member("data"));
    }
    let start = data.as_ptr().addr() - stored.as_ptr().addr();
    let data = start..start + data.len();
    // Nothing of an envelope needs an escape, so a writer that escaped something hides it.
    let (before, after) = (&stored[..data.start], &stored[data.end..]);
    if memchr::memchr(b'\\', before).is_some() || memchr::memchr(b'\\', after).is_some() {
        return Err(EnvelopeFault::Escaped);
    }
    let (Cow::Borrowed(stream), Cow::Borrowed(event_type)) = (members.stream, members.event_type) else {
        return Err(EnvelopeFault::Escaped);
    };
    let is_well = [
        ("stream", is_stream_name(stream)),
        ("version", (1..=NUMBER_MAX).contains(&members.version)),
        ("type", !event_type.is_empty()),
        ("channel", is_channel(&members.channel)),
        ("command_digest", is_digest(&members.command_digest)),
    ];
    if let Some((name, _)) = is_well.iter().find(|(_, is_well)| !is_well) {
        return Err(EnvelopeFault::Member(name));
    }
    uuid("correlation_id", &members.correlation_id)?;
    members
        .causation_id
        .map(|text| uuid("causation_id", &text))
        .transpose()?;
    Ok(Envelope {
        id: uuid("id", &members.id)?,
        stream,
        version: members.version,
        event_type,
        at: time("at", &members.at)?,
        occurred_at: members
            .occurred_at
            .map(|text| time("occurred_at", &text))
            .transpose()?,
        sent_at: members.sent_at.map(|text| time("sent_at", &text)).transpose()?,
        by: uuid("by", &members.by)?,
        on_behalf_of: members
            .on_behalf_of
            .map(|text| uuid("on_behalf_of", &text))
            .transpose()?,
        command: uuid("command_id", &members.command_id)?,
        data,
    })
}

fn uuid(name: &'static str, text: &str) -> Result<Uuid, EnvelopeFault> {
    written_uuid(text.as_bytes()).ok_or(EnvelopeFault::Member(name))
}

fn time(name: &'static str, text: &str) -> Result<DateTime<Utc>, EnvelopeFault> {
    quoted(text, |cursor| cursor.time()).ok_or(EnvelopeFault::Member(name))
}

/// Reads a text with what reads it between its quotes, to its end.
fn quoted<T>(text: &str, read: impl Fn(&mut Cursor<'_>) -> Option<T>) -> Option<T> {
    let quoted = format!("\"{text}\"");
    let mut cursor = Cursor {
        rest: quoted.as_bytes(),
    };
    read(&mut cursor).filter(|_| cursor.rest.is_empty())
}
