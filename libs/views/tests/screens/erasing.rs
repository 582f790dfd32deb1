//! An erasure takes a person out of the files in place, and leaves nothing of them there.

use std::{
    collections::HashSet,
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use chrono::TimeDelta;
use domain::{
    PersonId, Personal,
    ticket::{TicketEvent, Visibility, event::CommentBody},
};
use uuid::Uuid;
use views::QueueQuery;

use crate::{
    renewing::{files_with, planted, terms, the_file},
    world::{World, comment, everything, keyless, opened, personal, without},
};

#[test]
fn nothing_is_left_of_an_erased_word_and_lists_answer_meanwhile() {
    let gone = Arc::new(AtomicBool::new(false));
    let mut world = planted(&gone);
    let dir = world.views_dir();
    assert_eq!(world.found("quetzalcoatl").len(), 40);
    assert!(!files_with(&dir, "quetzalcoatl").is_empty());
    assert!(terms(&dir, "quetzalcoatl") > 0);
    let digest = world.digest();
    gone.store(true, Ordering::SeqCst);
    let done = Arc::new(AtomicBool::new(false));
    let reader = {
        let (views, done, head) = (world.views.clone(), Arc::clone(&done), world.log.head());
        thread::spawn(move || {
            let mut reads = 0_u64;
            while !done.load(Ordering::SeqCst) {
                let page = views.queue(&everything(), &QueueQuery::default()).unwrap();
                assert!(page.total >= 40);
                assert!(views.digest().unwrap().0 >= head);
                reads += 1;
            }
            reads
        })
    };
    world.erase();
    done.store(true, Ordering::SeqCst);
    assert!(reader.join().unwrap() > 0);
    assert_eq!(files_with(&dir, "quetzalcoatl"), Vec::<String>::new());
    assert_eq!(terms(&dir, "quetzalcoatl"), 0);
    assert_eq!(world.digest(), digest);
    assert_eq!(world.found("quetzalcoatl"), Vec::<String>::new());
    assert_eq!(world.found("sup-7"), ["SUP-7"]);
    // The file follows the log, and is the one that the next start finds.
    let key = world.ticket(opened("Souris"));
    world.catch_up();
    let position = world.views.position();
    world.reopen(|dir| assert_eq!(views::floor(dir).unwrap().position, position));
    assert_eq!(world.found(key.as_str()), [key.to_string()]);
    assert_eq!(the_file(&dir).file_name().unwrap(), "queue.sqlite");
}

#[test]
fn what_is_erased_in_place_is_what_is_made_anew_without_the_keys() {
    let gone = Arc::new(AtomicBool::new(false));
    let mut world = planted(&gone);
    world.pass(TimeDelta::days(3));
    let key = world.ticket(opened("Quetzalcoatl demain"));
    world.pass(TimeDelta::seconds(-4));
    world.happens(&key, comment("quetzalcoatl hier", Visibility::Public));
    world.name_account(7, "Quetzal Coatl");
    world.catch_up();
    gone.store(true, Ordering::SeqCst);
    world.erase();
    let erased = world.dump();
    world.reopen(|dir| fs::remove_dir_all(dir).unwrap());
    world.catch_up();
    assert_eq!(world.dump(), erased);
}

/// A word that nobody else has, of twelve letters.
fn word(seed: &mut u64) -> String {
    let letter = |_| {
        *seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        char::from(b'a' + u8::try_from((*seed >> 33) % 26).unwrap())
    };
    (0..12).map(letter).collect()
}

#[test]
fn no_piece_of_an_erased_word_is_left_and_every_other_word_is_found() {
    let gone = Arc::new(AtomicBool::new(false));
    let mut world = World::new();
    world.open = without(1, &gone);
    world.reopen(|_| {});
    let mut seed = 3;
    let mut words = [Vec::new(), Vec::new()];
    for number in 0..150 {
        let whose = usize::from(number % 3 != 0);
        let mut own: Vec<String> = (0..8).map(|_| word(&mut seed)).collect();
        let mut opening = opened("");
        let subject = PersonId(Uuid::from_u128(1 + whose as u128));
        opening.summary = Personal::new(subject, own[..4].join(" "));
        opening.description = Some(Personal::new(subject, own[4..].join(" ")));
        let key = world.ticket(opening);
        if number % 2 == 0 {
            world.catch_up();
        }
        world.happens(&key, comment("vu", Visibility::Public));
        words[whose].append(&mut own);
    }
    world.catch_up();
    gone.store(true, Ordering::SeqCst);
    world.erase();
    assert_nothing_is_left(&world, &words[0], 6);
    for word in &words[1] {
        assert_eq!(world.found(word).len(), 1, "{word}");
    }
}

/// No file holds so many letters in a row of these words.
fn assert_nothing_is_left(world: &World, words: &[String], letters: usize) {
    let pieces = words.iter().flat_map(|word| word.as_bytes().windows(letters));
    let erased: HashSet<&[u8]> = pieces.collect();
    for entry in fs::read_dir(world.views_dir()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        let mut found = bytes
            .windows(letters)
            .filter(|piece| piece.iter().all(u8::is_ascii_lowercase));
        let left = found.find(|piece| erased.contains(piece));
        assert_eq!(left, None, "{}", path.display());
    }
}

#[test]
fn no_erased_word_is_left_as_what_parts_the_pages_of_the_index() {
    let gone = Arc::new(AtomicBool::new(false));
    let mut world = World::new();
    world.open = without(1, &gone);
    world.reopen(|_| {});
    let (mut seed, mut erased) = (5, Vec::new());
    let key = world.ticket(opened("Souris"));
    for number in 0..60 {
        let whose = 1 + number % 2;
        // Words of a common beginning are parted by the whole of one.
        let words: Vec<String> = (0..100).map(|_| word(&mut seed)).collect();
        let text: Vec<String> = words
            .iter()
            .map(|word| format!("{word} {word}s {word}ss"))
            .collect();
        let mut comment = comment("", Visibility::Public);
        if let TicketEvent::Commented(commented) = &mut comment {
            let subject = PersonId(Uuid::from_u128(whose));
            commented.body = CommentBody::Words(Personal::new(subject, text.join(" ")));
        }
        world.happens(&key, comment);
        if whose == 1 {
            erased.extend(words);
        }
        world.catch_up();
    }
    gone.store(true, Ordering::SeqCst);
    world.erase();
    // Among so many words six letters are somebody else's by chance.
    assert_nothing_is_left(&world, &erased, 9);
}

#[test]
fn who_is_erased_while_a_file_is_made_anew_is_taken_out_of_the_new_one() {
    let gone = Arc::new(AtomicBool::new(false));
    let world = planted(&gone);
    world.catch_up();
    let renewal = world.views.renew();
    gone.store(true, Ordering::SeqCst);
    world.erase();
    assert!(renewal.is_done());
    assert_eq!(
        files_with(&world.views_dir(), "quetzalcoatl"),
        Vec::<String>::new()
    );
}

#[test]
fn others_are_left_as_they_are() {
    let gone = Arc::new(AtomicBool::new(false));
    let mut world = planted(&gone);
    let mut opening = opened("Imprimante");
    opening.summary.subject = PersonId(Uuid::from_u128(2));
    opening.description = Some(personal("en panne"));
    let key = world.ticket(opening);
    world.catch_up();
    assert!(world.is_done(world.erasing(3)));
    assert_eq!(world.found("imprimante panne"), [key.to_string()]);
    assert_eq!(world.found("quetzalcoatl").len(), 40);
}

#[test]
fn erasures_asked_for_together_are_all_done() {
    let gone = Arc::new(AtomicBool::new(false));
    let world = planted(&gone);
    world.catch_up();
    gone.store(true, Ordering::SeqCst);
    let works: Vec<_> = (0..20).map(|person| world.erasing(person)).collect();
    assert!(works.into_iter().all(|work| world.is_done(work)));
    assert_eq!(world.found("quetzalcoatl"), Vec::<String>::new());
}

#[test]
fn an_erasure_of_closed_views_says_that_it_is_not_done() {
    let mut world = World::new();
    world.ticket(opened("Souris"));
    world.open = keyless();
    world.catch_up();
    world.views.clone().close();
    assert!(!world.is_done(world.erasing(1)));
}
