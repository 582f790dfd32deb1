//! The server, everybody who asks it, and what is asked about.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use guichet_tests::{client::Client, server::Server};
use parking_lot::Mutex;

use super::{
    asked::Row,
    cast::{self, Acts, Caller, PREPARER, Person},
    contract::{self, Operation},
    expected::{ROLES, Relation, Role},
    subject::{self, State, Subject, Thread},
    target::{self, About, Target},
};

/// A ticket that whoever needs it first makes.
type Shared = Arc<OnceLock<Subject>>;
/// The same of an account or organization.
type SharedTarget = Arc<OnceLock<Option<Target>>>;

/// The server, everybody who asks it, and the tickets that are looked at by several cells.
pub(super) struct World {
    /// Of the account that prepares everything.
    pub(super) admin: Client,
    pub(super) nobody: Client,
    /// Where files of this test may lie.
    pub(super) scratch: PathBuf,
    /// The end customer whom the first that asks for one has erased.
    pub(super) erased: OnceLock<String>,
    pub(super) contract: BTreeMap<String, Operation>,
    pub(super) answered: Mutex<BTreeSet<(String, u16)>>,
    pub(super) clients: BTreeMap<&'static str, Client>,
    shared: Mutex<BTreeMap<(Role, Relation, State), Shared>>,
    targets: Mutex<BTreeMap<(&'static str, About, Relation), SharedTarget>>,
    number: AtomicU32,
}

impl World {
    /// Makes everybody and signs them in.
    pub(super) fn begin(server: &Server) -> World {
        let (nobody, admin) = (server.nobody(), server.client(PREPARER));
        let acting = [Acts::Tickets, Acts::People, Acts::OneDesk];
        let callers: Vec<Caller> = ROLES
            .iter()
            .flat_map(|(role, _)| acting.map(|acts| cast::caller(*role, acts)))
            .collect();
        cast::make(&admin, &nobody, &callers);
        let client = |caller: &Caller| (caller.username, cast::sign_in(&nobody, caller.username));
        World {
            scratch: server.home().path().to_owned(),
            erased: OnceLock::new(),
            contract: contract::operations(&nobody),
            answered: Mutex::default(),
            clients: callers.iter().map(client).collect(),
            shared: Mutex::default(),
            targets: Mutex::default(),
            number: AtomicU32::new(0),
            nobody,
            admin,
        }
    }

    /// The ids of all operations.
    pub(super) fn operations(&self) -> BTreeSet<&str> {
        self.contract.keys().map(String::as_str).collect()
    }

    /// A number that nothing had before.
    pub(super) fn number(&self) -> u32 {
        self.number.fetch_add(1, Ordering::Relaxed)
    }

    /// The answers that were seen and that the contract does not tell of.
    pub(super) fn undeclared(&self) -> Vec<(String, u16)> {
        let answered = self.answered.lock();
        let untold = answered
            .iter()
            .filter(|(operation, status)| !self.contract[operation].statuses.contains(status));
        untold.cloned().collect()
    }

    /// Another account like a caller's, that nobody else acts as, signed in.
    pub(super) fn double(&self, caller: &Caller) -> Client {
        let username = format!("double-{:06}", self.number());
        let person = Person {
            username: &username,
            kind: caller.kind(),
            roles: caller.roles(),
            organization: caller.organization,
        };
        person.make(&self.admin, true);
        cast::sign_in(&self.nobody, &username)
    }

    /// A ticket of its own for one cell.
    pub(super) fn fresh(&self, role: Role, relation: Relation, state: State) -> Subject {
        let thread = match relation {
            Relation::InternalNote => Thread::Noted,
            Relation::Own
            | Relation::SameOrganization
            | Relation::OtherOrganization
            | Relation::OtherDesk
            | Relation::Private
            | Relation::Shared => Thread::Empty,
        };
        let caller = cast::caller(role, Acts::Tickets);
        subject::make(&self.admin, &caller, relation, (state, thread), self.number())
    }

    /// A ticket that stays as it is: the same for all cells.
    pub(super) fn shared(&self, role: Role, relation: Relation, state: State) -> Subject {
        let place = self
            .shared
            .lock()
            .entry((role, relation, state))
            .or_default()
            .clone();
        let make = || {
            let caller = cast::caller(role, Acts::Tickets);
            subject::make(
                &self.admin,
                &caller,
                relation,
                (state, Thread::Noted),
                self.number(),
            )
        };
        place.get_or_init(make).clone()
    }

    /// An account or organization for a cell: for a command a new one, which all who are refused share.
    pub(super) fn target(
        &self,
        caller: &Caller,
        row: &Row,
        stands: Relation,
        changes: bool,
    ) -> Option<Target> {
        let find = |number| target::find(&self.admin, caller, row.about, stands, number);
        if changes || !row.changes {
            return find(changes.then(|| self.number()));
        }
        let place = self
            .targets
            .lock()
            .entry((caller.username, row.about, stands))
            .or_default()
            .clone();
        place.get_or_init(|| find(Some(self.number()))).clone()
    }
}
