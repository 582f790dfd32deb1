//! What is found by what (faults B10 and B11): a table of texts and queries, each asked of a real file of some hundred
//! tickets in every way that it can be asked.

use domain::{
    TicketKey,
    ticket::{Visibility, event::Opened},
};
use event_log::Position;
use views::{Options, QueueError, QueueQuery, Sort};

use crate::{
    pairs::{LATIN, OTHER_ALPHABETS, Pair, QUERIES, SYMBOLS, UNSPACED},
    world::{World, comment, everything, keys, open_field, opened, personal},
};

fn pairs() -> Vec<Pair> {
    [LATIN, OTHER_ALPHABETS, UNSPACED, SYMBOLS, QUERIES].concat()
}

/// A ticket with the text in its summary, description, field, a comment or an internal note.
fn plant(world: &mut World, place: usize, text: &str) -> TicketKey {
    let plain = opened("Demande");
    match place % 5 {
        0 => world.ticket(opened(text)),
        1 => world.ticket(Opened {
            description: Some(personal(text)),
            ..plain
        }),
        2 => world.ticket(Opened {
            fields: [("product".to_owned(), open_field(text))].into(),
            ..plain
        }),
        other => {
            let visibility = [Visibility::Public, Visibility::Internal][other - 3];
            let key = world.ticket(plain);
            world.happens(&key, comment(text, visibility));
            key
        }
    }
}

/// One ticket for each pair, among others, and the position then.
fn planted(options: Options) -> (World, Vec<TicketKey>, Position) {
    let mut world = World::with(options);
    let mut planted = Vec::new();
    for (place, (text, ..)) in pairs().into_iter().enumerate() {
        planted.push(plant(&mut world, place, text));
        world.ticket(opened("Sans rapport"));
    }
    let then = world.log.head();
    world.ticket(opened("Plus tard"));
    (world, planted, then)
}

fn found(world: &World, q: &str, as_of: Option<Position>) -> Vec<String> {
    let mut query = QueueQuery {
        q: Some(q.to_owned()),
        sort: Sort::list("key"),
        limit: 200,
        as_of,
        ..QueueQuery::default()
    };
    let mut all = Vec::new();
    loop {
        let page = world.queue(&everything(), &query);
        all.extend(keys(&page));
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            assert_eq!(page.total, all.len() as u64, "{q:?}");
            return all;
        }
    }
}

/// The pairs that are not as written.
fn wrong(world: &World, planted: &[TicketKey], as_of: Option<Position>) -> Vec<Pair> {
    let pairs = pairs().into_iter().zip(planted);
    pairs
        .filter(|((_, q, expected), key)| found(world, q, as_of).contains(&key.to_string()) != *expected)
        .map(|(pair, _)| pair)
        .collect()
}

#[test]
fn the_table_has_pairs_of_both_kinds() {
    let (found, not_found): (Vec<Pair>, Vec<Pair>) = pairs().into_iter().partition(|(_, _, found)| *found);
    assert!(
        found.len() >= 120 && not_found.len() >= 30,
        "{} {}",
        found.len(),
        not_found.len()
    );
}

/// Faults B10 and B11: now, as of a position, and after the file has been made anew.
#[test]
fn each_text_is_found_by_what_finds_it_and_by_nothing_else() {
    let (mut world, planted, then) = planted(Options::default());
    assert_eq!(wrong(&world, &planted, None), []);
    assert_eq!(wrong(&world, &planted, Some(then)), []);
    world.reopen(|dir| std::fs::remove_dir_all(dir).unwrap());
    assert_eq!(wrong(&world, &planted, None), []);
}

/// The same when every word is common, so that tickets are asked one by one.
#[test]
fn each_text_is_found_alike_when_words_are_common() {
    let (world, planted, _) = planted(Options {
        search_tickets_max: 0,
        search_probes_max: 0,
        ..Options::default()
    });
    assert_eq!(wrong(&world, &planted, None), []);
}

/// Fault B11: what holds no word is passed over; alone it is refused, unless nothing of it can be seen.
#[test]
fn a_query_without_a_word_is_refused_and_one_of_nothing_is_none() {
    let mut world = World::new();
    world.ticket(opened("🅿️ parking"));
    for q in ["✅", "🅿️", "\u{301}", "\u{93f}", "?!", "\"—\"", "🅰 🅱"] {
        let query = QueueQuery {
            q: Some(q.to_owned()),
            ..QueueQuery::default()
        };
        let error = world.refused(&query);
        assert!(
            matches!(&error, QueueError::Invalid(faults) if faults.len() == 1),
            "{q:?} {error:?}"
        );
    }
    for q in ["", " ", "\u{200b}", "\u{3000}\u{2060}", "\u{fe0f}"] {
        assert_eq!(found(&world, q, None), ["SUP-1"], "{q:?}");
    }
}

/// The longest phrases that a query can hold end.
#[test]
fn long_phrases_are_found() {
    let mut world = World::new();
    let han = "的".repeat(166);
    let key = world.ticket(opened(&han));
    assert_eq!(found(&world, &han, None), [key.to_string()]);
    // One character that stands for four words.
    assert_eq!(found(&world, &"\u{fdfa}".repeat(166), None), Vec::<String>::new());
}

/// The order of a list folds as the search does.
#[test]
fn summaries_sort_as_they_are_searched() {
    let mut world = World::new();
    for summary in [
        "Œuvre",
        "odeur",
        "Łódź",
        "lune",
        "« Nord »",
        "Ёлка",
        "етаж",
        "ẞaal",
        "sable",
        "STRASSE",
    ] {
        world.ticket(opened(summary));
    }
    let query = QueueQuery {
        sort: Sort::list("summary"),
        ..QueueQuery::default()
    };
    let page = world.queue(&everything(), &query);
    let summaries: Vec<_> = page
        .rows
        .iter()
        .filter_map(|row| row.summary.as_deref())
        .collect();
    assert_eq!(
        summaries,
        [
            "« Nord »",
            "Łódź",
            "lune",
            "odeur",
            "Œuvre",
            "sable",
            "ẞaal",
            "STRASSE",
            "Ёлка",
            "етаж"
        ]
    );
}
