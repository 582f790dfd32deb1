//! The erasure ledger: who was erased, remembered apart from the keys.
//!
//! A keys file can be lost and an older one put back, and then it holds keys of people who were erased since. The
//! ledger names them, and whoever opens or restores keys obeys it. It holds no name and no key, so unlike the keys file
//! it may be copied anywhere and kept for ever. Its form is specified in the crate's documentation.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::draft::create_whole;
use crate::secret_file::{is_open_to_others, mode_of};

/// The name of the ledger, beside the keys file.
pub const LEDGER_FILE_NAME: &str = "erasures.ledger";

/// A line has about 135 bytes; what is much longer is no line of a ledger.
const LINE_BYTES_MAX: u64 = 512;

/// The only form of a line there is.
const LINE_FORM: u64 = 1;

/// What stands before the checksum, which covers what stands before this.
const CHECKSUM_MEMBER: &str = ",\"crc32c\":\"";

/// Why an erasure ledger cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The file system refused.
    #[error("cannot {action} the erasure ledger {}", path.display())]
    Io {
        /// What was being done.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// Somebody else may read or write the file.
    #[error("the erasure ledger {} has mode {mode:04o} and is open to others; give it mode 0600", path.display())]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A line that is not the last one is not what was written. Whom it names is not known: a copy of the ledger may
    /// tell, or the events of the log that tell of erasures.
    #[error("line {line} of the erasure ledger {} is damaged", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The number of the line, from 1.
        line: u64,
    },
    /// A later version of Guichet wrote the line.
    #[error("line {line} of the erasure ledger {} has the unknown form {form}", path.display())]
    UnknownForm {
        /// The file.
        path: PathBuf,
        /// The number of the line, from 1.
        line: u64,
        /// Its form.
        form: u64,
    },
}

/// The open ledger of one keys file. Who has the keys file locked may write.
pub(crate) struct Ledger {
    file: File,
    path: PathBuf,
}

/// One erasure, as it is written.
pub(crate) struct Erasure {
    pub(crate) subject: Uuid,
    /// With its line end.
    pub(crate) line: String,
}

impl Erasure {
    pub(crate) fn new(subject: Uuid, at: DateTime<Utc>) -> Erasure {
        let at = at.to_rfc3339_opts(SecondsFormat::AutoSi, true);
        let body = format!("{{\"guichet_erasure\":{LINE_FORM},\"subject\":\"{subject}\",\"at\":\"{at}\"");
        let checksum = checksum_of(&body);
        Erasure {
            subject,
            line: format!("{body}{CHECKSUM_MEMBER}{checksum}\"}}\n"),
        }
    }
}

/// How a ledger ends.
#[derive(Default)]
struct Extent {
    whole_bytes: u64,
    /// What follows that is no whole line.
    torn_bytes: u64,
    /// The last whole line was cut off right before its end.
    lacks_line_end: bool,
}

impl Ledger {
    /// Where the ledger of a keys file lies.
    pub(crate) fn path_beside(keys_file: &Path) -> PathBuf {
        keys_file.with_file_name(LEDGER_FILE_NAME)
    }

    /// Opens the ledger at `path` or creates an empty one, gives every erasure in it to `each`, and cuts off a last
    /// line that was never written to its end. Answers how many bytes that were.
    pub(crate) fn open(path: PathBuf, each: impl FnMut(Erasure)) -> Result<(Ledger, u64), LedgerError> {
        if !path.try_exists().map_err(io_error("look for", &path))? {
            create_whole(&path, &[]).map_err(io_error("create", &path))?;
        }
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .open(&path)
            .map_err(io_error("open", &path))?;
        let mode = mode_of(&file).map_err(io_error("read the mode of", &path))?;
        if is_open_to_others(mode) {
            return Err(LedgerError::OpenToOthers { path, mode });
        }
        let extent = read(&file, &path, each)?;
        let ledger = Ledger { file, path };
        ledger
            .mend(&extent)
            .map_err(io_error("mend the end of", &ledger.path))?;
        Ok((ledger, extent.torn_bytes))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Appends lines that are on disk when this returns.
    pub(crate) fn append(&self, lines: &str) -> io::Result<()> {
        (&self.file).write_all(lines.as_bytes())?;
        self.file.sync_data()
    }

    /// Takes the right to write away, so that the next write fails as on a disk that is gone.
    #[cfg(test)]
    pub(crate) fn make_read_only(&mut self) -> io::Result<()> {
        self.file = File::open(&self.path)?;
        Ok(())
    }

    fn mend(&self, extent: &Extent) -> io::Result<()> {
        if extent.torn_bytes > 0 {
            self.file.set_len(extent.whole_bytes)?;
        }
        if extent.lacks_line_end {
            (&self.file).write_all(b"\n")?;
        }
        // Also for a last line that is whole but was never acknowledged: from here on it is obeyed.
        self.file.sync_all()
    }
}

/// Gives every erasure of a ledger that is only read, a copy somewhere, to `each`. A torn last line is left out.
pub(crate) fn read_copy(path: &Path, each: impl FnMut(Erasure)) -> Result<(), LedgerError> {
    let file = File::open(path).map_err(io_error("open", path))?;
    read(&file, path, each).map(|_| ())
}

fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> LedgerError {
    move |source| LedgerError::Io {
        action,
        path: path.to_owned(),
        source,
    }
}

fn read(file: &File, path: &Path, mut each: impl FnMut(Erasure)) -> Result<Extent, LedgerError> {
    let mut reader = BufReader::with_capacity(64 * 1024, file);
    let mut extent = Extent::default();
    let mut bytes = Vec::new();
    for line in 1.. {
        bytes.clear();
        let read_bytes = reader
            .by_ref()
            .take(LINE_BYTES_MAX)
            .read_until(b'\n', &mut bytes)
            .map_err(io_error("read", path))? as u64;
        if read_bytes == 0 {
            break;
        }
        if extent.torn_bytes > 0 {
            // Lines are written one after the other, each when the one before is on disk: only the last can be torn.
            return Err(LedgerError::Damaged {
                path: path.to_owned(),
                line: line - 1,
            });
        }
        match parse(&bytes) {
            Parsed::Erasure(erasure) => {
                extent.whole_bytes += read_bytes;
                extent.lacks_line_end = bytes.last() != Some(&b'\n');
                each(erasure);
            }
            Parsed::OtherForm(form) => {
                return Err(LedgerError::UnknownForm {
                    path: path.to_owned(),
                    line,
                    form,
                });
            }
            Parsed::Nothing => extent.torn_bytes = read_bytes,
        }
    }
    Ok(extent)
}

enum Parsed {
    Erasure(Erasure),
    OtherForm(u64),
    /// Not what anybody wrote.
    Nothing,
}

fn parse(bytes: &[u8]) -> Parsed {
    parse_checked(bytes).unwrap_or(Parsed::Nothing)
}

fn parse_checked(bytes: &[u8]) -> Option<Parsed> {
    let text = std::str::from_utf8(bytes).ok()?;
    let line = text.strip_suffix('\n').unwrap_or(text);
    let (body, checksum) = line.rsplit_once(CHECKSUM_MEMBER)?;
    if checksum.strip_suffix("\"}")? != checksum_of(body) {
        return None;
    }
    let members: Value = serde_json::from_str(line).ok()?;
    let form = members.get("guichet_erasure")?.as_u64()?;
    if form != LINE_FORM {
        return Some(Parsed::OtherForm(form));
    }
    let subject = Uuid::try_parse(members.get("subject")?.as_str()?).ok()?;
    Some(Parsed::Erasure(Erasure {
        subject,
        line: format!("{line}\n"),
    }))
}

/// CRC-32C in lower-case hexadecimal.
fn checksum_of(body: &str) -> String {
    format!("{:08x}", crc32c::crc32c(body.as_bytes()))
}
