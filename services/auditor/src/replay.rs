//! Rebuilding every view from an export, with the code that the server itself runs.

use std::fs;
use std::io::{self, BufRead as _, BufReader, Read};
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use event_log::{EventLog, Position, RestoreError, Stored};
use views::Views;

use crate::export::Ending;
use crate::opener;
use crate::scan;

/// Bytes read at once.
const READ_BYTES: usize = 1024 * 1024;
/// The epoch that the rebuilt log is marked with: nobody appends to it.
const EPOCH: u32 = 0;
/// How long the views may take for the whole log, seconds. They are made at some ten thousand events a second.
const CATCH_UP_SECONDS_MAX: u64 = 24 * 3_600;

/// What a replay came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replayed {
    /// The position that was reached.
    pub position: u64,
    /// The digest of the queue there, 64 hexadecimal digits.
    pub queue: String,
    /// The digest that the export names, when the replay went to its end.
    pub claimed: Option<String>,
}

/// Why an export could not be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// Reading the export, or making the directory, failed.
    #[error("the export cannot be read, or the directory not be made")]
    Io(#[from] io::Error),
    /// The directory holds something already.
    #[error("the directory is not empty")]
    NotEmpty,
    /// A line is not what it should be: verify the export first.
    #[error("line {line} of the export is not the event at position {position}: verify it first")]
    Line {
        /// The line, from 1.
        line: u64,
        /// The position that should stand there.
        position: u64,
    },
    /// The export ends before the position asked for.
    #[error("the export ends after position {0}")]
    Short(u64),
    /// The log could not be made of the events.
    #[error("no log can be made of the export")]
    Import(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The log could not be opened.
    #[error("the log cannot be opened")]
    Open(#[from] event_log::OpenError),
    /// The views could not be opened.
    #[error("the views cannot be opened")]
    Views(#[from] views::OpenViewsError),
    /// The views did not reach the last position, or their digest could not be read.
    #[error("the views did not come to an end: {0}")]
    Unfinished(String),
}

/// The events of an export, line by line.
struct Events<R> {
    reader: BufReader<R>,
    until: Option<u64>,
    line: Vec<u8>,
    lines: u64,
    reached: u64,
    /// The digest that the last line names.
    claimed: Option<String>,
}

impl<R: Read> Events<R> {
    fn next_event(&mut self) -> Result<Option<Stored>, ReplayError> {
        while self.until.is_none_or(|until| self.reached < until) {
            self.line.clear();
            if self.reader.read_until(b'\n', &mut self.line)? == 0 {
                return Ok(None);
            }
            self.lines += 1;
            let text = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
            let position = self.reached + 1;
            match scan::event_line(text) {
                Some((found, stored)) if found == position => {
                    self.reached = position;
                    return Ok(Some(Stored {
                        position: Position(position),
                        bytes: Bytes::copy_from_slice(stored),
                    }));
                }
                // The header.
                None if self.lines == 1 => {}
                Some(_) | None => {
                    let line = self.lines;
                    let ending =
                        Ending::read(text).map_err(|_not_an_ending| ReplayError::Line { line, position })?;
                    self.claimed = ending.queue().map(ToOwned::to_owned);
                }
            }
        }
        Ok(None)
    }
}

impl<R: Read> Iterator for Events<R> {
    type Item = Result<Stored, ReplayError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_event().transpose()
    }
}

/// Makes a log and its views in `dir`, which must be empty or new, and digests them. The sealed values stay sealed: the
/// views are opened as if every person had been erased, which leaves their digest as it is.
///
/// # Errors
///
/// See [`ReplayError`].
pub fn replay(export: impl Read, until: Option<u64>, dir: &Path) -> Result<Replayed, ReplayError> {
    fs::create_dir_all(dir)?;
    if fs::read_dir(dir)?.next().is_some() {
        return Err(ReplayError::NotEmpty);
    }
    let mut events = Events {
        reader: BufReader::with_capacity(READ_BYTES, export),
        until,
        line: Vec::new(),
        lines: 0,
        reached: 0,
        claimed: None,
    };
    let log_dir = dir.join("log");
    event_log::import(&log_dir, EPOCH, events.by_ref()).map_err(|error| match error {
        RestoreError::Source { source, .. } => source,
        error @ (RestoreError::NotEmpty { .. }
        | RestoreError::Open(_)
        | RestoreError::Segment { .. }
        | RestoreError::Gap { .. }
        | RestoreError::OtherHistory { .. }
        | RestoreError::NotTheNextEvent { .. }) => ReplayError::Import(Box::new(error)),
    })?;
    let reached = events.reached;
    if until.is_some_and(|until| reached < until) {
        return Err(ReplayError::Short(reached));
    }
    let (position, queue) = digest_of_views(&log_dir, &dir.join("views"), Position(reached))?;
    Ok(Replayed {
        position: position.0,
        queue,
        claimed: events.claimed,
    })
}

fn digest_of_views(log: &Path, dir: &Path, end: Position) -> Result<(Position, String), ReplayError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    let log = EventLog::open(log, event_log::Options::default())?;
    let views = Views::open(
        dir,
        log.clone(),
        opener::without_keys(),
        views::Options::default(),
    )?;
    let is_there = runtime.block_on(views.at_least(end, Duration::from_secs(CATCH_UP_SECONDS_MAX)));
    let digest = views.digest();
    let skipped = views.skipped();
    views.close();
    log.close();
    let digest = digest.map_err(|error| ReplayError::Unfinished(error.to_string()))?;
    if !is_there || skipped > 0 || digest.0 != end {
        return Err(ReplayError::Unfinished(format!(
            "they stand at {}, and {skipped} events could not be read",
            digest.0
        )));
    }
    Ok(digest)
}
