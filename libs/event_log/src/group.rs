//! One group commit: judging what waits, in order, each member seeing those before it.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use tokio::sync::oneshot;

use crate::append::AppendError;
use crate::block::{Block, BlockBuilder, Links};
use crate::commit::Expected;
use crate::encode::{EncodedCommit, EncodedTarget, EncodedWrite};
use crate::heads::Heads;
use crate::index::Table;
use crate::key::{self, Key, StreamKeys};
use crate::limits::{CLOCK_BEHIND_MAX_MS, KEY_NUMBER_MAX};
use crate::name::StreamName;
use crate::place::{CommandId, Position, Version};
use crate::queue::{Answer, Submission};
use crate::read::{self, ReadError};
use crate::space::Shortage;
use crate::store::Store;
use crate::writer::End;

/// A commit that passed, with what it becomes.
struct Accepted {
    streams: Vec<(StreamName, Version)>,
    links: Vec<(Links, i64)>,
    running_max_micros: i64,
}

/// Why a member gets no events written: the caller's fault, or ours, which stops the log.
enum Refusal {
    Caller(AppendError),
    Ours(ReadError),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Refusal {
        Refusal::Ours(ReadError::Index(error))
    }
}

impl From<AppendError> for Refusal {
    fn from(error: AppendError) -> Refusal {
        Refusal::Caller(error)
    }
}

/// Who waits for what.
#[derive(Debug)]
pub(crate) enum Reply {
    Written {
        first: Position,
        last: Position,
        streams: Vec<(StreamName, Version)>,
        encoded: Box<EncodedCommit>,
        to: AnswerSender,
    },
    Repeated {
        first: Position,
        count: u64,
        to: AnswerSender,
    },
    Refused {
        error: AppendError,
        to: AnswerSender,
    },
    Settled {
        to: oneshot::Sender<Result<Position, AppendError>>,
    },
}

type AnswerSender = oneshot::Sender<Result<Answer, AppendError>>;

impl Reply {
    /// Tells what became of it, once the whole group is on disk. Whoever hung up is not told.
    pub(crate) fn send(self, blocks: &[Block], head: Position) {
        match self {
            Reply::Written {
                first,
                last,
                streams,
                encoded,
                to,
            } => {
                let start = blocks.partition_point(|block| block.last() < first);
                let end = blocks.partition_point(|block| block.first() <= last);
                let blocks = blocks[start..end].to_vec();
                to.send(Ok(Answer::Written {
                    first,
                    streams,
                    blocks,
                    encoded,
                }))
                .ok();
            }
            Reply::Repeated { first, count, to } => {
                to.send(Ok(Answer::Repeated { first, count })).ok();
            }
            Reply::Refused { error, to } => {
                to.send(Err(error)).ok();
            }
            Reply::Settled { to } => {
                to.send(Ok(head)).ok();
            }
        }
    }

    /// Tells that nothing is known, since the log has stopped.
    pub(crate) fn fail(self, error: AppendError) {
        match self {
            Reply::Written { to, .. } | Reply::Repeated { to, .. } | Reply::Refused { to, .. } => {
                to.send(Err(error)).ok();
            }
            Reply::Settled { to } => {
                to.send(Err(error)).ok();
            }
        }
    }
}

/// A group ready to be written.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) blocks: Vec<Block>,
    /// What the index will hold once the group is on disk; shared with the planning of the next group.
    pub(crate) changes: Arc<Table>,
    pub(crate) running_max_micros: i64,
    pub(crate) replies: Vec<Reply>,
    /// Ours: the log must stop, and everybody in the group is told so.
    pub(crate) fault: Option<ReadError>,
}

struct Planner<'a> {
    store: &'a Store,
    heads: Heads<'a>,
    /// Digests of the commands of this group, which the log does not hold yet.
    digests: HashMap<CommandId, [u8; 32]>,
    builder: BlockBuilder,
    next: Position,
    running_max_micros: i64,
    shortage: Option<Shortage>,
}

/// Judges and encodes a group that follows an end. While space is short, only what is known already gets a good answer.
pub(crate) fn plan(
    submissions: Vec<Submission>,
    store: &Store,
    heads: Heads<'_>,
    end: End,
    shortage: Option<Shortage>,
) -> Group {
    let next = Position(end.head.0 + 1);
    let mut planner = Planner {
        store,
        heads,
        digests: HashMap::new(),
        builder: BlockBuilder::new(next.0),
        next,
        running_max_micros: end.running_max_micros,
        shortage,
    };
    let mut replies = Vec::with_capacity(submissions.len());
    let mut fault = None;
    for submission in submissions {
        match submission {
            Submission::Settled(to) => replies.push(Reply::Settled { to }),
            Submission::Commit(commit, to) => match planner.member(&commit) {
                Ok(Member::New { first, streams }) => {
                    let last = Position(planner.next.0 - 1);
                    replies.push(Reply::Written {
                        first,
                        last,
                        streams,
                        encoded: commit,
                        to,
                    });
                }
                Ok(Member::Known { first, count }) => replies.push(Reply::Repeated { first, count, to }),
                Err(Refusal::Caller(error)) => replies.push(Reply::Refused { error, to }),
                Err(Refusal::Ours(error)) => {
                    // The member is told with all others that the log has stopped.
                    replies.push(Reply::Refused {
                        error: AppendError::Closed,
                        to,
                    });
                    fault.get_or_insert(error);
                }
            },
        }
    }
    let (blocks, running_max_micros) = (planner.builder.finish(), planner.running_max_micros);
    Group {
        blocks,
        changes: Arc::new(planner.heads.into_changes()),
        running_max_micros,
        replies,
        fault,
    }
}

enum Member {
    New {
        first: Position,
        streams: Vec<(StreamName, Version)>,
    },
    Known {
        first: Position,
        count: u64,
    },
}

impl Planner<'_> {
    fn member(&mut self, commit: &EncodedCommit) -> Result<Member, Refusal> {
        if let Some((first, count)) = self.heads.get(commit.command_key)? {
            let digest = match self.digests.get(&commit.command_id) {
                Some(digest) => *digest,
                None => read::command_digest(self.store, commit.command_id, Position(first))
                    .map_err(Refusal::Ours)?,
            };
            if digest != commit.command_digest {
                return Err(AppendError::CommandIdReused {
                    command_id: commit.command_id,
                }
                .into());
            }
            return Ok(Member::Known {
                first: Position(first),
                count,
            });
        }
        if let Some(Shortage {
            free_bytes,
            reserve_bytes,
        }) = self.shortage
        {
            return Err(AppendError::DiskFull {
                free_bytes,
                reserve_bytes,
            }
            .into());
        }
        self.heads.begin();
        let accepted = match self.judge(commit) {
            Ok(accepted) => accepted,
            Err(refusal) => {
                self.heads.take_back();
                return Err(refusal);
            }
        };
        let first = self.next;
        self.digests.insert(commit.command_id, commit.command_digest);
        self.running_max_micros = accepted.running_max_micros;
        let mut links = accepted.links.into_iter();
        for (write, (stream, version)) in commit.writes.iter().zip(&accepted.streams) {
            for ((event, (links, running_max)), version) in
                write.events.iter().zip(&mut links).zip(version.0..)
            {
                self.builder
                    .push(&event.pieces(stream, &version.to_string()), links, running_max);
                self.next.0 += 1;
            }
        }
        Ok(Member::New {
            first,
            streams: accepted.streams,
        })
    }

    fn judge(&mut self, commit: &EncodedCommit) -> Result<Accepted, Refusal> {
        let heads = &mut self.heads;
        let mut running_max_micros = self.running_max_micros;
        let mut position = self.next;
        let mut streams = Vec::with_capacity(commit.writes.len());
        let mut all_links = Vec::new();
        for write in &commit.writes {
            let (name, keys) = resolve(&write.target, heads)?;
            let version = heads.version(keys.stream)?;
            check_expected(write, &name, version)?;
            for event in &write.events {
                running_max_micros = running_max_micros.max(event.at_micros);
                check_clock(running_max_micros, event.at_micros)?;
                let (_, links) = heads.add_event(&keys, position)?;
                all_links.push((links, running_max_micros));
                position.0 += 1;
            }
            streams.push((name, Version(version.0 + 1)));
        }
        heads.add_command(commit.command_key, self.next, position.0 - self.next.0);
        Ok(Accepted {
            streams,
            links: all_links,
            running_max_micros,
        })
    }
}

fn resolve(target: &EncodedTarget, heads: &Heads<'_>) -> Result<(StreamName, StreamKeys), Refusal> {
    match target {
        EncodedTarget::Stream { name, keys } => Ok((name.clone(), *keys)),
        EncodedTarget::NextIn {
            prefix,
            prefix_key,
            category_key,
        } => {
            let number = heads.get(*prefix_key)?.map_or(0, |(largest, _)| largest) + 1;
            if number > KEY_NUMBER_MAX {
                return Err(AppendError::PrefixExhausted {
                    prefix: prefix.clone(),
                }
                .into());
            }
            let name = prefix.stream(number);
            let stream: Key = key::stream(name.as_str());
            let keys = StreamKeys {
                stream,
                category: *category_key,
                numbered: Some((*prefix_key, number)),
            };
            Ok((name, keys))
        }
    }
}

fn check_expected(write: &EncodedWrite, name: &StreamName, actual: Version) -> Result<(), AppendError> {
    match write.expected {
        Expected::Version(expected) if expected != actual => Err(AppendError::Conflict {
            stream: name.clone(),
            expected,
            actual,
        }),
        Expected::Version(_) | Expected::Any => Ok(()),
    }
}

fn check_clock(running_max_micros: i64, at_micros: i64) -> Result<(), AppendError> {
    let behind_micros = running_max_micros.saturating_sub(at_micros);
    if behind_micros > CLOCK_BEHIND_MAX_MS * 1000 {
        return Err(AppendError::ClockBehind {
            behind_ms: behind_micros / 1000,
            max_ms: CLOCK_BEHIND_MAX_MS,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
