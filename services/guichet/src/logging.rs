//! Which lines the process log has, and how they are written.

use std::{env, io::IsTerminal};

use tracing_subscriber::EnvFilter;

/// Which lines are written; what the filters of `tracing-subscriber` take.
const LEVEL: &str = "GUICHET_LOG_LEVEL";
/// How they are written: `text` or `json`.
const FORMAT: &str = "GUICHET_LOG_FORMAT";
const TEXT: &str = "text";
const JSON: &str = "json";
/// Unless told. The HTTP server names each listener of each worker, which is said once already.
const LEVEL_UNLESS_TOLD: &str = "info,actix_server=warn";
/// What logs a stranger's unreadable request line as an error, with its words. Answers of ours that break off are logged by
/// the door itself.
const QUIET: &str = "actix_http::h1::dispatcher=off";

/// How lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people, in colours on a terminal.
    Text {
        /// Standard error is one.
        to_terminal: bool,
    },
    /// For programs: one JSON object a line.
    Json,
}

/// Which lines are written. What is told and cannot be used is a fault of the settings.
pub(crate) fn filter() -> EnvFilter {
    let level = told(LEVEL).and_then(|level| EnvFilter::try_new(level).ok());
    let filter = level.unwrap_or_else(|| EnvFilter::new(LEVEL_UNLESS_TOLD));
    match QUIET.parse() {
        Ok(quiet) => filter.add_directive(quiet),
        Err(_) => filter,
    }
}

/// How lines are written: as told, else for people on a terminal and for programs anywhere else.
pub(crate) fn chosen() -> Format {
    let to_terminal = std::io::stderr().is_terminal();
    let unless_told = if to_terminal { TEXT } else { JSON };
    let told = told(FORMAT).filter(|told| told == TEXT || told == JSON);
    if told.as_deref().unwrap_or(unless_told) == TEXT {
        Format::Text { to_terminal }
    } else {
        Format::Json
    }
}

/// What is wrong with the level that is told.
pub(crate) fn level_fault() -> Option<String> {
    let level = told(LEVEL)?;
    let fault = EnvFilter::try_new(&level).err()?;
    Some(format!("{level:?}: {fault}"))
}

/// What is wrong with the format that is told.
pub(crate) fn format_fault() -> Option<String> {
    let told = told(FORMAT).filter(|told| told != TEXT && told != JSON)?;
    Some(format!("{told:?}: is neither {TEXT} nor {JSON}"))
}

fn told(name: &str) -> Option<String> {
    env::var(name).ok().filter(|told| !told.is_empty())
}
