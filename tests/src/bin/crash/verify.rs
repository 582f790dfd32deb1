//! Reading back: everything acknowledged is there, versions and keys have no gap, and the view agrees with the log.

use std::{cell::RefCell, collections::BTreeSet, net::SocketAddr};

use futures_util::{StreamExt, stream::FuturesUnordered};
use guichet_tests::{
    server::Server,
    wire::{Connection, Reply, request},
};
use serde_json::Value;

use crate::{
    ledger::Ledger,
    writers::{created, creation},
};

/// How many read at once.
const READERS: usize = 16;
/// Rows asked of the list at a time.
const PAGE_ROWS: usize = 200;

/// Everything that was acknowledged since the last time, and the whole list.
pub(crate) fn since_the_last(server: &Server, ledger: &mut Ledger) {
    let from = ledger.verified + 1;
    check(server, ledger, from);
}

/// Everything, from the first ticket on.
pub(crate) fn everything(server: &Server, ledger: &mut Ledger) {
    check(server, ledger, 1);
}

fn check(server: &Server, ledger: &mut Ledger, from: u64) {
    let readiness = server.readiness();
    if readiness["log"]["state"] != "writable" {
        ledger
            .faults
            .push(format!("after a kill the log is {}", readiness["log"]));
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let reader = Reader {
        address: server.api().trim_start_matches("http://").parse().unwrap(),
        admin: server.client("admin").token().to_owned(),
        requester: server.client("requester-1").token().to_owned(),
    };
    runtime.block_on(async {
        reader.answer_the_unanswered(ledger).await;
        let last = reader.tickets(ledger, from).await;
        reader.list(ledger, last).await;
        ledger.verified = last;
    });
}

struct Reader {
    address: SocketAddr,
    admin: String,
    requester: String,
}

impl Reader {
    async fn get(&self, wire: &mut Connection, path: &str) -> (u16, Value) {
        let headers = format!("Authorization: Bearer {}\r\n", self.admin);
        let Reply { status, body } = wire.call(&request("GET", path, &headers, "")).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    /// A request that got no answer is sent again under its key: it is answered, and there is one ticket.
    async fn answer_the_unanswered(&self, ledger: &mut Ledger) {
        let mut wire = Connection::open(self.address).await.unwrap();
        for marker in std::mem::take(&mut ledger.unanswered) {
            let reply = wire.call(&creation(&self.requester, &marker)).await.unwrap();
            match created(&reply) {
                Some(key) => ledger.opened(key, &marker),
                None => ledger
                    .faults
                    .push(format!("{marker}: sent again, it was answered {}", reply.status)),
            }
        }
    }

    /// Every ticket from a key on to the last, and none behind it; answers the last.
    async fn tickets(&self, ledger: &mut Ledger, from: u64) -> u64 {
        let last = ledger.tickets.keys().next_back().copied().unwrap_or_default();
        let (next, found) = (
            RefCell::new(from..=last + 1),
            RefCell::new((Vec::new(), Vec::new())),
        );
        let ledger_read = &*ledger;
        let one = || async {
            let mut wire = Connection::open(self.address).await.unwrap();
            loop {
                let Some(key) = next.borrow_mut().next() else {
                    break;
                };
                if let Err((is_lost, fault)) = self.ticket(&mut wire, ledger_read, key, last).await {
                    let found = &mut *found.borrow_mut();
                    if is_lost {
                        found.0.push(fault)
                    } else {
                        found.1.push(fault)
                    }
                }
            }
        };
        let mut all: FuturesUnordered<_> = (0..READERS).map(|_| one()).collect();
        while all.next().await.is_some() {}
        drop(all);
        let (lost, faults) = found.into_inner();
        ledger.lost.extend(lost);
        ledger.faults.extend(faults);
        last
    }

    /// What is wrong with a ticket, and whether that is a loss.
    async fn ticket(
        &self,
        wire: &mut Connection,
        ledger: &Ledger,
        key: u64,
        last: u64,
    ) -> Result<(), (bool, String)> {
        let (status, ticket) = self.get(wire, &format!("/v1/tickets/SUP-{key}")).await;
        if key > last {
            return if status == 404 {
                Ok(())
            } else {
                Err((false, format!("SUP-{key} exists and nobody asked for it")))
            };
        }
        let Some(known) = ledger.tickets.get(&key) else {
            return Err((
                false,
                format!("SUP-{key} was acknowledged to nobody and is answered {status}"),
            ));
        };
        let version = ticket["version"].as_u64().unwrap_or_default();
        if status != 200 || ticket["summary"] != *known.marker || version < known.version {
            let told = format!("{} at version {}", known.marker, known.version);
            return Err((
                true,
                format!("SUP-{key}: acknowledged as {told}, answered {status} at version {version}"),
            ));
        }
        let (_, history) = self.get(wire, &format!("/v1/tickets/SUP-{key}/history")).await;
        let entries = history["items"].as_array().cloned().unwrap_or_default();
        let versions: Vec<u64> = entries
            .iter()
            .filter_map(|entry| entry["version"].as_u64())
            .collect();
        if versions == (1..=version).collect::<Vec<_>>() {
            Ok(())
        } else {
            Err((
                false,
                format!("SUP-{key}: the versions of its history are {versions:?}"),
            ))
        }
    }

    /// The view shows each ticket of the log once, and nothing else.
    async fn list(&self, ledger: &mut Ledger, last: u64) {
        let mut wire = Connection::open(self.address).await.unwrap();
        let (_, readiness) = self.get(&mut wire, "/readyz").await;
        let head = readiness["log"]["head"].clone();
        let mut listed = BTreeSet::new();
        let mut rows = 0;
        let question = format!("/v1/tickets?desk=SUP&sort=created_at&limit={PAGE_ROWS}");
        let mut path = format!("{question}&at_least={head}");
        loop {
            let (status, page) = self.get(&mut wire, &path).await;
            if status != 200 {
                ledger
                    .faults
                    .push(format!("the list is answered {status}: {page}"));
                return;
            }
            let items = page["items"].as_array().cloned().unwrap_or_default();
            rows += items.len();
            listed.extend(
                items
                    .iter()
                    .filter_map(|row| row["key"].as_str()?.strip_prefix("SUP-")?.parse::<u64>().ok()),
            );
            match page["next_cursor"].as_str() {
                Some(cursor) => path = format!("{question}&cursor={cursor}"),
                None => break,
            }
        }
        if listed != (1..=last).collect() || rows as u64 != last {
            ledger.faults.push(format!(
                "the list shows {rows} rows and {} tickets of {last}",
                listed.len()
            ));
        }
    }
}
