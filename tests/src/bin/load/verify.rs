//! Everything that was acknowledged is there, once, and the keys have no gap.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use guichet_tests::wire::{Connection, request};
use serde_json::Value;

use crate::{CONNECTIONS, Site, measure::all};

/// How many faults of one kind are told.
const TOLD_MAX: usize = 5;

/// Which ticket was acknowledged for which request.
#[derive(Debug, Default)]
pub(crate) struct Acknowledged {
    by_key: BTreeMap<u64, String>,
    doubles: Vec<String>,
}

impl Acknowledged {
    /// Notes the ticket that an answer names, for the request of this marker.
    pub(crate) fn note(&mut self, body: &[u8], marker: String) {
        let Some(key) = key_of(body, "\"key\":\"SUP-") else {
            self.doubles.push(format!("{marker}: the answer names no ticket"));
            return;
        };
        let other = self.by_key.insert(key, marker.clone());
        if let Some(other) = other.filter(|other| *other != marker) {
            self.doubles
                .push(format!("SUP-{key} was acknowledged for {other} and for {marker}"));
        }
    }

    /// The numbers of all keys.
    #[must_use]
    pub(crate) fn keys(&self) -> Vec<u64> {
        self.by_key.keys().copied().collect()
    }
}

/// The number that follows a text in an answer.
#[must_use]
pub(crate) fn key_of(body: &[u8], before: &str) -> Option<u64> {
    let at = body
        .windows(before.len())
        .position(|window| window == before.as_bytes())?;
    let digits: Vec<u8> = body[at + before.len()..]
        .iter()
        .copied()
        .take_while(u8::is_ascii_digit)
        .collect();
    std::str::from_utf8(&digits).ok()?.parse().ok()
}

/// Reads every ticket from the first key to the last, and the one behind it, as an administrator; answers what is
/// wrong.
pub(crate) async fn tickets(site: &Site, acknowledged: &Acknowledged) -> Vec<String> {
    let mut faults: Vec<String> = acknowledged.doubles.iter().take(TOLD_MAX).cloned().collect();
    let last = acknowledged
        .by_key
        .keys()
        .next_back()
        .copied()
        .unwrap_or_default();
    let markers: BTreeSet<&String> = acknowledged.by_key.values().collect();
    if markers.len() != acknowledged.by_key.len() {
        faults.push(format!(
            "{} tickets for {} requests",
            acknowledged.by_key.len(),
            markers.len()
        ));
    }
    let next = RefCell::new(1..=last + 1);
    let wrong = RefCell::new(Vec::new());
    let one = async |_| {
        let mut wire = Connection::open(site.api).await.unwrap();
        loop {
            let Some(key) = next.borrow_mut().next() else {
                break;
            };
            let reply = wire
                .call(&request(
                    "GET",
                    &format!("/v1/tickets/SUP-{key}"),
                    &site.admin,
                    "",
                ))
                .await
                .unwrap();
            let read: Value = serde_json::from_slice(&reply.body).unwrap();
            let expected = acknowledged.by_key.get(&key);
            let fault = match (reply.status, expected) {
                (200, Some(marker)) if read["summary"] == **marker => continue,
                (404, None) if key == last + 1 => continue,
                (200, None) => format!("SUP-{key} exists and was acknowledged to nobody"),
                (status, _) => format!("SUP-{key} is answered {status}: {}", read["summary"]),
            };
            wrong.borrow_mut().push(fault);
        }
    };
    all((0..CONNECTIONS).map(one)).await;
    let wrong = wrong.into_inner();
    println!(
        "{} tickets read back, keys SUP-1 to SUP-{last}, {} wrong",
        acknowledged.by_key.len(),
        wrong.len()
    );
    faults.extend(wrong.into_iter().take(TOLD_MAX));
    faults
}
