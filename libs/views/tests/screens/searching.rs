//! The search box.

use domain::{
    policy::{Side, Visible},
    ticket::{TicketEvent, Visibility, event::Edited},
};
use views::{QueueError, QueueQuery, Sort};

use crate::world::{World, account, comment, everything, open_field, opened, organization, personal};

pub(crate) fn edited() -> Edited {
    Edited {
        side: Side::Agent,
        summary: None,
        priority: None,
        urgency: None,
        request_type: None,
        organization: None,
        private: None,
        notify: None,
        fields: Default::default(),
        removed: Default::default(),
        customer: None,
    }
}

#[test]
fn problem_finds_problèm_and_the_reverse() {
    let mut world = World::new();
    world.ticket(opened("Un problème d'écran"));
    world.ticket(opened("A problem with the screen"));
    assert_eq!(world.found("problem"), ["SUP-1", "SUP-2"]);
    assert_eq!(world.found("PROBLÈM"), ["SUP-1", "SUP-2"]);
    assert_eq!(world.found("ecran"), ["SUP-1"]);
}

#[test]
fn a_typed_key_finds_its_ticket_and_those_that_name_it() {
    let mut world = World::new();
    for summary in ["a", "b", "c"] {
        world.ticket(opened(summary));
    }
    for _ in 4..=12 {
        world.ticket(opened("d"));
    }
    assert_eq!(world.found("sup-1"), ["SUP-1"]);
    assert_eq!(world.found(" SUP-12 "), ["SUP-12"]);
    world.happens(
        &"SUP-3".parse().unwrap(),
        comment("Comme SUP-12, non ?", Visibility::Public),
    );
    assert_eq!(world.found("sup-12"), ["SUP-3", "SUP-12"]);
    assert_eq!(world.found("sup-99"), Vec::<String>::new());
}

#[test]
fn every_word_must_be_there_in_any_text_of_the_ticket() {
    let mut world = World::new();
    let first = world.ticket(opened("Imprimante de l'accueil"));
    world.ticket(opened("Imprimante du bureau"));
    world.happens(&first, comment("Bourrage de papier", Visibility::Public));
    assert_eq!(world.found("imprimante"), ["SUP-1", "SUP-2"]);
    assert_eq!(world.found("papier imprimante"), ["SUP-1"]);
    assert_eq!(world.found("imprimante bourr"), ["SUP-1"]);
    assert_eq!(
        world.found("bourr imprimante"),
        Vec::<String>::new(),
        "only the last word may go on"
    );
    assert_eq!(world.found("\"bourrage de papier\""), ["SUP-1"]);
    assert_eq!(world.found("\"papier de bourrage\""), Vec::<String>::new());
    assert_eq!(world.found("l'accueil"), ["SUP-1"]);
}

#[test]
fn what_people_type_is_never_syntax() {
    let mut world = World::new();
    world.ticket(opened("50% AND NOT words:\"x\" * (^a) OR -b {c}"));
    for q in [
        "AND",
        "NOT words",
        "\"x\"",
        "50%",
        "(^a)",
        "-b",
        "{c} OR",
        "a* AND",
        "x\" OR \"y",
        "words:x",
    ] {
        let _ = world.found(q);
    }
    assert_eq!(world.found("AND NOT"), ["SUP-1"]);
    assert_eq!(world.found("x OR y"), Vec::<String>::new(), "OR is a word");
    let error = world.refused(&QueueQuery {
        q: Some("?!".to_owned()),
        ..QueueQuery::default()
    });
    assert!(
        matches!(&error, QueueError::Invalid(faults) if faults[0].pointer == "/q"),
        "{error:?}"
    );
    let blank = QueueQuery {
        q: Some("  ".to_owned()),
        ..QueueQuery::default()
    };
    assert_eq!(world.queue(&everything(), &blank).total, 1);
}

#[test]
fn internal_notes_are_found_by_those_who_may_read_them_there() {
    let mut world = World::new();
    let mine = world.ticket(opened("Écran"));
    let other = world.ticket(domain::ticket::event::Opened {
        requester: account(2),
        organization: Some(organization("commune-a")),
        ..opened("Clavier")
    });
    for key in [&mine, &other] {
        world.happens(key, comment("suspect", Visibility::Internal));
    }
    assert_eq!(world.found("suspect"), ["SUP-1", "SUP-2"]);
    let requester = Visible {
        person: Some(account(1)),
        ..Visible::default()
    };
    assert_eq!(world.found_by(&requester, "suspect"), Vec::<String>::new());
    assert_eq!(world.found_by(&requester, "écran"), ["SUP-1"]);
    // A referent of commune-a who also has a ticket of their own reads the notes of the first, not of the second.
    let referent = Visible {
        treated: [(organization("commune-a"), None)].into(),
        internal: true,
        ..requester
    };
    assert_eq!(world.found_by(&referent, "suspect"), ["SUP-2"]);
    assert_eq!(world.found_by(&referent, "écran"), ["SUP-1"]);
    let query = QueueQuery {
        q: Some("suspect".to_owned()),
        ..QueueQuery::default()
    };
    assert_eq!(world.queue(&referent, &query).total, 1, "the total leaks nothing");
}

#[test]
fn what_is_replaced_is_found_no_more() {
    let mut world = World::new();
    let mut opening = opened("Imprimante");
    opening.description = Some(personal("rouge"));
    opening.fields = [("product".to_owned(), open_field("Traceur"))].into();
    let key = world.ticket(opening);
    assert_eq!(world.found("imprimante rouge traceur"), ["SUP-1"]);
    world.catch_up();
    world.happens(
        &key,
        TicketEvent::Edited(Box::new(Edited {
            summary: Some(personal("Écran")),
            ..edited()
        })),
    );
    world.happens(
        &key,
        TicketEvent::Described {
            side: Side::Agent,
            description: personal("vert"),
        },
    );
    let removed = [String::from("product")].into();
    world.happens(
        &key,
        TicketEvent::Edited(Box::new(Edited { removed, ..edited() })),
    );
    for gone in ["imprimante", "rouge", "traceur"] {
        assert_eq!(world.found(gone), Vec::<String>::new(), "{gone}");
    }
    assert_eq!(world.found("sup-1"), ["SUP-1"]);
    assert_eq!(world.found("écran vert"), ["SUP-1"]);
}

#[test]
fn common_and_rare_words_are_found_alike() {
    let mut world = World::new();
    for number in 1..=30 {
        let key = world.ticket(opened("commun"));
        if number % 10 == 0 {
            world.happens(&key, comment("commun rare", Visibility::Public));
        }
    }
    let query = |limit| QueueQuery {
        q: Some("commun".to_owned()),
        sort: Sort::list("-key"),
        limit,
        ..QueueQuery::default()
    };
    let page = world.queue(&everything(), &query(10));
    assert_eq!(
        (page.total, page.rows.len()),
        (30, 10),
        "a ticket found in two texts counts once"
    );
    assert_eq!(world.found("rare commun"), ["SUP-10", "SUP-20", "SUP-30"]);
}
