//! Many who read, and many who ask and do not read, while somebody asks whether the server lives.

use std::{
    cell::Cell,
    fmt,
    time::{Duration, Instant},
};

use futures_util::future::{join, join_all};
use guichet_tests::{
    server::Server,
    wire::{self, Connection},
};
use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::{GROWTH_MIB_MAX, HEALTH_MS_MAX, LIMIT, site::Site};

/// How many go through the ticket.
const READERS: usize = 16;
/// How many ask for evidence and do not read.
const SILENT: usize = 16;
/// How often each of those asks at once.
const ASKED_AT_ONCE: usize = 8;
/// How long passes between two looks at the health, ms.
const LOOK_MS: u64 = 5;

/// What was seen.
pub(crate) struct Crowd {
    pages: u64,
    health: Vec<Duration>,
    before_mib: u64,
    most_mib: u64,
}

/// Lets them ask for so many seconds.
pub(crate) async fn run(server: &Server, site: &Site, key: &str, seconds: u64) -> Crowd {
    let before_mib = server.resident_kib() / 1024;
    let mut silent = Vec::new();
    for _ in 0..SILENT {
        let mut socket = TcpStream::connect(site.api).await.unwrap();
        let request = wire::request("GET", &format!("/v1/tickets/{key}/evidence"), &site.headers, "");
        socket.write_all(&request.repeat(ASKED_AT_ONCE)).await.unwrap();
        silent.push(socket);
    }
    let (begun, time, pages) = (Instant::now(), Duration::from_secs(seconds), Cell::new(0));
    let reader = async |number: usize| {
        let mut wire = Connection::open(site.api).await.unwrap();
        let what = ["comments", "history"][number % 2];
        let first = format!("/v1/tickets/{key}/{what}?limit={LIMIT}");
        let mut path = first.clone();
        while begun.elapsed() < time {
            let request = wire::request("GET", &path, &site.headers, "");
            let reply = wire.call(&request).await.unwrap();
            assert_eq!(reply.status, 200, "{path}");
            pages.set(pages.get() + 1);
            let page: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
            path = match page["next_cursor"].as_str() {
                Some(next) => format!("{first}&cursor={next}"),
                None => first.clone(),
            };
        }
    };
    let watcher = async {
        let mut wire = Connection::open(site.api).await.unwrap();
        let (mut health, mut most_mib) = (Vec::new(), before_mib);
        while begun.elapsed() < time {
            let asked = Instant::now();
            let reply = wire
                .call(&wire::request("GET", "/healthz", "", ""))
                .await
                .unwrap();
            assert_eq!(reply.status, 200);
            health.push(asked.elapsed());
            most_mib = most_mib.max(server.resident_kib() / 1024);
            tokio::time::sleep(Duration::from_millis(LOOK_MS)).await;
        }
        (health, most_mib)
    };
    let (_, (mut health, most_mib)) = join(join_all((0..READERS).map(reader)), watcher).await;
    drop(silent);
    health.sort();
    Crowd {
        pages: pages.get(),
        health,
        before_mib,
        most_mib,
    }
}

impl Crowd {
    /// How long `/healthz` took for so many of 100, ms.
    fn health_ms(&self, part: usize) -> f64 {
        let at = (self.health.len() - 1) * part / 100;
        self.health[at].as_secs_f64() * 1e3
    }

    pub(crate) fn falls_short(&self) -> Vec<String> {
        let mut found = Vec::new();
        if self.health_ms(99) > HEALTH_MS_MAX {
            found.push(format!("p99 of /healthz is {:.1} ms", self.health_ms(99)));
        }
        let growth = self.most_mib - self.before_mib;
        if growth > GROWTH_MIB_MAX {
            found.push(format!("memory grows by {growth} MiB"));
        }
        found
    }
}

impl fmt::Display for Crowd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{READERS} readers saw {} pages, {SILENT} asked for evidence and did not read. /healthz, {} times: median {:.2} ms, p99 {:.2} \
             ms, longest {:.2} ms. Memory: {} MiB before, {} MiB at most",
            self.pages,
            self.health.len(),
            self.health_ms(50),
            self.health_ms(99),
            self.health_ms(100),
            self.before_mib,
            self.most_mib
        )
    }
}
