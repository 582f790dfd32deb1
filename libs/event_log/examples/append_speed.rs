//! How fast events of 500 bytes become durable, against raw file append and `fdatasync` in equal batches, in one run.
//!
//! `cargo run --release -p event_log --example append_speed [seconds] [directory]`
//!
//! For each number of writers, each of which waits for its answer before it writes again: events a second through the log, and
//! through a plain file where as many events of the same size are appended and synced at once; and, to tell what the database costs
//! from what the log adds, through sled alone, one record of as many events, flush and `fdatasync`. They take turns in short rounds,
//! so that a disk that slows down slows all.

use std::error::Error;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use event_log::{
    Channel, CommandId, Commit, EventDraft, EventId, EventLog, Expected, Options, StreamWrite, Target,
};
use serde_json::value::RawValue;
use uuid::Uuid;

/// Size of a stored event in bytes.
const EVENT_BYTES: usize = 500;
const ROUNDS: u32 = 40;

/// A commit of one event of [`EVENT_BYTES`] for a stream of this writer.
fn commit(writer: u64, number: u64, filler: &str) -> Result<Commit, Box<dyn Error + Send + Sync>> {
    let id =
        |space: u64| Uuid::from_u64_pair(space << 32 | writer, number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let at = DateTime::<Utc>::from_timestamp_micros(1_700_000_000_000_000).ok_or("no such instant")?;
    let draft = EventDraft {
        id: EventId(id(1)),
        event_type: "ticket-commented.v1".to_owned(),
        at,
        occurred_at: None,
        sent_at: None,
        by: id(2),
        on_behalf_of: None,
        channel: Channel::Rest,
        correlation_id: id(3),
        causation_id: None,
        data: RawValue::from_string(format!("\"{filler}\""))?,
    };
    let target = Target::Stream(format!("SUP-{}", writer * 1_000_000 + number / 10 + 1).parse()?);
    Ok(Commit {
        command_id: CommandId(id(4)),
        command_digest: [7; 32],
        writes: vec![StreamWrite {
            target,
            expected: Expected::Any,
            events: vec![draft],
        }],
    })
}

async fn through_the_log(
    log: &EventLog,
    writers: u64,
    from: u64,
    time: Duration,
) -> Result<u64, Box<dyn Error + Send + Sync>> {
    let until = Instant::now() + time;
    let mut tasks = Vec::new();
    for writer in 0..writers {
        let log = log.clone();
        tasks.push(tokio::spawn(async move {
            // What the envelope takes of the event is found by writing one.
            let envelope_bytes = log
                .append(commit(writer, from, "")?)
                .await?
                .events
                .first()
                .map_or(0, |event| event.bytes.len());
            let filler = "x".repeat(EVENT_BYTES.saturating_sub(envelope_bytes));
            let mut written = 1;
            while Instant::now() < until {
                log.append(commit(writer, from + written, &filler)?).await?;
                written += 1;
            }
            Ok::<u64, Box<dyn Error + Send + Sync>>(written)
        }));
    }
    let mut written = 0;
    for task in tasks {
        written += task.await??;
    }
    Ok(written)
}

fn through_a_file(path: &Path, batch: u64, time: Duration) -> Result<u64, Box<dyn Error + Send + Sync>> {
    let until = Instant::now() + time;
    let mut file = File::options().create(true).append(true).open(path)?;
    let event = [b'x'; EVENT_BYTES];
    let mut written = 0;
    while Instant::now() < until {
        let events = event.repeat(usize::try_from(batch)?);
        file.write_all(&events)?;
        file.sync_data()?;
        written += batch;
    }
    Ok(written)
}

/// sled alone, as the log uses it.
struct SledAlone {
    blocks: sled::Tree,
    data: File,
    next_key: u64,
}

impl SledAlone {
    fn open(dir: &Path) -> Result<SledAlone, Box<dyn Error + Send + Sync>> {
        let config = sled::Config::new()
            .path(dir)
            .cache_capacity(64 << 20)
            .flush_every_ms(None)
            .segment_size(4 << 20);
        let blocks = config.open()?.open_tree("blocks")?;
        Ok(SledAlone {
            blocks,
            data: File::open(dir.join("db"))?,
            next_key: 0,
        })
    }

    fn write(&mut self, batch: u64, time: Duration) -> Result<u64, Box<dyn Error + Send + Sync>> {
        let until = Instant::now() + time;
        let mut written = 0;
        while Instant::now() < until {
            self.next_key += 1;
            let record = [b'x'; EVENT_BYTES].repeat(usize::try_from(batch)?);
            self.blocks.insert(self.next_key.to_be_bytes(), record)?;
            self.blocks.flush()?;
            self.data.sync_data()?;
            written += batch;
        }
        Ok(written)
    }
}

/// Events and the time they took.
#[derive(Default)]
struct Rate {
    events: u64,
    time: Duration,
}

impl Rate {
    fn add(&mut self, events: u64, start: Instant) {
        self.events += events;
        self.time += start.elapsed();
    }

    fn per_second(&self) -> f64 {
        self.events as f64 / self.time.as_secs_f64()
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut arguments = std::env::args().skip(1);
    let seconds: f64 = arguments.next().map_or(Ok(3.0), |seconds| seconds.parse())?;
    let base = arguments.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let dir = base.join(format!("append-speed-{}", std::process::id()));
    std::fs::create_dir_all(&dir)?;
    let round = Duration::from_secs_f64(seconds / f64::from(ROUNDS));
    println!("events a second, on disk before the answer; the ratio is to the file");
    println!(
        "{:>8} {:>10} {:>10} {:>10} {:>7} {:>12}",
        "writers", "log", "sled", "file", "ratio", "sled's ratio"
    );
    for writers in [1, 16, 64] {
        let log = EventLog::open(&dir.join(format!("log-{writers}")), Options::default())?;
        let mut alone = SledAlone::open(&dir.join(format!("sled-{writers}")))?;
        let (mut ours, mut sled, mut file) = (Rate::default(), Rate::default(), Rate::default());
        for number in 0..ROUNDS {
            let start = Instant::now();
            ours.add(
                through_the_log(&log, writers, u64::from(number) * 10_000_000, round).await?,
                start,
            );
            let start = Instant::now();
            sled.add(alone.write(writers, round)?, start);
            let start = Instant::now();
            file.add(through_a_file(&dir.join("file"), writers, round)?, start);
        }
        log.close();
        let (ours, sled, file) = (ours.per_second(), sled.per_second(), file.per_second());
        let (ratio, sled_ratio) = (ours / file, sled / file);
        println!("{writers:>8} {ours:>10.0} {sled:>10.0} {file:>10.0} {ratio:>7.2} {sled_ratio:>12.2}");
    }
    std::fs::remove_dir_all(&dir)?;
    Ok(())
}
