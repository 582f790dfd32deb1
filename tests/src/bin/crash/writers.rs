//! Sixteen writers at once, until the server is gone.

use std::{cell::RefCell, io, net::SocketAddr, time::Duration};

use futures_util::{StreamExt, stream::FuturesUnordered};
use guichet_tests::wire::{Connection, Reply, request};
use serde_json::{Value, json};

use crate::ledger::Ledger;

/// How many write at once.
const WRITERS: usize = 16;

/// A request that creates the ticket of this marker, under a key of the same name.
pub(crate) fn creation(token: &str, marker: &str) -> Vec<u8> {
    let headers = format!(
        "Authorization: Bearer {token}\r\nContent-Type: application/json\r\nIdempotency-Key: {marker}\r\n"
    );
    let body =
        json!({"desk": "SUP", "type": "question", "summary": marker, "description": "Écrit avant la panne."});
    request("POST", "/v1/tickets", &headers, &body.to_string())
}

/// Runs `end` after a time, while all write; answers once every writer has noticed.
pub(crate) fn until_killed(
    api: &str,
    token: &str,
    (cycle, moment): (u64, Duration),
    ledger: &mut Ledger,
    end: impl FnOnce(),
) {
    let address: SocketAddr = api.trim_start_matches("http://").parse().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let ledger = RefCell::new(ledger);
    let kill = async {
        tokio::time::sleep(moment).await;
        end();
    };
    let write = async {
        let one = |writer: usize| {
            let ledger = &ledger;
            async move {
                // The connection breaks when the server is killed: that is how it ends.
                let _ = writes(address, token, &format!("{cycle}.{writer}"), ledger).await;
            }
        };
        let mut all: FuturesUnordered<_> = (0..WRITERS).map(one).collect();
        while all.next().await.is_some() {}
    };
    runtime.block_on(async { tokio::join!(write, kill) });
}

async fn writes(
    address: SocketAddr,
    token: &str,
    name: &str,
    ledger: &RefCell<&mut Ledger>,
) -> io::Result<()> {
    let mut wire = Connection::open(address).await?;
    let headers = format!("Authorization: Bearer {token}\r\nContent-Type: application/json\r\n");
    for number in 0.. {
        let marker = format!("crash {name}.{number}");
        let asked = wire.call(&creation(token, &marker)).await;
        let Some(key) = asked.as_ref().ok().and_then(created) else {
            let mut ledger = ledger.borrow_mut();
            ledger.unanswered.push(marker);
            if let Ok(reply) = &asked {
                ledger
                    .faults
                    .push(format!("a creation was answered {}", reply.status));
            }
            return asked.map(|_| ());
        };
        ledger.borrow_mut().opened(key, &marker);
        // Every third ticket goes on: an append to a stream that exists is another road than a creation.
        if number % 3 == 0 {
            let path = format!("/v1/tickets/SUP-{key}/comments");
            let reply = wire
                .call(&request("POST", &path, &headers, r#"{"body":"Et encore."}"#))
                .await?;
            let comment: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
            match (reply.status, comment["version"].as_u64()) {
                (201, Some(version)) => ledger.borrow_mut().commented(key, version),
                (status, _) => ledger
                    .borrow_mut()
                    .faults
                    .push(format!("a comment was answered {status}")),
            }
        }
    }
    Ok(())
}

/// The number of the key that a creation was answered with.
pub(crate) fn created(reply: &Reply) -> Option<u64> {
    let ticket: Value = serde_json::from_slice(&reply.body).ok()?;
    let key = ticket["key"].as_str().filter(|_| reply.status == 201)?;
    key.strip_prefix("SUP-")?.parse().ok()
}
