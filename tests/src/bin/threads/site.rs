//! Tickets that are written and read through the REST door.

use std::{
    cell::Cell,
    fmt,
    net::SocketAddr,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use guichet_tests::{
    server::Server,
    wire::{self, Connection},
};
use serde_json::{Value, json};

use crate::{LIMIT, LOOKS, TIMES_MAX};

/// How many write at once.
const WRITERS: usize = 32;

/// The server, and who asks it.
pub(crate) struct Site {
    pub(crate) api: SocketAddr,
    pub(crate) headers: String,
}

/// What one ticket costs.
pub(crate) struct Thread {
    events: u64,
    /// The first page after a start, of the newest comments.
    cold: Duration,
    /// Pages of comments: from the beginning, from the middle, and the newest.
    comments: [Duration; 3],
    /// The same of the history.
    history: [Duration; 3],
    blame: Duration,
    /// All pages of comments and of history, oldest first and newest first.
    walks: [(Duration, u64); 4],
}

impl Site {
    pub(crate) fn of(server: &Server) -> Site {
        let token = server.client("agent").token().to_owned();
        Site {
            api: server.api().trim_start_matches("http://").parse().unwrap(),
            headers: format!("Authorization: Bearer {token}\r\nContent-Type: application/json\r\n"),
        }
    }

    async fn call(&self, wire: &mut Connection, method: &str, path: &str, body: &str) -> Value {
        let request = wire::request(method, path, &self.headers, body);
        let begun = Instant::now();
        let reply = wire.call(&request).await;
        let reply =
            reply.unwrap_or_else(|error| panic!("{method} {path} after {:?}: {error}", begun.elapsed()));
        assert!(
            (200..300).contains(&reply.status),
            "{path}: {} {}",
            reply.status,
            String::from_utf8_lossy(&reply.body)
        );
        serde_json::from_slice(&reply.body).unwrap()
    }

    /// A ticket of so many events; answers its key.
    pub(crate) async fn written(&self, events: u64) -> String {
        let mut wire = Connection::open(self.api).await.unwrap();
        let ticket = json!({"desk": "SUP", "type": "question", "summary": "Un long fil", "description": "Il était une fois."});
        let opened = self
            .call(&mut wire, "POST", "/v1/tickets", &ticket.to_string())
            .await;
        let key = opened["key"].as_str().unwrap().to_owned();
        let path = format!("/v1/tickets/{key}/comments");
        let left = Cell::new(events - opened["version"].as_u64().unwrap());
        let one = async || {
            let mut wire = Connection::open(self.api).await.unwrap();
            while let Some(less) = left.get().checked_sub(1) {
                left.set(less);
                let body = format!(
                    "Nous avons regardé l'imprimante une fois de plus, la {less}e, sans rien y trouver."
                );
                let _ = self
                    .call(&mut wire, "POST", &path, &json!({"body": body}).to_string())
                    .await;
            }
        };
        join_all((0..WRITERS).map(|_| one())).await;
        key
    }

    /// How long a question takes: the median.
    async fn looks(&self, wire: &mut Connection, path: &str) -> Duration {
        let mut times = Vec::new();
        for _ in 0..LOOKS {
            let begun = Instant::now();
            let _ = self.call(wire, "GET", path, "").await;
            times.push(begun.elapsed());
        }
        times.sort();
        times[times.len() / 2]
    }

    /// Goes through all pages; how long it took, and how many they hold.
    pub(crate) async fn walk(&self, wire: &mut Connection, path: &str) -> (Duration, u64) {
        let (begun, mut count, mut cursor) = (Instant::now(), 0, String::new());
        loop {
            let page = self.call(wire, "GET", &format!("{path}{cursor}"), "").await;
            count += page["items"].as_array().unwrap().len() as u64;
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return (begun.elapsed(), count),
            }
        }
    }

    /// What a ticket costs.
    pub(crate) async fn thread(&self, events: u64, key: &str) -> Thread {
        let mut wire = Connection::open(self.api).await.unwrap();
        let list = |what: &str, rest: &str| format!("/v1/tickets/{key}/{what}?limit={LIMIT}{rest}");
        let begun = Instant::now();
        let _ = self
            .call(&mut wire, "GET", &list("comments", "&sort=-version"), "")
            .await;
        let cold = begun.elapsed();
        let middle = format!("&cursor={}", events / 2);
        let places = ["", &middle, "&sort=-version"];
        let (mut comments, mut history) = ([Duration::ZERO; 3], [Duration::ZERO; 3]);
        for (place, time) in places.iter().zip(&mut comments) {
            *time = self.looks(&mut wire, &list("comments", place)).await;
        }
        for (place, time) in places.iter().zip(&mut history) {
            *time = self.looks(&mut wire, &list("history", place)).await;
        }
        let blame = self.looks(&mut wire, &format!("/v1/tickets/{key}/blame")).await;
        let mut walks = [(Duration::ZERO, 0); 4];
        let ways = ["comments", "history"].map(|what| [list(what, ""), list(what, "&sort=-version")]);
        for (way, walked) in ways.as_flattened().iter().zip(&mut walks) {
            *walked = self.walk(&mut wire, way).await;
        }
        Thread {
            events,
            cold,
            comments,
            history,
            blame,
            walks,
        }
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

impl Thread {
    pub(crate) const HEAD: &'static str = "events   cold ms   comments ms: first  middle  newest   history ms: first  middle  newest   \
                                           blame ms   whole s: comments  back  history  back";

    /// What is not there, or twice.
    pub(crate) fn faults(&self) -> Vec<String> {
        let [comments, back, history, history_back] = self.walks.map(|(_, count)| count);
        let expected = [self.events - 1, self.events - 1, self.events, self.events];
        let found = [comments, back, history, history_back];
        match found == expected {
            true => Vec::new(),
            false => vec![format!(
                "of {} events: {found:?} and not {expected:?}",
                self.events
            )],
        }
    }

    /// Where it falls short of what it may cost, against a short one.
    pub(crate) fn against(&self, short: &Thread) -> Vec<String> {
        let mut found = Vec::new();
        let pages = |thread: &Thread| [thread.comments, thread.history].concat();
        for (page, (long, short)) in pages(self).into_iter().zip(pages(short)).enumerate() {
            let times = ms(long) / ms(short);
            if times > TIMES_MAX {
                found.push(format!(
                    "page {page} takes {times:.1} times as long as of {} events",
                    short.as_micros()
                ));
            }
        }
        for ((long, _), (small, _)) in self.walks.iter().zip(&short.walks) {
            let each = (ms(*long) / self.events as f64) / (ms(*small) / short.events as f64);
            if each > TIMES_MAX {
                found.push(format!("a walk costs {each:.1} times as much for each event"));
            }
        }
        found
    }
}

impl fmt::Display for Thread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c] = self.comments.map(ms);
        let [d, e, g] = self.history.map(ms);
        let [w, x, y, z] = self.walks.map(|(time, _)| time.as_secs_f64());
        write!(
            f,
            "{:>6} {:>9.2} {a:>20.2} {b:>7.2} {c:>7.2} {d:>19.2} {e:>7.2} {g:>7.2} {:>10.2} {w:>18.2} {x:>5.2} {y:>8.2} {z:>5.2}",
            self.events,
            ms(self.cold),
            ms(self.blame)
        )
    }
}
