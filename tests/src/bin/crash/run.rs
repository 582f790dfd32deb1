//! The cycles: a server works, ends, and its successor is asked for everything.

use std::{
    fs,
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use guichet_tests::{chance::Chance, home::Home};

use crate::{
    ledger::Ledger,
    power::{Disk, Harm, Image, Recorder},
    restore,
    tally::{End, Phase, Tally},
    verify,
    world::{World, loaded_until},
};

/// An end under load comes at most so many milliseconds after the least time, unless `LOAD_MS` says otherwise: what is
/// acknowledged in that time has to be read back, which takes ten times as long.
pub(crate) const LOAD_MS_MAX: u64 = 1_200;
/// With an export or a backup, of which some are to be whole and some are not, it comes at most so many times later.
const BESIDE_TIMES: u64 = 3;
/// The least time under load, ms.
const LOAD_MS_MIN: u64 = 50;
/// An end in a first start comes at most so many milliseconds after its beginning; it takes longer than others.
const FIRST_START_MS_MAX: u64 = 1_000;
/// How long the load of the recorder's own test lasts, ms.
const RECORDED_MS: u64 = 1_500;

/// All cycles.
#[derive(Debug)]
pub(crate) struct Run {
    chance: Chance,
    recorder: Option<Recorder>,
    keep: Option<PathBuf>,
    load_ms_max: u64,
    world: World,
    /// How long a start took last, ms: an end during the start comes at any moment of one like it.
    start_ms: u64,
    /// What the last cut left, to be kept when something is lost.
    image: Option<Image>,
    pub(crate) tally: Tally,
}

impl Run {
    pub(crate) fn new(seed: u64, with_cuts: bool, load_ms_max: u64, keep: Option<PathBuf>) -> Run {
        Run {
            chance: Chance::of(seed),
            recorder: with_cuts.then(Recorder::build),
            keep,
            load_ms_max,
            world: World::new(),
            start_ms: 100,
            image: None,
            tally: Tally::default(),
        }
    }

    /// Stops a server under load and compares its directory with what was recorded; answers how many changes those
    /// were. When the two differ the recorder has missed something, and no cut would say anything.
    ///
    /// # Panics
    /// When they do.
    pub(crate) fn recorder_is_complete(&mut self) -> usize {
        let recorder = self.recorder.as_ref().unwrap();
        let (home, disk) = recorder.watch(World::new().take_home());
        let (mut ledger, mut stopped) = (Ledger::default(), None);
        let work = (Phase::Load, 0, Duration::from_millis(RECORDED_MS));
        // It answers what is under way before it stops, and this thread reads the answers.
        loaded_until(home.start(), &mut ledger, work, |server| {
            stopped = Some(thread::spawn(move || server.stop()));
        });
        let home = stopped.unwrap().join().unwrap();
        let (_home, disk) = recorder.recorded(home, disk);
        let (mapped, changes) = (disk.mapped(), disk.changes());
        assert!(changes > 0, "the recorder was not loaded into the server");
        let image = disk.after(Harm::None, &mut self.chance);
        let differences = image.differences(&mapped).unwrap();
        assert!(
            differences.is_empty(),
            "the recorder missed something: {differences:#?}"
        );
        changes
    }

    /// One end, and what is there afterwards.
    pub(crate) fn cycle(&mut self, number: u64, phase: Phase, end: End) {
        if phase != Phase::First {
            return self.cycle_in_this_world(number, phase, end);
        }
        let kept = std::mem::replace(&mut self.world, World::empty());
        let home = self.world.take_home();
        let home = self.during_start(home, (end, FIRST_START_MS_MAX));
        self.world.put_home(home);
        self.cycle_in_this_world(number, phase, end);
        let first = std::mem::replace(&mut self.world, kept);
        self.close(first);
    }

    fn cycle_in_this_world(&mut self, number: u64, phase: Phase, end: End) {
        let (begun, acknowledged) = (Instant::now(), self.world.ledger.acknowledged());
        let lost = self.world.ledger.found.lost.len();
        let home = self.world.take_home();
        let ended = match self.under_load(home, (number, phase, end)) {
            Ok(home) if phase == Phase::Start => Ok(self.during_start(home, (end, self.start_ms))),
            ended => ended,
        };
        let acknowledged = self.world.ledger.acknowledged() - acknowledged;
        self.tally.ended(end, phase);
        let worked_ms = begun.elapsed().as_millis();
        let is_whole = match ended {
            Ok(home) => {
                if let (Phase::Backup, Some(last)) = (phase, self.world.backed_up) {
                    restore::check(&home, &mut self.world.ledger, last);
                    self.tally.restored += 1;
                }
                self.read_back(home)
            }
            Err(home) => self.does_not_start(home),
        };
        let lost = self.world.ledger.found.lost.len() - lost;
        println!(
            "cycle {number}: {end}, during {phase}: {acknowledged} commands acknowledged, {lost} lost \
             ({worked_ms} ms, read back in {} ms)",
            begun.elapsed().as_millis() - worked_ms
        );
        if matches!(end, End::Cut(_)) {
            self.tally.lost_by_cuts += lost as u64;
        }
        if !is_whole {
            self.give_up(number);
        }
    }

    /// A server under load and its end; the home alone when it does not even start.
    fn under_load(
        &mut self,
        home: Home,
        (number, phase, end): (u64, Phase, End),
    ) -> Result<Home, (Home, String)> {
        let ms_max = match phase {
            Phase::Load | Phase::Start | Phase::First => self.load_ms_max,
            Phase::Export | Phase::Backup => BESIDE_TIMES * self.load_ms_max,
        };
        let moment = Duration::from_millis(LOAD_MS_MIN + self.chance.below(ms_max));
        let (home, disk) = self.watched(home, end);
        let server = home.spawn().listening()?;
        let mut killed = None;
        let beside = loaded_until(
            server,
            &mut self.world.ledger,
            (phase, number, moment),
            |server| {
                killed = Some(server.kill());
            },
        );
        if phase == Phase::Backup && beside.whole > 0 {
            // What was acknowledged before this load was so before any of its backups.
            self.world.backed_up = Some(self.world.ledger.verified);
        }
        if matches!(phase, Phase::Export | Phase::Backup) {
            self.tally.beside.entry(phase).or_default().add(beside);
        }
        Ok(self.without_power(killed.unwrap(), disk, end))
    }

    /// A server that ends somewhere in its start.
    fn during_start(&mut self, home: Home, (end, ms_max): (End, u64)) -> Home {
        let moment = Duration::from_millis(self.chance.below(ms_max));
        let (home, disk) = self.watched(home, end);
        let home = home.spawn().killed_after(moment);
        self.without_power(home, disk, end)
    }

    fn watched(&self, home: Home, end: End) -> (Home, Option<Disk>) {
        match (end, &self.recorder) {
            (End::Cut(_), Some(recorder)) => {
                let (home, disk) = recorder.watch(home);
                (home, Some(disk))
            }
            (End::Kill, _) | (End::Cut(_), None) => (home, None),
        }
    }

    /// The directory of a server that was killed, as this end leaves it.
    fn without_power(&mut self, home: Home, disk: Option<Disk>, end: End) -> Home {
        self.image = None;
        let (End::Cut(harm), Some(recorder), Some(disk)) = (end, &self.recorder, disk) else {
            return home;
        };
        let (home, image) = recorder.cut(home, disk, (harm, &mut self.chance));
        self.image = Some(image);
        home
    }

    /// Starts a server and asks it for what was told since the last time; answers whether all of it is there.
    fn read_back(&mut self, home: Home) -> bool {
        let begun = Instant::now();
        let server = match home.spawn().listening() {
            Ok(server) => server,
            Err(failed) => return self.does_not_start(failed),
        };
        self.start_ms = u64::try_from(begun.elapsed().as_millis()).unwrap().max(1);
        let is_whole = verify::since_the_last(&server, &mut self.world.ledger);
        if !is_whole && !verify::is_writable(&server) {
            self.tally.noticed += 1;
        }
        // A server that was just started is also one that may be killed: every second time it is.
        let home = if !is_whole || self.chance.below(2) == 0 {
            server.kill()
        } else {
            server.stop()
        };
        self.world.put_home(home);
        is_whole
    }

    fn does_not_start(&mut self, (home, why): (Home, String)) -> bool {
        let last = home.log_lines();
        let last = last.lines().next_back().unwrap_or_default();
        let why = format!("the server does not start: {why}: {last}");
        self.world.ledger.all_lost(&why);
        // Also where nothing was told yet.
        self.world.ledger.found.faults.push(why);
        self.world.put_home(home);
        false
    }

    /// Goes on with a new directory: what is written after a loss takes the place of what is lost.
    fn give_up(&mut self, number: u64) {
        if let (Some(keep), Some(image)) = (&self.keep, &self.image) {
            let to = keep.join(format!("cut-{number}"));
            image.write(&to).unwrap();
            println!("cycle {number}: what the disk held is kept in {}", to.display());
        }
        self.tally.given_up += 1;
        let world = std::mem::replace(&mut self.world, World::new());
        self.close(world);
    }

    fn close(&mut self, world: World) {
        self.tally.views_rebuilt += world.views_rebuilt();
        self.tally.close(world.ledger);
    }

    /// Reads everything back once more, and compares the view with one that is made anew.
    pub(crate) fn end(mut self) -> Tally {
        let home = self.world.take_home();
        let ledger = &mut self.world.ledger;
        match home.spawn().listening() {
            Err(failed) => drop(self.does_not_start(failed)),
            Ok(server) => {
                verify::everything(&server, ledger);
                let kept = verify::rows(&server, ledger);
                let home = server.stop();
                fs::remove_dir_all(home.data().join("views")).unwrap();
                let server = home.start();
                if kept != verify::rows(&server, ledger) {
                    let wrong = "the view that was kept is not the one that is made anew";
                    ledger.found.views.push(wrong.to_owned());
                }
                self.world.put_home(server.stop());
            }
        }
        let world = std::mem::replace(&mut self.world, World::new());
        self.close(world);
        for beside in self.tally.beside.values_mut() {
            self.tally.found.faults.append(&mut beside.faults);
        }
        self.tally
    }
}
