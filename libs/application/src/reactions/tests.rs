//! Reactions with the real log, keys and sessions in a temporary directory.

use std::{fs, path::Path, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use credentials::passwords::HashingCost;
use domain::{
    AccountId, Language,
    account::{AccountEvent, AccountKind, Identity, SecondFactor, change::NewAccount},
    personal::Personal,
};
use event_log::{Channel, CommandId, Position};
use sessions::{Delivery, Settled};
use supervision::Supervisor;
use tempfile::TempDir;
use uuid::Uuid;

use crate::{
    identity::{
        deliveries::{CLAIM_S, Claimed},
        rules::SignInRules,
    },
    keeping::settings::Settings,
    kernel::{call::Call, error::ReadError},
    reactions::{
        effect::{Effect, Reaction},
        follower::Reactions,
        sources::Sources,
    },
    start::Application,
};

fn at() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_500)
}

fn open(data: &Path) -> Application {
    let settings = Settings {
        sign_in: SignInRules {
            hashing: HashingCost {
                memory_kib: 8,
                iterations: 1,
                parallelism: 1,
            },
            ..SignInRules::default()
        },
        ..Settings::new(data)
    };
    Application::open(&settings).unwrap()
}

fn closed(application: Application) {
    application.close();
    drop(application);
}

/// What waits, once all that follows from the log is known.
async fn waiting(application: &Application) -> Vec<Delivery> {
    let head = application.kernel.log.head();
    let reached = async {
        while application.keeping.reacted_through() < head {
            tokio::task::yield_now().await;
        }
    };
    let reached = tokio::time::timeout(Duration::from_secs(30), reached).await;
    assert!(
        reached.is_ok(),
        "{} of {head}",
        application.keeping.reacted_through()
    );
    let later = at() + TimeDelta::days(400);
    application.identity.sessions.deliveries(0, 100, later).unwrap()
}

/// The same as kinds of mail; what waited is settled.
async fn mailed(application: &Application) -> Vec<String> {
    let mut effects = Vec::new();
    for delivery in waiting(application).await {
        let settled = application
            .identity
            .sessions
            .settle_delivery(delivery.id, Settled::Delivered, at());
        effects.push(settled.unwrap().unwrap().effect);
    }
    effects
}

fn of(id: AccountId, value: &str) -> Personal<String> {
    Personal::new(id.person(), value.to_owned())
}

fn new_account(name: &str, address: Option<&str>, password: Option<&str>) -> NewAccount {
    NewAccount {
        id: AccountId(Uuid::now_v7()),
        kind: AccountKind::Person,
        username: name.to_owned(),
        name: name.to_owned(),
        language: Language::En,
        address: address.map(str::to_owned),
        address_confirmed: false,
        password_hash: password.map(str::to_owned),
        grants: [].into(),
        organizations: [].into(),
    }
}

async fn made(application: &Application, new: NewAccount) -> AccountId {
    let (id, call) = (new.id, call(application, at()));
    application.people.make_account(&call, new, None).await.unwrap();
    id
}

/// A directory with an account that has a password, and whom no mail is for.
async fn with_eve() -> (TempDir, Application, AccountId) {
    let dir = TempDir::new().unwrap();
    let application = open(dir.path());
    let eve = new_account("eve", Some("eve@example.org"), Some("hash"));
    let eve = made(&application, eve).await;
    (dir, application, eve)
}

fn call(application: &Application, at: DateTime<Utc>) -> Call {
    application.kernel.system_call(at, Channel::Admin)
}

/// These events, by one command.
async fn happens(application: &Application, id: AccountId, call: Call, events: Vec<AccountEvent>) {
    let written = application
        .kernel
        .append_own(&call, id, |_| Ok(events.clone()))
        .await;
    drop(written.unwrap());
}

fn set(id: AccountId, address: &str) -> AccountEvent {
    AccountEvent::AddressSet {
        address: of(id, address),
        confirmed: false,
    }
}

fn changed(id: AccountId) -> AccountEvent {
    AccountEvent::PasswordChanged { hash: of(id, "hash") }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_made_without_a_password_is_invited_once_and_nobody_else() {
    let dir = TempDir::new().unwrap();
    let application = open(dir.path());
    let here = Some("rita@example.org");
    made(&application, new_account("invited", here, None)).await;
    assert_eq!(mailed(&application).await, ["invitation"]);
    made(&application, new_account("known", here, Some("hash"))).await;
    let nowhere = made(&application, new_account("nowhere", None, None)).await;
    let vouched = new_account("vouched", here, None);
    let identity = Identity {
        issuer: "https://id.example".to_owned(),
        subject: of(vouched.id, "subject"),
    };
    let making = call(&application, at());
    application
        .people
        .make_account(&making, vouched, Some(identity))
        .await
        .unwrap();
    assert_eq!(mailed(&application).await, Vec::<String>::new());
    let first = vec![set(nowhere, "rita@example.org")];
    happens(&application, nowhere, call(&application, at()), first).await;
    assert_eq!(mailed(&application).await, ["invitation"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_change_is_told_once_for_a_command() {
    let (_dir, application, eve) = with_eve().await;
    let factor = || {
        AccountEvent::SecondFactorEnrolled(SecondFactor {
            secret: of(eve, "JBSWY3DPEHPK3PXP"),
            recovery: Personal::new(eve.person(), Vec::new()),
        })
    };
    for (events, mails) in [
        (vec![changed(eve)], &["password-changed"][..]),
        (
            vec![
                AccountEvent::PasswordReset {
                    hash: of(eve, "hash"),
                },
                changed(eve),
            ],
            &["password-changed"],
        ),
        (
            vec![AccountEvent::PasswordRehashed {
                hash: of(eve, "hash"),
            }],
            &[],
        ),
        (vec![factor()], &["second-factor-changed"]),
        (
            vec![AccountEvent::SecondFactorRemoved {}, factor(), changed(eve)],
            &["second-factor-changed", "password-changed"],
        ),
        (vec![set(eve, "eve@example.org")], &[]),
        (vec![set(eve, "one@example.org")], &["address-changed"]),
        (
            vec![set(eve, "two@example.org"), set(eve, "three@example.org")],
            &["address-changed"],
        ),
        (vec![AccountEvent::AddressRemoved {}], &["address-changed"]),
        (vec![changed(eve)], &[]),
        (vec![set(eve, "four@example.org")], &[]),
        (vec![AccountEvent::SignedOutEverywhere {}], &[]),
    ] {
        let told = format!("{events:?}");
        happens(&application, eve, call(&application, at()), events).await;
        let expected = mails.iter().map(|mail| (*mail).to_owned());
        assert_eq!(mailed(&application).await, expected.collect::<Vec<_>>(), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_never_came_is_invited_to_another_address_and_not_to_the_one_before() {
    let dir = TempDir::new().unwrap();
    let application = open(dir.path());
    let id = made(&application, new_account("rita", Some("wrong@example.org"), None)).await;
    let first = waiting(&application).await;
    let right = vec![set(id, "right@example.org")];
    happens(&application, id, call(&application, at()), right).await;
    let now = waiting(&application).await;
    let told: Vec<_> = now
        .iter()
        .map(|one| (one.effect.as_str(), one.payload.as_deref()))
        .collect();
    assert_eq!(
        told,
        [
            ("address-changed", Some("wrong@example.org")),
            ("invitation", None)
        ]
    );
    assert_ne!(first[0].effect_id, now[1].effect_id);
}

/// A former `sessions.sqlite` is put in the place of the present one, as after a kill between an event and
/// its mail, or after a restore.
fn put_back(dir: &Path, kept: &Path) {
    for name in ["sessions.sqlite-wal", "sessions.sqlite-shm"] {
        let _ = fs::remove_file(dir.join(name));
    }
    fs::copy(kept, dir.join("sessions.sqlite")).unwrap();
}

/// A directory with an account and the sessions as they are before anything happens to it.
async fn kept() -> (TempDir, TempDir, AccountId) {
    let beside = TempDir::new().unwrap();
    let (dir, application, eve) = with_eve().await;
    assert_eq!(mailed(&application).await, Vec::<String>::new());
    closed(application);
    fs::copy(
        dir.path().join("sessions.sqlite"),
        beside.path().join("sessions.sqlite"),
    )
    .unwrap();
    (dir, beside, eve)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_that_a_kill_left_unposted_is_posted_after_the_start_as_the_same_mail() {
    let (dir, beside, eve) = kept().await;
    let application = open(dir.path());
    happens(&application, eve, call(&application, at()), vec![changed(eve)]).await;
    let before = waiting(&application).await;
    closed(application);
    put_back(dir.path(), &beside.path().join("sessions.sqlite"));
    let application = open(dir.path());
    let after = waiting(&application).await;
    assert_eq!((before.len(), after.len()), (1, 1));
    assert_eq!(before[0].effect_id, after[0].effect_id);
    assert_eq!(after[0].account, Some(eve.0));
    closed(application);
    // From an older position again: nothing is posted twice, whether it waits or is delivered.
    for expected in [1, 0] {
        let application = open_from(dir.path(), 0);
        assert_eq!(mailed(&application).await.len(), expected);
        closed(application);
    }
}

/// Opens a directory of whose log it is known up to a position what follows.
fn open_from(dir: &Path, through: u64) -> Application {
    let sessions = sessions::Sessions::open(&dir.join("sessions.sqlite")).unwrap();
    sessions.follow(through, &[], |_| true).unwrap();
    drop(sessions);
    open(dir)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_mailed_about_what_was_before_the_sessions() {
    let (dir, _beside, eve) = kept().await;
    let application = open(dir.path());
    happens(&application, eve, call(&application, at()), vec![changed(eve)]).await;
    assert_eq!(waiting(&application).await.len(), 1);
    let head = application.kernel.log.head();
    closed(application);
    fs::remove_file(dir.path().join("sessions.sqlite")).unwrap();
    let application = open(dir.path());
    assert_eq!(application.keeping.reacted_through(), head, "before any command");
    assert_eq!(
        application.identity.sessions.reacted_through().unwrap(),
        Some(head.0)
    );
    assert!(waiting(&application).await.is_empty());
    closed(application);
    // Nor is anything missed of a log that was cut.
    let application = open_from(dir.path(), 1_000_000);
    assert_eq!(application.keeping.reacted_through(), head);
    happens(&application, eve, call(&application, at()), vec![changed(eve)]).await;
    assert_eq!(mailed(&application).await, ["password-changed"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_is_held_leaves_the_position_where_it_was() {
    let (dir, _beside, _) = kept().await;
    let sessions = sessions::Sessions::open(&dir.path().join("sessions.sqlite")).unwrap();
    sessions.follow(1_000_000, &[], |_| true).unwrap();
    let log = event_log::EventLog::open(&dir.path().join("log"), event_log::Options::default()).unwrap();
    log.hold("its end is missing in this test", Position(1_000_000));
    let begun = super::follower::begin(&log, &sessions).unwrap();
    assert_eq!(begun, Position(1_000_000));
    log.close();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_disabled_or_erased_meanwhile_is_mailed_nothing_and_the_position_moves() {
    for ends in ["disabled", "erased"] {
        let (dir, beside, eve) = kept().await;
        let application = open(dir.path());
        let elsewhere = vec![changed(eve), set(eve, "elsewhere@example.org")];
        happens(&application, eve, call(&application, at()), elsewhere).await;
        assert_eq!(waiting(&application).await.len(), 2);
        if ends == "disabled" {
            let reason = of(eve, "Partie");
            let disabled = vec![AccountEvent::Disabled { reason }];
            happens(&application, eve, call(&application, at()), disabled).await;
        } else {
            application.kernel.vault.destroy(eve.0, at()).unwrap();
        }
        closed(application);
        put_back(dir.path(), &beside.path().join("sessions.sqlite"));
        let application = open(dir.path());
        assert!(waiting(&application).await.is_empty(), "{ends}");
        assert_eq!(
            application.identity.sessions.reacted_through().unwrap(),
            Some(application.kernel.log.head().0),
            "{ends}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_old_sessions_no_more_than_the_last_day_is_mailed_again() {
    let (dir, beside, eve) = kept().await;
    let application = open(dir.path());
    let day = TimeDelta::hours(sessions::DELIVERY_KEPT_HOURS);
    let mut all = Vec::new();
    for when in [at(), at() + day, at() + day + TimeDelta::hours(2)] {
        happens(&application, eve, call(&application, when), vec![changed(eve)]).await;
        // Each is followed before the next: a follower that comes late finds the first one over.
        all = waiting(&application).await;
    }
    assert_eq!(all.len(), 3);
    closed(application);
    put_back(dir.path(), &beside.path().join("sessions.sqlite"));
    let application = open(dir.path());
    let again: Vec<Uuid> = waiting(&application)
        .await
        .iter()
        .map(|one| one.effect_id)
        .collect();
    assert_eq!(again, [all[1].effect_id, all[2].effect_id]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_cannot_be_read_stops_the_follower_which_says_so() {
    let (_dir, application, eve) = with_eve().await;
    assert!(waiting(&application).await.is_empty());
    let call = call(&application, at());
    let mut draft = crate::kernel::codec::draft(
        &application.kernel.vault,
        &call,
        at(),
        &domain::Event::Account(AccountEvent::Enabled {}),
    )
    .unwrap();
    draft.event_type = "account-frobnicated.v1".to_owned();
    let before = application.kernel.log.head();
    let commit = event_log::Commit {
        command_id: CommandId(Uuid::now_v7()),
        command_digest: [0; 32],
        writes: vec![event_log::StreamWrite {
            target: event_log::Target::Stream(format!("account-{eve}").try_into().unwrap()),
            expected: event_log::Expected::Any,
            events: vec![draft],
        }],
    };
    #[expect(clippy::disallowed_methods, reason = "an event that no command makes")]
    application.kernel.log.append(commit).await.unwrap();
    let told = async {
        loop {
            let problems = application.keeping.readiness(at()).problems;
            if let Some(problem) = problems.into_iter().find(|one| one.code == "reactions-stopped") {
                return problem;
            }
            tokio::task::yield_now().await;
        }
    };
    let problem = tokio::time::timeout(Duration::from_secs(30), told).await.unwrap();
    let place = format!("carried out up to position {before} of");
    assert!(problem.detail.contains(&place), "{}", problem.detail);
    assert_eq!(
        application.keeping.reacted_through(),
        before,
        "it is not passed over"
    );
}

/// A reaction is a value: here is one more, about roles.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reaction_that_is_added_is_driven_like_the_others() {
    let (_dir, application, eve) = with_eve().await;
    assert!(waiting(&application).await.is_empty());
    let made_up = Reaction {
        is_about: |event| matches!(event, AccountEvent::SignedOutEverywhere {}),
        effects: |happened| {
            let payload = Some(happened.after.version.to_string());
            let letter = "made-up";
            vec![Effect::Mail { letter, payload }]
        },
    };
    let sources = Sources {
        log: application.kernel.log.clone(),
        vault: application.kernel.vault.clone(),
        sessions: application.identity.sessions.clone(),
        posted: application.identity.posted.clone(),
    };
    let reactions = Reactions::open(sources, &Supervisor::default(), vec![made_up]).unwrap();
    let posted = application.identity.posted.notified();
    let out = vec![AccountEvent::SignedOutEverywhere {}];
    happens(&application, eve, call(&application, at()), out).await;
    tokio::time::timeout(Duration::from_secs(30), posted)
        .await
        .unwrap();
    let mails = waiting(&application).await;
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].effect, "made-up");
    let version = application.kernel.directory.account(eve).unwrap().version;
    assert_eq!(mails[0].payload, Some(version.to_string()));
    reactions.close();
}

async fn claimed(application: &Application, id: u64, at: DateTime<Utc>) -> Result<Claimed, ReadError> {
    application.identity.claim_delivery(id, at).await
}

/// A courier that dies before it says what became of a mail sends it again: it is the same mail, and its link serves once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_that_goes_twice_is_the_same_mail_until_its_link_has_served() {
    let dir = TempDir::new().unwrap();
    let application = open(dir.path());
    made(&application, new_account("rita", Some("rita@example.org"), None)).await;
    let delivery = waiting(&application).await.remove(0);
    let later = |n: i64| at() + TimeDelta::seconds(n * CLAIM_S);
    let first = claimed(&application, delivery.id, later(0)).await.unwrap();
    let second = claimed(&application, delivery.id, later(1)).await.unwrap();
    assert_eq!(first.message_id, delivery.effect_id);
    assert!(first.letter.text.contains("#token="), "{}", first.letter.text);
    assert!(first.letter == second.letter && first.message_id == second.message_id);
    let token = |claimed: &Claimed| {
        let (_, rest) = claimed.letter.text.split_once("#token=").unwrap();
        rest.lines().next().unwrap().to_owned()
    };
    let new = || crate::identity::passwords::NewPassword {
        password: "a long enough password".to_owned(),
        confirmation: "a long enough password".to_owned(),
    };
    let reset = application
        .identity
        .reset_password(token(&first), new(), later(1));
    reset.await.unwrap();
    let served = claimed(&application, delivery.id, later(2)).await;
    assert!(matches!(served, Err(ReadError::NotFound)));
    let again = application
        .identity
        .reset_password(token(&first), new(), later(2))
        .await;
    assert!(again.is_err());
    assert_eq!(mailed(&application).await, ["password-changed"]);
}
