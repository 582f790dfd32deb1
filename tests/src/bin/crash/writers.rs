//! Sixteen writers at once and one reader of the feed, until the server is gone.

use std::{cell::RefCell, future::Future, io, net::SocketAddr, time::Duration};

use futures_util::{StreamExt, stream::FuturesUnordered};
use guichet_tests::{
    server::Server,
    wire::{Connection, Reply, request},
};
use serde_json::{Value, json};

use crate::ledger::{Attached, Ledger};

/// How many write at once.
const WRITERS: usize = 16;
/// One ticket in so many is commented on: an append to a stream that exists is another road than a creation.
const COMMENT_ONE_IN: usize = 3;
/// One ticket in so many gets a file, which lies outside of the log.
const FILE_ONE_IN: usize = 8;
/// Bytes of such a file; not a multiple of what is sealed or written at once.
const FILE_BYTES: usize = 5_000;
/// How often the feed is asked for what is new, ms.
const FOLLOW_EVERY_MS: u64 = 40;
/// Events asked of the feed at a time.
const FOLLOWED_EVENTS: usize = 200;

/// What is needed to call a server.
#[derive(Debug, Clone)]
pub(crate) struct Door {
    pub(crate) address: SocketAddr,
    /// Of somebody who opens tickets.
    pub(crate) requester: String,
    /// Of somebody who reads the log.
    pub(crate) auditor: String,
}

impl Door {
    /// The door of a server, with two who are signed in there.
    pub(crate) fn of(server: &Server) -> Door {
        Door {
            address: server.api().trim_start_matches("http://").parse().unwrap(),
            requester: server.client("requester-1").token().to_owned(),
            auditor: server.client("auditor").token().to_owned(),
        }
    }
}

/// A request that creates the ticket of this marker, under a key of the same name.
pub(crate) fn creation(token: &str, marker: &str) -> Vec<u8> {
    let headers = format!(
        "Authorization: Bearer {token}\r\nContent-Type: application/json\r\nIdempotency-Key: {marker}\r\n"
    );
    let body =
        json!({"desk": "SUP", "type": "question", "summary": marker, "description": "Écrit avant la panne."});
    request("POST", "/v1/tickets", &headers, &body.to_string())
}

/// Runs `end` after a time, while all write and something else happens `beside` them; answers once everybody has
/// noticed.
pub(crate) fn until_killed(
    door: &Door,
    (cycle, moment): (u64, Duration),
    ledger: &mut Ledger,
    beside: impl Future<Output = ()>,
    end: impl FnOnce(),
) {
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
                let _ = writes(door, &format!("{cycle}.{writer}"), ledger).await;
            }
        };
        let mut all: FuturesUnordered<_> = (0..WRITERS).map(one).collect();
        while all.next().await.is_some() {}
    };
    let follow = async {
        let _ = follows(door, &ledger).await;
    };
    runtime.block_on(async { tokio::join!(write, follow, beside, kill) });
}

async fn writes(door: &Door, name: &str, ledger: &RefCell<&mut Ledger>) -> io::Result<()> {
    let mut wire = Connection::open(door.address).await?;
    for number in 0.. {
        let marker = format!("crash {name}.{number}");
        let asked = wire.call(&creation(&door.requester, &marker)).await;
        let Some(key) = asked.as_ref().ok().and_then(created) else {
            let mut ledger = ledger.borrow_mut();
            ledger.unanswered.push(marker);
            if let Ok(reply) = &asked {
                let fault = format!("a creation was answered {}", reply.status);
                ledger.found.faults.push(fault);
            }
            return asked.map(|_| ());
        };
        ledger.borrow_mut().opened(key, &marker);
        if number % COMMENT_ONE_IN == 0 {
            comments(door, &mut wire, key, ledger).await?;
        }
        if number % FILE_ONE_IN == 0 {
            attaches(door, &mut wire, key, (&marker, ledger)).await?;
        }
    }
    Ok(())
}

async fn comments(
    door: &Door,
    wire: &mut Connection,
    key: u64,
    ledger: &RefCell<&mut Ledger>,
) -> io::Result<()> {
    let token = &door.requester;
    let headers = format!("Authorization: Bearer {token}\r\nContent-Type: application/json\r\n");
    let path = format!("/v1/tickets/SUP-{key}/comments");
    let reply = wire
        .call(&request("POST", &path, &headers, r#"{"body":"Et encore."}"#))
        .await?;
    let comment: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let mut ledger = ledger.borrow_mut();
    match (reply.status, comment["version"].as_u64()) {
        (201, Some(version)) => ledger.commented(key, version),
        (status, _) => ledger
            .found
            .faults
            .push(format!("a comment was answered {status}")),
    }
    Ok(())
}

async fn attaches(
    door: &Door,
    wire: &mut Connection,
    key: u64,
    (marker, ledger): (&str, &RefCell<&mut Ledger>),
) -> io::Result<()> {
    let content: Vec<u8> = marker.bytes().cycle().take(FILE_BYTES).collect();
    let token = &door.requester;
    let headers =
        format!("Authorization: Bearer {token}\r\nContent-Type: multipart/form-data; boundary=part\r\n");
    let head = "--part\r\nContent-Disposition: form-data; name=\"file\"; filename=\"panne.txt\"\r\n\r\n";
    let body = format!("{head}{}\r\n--part--\r\n", String::from_utf8_lossy(&content));
    let path = format!("/v1/tickets/SUP-{key}/attachments");
    let reply = wire.call(&request("POST", &path, &headers, &body)).await?;
    let file: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let mut ledger = ledger.borrow_mut();
    match (reply.status, file["id"].as_str()) {
        (201, Some(id)) => ledger.attached(Attached {
            key,
            id: id.to_owned(),
            content,
        }),
        (status, _) => ledger.found.faults.push(format!("a file was answered {status}")),
    }
    Ok(())
}

/// What is shown is on disk as well as what is acknowledged (ARCHITECTURE.md, invariants).
async fn follows(door: &Door, ledger: &RefCell<&mut Ledger>) -> io::Result<()> {
    let mut wire = Connection::open(door.address).await?;
    let token = &door.auditor;
    let headers = format!("Authorization: Bearer {token}\r\n");
    let mut after = ledger
        .borrow()
        .shown
        .as_ref()
        .map_or(0, |(position, _)| *position);
    loop {
        let path = format!("/v1/events?after={after}&limit={FOLLOWED_EVENTS}");
        let reply = wire.call(&request("GET", &path, &headers, "")).await?;
        if reply.status != 200 {
            let fault = format!("the feed was answered {}", reply.status);
            ledger.borrow_mut().found.faults.push(fault);
            return Ok(());
        }
        if let Some((position, id)) = last_shown(&reply.body) {
            ledger.borrow_mut().was_shown(position, &id);
            after = position;
        }
        tokio::time::sleep(Duration::from_millis(FOLLOW_EVERY_MS)).await;
    }
}

/// Position and id of the event on the last line of a page of the feed.
pub(crate) fn last_shown(page: &[u8]) -> Option<(u64, String)> {
    let last = page.split(|byte| *byte == b'\n').rfind(|line| !line.is_empty())?;
    let line: Value = serde_json::from_slice(last).ok()?;
    Some((
        line["position"].as_u64()?,
        line["event"]["id"].as_str()?.to_owned(),
    ))
}

/// The number of the key that a creation was answered with.
pub(crate) fn created(reply: &Reply) -> Option<u64> {
    let ticket: Value = serde_json::from_slice(&reply.body).ok()?;
    let key = ticket["key"].as_str().filter(|_| reply.status == 201)?;
    key.strip_prefix("SUP-")?.parse().ok()
}
