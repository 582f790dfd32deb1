//! Commands over several tickets and accounts, given crosswise by eight at once: none waits for ever, each is there as a whole or
//! not at all, and is answered alike when it is repeated.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use application::{
    Call, ExecuteError,
    several::{AskedOfSeveral, DoneOnSeveral},
};

use chrono::TimeDelta;
use domain::{
    AccountId, TicketKey,
    account::change::Change,
    ticket::{Action, TicketEvent},
};
use event_log::{Position, Version};
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};

use crate::{
    asking::Asking,
    several::{answer, any, streams_of},
    world::{World, at, transition, words},
};

const TASKS: u64 = 8;
const COMMANDS_OF_EACH: u32 = 30;
/// Far more than all of it takes.
const TIMEOUT: Duration = Duration::from_secs(120);

/// What everybody works on.
struct Shared {
    world: World,
    tickets: Vec<TicketKey>,
    account: AccountId,
    /// Each takes its time from here, so that some come to the log after others that are ten seconds later.
    ticks: AtomicI64,
}

/// A command that was given, and what was answered.
struct Given {
    call: Call,
    asked: AskedOfSeveral,
    answered: Result<DoneOnSeveral, ExecuteError>,
}

fn an_action(chance: &mut StdRng) -> Action {
    match chance.random_range(0..12) {
        0 => transition("take", None),
        1 => transition("wait_for_customer", Some("Et ?")),
        2 => transition("customer_answered", Some("Oui.")),
        3 => transition("close", None),
        4 => words(" "),
        5 => Action::Assign { assignee: None },
        n => words(&format!("mot {n}")),
    }
}

fn what_is_asked(shared: &Shared, chance: &mut StdRng, name: &str) -> AskedOfSeveral {
    let count = *[1, 1, 2, 2, 3, 3, 0].choose(chance).unwrap();
    let tickets: Vec<TicketKey> = shared.tickets.sample(chance, count).cloned().collect();
    let on_ticket = |key: TicketKey| {
        let actions = (0..chance.random_range(1..=2))
            .map(|_| an_action(chance))
            .collect();
        (key, any(actions))
    };
    let tickets: BTreeMap<_, _> = tickets.into_iter().map(on_ticket).collect();
    let mut accounts = BTreeMap::new();
    if tickets.is_empty() || chance.random_bool(0.3) {
        let address = Change::SetAddress(Some(format!("{name}@example.org")));
        accounts.insert(shared.account, any(vec![address]));
    }
    AskedOfSeveral { tickets, accounts }
}

async fn give(shared: Arc<Shared>, task: u64) -> Vec<Given> {
    let mut chance = StdRng::seed_from_u64(0x0011_0200 + task);
    let mut given = Vec::new();
    for number in 0..COMMANDS_OF_EACH {
        let name = format!("{task}-{number}");
        let asked = what_is_asked(&shared, &mut chance, &name);
        let ticks = shared.ticks.fetch_add(1, Ordering::Relaxed);
        let late = if chance.random_bool(0.2) { 600 } else { 0 };
        let call = Call {
            at: at() + TimeDelta::minutes(20) + TimeDelta::seconds(2 * ticks - late),
            ..shared.world.keyed("admin", &name, &name)
        };
        let act = || {
            shared
                .world
                .application
                .act_on_several(call.clone(), asked.clone())
        };
        let answered = match chance.random_bool(0.2) {
            false => act().await,
            true => {
                let (one, two) = tokio::join!(act(), act());
                the_same(one, two)
            }
        };
        given.push(Given {
            call,
            asked,
            answered,
        });
    }
    given
}

/// Of one command given twice at once, what it was that wrote; the other one is answered alike.
fn the_same(
    one: Result<DoneOnSeveral, ExecuteError>,
    two: Result<DoneOnSeveral, ExecuteError>,
) -> Result<DoneOnSeveral, ExecuteError> {
    let repeats = |done: &DoneOnSeveral| done.tickets.values().any(|done| done.repeated);
    let wrote = |done: &DoneOnSeveral| done.tickets.values().any(|done| !done.events.is_empty());
    match (one, two) {
        (Ok(one), Ok(two)) => {
            // What changes nothing is decided anew, and may change something by then.
            if repeats(&one) || repeats(&two) {
                assert_eq!(answer(&one), answer(&two), "at once with itself");
            }
            Ok(if wrote(&one) { one } else { two })
        }
        (one, two) => one.or(two),
    }
}

/// A command that was answered stands in the log with all that it was asked of and changed, and one that was refused not at all.
fn is_whole_or_absent(world: &World, given: &Given) {
    let mut streams = streams_of(world, &given.call);
    streams.dedup();
    match &given.answered {
        Ok(done) => {
            let changed = done.tickets.iter().filter(|(_, done)| !done.events.is_empty());
            let mut wanted: Vec<String> = changed.map(|(key, _)| key.to_string()).collect();
            wanted.extend(given.asked.accounts.keys().map(|id| format!("account-{id}")));
            assert_eq!(streams, wanted, "{:?}", given.asked);
        }
        Err(error) => {
            let is_expected = matches!(error, ExecuteError::Rejected(_) | ExecuteError::Clock(_));
            assert!(is_expected, "{error:?}");
            assert_eq!(streams, [""; 0], "{error:?}");
        }
    }
}

/// Its versions have no gap, and every transition starts from the status that the one before it led to.
fn is_consistent(world: &World, key: &TicketKey) {
    let admin = world.viewer("admin");
    let loaded = world.application.ticket(&admin, key).unwrap();
    let events = world.application.events_of(&admin, &loaded, Version(0)).unwrap();
    let mut status = "open".to_owned();
    for ((stamp, event), version) in events.iter().zip(1..) {
        assert_eq!(stamp.version, version, "{key}");
        if let TicketEvent::Transitioned(moved) = event {
            assert_eq!(moved.from.as_str(), status, "{key} version {version}");
            status = moved.to.as_str().to_owned();
        }
    }
    assert_eq!(loaded.document.status.as_str(), status);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn crosswise_commands_of_eight_at_once_end_whole_or_absent_and_repeat_alike() {
    let world = World::new().await;
    let mut tickets = Vec::new();
    for _ in 0..4 {
        tickets.push(world.open("ann").await);
    }
    let account = world.id_of("bob");
    let (ticks, head) = (AtomicI64::new(0), world.head());
    let shared = Arc::new(Shared {
        world,
        tickets,
        account,
        ticks,
    });
    let tasks = (0..TASKS).map(|task| tokio::spawn(give(shared.clone(), task)));
    let all = tokio::time::timeout(TIMEOUT, futures_util::future::join_all(tasks));
    let all = all.await.expect("two wait for each other");
    let given: Vec<Given> = all.into_iter().flat_map(Result::unwrap).collect();

    let shared = Arc::into_inner(shared).unwrap();
    for one in &given {
        is_whole_or_absent(&shared.world, one);
    }
    for key in &shared.tickets {
        is_consistent(&shared.world, key);
    }
    let is_late = |one: &&Given| matches!(one.answered, Err(ExecuteError::Clock(_)));
    let done = given.iter().filter(|one| one.answered.is_ok()).count();
    let late = given.iter().filter(is_late).count();
    assert!(
        done >= given.len() / 4,
        "{done} of {} are done, {late} came too late",
        given.len()
    );
    assert!(shared.world.head() > Position(head.0 + 100));

    let world = shared.world.restarted();
    let head = world.head();
    let wrote = |one: &&Given| !streams_of(&world, &one.call).is_empty();
    for one in given.iter().filter(wrote) {
        let again = world
            .application
            .act_on_several(one.call.clone(), one.asked.clone())
            .await;
        let first = one.answered.as_ref().unwrap();
        assert_eq!(answer(&again.unwrap()), answer(first));
    }
    assert_eq!(world.head(), head);
}
