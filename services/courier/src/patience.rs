//! How long to wait after trouble, and when to say so.

use std::time::Duration;

/// The wait after the first trouble, milliseconds; each further one doubles it.
const DELAY_MS_MIN: u64 = 1_000;
/// The longest wait, milliseconds.
const DELAY_MS_MAX: u64 = 60_000;

/// What to do about trouble.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Advice {
    /// How long to wait.
    pub(crate) delay: Duration,
    /// Whether this trouble has not been said yet.
    pub(crate) is_news: bool,
}

/// Waits longer each time, and says each trouble once.
#[derive(Debug, Default)]
pub(crate) struct Patience {
    /// Troubles since something last went well.
    troubles: u32,
    /// The trouble that was said last.
    said: Option<String>,
}

impl Patience {
    pub(crate) fn after(&mut self, trouble: &str) -> Advice {
        let delay = doubled(self.troubles);
        self.troubles = self.troubles.saturating_add(1);
        let is_news = self.said.as_deref() != Some(trouble);
        if is_news {
            self.said = Some(trouble.to_owned());
        }
        Advice { delay, is_news }
    }

    /// Something went well, though not all: the next wait is short again.
    pub(crate) fn progress(&mut self) {
        self.troubles = 0;
    }

    /// All went well. Tells whether there had been trouble.
    pub(crate) fn relief(&mut self) -> bool {
        self.troubles = 0;
        self.said.take().is_some()
    }
}

/// The shortest wait, doubled so many times, within the longest.
pub(crate) fn doubled(times: u32) -> Duration {
    let factor = 2u64.saturating_pow(times);
    Duration::from_millis(DELAY_MS_MIN.saturating_mul(factor).min(DELAY_MS_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_from_a_second_to_a_minute() {
        let mut patience = Patience::default();
        let waits: Vec<u64> = (0..9).map(|_| patience.after("away").delay.as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        patience.progress();
        assert_eq!(patience.after("away").delay.as_secs(), 1);
        assert_eq!(doubled(u32::MAX).as_secs(), 60);
    }

    #[test]
    fn a_trouble_is_said_once_until_it_is_over_or_another() {
        let mut patience = Patience::default();
        assert!(patience.after("away").is_news);
        assert!(!patience.after("away").is_news);
        patience.progress();
        assert!(!patience.after("away").is_news);
        assert!(patience.after("refused").is_news);
        assert!(patience.relief());
        assert!(!patience.relief());
        assert!(patience.after("refused").is_news);
    }
}
