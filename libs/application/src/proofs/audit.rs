//! What auditors read: checkpoints, proofs, tiles, the export, and the trace that reading leaves (design §6, §7).

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use domain::{
    Event,
    account::AccountKind,
    audit::{AuditData, AuditEvent},
    policy::{
        LogSight, Shown, Viewer,
        administration::{SystemOperation, may},
    },
};
use event_log::{CommandId, Position};
use futures_util::{Stream, stream};
use serde::Serialize;
use transparency::{Hash, TileKind, TilePath, encode_entries};
use uuid::Uuid;

use crate::{
    kernel::{
        Kernel,
        call::Call,
        error::{ExecuteError, ReadError},
        lanes::Targets,
        room::Reader,
        writes::Write,
    },
    proofs::{
        Proofs,
        signer::{SignError, Signed},
    },
};

/// How long a reader waits for the tree to catch up with the log, ms.
pub const TREE_WAIT_MS: u64 = 10_000;
/// How long an export waits for the view whose digest it names, ms.
const VIEW_WAIT_MS: u64 = 10_000;
/// How many events of an export are read at once.
const EXPORT_EVENTS: usize = 4_096;
/// And how many bytes of them.
const EXPORT_BYTES: usize = 1024 * 1024;
/// The name space of the commands that trace reading of the feed.
const FEED_READS: Uuid = Uuid::from_bytes(*b"guichet-feedread");

/// An event of the log, proven to be in a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inclusion {
    /// Its position.
    pub position: u64,
    /// Its leaf hash.
    pub leaf: Hash,
    /// The inclusion path, bottom first.
    pub proof: Vec<Hash>,
    /// The checkpoint it leads to.
    pub checkpoint: Signed,
}

/// One size of the log, proven to be the beginning of a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consistency {
    /// The smaller size.
    pub from: u64,
    /// The proof (RFC 6962 §2.1.2).
    pub proof: Vec<Hash>,
    /// The checkpoint of the larger size.
    pub checkpoint: Signed,
}

impl From<SignError> for ReadError {
    fn from(error: SignError) -> ReadError {
        match error {
            SignError::Behind => ReadError::Behind,
            other @ (SignError::Inconsistent { .. }
            | SignError::Log(_)
            | SignError::Tree(_)
            | SignError::Key(_)
            | SignError::Keep(_)) => ReadError::internal(other),
        }
    }
}

impl Proofs {
    /// A checkpoint that is at most a second old, for everybody who is signed in: it says how large the log is and nothing
    /// of what is in it.
    ///
    /// # Errors
    /// [`ReadError::Behind`] while the tree catches up, [`ReadError::Internal`] when nothing can be signed.
    pub async fn checkpoint(&self, now: DateTime<Utc>) -> Result<Signed, ReadError> {
        let signer = self.signer().ok_or(ReadError::NotFound)?;
        self.tree_reaches(self.kernel.log.head().0).await;
        Ok(signer.recent(now).await?)
    }

    /// The key that signs checkpoints now, as verifiers take it.
    ///
    /// # Errors
    /// [`ReadError::NotFound`] when nothing is signed here.
    pub async fn checkpoint_key(&self) -> Result<String, ReadError> {
        Ok(self.signer().ok_or(ReadError::NotFound)?.verifier().await)
    }

    /// The proof that the event at a position is in a fresh checkpoint.
    ///
    /// # Errors
    /// [`ReadError::NotFound`] when there is no such position; otherwise as [`Proofs::checkpoint`].
    pub async fn inclusion(&self, position: Position, now: DateTime<Utc>) -> Result<Inclusion, ReadError> {
        let mut checkpoint = self.checkpoint(now).await?;
        if position.0 > checkpoint.size && position <= self.kernel.log.head() {
            checkpoint = self.checkpoint_over(position.0, now).await?;
        }
        let index = position.0.checked_sub(1).ok_or(ReadError::NotFound)?;
        if position.0 > checkpoint.size {
            return Err(ReadError::NotFound);
        }
        let size = checkpoint.size;
        let proven = self.kernel.room.read(self.clone(), move |reader| {
            let leaf = reader.tree.read(0, index..position.0);
            let leaf = leaf.map_err(ReadError::internal)?.first().copied();
            let proof = reader.tree.inclusion(index, size);
            Ok::<_, ReadError>((
                leaf.ok_or(ReadError::NotFound)?,
                proof.map_err(ReadError::internal)?,
            ))
        });
        let (leaf, proof) = proven.await?;
        Ok(Inclusion {
            position: position.0,
            leaf,
            proof,
            checkpoint,
        })
    }

    /// The proof that the log of size `from` is the beginning of a fresh checkpoint.
    ///
    /// # Errors
    /// [`ReadError::NotFound`] when the log never had that size; otherwise as [`Proofs::checkpoint`].
    pub async fn consistency(&self, from: u64, now: DateTime<Utc>) -> Result<Consistency, ReadError> {
        let checkpoint = self.checkpoint(now).await?;
        if from == 0 || from > checkpoint.size {
            return Err(ReadError::NotFound);
        }
        let to = checkpoint.size;
        let proof = self.kernel.room.read(self.clone(), move |reader| {
            reader.tree.consistency(from, to).map_err(ReadError::internal)
        });
        Ok(Consistency {
            from,
            proof: proof.await?,
            checkpoint,
        })
    }

    /// The whole log up to now as lines of NDJSON (docs/audit-format.md), with a checkpoint and the digest of the queue at
    /// its end.
    ///
    /// # Errors
    /// [`ReadError::NotFound`] for who may not read the log; [`ReadError::Behind`] when tree or view are.
    pub async fn export(
        &self,
        viewer: &Viewer,
        now: DateTime<Utc>,
    ) -> Result<impl Stream<Item = Result<Shown<Bytes>, ReadError>> + use<>, ReadError> {
        let sight = LogSight::of(viewer).ok_or(ReadError::NotFound)?;
        let signer = self.signer().ok_or(ReadError::NotFound)?;
        let head = self.kernel.log.head();
        // The digest is of the view where it stands, so the export ends there: at or just after its start.
        let wait = Duration::from_millis(VIEW_WAIT_MS);
        if !self.views.at_least(head, wait).await {
            return Err(ReadError::Behind);
        }
        let digest = self.kernel.room.read(self.clone(), |reader| {
            reader.views.digest().map_err(ReadError::internal)
        });
        let (end, queue) = digest.await?;
        self.tree_reaches(end.0).await;
        let checkpoint = signer.sign(Some(end.0), now).await?;
        let origin = signer.origin().await;
        let header = ExportHeader {
            guichet_export: 1,
            origin: origin.as_str(),
            first: 1,
            last: end.0,
        };
        let last = ExportEnd {
            checkpoint: &checkpoint.note,
            digests: Digests { queue: &queue },
        };
        let state = Exporting {
            kernel: Arc::clone(&self.kernel),
            sight,
            head: Some(line(&header)?),
            after: Position(0),
            end,
            last: Some(line(&last)?),
        };
        Ok(stream::try_unfold(state, Exporting::next))
    }

    /// Leaves the trace of reading audit data: one event for an export or a bundle, one an hour for the feed. A log that
    /// takes no writes is read all the same, and the access log tells of it.
    ///
    /// # Errors
    /// [`ExecuteError::NotFound`] for who may not read the log.
    pub async fn trace_audit(&self, mut call: Call, what: AuditData) -> Result<(), ExecuteError> {
        call.is_for_oneself()?;
        let account = call.viewer.account;
        let is_feed = what == AuditData::Feed;
        let hour = call.at.timestamp().div_euclid(3_600);
        if is_feed {
            if !may(&call.viewer, SystemOperation::ReadLog) {
                return Err(ExecuteError::NotFound);
            }
            let of_service = self.kernel.directory.account(account);
            if of_service.is_some_and(|account| account.kind == AccountKind::Service) {
                tracing::info!(%account, "a service reads the feed");
                return Ok(());
            }
            if self.feed_traces.get(&account) == Some(hour) {
                return Ok(());
            }
            let id = Uuid::new_v5(
                &Uuid::new_v5(&FEED_READS, account.0.as_bytes()),
                &hour.to_be_bytes(),
            );
            call.command_id = CommandId(id);
            call.command_digest = self.kernel.secret.digest(&[b"feed-read", id.as_bytes()]);
        } else {
            call.command_id = CommandId(Uuid::now_v7());
        }
        match self.write_trace(&call, what).await {
            Ok(()) => {}
            Err(error @ (ExecuteError::Unavailable { .. } | ExecuteError::Clock(_))) => {
                tracing::warn!(%account, %error, "audit data is read, and the log cannot take the trace");
            }
            Err(error) => return Err(error),
        }
        if is_feed {
            self.feed_traces.insert(account, hour);
        }
        Ok(())
    }

    async fn write_trace(&self, call: &Call, what: AuditData) -> Result<(), ExecuteError> {
        let event = Event::Audit(AuditEvent::Read {
            what,
            up_to: self.kernel.log.head().0,
        });
        call.is_for_oneself()?;
        self.kernel
            .carry_out(call, &Targets::NONE, &|_| {
                let stream = format!("audit-{}", call.viewer.account);
                Ok(vec![Write::trace(stream, event.clone())])
            })
            .await
            .map(drop)
    }

    /// Waits a bounded time for the tree to have this many events.
    pub(crate) async fn tree_reaches(&self, size: u64) -> bool {
        self.tree
            .at_least(size, Duration::from_millis(TREE_WAIT_MS))
            .await
    }

    /// A checkpoint that covers at least this many events.
    pub(crate) async fn checkpoint_over(&self, size: u64, now: DateTime<Utc>) -> Result<Signed, ReadError> {
        let signer = self.signer().ok_or(ReadError::NotFound)?;
        if let Some(last) = signer.last().filter(|last| last.size >= size) {
            return Ok(last);
        }
        if !self.tree_reaches(size).await {
            return Err(ReadError::Behind);
        }
        Ok(signer.sign(None, now).await?)
    }
}

impl Reader<'_, Proofs> {
    /// A tile of the tree (C2SP tlog-tiles). Hashes are for everybody who is signed in, entries for those who read the log.
    ///
    /// # Errors
    /// [`ReadError::NotFound`] for tiles that are not there (yet), and for entries that are not theirs to read.
    pub fn tile(&self, viewer: &Viewer, path: &TilePath) -> Result<Vec<u8>, ReadError> {
        let size = self
            .signer()
            .and_then(|signer| signer.last())
            .map_or(0, |last| last.size);
        if !path.is_in_tree(size) {
            return Err(ReadError::NotFound);
        }
        let range = path.range();
        match path.kind() {
            TileKind::Hashes { level } => {
                let hashes = self.tree.read(level, range).map_err(ReadError::internal)?;
                Ok(hashes.iter().flat_map(|hash| hash.0).collect())
            }
            TileKind::Entries => {
                let sight = LogSight::of(viewer).ok_or(ReadError::NotFound)?;
                let count = usize::try_from(range.end - range.start).map_err(ReadError::internal)?;
                let events = self
                    .kernel
                    .log
                    .read_stored(Position(range.start), count, usize::MAX)?;
                let entries = encode_entries(events.iter().map(|event| &event.bytes[..]));
                Ok(sight.show(entries.map_err(ReadError::internal)?).into_inner())
            }
        }
    }
}

/// The first line of an export, its members in this order.
#[derive(Serialize)]
struct ExportHeader<'a> {
    guichet_export: u32,
    origin: &'a str,
    first: u64,
    last: u64,
}

/// The last line of an export.
#[derive(Serialize)]
struct ExportEnd<'a> {
    checkpoint: &'a str,
    digests: Digests<'a>,
}

/// What the views show at the end of an export.
#[derive(Serialize)]
struct Digests<'a> {
    queue: &'a str,
}

fn line(value: &impl Serialize) -> Result<String, ReadError> {
    let mut line = serde_json::to_string(value).map_err(ReadError::internal)?;
    line.push('\n');
    Ok(line)
}

/// An export on its way out.
struct Exporting {
    kernel: Arc<Kernel>,
    sight: LogSight,
    head: Option<String>,
    after: Position,
    end: Position,
    last: Option<String>,
}

impl Exporting {
    async fn next(mut self) -> Result<Option<(Shown<Bytes>, Exporting)>, ReadError> {
        if let Some(head) = self.head.take() {
            return Ok(Some((self.sight.show(Bytes::from(head)), self)));
        }
        if self.after < self.end {
            let kernel = Arc::clone(&self.kernel);
            let lines = kernel.room.read((), move |_| {
                self.lines().map(|lines| Some((self.sight.show(lines), self)))
            });
            return lines.await;
        }
        let last = self.last.take();
        Ok(last.map(|last| (self.sight.show(Bytes::from(last)), self)))
    }

    fn lines(&mut self) -> Result<Bytes, ReadError> {
        let left = usize::try_from(self.end.0 - self.after.0).unwrap_or(usize::MAX);
        let log = &self.kernel.log;
        let events = log.read_stored(self.after, left.min(EXPORT_EVENTS), EXPORT_BYTES)?;
        let mut lines = Vec::with_capacity(EXPORT_BYTES + EXPORT_EVENTS * 48);
        for event in &events {
            lines.extend_from_slice(format!("{{\"position\":{},\"event\":", event.position).as_bytes());
            lines.extend_from_slice(&event.bytes);
            lines.extend_from_slice(b"}\n");
            self.after = event.position;
        }
        if events.is_empty() {
            return Err(ReadError::internal(std::io::Error::from(
                std::io::ErrorKind::UnexpectedEof,
            )));
        }
        Ok(Bytes::from(lines))
    }
}
