//! Merging runs into a larger one, in steps, so that a new table never waits for a whole merge.

use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use super::manifest::RunEntry;
use super::run::{Run, RunWriter, Scan};
use crate::key::{Key, Value};

/// Runs of one tier that become one of the next.
const FAN_IN: usize = 8;

/// The runs to merge next: the oldest eight neighbours of one tier.
pub(super) fn choose(runs: &[RunEntry]) -> Option<Range<usize>> {
    let start = runs
        .windows(FAN_IN)
        .position(|window| window.iter().all(|run| run.tier == window[0].tier))?;
    Some(start..start + FAN_IN)
}

/// A merge under way.
#[derive(Debug)]
pub(super) struct Merge {
    /// What it makes.
    pub(super) entry: RunEntry,
    /// What it replaces, oldest first.
    pub(super) inputs: Vec<RunEntry>,
    scans: Vec<Scan>,
    heads: Vec<Option<(Key, Value)>>,
    out: RunWriter,
}

impl Merge {
    pub(super) fn start(
        path: PathBuf,
        entry: RunEntry,
        inputs: Vec<RunEntry>,
        runs: &[Arc<Run>],
    ) -> io::Result<Merge> {
        let out = RunWriter::create(path, runs.iter().map(|run| run.entries()).sum())?;
        let mut scans: Vec<Scan> = runs.iter().map(|run| Scan::new(Arc::clone(run))).collect();
        let heads = scans.iter_mut().map(Scan::next).collect::<io::Result<_>>()?;
        Ok(Merge {
            entry,
            inputs,
            scans,
            heads,
            out,
        })
    }

    /// Writes up to so many entries; true when all are written.
    pub(super) fn step(&mut self, entries: usize) -> io::Result<bool> {
        for _ in 0..entries {
            // Of equal keys the newest run, which comes last, has the value that holds.
            let mut least: Option<(Key, Value)> = None;
            for head in self.heads.iter().flatten() {
                if least.is_none_or(|(key, _)| head.0 <= key) {
                    least = Some(*head);
                }
            }
            let Some((key, value)) = least else {
                return Ok(true);
            };
            for (head, scan) in self.heads.iter_mut().zip(&mut self.scans) {
                if head.is_some_and(|(other, _)| other == key) {
                    *head = scan.next()?;
                }
            }
            self.out.push(key, value)?;
        }
        Ok(false)
    }

    pub(super) fn finish(self) -> io::Result<(RunEntry, Vec<RunEntry>, Run)> {
        Ok((self.entry, self.inputs, self.out.finish()?))
    }
}
