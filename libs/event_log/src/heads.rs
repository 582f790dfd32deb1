//! What a group changes in the index, before and while it is written.

use std::io;

use crate::block::Links;
use crate::index::{Index, Table};
use crate::key::{Key, StreamKeys, Value};
use crate::place::{Position, Version};

/// Changes over those of the group that is on its way to disk, over the index. Each step (a commit, a block) can be taken back.
#[derive(Debug)]
pub(crate) struct Heads<'a> {
    index: &'a Index,
    under_way: Option<&'a Table>,
    changes: Table,
    /// What the keys changed in this step held before.
    before: Vec<(Key, Option<Value>)>,
}

impl<'a> Heads<'a> {
    /// No changes yet over the index.
    pub(crate) fn over(index: &'a Index) -> Heads<'a> {
        Heads {
            index,
            under_way: None,
            changes: Table::default(),
            before: Vec::new(),
        }
    }

    /// No changes yet over a group that the index does not hold yet, or holds by now.
    pub(crate) fn over_group(index: &'a Index, under_way: &'a Table) -> Heads<'a> {
        Heads {
            under_way: Some(under_way),
            ..Heads::over(index)
        }
    }

    pub(crate) fn get(&self, key: Key) -> io::Result<Option<Value>> {
        let here = || self.changes.get(&key);
        match here().or_else(|| self.under_way?.get(&key)) {
            Some(value) => Ok(Some(*value)),
            None => self.index.get(key),
        }
    }

    /// Starts a step: what comes can be taken back up to here.
    pub(crate) fn begin(&mut self) {
        self.before.clear();
    }

    /// Takes the step back.
    pub(crate) fn take_back(&mut self) {
        while let Some((key, before)) = self.before.pop() {
            match before {
                Some(value) => self.changes.insert(key, value),
                None => self.changes.remove(&key),
            };
        }
    }

    fn set(&mut self, key: Key, value: Value) {
        let before = self.changes.insert(key, value);
        self.before.push((key, before));
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
        self.set(keys.stream, (version + 1, position.0));
        self.set(keys.category, (count + 1, position.0));
        if let Some((prefix, number)) = keys.numbered
            && version == 0
            && self.get(prefix)?.is_none_or(|(largest, _)| largest < number)
        {
            self.set(prefix, (number, 0));
        }
        Ok((
            Version(version + 1),
            Links {
                stream: previous_in_stream,
                category: previous_in_category,
            },
        ))
    }

    /// Takes in that a command wrote so many events from a position on.
    pub(crate) fn add_command(&mut self, command: Key, first: Position, count: u64) {
        self.set(command, (first.0, count));
    }

    pub(crate) fn into_changes(self) -> Table {
        self.changes
    }

    pub(crate) fn len(&self) -> usize {
        self.changes.len()
    }
}
