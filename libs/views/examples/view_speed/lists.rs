//! Every sort × every filter × three viewers, at one connection: `view_speed lists [tickets] [directory]`. A quarter of the
//! tickets are of one organization, which the requester and the local administrator belong to. Times are those of the processor.
//! Views that are there already are opened and not made anew.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use domain::{AccountId, OrganizationId, policy::Visible};
use uuid::Uuid;
use views::{AssigneeFilter, QueueQuery, Sort, Views, queue::SORT_COLUMNS};

use crate::thread_time;

/// Asks of each kind of page.
const ASKS: usize = 20;

type Change = (&'static str, fn(&mut QueueQuery));

fn begin() -> DateTime<Utc> {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

const FILTERS: [Change; 17] = [
    ("no filter", |_| {}),
    ("desk", |q| q.desk = "SUP".parse().ok()),
    ("status", |q| q.status = vec!["open".into()]),
    ("two statuses", |q| {
        q.status = vec!["in_progress".into(), "cleared".into()]
    }),
    ("category", |q| q.category = Some(domain::desk::Category::Waiting)),
    ("requester", |q| q.requester = Some(person(77))),
    ("created_by", |q| q.created_by = Some(person(77))),
    ("assignee", |q| {
        q.assignee = Some(AssigneeFilter::Account(person(3)))
    }),
    ("nobody", |q| q.assignee = Some(AssigneeFilter::Nobody)),
    ("organization", |q| q.organization = Some(main_organization())),
    ("type", |q| q.request_type = Some("question".into())),
    ("priority", |q| q.priority = Some("high".into())),
    ("private", |q| q.private = Some(true)),
    ("response required", |q| q.response_required = Some(true)),
    ("technical id", |q| q.lookup = Some("FI-12345".into())),
    ("created between", |q| {
        q.created_after = Some(begin() + TimeDelta::hours(3));
        q.created_before = Some(begin() + TimeDelta::hours(12));
    }),
    ("updated after", |q| {
        q.updated_after = Some(begin() + TimeDelta::hours(6))
    }),
];

const SEARCHES: [&str; 7] = [
    "sup-123",
    "mot4321",
    "mot123",
    "mot1234 imprimante",
    "imprimante",
    "imprimante bourrage",
    "portail lenteur fibre coupure",
];

fn person(number: u128) -> AccountId {
    AccountId(Uuid::from_u128(number))
}

pub(crate) fn main_organization() -> OrganizationId {
    "commune-0".parse().unwrap()
}

fn viewers() -> [(&'static str, Visible); 3] {
    let agent = Visible {
        person: Some(person(3)),
        desks: ["SUP", "SAV", "HELP", "ENT"]
            .map(|desk| desk.parse().unwrap())
            .into(),
        internal: true,
        ..Visible::default()
    };
    let requester = Visible {
        person: Some(person(77)),
        organizations: [main_organization()].into(),
        ..Visible::default()
    };
    let local_admin = Visible {
        person: Some(person(78)),
        organizations: [main_organization()].into(),
        treated: [(main_organization(), None)].into(),
        internal: true,
        ..Visible::default()
    };
    [
        ("agent", agent),
        ("requester", requester),
        ("local admin", local_admin),
    ]
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// All times of one kind of page, ascending, and how many rows there were.
fn times(views: &Views, viewer: &Visible, query: &QueueQuery) -> (Vec<Duration>, u64) {
    let mut total = 0;
    let mut times: Vec<Duration> = (0..ASKS)
        .map(|_| {
            let begun = thread_time();
            total = views.queue(viewer, query).unwrap().total;
            thread_time() - begun
        })
        .collect();
    times.sort();
    (times, total)
}

pub(crate) fn measure(views: &Views) {
    for (who, viewer) in viewers() {
        let (plain, total) = times(views, &viewer, &QueueQuery::default());
        println!(
            "{who}: {total} tickets; plain queue {:.2} ms, most {:.2} ms",
            ms(plain[ASKS / 2]),
            ms(plain[ASKS - 1])
        );
        let mut all = Vec::new();
        let mut worst: BTreeMap<Duration, String> = BTreeMap::new();
        for (name, filter) in FILTERS {
            for sort in SORT_COLUMNS
                .iter()
                .flat_map(|sort| [(*sort).to_owned(), format!("-{sort}")])
            {
                let mut query = QueueQuery {
                    sort: Sort::list(&sort),
                    ..QueueQuery::default()
                };
                filter(&mut query);
                let (times, total) = times(views, &viewer, &query);
                worst.insert(times[ASKS - 1], format!("{name} (of {total}) by {sort}"));
                all.extend(times);
            }
        }
        all.sort();
        let at = |share: usize| ms(all[(all.len() - 1) * share / 1_000]);
        println!(
            "{who}: {} asks: half within {:.2} ms, p99 {:.2} ms, p99.9 {:.2} ms, most {:.2} ms",
            all.len(),
            at(500),
            at(990),
            at(999),
            at(1_000)
        );
        for (time, name) in worst.iter().rev().take(5) {
            println!("    {:.2} ms: {name}", ms(*time));
        }
        for q in SEARCHES {
            let query = QueueQuery {
                q: Some(q.to_owned()),
                ..QueueQuery::default()
            };
            let (times, total) = times(views, &viewer, &query);
            println!(
                "{who}: {q:?} of {total}: {:.2} ms, most {:.2} ms",
                ms(times[ASKS / 2]),
                ms(times[ASKS - 1])
            );
        }
    }
}
