//! What the log holds of persons: the streams with sealed values of theirs, and their files.

use std::collections::{BTreeSet, HashSet};

use domain::PersonId;
use event_log::{EventLog, StreamName};
use memchr::memmem;
use uuid::Uuid;

use crate::{keeping::scan, kernel::error::ReadError};

/// What the log holds of persons.
#[derive(Default)]
pub(super) struct Traces {
    /// The streams with events that hold sealed values of theirs.
    pub(super) streams: BTreeSet<StreamName>,
    /// The files that are sealed under their keys, by their names in the store.
    pub(super) blobs: Vec<String>,
}

/// Looks through the whole log, some million events a second.
pub(super) fn of(log: &EventLog, persons: &[PersonId]) -> Result<Traces, ReadError> {
    const SUBJECT: &[u8] = b"\"subject\":\"";
    let ids: HashSet<[u8; 36]> = persons.iter().map(|person| written(person.0)).collect();
    let subject = memmem::Finder::new(SUBJECT);
    let speaks_of_them = |event: &[u8]| {
        subject.find_iter(event).any(|at| {
            let id = event
                .get(at + SUBJECT.len()..)
                .and_then(|rest| rest.first_chunk());
            id.is_some_and(|id| ids.contains(id))
        })
    };
    let mut traces = Traces::default();
    let unread = scan::find(log, |event| {
        if !speaks_of_them(&event.bytes) {
            return None;
        }
        let taken = stream_of(&event.bytes).and_then(|stream| {
            traces.streams.insert(stream);
            let attached = any_attached_blob(&event.bytes).map_err(ReadError::internal)?;
            let theirs = attached.filter(|attached| persons.contains(&attached.subject));
            traces.blobs.extend(theirs.map(|attached| attached.blob));
            Ok(())
        });
        taken.err()
    });
    match unread.map_err(ReadError::internal)? {
        Some(error) => Err(error),
        None => Ok(traces),
    }
}

/// An id as events have it.
fn written(id: Uuid) -> [u8; 36] {
    let mut text = [0; 36];
    id.hyphenated().encode_lower(&mut text);
    text
}

/// The stream of a stored event.
fn stream_of(stored: &[u8]) -> Result<StreamName, ReadError> {
    #[derive(serde::Deserialize)]
    struct Named {
        stream: String,
    }
    let Named { stream } = serde_json::from_slice(stored).map_err(ReadError::internal)?;
    StreamName::try_from(stream).map_err(ReadError::internal)
}

/// A file that a stored event attaches.
pub(crate) struct AttachedBlob {
    /// Under whose key it is sealed.
    pub(crate) subject: PersonId,
    /// Its name in the store.
    pub(crate) blob: String,
    /// SHA-256 of the sealed bytes, hex, where it is told.
    pub(crate) sha256: Option<String>,
}

/// The file that a stored event attaches, when it attaches one.
///
/// # Errors
/// When it does, and does not say which.
pub(crate) fn any_attached_blob(stored: &[u8]) -> Result<Option<AttachedBlob>, serde_json::Error> {
    #[derive(serde::Deserialize)]
    struct Named {
        #[serde(rename = "type")]
        event_type: String,
    }
    #[derive(serde::Deserialize)]
    struct Attached {
        data: Data,
    }
    #[derive(serde::Deserialize)]
    struct Data {
        subject: Uuid,
        blob: String,
        #[serde(default)]
        blob_sha256: Option<String>,
    }
    const TYPE: &[u8] = b"\"type\":\"ticket-attached.";
    // Most events are passed over by a look at the head of their bytes.
    if !stored.windows(TYPE.len()).take(200).any(|window| window == TYPE) {
        return Ok(None);
    }
    // Another event may hold these bytes in a text.
    let Named { event_type } = serde_json::from_slice(stored)?;
    if !event_type.starts_with("ticket-attached.") {
        return Ok(None);
    }
    let Attached { data } = serde_json::from_slice(stored)?;
    Ok(Some(AttachedBlob {
        subject: PersonId(data.subject),
        blob: data.blob,
        sha256: data.blob_sha256,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is passed over here is a file that outlives the person whose it is.
    #[test]
    fn an_attachment_that_cannot_be_read_is_told_and_other_events_are_not_asked() {
        let told = |stored: &str| {
            let read = any_attached_blob(stored.as_bytes());
            read.map(|found| found.map(|found| found.blob))
        };
        let whole = r#"{"type":"ticket-attached.v1","data":{"subject":"00000000-0000-0000-0000-000000000001","blob":"b"}}"#;
        assert_eq!(told(whole).unwrap(), Some("b".to_owned()));
        for cut in [
            r#"{"type":"ticket-attached.v1","data":{"blob":"b"}}"#,
            r#"{"type":"ticket-attached.v1","data":{"subject":"nobody","blob":"b"}}"#,
            r#"{"type":"ticket-attached.v1","data"#,
        ] {
            assert!(told(cut).is_err(), "{cut}");
        }
        for other in [
            r#"{"type":"ticket-commented.v1","data":{}}"#,
            r#"{"type":"ticket-commented.v1","data":{"type":"ticket-attached.v1"}}"#,
        ] {
            assert_eq!(told(other).unwrap(), None, "{other}");
        }
    }
}
