//! What runs beside the doors for as long as the process does.

use std::time::Duration;

use application::{
    Application,
    archive::ARCHIVE_EVERY_S,
    upkeep::{CHECKPOINT_EVERY_S, REOPEN_EVERY_S},
};
use chrono::Utc;

/// How often orphaned files are collected, s.
const ORPHANS_COLLECTED_EVERY_S: u64 = 3_600;

/// How often what is over is removed from the sessions, s.
const SESSIONS_PURGED_EVERY_S: u64 = 600;

/// Starts it all.
pub(crate) fn begin(application: &Application) {
    let resumed = application.clone();
    tokio::spawn(async move {
        match resumed.resume_erasures().await {
            Ok(0) => {}
            Ok(persons) => tracing::info!(persons, "erasures that a stop interrupted are done"),
            Err(error) => tracing::error!(%error, "erasures could not be resumed"),
        }
    });
    every(application, ORPHANS_COLLECTED_EVERY_S, |application| async move {
        match application.collect_orphans(Utc::now()).await {
            Ok(collected) => tracing::info!(?collected, "orphaned files collected"),
            Err(error) => tracing::warn!(%error, "orphaned files could not be collected"),
        }
    });
    every(application, SESSIONS_PURGED_EVERY_S, |application| async move {
        match application.purge_sessions(Utc::now()).await {
            Ok(purged) => tracing::debug!(?purged, "what is over is removed from the sessions"),
            Err(error) => tracing::warn!(%error, "the sessions could not be purged"),
        }
    });
    every(application, CHECKPOINT_EVERY_S, |application| async move {
        if let Err(error) = application.sign_what_is_new(Utc::now()).await {
            tracing::warn!(%error, "no checkpoint was signed");
        }
    });
    every(application, REOPEN_EVERY_S, |application| async move {
        match application.reopen_when_stopped().await {
            Ok(false) => {}
            Ok(true) => tracing::warn!("the log was opened again and takes commands"),
            Err(error) => tracing::error!(%error, "the log cannot be opened again"),
        }
    });
    every(application, ARCHIVE_EVERY_S, |application| async move {
        if let Err(error) = application.archive_what_is_sealed().await {
            tracing::error!(%error, "the archive could not be written");
        }
    });
}

/// Does something now and then again and again, each time once the time before is over.
fn every<F>(application: &Application, seconds: u64, work: impl Fn(Application) -> F + Send + 'static)
where
    F: Future<Output = ()> + Send,
{
    let application = application.clone();
    tokio::spawn(async move {
        let mut turn = tokio::time::interval(Duration::from_secs(seconds));
        turn.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            turn.tick().await;
            work(application.clone()).await;
        }
    });
}
