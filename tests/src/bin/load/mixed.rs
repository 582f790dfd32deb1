//! Creating tickets while requests are refused, retried and cut off by their client.

use std::{
    cell::RefCell,
    fmt,
    time::{Duration, Instant},
};

use guichet_tests::{
    chance::Chance,
    wire::{Connection, Reply, request},
};

use crate::{CONNECTIONS, Site, measure::all, ticket, verify::Acknowledged};

/// Where the chances of the connections begin.
const SEED: u64 = 2_026;
/// Of how many requests one is refused, one retried and one cut off.
const ONE_IN: u64 = 10;
/// Of how many plain requests one may be told to come back later.
const BUSY_ONE_IN: u64 = 100;

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Disturbed {
    /// Tickets acknowledged within the time.
    pub(crate) created: u64,
    refused: u64,
    retried: u64,
    cut: u64,
    busy: u64,
    wrong: Vec<String>,
    time: Duration,
}

impl Disturbed {
    /// Answers that should not have been.
    #[must_use]
    pub(crate) fn faults(&self) -> Vec<String> {
        let mut faults = self.wrong.clone();
        if self.busy > self.created / BUSY_ONE_IN {
            faults.push(format!("{} answers of status 503, more than 1 %", self.busy));
        }
        faults
    }
}

impl fmt::Display for Disturbed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rate = self.created as f64 / self.time.as_secs_f64();
        let Disturbed {
            created,
            refused,
            retried,
            cut,
            busy,
            ..
        } = self;
        write!(
            f,
            "{created} tickets ({rate:.0}/s); {refused} requests refused, {retried} retried, {cut} cut off, {busy} told to come back"
        )
    }
}

/// All connections, for a time; afterwards every request that was cut off is sent again under its key.
pub(crate) async fn run(site: &Site, time: Duration, acknowledged: &mut Acknowledged) -> Disturbed {
    let begun = Instant::now();
    let noted = RefCell::new((Disturbed::default(), acknowledged));
    let unknown = RefCell::new(Vec::new());
    let one = async |connection: usize| {
        let mut chance = Chance::of(SEED + connection as u64);
        let mut wire = Connection::open(site.api).await.unwrap();
        let mut number = 0;
        while begun.elapsed() < time {
            let marker = format!("mixed {connection}.{number}");
            number += 1;
            match chance.below(ONE_IN) {
                0 => {
                    let reply = wire.call(&incomplete(site, &marker)).await.unwrap();
                    noted.borrow_mut().0.refused(&reply);
                }
                1 => {
                    let first = wire.call(&keyed(site, &marker)).await.unwrap();
                    let again = wire.call(&keyed(site, &marker)).await.unwrap();
                    let noted = &mut *noted.borrow_mut();
                    noted.0.retried(&first, &again);
                    noted.0.created(&first, noted.1, marker);
                }
                2 => {
                    let whole = keyed(site, &marker);
                    // Anywhere, and as often as not behind the last byte.
                    let end = usize::try_from(chance.below(2 * whole.len() as u64))
                        .unwrap()
                        .clamp(1, whole.len());
                    wire.cut(&whole[..end]).await.unwrap();
                    noted.borrow_mut().0.cut += 1;
                    unknown.borrow_mut().push(marker);
                }
                _ => {
                    let reply = wire
                        .call(&request("POST", "/v1/tickets", &site.requester, &ticket(&marker)))
                        .await
                        .unwrap();
                    let noted = &mut *noted.borrow_mut();
                    noted.0.created(&reply, noted.1, marker);
                }
            }
        }
    };
    all((0..CONNECTIONS).map(one)).await;
    let (mut disturbed, acknowledged) = noted.into_inner();
    disturbed.time = begun.elapsed();
    let mut wire = Connection::open(site.api).await.unwrap();
    for marker in unknown.into_inner() {
        let reply = wire.call(&keyed(site, &marker)).await.unwrap();
        if reply.status == 201 {
            acknowledged.note(&reply.body, marker);
        } else {
            disturbed.wrong.push(format!(
                "{marker}: sent again after a cut, it was answered {}",
                reply.status
            ));
        }
    }
    disturbed
}

fn keyed(site: &Site, marker: &str) -> Vec<u8> {
    let headers = format!("{}Idempotency-Key: {marker}\r\n", site.requester);
    request("POST", "/v1/tickets", &headers, &ticket(marker))
}

fn incomplete(site: &Site, marker: &str) -> Vec<u8> {
    request(
        "POST",
        "/v1/tickets",
        &site.requester,
        &format!("{{\"desk\":\"SUP\",\"summary\":\"{marker}\"}}"),
    )
}

impl Disturbed {
    fn created(&mut self, reply: &Reply, acknowledged: &mut Acknowledged, marker: String) {
        match reply.status {
            201 => {
                self.created += 1;
                acknowledged.note(&reply.body, marker);
            }
            503 => self.busy += 1,
            other => self
                .wrong
                .push(format!("{marker}: a complete request was answered {other}")),
        }
    }

    fn refused(&mut self, reply: &Reply) {
        self.refused += 1;
        if reply.status != 422 {
            self.wrong
                .push(format!("an incomplete request was answered {}", reply.status));
        }
    }

    fn retried(&mut self, first: &Reply, again: &Reply) {
        self.retried += 1;
        if first.status == 201 && first != again {
            self.wrong.push(format!(
                "a retry was answered {} and otherwise than the first time",
                again.status
            ));
        }
    }
}
