//! Opening a data directory, and closing it.

mod checks;
mod floors;
mod settings;

use std::{path::Path, sync::Arc, time::Duration};

use credentials::{challenge::Challenges, passwords::Passwords, tokens::Tokens};
use domain::AccountId;
use event_log::{EventLog, LogState, Position};
use moka::sync::Cache;
use object_store::local::LocalFileSystem;
use parking_lot::RwLock;
use sessions::Sessions;
use supervision::Supervisor;
use tokio::sync::{Notify, Semaphore};
use uuid::Uuid;
use vault::{DigestKey, MasterKey, Vault};
use views::{OpenError, Views};

use self::checks::{lacks_checkpoints, note_secret, promise, unread, warn_of_damaged_keys};
pub(crate) use self::floors::note_log_of_views;
pub use self::settings::{AUDIT_NAME, PUBLIC_URL, RESCUE_DESK, Settings, StartError};
use crate::{
    archive::{KEYS, SERVER_SECRET},
    attachments::{Files, INCOMING},
    avatars::Decoding,
    clock::Clock,
    command::Lanes,
    directory::Directory,
    erasure::{self, Erasures},
    places::{Places, directory},
    proof::{Signer, Tree, TreeState},
    reactions::{Reactions, Sources},
    readiness::Lags,
    room::Room,
    secret_check,
    sign_in::{Guard, SignInRules},
    survey,
    tickets::Tickets,
};

/// How long a sign-in's last write is remembered, s: longer than any view is behind.
const OWN_WRITE_REMEMBERED_S: u64 = 60;
/// How many sign-ins' last writes are remembered.
const OWN_WRITES_MAX: u64 = 100_000;
/// How many readers of the feed are remembered to have left their trace of this hour.
const FEED_TRACES_MAX: u64 = 10_000;

/// The counter, open. A cheap handle.
#[derive(Clone)]
pub struct Application {
    inner: Arc<Inner>,
}

struct Inner {
    log: EventLog,
    vault: Vault,
    secret: DigestKey,
    sessions: Sessions,
    views: Views,
    files: Files,
    file_bytes_max: u64,
    directory: Directory,
    tickets: Tickets,
    room: Room,
    lanes: Lanes,
    guard: Guard,
    /// Something was put into the queue of mails.
    posted: Arc<Notify>,
    reactions: Reactions,
    public_url: String,
    rescue_desk: String,
    own_writes: Cache<Uuid, u64>,
    tree: Arc<Tree>,
    signer: RwLock<Option<Signer>>,
    erasures: Erasures,
    decoding: Decoding,
    feed_traces: Cache<AccountId, i64>,
    places: Places,
    workers: Supervisor,
    lags: Lags,
    clock: Clock,
    lacks_checkpoints: bool,
}

impl Application {
    /// Opens a data directory, or makes a new one. Blocks; call it where blocking is allowed.
    ///
    /// # Errors
    /// See [`StartError`].
    pub fn open(settings: &Settings) -> Result<Self, StartError> {
        let opened = Self::open_unchecked(settings)?;
        opened.recall_clock().map_err(StartError::Accounts)?;
        // A log that takes no writes may lack what tells of a newer key, and nothing is signed anew on it.
        let is_held = matches!(opened.log_state(), LogState::ReadOnly { .. });
        if !settings.goes_on_without_secrets && !is_held {
            opened.refuse_other_key()?;
        }
        note_secret(settings, opened.secret())?;
        Ok(opened)
    }

    fn open_unchecked(settings: &Settings) -> Result<Self, StartError> {
        let data = settings.data.as_path();
        survey::refuse_half(settings)?;
        let places = Places::of(settings)?;
        warn_of_what_is_open(settings);
        let keys = places.keys.as_path();
        let (secret, vault) = open_keys(settings, keys)?;
        // What the views have seen must be there, and what was signed (design §4.5).
        let log = floors::open_log(settings, &places)?;
        let promise = promise(&places, &log, &vault)?;
        erasure::obey(&log, &vault).map_err(|source| unread(settings, source))?;
        warn_of_damaged_keys(&places, &vault);
        let sessions = Sessions::open(&data.join("sessions.sqlite")).map_err(StartError::Sessions)?;
        let workers = Supervisor::default();
        let views = open_views(&places, &log, &vault, &workers);
        let files = open_files(data)?;
        let accounts = Directory::default();
        accounts
            .refresh(&log, &vault)
            .map_err(|source| unread(settings, source))?;
        let lacks_checkpoints = lacks_checkpoints(&places, &log, &vault, promise)?;
        let guard = Guard::open(keys, &secret, &settings.sign_in)?;
        let posted = Arc::new(Notify::new());
        let sources = Sources {
            log: log.clone(),
            vault: vault.clone(),
            sessions: sessions.clone(),
            posted: Arc::clone(&posted),
        };
        let reactions = Reactions::open(sources, &workers).map_err(StartError::Reactions)?;
        let tree = Tree::open(&data.join("tree"), log.clone(), promise, &workers);
        Ok(Self {
            inner: Arc::new(Inner {
                tickets: Tickets::new(log.clone(), vault.clone()),
                room: Room::default(),
                views: views?,
                tree: Arc::new(tree.map_err(StartError::Tree)?),
                log,
                vault,
                secret,
                sessions,
                files: Arc::new(files),
                file_bytes_max: settings.file_bytes_max,
                directory: accounts,
                lanes: Lanes::default(),
                guard,
                posted,
                reactions,
                public_url: settings.public_url.trim_end_matches('/').to_owned(),
                rescue_desk: settings.rescue_desk.clone(),
                own_writes: Cache::builder()
                    .max_capacity(OWN_WRITES_MAX)
                    .time_to_live(Duration::from_secs(OWN_WRITE_REMEMBERED_S))
                    .build(),
                signer: RwLock::new(None),
                erasures: Erasures::default(),
                decoding: Decoding::default(),
                feed_traces: Cache::new(FEED_TRACES_MAX),
                places,
                workers,
                lags: Lags::default(),
                clock: Clock::default(),
                lacks_checkpoints,
            }),
        })
    }

    /// Stops the views, the reactions and the tree, then the log, after what is enqueued. Blocks.
    pub fn close(&self) {
        self.inner.reactions.close();
        self.inner.views.clone().close();
        self.inner.tree.close();
        self.inner.log.clone().close();
    }

    /// Whether commands are taken.
    #[must_use]
    pub fn log_state(&self) -> LogState {
        self.inner.log.state()
    }

    /// The log.
    #[must_use]
    pub fn log(&self) -> &EventLog {
        &self.inner.log
    }

    /// Accounts, organizations and desks.
    #[must_use]
    pub fn directory(&self) -> &Directory {
        &self.inner.directory
    }

    /// What lives as long as the process, and how it fares.
    #[must_use]
    pub fn workers(&self) -> &Supervisor {
        &self.inner.workers
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    /// At the start none of the checkpoints was there that this log must have been signed with.
    pub(crate) fn lacks_checkpoints(&self) -> bool {
        self.inner.lacks_checkpoints
    }

    pub(crate) fn lags(&self) -> &Lags {
        &self.inner.lags
    }

    pub(crate) fn reactions(&self) -> &Reactions {
        &self.inner.reactions
    }

    /// The last position of which all that follows is carried out: mails are posted.
    #[must_use]
    pub fn reacted_through(&self) -> Position {
        self.inner.reactions.position()
    }

    /// The views.
    #[must_use]
    pub fn views(&self) -> &Views {
        &self.inner.views
    }

    /// Opens personal values as the views need them: for views of another log with the same events.
    #[must_use]
    pub fn opener(&self) -> views::Open {
        opener(&self.inner.vault)
    }

    /// The signing of tokens.
    #[must_use]
    pub fn tokens(&self) -> &Tokens {
        &self.inner.guard.tokens
    }

    /// The server's secret for keyed digests.
    #[must_use]
    pub fn secret(&self) -> &DigestKey {
        &self.inner.secret
    }

    /// Largest attachment, bytes.
    #[must_use]
    pub fn file_bytes_max(&self) -> u64 {
        self.inner.file_bytes_max
    }

    pub(crate) fn tree(&self) -> &Arc<Tree> {
        &self.inner.tree
    }

    /// How the tree over the log stands, and how many events are in it.
    #[must_use]
    pub fn tree_state(&self) -> (TreeState, u64) {
        (self.inner.tree.state(), self.inner.tree.size())
    }

    /// How many events the last signed checkpoint covers.
    #[must_use]
    pub fn signed_size(&self) -> u64 {
        let last = self.signer().and_then(|signer| signer.last());
        last.map_or(0, |last| last.size)
    }

    pub(crate) fn signer(&self) -> Option<Signer> {
        self.inner.signer.read().clone()
    }

    pub(crate) fn set_signer(&self, signer: Signer) {
        *self.inner.signer.write() = Some(signer);
    }

    pub(crate) fn erasures(&self) -> &Erasures {
        &self.inner.erasures
    }

    pub(crate) fn decoding(&self) -> &Decoding {
        &self.inner.decoding
    }

    pub(crate) fn feed_traces(&self) -> &Cache<AccountId, i64> {
        &self.inner.feed_traces
    }

    pub(crate) fn keys_dir(&self) -> &Path {
        &self.inner.places.keys
    }

    pub(crate) fn data_dir(&self) -> &Path {
        &self.inner.places.data
    }

    pub(crate) fn views_dir(&self) -> &Path {
        &self.inner.places.views
    }

    pub(crate) fn checkpoints_dir(&self) -> &Path {
        &self.inner.places.checkpoints
    }

    pub(crate) fn checkpoints_elsewhere(&self) -> Option<Files> {
        self.inner.places.checkpoints_elsewhere.clone()
    }

    pub(crate) fn archive_store(&self) -> Option<Files> {
        self.inner.places.archive.clone()
    }

    pub(crate) fn audit_name(&self) -> &str {
        &self.inner.places.audit_name
    }

    pub(crate) fn vault(&self) -> &Vault {
        &self.inner.vault
    }

    pub(crate) fn sessions(&self) -> &Sessions {
        &self.inner.sessions
    }

    pub(crate) fn files(&self) -> &Files {
        &self.inner.files
    }

    pub(crate) fn tickets(&self) -> &Tickets {
        &self.inner.tickets
    }

    pub(crate) fn room(&self) -> &Room {
        &self.inner.room
    }

    pub(crate) fn lanes(&self) -> &Lanes {
        &self.inner.lanes
    }

    /// How signing in is guarded.
    #[must_use]
    pub fn sign_in_rules(&self) -> &SignInRules {
        &self.inner.guard.rules
    }

    pub(crate) fn passwords(&self) -> &Arc<Passwords> {
        &self.inner.guard.passwords
    }

    pub(crate) fn challenges(&self) -> &Challenges {
        &self.inner.guard.challenges
    }

    pub(crate) fn posted(&self) -> &Arc<Notify> {
        &self.inner.posted
    }

    pub(crate) fn public_url(&self) -> &str {
        &self.inner.public_url
    }

    pub(crate) fn rescue_desk(&self) -> &str {
        &self.inner.rescue_desk
    }

    pub(crate) fn guard(&self) -> &Guard {
        &self.inner.guard
    }

    pub(crate) fn password_checks(&self) -> &Arc<Semaphore> {
        &self.inner.guard.password_checks
    }

    pub(crate) fn note_write(&self, sign_in: Uuid, position: u64) {
        // Answers come in another order than writes, and a repeated command is answered with an old position.
        self.inner
            .own_writes
            .entry(sign_in)
            .and_upsert_with(|known| known.map_or(position, |known| known.into_value().max(position)));
    }

    pub(crate) fn last_write(&self, sign_in: Uuid) -> Option<Position> {
        self.inner.own_writes.get(&sign_in).map(Position)
    }
}

/// The server's secret and the keys of persons; what is not there is made.
fn open_keys(settings: &Settings, keys: &Path) -> Result<(DigestKey, Vault), StartError> {
    let master_file = survey::master_key_file(settings);
    let (master, created) = MasterKey::load_or_create(&master_file).map_err(StartError::Secret)?;
    if settings.master_key.is_none() {
        tracing::warn!(?created, path = %master_file.display(), "the master key lies in the data directory; in production name another place");
    }
    let path = keys.join(SERVER_SECRET);
    let (secret, _) = DigestKey::load_or_create(&path).map_err(StartError::Secret)?;
    let check = secret_check::file(&settings.data);
    let unreadable = |source| StartError::Unreadable {
        path: check.clone(),
        source,
    };
    let fits = secret_check::fits(&settings.data, &secret).map_err(unreadable)?;
    if fits == Some(false) && !settings.goes_on_without_secrets {
        return Err(StartError::OtherSecret { secret: path, check });
    }
    let persons = keys.join(KEYS);
    let vault = Vault::open(&persons, master).map_err(|error| {
        if matches!(error, vault::OpenKeysError::InUse { .. }) {
            in_use(settings)
        } else if matches!(error, vault::OpenKeysError::WrongMaster { .. }) {
            StartError::OtherMasterKey {
                master: master_file,
                keys: persons.clone(),
            }
        } else {
            StartError::Keys(error)
        }
    })?;
    Ok((secret, vault))
}

fn in_use(settings: &Settings) -> StartError {
    StartError::InUse {
        data: settings.data.clone(),
    }
}

/// What the server makes is for its owner only; what was made before, or by somebody else, may not be.
fn warn_of_what_is_open(settings: &Settings) {
    let open = survey::open_to_others(settings);
    if let Some(first) = open.first() {
        tracing::warn!(
            path = %first.display(),
            count = open.len(),
            "others than the owner may read here: `chmod -R go= {}`",
            first.display()
        );
    }
}

/// Takes away uploads that a kill cut off: the store keeps them as `<name>#<number>` and does not list them. Nobody else
/// is at work here, because the log's lock is held. Best effort: what stays takes room and does no harm.
fn clear_cut_off(incoming: &Path) {
    let found = std::fs::read_dir(incoming).into_iter().flatten().flatten();
    for file in found.filter(|file| file.file_name().to_string_lossy().contains('#')) {
        if let Err(error) = std::fs::remove_file(file.path()) {
            tracing::warn!(%error, path = %file.path().display(), "an upload that was cut off stays");
        }
    }
}

fn open_files(data: &Path) -> Result<LocalFileSystem, StartError> {
    let files = directory(&data.join("files"))?;
    clear_cut_off(&directory(&files.join(INCOMING))?);
    let files = LocalFileSystem::new_with_prefix(files);
    Ok(files.map_err(StartError::Files)?.with_fsync(true))
}

fn open_views(
    places: &Places,
    log: &EventLog,
    vault: &Vault,
    workers: &Supervisor,
) -> Result<Views, StartError> {
    let options = views::Options {
        supervisor: workers.clone(),
        ..views::Options::default()
    };
    Views::open(&places.views, log.clone(), opener(vault), options).map_err(StartError::Views)
}

/// Puts personal values back for the views, each with its commitment.
fn opener(vault: &Vault) -> views::Open {
    let opener = vault.opener_committed();
    Arc::new(move |id, value| opener(id, value).map_err(|error| OpenError(Box::new(error))))
}
