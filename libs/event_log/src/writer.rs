//! The threads that write the log: one judges groups and puts them into the database, one brings them to disk meanwhile.

use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender};

use sha2::{Digest, Sha256};

use crate::group::{self, Group};
use crate::heads::Heads;
use crate::index::{Covered, Table};
use crate::place::Position;
use crate::queue::Ended;
use crate::shared::Shared;
use crate::store::Store;

/// Where the log ends, as the writer knows it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct End {
    pub(crate) head: Position,
    pub(crate) running_max_micros: i64,
}

/// An error with its causes in one line, for the operator.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// Runs the work of a thread. Any failure, a panic of the database included, poisons the log.
fn guarded(shared: &Shared, work: impl FnOnce() -> Result<(), String>) {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(())) => {}
        Ok(Err(reason)) => shared.poison(&reason),
        Err(_) => shared.poison("a thread that writes the log panicked"),
    }
}

/// The thread that brings groups to disk, as the writer sees it. It holds one group at a time, and takes the next when that is done.
#[derive(Debug)]
pub(crate) struct Syncer {
    groups: SyncSender<Group>,
    given: u64,
    finished: Arc<AtomicU64>,
}

impl Syncer {
    /// The writer's end, and what the thread needs. The channel holds nothing, so giving waits until the thread takes.
    pub(crate) fn new() -> (Syncer, Receiver<Group>, Arc<AtomicU64>) {
        let (groups, receiver) = std::sync::mpsc::sync_channel(0);
        let finished = Arc::new(AtomicU64::new(0));
        (
            Syncer {
                groups,
                given: 0,
                finished: Arc::clone(&finished),
            },
            receiver,
            finished,
        )
    }

    fn is_idle(&self) -> bool {
        self.finished.load(Ordering::Acquire) == self.given
    }

    /// Brings a group to disk: here, when nobody else waits and nothing is under way, so that a lone writer pays no change of
    /// thread; otherwise over there, while the next group is judged.
    fn finish(&mut self, shared: &Shared, store: &Store, group: Group) -> Result<(), String> {
        if self.is_idle() && shared.queue.is_empty() {
            return finish(shared, store, group);
        }
        self.given += 1;
        self.groups.send(group).map_err(|unsent| {
            let stopped = "the thread that syncs the log has ended".to_owned();
            unsent.0.fail(&stopped);
            stopped
        })
    }
}

/// The thread that syncs.
pub(crate) fn run_syncer(shared: &Shared, store: &Store, groups: &Receiver<Group>, finished: &AtomicU64) {
    guarded(shared, || {
        while let Ok(group) = groups.recv() {
            finish(shared, store, group)?;
            finished.fetch_add(1, Ordering::Release);
        }
        Ok(())
    });
}

/// The thread that writes: takes groups until the queue ends.
pub(crate) fn run(shared: &Shared, store: &Store, syncer: Syncer, end: End) {
    guarded(shared, || write_groups(shared, store, syncer, end));
}

fn write_groups(shared: &Shared, store: &Store, mut syncer: Syncer, mut end: End) -> Result<(), String> {
    // What the group under way changes. The one before it is in the index by the time the next is judged.
    let mut under_way: Arc<Table> = Arc::default();
    while let Some(submissions) = shared.queue.take() {
        let heads = Heads::over_group(&shared.index, &under_way);
        let mut group = group::plan(submissions, store, heads, end);
        let put = match group.fault.take() {
            Some(fault) => shared.noticed(Err(fault)).map_err(|error| chain(&error)),
            None => store.put_group(&group.blocks).map_err(|error| chain(&error)),
        };
        if let Err(reason) = put {
            group.fail(&reason);
            return Err(reason);
        }
        if let Some(block) = group.blocks.last() {
            end = End {
                head: block.last(),
                running_max_micros: group.running_max_micros,
            };
            under_way = Arc::clone(&group.changes);
        }
        syncer.finish(shared, store, group)?;
    }
    Ok(())
}

/// Brings a group to disk and tells the index, `HEAD`, the readers, and those who wait, in this order.
fn finish(shared: &Shared, store: &Store, group: Group) -> Result<(), String> {
    if let Err(reason) = make_durable(shared, store, &group) {
        group.fail(&reason);
        return Err(reason);
    }
    let head = shared.head();
    for reply in group.replies {
        reply.send(&group.blocks, head);
    }
    Ok(())
}

fn make_durable(shared: &Shared, store: &Store, group: &Group) -> Result<(), String> {
    // A group that writes nothing follows groups that are on disk.
    let Some(block) = group.blocks.last() else {
        return Ok(());
    };
    store.sync().map_err(|error| chain(&error))?;
    let head = block.last();
    let digest = Sha256::digest(block.event(head).unwrap_or_default()).into();
    let changes = group.changes.iter().map(|(key, value)| (*key, *value));
    shared
        .index
        .apply(
            changes,
            Covered {
                position: head,
                digest,
            },
        )
        .map_err(|error| chain(&error))?;
    shared
        .head_keeper
        .note(head, digest)
        .map_err(|error| format!("HEAD cannot be written: {error}"))?;
    shared.publish(head);
    Ok(())
}

impl Group {
    /// Tells everybody in it that the log has stopped.
    fn fail(self, reason: &str) {
        let ended = Ended::Stopped {
            reason: reason.to_owned(),
        };
        self.replies
            .into_iter()
            .for_each(|reply| reply.fail(ended.error()));
    }
}

#[cfg(test)]
mod tests;
