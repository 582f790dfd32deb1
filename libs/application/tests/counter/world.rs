//! A small world: two municipalities, an agent, an auditor, an administrator.

use std::{collections::BTreeSet, path::Path};

use application::{
    Application, Call, ExecuteError, Settings,
    identity::rules::SignInRules,
    kernel::writes::Made,
    tickets::{act::Done, open::NewTicket},
};

use event_log::{Channel, Position, Version};

use chrono::{DateTime, TimeDelta, Utc};
use credentials::passwords::HashingCost;
use domain::{
    AccountId, CommentId, Language, OrganizationId, PersonId, TicketKey,
    account::{AccountKind, change::NewAccount},
    organization::OrganizationCreated,
    policy::{Grant, Role, Viewer},
    ticket::{Action, Text, Visibility},
};
use serde_json::Map;
use tempfile::TempDir;
use uuid::Uuid;

use crate::asking::Asking;

/// Largest file in this world, bytes.
pub(crate) const FILE_BYTES_MAX: u64 = 200_000;
/// A hash that no password fits, so that no test but those of signing in pays for Argon2.
pub(crate) const NO_PASSWORD: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$bm8tcGFzc3dvcmQtZml0cy10aGlzLS0tLS0tLS0tLS0";

pub(crate) struct World {
    pub(crate) dir: TempDir,
    pub(crate) application: Application,
}

pub(crate) fn at() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_500)
}

pub(crate) fn settings(dir: &TempDir) -> Settings {
    settings_in(dir.path())
}

pub(crate) fn settings_in(data: &Path) -> Settings {
    Settings {
        file_bytes_max: FILE_BYTES_MAX,
        sign_in: SignInRules {
            // What a hash costs is not what these tests are about.
            hashing: HashingCost {
                memory_kib: 8,
                iterations: 1,
                parallelism: 1,
            },
            self_sign_up: true,
            ..SignInRules::default()
        },
        ..Settings::new(data)
    }
}

pub(crate) fn new_account(username: &str, role: Role, organization: Option<&str>, hash: &str) -> NewAccount {
    NewAccount {
        id: AccountId(Uuid::now_v7()),
        kind: AccountKind::Person,
        username: username.to_owned(),
        name: format!("Name of {username}"),
        language: Language::Fr,
        address: Some(format!("{}@example.org", username.trim().to_lowercase())),
        address_confirmed: false,
        password_hash: Some(hash.to_owned()),
        grants: BTreeSet::from([Grant {
            role,
            desk: None,
            organization: None,
        }]),
        organizations: organization.map(|id| id.parse().unwrap()).into_iter().collect(),
    }
}

impl World {
    /// Desks and people, as they are after the first start.
    pub(crate) async fn new() -> World {
        let dir = TempDir::new().unwrap();
        let application = Application::open(&settings(&dir)).unwrap();
        let world = World { dir, application };
        world
            .application
            .people
            .publish_shipped_desks(at())
            .await
            .unwrap();
        for id in ["commune-a", "commune-b"] {
            let id: OrganizationId = id.parse().unwrap();
            let new = OrganizationCreated {
                name: id.to_string(),
                id,
                siren: None,
                parent: None,
            };
            let call = world.application.system_call(at(), Channel::Admin);
            assert_eq!(
                world
                    .application
                    .people
                    .make_organization(&call, new)
                    .await
                    .unwrap(),
                Made::Now
            );
        }
        for (username, role, organization) in [
            ("ann", Role::Requester, Some("commune-a")),
            ("bob", Role::Requester, Some("commune-b")),
            ("agent", Role::Agent, None),
            ("rival", Role::Agent, None),
            ("auditor", Role::Auditor, None),
            ("admin", Role::Admin, None),
        ] {
            world
                .account(new_account(username, role, organization, NO_PASSWORD))
                .await;
        }
        world
    }

    pub(crate) async fn account(&self, new: NewAccount) {
        let call = self.application.system_call(at(), Channel::Admin);
        assert_eq!(
            self.application
                .people
                .make_account(&call, new, None)
                .await
                .unwrap(),
            Made::Now
        );
    }

    /// Stops and starts again on the same directory.
    pub(crate) fn restarted(self) -> World {
        self.restarted_after(|_| ())
    }

    /// Restarted once something was done to its files.
    pub(crate) fn restarted_after(self, done: impl FnOnce(&Path)) -> World {
        let World { dir, application } = self;
        application.close();
        drop(application);
        done(dir.path());
        let application = Application::open(&settings(&dir)).unwrap();
        World { dir, application }
    }

    pub(crate) fn id_of(&self, username: &str) -> AccountId {
        let directory = self.application.directory();
        directory.account_by_username(username).unwrap().id
    }

    pub(crate) fn viewer(&self, username: &str) -> Viewer {
        let directory = self.application.directory();
        let account = directory.account_by_username(username).unwrap();
        Viewer::clone(&directory.viewer(account.id).unwrap())
    }

    pub(crate) fn head(&self) -> Position {
        self.application.inside().log.head()
    }

    /// A call without an idempotency key.
    pub(crate) fn call(&self, username: &str) -> Call {
        let id = Uuid::now_v7();
        Call {
            viewer: self.viewer(username),
            on_behalf_of: None,
            at: at(),
            occurred_at: None,
            sent_at: None,
            channel: Channel::Rest,
            command_id: event_log::CommandId(id),
            command_digest: self.application.identity.keyed_digest(&[b"test", id.as_bytes()]),
            correlation_id: id,
            expected_version: None,
            sign_in: None,
            scopes: None,
        }
    }

    /// A call under an idempotency key, with this body.
    pub(crate) fn keyed(&self, username: &str, key: &str, body: &str) -> Call {
        let call = self.call(username);
        let command_id = application::kernel::call::command_id(
            call.viewer.account,
            Channel::Rest,
            "POST /v1/test",
            Some(key),
        );
        let command_digest = self
            .application
            .identity
            .keyed_digest(&[b"test", body.as_bytes()]);
        Call {
            command_id,
            command_digest,
            ..call
        }
    }

    pub(crate) async fn open(&self, username: &str) -> TicketKey {
        self.application
            .tickets
            .open_ticket(self.call(username), question("Bonjour"))
            .await
            .unwrap()
            .loaded
            .key
            .clone()
    }

    pub(crate) async fn act(
        &self,
        call: Call,
        key: &TicketKey,
        action: Action,
    ) -> Result<Done, ExecuteError> {
        self.application
            .tickets
            .act(call, key.clone(), vec![action])
            .await
    }

    pub(crate) fn version(&self, key: &TicketKey) -> Version {
        self.application
            .ticket(&self.viewer("admin"), key)
            .unwrap()
            .version()
    }
}

pub(crate) fn question(summary: &str) -> NewTicket {
    NewTicket {
        desk: "SUP".to_owned(),
        request_type: "question".to_owned(),
        summary: summary.to_owned(),
        description: "Comment faire ?".to_owned(),
        ..NewTicket::default()
    }
}

pub(crate) fn comment(body: &str, visibility: Visibility) -> Action {
    Action::Comment {
        text: Text {
            id: CommentId(Uuid::now_v7()),
            body: body.to_owned(),
        },
        visibility,
    }
}

pub(crate) fn words(body: &str) -> Action {
    comment(body, Visibility::Public)
}

pub(crate) fn transition(action: &str, body: Option<&str>) -> Action {
    Action::Transition {
        action: action.to_owned(),
        comment: body.map(|body| Text {
            id: CommentId(Uuid::now_v7()),
            body: body.to_owned(),
        }),
        fields: Map::new(),
        automatic: CommentId(Uuid::now_v7()),
        customer: PersonId(Uuid::now_v7()),
    }
}
