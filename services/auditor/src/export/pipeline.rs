//! One thread reads, one for each processor looks at the lines, and the caller's takes the batches in their order.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::num::NonZero;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::batch::{self, Batch, ReadBatch};
use super::order::Order;
use super::{Depth, LINE_BYTES_MAX, VerifyError};

/// Bytes of a batch. Large enough that handing it over costs nothing, small enough to stay in the processor's cache.
const BATCH_BYTES: usize = 1024 * 1024;
/// Batches on their way for each thread that looks at lines: the memory that all of it takes.
const BATCHES_PER_WORKER: usize = 4;

/// Puts all of `input` through `order`, and returns how many bytes it had.
pub(super) fn run(
    input: impl Read + Send,
    depth: Depth,
    order: &mut Order,
    mut read_bytes: impl FnMut(u64),
) -> Result<u64, VerifyError> {
    let workers = thread::available_parallelism().map_or(1, NonZero::get);
    let (free, buffers) = mpsc::channel();
    for _ in 0..workers * BATCHES_PER_WORKER {
        // The receiver lives in the same function.
        let _ = free.send(Vec::new());
    }
    let (to_workers, batches) = mpsc::channel();
    let (to_order, read_batches) = mpsc::channel();
    let batches = Mutex::new(batches);
    thread::scope(|scope| {
        let reader = scope.spawn(move || split(input, &buffers, &to_workers));
        for _ in 0..workers {
            let (to_order, batches) = (to_order.clone(), &batches);
            scope.spawn(move || work(batches, &to_order, depth));
        }
        drop(to_order);
        let mut waiting: BTreeMap<u64, ReadBatch> = BTreeMap::new();
        let mut next = 0;
        for batch in read_batches {
            waiting.insert(batch.number, batch);
            while let Some(batch) = waiting.remove(&next) {
                let mut bytes = order.take(batch);
                read_bytes(bytes.len() as u64);
                bytes.clear();
                next += 1;
                // The reader may be through already.
                let _ = free.send(bytes);
            }
        }
        match reader.join() {
            Ok(read) => read,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

fn work(batches: &Mutex<Receiver<Batch>>, to_order: &Sender<ReadBatch>, depth: Depth) {
    loop {
        // A receiver is whole whatever happened to the thread that held it.
        let batch = batches.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(batch) = batch else {
            return;
        };
        if to_order.send(batch::read(batch, depth)).is_err() {
            return;
        }
    }
}

/// Reads to the end, or to a line that is too long to be one, and cuts after line ends.
fn split(
    mut input: impl Read,
    buffers: &Receiver<Vec<u8>>,
    to_workers: &Sender<Batch>,
) -> Result<u64, VerifyError> {
    let (mut total, mut number) = (0, 0);
    let mut begun = Vec::new();
    loop {
        let Ok(mut bytes) = buffers.recv() else {
            return Ok(total);
        };
        bytes.append(&mut begun);
        let mut is_end = fill(&mut input, &mut bytes).map_err(VerifyError::Read)?;
        if !is_end {
            match memchr::memrchr(b'\n', &bytes) {
                Some(end) => begun.extend_from_slice(&bytes[end + 1..]),
                None => begun.extend_from_slice(&bytes),
            }
            if begun.len() > LINE_BYTES_MAX {
                // The fault is told of the line, as far as it was read.
                is_end = true;
            } else {
                bytes.truncate(bytes.len() - begun.len());
            }
        }
        total += bytes.len() as u64;
        if to_workers.send(Batch { number, bytes }).is_err() || is_end {
            return Ok(total);
        }
        number += 1;
    }
}

/// Reads one batch more; `true` at the end.
fn fill(input: &mut impl Read, bytes: &mut Vec<u8>) -> io::Result<bool> {
    bytes.reserve_exact(BATCH_BYTES);
    let read = input.by_ref().take(BATCH_BYTES as u64).read_to_end(bytes)?;
    Ok(read < BATCH_BYTES)
}
