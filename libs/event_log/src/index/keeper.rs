//! The tables of the index, and the thread that brings them to disk.

use std::fs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::{Condvar, Mutex, RwLock};

use super::manifest::{Manifest, RunEntry};
use super::memory::{Frozen, Layers, Table};
use super::merge::{self, Merge};
use super::run::{Run, RunWriter};
use super::{Covered, FROZEN_TABLES_MAX, REPLAY_EVENTS_MAX};
use crate::fault;
use crate::key::{Key, Value};

/// How many tables' worth of entries a merge writes between two tables. Each entry is merged once per tier, and with eight runs to
/// a merge there are fewer tiers than this even at thousands of millions of entries.
const MERGE_STEPS_PER_TABLE: usize = 6;

#[derive(Debug, Default)]
struct Signals {
    stopping: bool,
    failure: Option<String>,
}

#[derive(Debug)]
pub(super) struct Keeper {
    dir: PathBuf,
    entries_max: usize,
    layers: RwLock<Layers>,
    /// Held by whoever changes what is on disk, so that a condemned index stays condemned.
    manifest: Mutex<Option<Manifest>>,
    signals: Mutex<Signals>,
    /// Wakes the thread.
    work: Condvar,
    /// Wakes the writer of the log when a frozen table has been written.
    room: Condvar,
}

impl Keeper {
    pub(super) fn new(dir: PathBuf, manifest: Manifest, runs: Vec<Arc<Run>>, entries_max: usize) -> Keeper {
        let covered = manifest.covered();
        let layers = Layers {
            active: Table::default(),
            covered,
            frozen: std::collections::VecDeque::new(),
            frozen_covered: covered,
            runs: Arc::new(runs),
        };
        Keeper {
            dir,
            entries_max: entries_max.max(1),
            layers: RwLock::new(layers),
            manifest: Mutex::new(Some(manifest)),
            signals: Mutex::default(),
            work: Condvar::new(),
            room: Condvar::new(),
        }
    }

    pub(super) fn covered(&self) -> Covered {
        self.layers.read().covered
    }

    pub(super) fn get(&self, key: Key) -> io::Result<Option<Value>> {
        let runs = {
            let layers = self.layers.read();
            if let Some(value) = layers.get(key) {
                return Ok(Some(value));
            }
            Arc::clone(&layers.runs)
        };
        for run in runs.iter().rev() {
            if let Some(value) = run.get(key)? {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }

    pub(super) fn apply(
        &self,
        changes: impl Iterator<Item = (Key, Value)>,
        covered: Covered,
    ) -> io::Result<()> {
        // Without its thread the index would grow in memory: the log stops, and opens again with another.
        if let Some(failure) = self.failure() {
            return Err(io::Error::other(failure));
        }
        let waiting = {
            let mut layers = self.layers.write();
            layers.active.extend(changes);
            layers.covered = covered;
            let unwritten = covered.position.0 - layers.frozen_covered.position.0;
            if layers.active.len() < self.entries_max && unwritten < REPLAY_EVENTS_MAX {
                return Ok(());
            }
            layers.freeze();
            layers.frozen.len()
        };
        let mut signals = self.signals.lock();
        self.work.notify_one();
        if waiting > FROZEN_TABLES_MAX {
            while signals.failure.is_none() && self.layers.read().frozen.len() > FROZEN_TABLES_MAX {
                self.room.wait(&mut signals);
            }
        }
        signals
            .failure
            .as_ref()
            .map_or(Ok(()), |failure| Err(io::Error::other(failure.clone())))
    }

    pub(super) fn condemn(&self) {
        if self.manifest.lock().take().is_some()
            && let Err(error) = Manifest::remove(&self.dir)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::error!(%error, "the manifest of a wrong index could not be removed");
        }
    }

    pub(super) fn failure(&self) -> Option<String> {
        self.signals.lock().failure.clone()
    }

    /// Asks the thread to write what is in memory and to end.
    pub(super) fn stop(&self) {
        self.signals.lock().stopping = true;
        self.work.notify_one();
    }

    /// The loop of the thread.
    pub(super) fn run(&self) {
        // A panic is a failure too: the writer of the log would wait for room for ever.
        let worked = catch_unwind(AssertUnwindSafe(|| self.work()));
        let failure = match worked {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(format!("the index cannot be written: {error}")),
            Err(_panic) => Some("the thread of the index panicked".to_owned()),
        };
        if let Some(failure) = failure {
            tracing::error!(
                failure,
                "the index is written no more until the log is opened again"
            );
            self.signals.lock().failure = Some(failure);
        }
        self.room.notify_all();
    }

    fn work(&self) -> io::Result<()> {
        // As many entries as a table holds, for each of the few tiers they pass through, so that merges keep up with the tables.
        let step_entries = self.entries_max.saturating_mul(MERGE_STEPS_PER_TABLE);
        let mut merge: Option<Merge> = None;
        loop {
            fault::turn(fault::INDEX);
            let oldest = self.layers.read().frozen.front().cloned();
            if let Some(oldest) = &oldest {
                self.write_table(oldest)?;
                let _signals = self.signals.lock();
                self.room.notify_all();
            } else if self.signals.lock().stopping {
                return self.write_rest();
            }
            merge = match merge {
                Some(running) => self.go_on(running, step_entries)?,
                None => self.start_merge()?,
            };
            let mut signals = self.signals.lock();
            if merge.is_none() && !signals.stopping && self.layers.read().frozen.is_empty() {
                self.work.wait(&mut signals);
            }
        }
    }

    fn go_on(&self, mut merge: Merge, entries: usize) -> io::Result<Option<Merge>> {
        if merge.step(entries)? {
            self.end_merge(merge)?;
            // The merged run may complete the next tier.
            return self.start_merge();
        }
        Ok(Some(merge))
    }

    fn write_rest(&self) -> io::Result<()> {
        self.layers.write().freeze();
        loop {
            let oldest = self.layers.read().frozen.front().cloned();
            match oldest {
                Some(oldest) => self.write_table(&oldest)?,
                None => return Ok(()),
            }
        }
    }

    /// Writes the oldest frozen table as a run, and only then lets it go.
    fn write_table(&self, frozen: &Frozen) -> io::Result<()> {
        let mut manifest = self.manifest.lock();
        let Some(manifest) = manifest.as_mut() else {
            self.layers.write().frozen.pop_front();
            return Ok(());
        };
        let mut entries: Vec<(Key, Value)> = frozen.table.iter().map(|(key, value)| (*key, *value)).collect();
        entries.sort_unstable_by_key(|(key, _)| *key);
        let entry = RunEntry {
            number: manifest.next_number,
            tier: 0,
        };
        let mut out = RunWriter::create(entry.path(&self.dir), entries.len() as u64)?;
        for (key, value) in entries {
            out.push(key, value)?;
        }
        let run = Arc::new(out.finish()?);
        manifest.next_number += 1;
        manifest.runs.push(entry);
        manifest.cover(frozen.covered);
        manifest.store(&self.dir)?;
        let mut layers = self.layers.write();
        Arc::make_mut(&mut layers.runs).push(run);
        layers.frozen.pop_front();
        Ok(())
    }

    fn start_merge(&self) -> io::Result<Option<Merge>> {
        let mut manifest = self.manifest.lock();
        let Some(manifest) = manifest.as_mut() else {
            return Ok(None);
        };
        let Some(range) = merge::choose(&manifest.runs) else {
            return Ok(None);
        };
        let inputs = manifest.runs[range.clone()].to_vec();
        let entry = RunEntry {
            number: manifest.next_number,
            tier: inputs[0].tier + 1,
        };
        manifest.next_number += 1;
        let runs = Arc::clone(&self.layers.read().runs);
        Merge::start(entry.path(&self.dir), entry, inputs, &runs[range]).map(Some)
    }

    fn end_merge(&self, merge: Merge) -> io::Result<()> {
        let (entry, inputs, run) = merge.finish()?;
        let mut manifest = self.manifest.lock();
        let Some(manifest) = manifest.as_mut() else {
            return Ok(());
        };
        // Tables written meanwhile were added behind the inputs, so these still lie together.
        let Some(start) = manifest.runs.iter().position(|run| *run == inputs[0]) else {
            return Ok(());
        };
        let range = start..start + inputs.len();
        manifest.runs.splice(range.clone(), [entry]);
        manifest.store(&self.dir)?;
        Arc::make_mut(&mut self.layers.write().runs).splice(range, [Arc::new(run)]);
        for input in inputs {
            fs::remove_file(input.path(&self.dir))?;
        }
        Ok(())
    }
}
