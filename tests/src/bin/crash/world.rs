//! One data directory, and what the servers on it have told.

use std::{cell::RefCell, fs, time::Duration};

use guichet_tests::{home::Home, server::Server};

use crate::{
    beside::{self, Beside},
    ledger::Ledger,
    restore,
    tally::Phase,
    writers::{self, Door},
};

/// What a server says when it throws its view away.
const REBUILT: &str = "rebuilt from the log";

/// A data directory in use.
#[derive(Debug)]
pub(crate) struct World {
    /// Away while a server has it.
    home: Option<Home>,
    pub(crate) ledger: Ledger,
    /// Up to which key its backup holds every ticket; `None` before one was reported done.
    pub(crate) backed_up: Option<u64>,
}

impl World {
    /// A new one; what is ended later is a server that has been in use.
    pub(crate) fn new() -> World {
        let mut world = World::empty();
        let home = world.take_home();
        world.put_home(home.start().stop());
        world
    }

    /// One in which no server was yet.
    pub(crate) fn empty() -> World {
        let home = Home::for_load().with("GUICHET_LOG_LEVEL", "warn");
        fs::create_dir(home.data()).unwrap();
        World {
            home: Some(home),
            ledger: Ledger::default(),
            backed_up: None,
        }
    }

    pub(crate) fn take_home(&mut self) -> Home {
        self.home.take().unwrap()
    }

    pub(crate) fn put_home(&mut self, home: Home) {
        self.home = Some(home);
    }

    /// How often servers of this directory made their views anew.
    pub(crate) fn views_rebuilt(&self) -> u64 {
        let lines = self.home.as_ref().map(Home::log_lines).unwrap_or_default();
        lines.matches(REBUILT).count() as u64
    }
}

/// Puts a server under load, and something else by the phase, and ends it after a time.
pub(crate) fn loaded_until(
    server: Server,
    ledger: &mut Ledger,
    (phase, number, moment): (Phase, u64, Duration),
    end: impl FnOnce(Server),
) -> Beside {
    let door = Door::of(&server);
    let (data, to) = (server.home().data(), restore::place(server.home()));
    let beside = RefCell::new(Beside::default());
    let work = async {
        match phase {
            Phase::Load | Phase::Start | Phase::First => {}
            Phase::Export => beside::export(&door, &beside).await,
            Phase::Backup => beside::backup(&door, (data, to), &beside).await,
        }
    };
    writers::until_killed(&door, (number, moment), ledger, work, || end(server));
    beside.into_inner()
}
