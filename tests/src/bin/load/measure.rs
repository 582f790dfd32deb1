//! Requests from all connections at once, for a time.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    net::SocketAddr,
    time::{Duration, Instant},
};

use guichet_tests::wire::{Connection, Reply};

use crate::CONNECTIONS;

/// What was answered in a time.
#[derive(Debug, Default, Clone)]
pub(crate) struct Measured {
    time: Duration,
    by_status: BTreeMap<u16, u64>,
}

impl Measured {
    /// Adds a turn.
    pub(crate) fn add(&mut self, turn: Measured) {
        self.time += turn.time;
        for (status, count) in turn.by_status {
            *self.by_status.entry(status).or_default() += count;
        }
    }

    /// Successes a second.
    #[must_use]
    pub(crate) fn rate(&self) -> f64 {
        let successes: u64 = self.by_status.range(200..300).map(|(_, count)| count).sum();
        successes as f64 / self.time.as_secs_f64()
    }

    /// What was refused although nothing was wrong with it.
    #[must_use]
    pub(crate) fn faults(&self, what: &str) -> Vec<String> {
        let refused = self
            .by_status
            .iter()
            .filter(|(status, _)| !(200..300).contains(*status));
        refused
            .map(|(status, count)| format!("{what}: {count} answers of status {status}"))
            .collect()
    }
}

/// Sends the requests that `request` makes for a connection and a number, one after the other on each connection,
/// and shows every answer to `answered`.
pub(crate) async fn measure(
    address: SocketAddr,
    time: Duration,
    request: impl Fn(usize, usize) -> Vec<u8>,
    answered: impl FnMut((usize, usize), &Reply),
) -> Measured {
    let answered = RefCell::new(answered);
    let by_status = RefCell::new(BTreeMap::new());
    let begun = Instant::now();
    let one = async |connection: usize| {
        let mut wire = Connection::open(address).await.unwrap();
        let mut number = 0;
        while begun.elapsed() < time {
            let reply = wire.call(&request(connection, number)).await.unwrap();
            (answered.borrow_mut())((connection, number), &reply);
            *by_status.borrow_mut().entry(reply.status).or_default() += 1;
            number += 1;
        }
    };
    all((0..CONNECTIONS).map(one)).await;
    Measured {
        time: begun.elapsed(),
        by_status: by_status.into_inner(),
    }
}

/// Lets futures of one kind run side by side on this thread until the last one has ended.
pub(crate) async fn all(futures: impl IntoIterator<Item = impl Future<Output = ()>>) {
    let mut waiting: futures_util::stream::FuturesUnordered<_> = futures.into_iter().collect();
    while futures_util::StreamExt::next(&mut waiting).await.is_some() {}
}
