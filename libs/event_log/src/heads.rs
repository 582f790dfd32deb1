//! What a group changes in the index, before and while it is written.

use std::io;

use crate::block::Links;
use crate::index::{Index, Table};
use crate::key::{Key, StreamKeys, Value};
use crate::place::{Position, Version};

/// Changes over others, over the index.
#[derive(Debug)]
pub(crate) struct Heads<'a> {
    index: &'a Index,
    below: Option<&'a Heads<'a>>,
    changes: Table,
}

impl<'a> Heads<'a> {
    /// No changes yet over the index.
    pub(crate) fn over(index: &'a Index) -> Heads<'a> {
        Heads {
            index,
            below: None,
            changes: Table::default(),
        }
    }

    /// No changes yet over these.
    pub(crate) fn layer(&'a self) -> Heads<'a> {
        Heads {
            index: self.index,
            below: Some(self),
            changes: Table::default(),
        }
    }

    pub(crate) fn get(&self, key: Key) -> io::Result<Option<Value>> {
        let mut layer = Some(self);
        while let Some(heads) = layer {
            if let Some(value) = heads.changes.get(&key) {
                return Ok(Some(*value));
            }
            layer = heads.below;
        }
        self.index.get(key)
    }

    /// The version of a stream; 0 when there is none.
    pub(crate) fn version(&self, stream: Key) -> io::Result<Version> {
        Ok(Version(self.get(stream)?.map_or(0, |(version, _)| version)))
    }

    /// Takes in one event at the end of the log, and returns what came before it.
    pub(crate) fn add_event(
        &mut self,
        keys: &StreamKeys,
        position: Position,
    ) -> io::Result<(Version, Links)> {
        let (version, previous_in_stream) = self.get(keys.stream)?.unwrap_or((0, 0));
        let (count, previous_in_category) = self.get(keys.category)?.unwrap_or((0, 0));
        self.changes.insert(keys.stream, (version + 1, position.0));
        self.changes.insert(keys.category, (count + 1, position.0));
        if let Some((prefix, number)) = keys.numbered
            && version == 0
            && self.get(prefix)?.is_none_or(|(largest, _)| largest < number)
        {
            self.changes.insert(prefix, (number, 0));
        }
        Ok((
            Version(version + 1),
            Links {
                stream: previous_in_stream,
                category: previous_in_category,
            },
        ))
    }

    /// Takes in that a command wrote one more event.
    pub(crate) fn add_to_command(&mut self, command: Key, position: Position) -> io::Result<()> {
        let (first, count) = self.get(command)?.unwrap_or((position.0, 0));
        self.changes.insert(command, (first, count + 1));
        Ok(())
    }

    pub(crate) fn into_changes(self) -> Table {
        self.changes
    }

    pub(crate) fn merge(&mut self, changes: Table) {
        self.changes.extend(changes);
    }

    pub(crate) fn len(&self) -> usize {
        self.changes.len()
    }
}
