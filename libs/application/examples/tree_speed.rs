//! `tree_speed [WRITERS]`: how fast events of 500 bytes become durable with the Merkle tree following the log, against the same
//! log without it, in one run.
//!
//! Two logs take turns in short rounds, so that a disk that slows down slows both. Each round ends with the tree caught up:
//! what it left for later would be work not counted.
#![expect(clippy::unwrap_used, reason = "a program that measures ends when it cannot")]

use std::{
    path::Path,
    time::{Duration, Instant},
};

use application::proofs::tree::Tree;
use chrono::DateTime;
use event_log::{
    Channel, CommandId, Commit, EventDraft, EventId, EventLog, Expected, Options, Position, StreamWrite,
    Target,
};
use serde_json::value::RawValue;
use uuid::Uuid;

/// Rounds of each log.
const ROUNDS: u32 = 60;
/// How long a round is, ms.
const ROUND_MS: u64 = 250;
/// What makes a stored event 500 bytes long, about.
const FILLER_BYTES: usize = 110;

fn commit(writer: u64, number: u64, filler: &str) -> Commit {
    let id =
        |space: u64| Uuid::from_u64_pair(space << 32 | writer, number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let draft = EventDraft {
        id: EventId(id(1)),
        event_type: "ticket-commented.v1".to_owned(),
        at: DateTime::from_timestamp_micros(1_700_000_000_000_000).unwrap(),
        occurred_at: None,
        sent_at: None,
        by: id(2),
        on_behalf_of: None,
        channel: Channel::Rest,
        correlation_id: id(3),
        causation_id: None,
        data: RawValue::from_string(format!("\"{filler}\"")).unwrap(),
    };
    let stream = format!("SUP-{}", writer * 1_000_000 + number / 10 + 1);
    Commit {
        command_id: CommandId(id(4)),
        command_digest: [7; 32],
        writes: vec![StreamWrite {
            target: Target::Stream(stream.parse().unwrap()),
            expected: Expected::Any,
            events: vec![draft],
        }],
    }
}

/// Events a second of one round, the time that the tree needs to catch up included.
async fn round(log: &EventLog, tree: Option<&Tree>, writers: u64, from: u64) -> (u64, f64) {
    let begun = Instant::now();
    let until = begun + Duration::from_millis(ROUND_MS);
    let tasks: Vec<_> = (0..writers)
        .map(|writer| {
            let log = log.clone();
            tokio::spawn(async move {
                let filler = "x".repeat(FILLER_BYTES);
                let mut number = from;
                while Instant::now() < until {
                    #[expect(clippy::disallowed_methods, reason = "a log without a product around it")]
                    log.append(commit(writer, number, &filler)).await.unwrap();
                    number += 1;
                }
                number - from
            })
        })
        .collect();
    let (mut written, mut longest) = (0, 0);
    for task in tasks {
        let by_one = task.await.unwrap();
        written += by_one;
        longest = longest.max(by_one);
    }
    if let Some(tree) = tree {
        assert!(tree.at_least(log.head().0, Duration::from_secs(60)).await);
    }
    (longest, written as f64 / begun.elapsed().as_secs_f64())
}

fn open(dir: &Path) -> EventLog {
    EventLog::open(dir, Options::default()).unwrap()
}

#[tokio::main]
async fn main() {
    let only: Option<u64> = std::env::args().nth(1).map(|writers| writers.parse().unwrap());
    for writers in [1, 16, 64]
        .into_iter()
        .filter(|writers| only.is_none_or(|only| only == *writers))
    {
        let dir = tempfile::tempdir().unwrap();
        let (with, without) = (open(&dir.path().join("with")), open(&dir.path().join("without")));
        let tree = Tree::open(&dir.path().join("tree"), with.clone(), None, &Default::default()).unwrap();
        let (mut from_with, mut from_without) = (0, 0);
        let (mut rates_with, mut rates_without) = (Vec::new(), Vec::new());
        for number in 0..ROUNDS {
            for first in [number % 2 == 0, number % 2 != 0] {
                if first {
                    let (longest, rate) = round(&with, Some(&tree), writers, from_with).await;
                    from_with += longest;
                    rates_with.push(rate);
                } else {
                    let (longest, rate) = round(&without, None, writers, from_without).await;
                    from_without += longest;
                    rates_without.push(rate);
                }
            }
        }
        let median = |rates: &mut Vec<f64>| {
            rates.sort_by(f64::total_cmp);
            rates[rates.len() / 2]
        };
        let (on, off) = (median(&mut rates_with), median(&mut rates_without));
        println!(
            "{writers} writers: {on:.0} events/s with the tree, {off:.0} without: {:.2} (asked: 0.9); {} events in the tree",
            on / off,
            tree.size()
        );
        assert_eq!(Position(tree.size()), with.head());
    }
}
