//! Why somebody who runs a server did something that auditors are told of for ever.

/// Longest reason, characters.
pub const REASON_CHARS_MAX: usize = 1_000;

/// Why a reason will not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReasonFault {
    /// There is nothing that anybody could read.
    #[error("the reason says nothing: auditors will read it, so write what happened")]
    Empty,
    /// It is too long.
    #[error("the reason has {chars} characters, and {REASON_CHARS_MAX} are the most")]
    Long {
        /// How many it has.
        chars: usize,
    },
    /// It holds control characters.
    #[error("the reason holds control characters")]
    Control,
}

/// Whether a reason will do.
///
/// # Errors
/// See [`ReasonFault`].
pub fn check(reason: &str) -> Result<(), ReasonFault> {
    let chars = reason.chars().count();
    if !text::is_filled_in(reason) {
        Err(ReasonFault::Empty)
    } else if chars > REASON_CHARS_MAX {
        Err(ReasonFault::Long { chars })
    } else if text::has_control(reason) {
        Err(ReasonFault::Control)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_says_something_and_not_too_much() {
        for empty in ["", " ", "\u{200b}", "\u{2060}\u{feff}", "\u{ad}", "\u{3164}"] {
            assert_eq!(check(empty), Err(ReasonFault::Empty), "{empty:?}");
        }
        assert_eq!(check("Le disque est perdu"), Ok(()));
        assert_eq!(check(&"x".repeat(REASON_CHARS_MAX)), Ok(()));
        let chars = REASON_CHARS_MAX + 1;
        assert_eq!(check(&"é".repeat(chars)), Err(ReasonFault::Long { chars }));
        assert_eq!(check("a\u{1b}[2J"), Err(ReasonFault::Control));
    }
}
