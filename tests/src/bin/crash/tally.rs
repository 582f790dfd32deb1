//! What was done to the server, and what came of it.

use std::{collections::BTreeMap, fmt};

use crate::{
    beside::Beside,
    ledger::{Findings, Ledger},
    power::Harm,
};

/// How a server ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// `kill -9`.
    Kill,
    /// Its power is cut.
    Cut(Harm),
}

/// What it does when it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Sixteen write.
    Load,
    /// It starts, after an end of the same kind.
    Start,
    /// It sends an export, and sixteen write.
    Export,
    /// It makes a backup, and sixteen write.
    Backup,
    /// It starts on an empty directory; then it does so once more, and sixteen write.
    First,
}

impl Phase {
    const ALL: [Phase; 5] = [
        Phase::Load,
        Phase::Start,
        Phase::Export,
        Phase::Backup,
        Phase::First,
    ];

    /// The phases in turn.
    pub(crate) fn of(number: u64) -> Phase {
        Phase::ALL[(number % Phase::ALL.len() as u64) as usize]
    }

    fn name(self) -> &'static str {
        match self {
            Phase::Load => "load",
            Phase::Start => "start",
            Phase::Export => "export",
            Phase::Backup => "backup",
            Phase::First => "first start",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

impl End {
    fn name(self) -> &'static str {
        match self {
            End::Kill => "kill -9",
            End::Cut(Harm::Worst) => "cut, at worst",
            End::Cut(Harm::Torn) => "cut, torn",
            End::Cut(Harm::None) => "cut, harmless",
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// Counts over all cycles.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    ends: BTreeMap<(&'static str, Phase), u64>,
    kills: u64,
    cuts: u64,
    tickets: u64,
    comments: u64,
    files: u64,
    /// Exports and backups.
    pub(crate) beside: BTreeMap<Phase, Beside>,
    /// How often a server said that it makes its views anew.
    pub(crate) views_rebuilt: u64,
    /// How many backups were restored.
    pub(crate) restored: u64,
    /// How many losses the server itself noticed and said so: its log is read-only then.
    pub(crate) noticed: u64,
    /// What the power cuts lost.
    pub(crate) lost_by_cuts: u64,
    /// How many data directories were given up because something was lost.
    pub(crate) given_up: u64,
    /// What is not as it was told.
    pub(crate) found: Findings,
}

/// How many findings of a kind are printed.
const PRINTED_MAX: usize = 10;

impl Tally {
    pub(crate) fn kills(&self) -> u64 {
        self.kills
    }

    pub(crate) fn cuts(&self) -> u64 {
        self.cuts
    }

    pub(crate) fn ended(&mut self, end: End, phase: Phase) {
        match end {
            End::Kill => self.kills += 1,
            End::Cut(_) => self.cuts += 1,
        }
        *self.ends.entry((end.name(), phase)).or_default() += 1;
    }

    /// Takes over what one data directory was told, and what was found in it.
    pub(crate) fn close(&mut self, ledger: Ledger) {
        self.tickets += ledger.tickets.len() as u64;
        self.comments += ledger.comments;
        self.files += ledger.files.len() as u64;
        self.found.extend(ledger.found);
    }

    fn by_phase(&self, end: &'static str) -> String {
        let counts = Phase::ALL.iter().map(|phase| {
            let count = self.ends.get(&(end, *phase)).copied().unwrap_or_default();
            format!("{phase} {count}")
        });
        counts.collect::<Vec<_>>().join(", ")
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (worst, torn) = (End::Cut(Harm::Worst).name(), End::Cut(Harm::Torn).name());
        writeln!(out, "kills: {} ({})", self.kills, self.by_phase(End::Kill.name()))?;
        let (at_worst, when_torn) = (self.by_phase(worst), self.by_phase(torn));
        writeln!(
            out,
            "cuts: {} (at worst: {at_worst}; torn: {when_torn})",
            self.cuts
        )?;
        for (phase, beside) in &self.beside {
            let Beside {
                whole,
                cut_off,
                absent,
                ..
            } = beside;
            let alone = match absent {
                0 => String::new(),
                absent => {
                    format!("; this server offers none: {absent} ends counted above were under load alone")
                }
            };
            writeln!(out, "{phase}s: {whole} whole, {cut_off} cut off by an end{alone}")?;
        }
        writeln!(out, "backups restored and read back: {}", self.restored)?;
        writeln!(
            out,
            "acknowledged: {} ({} tickets, {} comments, {} files); lost: {} (by cuts: {}); views wrong: {}; \
             other faults: {}; views rebuilt: {}; data directories given up: {}, of which the server noticed {} by itself",
            self.tickets + self.comments + self.files,
            self.tickets,
            self.comments,
            self.files,
            self.found.lost.len(),
            self.lost_by_cuts,
            self.found.views.len(),
            self.found.faults.len(),
            self.views_rebuilt,
            self.given_up,
            self.noticed
        )?;
        for (kind, found) in [
            ("LOST", &self.found.lost),
            ("VIEW", &self.found.views),
            ("WRONG", &self.found.faults),
        ] {
            // One reason may hold for many.
            let mut alike: Vec<_> = found.chunk_by(|one, next| one == next).collect();
            let more = alike.len().saturating_sub(PRINTED_MAX);
            alike.truncate(PRINTED_MAX);
            for same in alike {
                writeln!(out, "{kind}, {}: {}", same.len(), same[0])?;
            }
            if more > 0 {
                writeln!(out, "{kind}: and {more} more")?;
            }
        }
        Ok(())
    }
}
