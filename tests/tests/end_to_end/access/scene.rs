//! One cell being played: who asks, about what, how, and what is seen of the answer.

use std::io::Read;

use guichet_tests::{answer::Answer, client::Client};
use memchr::memmem;
use serde_json::Value;

use super::{
    asked::{Asked, Look, NOBODY, Row, Turn},
    cast::{self, Caller},
    expected::{Cell, Expected, Relation, Role},
    subject::{State, Subject},
    target::{About, Target},
    world::World,
};

/// How much of a live stream is read for what is looked for, bytes.
const LIVE_BYTES_MAX: usize = 64 * 1024;

/// What a live stream says when it has sent all that was there.
const WAITING: &str = ": waiting";

/// Headers that tell nothing: that of the request's id, the time, and a list that comes in any order.
const UNTOLD: [&str; 3] = ["x-request-id", "date", "access-control-expose-headers"];

/// What came of a cell.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Played {
    AsExpected,
    /// Something else, in words.
    Otherwise(String),
}

/// A caller before a ticket, an account or an organization.
pub(super) struct Scene<'a> {
    pub(super) world: &'a World,
    pub(super) role: Role,
    pub(super) caller: &'a Caller,
    /// As which they ask.
    pub(super) client: &'a Client,
    pub(super) relation: Relation,
    /// The ticket; one of the caller's own when the row is not about one.
    pub(super) subject: &'a Subject,
    target: Option<&'a Target>,
}

impl Scene<'_> {
    /// The relation is that of the internal note.
    pub(super) fn is_of_note(&self) -> bool {
        self.relation == Relation::InternalNote
    }

    /// The account or organization that is asked about.
    pub(super) fn target(&self) -> &Target {
        self.target.unwrap()
    }

    /// Sends a request; what it answers is held against the contract in the end.
    fn send(&self, operation: &str, asked: &Asked) -> Answer {
        let request = asked.request(&self.world.contract[operation], self.client);
        let answer = if asked.is_live() {
            self.begun(request.send().unwrap())
        } else {
            Answer::of(request.send())
        };
        let answered = (operation.to_owned(), answer.status);
        self.world.answered.lock().insert(answered);
        answer
    }

    /// The beginning of an answer that does not end: up to what is looked for, or to where it waits for more.
    fn begun(&self, mut response: reqwest::blocking::Response) -> Answer {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let (mut bytes, mut part) = (Vec::new(), [0; 4096]);
        while bytes.len() < LIVE_BYTES_MAX && !holds(&bytes, &self.subject.note) && !holds(&bytes, WAITING) {
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

    fn shows(&self, row: &Row, answer: &Answer) -> Result<bool, String> {
        match row.look {
            Look::By(shown) => shown(self, answer),
            Look::Apart(ask) => {
                let of_nobody = self.send(row.operation, &ask(self, NOBODY));
                Ok(told(answer) != told(&of_nobody))
            }
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
        let scene = Scene {
            subject: &new,
            ..*self
        };
        let after = count(&scene.send(row.operation, &(row.ask)(&scene)).expect(200));
        match after.checked_sub(before) {
            Some(0) => Ok(false),
            Some(1) => Ok(true),
            Some(_) | None => Err(format!("with one ticket the count went from {before} to {after}")),
        }
    }

    /// What a refusal must not do: tell something of what it is about, or be told from that of what does not exist.
    fn refused(&self, row: &Row, asked: &Asked, answer: &Answer) -> Result<(), String> {
        let subject = self.subject;
        let address = self.target.map(|target| cast::address(&target.name));
        if [Some(&subject.word), Some(&subject.note), address.as_ref()]
            .into_iter()
            .flatten()
            .any(|word| holds(&answer.bytes, word))
        {
            return Err(format!(
                "the refusal of {} quotes what it is about",
                answer.status
            ));
        }
        let is_unseen = match self.relation {
            Relation::OtherOrganization | Relation::OtherDesk | Relation::Private => answer.status == 404,
            Relation::Own | Relation::SameOrganization | Relation::InternalNote | Relation::Shared => false,
        };
        match asked.of_nothing().filter(|_| is_unseen) {
            Some(of_nothing) if told(&self.send(row.operation, &of_nothing)) != told(answer) => {
                Err("it answers otherwise than what does not exist".to_owned())
            }
            Some(_) | None => Ok(()),
        }
    }

    /// The version of what a command might change and nothing else does; `None` where others change it as well.
    fn version(&self, row: &Row) -> Option<u64> {
        if !row.changes {
            return None;
        }
        let admin = &self.world.admin;
        match (row.about, self.target) {
            (About::Tickets, _) => admin.ticket(&self.subject.key)["version"].as_u64(),
            (_, Some(target)) if self.relation != Relation::Own || row.turn == Turn::Last => {
                Some(target.version(admin))
            }
            (_, Some(_) | None) => None,
        }
    }
}

/// What an answer tells: status, headers and bytes, but for the request's id.
fn told(answer: &Answer) -> (u16, Vec<(String, Vec<u8>)>, String) {
    let mut headers: Vec<_> = answer
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
        .filter(|(name, _)| !UNTOLD.contains(&name.as_str()))
        .collect();
    headers.sort();
    let body = answer.text().replace(answer.header("x-request-id"), "");
    (answer.status, headers, body)
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
        Played::AsExpected => first,
    }
}

/// Plays a cell on what stands as `stands` says, and looks for what `relation` looks for.
fn play_on(world: &World, cell: &Cell<'_>, row: &Row, relation: Relation, stands: Relation) -> Played {
    let caller = cast::caller(cell.role, row.acts);
    // Who is refused changes nothing: they can all be refused the same.
    let changes = row.changes && cell.expected.status < 400;
    let subject = match row.about {
        About::Tickets if changes => world.fresh(cell.role, stands, row.state),
        About::Tickets => world.shared(cell.role, stands, row.state),
        About::Person | About::Program | About::Administrator | About::Organization | About::Nothing => {
            world.shared(cell.role, Relation::Own, State::Opened)
        }
    };
    let target = world.target(&caller, row, stands, changes);
    let client = match cell.role {
        Role::Anonymous => &world.nobody,
        Role::Requester
        | Role::Agent
        | Role::LocalAdmin
        | Role::Operator
        | Role::Supplier
        | Role::Auditor
        | Role::Admin => &world.clients[caller.username],
    };
    let scene = Scene {
        world,
        role: cell.role,
        caller: &caller,
        client,
        relation,
        subject: &subject,
        target: target.as_ref(),
    };
    let on = target.as_ref().map_or(&subject.key, |target| &target.name);
    match observed(&scene, cell, row, stands) {
        Ok(observed) if observed == cell.expected => Played::AsExpected,
        Ok(observed) => Played::Otherwise(format!(
            "expected {}, observed {observed} ({} on {on})",
            cell.expected, caller.username
        )),
        Err(how) => Played::Otherwise(format!(
            "expected {}, observed that {how} ({} on {on})",
            cell.expected, caller.username
        )),
    }
}

/// What the answer comes to, in the terms of the file; an error is an answer that no cell can want.
fn observed(scene: &Scene<'_>, cell: &Cell<'_>, row: &Row, stands: Relation) -> Result<Expected, String> {
    let asked = (row.ask)(scene);
    let before = scene.version(row);
    let answer = scene.send(row.operation, &asked);
    let status = answer.status;
    if (400..500).contains(&status) && cell.expected.status == status {
        if cell.expected.shown != Some(true) {
            scene.refused(row, &asked, &answer)?;
        }
        if scene.version(row) != before {
            return Err(format!("it is refused with {status}, and changed all the same"));
        }
    }
    let shown = match (cell.expected.shown, row.look) {
        (None, _) => None,
        (Some(_), Look::Count(count)) if !scene.is_of_note() && status == 200 => {
            Some(scene.is_counted(row, stands, count, count(&answer.json()))?)
        }
        (Some(_), _) => Some(scene.shows(row, &answer)?),
    };
    Ok(Expected { status, shown })
}
