//! Which keys a log had when, which origin held, and whether the key that signed is one to be trusted.

use domain::epoch::{Endorsement, LogEvent};
use serde::Serialize;
use transparency::{Checkpoint, Origin, VerifierKey, verify_endorsement};

use crate::fault::{Code, Faults};

/// A key that the log enrolled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Enrolled {
    /// Where.
    pub position: u64,
    /// The verifier key.
    pub key: String,
    /// Whether the key before it endorsed it.
    pub is_endorsed: bool,
}

/// An epoch that the log began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Epoch {
    /// Where.
    pub position: u64,
    /// Its number, 0 for the first.
    pub epoch: u32,
    /// The origin of its checkpoints.
    pub origin: String,
    /// The first and the last position that were lost before it, when it began with a loss.
    pub lost: Option<(u64, u64)>,
    /// Why the loss was accepted.
    pub reason: Option<String>,
}

/// Which key is believed and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trust {
    /// Why the signing key is believed.
    pub how: TrustedBy,
    /// The key that all rests on.
    pub believed_key: String,
    /// The key that signed the checkpoint.
    pub signing_key: String,
}

/// How the key that signed came to be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrustedBy {
    /// It was given from outside.
    Pinned,
    /// A chain of endorsements leads to it from a key given from outside.
    EndorsedByPinned,
    /// It is the first key that the log enrolled; nobody outside vouches for it (trust on first use).
    FirstInLog,
    /// A chain of endorsements leads to it from the first key that the log enrolled (trust on first use).
    EndorsedByFirstInLog,
}

/// What the log says of its keys and epochs.
#[derive(Debug, Default)]
pub(crate) struct Keyring {
    keys: Vec<(Enrolled, VerifierKey)>,
    epochs: Vec<Epoch>,
}

impl Keyring {
    /// Takes in what the log says of itself at `position` (docs/audit-format.md §3).
    pub(crate) fn take(&mut self, position: u64, event: LogEvent, faults: &mut Faults) {
        match event {
            LogEvent::EpochBegun {
                epoch,
                origin,
                before,
                reason,
            } => {
                if let Err(error) = origin.parse::<Origin>() {
                    let detail = format!("the origin of the epoch is not one: {error}");
                    faults.push(position, Code::Enrolment, detail);
                }
                self.epochs.push(Epoch {
                    position,
                    epoch,
                    origin,
                    lost: before.map(|before| (before.lost_from, before.lost_to)),
                    reason,
                });
            }
            LogEvent::KeyEnrolled { key, endorsement } => {
                let parsed: VerifierKey = match key.parse() {
                    Ok(parsed) => parsed,
                    Err(error) => {
                        faults.push(position, Code::Enrolment, format!("the key is not one: {error}"));
                        return;
                    }
                };
                if self.origin_at(position) != Some(parsed.name().as_str()) {
                    let detail = format!(
                        "the key is of {}, which is not the origin in force",
                        parsed.name()
                    );
                    faults.push(position, Code::Enrolment, detail);
                }
                let is_endorsed = endorsement.is_some_and(|endorsement| {
                    self.endorses(&endorsement, &parsed)
                        .map_err(|detail| faults.push(position, Code::Endorsement, detail))
                        .is_ok()
                });
                let enrolled = Enrolled {
                    position,
                    key,
                    is_endorsed,
                };
                self.keys.push((enrolled, parsed));
            }
        }
    }

    /// The word of the key enrolled before for a new one.
    fn endorses(&self, endorsement: &Endorsement, new: &VerifierKey) -> Result<(), String> {
        let Some((before, key)) = self.keys.last() else {
            return Err("the first key is said to be endorsed, but there is none before it".to_owned());
        };
        if before.key != endorsement.by {
            return Err(format!(
                "the endorsement is by {}, not by the key before it",
                endorsement.by
            ));
        }
        verify_endorsement(key, new, &endorsement.signature).map_err(|error| error.to_string())
    }

    /// The origin in force at a size or position.
    pub(crate) fn origin_at(&self, size: u64) -> Option<&str> {
        let epoch = self.epochs.iter().rfind(|epoch| epoch.position <= size);
        epoch.map(|epoch| epoch.origin.as_str())
    }

    fn newest_at(&self, size: u64) -> Option<&(Enrolled, VerifierKey)> {
        self.keys.iter().rfind(|(key, _)| key.position <= size)
    }

    /// What is wrong with a checkpoint that `note` claims to be: it must name the origin in force at its size, and be
    /// signed by the newest key there.
    pub(crate) fn check(&self, note: &str, claimed: &Checkpoint) -> Vec<(Code, String)> {
        let mut wrong = Vec::new();
        match self.origin_at(claimed.size) {
            Some(origin) if origin == claimed.origin.as_str() => {}
            Some(origin) => {
                let was = self
                    .epochs
                    .iter()
                    .any(|epoch| epoch.origin == claimed.origin.as_str());
                let before = if was {
                    "; the log had that origin in another epoch, which ended with a loss"
                } else {
                    ""
                };
                let named = &claimed.origin;
                wrong.push((
                    Code::Origin,
                    format!("the checkpoint is of {named}, but the origin in force is {origin}{before}"),
                ));
            }
            None => wrong.push((
                Code::Origin,
                "no log-epoch-begun.v1 names the origin of the log".to_owned(),
            )),
        }
        match self.newest_at(claimed.size) {
            None => wrong.push((
                Code::Signature,
                "no key had been enrolled that could sign the checkpoint".to_owned(),
            )),
            Some((newest, key)) => {
                if let Err(error) = Checkpoint::open(note, std::slice::from_ref(key)) {
                    let detail = format!(
                        "{error}; the checkpoint must be signed by {}, enrolled at position {}",
                        newest.key, newest.position
                    );
                    wrong.push((Code::Signature, detail));
                }
            }
        }
        wrong
    }

    /// Follows the endorsements from the believed key, the pinned one or else the first, to the newest at `size`. What
    /// is missing is a fault, found out after all lines.
    pub(crate) fn trust(&self, pinned: &[VerifierKey], size: u64, faults: &mut Faults) -> Option<Trust> {
        let found_at = u64::MAX;
        let (newest, _) = self.newest_at(size)?;
        let mut believed = None;
        for key in pinned {
            let place = self.keys.iter().rposition(|(_, enrolled)| enrolled == key);
            match place {
                Some(place) => believed = believed.max(Some(place)),
                None => {
                    let detail = format!("the given key {key} was never enrolled");
                    faults.push_found_at(found_at, 0, Code::Trust, detail);
                }
            }
        }
        let first = if pinned.is_empty() { Some(0) } else { None };
        let believed = believed.or(first)?;
        let up_to_newest = self.keys.iter().take_while(|(key, _)| key.position <= size);
        let mut is_reached = true;
        for (enrolled, _) in up_to_newest.skip(believed + 1) {
            if !enrolled.is_endorsed {
                is_reached = false;
                let detail = format!(
                    "{} is not endorsed by the key before it: pin it if you have reason to believe it",
                    enrolled.key
                );
                faults.push_found_at(found_at, enrolled.position, Code::Trust, detail);
            }
        }
        let believed = &self.keys[believed].0;
        let how = match (pinned.is_empty(), believed.position >= newest.position) {
            (false, true) => TrustedBy::Pinned,
            (false, false) => TrustedBy::EndorsedByPinned,
            (true, true) => TrustedBy::FirstInLog,
            (true, false) => TrustedBy::EndorsedByFirstInLog,
        };
        is_reached.then(|| Trust {
            how,
            believed_key: believed.key.clone(),
            signing_key: newest.key.clone(),
        })
    }

    /// The keys, oldest first.
    pub(crate) fn keys(&self) -> Vec<Enrolled> {
        self.keys.iter().map(|(enrolled, _)| enrolled.clone()).collect()
    }

    /// The epochs, oldest first.
    pub(crate) fn epochs(&self) -> &[Epoch] {
        &self.epochs
    }
}
