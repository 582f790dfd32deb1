//! Reading back: everything acknowledged is there, versions and keys have no gap, and the view agrees with the log.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    ops::RangeInclusive,
    time::{Duration, Instant},
};

use futures_util::{StreamExt, stream::FuturesUnordered};
use guichet_tests::{
    client::Client,
    home::DEMO_PASSWORD,
    server::Server,
    wire::{Connection, Reply, request},
};
use rusqlite::OpenFlags;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::{
    ledger::{Findings, Ledger, Ticket},
    writers::{created, creation, last_shown},
};

/// How many read at once.
const READERS: usize = 16;
/// Rows asked of the list at a time.
const PAGE_ROWS: usize = 200;
/// One new ticket in so many is searched by its words.
const SEARCHED_ONE_IN: usize = 50;

/// How long a view may take to be made anew, s.
const CATCH_UP_S: u64 = 60;
/// How often it is asked meanwhile, ms.
const ASK_EVERY_MS: u64 = 10;

/// The rows of a list, by the number of their ticket's key.
pub(crate) type Rows = BTreeMap<u64, Value>;

/// Everything that was acknowledged since the last time, and the whole list. Answers whether nothing is lost: otherwise
/// nothing that was told holds any more.
pub(crate) fn since_the_last(server: &Server, ledger: &mut Ledger) -> bool {
    check(server, ledger, (ledger.verified + 1, ledger.files_verified))
}

/// Everything, from the first ticket on.
pub(crate) fn everything(server: &Server, ledger: &mut Ledger) -> bool {
    check(server, ledger, (1, 0))
}

/// The whole list, once the view has caught up.
pub(crate) fn rows(server: &Server, ledger: &mut Ledger) -> Rows {
    let last = ledger.verified;
    match Reader::of(server) {
        Some(reader) => runtime().block_on(reader.list(ledger, 1..=last)),
        None => Rows::new(),
    }
}

/// Whether the log takes commands; one that has lost its end does not.
pub(crate) fn is_writable(server: &Server) -> bool {
    server.nobody().get("/readyz").json()["log"]["state"] == "writable"
}

/// What of some tickets is not there.
pub(crate) fn lost(server: &Server, ledger: &Ledger, keys: RangeInclusive<u64>) -> Vec<String> {
    if keys.is_empty() {
        return Vec::new();
    }
    match Reader::of(server) {
        Some(reader) => runtime().block_on(reader.lost(ledger, keys)),
        None => vec!["nobody can sign in".to_owned()],
    }
}

fn runtime() -> Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().unwrap()
}

fn check(server: &Server, ledger: &mut Ledger, (from, from_file): (u64, usize)) -> bool {
    let runtime = runtime();
    let Some(reader) = Reader::of(server) else {
        ledger.all_lost("after the restart nobody can sign in");
        return false;
    };
    let is_writable = is_writable(server);
    // Before anybody had to wait for the view: it may be behind, but shows nothing that the log does not have.
    let early = runtime.block_on(reader.one_page());
    let mut lost = runtime.block_on(reader.lost(ledger, from..=u64::MAX));
    lost.extend(runtime.block_on(reader.lost_event(ledger)));
    lost.extend(lost_files(server, ledger, from_file));
    let is_lost = !lost.is_empty();
    ledger.found.lost.extend(lost);
    if !is_writable && !is_lost {
        let fault = "nothing is lost, and the log takes no commands";
        ledger.found.faults.push(fault.to_owned());
    }
    if is_lost || !is_writable {
        return false;
    }
    runtime.block_on(async {
        reader.answer_the_unanswered(ledger).await;
        let last = reader.tickets(ledger, from).await;
        reader.list(ledger, from..=last).await;
        reader.search(ledger, from).await;
        ledger.verified = last;
    });
    ledger.files_verified = ledger.files.len();
    ledger.found.views.extend(damaged(server));
    let told = early
        .iter()
        .filter(|(key, row)| !agrees(ledger.tickets.get(key), row));
    let wrong: Vec<_> = told
        .map(|(key, row)| format!("before it had caught up, the list showed SUP-{key} as {row}"))
        .collect();
    ledger.found.views.extend(wrong);
    true
}

/// What SQLite finds wrong in the databases of a server, read beside it.
fn damaged(server: &Server) -> Vec<String> {
    let data = server.home().data();
    let databases = [
        data.join("sessions.sqlite"),
        data.join("views/queue.sqlite"),
        data.join("views/series.sqlite"),
    ];
    let checked = databases.iter().map(|path| {
        let database = rusqlite::Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY);
        let said: rusqlite::Result<String> =
            database.and_then(|database| database.query_row("PRAGMA quick_check", [], |row| row.get(0)));
        (said != Ok("ok".to_owned())).then(|| format!("{}: SQLite says {said:?}", path.display()))
    });
    checked.flatten().collect()
}

/// Whether a row may be shown of a ticket; a row that is behind has an earlier version.
fn agrees(ticket: Option<&Ticket>, row: &Value) -> bool {
    ticket.is_some_and(|ticket| row["summary"] == *ticket.marker)
}

/// Files come in chunks, which this client reads; they are few.
fn lost_files(server: &Server, ledger: &Ledger, from: usize) -> Vec<String> {
    let Some(client) = signed_in(server, "requester-1") else {
        return Vec::new();
    };
    let files = ledger.files[from..].iter();
    let lost = files.filter_map(|file| {
        let answer = client.get(&format!("/v1/tickets/SUP-{}/attachments/{}", file.key, file.id));
        let is_there = answer.status == 200 && answer.bytes == file.content;
        let told = format!(
            "the file {} of SUP-{} is answered {}",
            file.id, file.key, answer.status
        );
        (!is_there).then_some(told)
    });
    lost.collect()
}

/// A demo account; `None` when it is gone with the log.
fn signed_in(server: &Server, username: &str) -> Option<Client> {
    let asked = json!({"username": username, "password": DEMO_PASSWORD});
    let answer = server.nobody().post("/v1/auth/token", &asked);
    let token = (answer.status == 200).then(|| answer.json())?;
    Some(server.nobody().with_token(token["access_token"].as_str()?))
}

struct Reader {
    address: SocketAddr,
    admin: String,
    requester: String,
}

impl Reader {
    fn of(server: &Server) -> Option<Reader> {
        Some(Reader {
            address: server.api().trim_start_matches("http://").parse().unwrap(),
            admin: signed_in(server, "admin")?.token().to_owned(),
            requester: signed_in(server, "requester-1")?.token().to_owned(),
        })
    }

    async fn connect(&self) -> Connection {
        Connection::open(self.address).await.unwrap()
    }

    async fn bytes(&self, wire: &mut Connection, path: &str) -> Reply {
        let headers = format!("Authorization: Bearer {}\r\n", self.admin);
        wire.call(&request("GET", path, &headers, "")).await.unwrap()
    }

    async fn get(&self, wire: &mut Connection, path: &str) -> (u16, Value) {
        let Reply { status, body } = self.bytes(wire, path).await;
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    /// What was acknowledged of some tickets and is not there. Comes before anything is written: what is written
    /// to a log that has lost its end takes the place of what was there.
    async fn lost(&self, ledger: &Ledger, keys: RangeInclusive<u64>) -> Vec<String> {
        let lost = RefCell::new(Vec::new());
        let next = RefCell::new(ledger.tickets.range(keys));
        let one = || async {
            let mut wire = self.connect().await;
            loop {
                let Some((key, known)) = next.borrow_mut().next() else {
                    break;
                };
                let (status, ticket) = self.get(&mut wire, &format!("/v1/tickets/SUP-{key}")).await;
                let version = ticket["version"].as_u64().unwrap_or_default();
                if status != 200 || ticket["summary"] != *known.marker || version < known.version {
                    lost.borrow_mut().push(format!(
                        "SUP-{key}: acknowledged as {} at version {}, answered {status} at version {version}",
                        known.marker, known.version
                    ));
                }
            }
        };
        let mut all: FuturesUnordered<_> = (0..READERS).map(|_| one()).collect();
        while all.next().await.is_some() {}
        drop(all);
        lost.into_inner()
    }

    /// The last event that was shown, when it is not there.
    async fn lost_event(&self, ledger: &Ledger) -> Option<String> {
        let (position, id) = ledger.shown.as_ref()?;
        let path = format!("/v1/events?limit=1&after={}", position - 1);
        let page = self.bytes(&mut self.connect().await, &path).await;
        (last_shown(&page.body).as_ref() != Some(&(*position, id.clone())))
            .then(|| format!("the event {id} was shown at position {position} and is not there"))
    }

    /// A request that got no answer is sent again under its key: it is answered, and there is one ticket.
    async fn answer_the_unanswered(&self, ledger: &mut Ledger) {
        let mut wire = self.connect().await;
        for marker in std::mem::take(&mut ledger.unanswered) {
            let reply = wire.call(&creation(&self.requester, &marker)).await.unwrap();
            match created(&reply) {
                Some(key) => ledger.opened(key, &marker),
                None => {
                    let fault = format!("{marker}: sent again, it was answered {}", reply.status);
                    ledger.found.faults.push(fault);
                }
            }
        }
    }

    /// Every ticket from a key on to the last is one that was asked for and has a history without a gap, and there is
    /// none behind it; answers the last.
    async fn tickets(&self, ledger: &mut Ledger, from: u64) -> u64 {
        let last = ledger.tickets.keys().next_back().copied().unwrap_or_default();
        let (next, faults) = (RefCell::new(from..=last + 1), RefCell::new(Vec::new()));
        let known = &ledger.tickets;
        let one = || async {
            let mut wire = self.connect().await;
            loop {
                let Some(key) = next.borrow_mut().next() else {
                    break;
                };
                let found = if key > last {
                    let (status, _) = self.get(&mut wire, &format!("/v1/tickets/SUP-{key}")).await;
                    (status != 404).then(|| format!("SUP-{key} exists and nobody asked for it"))
                } else if known.contains_key(&key) {
                    self.gap(&mut wire, key).await
                } else {
                    Some(format!("SUP-{key} was given to nobody"))
                };
                faults.borrow_mut().extend(found);
            }
        };
        let mut all: FuturesUnordered<_> = (0..READERS).map(|_| one()).collect();
        while all.next().await.is_some() {}
        drop(all);
        ledger.found.faults.extend(faults.into_inner());
        last
    }

    /// What is wrong with the versions of a ticket's history.
    async fn gap(&self, wire: &mut Connection, key: u64) -> Option<String> {
        let (_, ticket) = self.get(wire, &format!("/v1/tickets/SUP-{key}")).await;
        let (_, history) = self.get(wire, &format!("/v1/tickets/SUP-{key}/history")).await;
        let entries = history["items"].as_array().cloned().unwrap_or_default();
        let versions = entries.iter().filter_map(|entry| entry["version"].as_u64());
        let versions: Vec<u64> = versions.collect();
        let told = ticket["version"].as_u64().unwrap_or_default();
        (versions != (1..=told).collect::<Vec<_>>())
            .then(|| format!("SUP-{key}: the versions of its history are {versions:?}, its own is {told}"))
    }

    /// The newest rows as the view has them now; none while it is being made anew.
    async fn one_page(&self) -> Rows {
        let path = format!("/v1/tickets?desk=SUP&sort=-created_at&limit={PAGE_ROWS}");
        let (_, page) = self.get(&mut self.connect().await, &path).await;
        rows_of(&page)
    }

    /// The head of the log, once the view has seen it; `None` when it does not in time.
    async fn caught_up(&self, wire: &mut Connection) -> Option<u64> {
        let deadline = Instant::now() + Duration::from_secs(CATCH_UP_S);
        while Instant::now() < deadline {
            let (_, readiness) = self.get(wire, "/readyz").await;
            let head = readiness["log"]["head"].as_u64()?;
            if readiness["views"][0]["position"].as_u64() >= Some(head) {
                return Some(head);
            }
            tokio::time::sleep(Duration::from_millis(ASK_EVERY_MS)).await;
        }
        None
    }

    /// The view shows each ticket of the log from a key on once, as the log has it, and nothing else.
    async fn list(&self, ledger: &mut Ledger, keys: RangeInclusive<u64>) -> Rows {
        let Findings { views, .. } = &mut ledger.found;
        let mut wire = self.connect().await;
        let Some(head) = self.caught_up(&mut wire).await else {
            views.push(format!(
                "in {CATCH_UP_S} s the view has not caught up with the log"
            ));
            return Rows::new();
        };
        let (mut listed, mut rows) = (Rows::new(), 0);
        let question = format!("/v1/tickets?desk=SUP&sort=-created_at&limit={PAGE_ROWS}");
        let mut path = format!("{question}&at_least={head}");
        loop {
            let (status, page) = self.get(&mut wire, &path).await;
            if status != 200 {
                views.push(format!("the list is answered {status}: {page}"));
                return listed;
            }
            if page["total_exact"] == true && page["total"] != *keys.end() {
                views.push(format!(
                    "the list counts {} tickets of {}",
                    page["total"],
                    keys.end()
                ));
            }
            // Keys and times of creation are allotted one after the other, so their orders differ a little: the end is
            // a page without anything new.
            let new = rows_of(&page).into_iter().filter(|(key, _)| key >= keys.start());
            let before = rows;
            new.for_each(|(key, row)| {
                rows += 1;
                listed.insert(key, row);
            });
            match page["next_cursor"].as_str() {
                Some(cursor) if rows > before => path = format!("{question}&cursor={cursor}"),
                Some(_) | None => break,
            }
        }
        let found: BTreeSet<u64> = listed.keys().copied().collect();
        if found != keys.clone().collect() || rows != found.len() {
            let (first, last) = keys.into_inner();
            views.push(format!(
                "of SUP-{first} to SUP-{last} the list shows {rows} rows and {} tickets",
                found.len()
            ));
        }
        for (key, row) in &listed {
            let ticket = ledger.tickets.get(key);
            let version = row["version"].as_u64().unwrap_or_default();
            if !agrees(ticket, row) || ticket.is_some_and(|ticket| version < ticket.version) {
                views.push(format!("the list shows SUP-{key} as {row}"));
            }
        }
        listed
    }

    /// The search finds tickets by the words of their summary.
    async fn search(&self, ledger: &mut Ledger, from: u64) {
        let mut wire = self.connect().await;
        for (key, ticket) in ledger.tickets.range(from..).step_by(SEARCHED_ONE_IN) {
            let words = ticket.marker.replace(' ', "%20");
            let asked = format!("/v1/tickets?desk=SUP&limit=200&q={words}");
            // Markers share their numbers, so under a heavy load many tickets are found before this one.
            let (mut status, mut page) = self.get(&mut wire, &asked).await;
            while status == 200
                && !rows_of(&page).contains_key(key)
                && let Some(cursor) = page["next_cursor"].as_str()
            {
                let next = format!("{asked}&cursor={cursor}");
                (status, page) = self.get(&mut wire, &next).await;
            }
            if status != 200 || !rows_of(&page).contains_key(key) {
                ledger
                    .found
                    .views
                    .push(format!("the search for {words} does not find SUP-{key}"));
            }
        }
    }
}

fn rows_of(page: &Value) -> Rows {
    let items = page["items"].as_array().cloned().unwrap_or_default();
    let keyed = items.into_iter().filter_map(|row| {
        let key = row["key"].as_str()?.strip_prefix("SUP-")?.parse().ok()?;
        Some((key, row))
    });
    keyed.collect()
}
