//! Evidence: one file with a ticket's events, their proofs, and the keys of the values that its reader may read
//! (docs/audit-format.md; peers N13, N19).

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use domain::{
    AccountId, Event, TicketKey,
    policy::{OfTicket, Shown, Sight, Viewer},
    ticket::TicketEvent,
};
use event_log::{Recorded, Version};
use futures_util::{Stream, stream};
use serde::Serialize;
use serde_json::Value;
use transparency::Hash;

use crate::{
    kernel::{codec, error::ReadError, folds::Loaded, room::Reader},
    proofs::Proofs,
};

/// Where the name that others see stands in the event that makes an account.
const NAME: &str = "/data/name";

/// One event of a bundle: whole with its values, or its leaf hash alone.
#[derive(Serialize)]
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

/// An event that is to be told whole.
#[derive(Clone, Copy)]
struct Told<'a> {
    recorded: &'a Recorded,
    disclosed: Disclosed,
    is_internal: bool,
}

impl<'a> Told<'a> {
    fn open(recorded: &'a Recorded, disclosed: Disclosed) -> Told<'a> {
        Told {
            recorded,
            disclosed,
            is_internal: false,
        }
    }
}

impl OfTicket for Told<'_> {
    fn is_internal(&self) -> bool {
        self.is_internal
    }
}

/// Bytes of a bundle after which it is handed on, so that a reader who does not read costs no more than this.
const PART_BYTES: usize = 64 * 1024;
/// How many events of a bundle are read at once: about a part.
const PART_EVENTS: u64 = 32;

impl Proofs {
    /// The evidence bundle of a ticket, for who may read it, and whether something of it is withheld. Without what they may not read:
    /// the leaf hash of an internal note stands in for it, and nothing can be guessed from that (ADR 2). It is written while it is
    /// read, as the ticket stands now.
    ///
    /// # Errors
    /// [`ReadError::NotFound`] for who may not read the ticket; [`ReadError::Behind`] while the tree is.
    pub async fn evidence(
        &self,
        viewer: &Viewer,
        key: &TicketKey,
        now: DateTime<Utc>,
    ) -> Result<(impl Stream<Item = Result<Bytes, ReadError>> + use<>, bool), ReadError> {
        let (viewer, key) = (viewer.clone(), key.clone());
        let asked = self
            .kernel
            .room
            .read(self.clone(), move |reader| reader.kernel.seen(&viewer, &key));
        let (loaded, sight) = asked.await?;
        let checkpoint = self.checkpoint_over(loaded.document.position, now).await?;
        let signer = self.signer().ok_or(ReadError::NotFound)?;
        let head = Head {
            guichet_bundle: 1,
            origin: signer.origin().await.to_string(),
            ticket: loaded.key.to_string(),
            checkpoint: checkpoint.note,
        };
        let redacted = !sight.reads_internal() && loaded.document.public_events < loaded.document.version;
        let bundling = Bundling {
            proofs: self.clone(),
            head: Some(head),
            left: Left::Keys(Version(0)),
            is_first: true,
            loaded,
            sight,
            size: checkpoint.size,
            accounts: BTreeSet::new(),
        };
        Ok((stream::try_unfold(bundling, Bundling::next), redacted))
    }
}

/// The first members of a bundle.
#[derive(Serialize)]
struct Head {
    guichet_bundle: u32,
    origin: String,
    ticket: String,
    checkpoint: String,
}

/// What of a bundle is still to be written, in this order.
enum Left {
    /// What the log says of its keys, after this version.
    Keys(Version),
    /// The events of the ticket, after this version.
    Events(Version),
    /// The names of those whom they speak of.
    Accounts,
    /// Nothing.
    Nothing,
}

/// A bundle on its way out: one JSON object, written part by part.
struct Bundling {
    proofs: Proofs,
    head: Option<Head>,
    left: Left,
    /// No entry of the list that is written stands there yet.
    is_first: bool,
    loaded: Shown<Arc<Loaded>>,
    sight: Sight,
    size: u64,
    accounts: BTreeSet<AccountId>,
}

impl Bundling {
    async fn next(mut self) -> Result<Option<(Bytes, Bundling)>, ReadError> {
        if matches!(self.left, Left::Nothing) {
            return Ok(None);
        }
        let proofs = self.proofs.clone();
        let room = proofs.kernel.room.clone();
        let written = room.read(proofs, move |reader| {
            let mut part = Vec::with_capacity(2 * PART_BYTES);
            while part.len() < PART_BYTES && !matches!(self.left, Left::Nothing) {
                self.write(reader, &mut part)?;
            }
            Ok::<_, ReadError>(Some((Bytes::from(part), self)))
        });
        written.await
    }

    /// Writes some of what is left.
    fn write(&mut self, reader: &Reader<'_, Proofs>, part: &mut Vec<u8>) -> Result<(), ReadError> {
        if let Some(head) = self.head.take() {
            let head = serde_json::to_vec(&head).map_err(ReadError::internal)?;
            // Its members are followed by the lists.
            part.extend_from_slice(head.strip_suffix(b"}").unwrap_or(&head));
            part.extend_from_slice(b",\"keys\":[");
        }
        match self.left {
            Left::Keys(after) => self.write_keys(reader, after, part),
            Left::Events(after) => self.write_events(reader, after, part),
            Left::Accounts => self.write_accounts(reader, part),
            Left::Nothing => Ok(()),
        }
    }

    fn write_keys(
        &mut self,
        reader: &Reader<'_, Proofs>,
        after: Version,
        part: &mut Vec<u8>,
    ) -> Result<(), ReadError> {
        let events = reader.kernel.stream_events("log", after, PART_EVENTS as usize)?;
        for recorded in &events {
            if recorded.position.0 <= self.size {
                self.add_whole(reader, part, Told::open(recorded, Disclosed::None))?;
            }
        }
        match events.last() {
            Some(last) => self.left = Left::Keys(last.envelope.version),
            None => self.begin("events", Left::Events(Version(0)), part),
        }
        Ok(())
    }

    fn write_events(
        &mut self,
        reader: &Reader<'_, Proofs>,
        after: Version,
        part: &mut Vec<u8>,
    ) -> Result<(), ReadError> {
        let loaded = self.loaded.clone();
        let count = (loaded.version().0 - after.0).min(PART_EVENTS);
        if count == 0 {
            self.begin("accounts", Left::Accounts, part);
            return Ok(());
        }
        for recorded in reader.kernel.folds.events(&loaded.key, after, count)? {
            let decoded = codec::decode(&reader.kernel.vault, &recorded)?;
            let told = Told {
                is_internal: matches!(&decoded, Event::Ticket(event) if event.is_internal()),
                ..Told::open(&recorded, Disclosed::All)
            };
            if self.add_whole(reader, part, told)? {
                self.accounts.extend(named(&recorded, &decoded));
            } else {
                self.add(part, &reader.redacted(&recorded, self.size)?)?;
            }
            self.left = Left::Events(recorded.envelope.version);
            if part.len() >= PART_BYTES {
                break;
            }
        }
        Ok(())
    }

    fn write_accounts(&mut self, reader: &Reader<'_, Proofs>, part: &mut Vec<u8>) -> Result<(), ReadError> {
        while let Some(account) = self.accounts.pop_first() {
            let created = reader
                .kernel
                .stream_events(&format!("account-{account}"), Version(0), 1)?;
            if let Some(created) = created.first().filter(|created| created.position.0 <= self.size) {
                self.add_whole(reader, part, Told::open(created, Disclosed::NameOnly))?;
            }
            if part.len() >= PART_BYTES {
                return Ok(());
            }
        }
        part.extend_from_slice(b"]}");
        self.left = Left::Nothing;
        Ok(())
    }

    /// Ends a list and begins the next.
    fn begin(&mut self, list: &str, left: Left, part: &mut Vec<u8>) {
        part.extend_from_slice(format!("],\"{list}\":[").as_bytes());
        (self.left, self.is_first) = (left, true);
    }

    /// Adds an event with its values, if its reader may see it; says whether they may.
    fn add_whole(
        &mut self,
        reader: &Reader<'_, Proofs>,
        part: &mut Vec<u8>,
        told: Told<'_>,
    ) -> Result<bool, ReadError> {
        let Some(told) = self.sight.show(told) else {
            return Ok(false);
        };
        self.add(part, &reader.whole(&told, self.size)?)?;
        Ok(true)
    }

    /// Adds an entry to the list that is written.
    fn add(&mut self, part: &mut Vec<u8>, entry: &Entry) -> Result<(), ReadError> {
        if !std::mem::take(&mut self.is_first) {
            part.push(b',');
        }
        serde_json::to_writer(part, entry).map_err(ReadError::internal)
    }
}

impl Reader<'_, Proofs> {
    fn whole(&self, told: &Shown<Told<'_>>, size: u64) -> Result<Entry, ReadError> {
        let (recorded, disclosed) = (told.recorded, told.disclosed);
        let event = String::from_utf8(recorded.bytes.to_vec()).map_err(ReadError::internal)?;
        let mut values = BTreeMap::new();
        if disclosed != Disclosed::None {
            let data: Value =
                serde_json::from_str(recorded.envelope.data.get()).map_err(ReadError::internal)?;
            let keys = self.kernel.vault.value_keys(recorded.envelope.id.0, &data);
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
        let path = self.tree.inclusion(recorded.position.0 - 1, size);
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
