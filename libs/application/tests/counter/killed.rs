//! A command over several is there as a whole or not at all after a kill, and there when it was answered. This test starts itself as
//! the one that is killed.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use application::{Application, Call};

use domain::{
    AccountId, TicketKey,
    account::{ProfileField, change::Change},
};
use event_log::{Channel, CommandId, EventLog, Options, StreamName, Version};
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use tempfile::TempDir;

use crate::{
    asking::Asking,
    several::{any, on_each},
    world::{World, settings, settings_in},
};

const KILLS: u64 = 50;
/// How many commands of one life are on their way at once.
const AT_ONCE: u64 = 4;
/// Most commands that are answered before the kill.
const ANSWERED_MAX: u64 = 12;
/// In the environment of the one that is killed: the data directory, and how often it was killed before.
const DATA: &str = "GUICHET_TEST_KILLED";
const LIFE: &str = "GUICHET_TEST_KILLED_LIFE";

/// Who and what there is from the start.
#[derive(Clone, Copy)]
struct Known {
    admin: AccountId,
    bob: AccountId,
}

impl Known {
    fn by(application: &Application) -> Known {
        let id = |name: &str| application.directory().account_by_username(name).unwrap().id;
        Known {
            admin: id("admin"),
            bob: id("bob"),
        }
    }

    /// The tickets that a command is asked of, and the account: the same whenever it is asked for.
    fn plan(self, life: u64, number: u64) -> (Vec<TicketKey>, Option<AccountId>) {
        let mut chance = StdRng::seed_from_u64((life << 32) | number);
        let tickets: Vec<TicketKey> = (1..=4).map(|n| format!("SUP-{n}").parse().unwrap()).collect();
        let count = chance.random_range(2..=3);
        let tickets = tickets.sample(&mut chance, count).cloned().collect();
        (tickets, chance.random_bool(0.5).then_some(self.bob))
    }

    fn command(self, life: u64, number: u64) -> CommandId {
        let key = format!("{life}-{number}");
        application::kernel::call::command_id(self.admin, Channel::Rest, "POST /v1/test", Some(&key))
    }
}

/// Gives commands, and tells of each that is answered, until the kill.
async fn live(data: &Path, life: u64) {
    let application = Application::open(&settings_in(data)).unwrap();
    println!();
    let (application, known) = (&application, Known::by(&application));
    let viewer = application.directory().viewer(known.admin).unwrap();
    let one_after_the_other = |first: u64| {
        let viewer = viewer.clone();
        async move {
            for number in (first..).step_by(usize::try_from(AT_ONCE).unwrap()) {
                let (tickets, account) = known.plan(life, number);
                let keys: Vec<&TicketKey> = tickets.iter().collect();
                let mut asked = on_each(&keys, "mot");
                // Locked and unlocked again: two events, whatever was before.
                let locks = [BTreeSet::from([ProfileField::Phone]), BTreeSet::new()];
                let locks = any(locks.map(Change::LockFields).to_vec());
                asked.accounts = account.map(|account| (account, locks)).into_iter().collect();
                let call = Call {
                    viewer: (*viewer).clone(),
                    command_id: known.command(life, number),
                    ..application.system_call(crate::world::at(), Channel::Rest)
                };
                application.act_on_several(call, asked).await.unwrap();
                println!("answered {number}");
            }
        }
    };
    futures_util::future::join_all((0..AT_ONCE).map(one_after_the_other)).await;
}

/// Lets it live until so many commands are answered, then kills it. Answers which were.
fn kill_after(data: &Path, life: u64, answered: u64) -> Vec<u64> {
    let name = "killed::a_command_over_several_is_there_as_a_whole_or_not_at_all_after_fifty_kills";
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .envs([(DATA, data.as_os_str()), (LIFE, life.to_string().as_ref())])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut numbers = Vec::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        if let Some(number) = line.unwrap().strip_prefix("answered ") {
            numbers.push(number.parse().unwrap());
        }
        if numbers.len() as u64 == answered {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    assert!(
        numbers.len() as u64 >= answered,
        "it ended by itself: {numbers:?}"
    );
    numbers
}

/// Every command of a life stands in the log with all that it was asked of, or does not at all. Answers how many do.
fn whole(log: &EventLog, known: Known, life: u64, answered: &[u64]) -> usize {
    let most = answered.iter().max().unwrap() + 2 * AT_ONCE;
    let mut there = 0;
    for number in 0..=most {
        let (tickets, account) = known.plan(life, number);
        let mut wanted: Vec<String> = tickets.iter().map(ToString::to_string).collect();
        wanted.extend(account.iter().flat_map(|id| vec![format!("account-{id}"); 2]));
        wanted.sort_unstable();
        let found = log.command(known.command(life, number)).unwrap();
        let events = found.into_iter().flat_map(|(_, appended)| appended.events);
        let streams = events.map(|event| event.envelope.stream.as_str().to_owned());
        let mut streams: Vec<String> = streams.collect();
        streams.sort_unstable();
        there += usize::from(!streams.is_empty());
        let must_be = answered.contains(&number);
        let is_whole = streams == wanted || (streams.is_empty() && !must_be);
        assert!(
            is_whole,
            "{life}-{number}, answered: {must_be}: {streams:?} of {wanted:?}"
        );
    }
    there
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_over_several_is_there_as_a_whole_or_not_at_all_after_fifty_kills() {
    if let (Some(data), Ok(life)) = (env::var_os(DATA), env::var(LIFE)) {
        return live(Path::new(&data), life.parse().unwrap()).await;
    }
    let world = World::new().await;
    for _ in 0..4 {
        world.open("ann").await;
    }
    let World { dir, application } = world;
    let known = Known::by(&application);
    application.close();
    drop(application);
    let mut chance = StdRng::seed_from_u64(0x0011_0250);
    let (mut there, mut answered) = (0, 0);
    for life in 0..KILLS {
        let told = kill_after(dir.path(), life, chance.random_range(1..=ANSWERED_MAX));
        let log = EventLog::open(&dir.path().join("log"), Options::default()).unwrap();
        there += whole(&log, known, life, &told);
        answered += told.len();
        log.close();
    }
    assert!(there > answered, "no kill came between the disk and the answer");
    nothing_else_is_there(&dir, there);
}

/// The tickets hold what these commands have written, without a gap, and nothing else; and they are read as before.
fn nothing_else_is_there(dir: &TempDir, there: usize) {
    let application = Application::open(&settings(dir)).unwrap();
    let mut commands: BTreeMap<_, u64> = BTreeMap::new();
    for n in 1..=4 {
        let stream = StreamName::try_from(format!("SUP-{n}")).unwrap();
        let events = application
            .inside()
            .log
            .read_stream(&stream, Version(0), usize::MAX);
        let events = events.unwrap();
        let versions = events.iter().map(|event| event.envelope.version.0);
        assert!(versions.eq(1..=events.len() as u64), "SUP-{n}");
        for event in &events[1..] {
            *commands.entry(event.envelope.command_id.0).or_default() += 1;
        }
        let admin = application
            .directory()
            .viewer(Known::by(&application).admin)
            .unwrap();
        let ticket = application
            .ticket(&admin, &format!("SUP-{n}").parse().unwrap())
            .unwrap();
        assert_eq!(ticket.version(), Version(events.len() as u64));
    }
    assert_eq!(commands.len(), there);
    assert!(commands.values().all(|tickets| (2..=3).contains(tickets)));
    application.close();
}
