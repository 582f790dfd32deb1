//! Filters, order and pages.

use domain::{
    desk::Category,
    policy::{Side, Visible},
    ticket::{
        TicketEvent, Visibility,
        event::{Edited, Opened, Transitioned},
    },
};
use views::{AssigneeFilter, QueueError, QueueQuery, Sort};

use crate::world::{World, account, comment, everything, keys, open_field, opened, organization, start};

fn moved(to: &str) -> TicketEvent {
    TicketEvent::Transitioned(Transitioned {
        side: Side::Agent,
        action: "take".to_owned(),
        from: "open".parse().unwrap(),
        to: to.parse().unwrap(),
        fields: Default::default(),
        removed: Default::default(),
        customer: None,
        comment: None,
    })
}

/// Four tickets: 1 for Zoé, waiting for her; 2 for Émile, urgent, assigned; 3 for Anne by Zoé, private; 4 on SAV.
pub(crate) fn four() -> World {
    let mut world = World::new();
    let first = world.ticket(Opened {
        organization: Some(organization("commune-a")),
        ..opened("Écran noir")
    });
    let second = world.ticket(Opened {
        requester: account(2),
        organization: Some(organization("commune-b")),
        priority: "critical".to_owned(),
        urgency: "very_low".to_owned(),
        ..opened("eau dans le clavier")
    });
    world.ticket_by(
        account(1),
        Opened {
            requester: account(3),
            organization: Some(organization("commune-a")),
            private: true,
            priority: "low".to_owned(),
            request_type: "incident".to_owned(),
            ..opened("Zèbre")
        },
    );
    world.ticket(Opened {
        desk: "SAV".parse().unwrap(),
        requester: account(4),
        request_type: "ftth".to_owned(),
        status: "queued".parse().unwrap(),
        priority: "high".to_owned(),
        fields: [("technicalId".to_owned(), open_field("FI-1234-0001"))].into(),
        ..opened("Abonné coupé")
    });
    world.happens(&first, moved("waiting_customer"));
    world.happens(
        &second,
        TicketEvent::Assigned {
            side: Side::Agent,
            assignee: Some(account(3)),
        },
    );
    world.happens(&second, comment("note", Visibility::Internal));
    world
}

fn listed(world: &World, query: QueueQuery) -> Vec<String> {
    let page = world.queue(&everything(), &query);
    assert_eq!(page.total, page.rows.len() as u64, "{query:?}");
    keys(&page)
}

pub(crate) fn sorted(world: &World, sort: &str) -> Vec<String> {
    listed(
        world,
        QueueQuery {
            sort: Sort::list(sort),
            ..QueueQuery::default()
        },
    )
}

/// One filter, and the keys of what it leaves, in their order.
type Case = (fn(&mut QueueQuery), &'static [&'static str]);

fn at(second: i64) -> Option<chrono::DateTime<chrono::Utc>> {
    Some(start() + chrono::TimeDelta::seconds(second))
}

/// Commits 9 to 12 opened the four, one second apart.
const FILTERS: [Case; 20] = [
    (|q| q.desk = "SAV".parse().ok(), &["SAV-1"]),
    (|q| q.status = vec!["open".into()], &["SUP-2", "SUP-3"]),
    (
        |q| q.status = vec!["open".into(), "queued".into()],
        &["SAV-1", "SUP-2", "SUP-3"],
    ),
    (
        |q| (q.desk, q.status) = ("SUP".parse().ok(), vec!["queued".into(), "open".into()]),
        &["SUP-2", "SUP-3"],
    ),
    (
        |q| (q.desk, q.status) = ("SUP".parse().ok(), vec!["open".into(); 2]),
        &["SUP-2", "SUP-3"],
    ),
    (|q| q.category = Some(Category::Waiting), &["SUP-1"]),
    (|q| q.response_required = Some(true), &["SUP-1"]),
    (|q| q.requester = Some(account(1)), &["SUP-1"]),
    (|q| q.created_by = Some(account(1)), &["SUP-1", "SUP-3"]),
    (
        |q| q.assignee = Some(AssigneeFilter::Account(account(3))),
        &["SUP-2"],
    ),
    (
        |q| q.assignee = Some(AssigneeFilter::Nobody),
        &["SAV-1", "SUP-1", "SUP-3"],
    ),
    (
        |q| q.organization = Some(organization("commune-a")),
        &["SUP-1", "SUP-3"],
    ),
    (|q| q.request_type = Some("incident".into()), &["SUP-3"]),
    (|q| q.priority = Some("critical".into()), &["SUP-2"]),
    (|q| q.private = Some(true), &["SUP-3"]),
    (|q| q.lookup = Some("FI-1234-0001".into()), &["SAV-1"]),
    (|q| q.lookup = Some("FI-1234".into()), &[]),
    (|q| q.created_after = at(10), &["SAV-1", "SUP-2", "SUP-3"]),
    (|q| q.created_before = at(10), &["SUP-1"]),
    (|q| q.updated_after = at(13), &["SUP-1", "SUP-2"]),
];

#[test]
fn each_filter_narrows_the_list() {
    let world = four();
    for (filter, expected) in FILTERS {
        let mut query = QueueQuery {
            sort: Sort::list("key"),
            ..QueueQuery::default()
        };
        filter(&mut query);
        assert_eq!(listed(&world, query.clone()), expected, "{query:?}");
    }
}

#[test]
fn every_column_sorts() {
    let world = four();
    for (sort, expected) in [
        ("key", ["SAV-1", "SUP-1", "SUP-2", "SUP-3"]),
        ("-key", ["SUP-3", "SUP-2", "SUP-1", "SAV-1"]),
        ("desk,-key", ["SAV-1", "SUP-3", "SUP-2", "SUP-1"]),
        ("type,key", ["SAV-1", "SUP-3", "SUP-1", "SUP-2"]),
        ("summary", ["SAV-1", "SUP-2", "SUP-1", "SUP-3"]),
        ("desk,status", ["SAV-1", "SUP-2", "SUP-3", "SUP-1"]),
        ("-priority", ["SUP-2", "SAV-1", "SUP-1", "SUP-3"]),
        ("requester", ["SUP-3", "SUP-2", "SAV-1", "SUP-1"]),
        ("-requester", ["SUP-1", "SAV-1", "SUP-2", "SUP-3"]),
        ("created_by,-key", ["SUP-2", "SAV-1", "SUP-3", "SUP-1"]),
        ("-assignee,key", ["SUP-2", "SAV-1", "SUP-1", "SUP-3"]),
        ("organization,key", ["SAV-1", "SUP-2", "SUP-1", "SUP-3"]),
        ("created_at", ["SUP-1", "SUP-2", "SUP-3", "SAV-1"]),
        ("-updated_at", ["SUP-2", "SUP-1", "SAV-1", "SUP-3"]),
        ("-response_required,key", ["SUP-1", "SAV-1", "SUP-2", "SUP-3"]),
        ("-version,key", ["SUP-2", "SUP-1", "SAV-1", "SUP-3"]),
        ("-event_count,key", ["SUP-2", "SUP-1", "SAV-1", "SUP-3"]),
        ("-private,key", ["SUP-3", "SAV-1", "SUP-1", "SUP-2"]),
    ] {
        assert_eq!(sorted(&world, sort), expected, "{sort}");
    }
    assert_eq!(sorted(&world, "urgency,key")[0], "SUP-2");
    assert_eq!(sorted(&world, ""), sorted(&world, "-updated_at"));
}

#[test]
fn numbers_of_keys_sort_as_numbers() {
    let mut world = World::new();
    for _ in 0..11 {
        world.ticket(opened("x"));
    }
    let keys = sorted(&world, "-key");
    assert_eq!(
        (keys[0].as_str(), keys[1].as_str(), keys[9].as_str()),
        ("SUP-11", "SUP-10", "SUP-2")
    );
}

#[test]
fn every_fault_of_a_query_is_named() {
    let world = World::new();
    let query = QueueQuery {
        sort: Sort::list("colour,key,-key"),
        limit: 201,
        q: Some("x".repeat(501)),
        status: vec![String::new(); 101],
        ..QueueQuery::default()
    };
    let QueueError::Invalid(faults) = world.refused(&query) else {
        panic!("taken")
    };
    let pointers: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
    assert_eq!(pointers, ["/limit", "/sort", "/sort", "/status", "/q"]);
    let none = QueueQuery {
        limit: 0,
        ..QueueQuery::default()
    };
    assert!(matches!(world.refused(&none), QueueError::Invalid(faults) if faults.len() == 1));
}

#[test]
fn internal_notes_do_not_show_to_those_who_may_not_read_them() {
    let world = four();
    let requester = Visible {
        person: Some(account(2)),
        ..Visible::default()
    };
    let seen = world.queue(&requester, &QueueQuery::default());
    assert_eq!(keys(&seen), ["SUP-2"]);
    assert_eq!((seen.rows[0].event_count, seen.rows[0].version), (2, 3));
    let agent = Visible {
        desks: ["SUP".parse().unwrap()].into(),
        internal: true,
        ..Visible::default()
    };
    let query = QueueQuery {
        requester: Some(account(2)),
        ..QueueQuery::default()
    };
    let treated = world.queue(&agent, &query);
    assert_eq!(treated.rows[0].event_count, 3);
    assert_eq!(
        treated.rows[0].updated_at, seen.rows[0].updated_at,
        "a note moves nobody's list"
    );
}

#[test]
fn a_row_shows_what_the_desk_said_when_the_status_was_entered() {
    let world = four();
    let page = world.queue(
        &everything(),
        &QueueQuery {
            sort: Sort::list("key"),
            ..QueueQuery::default()
        },
    );
    let row = &page.rows[1];
    assert_eq!(
        (row.category, row.response_required),
        (Some(Category::Waiting), true)
    );
    assert_eq!(
        (row.created_at, row.updated_at),
        (
            start() + chrono::TimeDelta::seconds(9),
            start() + chrono::TimeDelta::seconds(13)
        )
    );
    let page = world.queue(
        &everything(),
        &QueueQuery {
            fields: vec!["technicalId".into()],
            desk: "SAV".parse().ok(),
            ..QueueQuery::default()
        },
    );
    assert_eq!(
        page.rows[0].fields,
        [("technicalId".to_owned(), "FI-1234-0001".into())].into()
    );
}

#[test]
fn sharing_and_moving_change_who_sees_a_ticket() {
    let mut world = four();
    let athens = Visible {
        organizations: [organization("commune-b")].into(),
        ..Visible::default()
    };
    assert_eq!(keys(&world.queue(&athens, &QueueQuery::default())), ["SUP-2"]);
    let third = "SUP-3".parse().unwrap();
    let shared = [organization("commune-b")].into();
    world.happens(
        &third,
        TicketEvent::Shared {
            side: Side::Agent,
            organizations: shared,
        },
    );
    assert_eq!(
        keys(&world.queue(&athens, &QueueQuery::default())),
        ["SUP-3", "SUP-2"]
    );
    let hidden = Edited {
        side: Side::Agent,
        summary: None,
        priority: None,
        urgency: None,
        request_type: None,
        organization: None,
        private: Some(true),
        notify: None,
        fields: Default::default(),
        removed: Default::default(),
        customer: None,
    };
    world.happens(&"SUP-2".parse().unwrap(), TicketEvent::Edited(Box::new(hidden)));
    assert_eq!(keys(&world.queue(&athens, &QueueQuery::default())), ["SUP-3"]);
}
