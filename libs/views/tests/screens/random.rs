//! Random histories, viewers and queries: the file answers what the model answers, live and rebuilt.

use std::{fs, sync::Arc};

use domain::{
    Event, TicketKey,
    policy::{self, Grant, Role, Viewer},
};
use proptest::prelude::*;
use views::{Options, QueueQuery, Row};

use crate::{
    dice::{Dice, a_query, a_viewer, an_event, an_opening, dice},
    model::{Model, Told},
    world::{World, account, keyed, keyless, stamp},
};

fn check(world: &World, model: &Model, now: &Model, viewer: &Viewer, query: &QueueQuery) {
    let visible = policy::visible(viewer);
    let expected = model.queue(now, viewer, query);
    let (mut query, mut rows) = (query.clone(), Vec::new());
    loop {
        let page = world.views.queue(&visible, &query).unwrap();
        assert_eq!(
            (page.total, page.total_exact),
            (expected.len() as u64, true),
            "{viewer:?} {query:?}"
        );
        rows.extend(page.rows);
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            break;
        }
    }
    let keys = |keys: Vec<&TicketKey>| keys.iter().map(|key| key.to_string()).collect::<Vec<_>>();
    let found = keys(rows.iter().map(|row| &row.key).collect());
    assert_eq!(
        found,
        keys(expected.iter().map(|told| &told.key).collect()),
        "{viewer:?} {query:?}"
    );
    for (row, told) in rows.iter().zip(expected) {
        assert_eq!(
            row.event_count,
            model.event_count(now, viewer, told),
            "{}",
            row.key
        );
        check_row(row, told, &query);
    }
}

/// Is a row shown as the ticket is told?
fn check_row(row: &Row, told: &Told, query: &QueueQuery) {
    let document = &told.document;
    let mut fields = document.fields.clone();
    fields.retain(|name, _| query.fields.contains(name));
    assert_eq!(row.fields, fields, "{}", row.key);
    assert_eq!(
        (
            &row.summary,
            &row.status,
            &row.priority,
            &row.urgency,
            &row.request_type
        ),
        (
            &document.summary,
            &document.status,
            &document.priority,
            &document.urgency,
            &document.request_type
        )
    );
    assert_eq!(
        (
            row.requester,
            row.created_by,
            row.assignee,
            &row.organization,
            row.private
        ),
        (
            document.requester,
            document.created_by,
            document.assignee,
            &document.organization,
            document.private
        )
    );
    assert_eq!(
        (row.created_at, row.updated_at, row.version, row.position.0),
        (
            document.created_at,
            document.updated_at,
            document.version,
            document.position
        )
    );
}

fn model() -> Model {
    let names = [(1, "Zoé"), (2, "Émile"), (3, "Anne"), (4, "emma")];
    Model {
        names: names
            .into_iter()
            .map(|(number, name)| (account(number), name))
            .collect(),
        organizations: [("commune-a", "Ville de Zwin"), ("commune-b", "Athènes")].into(),
        desks: Arc::new(domain::desk::shipped().unwrap()),
        ..Model::default()
    }
}

/// Something happens in the log and in the model, by the roll of dice.
fn happen(world: &mut World, model: &mut Model, keys: &mut Vec<TicketKey>, which: u8, dice: Dice) {
    let open = keys.is_empty() || (which.is_multiple_of(4) && keys.len() < 12);
    let appended = if open {
        let opened = an_opening(dice);
        let by = if dice.0.is_multiple_of(2) {
            opened.requester
        } else {
            account(u128::from(dice.1 % 5))
        };
        let key = world.ticket_by(by, opened);
        keys.push(key.clone());
        let stream = key.as_str().parse().unwrap();
        world.log.read_stream(&stream, event_log::Version(0), 1).unwrap()
    } else {
        let key = &keys[usize::from(which) % keys.len()];
        let event = Event::Ticket(an_event(key, dice));
        world.append(key.as_str(), account(3), vec![event]).events
    };
    for recorded in &appended {
        let data = serde_json::from_str(recorded.envelope.data.get()).unwrap();
        let Event::Ticket(event) = Event::decode(&recorded.envelope.event_type, data).unwrap() else {
            panic!("no ticket's event")
        };
        let key = recorded.envelope.stream.as_str().parse().unwrap();
        model.happened(&key, &stamp(recorded), &event);
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 16,
        rng_seed: proptest::test_runner::RngSeed::Fixed(2026),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_queue_shows_what_the_policy_lets_see_live_and_rebuilt(
        history in prop::collection::vec((any::<u8>(), dice()), 1..70),
        viewers in prop::collection::vec((prop::collection::vec(dice(), 0..3), dice()), 1..6),
        queries in prop::collection::vec((dice(), dice()), 1..12),
        (search_tickets_max, search_probes_max) in (0_usize..4, 0_usize..4),
    ) {
        // Limits so small that every way to search is gone.
        let options = Options { search_tickets_max, search_probes_max, ..Options::default() };
        let (mut world, mut model) = (World::with(options), model());
        let mut keys: Vec<TicketKey> = Vec::new();
        for (which, dice) in history {
            happen(&mut world, &mut model, &mut keys, which, dice);
            // Waiting now and then makes transactions of one event and of many.
            if which % 3 == 0 {
                world.catch_up();
            }
            if which % 31 == 0 {
                world.reopen(|_| {});
            }
        }
        world.catch_up();
        let all = || viewers.iter().flat_map(|(grants, dice)| {
            let viewer = a_viewer(grants, *dice);
            queries.iter().map(move |(a, b)| (viewer.clone(), a_query(*a, *b)))
        });
        for (viewer, query) in all() {
            check(&world, &model, &model, &viewer, &query);
            check(&world, &model, &model, &viewer, &QueueQuery { limit: 3, ..QueueQuery::default() });
        }
        let (live, digest) = (world.dump(), world.digest());
        world.reopen(|dir| fs::remove_dir_all(dir).unwrap());
        prop_assert_eq!(world.dump(), live);
        prop_assert_eq!(world.digest(), digest.clone());
        prop_assert_eq!(world.offline(keyed(), world.log.head()), digest.clone());
        prop_assert_eq!(world.offline(keyless(), world.log.head()), digest);
        for (viewer, query) in all() {
            check(&world, &model, &model, &viewer, &query);
        }
        // What is erased in place is what is made anew without keys, and is listed and found alike.
        let shown = |world: &World| -> Vec<_> {
            let pages = all().map(|(viewer, query)| world.views.queue(&policy::visible(&viewer), &query));
            pages.map(Result::unwrap).collect()
        };
        world.open = keyless();
        world.reopen(|_| {});
        world.erase();
        let (erased, pages) = (world.dump(), shown(&world));
        world.reopen(|dir| fs::remove_dir_all(dir).unwrap());
        prop_assert_eq!(world.dump(), erased);
        prop_assert_eq!(shown(&world), pages);
    }

    #[test]
    fn the_queue_of_a_position_is_what_was_there_of_what_may_be_seen_now(
        history in prop::collection::vec((any::<u8>(), dice()), 1..50),
        viewers in prop::collection::vec((prop::collection::vec(dice(), 0..3), dice()), 1..4),
        queries in prop::collection::vec((dice(), dice()), 1..8),
        rebuild_bytes_max in prop_oneof![Just(1_usize), Just(1 << 20)],
    ) {
        let options = Options { rebuild_bytes_max, ..Options::default() };
        let (mut world, mut model) = (World::with(options), model());
        let mut keys: Vec<TicketKey> = Vec::new();
        let mut before = vec![(world.log.head(), model.clone())];
        for (which, dice) in history {
            happen(&mut world, &mut model, &mut keys, which, dice);
            before.push((world.log.head(), model.clone()));
            if which % 3 == 0 {
                world.catch_up();
            }
        }
        let digest = world.digest();
        for rebuilt in [false, true] {
            if rebuilt {
                world.reopen(|dir| fs::remove_dir_all(dir).unwrap());
                prop_assert_eq!(world.digest(), digest.clone());
            }
            let everything = Viewer {
                account: account(9),
                grants: [Grant { role: Role::Admin, desk: None, organization: None }].into(),
                organizations: Default::default(),
                within: Default::default(),
            };
            let viewers = viewers.iter().map(|(grants, dice)| a_viewer(grants, *dice)).chain([everything]);
            for (position, then) in before.iter().rev().step_by(1 + before.len() / 12) {
                for viewer in viewers.clone() {
                    for (a, b) in &queries {
                        let query = QueueQuery { as_of: Some(*position), ..a_query(*a, *b) };
                        check(&world, then, &model, &viewer, &query);
                    }
                    let all = QueueQuery { as_of: Some(*position), limit: 3, ..QueueQuery::default() };
                    check(&world, then, &model, &viewer, &all);
                }
            }
        }
    }
}
