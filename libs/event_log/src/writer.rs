//! The threads that write the log: one judges groups and puts them into the database, one brings them to disk meanwhile.

use std::any::Any;
use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender};

use crate::fault;
use crate::group::{self, Group};
use crate::heads::Heads;
use crate::index::{Covered, Table};
use crate::place::Position;
use crate::queue::Ended;
use crate::read;
use crate::shared::{Opening, Shared};
use crate::space::Shortage;

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
pub(crate) fn guarded(shared: &Shared, work: impl FnOnce() -> Result<(), String>) {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(())) => {}
        Ok(Err(reason)) => shared.poison(&reason),
        Err(panic) => shared.poison(&format!(
            "a thread that writes the log panicked: {}",
            words_of(&*panic)
        )),
    }
}

/// What a panic says: of an invariant that does not hold, which.
fn words_of(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("it does not say why")
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
    fn finish(&mut self, shared: &Shared, opening: &Opening, group: Group) -> Result<(), String> {
        if self.is_idle() && shared.queue.is_empty() {
            return finish(shared, opening, group);
        }
        self.given += 1;
        self.groups.send(group).map_err(|unsent| {
            let stopped = "the thread that syncs the log has ended".to_owned();
            shared.poison(&stopped);
            unsent.0.fail(&stopped);
            stopped
        })
    }
}

/// The thread that syncs.
pub(crate) fn run_syncer(shared: &Shared, opening: &Opening, groups: &Receiver<Group>, finished: &AtomicU64) {
    guarded(shared, || {
        while let Ok(group) = groups.recv() {
            fault::turn(fault::SYNCER);
            finish(shared, opening, group)?;
            finished.fetch_add(1, Ordering::Release);
        }
        Ok(())
    });
}

/// The thread that writes: takes groups until the queue ends.
pub(crate) fn run(shared: &Shared, opening: &Opening, syncer: Syncer, end: End) {
    guarded(shared, || write_groups(shared, opening, syncer, end));
}

fn write_groups(shared: &Shared, opening: &Opening, mut syncer: Syncer, mut end: End) -> Result<(), String> {
    // What the group under way changes. The one before it is in the index by the time the next is judged.
    let mut under_way: Arc<Table> = Arc::default();
    while let Some(submissions) = shared.queue.take() {
        fault::turn(fault::WRITER);
        let heads = Heads::over_group(&opening.index, &under_way);
        let shortage = shortage(shared, opening);
        let mut group = group::plan(submissions, &opening.store, heads, end, shortage);
        let put = match group.fault.take() {
            Some(fault) => opening.noticed(Err(fault)).map_err(|error| chain(&error)),
            None => opening
                .store
                .put_group(&group.blocks)
                .map_err(|error| chain(&error)),
        };
        if let Err(reason) = put {
            shared.poison(&reason);
            group.fail(&reason);
            return Err(reason);
        }
        let bytes: usize = group.blocks.iter().map(|block| block.record().len()).sum();
        opening.space.written(bytes as u64);
        if let Some(block) = group.blocks.last() {
            end = End {
                head: block.last(),
                running_max_micros: group.running_max_micros,
            };
            under_way = Arc::clone(&group.changes);
        }
        syncer.finish(shared, opening, group)?;
    }
    Ok(())
}

/// Whether the disk is too full for this group.
fn shortage(shared: &Shared, opening: &Opening) -> Option<Shortage> {
    match opening.space.shortage() {
        Ok(shortage) => {
            shared.note_space(shortage);
            shortage
        }
        Err(error) => {
            // Nothing is known, so the disk itself will say.
            tracing::warn!(%error, "the file system does not tell how much space it has");
            None
        }
    }
}

/// Brings a group to disk and tells the index, `HEAD`, the readers, and those who wait, in this order.
fn finish(shared: &Shared, opening: &Opening, group: Group) -> Result<(), String> {
    if let Err(reason) = make_durable(shared, opening, &group) {
        // Whoever is told that the log has stopped finds it stopped.
        shared.poison(&reason);
        group.fail(&reason);
        return Err(reason);
    }
    let head = shared.head();
    for reply in group.replies {
        reply.send(&group.blocks, head);
    }
    Ok(())
}

fn make_durable(shared: &Shared, opening: &Opening, group: &Group) -> Result<(), String> {
    // A group that writes nothing follows groups that are on disk.
    let Some(block) = group.blocks.last() else {
        return Ok(());
    };
    let head = block.last();
    let digest = read::digest_in(block, head).map_err(|error| {
        format!(
            "what is to be HEAD is not in the group that was written, so this machine's memory may be faulty: {}",
            chain(&error)
        )
    })?;
    opening.store.sync().map_err(|error| chain(&error))?;
    let changes = group.changes.iter().map(|(key, value)| (*key, *value));
    opening
        .index
        .apply(
            changes,
            Covered {
                position: head,
                digest,
            },
        )
        .map_err(|error| chain(&error))?;
    opening
        .head_keeper
        .note(head, digest)
        .map_err(|error| format!("HEAD cannot be written: {error}"))?;
    shared.note_at(group.running_max_micros);
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
