//! The `HEAD` file: what the log promises to hold (design §4.5).

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use serde::{Deserialize, Serialize};

use crate::fault;
use crate::limits::{HEAD_LAG_EVENTS_MAX, HEAD_LAG_MS_MAX};
use crate::place::Position;

const FORMAT: u32 = 1;

/// The content of `HEAD`: one line of JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Head {
    format: u32,
    /// Counts the times a loss was accepted.
    pub(crate) epoch: u32,
    /// A position that is on disk.
    pub(crate) position: Position,
    /// SHA-256 of the stored bytes of the event there; zeros for position 0.
    #[serde(with = "crate::hex_digest")]
    pub(crate) digest: [u8; 32],
}

impl Head {
    pub(crate) fn new(epoch: u32, position: Position, digest: [u8; 32]) -> Head {
        Head {
            format: FORMAT,
            epoch,
            position,
            digest,
        }
    }

    /// The stored head; `None` when there is no file. An unreadable one is an error of kind `InvalidData`.
    pub(crate) fn read(path: &Path) -> io::Result<Option<Head>> {
        let text = match fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let head: Head = serde_json::from_slice(&text)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        if head.format != FORMAT {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("format {} is unknown", head.format),
            ));
        }
        Ok(Some(head))
    }

    /// Replaces the stored head in one step, and returns when the disk has it.
    pub(crate) fn write(&self, path: &Path) -> io::Result<()> {
        let mut text = serde_json::to_vec(self).map_err(io::Error::other)?;
        text.push(b'\n');
        fault::injected(fault::HEAD)?;
        replace(path, &text)
    }
}

/// Replaces a file in one step (temporary file, sync, rename, sync of the directory).
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("tmp");
    let mut file = File::create(&temporary)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    sync_directory(path.parent().unwrap_or(Path::new(".")))
}

/// Makes the names in a directory durable.
pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[derive(Debug)]
struct Lag {
    latest: (Position, [u8; 32]),
    written: Position,
    /// When the first position that the file lacks was noted.
    since: Option<Instant>,
    stopping: bool,
}

/// Keeps `HEAD` within its lag: a thread of its own writes it, and the writer only waits for it when the lag would be too large.
#[derive(Debug)]
pub(crate) struct HeadKeeper {
    path: PathBuf,
    epoch: u32,
    lag: Mutex<Lag>,
    wake: Condvar,
    /// Held while the file is replaced, so that an older head never follows a newer one.
    replacing: Mutex<()>,
}

impl HeadKeeper {
    pub(crate) fn new(
        path: PathBuf,
        epoch: u32,
        latest: (Position, [u8; 32]),
        written: Position,
    ) -> HeadKeeper {
        let lag = Lag {
            latest,
            written,
            since: None,
            stopping: false,
        };
        HeadKeeper {
            path,
            epoch,
            lag: Mutex::new(lag),
            wake: Condvar::new(),
            replacing: Mutex::new(()),
        }
    }

    /// The latest head noted, which is what everybody may have been told.
    pub(crate) fn latest(&self) -> (Position, [u8; 32]) {
        self.lag.lock().latest
    }

    /// Called for each group that is on disk, before anybody is told: afterwards the file lacks at most [`HEAD_LAG_EVENTS_MAX`].
    pub(crate) fn note(&self, position: Position, digest: [u8; 32]) -> io::Result<()> {
        let lag_events = {
            let mut lag = self.lag.lock();
            lag.latest = (position, digest);
            let lag_events = position.0 - lag.written.0;
            // The thread starts at half the lag, so that it is done before the writer would have to wait.
            if lag.since.is_none() || lag_events > HEAD_LAG_EVENTS_MAX / 2 {
                lag.since.get_or_insert_with(Instant::now);
                self.wake.notify_one();
            }
            lag_events
        };
        if lag_events > HEAD_LAG_EVENTS_MAX {
            self.write().map(|_| ())
        } else {
            Ok(())
        }
    }

    /// Writes the latest head noted, and returns it.
    pub(crate) fn write(&self) -> io::Result<Position> {
        let _replacing = self.replacing.lock();
        let (position, digest) = {
            let mut lag = self.lag.lock();
            if lag.latest.0 == lag.written {
                return Ok(lag.written);
            }
            lag.since = None;
            lag.latest
        };
        Head::new(self.epoch, position, digest).write(&self.path)?;
        self.lag.lock().written = position;
        Ok(position)
    }

    /// The loop of the thread: ends when stopped or when the file cannot be written.
    pub(crate) fn run(&self) -> io::Result<()> {
        loop {
            {
                let mut lag = self.lag.lock();
                loop {
                    if lag.stopping {
                        return Ok(());
                    }
                    let Some(since) = lag.since else {
                        self.wake.wait(&mut lag);
                        continue;
                    };
                    let due = since + Duration::from_millis(HEAD_LAG_MS_MAX / 2);
                    let far = lag.latest.0.0 - lag.written.0 > HEAD_LAG_EVENTS_MAX / 2;
                    if far || self.wake.wait_until(&mut lag, due).timed_out() {
                        break;
                    }
                }
            }
            fault::turn(fault::HEAD_KEEPER);
            self.write()?;
        }
    }

    pub(crate) fn stop(&self) {
        self.lag.lock().stopping = true;
        self.wake.notify_one();
    }
}
