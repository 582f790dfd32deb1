//! Evidence: one file with a ticket's events, their proofs, and the keys of the values that its reader may read
//! (docs/audit-format.md; peers N13, N19).

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use domain::{
    AccountId, Event, TicketKey,
    policy::{self, Operation, Viewer},
    ticket::TicketEvent,
};
use event_log::{Recorded, Version};
use serde::Serialize;
use serde_json::Value;
use transparency::Hash;

use crate::{codec, error::ReadError, start::Application, tickets::Loaded};

/// Where the name that others see stands in the event that makes an account.
const NAME: &str = "/data/name";

/// An evidence bundle, as it is written down.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bundle {
    guichet_bundle: u32,
    origin: String,
    ticket: String,
    checkpoint: String,
    keys: Vec<Entry>,
    events: Vec<Entry>,
    accounts: Vec<Entry>,
}

/// One event of a bundle: whole with its values, or its leaf hash alone.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
enum Entry {
    Whole {
        position: u64,
        event: String,
        proof: Vec<String>,
        values: BTreeMap<String, String>,
    },
    Redacted {
        position: u64,
        leaf: String,
        proof: Vec<String>,
    },
}

/// Which values of an event are disclosed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Disclosed {
    All,
    NameOnly,
    None,
}

impl Application {
    /// The evidence bundle of a ticket, for who may read it. Without what they may not read: the leaf hash of an internal
    /// note stands in for it, and nothing can be guessed from that (ADR 2).
    ///
    /// # Errors
    /// [`ReadError::NotFound`] for who may not read the ticket; [`ReadError::Behind`] while the tree is.
    pub async fn evidence(
        &self,
        viewer: &Viewer,
        key: &TicketKey,
        now: DateTime<Utc>,
    ) -> Result<(Bundle, bool), ReadError> {
        let loaded = self.ticket(viewer, key)?;
        let scope = loaded.state.scope();
        let internal = policy::may(viewer, Operation::ReadInternal, &scope);
        let events = self.ticket_events(&loaded)?;
        let last = events.last().map_or(0, |event| event.position.0);
        let checkpoint = self.checkpoint_over(last, now).await?;
        let size = checkpoint.size;
        let mut entries = Vec::new();
        let mut accounts = BTreeSet::new();
        let mut redacted = false;
        for recorded in &events {
            let decoded = codec::decode(self.vault(), recorded)?;
            let withheld = matches!(&decoded, Event::Ticket(event) if event.is_internal()) && !internal;
            redacted |= withheld;
            if withheld {
                entries.push(self.redacted(recorded, size)?);
            } else {
                accounts.extend(named(recorded, &decoded));
                entries.push(self.whole(recorded, size, Disclosed::All)?);
            }
        }
        let mut keys = Vec::new();
        for recorded in self.stream_events("log", Version(0), usize::MAX)? {
            if recorded.position.0 <= size {
                keys.push(self.whole(&recorded, size, Disclosed::None)?);
            }
        }
        let mut of_accounts = Vec::new();
        for account in accounts {
            let created = self.stream_events(&format!("account-{account}"), Version(0), 1)?;
            if let Some(created) = created.first().filter(|created| created.position.0 <= size) {
                of_accounts.push(self.whole(created, size, Disclosed::NameOnly)?);
            }
        }
        let bundle = Bundle {
            guichet_bundle: 1,
            origin: self.origin().await?,
            ticket: key.to_string(),
            checkpoint: checkpoint.note,
            keys,
            events: entries,
            accounts: of_accounts,
        };
        Ok((bundle, redacted))
    }

    async fn origin(&self) -> Result<String, ReadError> {
        let signer = self.signer().ok_or(ReadError::NotFound)?;
        Ok(signer.origin().await.to_string())
    }

    fn ticket_events(&self, loaded: &Loaded) -> Result<Vec<Recorded>, ReadError> {
        let mut events = self.stream_events(loaded.key.as_str(), Version(0), usize::MAX)?;
        events.retain(|recorded| recorded.envelope.version <= loaded.version());
        Ok(events)
    }

    fn whole(&self, recorded: &Recorded, size: u64, disclosed: Disclosed) -> Result<Entry, ReadError> {
        let event = String::from_utf8(recorded.bytes.to_vec()).map_err(ReadError::internal)?;
        let mut values = BTreeMap::new();
        if disclosed != Disclosed::None {
            let data: Value =
                serde_json::from_str(recorded.envelope.data.get()).map_err(ReadError::internal)?;
            let keys = self.vault().value_keys(recorded.envelope.id.0, &data);
            for (pointer, _subject, key) in keys.map_err(ReadError::internal)? {
                if disclosed == Disclosed::All || pointer == NAME {
                    values.insert(pointer, STANDARD.encode(key.as_bytes()));
                }
            }
        }
        Ok(Entry::Whole {
            position: recorded.position.0,
            event,
            proof: self.path(recorded, size)?,
            values,
        })
    }

    fn redacted(&self, recorded: &Recorded, size: u64) -> Result<Entry, ReadError> {
        Ok(Entry::Redacted {
            position: recorded.position.0,
            leaf: transparency::leaf_hash(&recorded.bytes).to_string(),
            proof: self.path(recorded, size)?,
        })
    }

    fn path(&self, recorded: &Recorded, size: u64) -> Result<Vec<String>, ReadError> {
        let path = self.tree().inclusion(recorded.position.0 - 1, size);
        let path = path.map_err(ReadError::internal)?;
        Ok(path.iter().map(Hash::to_string).collect())
    }
}

/// The accounts that an event speaks of, so that its reader can tell who they are.
fn named(recorded: &Recorded, event: &Event) -> Vec<AccountId> {
    let mut named = vec![AccountId(recorded.envelope.by)];
    named.extend(recorded.envelope.on_behalf_of.map(AccountId));
    if let Event::Ticket(event) = event {
        match event {
            TicketEvent::Opened(opened) => named.push(opened.requester),
            TicketEvent::Assigned { assignee, .. } => named.extend(*assignee),
            TicketEvent::Described { .. }
            | TicketEvent::Commented(_)
            | TicketEvent::Attached(_)
            | TicketEvent::Transitioned(_)
            | TicketEvent::Edited(_)
            | TicketEvent::ApprovalRequested(_)
            | TicketEvent::ApprovalWithdrawn { .. }
            | TicketEvent::ApprovalDecided(_)
            | TicketEvent::Reopened { .. }
            | TicketEvent::Shared { .. }
            | TicketEvent::Unshared { .. } => {}
        }
    }
    named
}
