//! The one thread that writes the log.

use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::group::{self, Group};
use crate::index::Covered;
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

/// Writes groups until the queue ends. Any failure, a panic of the database included, poisons the log.
pub(crate) fn run(shared: &Shared, store: &Arc<Store>, end: End) {
    match catch_unwind(AssertUnwindSafe(|| write_groups(shared, store, end))) {
        Ok(Ok(())) => {}
        Ok(Err(reason)) => shared.poison(&reason),
        Err(_) => shared.poison("the writer panicked"),
    }
}

fn write_groups(shared: &Shared, store: &Store, mut end: End) -> Result<(), String> {
    while let Some(submissions) = shared.queue.take() {
        let next = Position(end.head.0 + 1);
        let mut group = group::plan(submissions, store, &shared.index, next, end.running_max_micros);
        let written = match group.fault.take() {
            Some(fault) => shared.noticed(Err(fault)).map_err(|error| chain(&error)),
            None => write_group(shared, store, &mut group, end.head),
        };
        match written {
            Ok(head) => {
                end = End {
                    head,
                    running_max_micros: group.running_max_micros,
                };
                for reply in group.replies {
                    reply.send(&group.blocks, head);
                }
            }
            Err(reason) => {
                let ended = Ended::Stopped {
                    reason: reason.clone(),
                };
                for reply in group.replies {
                    reply.fail(ended.error());
                }
                return Err(reason);
            }
        }
    }
    Ok(())
}

/// Brings a group to disk, then tells the index, `HEAD` and the readers, in this order.
fn write_group(
    shared: &Shared,
    store: &Store,
    group: &mut Group,
    head: Position,
) -> Result<Position, String> {
    let Some(block) = group.blocks.last() else {
        return Ok(head);
    };
    store.write_group(&group.blocks).map_err(|error| chain(&error))?;
    let head = block.last();
    let digest = Sha256::digest(block.event(head).unwrap_or_default()).into();
    let covered = Covered {
        position: head,
        digest,
    };
    let changes = std::mem::take(&mut group.changes);
    shared
        .index
        .apply(changes.into_iter(), covered)
        .map_err(|error| chain(&error))?;
    shared
        .head_keeper
        .note(head, digest)
        .map_err(|error| format!("HEAD cannot be written: {error}"))?;
    shared.publish(head);
    Ok(head)
}

#[cfg(test)]
mod tests;
