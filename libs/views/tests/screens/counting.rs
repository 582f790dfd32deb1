//! How many tickets were in each status at the end of each day.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveTime, TimeDelta};
use domain::{
    Event, StatusId, TicketKey,
    policy::{Visible, visible},
};
use event_log::Position;
use proptest::prelude::*;
use views::{QueueError, QueueQuery, SERIES_DAYS_MAX};

use crate::{
    dice::{a_viewer, an_event, an_opening, dice},
    world::{World, account, everything, opened, start},
};

fn day(number: i64) -> NaiveDate {
    start().date_naive() + TimeDelta::days(number)
}

/// The counts of a page that shows everything as of a position.
fn counts(
    world: &World,
    viewer: &Visible,
    desk: Option<&str>,
    position: Position,
) -> BTreeMap<StatusId, u64> {
    let query = QueueQuery {
        as_of: Some(position),
        desk: desk.map(|desk| desk.parse().unwrap()),
        limit: 200,
        ..QueueQuery::default()
    };
    let mut counts = BTreeMap::new();
    for row in world.queue(viewer, &query).rows {
        *counts.entry(row.status).or_default() += 1;
    }
    counts
}

#[test]
fn a_day_without_events_is_as_the_day_before() {
    let mut world = World::new();
    world.ticket(opened("a"));
    world.pass(TimeDelta::days(2));
    world.ticket(opened("b"));
    world.catch_up();
    let series = world.views.series(&everything(), None, day(-1), day(3)).unwrap();
    let open: Vec<Option<u64>> = series
        .iter()
        .map(|(_, counts)| counts.get(&"open".parse().unwrap()).copied())
        .collect();
    assert_eq!(open, [None, Some(1), Some(1), Some(2), Some(2)]);
    assert_eq!(series[0].0, day(-1));
    let other = world
        .views
        .series(&everything(), Some(&"SAV".parse().unwrap()), day(0), day(3))
        .unwrap();
    assert!(other.iter().all(|(_, counts)| counts.is_empty()));
}

#[test]
fn a_clock_that_goes_back_opens_no_day_again() {
    let mut world = World::new();
    let last = world
        .log
        .read(Position(world.log.head().0 - 1), 1)
        .unwrap()
        .remove(0);
    let midnight = start().date_naive().and_time(NaiveTime::MIN).and_utc() + TimeDelta::days(1);
    world.pass(midnight - last.envelope.at);
    world.ticket(opened("a"));
    world.pass(TimeDelta::seconds(-4));
    world.ticket(opened("b"));
    world.catch_up();
    let series = world.views.series(&everything(), None, day(0), day(1)).unwrap();
    assert_eq!(series[0].1.len(), 0);
    assert_eq!(series[1].1.values().sum::<u64>(), 2);
}

#[test]
fn too_many_days_and_days_in_the_wrong_order_are_refused() {
    let world = World::new();
    for to in [day(-1), day(SERIES_DAYS_MAX)] {
        let refused = world.views.series(&everything(), None, day(0), to).unwrap_err();
        assert!(
            matches!(&refused, QueueError::Invalid(faults) if faults.len() == 1),
            "{refused}"
        );
    }
    let all = world
        .views
        .series(&everything(), None, day(0), day(SERIES_DAYS_MAX - 1));
    assert_eq!(all.unwrap().len(), usize::try_from(SERIES_DAYS_MAX).unwrap());
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 12,
        rng_seed: proptest::test_runner::RngSeed::Fixed(2027),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn each_day_counts_what_the_queue_of_its_end_shows(
        history in prop::collection::vec((any::<u8>(), dice()), 1..60),
        viewers in prop::collection::vec((prop::collection::vec(dice(), 0..3), dice()), 1..6),
    ) {
        let mut world = World::new();
        let mut keys: Vec<TicketKey> = Vec::new();
        let mut ends = vec![(0, Position(0))];
        let mut today = 0;
        for (which, dice) in history {
            if which % 5 == 0 {
                ends.push((today, world.log.head()));
                let days = i64::from(which % 3) + 1;
                world.pass(TimeDelta::days(days));
                today += days;
            }
            if keys.is_empty() || which % 4 == 0 {
                keys.push(world.ticket(an_opening(dice)));
            } else {
                let key = keys[usize::from(which) % keys.len()].clone();
                let event = Event::Ticket(an_event(&key, dice));
                world.append(key.as_str(), account(3), vec![event]);
            }
            if which % 3 == 0 {
                world.catch_up();
            }
        }
        ends.push((today, world.log.head()));
        world.catch_up();
        let viewers = viewers.iter().map(|(grants, dice)| visible(&a_viewer(grants, *dice))).chain([everything()]);
        for viewer in viewers {
            for desk in [None, Some("SUP"), Some("SAV")] {
                let key = desk.map(|desk| desk.parse().unwrap());
                let series = world.views.series(&viewer, key.as_ref(), day(0), day(today)).unwrap();
                for (number, (date, counted)) in (0..).zip(&series) {
                    let (_, end) = ends.iter().rfind(|(end, _)| *end <= number).unwrap();
                    prop_assert_eq!(*date, day(number));
                    prop_assert_eq!(counted, &counts(&world, &viewer, desk, *end), "{:?} {:?} {:?}", viewer, date, desk);
                }
            }
        }
    }
}
