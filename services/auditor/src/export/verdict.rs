//! What is found out once all lines are read: the checkpoints, the keys, the digests.

use std::time::Instant;

use transparency::Checkpoint;

use super::order::{Older, Order};
use super::{Depth, Expectations};
use crate::fault::{Code, Faults};
use crate::report::{
    Check, CheckpointSaid, Checks, ExportReport, OlderCheckpoint, QueueDigest, Timing, Verdict,
};

/// Streams listed as those with most events.
const LARGEST_STREAMS: usize = 20;

/// The report of what was read.
pub(super) fn of(
    mut order: Order,
    expectations: &Expectations,
    bytes: u64,
    started: Instant,
) -> ExportReport {
    let size = order.frontier.size();
    length(&mut order);
    let older: Vec<OlderCheckpoint> = std::mem::take(&mut order.older)
        .iter()
        .map(|older| older_checkpoint(&mut order, older))
        .collect();
    let checkpoint = order.ending.clone().and_then(|ending| {
        let claimed = read_claim(&ending.checkpoint, order.last + 1, &mut order.faults)?;
        last_checkpoint(&mut order, &ending.checkpoint, &claimed, &older);
        Some(CheckpointSaid {
            origin: claimed.origin.to_string(),
            size: claimed.size,
            root: claimed.root.to_string(),
            note: ending.checkpoint,
        })
    });
    let claimed_size = checkpoint.as_ref().map_or(size, |checkpoint| checkpoint.size);
    let trust = order
        .keyring
        .trust(&expectations.keys, claimed_size, &mut order.faults);
    let queue = queue_digest(&mut order);
    let mut statistics = order.counting.finish();
    statistics.streams = order.streams.len();
    statistics.largest_streams = order.streams.largest(LARGEST_STREAMS);
    let (faults, faults_left_out) = order.faults.finish();
    let counts = Counts {
        events: size,
        streams: statistics.streams,
        keys: (order.keyring.keys().len() + order.keyring.epochs().len()) as u64,
        checkpoints: u64::from(checkpoint.is_some()),
        older: older.len() as u64,
        sealed: order.sealed,
        folded: order.streams.folded,
        passed_over: order.passed_over,
        digests: u64::from(
            queue
                .as_ref()
                .is_some_and(|queue| queue.claimed.is_some() && queue.computed.is_some()),
        ),
    };
    let checks = counts.checks(&Checks::new(&faults), expectations.depth);
    ExportReport {
        verdict: Verdict::of(&faults),
        depth: expectations.depth,
        origin: order.keyring.origin_at(order.last).map(ToOwned::to_owned),
        size,
        root: order.frontier.root().to_string(),
        checkpoint,
        trust,
        keys: order.keyring.keys(),
        epochs: order.keyring.epochs().to_vec(),
        older_checkpoints: older,
        queue,
        checks,
        faults,
        faults_left_out,
        statistics,
        bytes,
        event_bytes: order.event_bytes,
        timing: Timing::since(started, size, bytes),
    }
}

/// How much of each kind was looked at.
struct Counts {
    events: u64,
    streams: u64,
    keys: u64,
    checkpoints: u64,
    older: u64,
    sealed: u64,
    folded: u64,
    passed_over: u64,
    digests: u64,
}

impl Counts {
    fn checks(&self, checks: &Checks<'_>, depth: Depth) -> Vec<Check> {
        let lines = [Code::Header, Code::Line, Code::Position, Code::Ending, Code::Size];
        let envelopes = [Code::Envelope, Code::EventId, Code::Clock];
        let keys = [Code::Enrolment, Code::Endorsement, Code::Trust];
        let checkpoint = [Code::Origin, Code::Signature, Code::Ending];
        let mut done = vec![
            checks.of("lines", self.events, &lines),
            checks.of("envelopes", self.events, &envelopes),
            checks.of("streams without gap", self.streams, &[Code::Version]),
            checks.of("tree", self.events, &[Code::Root]),
            checks.of("keys and epochs", self.keys, &keys),
            checks.of("checkpoint", self.checkpoints, &checkpoint),
            checks.of("older checkpoints", self.older, &[Code::OlderCheckpoint]),
        ];
        // What a quick look meets of these all the same, it tells.
        done.push(checks.of("sealed values", self.sealed, &[Code::Sealed]));
        done.push(checks.of(
            "events decoded and folded",
            self.folded,
            &[Code::Data, Code::Stream],
        ));
        done.push(checks.of("events of unknown types passed over", self.passed_over, &[]));
        if depth == Depth::Full {
            done.push(checks.of("digest of the queue", self.digests, &[Code::Digest]));
        }
        done.retain(Check::is_worth_telling);
        done
    }
}

/// As many lines as the first one says, and a last one.
fn length(order: &mut Order) {
    let last = order.last;
    match &order.header {
        None if last == 0 => order.faults.push(0, Code::Header, "there is no first line"),
        Some(header) if header.last != last => {
            let detail = format!(
                "there are events up to {last}, but the first line says {}",
                header.last
            );
            order.faults.push(last.min(header.last) + 1, Code::Size, detail);
        }
        Some(_) | None => {}
    }
    if order.ending.is_none() {
        order
            .faults
            .push_found_at(last + 1, last + 1, Code::Ending, "the last line is missing");
    }
}

fn read_claim(note: &str, position: u64, faults: &mut Faults) -> Option<Checkpoint> {
    Checkpoint::read_unverified(note)
        .map_err(|error| {
            let detail = format!("the checkpoint is not one: {error}");
            faults.push_found_at(position, position, Code::Signature, detail);
        })
        .ok()
}

/// Holds the export against a checkpoint kept from earlier.
fn older_checkpoint(order: &mut Order, older: &Older) -> OlderCheckpoint {
    let Older {
        name,
        note,
        claimed,
        root_here,
    } = older;
    let found_at = claimed.size.min(order.last + 1);
    let mut wrong = Vec::new();
    if claimed.size > order.frontier.size() {
        wrong.push((
            order.last + 1,
            Code::OlderCheckpoint,
            format!("{name} is over {} events, more than the export has", claimed.size),
        ));
    } else {
        for (code, detail) in order.keyring.check(note, claimed) {
            wrong.push((claimed.size, code, format!("{name}: {detail}")));
        }
    }
    let is_same = *root_here == Some(claimed.root);
    if wrong.is_empty() && !is_same {
        let from = order.right_up_to + 1;
        let detail = format!(
            "the first {size} events are not those of {name}: the first difference lies between {from} and {size}",
            size = claimed.size
        );
        wrong.push((from, Code::OlderCheckpoint, detail));
    }
    let holds = wrong.is_empty();
    if holds {
        order.right_up_to = claimed.size;
    }
    for (position, code, detail) in wrong {
        order.faults.push_found_at(found_at, position, code, detail);
    }
    OlderCheckpoint {
        name: name.clone(),
        size: claimed.size,
        root: claimed.root.to_string(),
        holds,
    }
}

/// The checkpoint of the last line.
fn last_checkpoint(order: &mut Order, note: &str, claimed: &Checkpoint, older: &[OlderCheckpoint]) {
    let (size, end) = (order.frontier.size(), order.last + 1);
    let mut wrong = order.keyring.check(note, claimed);
    let header_origin = order.header.as_ref().map(|header| header.origin.as_str());
    if header_origin.is_some_and(|origin| origin != claimed.origin.as_str()) {
        let detail = format!(
            "the first line names {}, the checkpoint {}",
            header_origin.unwrap_or_default(),
            claimed.origin
        );
        wrong.push((Code::Origin, detail));
    }
    if claimed.size != size {
        let detail = format!(
            "the checkpoint is over {} events, but {size} are there",
            claimed.size
        );
        wrong.push((Code::Size, detail));
    }
    for (code, detail) in wrong {
        order.faults.push_found_at(end, end, code, detail);
    }
    if claimed.size == size && claimed.root != order.frontier.root() {
        // An older checkpoint that differs lies closer to the difference.
        let first_wrong = older.iter().filter(|older| !older.holds).map(|older| older.size);
        let to = first_wrong.min().unwrap_or(size).min(size);
        let from = order.right_up_to.min(to.saturating_sub(1)) + 1;
        let detail = format!(
            "the root over all events is {}, but the checkpoint says {}: the first difference lies between {from} and {to}",
            order.frontier.root(),
            claimed.root
        );
        order.faults.push_found_at(end, from, Code::Root, detail);
    }
}

/// The digest that the last line names, and the one that the events give.
fn queue_digest(order: &mut Order) -> Option<QueueDigest> {
    let claimed = order
        .ending
        .as_ref()
        .and_then(|ending| ending.queue().map(ToOwned::to_owned));
    // What was passed over may change the queue: then there is nothing to compare.
    let computed = order
        .queue
        .take()
        .and_then(super::queue::Queue::finish)
        .filter(|_| order.passed_over == 0);
    if let (Some(claimed), Some(computed)) = (&claimed, &computed)
        && claimed != computed
    {
        let detail = format!("the queue's digest is {computed}, but the last line says {claimed}");
        let end = order.last + 1;
        order.faults.push_found_at(end, end, Code::Digest, detail);
    }
    if claimed.is_none() && computed.is_none() {
        return None;
    }
    Some(QueueDigest { claimed, computed })
}
