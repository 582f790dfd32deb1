//! The beginning of a log, and of every epoch of it: its name, and the key that signs for it (design §4.5).

use std::{io, path::PathBuf};

use chrono::{DateTime, Utc};
use domain::{
    Event,
    epoch::{Endorsement, EpochBefore, LogEvent},
};
use event_log::{Channel, EventLog, StreamName, Version};
use transparency::{Origin, SigningKey, VerifierKey, endorse};
use uuid::Uuid;
use vault::{DigestKey, Vault};

use crate::{
    kernel::{
        codec,
        error::{ExecuteError, ReadError},
        lanes::Targets,
        writes::Write,
    },
    proofs::{
        Proofs,
        checkpoints::{Checkpoints, last_of_epoch},
        of_log::note_log_of_views,
        signer::Signer,
    },
};

/// The stream in which the log speaks of itself.
const STREAM: &str = "log";
/// The file of the key that signs checkpoints.
const KEY_FILE: &str = "checkpoint.key";
/// The file of the key that takes its place, until the log knows of it.
pub(crate) const NEXT_KEY_FILE: &str = "checkpoint.key.next";

/// What was lost with the epoch before, as who accepted it says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Loss {
    /// The first position that is lost.
    pub from: u64,
    /// The last position that anybody is known to have seen.
    pub to: u64,
    /// Why it was accepted.
    pub reason: String,
}

/// What the log says of itself so far.
#[derive(Debug, Default)]
pub(crate) struct LogIdentity {
    version: u64,
    pub(crate) epoch: Option<(u32, String)>,
    /// When that epoch began.
    pub(crate) begun_at: Option<DateTime<Utc>>,
    /// The newest key, whatever epoch it was enrolled in.
    key: Option<String>,
}

/// Why the key that is to sign checkpoints is not known to be the one that the log knows.
#[derive(Debug)]
pub(crate) enum OtherKey {
    /// It is another one.
    Unknown {
        /// The key's file.
        key: PathBuf,
        /// The verifier key that the log knows.
        known: String,
    },
    /// What the log says cannot be read.
    Log(ReadError),
    /// The disk does not say whether there is a key.
    Unreadable(PathBuf, io::Error),
    /// The key cannot be read.
    Secret(vault::SecretFileError),
}

impl From<ReadError> for OtherKey {
    fn from(error: ReadError) -> OtherKey {
        OtherKey::Log(error)
    }
}

impl Proofs {
    /// Sees to it that the log names itself and the key that signs for it, in events of its own, and opens the signing of
    /// checkpoints. To be called once after [`Application::open`](crate::start::Application::open); a log that takes no writes goes on with what it says.
    ///
    /// # Errors
    /// See [`ExecuteError`].
    pub async fn begin_log(&self, at: DateTime<Utc>, loss: Option<Loss>) -> Result<(), ExecuteError> {
        let told = self.told()?;
        let epoch = self.kernel.log.epoch();
        let origin = match &told.epoch {
            Some((known, origin)) if *known == epoch => origin.clone(),
            Some(_) | None => self.new_origin(epoch),
        };
        let origin: Origin = origin.parse().map_err(ExecuteError::internal)?;
        let key = self.key_on_disk(&origin, told.key.as_deref())?;
        let verifier = key.verifier().to_string();
        let mut events = Vec::new();
        if told.epoch.as_ref().is_none_or(|(known, _)| *known != epoch) {
            events.push(LogEvent::EpochBegun {
                epoch,
                origin: origin.to_string(),
                before: (epoch > 0).then(|| self.before(&told, epoch, loss.as_ref())),
                reason: loss.map(|loss| loss.reason),
            });
        }
        if told.key.as_deref() != Some(verifier.as_str()) {
            events.push(LogEvent::KeyEnrolled {
                endorsement: self.endorsed_by_known(told.key.as_deref(), &key)?,
                key: verifier,
            });
        }
        if !events.is_empty() {
            self.tell(at, &told, events).await?;
        }
        let checkpoints = Checkpoints::open(
            &self.places.checkpoints,
            epoch,
            &origin,
            self.places.checkpoints_elsewhere.clone(),
        );
        let checkpoints = checkpoints.map_err(ExecuteError::internal)?;
        let signer = Signer::new(self.kernel.log.clone(), self.tree.clone(), checkpoints, key);
        *self.signer.write() = Some(signer);
        note_log_of_views(&self.places.views, &self.kernel.log).map_err(ExecuteError::internal)
    }

    /// Puts a new key in place of the one that signs checkpoints, endorsed by it. Checkpoints signed so far stay good.
    /// Answers the new verifier key.
    ///
    /// # Errors
    /// See [`ExecuteError`]; the old key signs on then.
    pub async fn rotate_checkpoint_key(&self, at: DateTime<Utc>) -> Result<String, ExecuteError> {
        let signer = self.signer().ok_or(ExecuteError::NotFound)?;
        // All that the old key may speak for is signed before the new one is known.
        let size = self.kernel.log.head().0;
        self.tree_reaches(size).await;
        signer.sign(None, at).await.map_err(ExecuteError::internal)?;
        let new = self.key_from(NEXT_KEY_FILE, &signer.origin().await)?;
        let verifier = new.verifier().to_string();
        signer
            .rotate(new, async |old, new| {
                let told = self.told()?;
                let event = LogEvent::KeyEnrolled {
                    key: new.verifier().to_string(),
                    endorsement: Some(Endorsement {
                        by: old.verifier().to_string(),
                        signature: endorse(old, new.verifier()),
                    }),
                };
                self.tell(at, &told, vec![event]).await?;
                self.settle_key()
            })
            .await?;
        Ok(verifier)
    }

    /// The word of the key that the log knows, when its secret is still the one on disk: a key is named after its origin, so a
    /// new epoch has a new one made of the same secret.
    fn endorsed_by_known(
        &self,
        known: Option<&str>,
        new: &SigningKey,
    ) -> Result<Option<Endorsement>, ExecuteError> {
        let Some(known) = known else {
            return Ok(None);
        };
        let known: VerifierKey = known.parse().map_err(ExecuteError::internal)?;
        let old = self.key_from(KEY_FILE, known.name())?;
        Ok((*old.verifier() == known).then(|| Endorsement {
            by: known.to_string(),
            signature: endorse(&old, new.verifier()),
        }))
    }

    /// Lets the log say more of itself, as long as it has said no more than this.
    async fn tell(
        &self,
        at: DateTime<Utc>,
        told: &LogIdentity,
        events: Vec<LogEvent>,
    ) -> Result<(), ExecuteError> {
        let call = self.kernel.system_call(at, Channel::Admin);
        let events: Vec<Event> = events.into_iter().map(Event::Log).collect();
        self.kernel
            .carry_out(&call, &Targets::NONE, &|_| {
                let (expected, actual) = (Version(told.version), Version(self.told()?.version));
                if actual != expected {
                    return Err(ExecuteError::Stale { expected, actual });
                }
                Ok(vec![Write::after(
                    told.version,
                    STREAM.to_owned(),
                    events.clone(),
                )])
            })
            .await
            .map(drop)
    }

    fn told(&self) -> Result<LogIdentity, ReadError> {
        LogIdentity::by(&self.kernel.log, &self.kernel.vault)
    }

    /// Refuses a key that is to sign checkpoints and is not the one that the log knows: what it signs would hold for nobody, for
    /// ever. A kill during a rotation leaves the known one under either name.
    ///
    /// # Errors
    /// See [`OtherKey`].
    pub(crate) fn refuse_other_key(&self) -> Result<(), OtherKey> {
        let Some(known) = self.told()?.key else {
            return Ok(());
        };
        let known: VerifierKey = known.parse().map_err(ReadError::internal)?;
        for file in [KEY_FILE, NEXT_KEY_FILE] {
            let path = self.places.keys.join(file);
            let is_there = path.try_exists();
            if is_there.map_err(|source| OtherKey::Unreadable(path.clone(), source))? {
                let secret = DigestKey::load(&path).map_err(OtherKey::Secret)?;
                if *signing_key(&secret, known.name()).verifier() == known {
                    return Ok(());
                }
            }
        }
        Err(OtherKey::Unknown {
            key: self.places.keys.join(KEY_FILE),
            known: known.to_string(),
        })
    }

    fn before(&self, told: &LogIdentity, epoch: u32, loss: Option<&Loss>) -> EpochBefore {
        // One that cannot be read is part of the loss.
        let last = last_of_epoch(&self.places.checkpoints, epoch - 1, None);
        let last = last.ok().flatten();
        let head = self.kernel.log.head().0;
        let seen = last.as_ref().map_or(head, |last| last.checkpoint.size);
        EpochBefore {
            origin: told.epoch.as_ref().map(|(_, origin)| origin.clone()),
            lost_from: loss.map_or(head + 1, |loss| loss.from),
            lost_to: loss.map_or(seen, |loss| loss.to.max(seen)),
            checkpoint: last.map(|last| last.note),
        }
    }

    /// A name that no other log has.
    fn new_origin(&self, epoch: u32) -> String {
        let id = Uuid::now_v7().simple();
        match epoch {
            0 => format!("{}/{id}", self.places.audit_name),
            _ => format!("{}/{id}/epoch-{epoch}", self.places.audit_name),
        }
    }

    /// The key that the log knows, wherever a kill during a rotation left it.
    fn key_on_disk(&self, origin: &Origin, known: Option<&str>) -> Result<SigningKey, ExecuteError> {
        if self.places.keys.join(NEXT_KEY_FILE).exists() {
            let next = self.key_from(NEXT_KEY_FILE, origin)?;
            if known == Some(next.verifier().to_string().as_str()) {
                self.settle_key()?;
            }
        }
        self.key_from(KEY_FILE, origin)
    }

    /// The next key is the key.
    fn settle_key(&self) -> Result<(), ExecuteError> {
        let keys = self.places.keys.as_path();
        std::fs::rename(keys.join(NEXT_KEY_FILE), keys.join(KEY_FILE))
            .and_then(|()| std::fs::File::open(keys)?.sync_all())
            .map_err(ExecuteError::internal)
    }

    fn key_from(&self, file: &str, origin: &Origin) -> Result<SigningKey, ExecuteError> {
        let secret = DigestKey::load_or_create(&self.places.keys.join(file));
        let (secret, _) = secret.map_err(ExecuteError::internal)?;
        Ok(signing_key(&secret, origin))
    }
}

/// The key of this origin that is made of a secret.
fn signing_key(secret: &DigestKey, origin: &Origin) -> SigningKey {
    let seed = secret.digest(&[b"guichet/checkpoint-signing/1"]);
    SigningKey::new(origin.clone(), &seed)
}

impl LogIdentity {
    /// Reads what a log says of itself.
    pub(crate) fn by(log: &EventLog, vault: &Vault) -> Result<LogIdentity, ReadError> {
        let stream = StreamName::try_from(STREAM.to_owned()).map_err(ReadError::internal)?;
        let mut told = LogIdentity::default();
        for recorded in log.read_stream(&stream, Version(0), usize::MAX)? {
            told.version = recorded.envelope.version.0;
            let Event::Log(event) = codec::decode(vault, &recorded)? else {
                continue;
            };
            match event {
                LogEvent::EpochBegun { epoch, origin, .. } => {
                    told.epoch = Some((epoch, origin));
                    told.begun_at = Some(recorded.envelope.at);
                }
                LogEvent::KeyEnrolled { key, .. } => told.key = Some(key),
            }
        }
        Ok(told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{keeping::settings::Settings, start::Application};

    /// A key that cannot be read is none that anybody may take the place of.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_known_key_that_cannot_be_read_lets_no_other_sign() {
        let dir = tempfile::TempDir::new().unwrap();
        let application = Application::open(&Settings::new(dir.path())).unwrap();
        application.proofs.refuse_other_key().unwrap();
        let (at, told) = (DateTime::UNIX_EPOCH, application.proofs.told().unwrap());
        let enrolled = LogEvent::KeyEnrolled {
            key: "no verifier key".to_owned(),
            endorsement: None,
        };
        application.proofs.tell(at, &told, vec![enrolled]).await.unwrap();
        let refused = application.proofs.refuse_other_key();
        assert!(matches!(refused, Err(OtherKey::Log(_))), "{refused:?}");
        let begun = application.proofs.begin_log(at, None).await;
        assert!(matches!(begun, Err(ExecuteError::Internal(_))), "{begun:?}");
    }
}
