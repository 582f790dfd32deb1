//! What the process says of itself, on standard error.

use std::{env, io::IsTerminal};

use tracing_subscriber::EnvFilter;

use crate::process_log::{self, Lines};

/// Which lines are written; what the filters of `tracing-subscriber` take.
const LEVEL: &str = "GUICHET_LOG_LEVEL";
/// How they are written: `text` or `json`.
const FORMAT: &str = "GUICHET_LOG_FORMAT";
/// Unless told. The HTTP server names each listener of each worker, which is said once already.
const LEVEL_UNLESS_TOLD: &str = "info,actix_server=warn";
/// What logs a stranger's unreadable request line as an error, with its words. Answers of ours that break off are logged by
/// the door itself.
const QUIET: &str = "actix_http::h1::dispatcher=off";

/// How lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    /// For people.
    Text,
    /// For programs: one JSON object a line.
    Json,
}

/// Begins logging: for people on a terminal, for programs anywhere else, unless told.
pub(crate) fn begin() {
    let filter = told(LEVEL).and_then(|level| EnvFilter::try_new(level).ok());
    let filter = filter.unwrap_or_else(|| EnvFilter::new(LEVEL_UNLESS_TOLD));
    let filter = match QUIET.parse() {
        Ok(quiet) => filter.add_directive(quiet),
        Err(_) => filter,
    };
    let to_terminal = std::io::stderr().is_terminal();
    let unless_told = if to_terminal { Format::Text } else { Format::Json };
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        // It would tell a failure to write on standard error, and panic there.
        .log_internal_errors(false)
        .with_writer(|| Lines);
    match format().ok().flatten().unwrap_or(unless_told) {
        Format::Text => lines.with_target(false).with_ansi(to_terminal).init(),
        Format::Json => lines.json().init(),
    }
    process_log::tell_panics();
}

/// What is wrong with the level that is told.
pub(crate) fn level_fault() -> Option<String> {
    let level = told(LEVEL)?;
    let fault = EnvFilter::try_new(&level).err()?;
    Some(format!("{level:?}: {fault}"))
}

/// What is wrong with the format that is told.
pub(crate) fn format_fault() -> Option<String> {
    format().err()
}

fn format() -> Result<Option<Format>, String> {
    match told(FORMAT).as_deref() {
        None => Ok(None),
        Some("text") => Ok(Some(Format::Text)),
        Some("json") => Ok(Some(Format::Json)),
        Some(other) => Err(format!("{other:?}: is neither text nor json")),
    }
}

fn told(name: &str) -> Option<String> {
    env::var(name).ok().filter(|told| !told.is_empty())
}
