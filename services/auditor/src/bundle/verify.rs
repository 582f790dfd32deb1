//! The checks.

mod verdict;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Instant;

use domain::account::AccountEvent;
use domain::{AccountId, Event};
use serde_json::Value;
use serde_json::value::RawValue;
use transparency::{Checkpoint, ENTRY_BYTES_MAX, Hash, VerifierKey, leaf_hash, verify_inclusion};

use super::form::{Bundle, Entry, FORM, Kind};
use super::tell::{self, Names, Told};
use crate::export::{check_data, decode, is_passed_over};
use crate::fault::{Code, Faults};
use crate::report::{BundleReport, CheckpointSaid, Verdict};
use crate::scan::{self, Envelope};
use crate::sealed::{self, Counted, ValueKeys};
use crate::trust::Keyring;

/// A file to be held against the bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachmentGiven {
    /// The file, for the report.
    pub path: PathBuf,
    /// Its SHA-256, hexadecimal.
    pub sha256: String,
}

/// Verifies a bundle. `keys` are known from elsewhere; none to take the first that the log enrolled.
///
/// A fault of the bundle is no error: it stands in the report.
#[must_use]
pub fn verify(document: &[u8], keys: &[VerifierKey], attachments: &[AttachmentGiven]) -> BundleReport {
    let started = Instant::now();
    let mut verifying = Verifying::default();
    match Bundle::read(document) {
        Ok(bundle) => verifying.bundle(&bundle, keys, attachments),
        Err(error) => {
            let detail = format!("the document is not an evidence bundle: {error}");
            verifying.faults.push(0, Code::Header, detail);
        }
    }
    verifying.report(started, document.len())
}

/// The account that an event made, and its name when that is disclosed.
fn created(shown: Shown<'_>) -> Option<(AccountId, Option<String>)> {
    let id = shown.envelope.stream.strip_prefix("account-")?.parse().ok()?;
    match shown.event? {
        Event::Account(AccountEvent::Created(created)) => Some((id, created.name.value)),
        Event::Account(_)
        | Event::Ticket(_)
        | Event::Organization(_)
        | Event::Desk(_)
        | Event::Name(_)
        | Event::Person(_)
        | Event::Log(_)
        | Event::Audit(_) => None,
    }
}

/// The order in which faults are told.
#[derive(Clone, Copy)]
enum Step {
    Keys = 1,
    Checkpoint,
    Events,
    Accounts,
    Files,
}

#[derive(Default)]
struct Verifying {
    /// The checkpoint as it stands, whoever signed it.
    claimed: Option<Checkpoint>,
    keyring: Keyring,
    names: Names,
    proofs: u64,
    counted: Counted,
    redacted: u64,
    faults: Faults,
    report: Option<BundleReport>,
}

/// An entry that is shown, opened as far as its keys go.
struct Shown<'e> {
    envelope: Envelope<'e>,
    data: Value,
    event: Option<Event>,
}

enum Opened<'e> {
    Shown(Box<Shown<'e>>),
    Redacted,
}

impl Verifying {
    fn bundle(&mut self, bundle: &Bundle<'_>, pinned: &[VerifierKey], attachments: &[AttachmentGiven]) {
        if bundle.guichet_bundle != FORM {
            let detail = format!("the form {} of a bundle is not known", bundle.guichet_bundle);
            self.faults.push(0, Code::Header, detail);
        }
        match Checkpoint::read_unverified(&bundle.checkpoint) {
            Ok(claimed) => self.claimed = Some(claimed),
            Err(error) => {
                let detail = format!("the checkpoint is not one: {error}");
                self.faults.push(0, Code::Signature, detail);
            }
        }
        let [keys, accounts, events] =
            [&bundle.keys, &bundle.accounts, &bundle.events].map(|entries| self.entries(entries));
        self.faults.begin_step(Step::Keys as u64);
        self.keys(&keys);
        self.faults.begin_step(Step::Checkpoint as u64);
        let trust = self.claimed.clone().and_then(|claimed| {
            self.checkpoint(bundle, &claimed);
            self.keyring.trust(pinned, claimed.size, &mut self.faults)
        });
        // The names are needed to tell the events, though faults of the events are told first.
        self.faults.begin_step(Step::Accounts as u64);
        self.accounts(&accounts);
        self.faults.begin_step(Step::Events as u64);
        let history = self.events(&events, bundle.events.len(), &bundle.ticket);
        self.faults.begin_step(Step::Files as u64);
        let attachments = self.attachments(&history, attachments);
        self.report = Some(BundleReport {
            verdict: Verdict::Faulty,
            origin: bundle.origin.clone(),
            ticket: bundle.ticket.clone(),
            checkpoint: self.claimed.as_ref().map(|claimed| CheckpointSaid {
                origin: claimed.origin.to_string(),
                size: claimed.size,
                root: claimed.root.to_string(),
                note: bundle.checkpoint.clone(),
            }),
            trust,
            history,
            attachments,
            ..BundleReport::empty()
        });
    }

    /// The entries whose form is that of one.
    fn entries(&mut self, entries: &[&RawValue]) -> Vec<Entry> {
        let mut read = Vec::with_capacity(entries.len());
        for entry in entries {
            match Entry::read(entry) {
                Ok(entry) => read.push(entry),
                Err((position, error)) => {
                    let detail = format!("the entry is not one: {error}");
                    self.faults.push(position, Code::Line, detail);
                }
            }
        }
        read
    }

    fn checkpoint(&mut self, bundle: &Bundle<'_>, claimed: &Checkpoint) {
        for (code, detail) in self.keyring.check(&bundle.checkpoint, claimed) {
            self.faults.push(0, code, detail);
        }
        if bundle.origin != claimed.origin.as_str() {
            let detail = format!(
                "the bundle names {}, the checkpoint {}",
                bundle.origin, claimed.origin
            );
            self.faults.push(0, Code::Origin, detail);
        }
    }

    /// Opens an entry: its proof first, then what it says. `None` when nothing can be said of it.
    fn open<'e>(&mut self, entry: &'e Entry) -> Option<Opened<'e>> {
        let position = entry.position;
        let kind = match entry.kind() {
            Ok(kind) => kind,
            Err(detail) => {
                self.faults.push(position, Code::Line, detail);
                return None;
            }
        };
        let leaf = match &kind {
            Kind::Shown(stored, _) => leaf_hash(stored.as_bytes()),
            Kind::Redacted(leaf) => *leaf,
        };
        self.prove(entry, &leaf);
        match kind {
            Kind::Redacted(_) => Some(Opened::Redacted),
            Kind::Shown(stored, keys) => self
                .shown(position, stored, &keys)
                .map(|shown| Opened::Shown(Box::new(shown))),
        }
    }

    fn prove(&mut self, entry: &Entry, leaf: &Hash) {
        let position = entry.position;
        let path = match entry.path() {
            Ok(path) => path,
            Err(detail) => {
                self.faults.push(position, Code::Line, detail);
                return;
            }
        };
        let Some(claimed) = &self.claimed else {
            return;
        };
        self.proofs += 1;
        if let Err(error) = verify_inclusion(leaf, position - 1, claimed.size, &path, &claimed.root) {
            let detail = format!("the event is not proven to be in the log: {error}");
            self.faults.push(position, Code::Proof, detail);
        }
    }

    fn shown<'e>(&mut self, position: u64, stored: &'e str, keys: &ValueKeys) -> Option<Shown<'e>> {
        if stored.len() > ENTRY_BYTES_MAX {
            let detail = format!("the event has more than {ENTRY_BYTES_MAX} bytes");
            self.faults.push(position, Code::Envelope, detail);
            return None;
        }
        let envelope = match scan::envelope(stored.as_bytes()) {
            Ok(envelope) => envelope,
            Err(fault) => {
                self.faults.push(position, Code::Envelope, fault.to_string());
                return None;
            }
        };
        let data = &stored[envelope.data.clone()];
        if let Err((code, detail)) = check_data(data.as_bytes()) {
            self.faults.push(position, code, detail);
            return None;
        }
        let mut data: Value = match serde_json::from_str(data) {
            Ok(data) => data,
            Err(error) => {
                let detail = format!("the data is not JSON: {error}");
                self.faults.push(position, Code::Envelope, detail);
                return None;
            }
        };
        let is_known = !is_passed_over(envelope.event_type);
        match sealed::put_back_in(&mut data, keys, is_known, &mut Vec::new()) {
            Ok(counted) => {
                self.counted.sealed += counted.sealed;
                self.counted.opened += counted.opened;
            }
            Err(fault) => {
                let code = if fault.is_of_disclosure() {
                    Code::Value
                } else {
                    Code::Sealed
                };
                self.faults.push(position, code, fault.to_string());
                return None;
            }
        }
        let event = if is_known {
            decode(envelope.event_type, data.clone())
                .map_err(|(code, detail)| self.faults.push(position, code, detail))
                .ok()
        } else {
            None
        };
        Some(Shown {
            envelope,
            data,
            event,
        })
    }

    fn keys(&mut self, entries: &[Entry]) {
        let (mut last, mut version) = (0, 0);
        for entry in entries {
            let position = entry.position;
            self.ascends(position, &mut last);
            let Some(Opened::Shown(shown)) = self.open(entry) else {
                self.faults.push(
                    position,
                    Code::Stream,
                    "an event about keys cannot be left out or unreadable",
                );
                continue;
            };
            version += 1;
            if shown.envelope.stream != "log" || shown.envelope.version != version {
                let detail = format!(
                    "version {} of {} stands where version {version} of log should",
                    shown.envelope.version, shown.envelope.stream
                );
                self.faults.push(position, Code::Version, detail);
            }
            match shown.event {
                Some(Event::Log(event)) => self.keyring.take(position, event, &mut self.faults),
                Some(
                    Event::Ticket(_)
                    | Event::Account(_)
                    | Event::Organization(_)
                    | Event::Desk(_)
                    | Event::Name(_)
                    | Event::Person(_)
                    | Event::Audit(_),
                )
                | None => {
                    let detail = "only log-epoch-begun.v1 and log-key-enrolled.v1 stand among the keys";
                    self.faults.push(position, Code::Stream, detail);
                }
            }
        }
        let begins = self.keyring.epochs().first().map(|epoch| epoch.position);
        let first = entries.first().map(|entry| entry.position);
        if begins.is_none() || begins != first {
            let detail = "the keys do not begin with log-epoch-begun.v1";
            self.faults.push(first.unwrap_or(0), Code::Stream, detail);
        }
    }

    fn ascends(&mut self, position: u64, last: &mut u64) {
        if position <= *last {
            let detail = format!("position {position} stands after {last}");
            self.faults.push(position, Code::Position, detail);
        }
        *last = position.max(*last);
    }

    fn accounts(&mut self, entries: &[Entry]) {
        let mut seen = BTreeSet::new();
        for entry in entries {
            let position = entry.position;
            if !seen.insert(position) {
                self.faults
                    .push(position, Code::Position, "the account stands twice");
            }
            let others = entry.values.iter().flat_map(|values| values.keys());
            for pointer in others.filter(|pointer| *pointer != "/data/name") {
                let detail = format!("of an account only the name may be disclosed, not {pointer}");
                self.faults.push(position, Code::Value, detail);
            }
            let shown = match self.open(entry) {
                Some(Opened::Shown(shown)) => Some(shown),
                Some(Opened::Redacted) => None,
                // What is wrong with it is told.
                None => continue,
            };
            match shown.and_then(|shown| created(*shown)) {
                Some((id, name)) => self.names.extend(name.map(|name| (id, name))),
                None => {
                    let detail = "only account-created.v1 stands among the accounts";
                    self.faults.push(position, Code::Stream, detail);
                }
            }
        }
    }

    /// The events of the ticket; `given` counts the entries whose form is not that of one too.
    fn events(&mut self, entries: &[Entry], given: usize, ticket: &str) -> Vec<Told> {
        let (mut last, mut version, mut shown_events) = (0, 0, 0_u64);
        let mut history = Vec::with_capacity(entries.len());
        for entry in entries {
            let position = entry.position;
            self.ascends(position, &mut last);
            version += 1;
            match self.open(entry) {
                Some(Opened::Redacted) => {
                    self.redacted += 1;
                    history.push(tell::redacted(position));
                }
                Some(Opened::Shown(shown)) => {
                    shown_events += 1;
                    let envelope = &shown.envelope;
                    if envelope.stream != ticket {
                        let detail = format!("the event is of {}, not of {ticket}", envelope.stream);
                        self.faults.push(position, Code::Stream, detail);
                    }
                    if envelope.version != version {
                        let detail = format!(
                            "the event has version {} where {version} should come: events are missing or too many",
                            envelope.version
                        );
                        self.faults.push(position, Code::Version, detail);
                        version = envelope.version;
                    }
                    let event = shown.event.as_ref();
                    history.push(tell::shown(position, envelope, event, &shown.data, &self.names));
                }
                None => {}
            }
        }
        // An entry that cannot be read may have been shown; that it cannot is told. That none is shown is found out last.
        if shown_events == 0 && history.len() == given {
            let detail = "no event of the ticket is shown";
            self.faults.push_found_at(u64::MAX, 0, Code::Stream, detail);
        }
        history
    }
}
