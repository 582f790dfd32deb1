//! Why a keys file cannot be opened or read.

use std::io;
use std::path::PathBuf;

use rand::rngs::SysError;

use super::PERSONS_MAX;
use crate::ledger::LedgerError;

/// Why the keys file could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenKeysError {
    /// The file system refused.
    #[error("cannot {action} the keys file {}", path.display())]
    Io {
        /// What was being done.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// Another process (or another handle in this one) has it open for writing.
    #[error("the keys file {} is in use by another process", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// Somebody else may read or write the file.
    #[error("the keys file {} has mode {mode:04o} and is open to others; give it mode 0600", path.display())]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file is something else.
    #[error("{} is not a keys file", path.display())]
    NotAKeysFile {
        /// The file.
        path: PathBuf,
    },
    /// A later version of Guichet wrote the file.
    #[error("the keys file {} has version {version}, which this program does not know", path.display())]
    UnknownVersion {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: u32,
    },
    /// The header is not what was written.
    #[error("the header of the keys file {} is damaged", path.display())]
    HeaderDamaged {
        /// The file.
        path: PathBuf,
    },
    /// The keys were wrapped under another master key.
    #[error("the master key is not the one that the keys file {} was made with", path.display())]
    WrongMaster {
        /// The file.
        path: PathBuf,
    },
    /// The file holds more slots than [`PERSONS_MAX`].
    #[error("the keys file {} is larger than the {PERSONS_MAX} slots it may have", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The erasure ledger beside the file cannot be read. Whom it names is not known, so nobody is answered.
    #[error("the erasure ledger of the keys file {} cannot be used", path.display())]
    Ledger {
        /// The keys file.
        path: PathBuf,
        /// Why.
        #[source]
        source: LedgerError,
    },
    /// The erasure ledger names people who need a slot, and the file has none left.
    #[error("the keys file {} is full and cannot note every erasure of its ledger", path.display())]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes")]
    Random(#[source] SysError),
}

/// Why a key that the file holds could not be read. The slot was intact when the file was opened.
#[derive(Debug, thiserror::Error)]
pub enum ReadKeyError {
    /// The file system refused.
    #[error("slot {slot} of the keys file cannot be read")]
    Io {
        /// The number of the slot.
        slot: u32,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// The slot does not hold a key of this subject wrapped under this master key.
    #[error("slot {slot} of the keys file does not hold the subject's key")]
    Refused {
        /// The number of the slot.
        slot: u32,
    },
}
