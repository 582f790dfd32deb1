//! Commands on what is no ticket: accounts, organizations, desks. Decided on the directory, which holds only what is on
//! disk; the log refuses what rests on an older version, and it is decided anew.

use domain::{
    Event,
    account::Account,
    account::AccountEvent,
    organization::{Organization, OrganizationEvent},
};
use event_log::{AppendError, Appended, Commit, Expected, StreamName, StreamWrite, Target, Version};
use uuid::Uuid;

use crate::{accounts::Made, call::Call, error::ExecuteError, execute::ATTEMPTS_MAX, start::Application};

/// Events for one stream, decided on a version of it.
#[derive(Debug, Clone)]
pub(crate) struct Write {
    pub(crate) stream: String,
    pub(crate) version: u64,
    pub(crate) events: Vec<Event>,
}

impl Write {
    /// Events of an account; nothing when there are none.
    pub(crate) fn to_account(account: &Account, events: Vec<AccountEvent>) -> Vec<Write> {
        let stream = format!("account-{}", account.id);
        Write::some(stream, account.version, events.into_iter().map(Event::Account))
    }

    /// Events of an organization; nothing when there are none.
    pub(crate) fn to_organization(organization: &Organization, events: Vec<OrganizationEvent>) -> Vec<Write> {
        let stream = format!("organization-{}", organization.id);
        Write::some(
            stream,
            organization.version,
            events.into_iter().map(Event::Organization),
        )
    }

    fn some(stream: String, version: u64, events: impl Iterator<Item = Event>) -> Vec<Write> {
        let events: Vec<Event> = events.collect();
        if events.is_empty() {
            return Vec::new();
        }
        vec![Write {
            stream,
            version,
            events,
        }]
    }
}

/// What came of a command.
#[derive(Debug)]
pub(crate) enum Committed {
    /// Its events are on disk.
    Now(Appended),
    /// They were before: the same command was carried out.
    Before(Appended),
    /// There was nothing to change.
    Nothing,
}

impl Committed {
    /// Whether a command that makes something made it.
    pub(crate) fn made(&self) -> Made {
        match self {
            Committed::Now(_) | Committed::Before(_) => Made::Now,
            Committed::Nothing => Made::Before,
        }
    }

    /// The id of the stream of this kind that it wrote to.
    pub(crate) fn id_in(&self, prefix: &str) -> Option<Uuid> {
        let appended = match self {
            Committed::Now(appended) | Committed::Before(appended) => appended,
            Committed::Nothing => return None,
        };
        let name = |event: &event_log::Recorded| {
            let id = event.envelope.stream.as_str().strip_prefix(prefix)?;
            Uuid::parse_str(id).ok()
        };
        appended.events.iter().find_map(name)
    }
}

impl Application {
    /// Decides and appends, up to [`ATTEMPTS_MAX`] times when somebody else wrote in between. The directory knows the outcome
    /// when this answers.
    ///
    /// # Errors
    /// What the decision refuses with; otherwise see [`ExecuteError`].
    pub(crate) async fn commit(
        &self,
        call: &Call,
        decide: impl Fn(&Application) -> Result<Vec<Write>, ExecuteError>,
    ) -> Result<Committed, ExecuteError> {
        call.is_for_oneself()?;
        // One at a time on this node: who changes people waits for the disk, and few do.
        let _turn = self.people_turn().lock().await;
        for _ in 0..ATTEMPTS_MAX {
            if let Some(appended) = self.written_before(call)? {
                return Ok(Committed::Before(appended));
            }
            let writes = decide(self)?;
            if writes.is_empty() {
                return Ok(Committed::Nothing);
            }
            self.keeps_an_administrator(&writes, call.at)?;
            let appended = self.append(call, writes).await;
            self.directory().refresh(self.log(), self.vault())?;
            match appended {
                Ok(appended) if appended.repeated => return Ok(Committed::Before(appended)),
                Ok(appended) => return Ok(Committed::Now(appended)),
                Err(AppendFailure::Log(AppendError::Conflict { .. })) => {}
                Err(AppendFailure::Log(error)) => return Err(error.into()),
                Err(AppendFailure::Ours(error)) => return Err(error),
            }
        }
        Err(ExecuteError::Unavailable {
            reason: "too much happens to this account or organization at once".to_owned(),
        })
    }

    /// What this very command wrote before, if it did.
    ///
    /// # Errors
    /// [`ExecuteError::KeyReused`] when another was given under the same key.
    pub(crate) fn written_before(&self, call: &Call) -> Result<Option<Appended>, ExecuteError> {
        let written = self.log().command(call.command_id);
        match written.map_err(ExecuteError::internal)? {
            None => Ok(None),
            Some((digest, appended)) if digest == call.command_digest => Ok(Some(appended)),
            Some(_) => Err(ExecuteError::KeyReused),
        }
    }

    async fn append(&self, call: &Call, writes: Vec<Write>) -> Result<Appended, AppendFailure> {
        let mut drafted = Vec::new();
        for write in writes {
            let stream = StreamName::try_from(write.stream);
            let stream = stream.map_err(|error| AppendFailure::Ours(ExecuteError::internal(error)))?;
            let events = self.drafts(call, write.events.into_iter()).await;
            drafted.push(StreamWrite {
                target: Target::Stream(stream),
                expected: Expected::Version(Version(write.version)),
                events: events.map_err(AppendFailure::Ours)?,
            });
        }
        let commit = Commit {
            command_id: call.command_id,
            command_digest: call.command_digest,
            writes: drafted,
        };
        self.log().append(commit).await.map_err(AppendFailure::Log)
    }
}

enum AppendFailure {
    Log(AppendError),
    Ours(ExecuteError),
}
