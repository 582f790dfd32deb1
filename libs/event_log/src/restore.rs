//! Building a log anew from its stored bytes: from the archive, or from an export (design §4.7).

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::archive::{Segment, SegmentError};
use crate::block::{BlockBuilder, EVENT_BYTES_MAX};
use crate::head_file::{Head, sync_directory};
use crate::heads::Heads;
use crate::index::{Covered, Index};
use crate::key::{self, StreamKeys};
use crate::life::SNAPSHOT_EVENTS_MIN;
use crate::limits::RECORD_BYTES_MAX;
use crate::name::StreamName;
use crate::open::{self, OpenError, Options};
use crate::place::{CommandId, Position, Version};
use crate::read::Stored;
use crate::store::Store;

/// Lies in a directory whose log is not complete yet; [`crate::EventLog::open`] refuses it.
pub const UNFINISHED: &str = "UNFINISHED";

/// Bytes of events after which a group may end: what fills a block. Groups end between commands, so that no command is torn where
/// a group is.
const GROUP_BYTES: usize = RECORD_BYTES_MAX / 4 * 3;

/// Groups after which the disk is waited for.
const GROUPS_PER_SYNC: u32 = 512;

/// A log that was built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restored {
    /// Its last position; 0 when there was nothing.
    pub head: Position,
    /// SHA-256 of the stored bytes of the event there; zeros for position 0.
    pub digest: [u8; 32],
}

/// Why a log was not built, or not to its end. Where `whole_to` is told, the directory holds a log that ends there, on disk and ready to
/// be opened; its `HEAD` tells of one event more, so that it takes no writes until the loss is accepted. Otherwise the directory is of
/// no use.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError<E> {
    /// The directory holds something already.
    #[error("{path} is not empty")]
    NotEmpty {
        /// The directory.
        path: PathBuf,
    },
    /// The directory or the database cannot be written.
    #[error("the new log cannot be written")]
    Open(#[source] OpenError),
    /// The source failed.
    #[error("the log is whole up to position {whole_to}; what comes next could not be had")]
    Source {
        /// The last position of the new log.
        whole_to: Position,
        /// Why.
        #[source]
        source: E,
    },
    /// A segment is damaged.
    #[error("the log is whole up to position {whole_to}; the segment that comes next is damaged")]
    Segment {
        /// The last position of the new log.
        whole_to: Position,
        /// What is wrong with it.
        #[source]
        fault: SegmentError,
    },
    /// What comes next is not what follows.
    #[error("the log is whole up to position {whole_to}; next comes position {found}")]
    Gap {
        /// The last position of the new log.
        whole_to: Position,
        /// The position that came.
        found: Position,
    },
    /// A segment follows another history than this one.
    #[error(
        "the log is whole up to position {whole_to}; the segment that comes next follows another event than the one there"
    )]
    OtherHistory {
        /// The last position of the new log.
        whole_to: Position,
    },
    /// What comes next is no event of this log: no envelope, too long, or not the next of its stream.
    #[error("the log is whole up to position {whole_to}; the event that comes next does not belong there")]
    NotTheNextEvent {
        /// The last position of the new log.
        whole_to: Position,
    },
}

/// What ends a history before its end. The log up to there is kept.
enum Stop<E> {
    Source(E),
    Segment(SegmentError),
    Gap { found: Position },
    OtherHistory,
    NotTheNextEvent,
    Failed(OpenError),
}

impl<E> From<OpenError> for Stop<E> {
    fn from(error: OpenError) -> Stop<E> {
        Stop::Failed(error)
    }
}

impl<E> Stop<E> {
    fn at(self, whole_to: Position) -> RestoreError<E> {
        match self {
            Stop::Source(source) => RestoreError::Source { whole_to, source },
            Stop::Segment(fault) => RestoreError::Segment { whole_to, fault },
            Stop::Gap { found } => RestoreError::Gap { whole_to, found },
            Stop::OtherHistory => RestoreError::OtherHistory { whole_to },
            Stop::NotTheNextEvent => RestoreError::NotTheNextEvent { whole_to },
            Stop::Failed(error) => RestoreError::Open(error),
        }
    }
}

/// Builds a log in an empty directory (made when there is none) from the segments of an archive in their order: the stored bytes are
/// kept, blocks, links and index are made anew. `epoch` is that of the new log: the highest of the segments, or what the operator knows.
/// Ends, with an error that tells how far the log is whole, at the first segment that is damaged or does not follow.
///
/// # Errors
/// See [`RestoreError`].
pub fn restore<E>(
    dir: &Path,
    epoch: u32,
    segments: impl IntoIterator<Item = Result<Vec<u8>, E>>,
) -> Result<Restored, RestoreError<E>> {
    build(dir, epoch, |builder| {
        for sealed in segments {
            let segment = Segment::open(&sealed.map_err(Stop::Source)?).map_err(Stop::Segment)?;
            builder.expect(segment.first)?;
            if segment.before != builder.end().digest {
                return Err(Stop::OtherHistory);
            }
            segment
                .events
                .into_iter()
                .try_for_each(|event| builder.push(&event))?;
        }
        Ok(())
    })
}

/// The same from events in their order, such as those of an export.
///
/// # Errors
/// See [`RestoreError`].
pub fn import<E>(
    dir: &Path,
    epoch: u32,
    events: impl IntoIterator<Item = Result<Stored, E>>,
) -> Result<Restored, RestoreError<E>> {
    build(dir, epoch, |builder| {
        for event in events {
            builder.push(&event.map_err(Stop::Source)?)?;
        }
        Ok(())
    })
}

fn build<E>(
    dir: &Path,
    epoch: u32,
    fill: impl FnOnce(&mut Builder<'_>) -> Result<(), Stop<E>>,
) -> Result<Restored, RestoreError<E>> {
    prepare(dir)?;
    let options = Options::default();
    let store = open::database_alone(dir, &options).map_err(RestoreError::Open)?;
    let index_dir = dir.join("index");
    let index = Index::open(&index_dir, options.index_memory_entries, |_| true)
        .map_err(|error| RestoreError::Open(open::io_error("open", &index_dir)(error)))?;
    let mut builder = Builder::new(dir, &store, &index);
    let filled = fill(&mut builder);
    if let Err(Stop::Failed(error)) = filled {
        return Err(RestoreError::Open(error));
    }
    let restored = builder.finish().map_err(RestoreError::Open)?;
    drop(index);
    drop(store.close());
    declare_whole(dir, epoch, restored, filled.is_ok(), &options).map_err(RestoreError::Open)?;
    filled.map_err(|stop| stop.at(restored.head)).map(|()| restored)
}

/// Makes an empty directory whose log is not opened by mistake before it is whole.
fn prepare<E>(dir: &Path) -> Result<(), RestoreError<E>> {
    let io = |what| move |source| RestoreError::Open(open::io_error(what, dir)(source));
    fs::create_dir_all(dir).map_err(io("create"))?;
    if fs::read_dir(dir).map_err(io("read"))?.next().is_some() {
        return Err(RestoreError::NotEmpty { path: dir.to_owned() });
    }
    File::create(dir.join(UNFINISHED)).map_err(io("write into"))?;
    sync_directory(dir).map_err(io("sync"))
}

/// Writes `HEAD`, and lets the log be opened. A log that lacks its end promises the event that comes next.
fn declare_whole(
    dir: &Path,
    epoch: u32,
    restored: Restored,
    is_all: bool,
    options: &Options,
) -> Result<(), OpenError> {
    let head_path = dir.join("HEAD");
    let head = if is_all {
        Head::new(epoch, restored.head, restored.digest)
    } else {
        Head::new(epoch, Position(restored.head.0 + 1), [0; 32])
    };
    head.write(&head_path)
        .map_err(open::io_error("write", &head_path))?;
    if restored.head.0 >= SNAPSHOT_EVENTS_MIN {
        open::leave_snapshot(&open::database_path(dir), options)?;
    }
    let unfinished = dir.join(UNFINISHED);
    fs::remove_file(&unfinished).map_err(open::io_error("remove", &unfinished))?;
    sync_directory(dir).map_err(open::io_error("sync", dir))
}

/// The part of an envelope that blocks and index are made from.
#[derive(Deserialize)]
struct Facts {
    stream: StreamName,
    version: Version,
    command_id: CommandId,
    at: DateTime<Utc>,
}

/// Puts events into a new database, in groups.
struct Builder<'a> {
    dir: &'a Path,
    store: &'a Store,
    index: &'a Index,
    heads: Heads<'a>,
    blocks: BlockBuilder,
    group_bytes: usize,
    groups: u32,
    running_max_micros: i64,
    /// The command of the last event.
    command: Option<CommandId>,
    /// The last event.
    last: Option<Stored>,
}

impl<'a> Builder<'a> {
    fn new(dir: &'a Path, store: &'a Store, index: &'a Index) -> Builder<'a> {
        Builder {
            dir,
            store,
            index,
            heads: Heads::over(index),
            blocks: BlockBuilder::new(1),
            group_bytes: 0,
            groups: 0,
            running_max_micros: i64::MIN,
            command: None,
            last: None,
        }
    }

    /// Where the log ends so far.
    fn end(&self) -> Covered {
        self.last.as_ref().map_or(Covered::NOTHING, |last| Covered {
            position: last.position,
            digest: Sha256::digest(&last.bytes).into(),
        })
    }

    fn expect<E>(&self, found: Position) -> Result<Position, Stop<E>> {
        let next = self.last.as_ref().map_or(1, |last| last.position.0 + 1);
        if found == Position(next) {
            Ok(found)
        } else {
            Err(Stop::Gap { found })
        }
    }

    fn push<E>(&mut self, event: &Stored) -> Result<(), Stop<E>> {
        let position = self.expect(event.position)?;
        let facts = serde_json::from_slice::<Facts>(&event.bytes)
            .ok()
            .filter(|_| event.bytes.len() <= EVENT_BYTES_MAX && !event.bytes.contains(&b'\n'));
        let Some(facts) = facts else {
            return Err(Stop::NotTheNextEvent);
        };
        if self.command != Some(facts.command_id) && self.group_bytes >= GROUP_BYTES {
            self.end_group()?;
        }
        self.heads.begin();
        let keys = StreamKeys::of(&facts.stream);
        let (version, links) = self.heads.add_event(&keys, position).map_err(self.failed())?;
        if version != facts.version {
            self.heads.take_back();
            return Err(Stop::NotTheNextEvent);
        }
        let command = key::command(facts.command_id);
        let known = self.heads.get(command).map_err(self.failed())?;
        let (first, count) = known.unwrap_or((position.0, 0));
        self.heads.add_command(command, Position(first), count + 1);
        self.running_max_micros = self.running_max_micros.max(facts.at.timestamp_micros());
        self.blocks.push(&[&event.bytes], links, self.running_max_micros);
        self.group_bytes += event.bytes.len();
        self.command = Some(facts.command_id);
        self.last = Some(event.clone());
        Ok(())
    }

    fn failed(&self) -> impl FnOnce(std::io::Error) -> OpenError + use<> {
        open::io_error("write the index of", self.dir)
    }

    fn end_group(&mut self) -> Result<(), OpenError> {
        let end = self.end();
        let builder = std::mem::replace(&mut self.blocks, BlockBuilder::new(end.position.0 + 1));
        self.store
            .put_group(&builder.finish())
            .map_err(open::store_error("write", self.dir))?;
        self.group_bytes = 0;
        let changes = std::mem::replace(&mut self.heads, Heads::over(self.index)).into_changes();
        self.index
            .apply(changes.into_iter(), end)
            .map_err(self.failed())?;
        self.groups += 1;
        if self.groups.is_multiple_of(GROUPS_PER_SYNC) {
            self.sync()?;
        }
        Ok(())
    }

    fn sync(&self) -> Result<(), OpenError> {
        self.store.sync().map_err(open::store_error("sync", self.dir))
    }

    fn finish(mut self) -> Result<Restored, OpenError> {
        self.end_group()?;
        self.sync()?;
        self.index.close().map_err(self.failed())?;
        let end = self.end();
        Ok(Restored {
            head: end.position,
            digest: end.digest,
        })
    }
}
