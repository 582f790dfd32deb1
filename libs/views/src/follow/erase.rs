//! Erasing in place: the rows of each stream in which a person is spoken of are made anew from its events, of which that
//! person's values can no more be read. The follower does it, a stream at a time between two batches, so that lists are
//! answered and followed all along. A file that is being made meanwhile is waited for.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
};

use event_log::StreamName;
use parking_lot::Mutex;

use super::{
    follower::{Follower, StepError},
    work::{Done, Work},
};

/// What was asked for and is not done.
#[derive(Default)]
struct State {
    asked: u64,
    /// Each with the streams that are left.
    wanted: VecDeque<(u64, VecDeque<StreamName>)>,
}

/// What the handles ask of the follower.
#[derive(Default)]
pub(crate) struct Erasures {
    state: Mutex<State>,
    pub(crate) done: Done,
}

/// What is to be done next.
enum Next {
    /// The rows of a stream are made anew.
    Stream(StreamName),
    /// All streams of one that was asked for are done: nothing may be left of them beside the rows.
    Sweep(u64),
}

impl Erasures {
    /// Asks for streams to be told anew.
    pub(crate) fn ask(&self, streams: BTreeSet<StreamName>) -> Work {
        let mut state = self.state.lock();
        state.asked += 1;
        let number = state.asked;
        state.wanted.push_back((number, streams.into_iter().collect()));
        self.done.work(number)
    }

    fn next(&self) -> Option<Next> {
        let state = self.state.lock();
        let (number, streams) = state.wanted.front()?;
        Some(match streams.front() {
            Some(stream) => Next::Stream(stream.clone()),
            None => Next::Sweep(*number),
        })
    }

    /// The stream that is next is done.
    fn pass(&self) {
        if let Some((_, streams)) = self.state.lock().wanted.front_mut() {
            streams.pop_front();
        }
    }

    /// A renewal does the rest.
    fn leave(&self) {
        for (_, streams) in &mut self.state.lock().wanted {
            streams.clear();
        }
    }

    /// What is first was asked for under this number, and is done.
    fn finish(&self, number: u64) {
        self.state.lock().wanted.pop_front();
        self.done.through(number);
    }
}

impl Follower {
    /// Takes one step of an erasure; `false` when none was asked for.
    pub(super) fn erase(&mut self) -> Result<bool, StepError> {
        let shared = Arc::clone(&self.feed.shared);
        match shared.erasures.next() {
            None => return Ok(false),
            Some(Next::Stream(stream)) => {
                let told = self.feed.read_stream(&stream)?;
                for (index, served) in shared.views.iter().enumerate() {
                    let store = self.stores[index].as_mut().filter(|_| served.view.is_personal());
                    let erased = store.map_or(Ok(()), |store| store.erase(&told));
                    if let Err(error) = erased.map_err(StepError::of(&served.view)) {
                        tracing::error!(
                            error = &error as &(dyn std::error::Error + 'static),
                            "a view cannot be erased from in place and is made anew"
                        );
                        shared.renewals.want(index);
                        shared.erasures.leave();
                    }
                }
                shared.erasures.pass();
            }
            Some(Next::Sweep(number)) => {
                let mut is_clean = true;
                for (index, served) in shared.views.iter().enumerate() {
                    let store = self.stores[index].as_mut().filter(|_| served.view.is_personal());
                    let Some(store) = store else {
                        continue;
                    };
                    if store.is_swept().map_err(StepError::of(&served.view))? {
                        is_clean &= store.sweep().map_err(StepError::of(&served.view))?;
                    } else {
                        // The new file is swept when it serves.
                        shared.renewals.want(index);
                        is_clean = false;
                    }
                }
                // While somebody reads what was before, SQLite waits for them in each turn.
                if is_clean {
                    shared.erasures.finish(number);
                }
            }
        }
        Ok(true)
    }
}
