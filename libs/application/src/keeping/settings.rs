//! Where things lie and what is allowed.

use std::path::PathBuf;

use crate::{
    identity::{guard::GuardError, rules::SignInRules},
    proofs::epoch::OtherKey,
    tickets::attachments::FILE_BYTES_MAX,
};

/// What the names of logs begin with unless the configuration says otherwise.
pub const AUDIT_NAME: &str = "guichet.local";

/// Where links in mails lead unless the configuration says otherwise.
pub const PUBLIC_URL: &str = "http://127.0.0.1:8080";
/// The desk that rescue forms go to unless the configuration says otherwise.
pub const RESCUE_DESK: &str = "SUP";

/// Where things lie and how much they may take.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The data directory; made when it is not there.
    pub data: PathBuf,
    /// The master key's file; `keys/master.key` in the data directory when absent, which is for trying out only.
    pub master_key: Option<PathBuf>,
    /// Largest attachment, bytes.
    pub file_bytes_max: u64,
    /// What the names of new logs begin with in their checkpoints, such as the name of the host that serves them.
    pub audit_name: String,
    /// A directory of another machine, or at least of another disk, that every checkpoint is copied to.
    pub checkpoints_to: Option<PathBuf>,
    /// A directory of another machine, or at least of another disk, that sealed segments of the log are written to.
    pub archive: Option<PathBuf>,
    /// How signing in is guarded.
    pub sign_in: SignInRules,
    /// Where links in mails lead: the frontend's address, without a slash at its end.
    pub public_url: String,
    /// The desk that rescue forms go to.
    pub rescue_desk: String,
    /// Make the server's secret and the key that signs checkpoints again when they are lost: for whoever accepts a loss.
    pub goes_on_without_secrets: bool,
}

impl Settings {
    /// The defaults for a data directory.
    #[must_use]
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self {
            data: data.into(),
            master_key: None,
            file_bytes_max: FILE_BYTES_MAX,
            audit_name: AUDIT_NAME.to_owned(),
            checkpoints_to: None,
            archive: None,
            sign_in: SignInRules::default(),
            public_url: PUBLIC_URL.to_owned(),
            rescue_desk: RESCUE_DESK.to_owned(),
            goes_on_without_secrets: false,
        }
    }
}

/// Why a data directory could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A directory could not be made.
    #[error("the directory {path} cannot be made")]
    Directory {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file or directory could not be looked at.
    #[error("{path} cannot be read")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another process serves or administers the directory.
    #[error("another guichet is at work on {data}")]
    InUse {
        /// The data directory.
        data: PathBuf,
    },
    /// There are traces of a log, and no log.
    #[error(
        "there was a log in {log} ({trace} shows it), and it is not there: put it back, or restore it with `guichet admin restore`; \
         a new log begins in an empty directory"
    )]
    LogMissing {
        /// Where the log should be.
        log: PathBuf,
        /// What shows that there was one.
        trace: PathBuf,
    },
    /// A restore has begun and not ended.
    #[error("{path} was left by a restore that did not end: run `guichet admin restore` again")]
    RestoreBrokenOff {
        /// The half of a log.
        path: PathBuf,
    },
    /// A log has events, and keys that belong to it are lost.
    #[error(
        "the log in {log} has events, and {path}, which belongs to it, is missing: put it back, or restore it with `guichet admin restore-keys`"
    )]
    KeysMissing {
        /// The log.
        log: PathBuf,
        /// What is missing.
        path: PathBuf,
    },
    /// Others may read or write keys and secrets.
    #[error(
        "others than their owner may read or write what must be secret: {}. If nobody has, `chmod 600` each",
        files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(", ")
    )]
    OpenToOthers {
        /// Every such file.
        files: Vec<PathBuf>,
    },
    /// The server's secret is not the one that the directory lives with.
    #[error(
        "the secret in {secret} is not the one that this directory lives with, as {check} shows: put the right one back, which every \
         backup of keys has (`guichet admin restore-keys`). When it is lost, move this one away and run `guichet admin accept-loss`"
    )]
    OtherSecret {
        /// The secret.
        secret: PathBuf,
        /// What tells.
        check: PathBuf,
    },
    /// The key that is to sign checkpoints is not one that the log knows.
    #[error(
        "the key in {key} is not the one that signs for this log, which knows {known}: put the right one back, which every backup of \
         keys has (`guichet admin restore-keys`). When it is lost, move this one away and run `guichet admin accept-loss`"
    )]
    OtherCheckpointKey {
        /// The key.
        key: PathBuf,
        /// The verifier key that the log knows.
        known: String,
    },
    /// The keys of persons are not those of the log.
    #[error(
        "the keys in {keys} are not those of the log in {log}, or not all of them: put the right ones back, or move {keys} away and \
         restore them with `guichet admin restore-keys`"
    )]
    OtherKeys {
        /// The keys of persons.
        keys: PathBuf,
        /// The log.
        log: PathBuf,
        /// Whose value cannot be opened.
        #[source]
        source: crate::kernel::error::ReadError,
    },
    /// What was signed cannot be read.
    #[error(
        "the checkpoints that were signed cannot be read, so nobody knows what this server has promised: put them back from a backup \
         of data, or move the file away, and nothing holds it to what it promised before"
    )]
    Checkpoints(#[source] crate::proofs::checkpoints::CheckpointsError),
    /// There are keys of persons, and the key that they are wrapped by is not where it is sought.
    #[error(
        "there is no master key at {master}, and the keys in {keys} are wrapped by one: name its file with --master-key"
    )]
    MasterKeyMissing {
        /// Where it was sought.
        master: PathBuf,
        /// The keys of persons.
        keys: PathBuf,
    },
    /// The keys of persons are wrapped by another master key.
    #[error(
        "the key in {master} is not the master key that the keys in {keys} are wrapped by: name the right file with --master-key"
    )]
    OtherMasterKey {
        /// The master key that was tried.
        master: PathBuf,
        /// The keys of persons.
        keys: PathBuf,
    },
    /// A secret could not be read or made.
    #[error("a secret of the server cannot be read or made")]
    Secret(#[source] vault::SecretFileError),
    /// The keys file.
    #[error("the keys of persons cannot be opened")]
    Keys(#[source] vault::OpenKeysError),
    /// The log.
    #[error("the log cannot be opened")]
    Log(#[source] event_log::OpenError),
    /// The sessions.
    #[error("the sessions cannot be opened")]
    Sessions(#[source] sessions::OpenError),
    /// What follows from events cannot be carried out from here on.
    #[error("how far the log was followed cannot be read or kept in the sessions")]
    Reactions(#[source] crate::kernel::error::ReadError),
    /// The views.
    #[error("the views cannot be opened")]
    Views(#[source] views::OpenViewsError),
    /// The attachment store.
    #[error("the attachment store cannot be opened")]
    Files(#[source] object_store::Error),
    /// The keys that sign access tokens.
    #[error("the keys of access tokens cannot be opened")]
    Tokens(#[source] credentials::tokens::KeyFileError),
    /// The cost of password hashes.
    #[error("passwords cannot be hashed at this cost")]
    Passwords(#[source] credentials::passwords::PasswordsError),
    /// The Merkle tree over the log.
    #[error("the tree over the log cannot be opened")]
    Tree(#[source] std::io::Error),
    /// An erasure that the log tells of could not be obeyed, or accounts or desks not be read from the log.
    #[error("accounts and desks cannot be read from the log")]
    Accounts(#[source] crate::kernel::error::ReadError),
}

impl From<OtherKey> for StartError {
    fn from(error: OtherKey) -> StartError {
        match error {
            OtherKey::Unknown { key, known } => StartError::OtherCheckpointKey { key, known },
            OtherKey::Log(source) => StartError::Accounts(source),
            OtherKey::Unreadable(path, source) => StartError::Unreadable { path, source },
            OtherKey::Secret(source) => StartError::Secret(source),
        }
    }
}

impl From<GuardError> for StartError {
    fn from(error: GuardError) -> StartError {
        match error {
            GuardError::Tokens(source) => StartError::Tokens(source),
            GuardError::Passwords(source) => StartError::Passwords(source),
        }
    }
}

impl StartError {
    /// Somebody else is at work there.
    pub(crate) fn in_use(settings: &Settings) -> StartError {
        StartError::InUse {
            data: settings.data.clone(),
        }
    }

    /// Whether something is lost, or is not what it was, that somebody may decide to go on without.
    pub(crate) fn is_a_loss(&self) -> bool {
        match self {
            StartError::KeysMissing { .. }
            | StartError::OtherSecret { .. }
            | StartError::OtherCheckpointKey { .. }
            | StartError::Checkpoints(_)
            | StartError::Log(
                event_log::OpenError::Database { .. }
                | event_log::OpenError::Read(_)
                | event_log::OpenError::Blobs { .. },
            ) => true,
            StartError::Log(
                event_log::OpenError::Io { .. }
                | event_log::OpenError::Locked { .. }
                | event_log::OpenError::DiskFull { .. }
                | event_log::OpenError::Closed
                | event_log::OpenError::Unfinished { .. },
            )
            | StartError::Directory { .. }
            | StartError::Unreadable { .. }
            | StartError::InUse { .. }
            | StartError::LogMissing { .. }
            | StartError::RestoreBrokenOff { .. }
            | StartError::MasterKeyMissing { .. }
            | StartError::OtherMasterKey { .. }
            | StartError::OtherKeys { .. }
            | StartError::OpenToOthers { .. }
            | StartError::Secret(_)
            | StartError::Keys(_)
            | StartError::Sessions(_)
            | StartError::Reactions(_)
            | StartError::Views(_)
            | StartError::Files(_)
            | StartError::Tokens(_)
            | StartError::Passwords(_)
            | StartError::Tree(_)
            | StartError::Accounts(_) => false,
        }
    }
}
