//! Pages and their cursors.

use domain::{policy::Visible, ticket::event::Opened};
use views::{QueueError, QueuePage, QueueQuery, Sort};

use crate::{
    listing::{four, sorted},
    world::{World, account, erased, everything, keys, opened, organization},
};

fn walk(world: &World, viewer: &Visible, query: &QueueQuery) -> (Vec<String>, Vec<QueuePage>) {
    let (mut all, mut pages) = (Vec::new(), Vec::new());
    let mut query = query.clone();
    loop {
        let page = world.queue(viewer, &query);
        all.extend(keys(&page));
        query.cursor.clone_from(&page.next_cursor);
        pages.push(page);
        if query.cursor.is_none() {
            return (all, pages);
        }
    }
}

#[test]
fn pages_of_any_size_and_order_join_without_gap_or_repeat() {
    let mut world = four();
    // Ties in every column, and absent values.
    for _ in 0..6 {
        world.ticket(opened("même"));
    }
    world.ticket(Opened {
        summary: erased(),
        ..opened("")
    });
    world.ticket(Opened {
        organization: Some(organization("commune-a")),
        ..opened("même")
    });
    for sort in [
        "",
        "summary",
        "-summary",
        "organization,-summary",
        "-organization,priority",
        "-assignee,status,-created_at",
    ] {
        let whole = sorted(&world, sort);
        assert_eq!(whole.len(), 12);
        for limit in [1, 2, 5, 12] {
            let query = QueueQuery {
                sort: Sort::list(sort),
                limit,
                ..QueueQuery::default()
            };
            let (joined, pages) = walk(&world, &everything(), &query);
            assert_eq!(joined, whole, "{sort} by {limit}");
            assert_eq!(pages.len(), 12_usize.div_ceil(limit as usize));
            assert!(pages.iter().all(|page| page.total == 12 && page.total_exact));
        }
    }
}

#[test]
fn a_cursor_of_another_query_is_refused() {
    let world = four();
    let query = QueueQuery {
        limit: 1,
        ..QueueQuery::default()
    };
    let cursor = world.queue(&everything(), &query).next_cursor;
    assert!(cursor.is_some());
    let with = |query: QueueQuery| QueueQuery {
        cursor: cursor.clone(),
        ..query
    };
    assert_eq!(
        world
            .queue(
                &everything(),
                &with(QueueQuery {
                    limit: 3,
                    ..query.clone()
                })
            )
            .rows
            .len(),
        3
    );
    let others = [
        with(QueueQuery {
            sort: Sort::list("key"),
            ..query.clone()
        }),
        with(QueueQuery {
            private: Some(false),
            ..query.clone()
        }),
        QueueQuery {
            cursor: Some("nonsense".to_owned()),
            ..query.clone()
        },
        QueueQuery {
            cursor: Some(String::new()),
            ..query.clone()
        },
        QueueQuery {
            cursor: cursor.as_ref().map(|text| text[1..].to_owned()),
            ..query
        },
    ];
    for other in others {
        assert!(
            matches!(world.refused(&other), QueueError::BadCursor),
            "{other:?}"
        );
    }
}

#[test]
fn a_ticket_seen_twice_counts_once() {
    let world = four();
    // Zoé is requester of 1 and opener of 3, both of her organization, which treats everything of commune-a too.
    let viewer = Visible {
        person: Some(account(1)),
        organizations: [organization("commune-a"), organization("commune-b")].into(),
        desks: ["SUP".parse().unwrap()].into(),
        treated: [(organization("commune-a"), None)].into(),
        internal: true,
        all: false,
    };
    for limit in [1, 2, 50] {
        let (all, pages) = walk(
            &world,
            &viewer,
            &QueueQuery {
                limit,
                ..QueueQuery::default()
            },
        );
        assert_eq!(all, ["SUP-2", "SUP-1", "SUP-3"]);
        assert_eq!(pages[0].total, 3);
    }
}
