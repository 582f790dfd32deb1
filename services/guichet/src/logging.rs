//! Which lines the process log has, and how they are written.

use std::{env, io::IsTerminal};

use tracing_subscriber::{EnvFilter, filter::LevelFilter};

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
    let level = told(LEVEL).and_then(|level| level_filter(&level).ok());
    let filter = level.unwrap_or_else(|| EnvFilter::new(LEVEL_UNLESS_TOLD));
    match QUIET.parse() {
        Ok(quiet) => filter.add_directive(quiet),
        Err(_) => filter,
    }
}

/// A word without a level would be taken for the name of a part of the program, all of whose lines are then written and no others.
fn level_filter(text: &str) -> Result<EnvFilter, String> {
    let words: Vec<&str> = text.split(',').map(str::trim).collect();
    for word in &words {
        let is_word = !word.is_empty() && !word.contains(['=', '[']);
        if is_word && word.parse::<LevelFilter>().is_err() {
            return Err(format!(
                "{word:?} is none of error, warn, info, debug, trace and off; of one part it is written part=level"
            ));
        }
    }
    EnvFilter::try_new(words.join(",")).map_err(|error| error.to_string())
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
    let fault = level_filter(&level).err()?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_one_and_not_the_name_of_nothing() {
        for level in [
            "info",
            "WARN",
            "off",
            "info,actix_server=warn",
            "debug, sled=error",
            "application[x]=trace",
        ] {
            assert!(level_filter(level).is_ok(), "{level}");
        }
        for level in [
            "nonsense",
            "infos",
            "info,nonsense",
            "actix_server",
            "a=nonsense",
            "info,,x=y",
        ] {
            assert!(level_filter(level).is_err(), "{level}");
        }
    }
}
