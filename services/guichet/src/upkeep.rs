//! What runs beside the doors for as long as the process does. Each is a worker of its own: what ends is begun again, and
//! `/readyz` tells of it.

use std::time::Duration;

use application::{
    Application,
    keeping::{
        archive::ARCHIVE_EVERY_S,
        upkeep::{CHECKPOINT_EVERY_S, LOOK_EVERY_S, REOPEN_EVERY_S},
    },
    kernel::error::chain,
};

use chrono::{DateTime, Utc};
use supervision::{End, Worker};

use crate::clock;

/// How often orphaned files are collected, s.
const ORPHANS_COLLECTED_EVERY_S: u64 = 3_600;

/// How often what is over is removed from the sessions, s.
const SESSIONS_PURGED_EVERY_S: u64 = 600;

/// Starts it all.
pub(crate) fn begin(application: &Application) {
    resume_erasures(application);
    begin_cleaning(application);
    begin_log_keeping(application);
    every(application, "look", LOOK_EVERY_S, |application| async move {
        drop(application.keeping.readiness(clock::now()));
        Ok(())
    });
}

fn resume_erasures(application: &Application) {
    let resumed = application.clone();
    application.keeping.workers().task("erasures", move |worker| {
        let application = resumed.clone();
        async move {
            worker.turn();
            match application.keeping.resume_erasures().await {
                Ok(0) => End::Done,
                Ok(persons) => {
                    tracing::info!(persons, "erasures that a stop interrupted are done");
                    End::Done
                }
                Err(error) => failed("log-unreadable", &error, "erasures could not be resumed"),
            }
        }
    });
}

/// By when what is over may be taken away; not by a clock that nothing supports.
async fn time_to_purge_by(application: &Application) -> Result<Option<DateTime<Utc>>, &'static str> {
    let by = application.keeping.time_to_purge_by(clock::now()).await;
    by.map_err(|error| warned("sessions-unreadable", &error))
}

/// What is over is taken away.
fn begin_cleaning(application: &Application) {
    every(
        application,
        "orphans",
        ORPHANS_COLLECTED_EVERY_S,
        |application| async move {
            let Some(by) = time_to_purge_by(&application).await? else {
                return Ok(());
            };
            let collected = application.tickets.collect_orphans(by).await;
            let collected = collected.map_err(|error| warned("orphans-not-collected", &error))?;
            tracing::info!(?collected, "orphaned files collected");
            Ok(())
        },
    );
    every(
        application,
        "sessions",
        SESSIONS_PURGED_EVERY_S,
        |application| async move {
            let Some(by) = time_to_purge_by(&application).await? else {
                return Ok(());
            };
            let purged = application.identity.purge_sessions(by).await;
            let purged = purged.map_err(|error| warned("sessions-not-purged", &error))?;
            tracing::debug!(?purged, "what is over is removed from the sessions");
            Ok(())
        },
    );
}

/// The log is signed, opened again and archived.
fn begin_log_keeping(application: &Application) {
    every(
        application,
        "checkpoints",
        CHECKPOINT_EVERY_S,
        |application| async move {
            let signed = application.keeping.sign_what_is_new(clock::now()).await;
            signed.map_err(|error| warned("not-signed", &error))
        },
    );
    every(
        application,
        "reopening",
        REOPEN_EVERY_S,
        |application| async move {
            let opened = application.keeping.reopen_when_stopped().await;
            if opened.map_err(|error| warned("log-not-opened", &error))? {
                tracing::warn!("the log was opened again and takes commands");
            }
            Ok(())
        },
    );
    every(
        application,
        "archive",
        ARCHIVE_EVERY_S,
        |application| async move {
            let archived = application.keeping.archive_what_is_sealed().await;
            archived
                .map(drop)
                .map_err(|error| warned("archive-unwritable", &error))
        },
    );
}

/// Why a worker ended, told once.
fn failed(code: &'static str, error: &dyn std::error::Error, what: &str) -> End {
    tracing::error!(code, error = chain(error), "{what}");
    End::Failed(code)
}

/// What a worker could not do this time, told each time.
fn warned(code: &'static str, error: &dyn std::error::Error) -> &'static str {
    tracing::warn!(
        code,
        error = chain(error),
        "something that the server does by itself failed; it is tried again"
    );
    code
}

/// Does something again and again, each time once the time before is over.
fn every<F>(
    application: &Application,
    name: &'static str,
    seconds: u64,
    work: impl Fn(Application) -> F + Clone + Send + Sync + 'static,
) where
    F: Future<Output = Result<(), &'static str>> + Send + 'static,
{
    let begun_with = application.clone();
    application.keeping.workers().task(name, move |worker| {
        let (application, work) = (begun_with.clone(), work.clone());
        turns(worker, Duration::from_secs(seconds), move || {
            work(application.clone())
        })
    });
}

async fn turns<F>(worker: Worker, every: Duration, work: impl Fn() -> F) -> End
where
    F: Future<Output = Result<(), &'static str>>,
{
    let mut turn = tokio::time::interval(every);
    turn.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        turn.tick().await;
        worker.turn();
        match work().await {
            Ok(()) => worker.is_well(),
            Err(code) => worker.is_failing(code),
        }
    }
}
