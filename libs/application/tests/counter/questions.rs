//! Reads: the policy on each, one's own writes, the feed.

use application::{
    ReadError,
    proofs::feed::{FEED_LIMIT_MAX, FEED_SCAN_EVENTS_MAX, FeedFilter},
};

use event_log::{Position, Version};

use domain::ticket::{TicketEvent, Visibility};
use futures_util::future::join_all;
use uuid::Uuid;
use views::queue::QueueQuery;

use crate::{
    asking::Asking,
    world::{World, comment, question, words},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_may_not_see_does_not_exist_by_any_question() {
    let world = World::new().await;
    let key = world.open("ann").await;
    world
        .act(
            world.call("agent"),
            &key,
            comment("note interne", Visibility::Internal),
        )
        .await
        .unwrap();
    let application = &world.application;
    let bob = world.viewer("bob");
    assert!(matches!(application.ticket(&bob, &key), Err(ReadError::NotFound)));
    let loaded = application.ticket(&world.viewer("ann"), &key).unwrap();
    assert!(matches!(
        application.events_of(&bob, &loaded, Version(0)),
        Err(ReadError::NotFound)
    ));
    let history = application.history_of(&bob, &loaded, Version(0));
    assert!(matches!(history, Err(ReadError::NotFound)));
    let page = application
        .tickets
        .queue(
            &bob,
            Uuid::now_v7(),
            QueueQuery::default(),
            Some(world.head()),
            None,
        )
        .await
        .unwrap();
    assert_eq!((page.rows.len(), page.total), (0, 0));
    let page = application
        .tickets
        .queue(
            &world.viewer("ann"),
            Uuid::now_v7(),
            QueueQuery::default(),
            Some(world.head()),
            None,
        )
        .await;
    assert_eq!(
        page.unwrap().rows.iter().map(|row| &row.key).collect::<Vec<_>>(),
        [&key]
    );

    for (username, internal) in [("ann", 0), ("agent", 1), ("auditor", 1)] {
        let viewer = world.viewer(username);
        let events = application.events_of(&viewer, &loaded, Version(0)).unwrap();
        let notes = events
            .iter()
            .filter(|(_, event)| matches!(event, TicketEvent::Commented(_)))
            .count();
        assert_eq!(notes, internal, "{username}");
        let entries = application.history_of(&viewer, &loaded, Version(0)).unwrap();
        let notes = entries
            .iter()
            .filter(|entry| entry.event_type == "ticket-commented.v1")
            .count();
        assert_eq!(notes, internal, "{username}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_writes_and_lists_finds_what_they_wrote() {
    let world = World::new().await;
    let sign_in = Uuid::now_v7();
    for n in 1..=20 {
        let call = application::Call {
            sign_in: Some(sign_in),
            ..world.call("ann")
        };
        world
            .application
            .tickets
            .open_ticket(call, question(&format!("Question {n}")))
            .await
            .unwrap();
        let page = world
            .application
            .tickets
            .queue(&world.viewer("ann"), sign_in, QueueQuery::default(), None, None)
            .await;
        assert_eq!(page.unwrap().total, n);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_position_that_is_not_there_yet_is_behind() {
    let world = World::new().await;
    let far = Position(world.head().0 + 1);
    let page = world
        .application
        .tickets
        .queue(
            &world.viewer("ann"),
            Uuid::now_v7(),
            QueueQuery::default(),
            Some(far),
            None,
        )
        .await;
    assert!(matches!(page, Err(ReadError::Behind)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_feed_is_for_who_may_read_the_log_and_never_shows_a_password_hash() {
    let world = World::new().await;
    let all = FeedFilter::default();
    for username in ["ann", "agent"] {
        let refused = world
            .application
            .feed(&world.viewer(username), &all, Position(0), 10);
        assert!(matches!(refused, Err(ReadError::NotFound)), "{username}");
    }
    for username in ["auditor", "admin"] {
        let page = world
            .application
            .feed(&world.viewer(username), &all, Position(0), usize::MAX)
            .unwrap();
        assert_eq!(page.items.len() as u64, world.head().0);
        let text =
            serde_json::to_string(&page.items.iter().map(|item| &item.event).collect::<Vec<_>>()).unwrap();
        assert!(text.contains("Name of ann") && text.contains("account-password-set.v1"));
        assert!(!text.contains("argon2"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_filtered_feed_finds_all_and_looks_through_so_much_at_a_time() {
    let world = World::new().await;
    let first = world.open("ann").await;
    let key = world.open("ann").await;
    // Long enough that a page is not the whole log: comments of 25 at once on many tickets.
    let mut written = 0;
    while written < FEED_SCAN_EVENTS_MAX {
        let actions = (0..25).map(|n| words(&format!("mot {n}"))).collect::<Vec<_>>();
        let calls = (0..32).map(|_| {
            world
                .application
                .tickets
                .act(world.call("agent"), key.clone(), actions.clone())
        });
        written += join_all(calls)
            .await
            .into_iter()
            .map(|done| done.unwrap().events.len())
            .sum::<usize>();
    }
    let last = world.open("ann").await;
    let auditor = world.viewer("auditor");
    let feed = |filter: &FeedFilter, after| world.application.feed(&auditor, filter, after, 10).unwrap();

    let nothing = FeedFilter {
        types: vec!["ticket-shared.v1".to_owned()],
        ..FeedFilter::default()
    };
    let page = feed(&nothing, Position(0));
    assert_eq!(
        (page.items.len(), page.next_after),
        (0, Position(FEED_SCAN_EVENTS_MAX as u64))
    );
    let page = feed(&nothing, page.next_after);
    assert_eq!((page.items.len(), page.next_after), (0, world.head()));
    assert_eq!(feed(&nothing, world.head()).next_after, world.head());

    let opened = FeedFilter {
        types: vec!["ticket-opened.v1".to_owned()],
        ..FeedFilter::default()
    };
    let (mut after, mut found) = (Position(0), Vec::new());
    while after < world.head() {
        let page = feed(&opened, after);
        found.extend(
            page.items
                .iter()
                .map(|item| item.event["stream"].as_str().unwrap().to_owned()),
        );
        after = page.next_after;
    }
    assert_eq!(found, [first.as_str(), key.as_str(), last.as_str()]);

    // A short stream far back in a long log, page by page.
    let stream = |key: &domain::TicketKey| {
        let name = event_log::StreamName::try_from(key.to_string()).unwrap();
        FeedFilter {
            stream: Some(name),
            types: Vec::new(),
            ..FeedFilter::default()
        }
    };
    let page = feed(&stream(&last), Position(0));
    let of_last = world.version(&last).0 as usize;
    assert_eq!((page.items.len(), page.next_after), (of_last, world.head()));
    let page = feed(&stream(&key), Position(0));
    assert_eq!(page.items.len(), 10);
    assert_eq!(page.items.last().unwrap().position, page.next_after);
    let next = feed(&stream(&key), page.next_after);
    assert_eq!(next.items[0].event["version"], 11);
    let whole = world
        .application
        .feed(&auditor, &FeedFilter::default(), Position(0), usize::MAX)
        .unwrap();
    assert_eq!(whole.items.len(), FEED_LIMIT_MAX);
}
