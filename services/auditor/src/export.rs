//! Verifying an export (docs/audit-format.md): the lines on all processors, what depends on their order after that.

mod batch;
mod ids;
mod order;
mod pipeline;
mod queue;
mod statistics;
mod streams;
mod verdict;

use std::io::{self, Read};
use std::time::Instant;

use serde::Serialize;
use transparency::{Checkpoint, OpenCheckpointError, VerifierKey};

use crate::report::ExportReport;

pub use statistics::Statistics;

pub(crate) use batch::{check_data, decode, is_passed_over};
pub(crate) use order::Ending;

/// Bytes of a line without its end, at most: far more than an event or a checkpoint can have. What comes after a longer
/// one is not read.
pub const LINE_BYTES_MAX: usize = 1024 * 1024;

/// How much is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Depth {
    /// All of it: the data of every event is decoded and folded, and the digest of the queue is computed.
    #[default]
    Full,
    /// Lines, envelopes, the tree, keys and checkpoints; the data of events is hashed but not read.
    Quick,
}

/// An older checkpoint, as it was kept.
#[derive(Debug, Clone)]
pub struct KeptCheckpoint {
    /// Where it came from, for the report.
    pub name: String,
    /// The signed note.
    pub note: String,
}

/// What an export is held against.
#[derive(Debug, Clone, Default)]
pub struct Expectations {
    /// Keys known from elsewhere; none to take the first that the log enrolled.
    pub keys: Vec<VerifierKey>,
    /// Checkpoints of the same log, kept from earlier.
    pub checkpoints: Vec<KeptCheckpoint>,
    /// How much is looked at.
    pub depth: Depth,
}

/// Why an export could not be read to its end, so that nothing can be said of it.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// Reading failed.
    #[error("the export cannot be read")]
    Read(#[source] io::Error),
    /// A checkpoint kept from earlier is not one.
    #[error("{name} is not a checkpoint")]
    Checkpoint {
        /// Where it came from.
        name: String,
        /// What is wrong with it.
        #[source]
        source: OpenCheckpointError,
    },
}

/// Reads an export to its end and says all that is wrong with it. `read_bytes` is told how many bytes were read more.
///
/// # Errors
///
/// [`VerifyError`]. A fault of the export is no error: it stands in the report.
pub fn verify(
    input: impl Read + Send,
    expectations: &Expectations,
    read_bytes: impl FnMut(u64),
) -> Result<ExportReport, VerifyError> {
    let started = Instant::now();
    let mut older = Vec::with_capacity(expectations.checkpoints.len());
    for kept in &expectations.checkpoints {
        let claimed = Checkpoint::read_unverified(&kept.note).map_err(|source| VerifyError::Checkpoint {
            name: kept.name.clone(),
            source,
        })?;
        older.push(order::Older {
            name: kept.name.clone(),
            note: kept.note.clone(),
            claimed,
            root_here: None,
        });
    }
    let mut order = order::Order::new(expectations.depth, older);
    let bytes = pipeline::run(input, expectations.depth, &mut order, read_bytes)?;
    Ok(verdict::of(order, expectations, bytes, started))
}
