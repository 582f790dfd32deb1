//! An erasure takes a person out of the files in place, and leaves nothing of them there.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use chrono::TimeDelta;
use domain::ticket::Visibility;
use views::QueueQuery;

use crate::{
    renewing::{files_with, planted, terms, the_file},
    world::{World, comment, everything, keyless, opened, personal},
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
    world.reopen(|dir| std::fs::remove_dir_all(dir).unwrap());
    world.catch_up();
    assert_eq!(world.dump(), erased);
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
    opening.summary.subject = domain::PersonId(uuid::Uuid::from_u128(2));
    opening.description = Some(personal("en panne"));
    let key = world.ticket(opening);
    world.catch_up();
    let work = world.views.erase(&[uuid::Uuid::from_u128(3)]).unwrap();
    assert!(world.is_done(work));
    assert_eq!(world.found("imprimante panne"), [key.to_string()]);
    assert_eq!(world.found("quetzalcoatl").len(), 40);
}

#[test]
fn erasures_asked_for_together_are_all_done() {
    let gone = Arc::new(AtomicBool::new(false));
    let world = planted(&gone);
    world.catch_up();
    gone.store(true, Ordering::SeqCst);
    let persons: Vec<_> = (0..20).map(uuid::Uuid::from_u128).collect();
    let works: Vec<_> = persons
        .iter()
        .map(|person| world.views.erase(&[*person]).unwrap())
        .collect();
    assert!(works.into_iter().all(|work| world.is_done(work)));
    assert_eq!(world.found("quetzalcoatl"), Vec::<String>::new());
}

#[test]
fn an_erasure_of_closed_views_says_that_it_is_not_done() {
    let mut world = World::new();
    world.ticket(opened("Souris"));
    world.open = keyless();
    world.catch_up();
    let views = world.views.clone();
    world.views.clone().close();
    assert!(!world.is_done(views.erase(&[uuid::Uuid::from_u128(1)]).unwrap()));
}
