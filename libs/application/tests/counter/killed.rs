//! A command over several is there as a whole or not at all after a kill, and there when it was answered. This test starts itself as
//! the one that is killed.

use std::{
    collections::BTreeMap,
    env,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
};

use application::{
    Application, Call, Settings,
    event_log::{Channel, StreamName, Version},
    execute::AskedOfSeveral,
};
use domain::{AccountId, TicketKey};
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use tempfile::TempDir;

use crate::{
    several::{and_address, on_each},
    world::{World, settings},
};

const KILLS: u64 = 50;
/// How many commands of one life are on their way at once.
const AT_ONCE: u64 = 4;
/// Most commands that are answered before the kill.
const ANSWERED_MAX: u64 = 20;
/// In the environment of the one that is killed: the data directory, and how often it was killed before.
const DATA: &str = "GUICHET_TEST_KILLED";
const LIFE: &str = "GUICHET_TEST_KILLED_LIFE";

/// What a command is asked of: the same whenever it is asked for.
struct Plan {
    tickets: Vec<TicketKey>,
    account: Option<AccountId>,
}

fn plan(application: &Application, life: u64, number: u64) -> Plan {
    let mut chance = StdRng::seed_from_u64((life << 32) | number);
    let tickets: Vec<TicketKey> = (1..=4).map(|n| format!("SUP-{n}").parse().unwrap()).collect();
    let count = chance.random_range(2..=3);
    let bob = application.directory().account_by_username("bob").unwrap().id;
    Plan {
        tickets: tickets.sample(&mut chance, count).cloned().collect(),
        account: chance.random_bool(0.5).then_some(bob),
    }
}

fn call(application: &Application, life: u64, number: u64) -> Call {
    let admin = application.directory().account_by_username("admin").unwrap().id;
    let viewer = application.directory().viewer(admin).unwrap();
    let key = format!("{life}-{number}");
    Call {
        viewer: (*viewer).clone(),
        command_id: application::call::command_id(admin, Channel::Rest, "POST /v1/test", Some(&key)),
        command_digest: application.secret().digest(&[b"test", key.as_bytes()]),
        ..application.system_call(crate::world::at(), Channel::Rest)
    }
}

/// Gives commands, and tells of each that is answered, until the kill.
async fn live(data: &Path, life: u64) {
    let application = Application::open(&Settings::new(data)).unwrap();
    println!();
    let application = &application;
    let one_after_the_other = |first: u64| async move {
        for number in (first..).step_by(usize::try_from(AT_ONCE).unwrap()) {
            let plan = plan(application, life, number);
            let keys: Vec<&TicketKey> = plan.tickets.iter().collect();
            let asked: AskedOfSeveral = on_each(&keys, "mot");
            let address = format!("bob@{life}-{number}.example");
            let asked = match plan.account {
                Some(account) => and_address(asked, account, &address),
                None => asked,
            };
            let call = call(application, life, number);
            application.act_on_several(call, asked).await.unwrap();
            writeln!(std::io::stdout(), "answered {number}").unwrap();
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

/// Every command of a life stands in the log with all that it was asked of, or does not at all.
fn whole(application: &Application, life: u64, answered: &[u64]) -> u64 {
    let most = answered.iter().max().unwrap() + 2 * AT_ONCE;
    let mut there = 0;
    for number in 0..=most {
        let plan = plan(application, life, number);
        let mut wanted: Vec<String> = plan.tickets.iter().map(ToString::to_string).collect();
        wanted.sort_unstable();
        wanted.extend(plan.account.map(|id| format!("account-{id}")));
        let found = application
            .log()
            .command(call(application, life, number).command_id)
            .unwrap();
        let events = found.into_iter().flat_map(|(_, appended)| appended.events);
        let mut streams: Vec<String> = events
            .map(|event| event.envelope.stream.as_str().to_owned())
            .collect();
        streams.sort_unstable();
        wanted.sort_unstable();
        there += u64::from(!streams.is_empty());
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
    application.close();
    drop(application);
    let mut chance = StdRng::seed_from_u64(0x0011_0250);
    let (mut there, mut answered) = (0, 0);
    for life in 0..KILLS {
        let told = kill_after(dir.path(), life, chance.random_range(1..=ANSWERED_MAX));
        let application = Application::open(&settings(&dir)).unwrap();
        there += whole(&application, life, &told);
        answered += told.len() as u64;
        application.close();
    }
    assert!(there > answered, "no kill came between the disk and the answer");
    versions_have_no_gap(&dir, there);
}

/// Each ticket and account holds what the commands have written, and no command more.
fn versions_have_no_gap(dir: &TempDir, there: u64) {
    let application = Application::open(&settings(dir)).unwrap();
    let mut commands: BTreeMap<_, u64> = BTreeMap::new();
    for n in 1..=4 {
        let stream = StreamName::try_from(format!("SUP-{n}")).unwrap();
        let events = application
            .log()
            .read_stream(&stream, Version(0), usize::MAX)
            .unwrap();
        let versions = events.iter().map(|event| event.envelope.version.0);
        assert!(versions.eq(1..=events.len() as u64), "SUP-{n}");
        for event in &events[1..] {
            *commands.entry(event.envelope.command_id.0).or_default() += 1;
        }
    }
    assert_eq!(commands.len() as u64, there);
    assert!(commands.values().all(|tickets| (2..=3).contains(tickets)));
    application.close();
}
