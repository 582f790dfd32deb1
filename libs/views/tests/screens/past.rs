//! The queue as it stood.

use domain::{
    policy::Visible,
    ticket::{TicketEvent, Visibility},
};
use event_log::Position;
use views::{QueueError, QueueQuery, Sort};

use crate::world::{World, account, comment, everything, keys, opened, organization, personal};

fn renamed(summary: &str) -> TicketEvent {
    let mut edited = crate::searching::edited();
    edited.summary = Some(personal(summary));
    TicketEvent::Edited(Box::new(edited))
}

fn at(position: Position) -> QueueQuery {
    QueueQuery {
        as_of: Some(position),
        ..QueueQuery::default()
    }
}

fn searched(world: &World, viewer: &Visible, q: &str, position: Position) -> Vec<String> {
    let query = QueueQuery {
        q: Some(q.to_owned()),
        sort: Sort::list("key"),
        ..at(position)
    };
    keys(&world.queue(viewer, &query))
}

#[test]
fn a_text_is_found_while_it_stood() {
    let mut world = World::new();
    let key = world.ticket(opened("Écran noir"));
    let opened_at = world.log.head();
    world.happens(&key, comment("le réseau aussi", Visibility::Public));
    world.happens(&key, renamed("Clavier muet"));
    let renamed_at = world.log.head();
    let all = everything();
    let none: [&str; 0] = [];
    assert_eq!(searched(&world, &all, "écran", opened_at), ["SUP-1"]);
    assert_eq!(searched(&world, &all, "écr", opened_at), ["SUP-1"]);
    assert_eq!(searched(&world, &all, "clavier", opened_at), none);
    assert_eq!(searched(&world, &all, "réseau", opened_at), none);
    assert_eq!(searched(&world, &all, "réseau clavier", renamed_at), ["SUP-1"]);
    assert_eq!(searched(&world, &all, "écran", renamed_at), none);
    assert_eq!(searched(&world, &all, "sup-1", opened_at), ["SUP-1"]);
    let page = world.queue(&all, &at(opened_at));
    assert_eq!(page.rows[0].summary.as_deref(), Some("Écran noir"));
    assert_eq!((page.rows[0].version, page.rows[0].position), (1, opened_at));
    assert_eq!(world.found("écran"), none);
}

#[test]
fn what_may_be_seen_is_what_the_ticket_is_now() {
    let mut world = World::new();
    let moved = |to: &str| {
        let mut edited = crate::searching::edited();
        edited.organization = Some(organization(to));
        TicketEvent::Edited(Box::new(edited))
    };
    let mut opening = opened("Écran noir");
    opening.organization = Some(organization("commune-a"));
    let key = world.ticket(opening);
    let then = world.log.head();
    world.happens(&key, moved("commune-b"));
    let of = |id: &str| Visible {
        organizations: [organization(id)].into(),
        ..Visible::default()
    };
    assert_eq!(
        keys(&world.queue(&of("commune-a"), &at(then))),
        Vec::<String>::new()
    );
    let page = world.queue(&of("commune-b"), &at(then));
    // Shown as it was: the past of what one may see now.
    assert_eq!(page.rows[0].organization, Some(organization("commune-a")));
    let query = QueueQuery {
        organization: Some(organization("commune-a")),
        ..at(then)
    };
    assert_eq!(world.queue(&of("commune-b"), &query).total, 1);
    assert_eq!(world.queue(&of("commune-a"), &query).total, 0);
}

#[test]
fn a_position_that_is_not_reached_yet_is_now() {
    let mut world = World::new();
    let key = world.ticket(opened("Écran noir"));
    let now = world.queue(&everything(), &QueueQuery::default());
    assert_eq!(world.queue(&everything(), &at(world.log.head())), now);
    assert_eq!(world.queue(&everything(), &at(Position(u64::MAX))), now);
    assert_eq!(world.queue(&everything(), &at(Position(0))).total, 0);
    assert_eq!(keys(&now), [key.to_string()]);
}

#[test]
fn a_cursor_is_of_one_position() {
    let mut world = World::new();
    for summary in ["a", "b", "c"] {
        world.ticket(opened(summary));
    }
    let then = world.log.head();
    world.ticket(opened("d"));
    world.happens(&"SUP-1".parse().unwrap(), renamed("e"));
    let first = QueueQuery { limit: 2, ..at(then) };
    let page = world.queue(&everything(), &first);
    assert_eq!(
        (keys(&page), page.total),
        (vec!["SUP-3".into(), "SUP-2".into()], 3)
    );
    let second = QueueQuery {
        cursor: page.next_cursor.clone(),
        ..first.clone()
    };
    let rest = world.queue(&everything(), &second);
    assert_eq!((keys(&rest), rest.next_cursor), (vec!["SUP-1".into()], None));
    for as_of in [None, Some(Position(then.0 - 1)), Some(Position(then.0 + 1))] {
        let other = QueueQuery {
            as_of,
            ..second.clone()
        };
        assert!(
            matches!(world.refused(&other), QueueError::BadCursor),
            "{as_of:?}"
        );
    }
}

#[test]
fn who_had_no_name_then_sorts_with_the_nameless() {
    let mut world = World::new();
    for requester in [7, 1] {
        let mut opening = opened("Écran noir");
        opening.requester = account(requester);
        world.ticket(opening);
    }
    let then = world.log.head();
    world.name_account(7, "zz");
    let by_name = |as_of| QueueQuery {
        sort: Sort::list("requester"),
        as_of,
        ..QueueQuery::default()
    };
    assert_eq!(
        keys(&world.queue(&everything(), &by_name(None))),
        ["SUP-2", "SUP-1"]
    );
    assert_eq!(
        keys(&world.queue(&everything(), &by_name(Some(then)))),
        ["SUP-1", "SUP-2"]
    );
}
