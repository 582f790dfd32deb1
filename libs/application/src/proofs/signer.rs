//! Signing: the server's word on what the log has been so far. It never contradicts what it has said before.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use event_log::EventLog;
use parking_lot::Mutex;
use transparency::{Checkpoint, Hash, Origin, SigningKey};

use crate::proofs::{
    checkpoints::{Checkpoints, CheckpointsError, Kept},
    tree::{Tree, TreeState},
};

/// Shortest time between two checkpoints that readers cause, milliseconds: they are kept for ever.
const SIGNED_EVERY_MS: i64 = 1_000;

/// A signed checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The signed note.
    pub note: String,
    /// How many events it covers.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
}

/// Why no checkpoint was signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The tree has not reached what was asked for, or not what was signed before.
    #[error("the tree has not caught up with the log yet")]
    Behind,
    /// The log is not the one that was signed before.
    #[error("{reason}")]
    Inconsistent {
        /// What an operator must know.
        reason: String,
    },
    /// The log promises nothing more.
    #[error("the log cannot say how far it is")]
    Log(#[source] event_log::AppendError),
    /// The tree cannot be read.
    #[error("the tree cannot be read")]
    Tree(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The signature was not made.
    #[error("the checkpoint cannot be signed")]
    Key(#[source] transparency::OpenCheckpointError),
    /// The checkpoint could not be kept, so nobody is told of it.
    #[error("the checkpoint cannot be kept")]
    Keep(#[source] CheckpointsError),
}

/// The signing of one log. Clones share it.
#[derive(Clone)]
pub(crate) struct Signer {
    inner: Arc<Inner>,
}

struct Inner {
    log: EventLog,
    tree: Arc<Tree>,
    checkpoints: Checkpoints,
    /// One signs at a time; a rotation holds it while the log learns of the new key.
    key: tokio::sync::Mutex<Arc<SigningKey>>,
    signed_at: Mutex<DateTime<Utc>>,
}

impl Signer {
    pub(crate) fn new(log: EventLog, tree: Arc<Tree>, checkpoints: Checkpoints, key: SigningKey) -> Signer {
        Signer {
            inner: Arc::new(Inner {
                log,
                tree,
                checkpoints,
                key: tokio::sync::Mutex::new(Arc::new(key)),
                signed_at: Mutex::new(DateTime::UNIX_EPOCH),
            }),
        }
    }

    /// The last checkpoint when it is fresh, otherwise a new one over all that is there.
    pub(crate) async fn recent(&self, now: DateTime<Utc>) -> Result<Signed, SignError> {
        let age = now - *self.inner.signed_at.lock();
        if let Some(last) = self.inner.checkpoints.last()
            && (0..SIGNED_EVERY_MS).contains(&age.num_milliseconds())
        {
            return Ok(signed(last));
        }
        self.sign(None, now).await
    }

    /// A checkpoint over the first `size` events, or over all that are in the tree.
    pub(crate) async fn sign(&self, size: Option<u64>, now: DateTime<Utc>) -> Result<Signed, SignError> {
        let key = self.inner.key.lock().await;
        let (this, signing) = (self.clone(), Arc::clone(&key));
        let made = tokio::task::spawn_blocking(move || this.inner.make(size, &signing)).await;
        let kept = made.map_err(|error| SignError::Tree(Box::new(error)))??;
        drop(key);
        *self.inner.signed_at.lock() = now;
        self.inner.checkpoints.ship(&kept).await;
        Ok(signed(kept))
    }

    /// Puts a new key in place of the one that signs, once `enrolled` has told the log of it; nothing is signed meanwhile.
    pub(crate) async fn rotate<E>(
        &self,
        new: SigningKey,
        enrolled: impl AsyncFnOnce(&SigningKey, &SigningKey) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut key = self.inner.key.lock().await;
        enrolled(&key, &new).await?;
        *key = Arc::new(new);
        Ok(())
    }

    /// The key that signs.
    pub(crate) async fn verifier(&self) -> String {
        self.inner.key.lock().await.verifier().to_string()
    }

    /// The log's name.
    pub(crate) async fn origin(&self) -> Origin {
        self.inner.key.lock().await.verifier().name().clone()
    }

    /// The last checkpoint that was signed.
    pub(crate) fn last(&self) -> Option<Signed> {
        self.inner.checkpoints.last().map(signed)
    }
}

fn signed(kept: Kept) -> Signed {
    Signed {
        note: kept.note,
        size: kept.checkpoint.size,
        root: kept.checkpoint.root,
    }
}

impl Inner {
    fn make(&self, size: Option<u64>, key: &SigningKey) -> Result<Kept, SignError> {
        match self.tree.state() {
            TreeState::Following => {}
            TreeState::CatchingUp => return Err(SignError::Behind),
            TreeState::Broken { reason } => return Err(SignError::Inconsistent { reason }),
        }
        let there = self.tree.size();
        let size = size.unwrap_or(there);
        if size > there {
            return Err(SignError::Behind);
        }
        let tree = |error| SignError::Tree(Box::new(error));
        let mut promised = 0;
        if let Some(last) = self.checkpoints.last() {
            let before = last.checkpoint;
            if before.size > there {
                return Err(SignError::Behind);
            }
            if self.tree.root_at(before.size).map_err(tree)? != before.root {
                let reason = format!(
                    "the tree no longer gives the root that was signed for {} events; nothing more is signed",
                    before.size
                );
                tracing::error!(reason, "a checkpoint would contradict one that was signed before");
                return Err(SignError::Inconsistent { reason });
            }
            promised = before.size;
            if before.size == size && before.origin == *key.verifier().name() {
                return Ok(Kept {
                    note: last.note,
                    checkpoint: before,
                });
            }
        }
        // Whoever holds the checkpoint may hold the server to it, so first the disk must have all it speaks of.
        self.tree
            .sync()
            .map_err(|error| SignError::Tree(Box::new(error)))?;
        match self.log.write_head() {
            // A log that takes no writes has not moved, and what it holds can be spoken for.
            Ok(_) | Err(event_log::AppendError::ReadOnly { .. } | event_log::AppendError::Stopped { .. }) => {
            }
            Err(error) => return Err(SignError::Log(error)),
        }
        let checkpoint = Checkpoint {
            origin: key.verifier().name().clone(),
            size,
            root: self.tree.root_at(size).map_err(tree)?,
        };
        let kept = Kept {
            note: checkpoint.sign(key).map_err(SignError::Key)?,
            checkpoint,
        };
        // A larger one that was kept before promises as much and more.
        if size >= promised {
            self.checkpoints.keep(kept.clone()).map_err(SignError::Keep)?;
        }
        Ok(kept)
    }
}
