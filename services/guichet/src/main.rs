//! The one binary: `guichet up | api | soap | courier | admin | audit | openapi` (design §2, §8).

mod admin;
mod admin_socket;
mod arguments;
mod process_log;
mod serve;
mod upkeep;

use std::{io::Write, process::ExitCode};

use application::error::chain;
use clap::Parser;

use crate::arguments::{Arguments, Command};

/// A tenth of the work of a command was the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The status that clap ends with for a flag that it cannot read.
const WRONG_SETTING: u8 = 2;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    process_log::begin();
    #[cfg(feature = "failpoints")]
    let _armed = fail::FailScenario::setup();
    let ended = match arguments.command {
        Command::Up(options) => serve::up(options),
        Command::Api(options) => serve::api(options),
        Command::Soap(options) => serve::soap(options),
        Command::Courier(options) => serve::courier(options),
        Command::Admin(command) => admin::run(command),
        Command::Audit(arguments) => return auditor::run(arguments),
        Command::Openapi => print_contract(),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            process_log::complain(&format!("guichet: {}", chain(&*error)));
            if error.is::<serve::WrongSetting>() {
                return ExitCode::from(WRONG_SETTING);
            }
            ExitCode::FAILURE
        }
    }
}

/// What every command may end with; told to the operator with its chain of causes.
type Failure = Box<dyn std::error::Error>;

/// The contract as YAML is made of JSON: every JSON document is a YAML document, but people read YAML.
fn print_contract() -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(api::openapi::contract().to_yaml()?.as_bytes())?;
    Ok(out.flush()?)
}
