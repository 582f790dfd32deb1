//! The application: a data directory opened, its parts put together, and closed.

mod checks;
mod floors;

use std::{path::Path, sync::Arc};

use chrono::{DateTime, Utc};
use event_log::{Channel, EventLog, LogState, Position};
use object_store::local::LocalFileSystem;
use sessions::Sessions;
use supervision::Supervisor;
use tokio::sync::Notify;
use vault::{DigestKey, MasterKey, Vault};
use views::{OpenError, Views};

use self::checks::{lacks_checkpoints, note_secret, promise, unread, warn_of_damaged_keys};
use crate::{
    identity::{Identity, guard::Guard},
    keeping::{
        Keeping,
        archive::{KEYS, SERVER_SECRET},
        clock, erasure,
        places::{self, directory},
        secret_check,
        settings::{Settings, StartError},
        survey,
    },
    kernel::{
        Kernel, call::Call, directory::Directory, error::ReadError, lag::Lags, places::Places, room::Reader,
    },
    people::People,
    proofs::{Proofs, tree::Tree},
    reactions::{self, follower::Reactions, sources::Sources},
    tickets::{Tickets, attachments::INCOMING},
};

/// The counter, open: its parts. A cheap handle.
#[derive(Clone)]
pub struct Application {
    pub(crate) kernel: Arc<Kernel>,
    /// Tickets, their files and the lists of them.
    pub tickets: Tickets,
    /// Who somebody is, and how they show it.
    pub identity: Identity,
    /// Accounts, organizations and desks.
    pub people: People,
    /// What auditors read.
    pub proofs: Proofs,
    /// What whoever runs the server asks for.
    pub keeping: Keeping,
}

/// What lies under the parts.
#[doc(hidden)]
pub struct Inside<'a> {
    /// The log.
    pub log: &'a EventLog,
    /// The views.
    pub views: &'a Views,
    /// Opens personal values as the views need them: for views of another log with the same events.
    pub opener: views::Open,
}

impl Application {
    /// Opens a data directory, or makes a new one. Blocks; call it where blocking is allowed.
    ///
    /// # Errors
    /// See [`StartError`].
    pub fn open(settings: &Settings) -> Result<Self, StartError> {
        let opened = Self::open_unchecked(settings)?;
        let kernel = &opened.kernel;
        clock::recall(kernel).map_err(StartError::Accounts)?;
        // A log that takes no writes may lack what tells of a newer key, and nothing is signed anew on it.
        let is_held = matches!(kernel.log.state(), LogState::ReadOnly { .. });
        if !settings.goes_on_without_secrets && !is_held {
            opened.proofs.refuse_other_key()?;
        }
        note_secret(settings, &kernel.secret)?;
        Ok(opened)
    }

    fn open_unchecked(settings: &Settings) -> Result<Self, StartError> {
        let data = settings.data.as_path();
        survey::refuse_half(settings)?;
        let places = Arc::new(places::of(settings)?);
        warn_of_what_is_open(settings);
        let (secret, vault) = open_keys(settings, &places.keys)?;
        // What the views have seen must be there, and what was signed (design §4.5).
        let log = floors::open_log(settings, &places)?;
        let promise = promise(&places, &log, &vault)?;
        erasure::obey(&log, &vault).map_err(|source| unread(settings, source))?;
        warn_of_damaged_keys(&places, &vault);
        let sessions = Sessions::open(&data.join("sessions.sqlite")).map_err(StartError::Sessions)?;
        let workers = Supervisor::default();
        let views = open_views(&places, &log, &vault, &workers);
        let files = Arc::new(open_files(data)?);
        let directory = Directory::default();
        let folded = directory.refresh(&log, &vault);
        folded.map_err(|source| unread(settings, source))?;
        let lacks_checkpoints = lacks_checkpoints(&places, &log, &vault, promise)?;
        let guard = Guard::open(&places.keys, &secret, &settings.sign_in)?;
        let posted = Arc::new(Notify::new());
        let sources = Sources {
            log: log.clone(),
            vault: vault.clone(),
            sessions: sessions.clone(),
            posted: Arc::clone(&posted),
        };
        let reactions =
            Reactions::open(sources, &workers, reactions::all()).map_err(StartError::Reactions)?;
        let tree = Tree::open(&data.join("tree"), log.clone(), promise, &workers);
        let tree = Arc::new(tree.map_err(StartError::Tree)?);
        let (views, lags) = (views?, Arc::new(Lags::default()));
        let kernel = Arc::new(Kernel::new(log, vault, secret, directory));
        let identity = Identity {
            kernel: Arc::clone(&kernel),
            sessions,
            guard: Arc::new(guard),
            posted,
            public_url: settings.public_url.trim_end_matches('/').into(),
        };
        let proofs = Proofs::new(Arc::clone(&kernel), tree, views.clone(), Arc::clone(&places));
        Ok(Application {
            kernel: Arc::clone(&kernel),
            tickets: Tickets {
                kernel: Arc::clone(&kernel),
                views: views.clone(),
                lags: Arc::clone(&lags),
                files: files.clone(),
                file_bytes_max: settings.file_bytes_max,
                rescue_desk: settings.rescue_desk.as_str().into(),
            },
            people: People::new(Arc::clone(&kernel), identity.clone()),
            keeping: Keeping {
                kernel,
                identity: identity.clone(),
                proofs: proofs.clone(),
                views,
                files,
                places,
                reactions: Arc::new(reactions),
                erasures: Arc::default(),
                workers,
                lags,
                lacks_checkpoints,
            },
            identity,
            proofs,
        })
    }

    /// Stops the views, the reactions and the tree, then the log, after what is enqueued. Blocks.
    pub fn close(&self) {
        let keeping = &self.keeping;
        keeping.reactions.close();
        keeping.views.clone().close();
        self.proofs.tree.close();
        self.kernel.log.clone().close();
    }

    /// Accounts, organizations and desks, as the log has them.
    #[must_use]
    pub fn directory(&self) -> &Directory {
        &self.kernel.directory
    }

    /// Runs a read of any part in the reading room when a place is free. A caller who leaves before that has asked nothing; a read
    /// that has begun is finished.
    ///
    /// # Errors
    /// Those of the question; [`ReadError::Internal`] when it panics.
    pub async fn read<T, E>(
        &self,
        question: impl FnOnce(&Reader<'_, Application>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<ReadError> + Send + 'static,
    {
        self.kernel.room.read(self.clone(), question).await
    }
}

impl Application {
    /// The server's own call, for what no person asks: first start, administration over the socket.
    #[must_use]
    pub fn system_call(&self, at: DateTime<Utc>, channel: Channel) -> Call {
        self.kernel.system_call(at, channel)
    }

    /// For tests and measurements: what is written through it bypasses every rule. Doors may not call it (clippy.toml).
    #[doc(hidden)]
    #[must_use]
    pub fn inside(&self) -> Inside<'_> {
        let kernel = &self.kernel;
        Inside {
            log: &kernel.log,
            views: &self.keeping.views,
            opener: opener(&kernel.vault),
        }
    }

    /// Where the log ends.
    #[must_use]
    pub fn head(&self) -> Position {
        self.kernel.log.head()
    }

    /// How many more reads could start now. When nobody reads, it is all of them.
    #[must_use]
    pub fn reading_places(&self) -> usize {
        self.kernel.room.places()
    }
}

impl Reader<'_, Application> {
    /// Tickets, for who may wait for the disk.
    #[must_use]
    pub fn tickets(&self) -> Reader<'_, Tickets> {
        self.of(|application| &application.tickets)
    }

    /// People, for who may wait for the disk.
    #[must_use]
    pub fn people(&self) -> Reader<'_, People> {
        self.of(|application| &application.people)
    }

    /// Proofs, for who may wait for the disk.
    #[must_use]
    pub fn proofs(&self) -> Reader<'_, Proofs> {
        self.of(|application| &application.proofs)
    }

    /// Keeping, for who may wait for the disk.
    #[must_use]
    pub fn keeping(&self) -> Reader<'_, Keeping> {
        self.of(|application| &application.keeping)
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
            StartError::in_use(settings)
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
