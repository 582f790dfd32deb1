//! The one binary: `guichet up | api | soap | courier | admin | audit | openapi` (design §2, §8).

mod admin;
mod admin_socket;
mod arguments;
mod clock;
mod logging;
mod password;
mod process_log;
mod serve;
mod settings;
mod told;
mod upkeep;

use std::{
    error::Error,
    io::{self, Write},
    process::ExitCode,
};

use application::kernel::error::{chain, is_disk_full};
use clap::Parser;

use crate::{
    arguments::{Arguments, Command},
    settings::WrongSettings,
};

/// The exit status when flags, variables or what they name cannot be used; clap's own for a wrong command line. With 0 for what
/// was done and 1 for what failed, they are all there are (docs/operations.md).
const WRONG_SETTING: u8 = 2;

/// A tenth of the work of a command was the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    process_log::begin();
    #[cfg(debug_assertions)]
    let _armed = armed();
    if !matches!(arguments.command, Command::Audit(_)) {
        // Whatever is made from here on is for its owner only: log, keys, views, backups, sockets, temporary files.
        rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    }
    let begun = || clock::check().map_err(Failure::from);
    let ended = match arguments.command {
        Command::Up(options) => begun().and_then(|()| serve::up(*options)),
        Command::Api(options) => begun().and_then(|()| serve::api(*options)),
        Command::Soap(options) => begun().and_then(|()| serve::soap(options)),
        Command::Courier(options) => begun().and_then(|()| serve::courier(options)),
        Command::Admin(command) => begun().and_then(|()| admin::run(command)),
        Command::Audit(arguments) => return auditor::run(arguments),
        Command::Openapi => print_contract(),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let advice = if is_disk_full(&*error) {
                ": make room and start again"
            } else {
                ""
            };
            process_log::complain(&format!("guichet: {}{advice}", chain(&*error)));
            if error.is::<WrongSettings>() {
                ExitCode::from(WRONG_SETTING)
            } else {
                ExitCode::FAILURE
            }
        }
    }
}

/// What every command may end with; told to the operator with its chain of causes.
type Failure = Box<dyn Error>;

/// The contract as YAML is made of JSON: every JSON document is a YAML document, but people read YAML.
/// The variable FAILPOINTS arms fault points, which only a build with debug assertions has.
#[cfg(debug_assertions)]
fn armed() -> fail::FailScenario<'static> {
    if std::env::var_os("FAILPOINTS").is_some() {
        tracing::warn!("fault points are armed by FAILPOINTS: for tests of failures only");
    }
    fail::FailScenario::setup()
}

fn print_contract() -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(api::openapi::contract().to_yaml()?.as_bytes())?;
    Ok(out.flush()?)
}
