//! Making accounts, organizations and desks. One commit each; user names are unique by a stream of their own.

use domain::{
    AccountId, Event, NameEvent,
    account::{self, NewAccount},
    desk::{Desk, DeskEvent},
    organization::{Organization, OrganizationEvent},
    policy::Viewer,
};
use event_log::{AppendError, CommandId, Commit, Expected, StreamName, StreamWrite, Target, Version};
use uuid::Uuid;

use crate::{call::Call, directory::username_key, error::ExecuteError, start::Application};

/// What came of something that may be there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    /// It was made.
    Now,
    /// It was there before; nothing was written.
    Before,
}

impl Application {
    /// The server's own call, for what no person asks: first start, administration over the socket.
    #[must_use]
    pub fn system_call(&self, at: chrono::DateTime<chrono::Utc>, channel: event_log::Channel) -> Call {
        let nobody = Viewer {
            account: AccountId::SYSTEM,
            grants: std::collections::BTreeSet::new(),
            organizations: std::collections::BTreeSet::new(),
        };
        let id = Uuid::now_v7();
        Call {
            viewer: nobody,
            on_behalf_of: None,
            at,
            occurred_at: None,
            sent_at: None,
            channel,
            command_id: CommandId(id),
            command_digest: self.secret().digest(&[b"system", id.as_bytes()]),
            correlation_id: id,
            expected_version: None,
            sign_in: None,
        }
    }

    /// Makes an account, unless its user name is taken.
    ///
    /// # Errors
    /// See [`ExecuteError`].
    pub async fn create_account(&self, call: Call, new: NewAccount) -> Result<Made, ExecuteError> {
        let stream = StreamName::try_from(format!("account-{}", new.id)).map_err(ExecuteError::internal)?;
        let username = username_key(&new.username);
        let unique = self
            .secret()
            .digest(&[b"unique", b"username", username.as_bytes()]);
        let unique = StreamName::try_from(format!("unique-{}", hex::encode(unique)))
            .map_err(ExecuteError::internal)?;
        let reserved = Event::Name(NameEvent::Reserved { holder: new.id });
        let events = account::create(new).into_iter().map(Event::Account);
        let drafts = self.drafts(&call, events).await?;
        let writes = vec![
            StreamWrite {
                target: Target::Stream(unique),
                expected: Expected::Version(Version(0)),
                events: self.drafts(&call, std::iter::once(reserved)).await?,
            },
            StreamWrite {
                target: Target::Stream(stream),
                expected: Expected::Version(Version(0)),
                events: drafts,
            },
        ];
        self.make(&call, writes).await
    }

    /// Makes an organization, unless there is one of that id.
    ///
    /// # Errors
    /// See [`ExecuteError`].
    pub async fn create_organization(&self, call: Call, new: Organization) -> Result<Made, ExecuteError> {
        let stream =
            StreamName::try_from(format!("organization-{}", new.id)).map_err(ExecuteError::internal)?;
        let event = Event::Organization(OrganizationEvent::Created(new));
        self.make_one(&call, stream, event, Version(0)).await
    }

    /// Publishes a desk's definition, unless that version is published.
    ///
    /// # Errors
    /// [`ExecuteError::Stale`] when the version before it is not published; otherwise see [`ExecuteError`].
    pub async fn publish_desk(&self, call: Call, desk: &Desk) -> Result<Made, ExecuteError> {
        let definition = desk.definition().clone();
        let stream =
            StreamName::try_from(format!("desk-{}", definition.key)).map_err(ExecuteError::internal)?;
        let before = Version(u64::from(definition.version).saturating_sub(1));
        let event = Event::Desk(DeskEvent::Published {
            definition: Box::new(definition),
        });
        self.make_one(&call, stream, event, before).await
    }

    async fn make_one(
        &self,
        call: &Call,
        stream: StreamName,
        event: Event,
        before: Version,
    ) -> Result<Made, ExecuteError> {
        let events = self.drafts(call, std::iter::once(event)).await?;
        let write = StreamWrite {
            target: Target::Stream(stream),
            expected: Expected::Version(before),
            events,
        };
        self.make(call, vec![write]).await
    }

    async fn make(&self, call: &Call, writes: Vec<StreamWrite>) -> Result<Made, ExecuteError> {
        let commit = Commit {
            command_id: call.command_id,
            command_digest: call.command_digest,
            writes,
        };
        let made = match self.log().append(commit).await {
            Ok(_) => Made::Now,
            // A version that leaves a gap was not made before: it comes too early.
            Err(AppendError::Conflict { expected, actual, .. }) if actual > expected => Made::Before,
            Err(error) => return Err(error.into()),
        };
        self.directory().refresh(self.log(), self.vault())?;
        Ok(made)
    }
}
