//! Twenty persons erased one after the other, while lists are asked for.

use std::{
    collections::{BTreeSet, HashSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use domain::policy::Visible;
use event_log::{EventLog, Position, StreamName};
use parking_lot::Mutex;
use serde_json::Value;
use uuid::Uuid;
use views::{Open, QueueQuery, Views};

/// How many are erased.
const PERSONS: u128 = 20;

/// Persons whose values can no more be read.
pub(crate) type Erased = Arc<Mutex<HashSet<Uuid>>>;

/// Opens what is not erased.
pub(crate) fn opener(erased: &Erased) -> Open {
    let erased = Arc::clone(erased);
    Arc::new(move |_, data| {
        let erased = erased.lock();
        if !erased.is_empty() {
            blot_out(data, &erased);
        }
        Ok(())
    })
}

fn blot_out(value: &mut Value, erased: &HashSet<Uuid>) {
    let Value::Object(members) = value else {
        return;
    };
    if let Some(Value::Object(mark)) = members.get_mut("personal") {
        let subject = mark.get("subject").and_then(Value::as_str);
        if subject.is_some_and(|subject| erased.contains(&subject.parse().unwrap())) {
            mark.remove("value");
            mark.insert("erased".to_owned(), true.into());
        }
        return;
    }
    members.values_mut().for_each(|member| blot_out(member, erased));
}

/// The streams that hold values of a person.
fn streams_of(log: &EventLog, person: Uuid) -> BTreeSet<StreamName> {
    let (mut streams, mut after) = (BTreeSet::new(), Position(0));
    let subject = format!("\"subject\":\"{person}\"");
    loop {
        let events = log.read_stored(after, 8_192, 8 << 20).unwrap();
        let Some(last) = events.last() else {
            return streams;
        };
        after = last.position;
        for event in events {
            if std::str::from_utf8(&event.bytes).unwrap().contains(&subject) {
                let recorded = log.read(Position(event.position.0 - 1), 1).unwrap().remove(0);
                streams.insert(recorded.envelope.stream);
            }
        }
    }
}

pub(crate) fn measure(views: &Views, log: &EventLog, erased: &Erased, runtime: &tokio::runtime::Runtime) {
    let all = Visible {
        all: true,
        ..Visible::default()
    };
    let done = Arc::new(AtomicBool::new(false));
    let reader = {
        let (views, done) = (views.clone(), Arc::clone(&done));
        thread::spawn(move || {
            let mut times = Vec::new();
            while !done.load(Ordering::SeqCst) {
                let begun = Instant::now();
                views.queue(&all, &QueueQuery::default()).unwrap();
                times.push(begun.elapsed());
                thread::sleep(Duration::from_millis(10));
            }
            times.sort();
            times
        })
    };
    let mut times: Vec<Duration> = (100..100 + PERSONS)
        .map(|person| {
            let person = Uuid::from_u128(person);
            erased.lock().insert(person);
            let begun = Instant::now();
            assert!(runtime.block_on(views.erase(streams_of(log, person)).done()));
            begun.elapsed()
        })
        .collect();
    done.store(true, Ordering::SeqCst);
    let asked = reader.join().unwrap();
    times.sort();
    println!(
        "{PERSONS} persons erased, each within {:.2} s, half within {:.2} s; {} lists answered meanwhile, p99 {:.1} ms",
        times.last().unwrap().as_secs_f64(),
        times[times.len() / 2].as_secs_f64(),
        asked.len(),
        asked[(asked.len() - 1) * 99 / 100].as_secs_f64() * 1_000.0
    );
}
