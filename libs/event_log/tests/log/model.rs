//! The log against a model in memory, over random histories.

use std::collections::{BTreeMap, HashMap};

use event_log::{AppendError, EventLog, Expected, Options, Position, Target, Version};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest};

use crate::drafts::*;

const STREAMS: [&str; 6] = ["SUP-1", "SUP-2", "SUP-3", "desk-SUP", "desk-ENT", "alone"];
const PREFIXES: [&str; 2] = ["SUP", "ENT"];

/// Where a write goes, and what it expects: nothing, or the true version and so much more or less.
#[derive(Debug, Clone)]
struct Write {
    target: Result<usize, usize>,
    expected_off_by: Option<i64>,
    events: usize,
    data_bytes: usize,
}

#[derive(Debug, Clone)]
enum Step {
    Append { writes: Vec<Write>, together: bool },
    Repeat { back: usize, same_digest: bool },
    Reopen,
}

/// One event of the model: stream, version, identity.
type Known = (String, u64, u64);

#[derive(Debug, Clone, Default)]
struct Model {
    events: Vec<Known>,
    versions: HashMap<String, u64>,
    numbers: BTreeMap<String, u64>,
    /// What each command wrote: its first position and how many.
    commands: Vec<(u64, usize)>,
    next_command: u64,
}

impl Model {
    /// The commit of a step, and what comes of it: the events, or the stream that conflicts.
    fn judge(&self, writes: &[Write]) -> (event_log::Commit, Result<Vec<Known>, String>) {
        let (mut versions, mut numbers) = (self.versions.clone(), self.numbers.clone());
        let mut made = Ok(Vec::new());
        let mut identity = self.next_command * 1000;
        let mut told = Vec::new();
        for write in writes {
            let (target, stream) = match write.target {
                Ok(stream) => (Target::Stream(name(STREAMS[stream])), STREAMS[stream].to_owned()),
                Err(prefix) => {
                    let number = numbers.get(PREFIXES[prefix]).copied().unwrap_or(0) + 1;
                    (
                        Target::NextIn(PREFIXES[prefix].parse().unwrap()),
                        format!("{}-{number}", PREFIXES[prefix]),
                    )
                }
            };
            let version = versions.entry(stream.clone()).or_default();
            let expected = match write.expected_off_by {
                None => Expected::Any,
                Some(off_by) => Expected::Version(Version(version.saturating_add_signed(off_by))),
            };
            if made.is_ok()
                && !matches!(expected, Expected::Any)
                && expected != Expected::Version(Version(*version))
            {
                made = Err(stream.clone());
            }
            if let Some((prefix, number)) = stream.split_once('-')
                && let Ok(number) = number.parse::<u64>()
                && *version == 0
            {
                let largest = numbers.entry(prefix.to_owned()).or_default();
                *largest = number.max(*largest);
            }
            let data = format!("\"{}\"", "x".repeat(write.data_bytes));
            let mut drafts = Vec::new();
            for _ in 0..write.events {
                identity += 1;
                *version += 1;
                drafts.push(draft(identity, &data));
                if let Ok(made) = &mut made {
                    made.push((stream.clone(), *version, identity));
                }
            }
            told.push(event_log::StreamWrite {
                target,
                expected,
                events: drafts,
            });
        }
        (commit(self.next_command, told), made)
    }

    fn apply(&mut self, made: Result<Vec<Known>, String>) {
        self.next_command += 1;
        let Ok(made) = made else {
            self.commands.push((0, 0));
            return;
        };
        self.commands.push((self.events.len() as u64 + 1, made.len()));
        for (stream, version, identity) in made {
            self.versions.insert(stream.clone(), version);
            if let Some((prefix, number)) = stream.split_once('-')
                && let Ok(number) = number.parse::<u64>()
            {
                let largest = self.numbers.entry(prefix.to_owned()).or_default();
                *largest = number.max(*largest);
            }
            self.events.push((stream, version, identity));
        }
    }
}

impl ReferenceStateMachine for Model {
    type State = Model;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Model> {
        Just(Model::default()).boxed()
    }

    fn transitions(_: &Model) -> BoxedStrategy<Step> {
        let target =
            prop_oneof![3 => (0..STREAMS.len()).prop_map(Ok), 2 => (0..PREFIXES.len()).prop_map(Err)];
        let expected =
            prop_oneof![4 => Just(None), 6 => Just(Some(0)), 1 => Just(Some(1)), 1 => Just(Some(-1))];
        let size = prop_oneof![9 => 0..300_usize, 1 => 10_000..40_000_usize];
        let write =
            (target, expected, 1..5_usize, size).prop_map(|(target, expected_off_by, events, data_bytes)| {
                Write {
                    target,
                    expected_off_by,
                    events,
                    data_bytes,
                }
            });
        prop_oneof![
            12 => (prop::collection::vec(write, 1..4), any::<bool>()).prop_map(|(writes, together)| Step::Append { writes, together }),
            4 => (0..20_usize, prop::bool::weighted(0.8)).prop_map(|(back, same_digest)| Step::Repeat { back, same_digest }),
            1 => Just(Step::Reopen),
        ]
        .boxed()
    }

    fn apply(mut state: Model, step: &Step) -> Model {
        if let Step::Append { writes, .. } = step {
            let (_, made) = state.judge(writes);
            Model::apply(&mut state, made);
        }
        state
    }
}

/// The log under test, with the commits it was told.
struct Subject {
    dir: tempfile::TempDir,
    runtime: tokio::runtime::Runtime,
    log: Option<EventLog>,
    /// The model before the step, to know what a step should come to.
    before: Model,
    told: Vec<event_log::Commit>,
}

impl Subject {
    fn log(&self) -> &EventLog {
        self.log.as_ref().unwrap()
    }

    fn reopen(&mut self) {
        self.log.take().into_iter().for_each(EventLog::close);
        let options = Options {
            index_memory_entries: 16,
            ..Options::default()
        };
        self.log = Some(EventLog::open(self.dir.path(), options).unwrap());
    }

    fn append(&mut self, writes: &[Write], together: bool) {
        let (commit, made) = self.before.judge(writes);
        let answer = self.log().append(commit.clone());
        // Told again while the first may still be in the same group.
        let again = together.then(|| self.log().append(commit.clone()));
        let answer = self.runtime.block_on(answer);
        match &made {
            Ok(made) => {
                let appended = answer.unwrap();
                assert!(!appended.repeated);
                assert_eq!(appended.first.0, self.before.events.len() as u64 + 1);
                assert_eq!(known(&appended.events), *made);
                if let Some(again) = again {
                    let again = self.runtime.block_on(again).unwrap();
                    assert!(again.repeated);
                    assert_eq!(again.events, appended.events);
                }
            }
            Err(conflicting) => {
                let error = answer.unwrap_err();
                assert!(
                    matches!(&error, AppendError::Conflict { stream, .. } if stream.as_str() == conflicting),
                    "{error}"
                );
                if let Some(again) = again {
                    assert!(self.runtime.block_on(again).is_err());
                }
            }
        }
        self.told.push(commit);
        self.before.apply(made);
    }

    fn repeat(&self, back: usize, same_digest: bool) {
        let Some(command) = self.told.len().checked_sub(back + 1) else {
            return;
        };
        let mut commit = self.told[command].clone();
        let (first, count) = self.before.commands[command];
        if count == 0 {
            // A refused command is decided anew, which other steps cover.
            return;
        }
        if !same_digest {
            commit.command_digest[0] ^= 1;
        }
        match self.runtime.block_on(self.log().append(commit)) {
            Ok(again) => {
                assert!(same_digest && again.repeated);
                let start = usize::try_from(first).unwrap() - 1;
                assert_eq!(again.first, Position(first));
                assert_eq!(known(&again.events), self.before.events[start..start + count]);
            }
            Err(error) => assert!(
                !same_digest && matches!(error, AppendError::CommandIdReused { .. }),
                "{error}"
            ),
        }
    }
}

fn known(events: &[event_log::Recorded]) -> Vec<Known> {
    let of = |event: &event_log::Recorded| {
        let envelope = &event.envelope;
        (
            envelope.stream.to_string(),
            envelope.version.0,
            envelope.id.0.as_u64_pair().1,
        )
    };
    events.iter().map(of).collect()
}

impl StateMachineTest for Subject {
    type SystemUnderTest = Subject;
    type Reference = Model;

    fn init_test(model: &Model) -> Subject {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let mut subject = Subject {
            dir,
            runtime,
            log: None,
            before: model.clone(),
            told: Vec::new(),
        };
        subject.reopen();
        subject
    }

    fn apply(mut subject: Subject, _: &Model, step: Step) -> Subject {
        match step {
            Step::Append { writes, together } => subject.append(&writes, together),
            Step::Repeat { back, same_digest } => subject.repeat(back, same_digest),
            Step::Reopen => subject.reopen(),
        }
        subject
    }

    fn check_invariants(subject: &Subject, model: &Model) {
        let log = subject.log();
        assert_eq!(log.head().0, model.events.len() as u64);
        let all = log.read(Position(0), usize::MAX).unwrap();
        assert_eq!(known(&all), model.events);
        assert!(
            all.iter()
                .zip(1..)
                .all(|(event, position)| event.position == Position(position))
        );
        for stream in STREAMS
            .iter()
            .map(|stream| (*stream).to_owned())
            .chain(model.versions.keys().cloned())
        {
            let of_stream: Vec<_> = all
                .iter()
                .filter(|event| event.envelope.stream.as_str() == stream)
                .cloned()
                .collect();
            assert_eq!(
                log.stream_version(&name(&stream)).unwrap().0,
                of_stream.len() as u64
            );
            assert_eq!(
                log.read_stream(&name(&stream), Version(0), usize::MAX).unwrap(),
                of_stream
            );
            if of_stream.len() > 2 {
                assert_eq!(
                    log.read_stream(&name(&stream), Version(1), 1).unwrap(),
                    of_stream[1..2]
                );
            }
        }
        for category in ["SUP", "ENT", "desk", "alone"] {
            let of_category: Vec<_> = all
                .iter()
                .filter(|event| event.envelope.stream.category() == category)
                .cloned()
                .collect();
            assert_eq!(log.read_category(category, Position(0)).unwrap(), of_category);
        }
        if !all.is_empty() {
            let followed = subject.runtime.block_on(log.tail(Position(0)).next()).unwrap();
            assert_eq!(followed, all[..followed.len()]);
        }
    }
}

#[test]
fn the_log_does_what_the_model_does() {
    let config = Config {
        cases: 24,
        failure_persistence: None,
        max_shrink_iters: 200,
        ..Config::default()
    };
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, b"a history that is always the sam");
    let mut runner = TestRunner::new_with_rng(config, random);
    let histories = Model::sequential_strategy(5..40);
    let result = runner.run(&histories, |(initial, steps, seen)| {
        Subject::test_sequential(Config::default(), initial, steps, seen);
        Ok(())
    });
    result.unwrap();
}
