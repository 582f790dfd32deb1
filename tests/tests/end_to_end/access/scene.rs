//! One cell being played: who asks, on which ticket, how, and what is seen of the answer.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read,
    path::PathBuf,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use guichet_tests::{answer::Answer, client::Client, server::Server};
use memchr::memmem;
use parking_lot::Mutex;
use serde_json::Value;

use super::{
    asked::{Asked, Look, Row},
    cast::{self, Caller, PREPARER},
    contract::{self, Operation},
    expected::{Cell, Expected, ROLES, Relation, Role},
    subject::{self, State, Subject, Thread},
};

/// How much of a live stream is read for what is looked for, bytes.
const LIVE_BYTES_MAX: usize = 64 * 1024;

/// What came of a cell.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Played {
    AsExpected,
    /// Something else, in words.
    Otherwise(String),
    /// No account stands so to any ticket.
    ByNobody,
}

/// A ticket that whoever needs it first makes; none when nobody stands so to one.
type Shared = Arc<OnceLock<Option<Subject>>>;

/// The server, everybody who asks it, and the tickets that are looked at by several cells.
pub(super) struct World {
    /// Of the account that prepares everything.
    pub(super) admin: Client,
    pub(super) nobody: Client,
    /// Where files of this test may lie.
    pub(super) scratch: PathBuf,
    /// The end customer whom the first that asks for one has erased.
    pub(super) erased: OnceLock<String>,
    contract: BTreeMap<String, Operation>,
    clients: BTreeMap<Role, Client>,
    shared: Mutex<BTreeMap<(Role, Relation, State), Shared>>,
    number: AtomicU32,
}

/// A caller before a ticket.
pub(super) struct Scene<'a> {
    pub(super) world: &'a World,
    pub(super) role: Role,
    pub(super) caller: &'a Caller,
    /// As which they ask.
    pub(super) client: &'a Client,
    pub(super) relation: Relation,
    pub(super) subject: &'a Subject,
}

impl World {
    /// Signs everybody in.
    pub(super) fn begin(server: &Server) -> World {
        let nobody = server.nobody();
        let client = |role| match role {
            Role::Anonymous => nobody.clone(),
            Role::Requester
            | Role::Agent
            | Role::LocalAdmin
            | Role::Operator
            | Role::Supplier
            | Role::Auditor
            | Role::Admin => cast::sign_in(server, cast::caller(role).username),
        };
        World {
            admin: cast::sign_in(server, PREPARER),
            scratch: server.home().path().to_owned(),
            erased: OnceLock::new(),
            contract: contract::operations(&nobody),
            clients: ROLES.into_iter().map(|(role, _)| (role, client(role))).collect(),
            shared: Mutex::default(),
            number: AtomicU32::new(0),
            nobody,
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

    /// A ticket of its own for one cell.
    fn fresh(&self, role: Role, relation: Relation, state: State) -> Option<Subject> {
        let thread = match relation {
            Relation::InternalNote => Thread::Noted,
            Relation::Own
            | Relation::SameOrganization
            | Relation::OtherOrganization
            | Relation::OtherDesk
            | Relation::Private
            | Relation::Shared => Thread::Empty,
        };
        let caller = cast::caller(role);
        subject::make(&self.admin, &caller, relation, (state, thread), self.number())
    }

    /// A ticket that is only looked at: the same for all cells.
    fn shared(&self, role: Role, relation: Relation, state: State) -> Option<Subject> {
        let place = self
            .shared
            .lock()
            .entry((role, relation, state))
            .or_default()
            .clone();
        let make = || {
            let caller = cast::caller(role);
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
}

impl Scene<'_> {
    /// The relation is that of the internal note.
    pub(super) fn is_of_note(&self) -> bool {
        self.relation == Relation::InternalNote
    }

    fn send(&self, operation: &str, asked: &Asked) -> Answer {
        let request = asked.request(&self.world.contract[operation], self.client);
        if asked.is_live() {
            return self.begun(request.send().unwrap());
        }
        Answer::of(request.send())
    }

    /// The beginning of an answer that does not end: up to what is looked for.
    fn begun(&self, mut response: reqwest::blocking::Response) -> Answer {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let (mut bytes, mut part) = (Vec::new(), [0; 4096]);
        while bytes.len() < LIVE_BYTES_MAX && !holds(&bytes, &self.subject.note) {
            match response.read(&mut part) {
                Ok(0) => break,
                Ok(count) => bytes.extend_from_slice(&part[..count]),
                // It was silent for as long as an answer may take.
                Err(_) => break,
            }
        }
        Answer {
            status,
            headers,
            bytes,
        }
    }

    fn shows(&self, answer: &Answer, look: Look) -> Result<bool, String> {
        match look {
            Look::By(shown) => shown(self, answer),
            Look::Bytes | Look::Count(_) if self.is_of_note() => Ok(holds(&answer.bytes, &self.subject.note)),
            Look::Bytes | Look::Count(_) => Ok(holds(&answer.bytes, &format!("\"{}\"", self.subject.key))),
        }
    }

    /// Whether one more ticket that stands so raises the count.
    fn is_counted(
        &self,
        row: &Row,
        stands: Relation,
        count: fn(&Value) -> u64,
        before: u64,
    ) -> Result<bool, String> {
        let new = self.world.fresh(self.role, stands, row.state);
        let new = new.ok_or("nobody stands so any more")?;
        let scene = Scene {
            subject: &new,
            ..*self
        };
        let asked = (row.ask)(&scene).ok_or("nobody asks that any more")?;
        let after = count(&scene.send(row.operation, &asked).expect(200));
        match after.checked_sub(before) {
            Some(0) => Ok(false),
            Some(1) => Ok(true),
            Some(_) | None => Err(format!("with one ticket the count went from {before} to {after}")),
        }
    }

    /// What a refusal must not do: tell something of the ticket, or change it.
    fn refused(&self, row: &Row, answer: &Answer) -> Result<(), String> {
        let subject = self.subject;
        if [&subject.word, &subject.note]
            .iter()
            .any(|word| holds(&answer.bytes, word))
        {
            return Err(format!("the refusal of {} quotes the ticket", answer.status));
        }
        let position = || self.world.admin.ticket(&subject.key)["position"].as_u64();
        if row.changes && self.role != Role::Anonymous && position() != Some(subject.position) {
            return Err(format!(
                "refused with {}, and changed all the same",
                answer.status
            ));
        }
        Ok(())
    }
}

/// Is this text among these bytes?
pub(super) fn holds(bytes: &[u8], text: &str) -> bool {
    memmem::find(bytes, text.as_bytes()).is_some()
}

/// Plays a cell.
pub(super) fn play(world: &World, cell: &Cell<'_>, row: &Row) -> Played {
    let relation = cell.line.relation.unwrap_or(Relation::Own);
    let first = play_on(world, cell, row, relation, relation);
    if relation != Relation::InternalNote || row.changes || first != Played::AsExpected {
        return first;
    }
    // Colleagues read the same as the requester, notes included.
    match play_on(world, cell, row, relation, Relation::SameOrganization) {
        Played::Otherwise(how) => Played::Otherwise(format!("on the ticket of a colleague: {how}")),
        Played::AsExpected | Played::ByNobody => first,
    }
}

/// Plays a cell on a ticket that stands as `stands` says, and looks for what `relation` looks for.
fn play_on(world: &World, cell: &Cell<'_>, row: &Row, relation: Relation, stands: Relation) -> Played {
    let caller = cast::caller(cell.role);
    // Nobody may change anything who is not signed in: all of them look at the same ticket.
    let subject = if row.changes && cell.role != Role::Anonymous {
        world.fresh(cell.role, stands, row.state)
    } else {
        world.shared(cell.role, stands, row.state)
    };
    let Some(subject) = subject else {
        return Played::ByNobody;
    };
    let scene = Scene {
        world,
        role: cell.role,
        caller: &caller,
        client: &world.clients[&cell.role],
        relation,
        subject: &subject,
    };
    let Some(asked) = (row.ask)(&scene) else {
        return Played::ByNobody;
    };
    match observed(&scene, cell, row, stands, &scene.send(row.operation, &asked)) {
        Ok(observed) if observed == cell.expected => Played::AsExpected,
        Ok(observed) => Played::Otherwise(format!(
            "expected {}, observed {observed} ({})",
            cell.expected, subject.key
        )),
        Err(how) => Played::Otherwise(format!(
            "expected {}, observed that {how} ({})",
            cell.expected, subject.key
        )),
    }
}

/// What the answer comes to, in the terms of the file; an error is an answer that no cell can want.
fn observed(
    scene: &Scene<'_>,
    cell: &Cell<'_>,
    row: &Row,
    stands: Relation,
    answer: &Answer,
) -> Result<Expected, String> {
    let status = answer.status;
    if (400..500).contains(&status) && cell.expected.status == status && cell.expected.shown != Some(true) {
        scene.refused(row, answer)?;
    }
    let shown = match (cell.expected.shown, row.look) {
        (None, _) => None,
        (Some(_), Look::Count(count)) if !scene.is_of_note() && status == 200 => {
            Some(scene.is_counted(row, stands, count, count(&answer.json()))?)
        }
        (Some(_), look) => Some(scene.shows(answer, look)?),
    };
    Ok(Expected { status, shown })
}
