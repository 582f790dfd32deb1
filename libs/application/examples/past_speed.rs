//! `past_speed [EVENTS]`: how long it takes to look into the past of a log of a million events, and whether what is seen there
//! is what a view shows that was built from the log up to there and no further.
//!
//! Prints the times, and fails when the two differ.
#![expect(clippy::unwrap_used, reason = "a program that measures ends when it cannot")]

use std::{
    convert::Infallible,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use application::{
    Application, Call, Settings,
    tickets::{QueuePage, QueueQuery, Sort, as_of::AsOf, open::NewTicket},
};
use chrono::Utc;
use domain::{
    AccountId, CommentId, TicketKey,
    policy::{self, Viewer},
    ticket::{Action, Text, Visibility},
};
use event_log::{Channel, CommandId, EventLog, Position};
use futures_util::{StreamExt, stream};
use uuid::Uuid;
use views::Views;

/// Commands under way at once while the log is filled.
const AT_ONCE: usize = 256;
/// Comments on each ticket beside the actions.
const COMMENTS: usize = 6;
/// How many tickets are looked at.
const LOOKS: usize = 2_000;

struct World {
    application: Application,
    agent: Viewer,
    requester: Viewer,
}

impl World {
    fn call(&self, viewer: &Viewer) -> Call {
        let id = Uuid::now_v7();
        Call {
            viewer: viewer.clone(),
            on_behalf_of: None,
            at: Utc::now(),
            occurred_at: None,
            sent_at: None,
            channel: Channel::Rest,
            command_id: CommandId(id),
            command_digest: self.application.identity.keyed_digest(&[b"speed", id.as_bytes()]),
            correlation_id: id,
            expected_version: None,
            sign_in: None,
            scopes: None,
        }
    }

    /// About ten events.
    async fn ticket(&self, number: usize) {
        let new = NewTicket {
            desk: "SUP".to_owned(),
            request_type: "question".to_owned(),
            summary: format!("Demande {number} sur le réseau du bâtiment {}", number % 97),
            description: "Le réseau ne répond plus depuis ce matin, et personne ne sait pourquoi.".repeat(3),
            ..NewTicket::default()
        };
        let opened = self
            .application
            .tickets
            .open_ticket(self.call(&self.requester), new)
            .await
            .unwrap();
        let key = opened.loaded.key.clone();
        self.follow(&key, "take").await;
        for comment in 0..COMMENTS {
            let text = Text {
                id: CommentId(Uuid::now_v7()),
                body: format!("Réponse {comment} à la demande {number}."),
            };
            let action = Action::Comment {
                text,
                visibility: Visibility::Public,
            };
            let call = self.call(&self.agent);
            self.application
                .tickets
                .act(call, key.clone(), vec![action])
                .await
                .unwrap();
        }
        if number.is_multiple_of(2) {
            self.follow(&key, "close").await;
        }
    }

    async fn follow(&self, key: &TicketKey, action: &str) {
        let action = Action::Transition {
            action: action.to_owned(),
            comment: None,
            fields: serde_json::Map::new(),
            automatic: CommentId(Uuid::now_v7()),
            customer: domain::PersonId(Uuid::now_v7()),
        };
        let call = self.call(&self.agent);
        self.application
            .tickets
            .act(call, key.clone(), vec![action])
            .await
            .unwrap();
    }
}

#[tokio::main]
async fn main() {
    let events: u64 = std::env::args()
        .nth(1)
        .map_or(1_000_000, |events| events.parse().unwrap());
    let dir = tempfile::tempdir().unwrap();
    let application = Application::open(&Settings::new(dir.path().join("data"))).unwrap();
    application.proofs.begin_log(Utc::now(), None).await.unwrap();
    application
        .people
        .publish_shipped_desks(Utc::now())
        .await
        .unwrap();
    let _ = application.load_demo(Utc::now()).await.unwrap();
    let viewer = |name: &str| {
        let directory = application.directory();
        let account = directory.account_by_username(name).unwrap();
        Viewer::clone(&directory.viewer(account.id).unwrap())
    };
    let (agent, requester) = (viewer("agent"), viewer("requester-1"));
    let world = Arc::new(World {
        agent,
        requester,
        application,
    });
    let begun = Instant::now();
    let mut number = 0;
    while world.application.inside().log.head().0 < events {
        stream::iter(number..number + 4_096)
            .for_each_concurrent(AT_ONCE, |number| {
                let world = Arc::clone(&world);
                async move { world.ticket(number).await }
            })
            .await;
        number += 4_096;
    }
    let head = world.application.inside().log.head();
    let filled = begun.elapsed();
    assert!(
        world
            .application
            .inside()
            .views
            .at_least(head, Duration::from_secs(600))
            .await
    );
    println!(
        "{number} tickets, {head} events, in {:.0} s; the view was there {:.1} s later",
        filled.as_secs_f64(),
        (begun.elapsed() - filled).as_secs_f64()
    );
    tickets_in_the_past(&world, number, head).await;
    queue_in_the_past(&world, dir.path(), head).await;
}

async fn tickets_in_the_past(world: &World, tickets: usize, head: Position) {
    let mut times = Vec::new();
    for look in 0..LOOKS {
        let key: TicketKey = TicketKey::from_typed(&format!("SUP-{}", 1 + look * 7_919 % tickets)).unwrap();
        // The middle of its life, so that the present does not do.
        let (agent, asked) = (world.agent.clone(), key.clone());
        let today = world
            .application
            .read(move |reader| reader.tickets().ticket(&agent, &asked));
        let today = today.await.unwrap();
        let position = today.document.position - (head.0 / 3).min(today.document.position / 50);
        let (agent, as_of) = (world.agent.clone(), Some(AsOf::Position(Position(position))));
        let begun = Instant::now();
        let then = world
            .application
            .read(move |reader| reader.tickets().ticket_as_of(&agent, &key, as_of));
        let then = then.await;
        times.push(begun.elapsed());
        assert!(
            then.is_ok_and(|then| then.document.position <= position) || position < today.document.position
        );
    }
    times.sort();
    let at = |part: usize| times[(times.len() - 1) * part / 100].as_secs_f64() * 1e3;
    println!(
        "ticket as of a position: median {:.3} ms, p99 {:.3} ms, largest {:.3} ms",
        at(50),
        at(99),
        at(100)
    );
}

fn pages(views: &Views, viewer: &Viewer, query: &QueueQuery) -> (Vec<QueuePage>, Duration) {
    let (visible, mut query) = (policy::visible(viewer), query.clone());
    let begun = Instant::now();
    let mut pages = vec![views.queue(&visible, &query).unwrap()];
    let first = begun.elapsed();
    while let (Some(cursor), true) = (pages.last().unwrap().next_cursor.clone(), pages.len() < 20) {
        query.cursor = Some(cursor);
        pages.push(views.queue(&visible, &query).unwrap());
    }
    for page in &mut pages {
        page.next_cursor = None;
    }
    (pages, first)
}

/// A log up to a position, and a view of it.
async fn rebuilt(world: &World, dir: &Path, past: Position) -> Views {
    let log = world.application.inside().log;
    let mut after = Position(0);
    let prefix = std::iter::from_fn(|| {
        let left = usize::try_from(past.0 - after.0).unwrap();
        let read = log.read_stored(after, left.min(4_096), usize::MAX).unwrap();
        after = read.last()?.position;
        Some(read)
    });
    let prefix = prefix.flatten().map(Ok::<_, Infallible>);
    event_log::import(&dir.join("prefix/log"), 0, prefix).unwrap();
    let prefix = EventLog::open(&dir.join("prefix/log"), event_log::Options::default()).unwrap();
    let opener = world.application.inside().opener;
    let rebuilt = Views::open(
        &dir.join("prefix/views"),
        prefix,
        opener,
        views::Options::default(),
    )
    .unwrap();
    assert!(rebuilt.at_least(past, Duration::from_secs(600)).await);
    rebuilt
}

async fn queue_in_the_past(world: &World, dir: &Path, head: Position) {
    let past = Position(head.0 * 2 / 3);
    let begun = Instant::now();
    let rebuilt = rebuilt(world, dir, past).await;
    println!(
        "a log up to position {past} and a view of it, made anew: {:.1} s",
        begun.elapsed().as_secs_f64()
    );
    let sorted = |sort: &str| QueueQuery {
        sort: Sort::list(sort),
        limit: 200,
        ..QueueQuery::default()
    };
    let questions = [
        ("all, newest change first", sorted("-updated_at")),
        (
            "one status, oldest first",
            QueueQuery {
                status: vec!["in_progress".to_owned()],
                ..sorted("created_at")
            },
        ),
        ("by priority and key", sorted("-priority,key")),
        (
            "searched",
            QueueQuery {
                q: Some("réseau bâtiment 13".to_owned()),
                ..sorted("-created_at")
            },
        ),
        (
            "of nobody",
            QueueQuery {
                requester: Some(AccountId(Uuid::nil())),
                ..sorted("created_at")
            },
        ),
    ];
    for (what, query) in questions {
        let (then, _) = pages(&rebuilt, &world.agent, &query);
        let as_of = QueueQuery {
            as_of: Some(past),
            ..query
        };
        let (seen, first) = pages(world.application.inside().views, &world.agent, &as_of);
        assert_eq!(seen, then, "{what}");
        let rows: usize = seen.iter().map(|page| page.rows.len()).sum();
        println!(
            "queue as of {past}, {what}: {rows} rows and the total {} equal the rebuilt view's; first page {:.1} ms",
            seen[0].total,
            first.as_secs_f64() * 1e3
        );
    }
}
