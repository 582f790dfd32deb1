//! `load`: how fast the started server creates, reads and speaks SOAP, against references in the same run, and
//! whether everything it acknowledged under that load is there (design §10).
//!
//! `LOAD_SECONDS` says how long each measurement takes, 10 unless set. The table goes to standard output, the rows
//! to `bench/results.json`; the exit status is 1 when something was lost, doubled or refused that should not have
//! been, or when a figure falls short. With `LOAD_CHECK` set only the former counts and no rows are stored: a check
//! of the code, which must not fail because the machine is busy.
#![expect(clippy::unwrap_used, reason = "a program that measures ends when it cannot")]

mod echo;
mod measure;
mod mixed;
mod rows;
mod verify;

use std::{env, net::SocketAddr, process::ExitCode, time::Duration};

use guichet_tests::{
    envelope,
    home::{DEMO_PASSWORD, Home},
    server::Server,
    wire::{self, Connection},
};
use serde_json::{Value, json};

use crate::{
    measure::{Measured, measure},
    rows::Row,
    verify::Acknowledged,
};

/// The echo allocates as the server does, or it would not be the same server.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How many connections ask at once (design §10).
pub(crate) const CONNECTIONS: usize = 64;
/// How many tickets must be created in ten seconds under disturbance.
const TICKETS_IN_TEN_SECONDS: f64 = 10_000.0;
/// In how many turns ours and the reference are measured, so that both meet the same moods of the machine.
const TURNS: u32 = 2;
/// The unit of most figures.
const REQUESTS: &str = "requests/s";

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    if arguments.next().as_deref() == Some("echo") {
        echo::serve(arguments.collect());
        return ExitCode::SUCCESS;
    }
    let figures_count = env::var_os("LOAD_CHECK").is_none();
    let seconds = env::var("LOAD_SECONDS")
        .ok()
        .map_or(10, |seconds| seconds.parse().unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let server = Home::for_load().with("GUICHET_LOG_LEVEL", "warn").start();
    let site = Site::of(&server);
    let (rows, faults) = runtime.block_on(run(&site, Duration::from_secs(seconds)));
    rows::print(&rows);
    println!(
        "memory of the server after all this: {} MiB",
        server.resident_kib() / 1024
    );
    if figures_count {
        rows::store(&rows);
    }
    let _home = server.stop();
    for fault in &faults {
        println!("WRONG: {fault}");
    }
    if faults.is_empty() && (!figures_count || rows.iter().all(Row::holds)) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// The server, and who calls it.
pub(crate) struct Site {
    /// The REST door.
    pub(crate) api: SocketAddr,
    /// The SOAP door.
    pub(crate) soap: SocketAddr,
    /// `Authorization` and media type of the requester who creates.
    pub(crate) requester: String,
    /// The same of an administrator, who may read every ticket.
    pub(crate) admin: String,
    operator: String,
    public_key: String,
    token: String,
}

impl Site {
    fn of(server: &Server) -> Site {
        let address = |url: &str| url.trim_start_matches("http://").parse().unwrap();
        let headers = |account: &str| {
            let token = server.client(account).token().to_owned();
            format!("Authorization: Bearer {token}\r\nContent-Type: application/json\r\n")
        };
        let keys = server.nobody().get("/.well-known/jwks.json").expect(200);
        Site {
            api: address(server.api()),
            soap: address(server.soap()),
            requester: headers("requester-1"),
            admin: headers("admin"),
            operator: headers("oc-alpha"),
            public_key: keys["keys"][0]["x"].as_str().unwrap().to_owned(),
            token: server.client("requester-1").token().to_owned(),
        }
    }

    /// Waits until the views have caught up, so that what comes next is measured on an idle server.
    pub(crate) async fn settled(&self) {
        let mut wire = Connection::open(self.api).await.unwrap();
        loop {
            let answer = wire.call(&wire::request("GET", "/readyz", "", "")).await.unwrap();
            let readiness: Value = serde_json::from_slice(&answer.body).unwrap();
            if readiness["views"][0]["position"] == readiness["log"]["head"] {
                return;
            }
        }
    }
}

/// The body of a ticket that is created, told from all others by its summary.
#[must_use]
pub(crate) fn ticket(marker: &str) -> String {
    let description = "Depuis lundi, elle affiche « bourrage » sans bourrage, et l'accueil attend.";
    json!({"desk": "SUP", "type": "question", "summary": marker, "description": description}).to_string()
}

async fn run(site: &Site, time: Duration) -> (Vec<Row>, Vec<String>) {
    let mut acknowledged = Acknowledged::default();
    let disturbed = mixed::run(site, time, &mut acknowledged).await;
    println!("{disturbed}");
    site.settled().await;
    let (created, echoed, remembered) = creates(site, time, &mut acknowledged).await;
    let mut faults = verify::tickets(site, &acknowledged).await;
    faults.extend(disturbed.faults());
    let read = reads(site, time, &acknowledged).await;
    let (by_soap, by_rest) = operators(site, time).await;
    for (what, measured) in [
        ("create", &created),
        ("read", &read),
        ("SOAP", &by_soap),
        ("REST on SAV", &by_rest),
    ] {
        faults.extend(measured.faults(what));
    }
    let seconds = time.as_secs_f64();
    let echo = echoed.rate();
    let rows = vec![
        Row::of(
            "tickets by 64 clients while a tenth of the requests each is refused, retried, cut off",
            (disturbed.created as f64, TICKETS_IN_TEN_SECONDS * seconds / 10.0),
            ("tickets", Some(1.0)),
        ),
        Row::of(
            "durable POST /v1/tickets, 64 connections, against an echo (floor)",
            (created.rate(), echo),
            (REQUESTS, Some(0.3)),
        ),
        Row::of(
            "durable POST /v1/tickets, 64 connections, against an echo",
            (created.rate(), echo),
            (REQUESTS, Some(0.5)),
        ),
        Row::of(
            "durable POST /v1/tickets, 64 connections, against an echo that remembers verified tokens",
            (created.rate(), remembered.rate()),
            (REQUESTS, None),
        ),
        Row::of(
            "GET /v1/tickets/{key}, 64 connections, against an echo",
            (read.rate(), echo),
            (REQUESTS, Some(0.7)),
        ),
        Row::of(
            "GET /v1/tickets/{key}, 64 connections, against an echo that remembers verified tokens",
            (read.rate(), remembered.rate()),
            (REQUESTS, None),
        ),
        Row::of(
            "SOAP create against REST create, 64 connections",
            (by_soap.rate(), by_rest.rate()),
            (REQUESTS, Some(0.4)),
        ),
    ];
    (rows, faults)
}

/// Creating, beside the echo that verifies each token and the one that remembers it, turn by turn.
async fn creates(
    site: &Site,
    time: Duration,
    acknowledged: &mut Acknowledged,
) -> (Measured, Measured, Measured) {
    let verifying = echo::start(&site.public_key, &site.token, false);
    let remembering = echo::start(&site.public_key, &site.token, true);
    let request = |name: String| wire::request("POST", "/v1/tickets", &site.requester, &ticket(&name));
    let (mut created, mut echoed, mut remembered) =
        (Measured::default(), Measured::default(), Measured::default());
    for turn in 0..TURNS {
        let marker = |connection: usize, number: usize| format!("plain {turn}.{connection}.{number}");
        let ours = measure(
            site.api,
            time / TURNS,
            |connection, number| request(marker(connection, number)),
            |place, reply| {
                if reply.status == 201 {
                    acknowledged.note(&reply.body, marker(place.0, place.1));
                }
            },
        );
        created.add(ours.await);
        site.settled().await;
        for (echo, measured) in [(&verifying, &mut echoed), (&remembering, &mut remembered)] {
            let answered = measure(
                echo.address(),
                time / TURNS,
                |connection, number| request(marker(connection, number)),
                |_, reply| assert_eq!(reply.status, 201, "the echo refuses"),
            );
            measured.add(answered.await);
        }
    }
    (created, echoed, remembered)
}

/// Reading tickets at random places among those that were created.
async fn reads(site: &Site, time: Duration, acknowledged: &Acknowledged) -> Measured {
    let keys = acknowledged.keys();
    let request = |connection: usize, number: usize| {
        let key = keys[(connection * 7_919 + number * 104_729) % keys.len()];
        wire::request("GET", &format!("/v1/tickets/SUP-{key}"), &site.requester, "")
    };
    let mut read = Measured::default();
    read.add(
        measure(site.api, time, request, |_, reply| {
            assert_eq!(reply.status, 200, "a ticket is not there")
        })
        .await,
    );
    read
}

/// The same report by an operator, over SOAP and over REST, turn by turn; every key is there once.
async fn operators(site: &Site, time: Duration) -> (Measured, Measured) {
    let soap_headers = format!(
        "Content-Type: {}\r\nSOAPAction: \"createTroubleTicketByValue\"\r\n",
        envelope::XML
    );
    let (mut by_soap, mut by_rest) = (Measured::default(), Measured::default());
    let mut keys = Vec::new();
    for turn in 0..TURNS {
        let over_soap = |connection: usize, number: usize| {
            let report = envelope::create("123456782", &format!("S{turn}.{connection}.{number}"));
            let whole = envelope::envelope("oc-alpha", DEMO_PASSWORD, &report);
            wire::request("POST", envelope::PATH, &soap_headers, &whole)
        };
        let over_rest = |connection: usize, number: usize| {
            let body = rows::report(&format!("R{turn}.{connection}.{number}"));
            wire::request("POST", "/v1/tickets", &site.operator, &body)
        };
        let noted = measure(site.soap, time / TURNS, over_soap, |_, reply| {
            keys.extend(verify::key_of(&reply.body, "troubleTicketKey>SAV-"));
        });
        by_soap.add(noted.await);
        site.settled().await;
        let noted = measure(site.api, time / TURNS, over_rest, |_, reply| {
            keys.extend(verify::key_of(&reply.body, "\"key\":\"SAV-"));
        });
        by_rest.add(noted.await);
        site.settled().await;
    }
    let tickets = keys.len();
    keys.sort_unstable();
    keys.dedup();
    assert!(
        keys.len() == tickets && keys.last() == Some(&(tickets as u64)),
        "keys of SAV have a gap or a double"
    );
    (by_soap, by_rest)
}
