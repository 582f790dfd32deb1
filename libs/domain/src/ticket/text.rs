//! Limits of texts, and how a text at fault is told.

use crate::{fault::Fault, messages::FaultText};

/// Longest description, comment, proposal or reason, bytes of UTF-8 (design §4.3).
pub const TEXT_BYTES_MAX: usize = 24 * 1024;
/// Longest description that stands in the opening event; a longer one stands alone in its own (design §4.3).
pub const INLINE_TEXT_BYTES_MAX: usize = 8 * 1024;
/// Longest summary, characters.
pub const SUMMARY_CHARS_MAX: usize = 255;

/// Faults of a long text that must be there.
#[must_use]
pub fn faults(pointer: &str, text: &str) -> Vec<Fault> {
    if !::text::is_filled_in(text) {
        return vec![Fault::required(pointer)];
    }
    let mut faults = Vec::new();
    if text.len() > TEXT_BYTES_MAX {
        faults.push(Fault::new(pointer, FaultText::BytesMax { max: TEXT_BYTES_MAX }));
    }
    if ::text::has_control(text) {
        faults.push(Fault::new(pointer, FaultText::ControlCharacters));
    }
    faults
}

/// Faults of a summary.
#[must_use]
pub fn summary_faults(pointer: &str, text: &str) -> Vec<Fault> {
    if !::text::is_filled_in(text) {
        return vec![Fault::required(pointer)];
    }
    let mut faults = Vec::new();
    if text.chars().count() > SUMMARY_CHARS_MAX {
        faults.push(Fault::new(
            pointer,
            FaultText::CharsMax {
                max: SUMMARY_CHARS_MAX,
            },
        ));
    }
    if !::text::is_one_line(text) || !::text::keeps_direction(text) {
        faults.push(Fault::new(pointer, FaultText::NotOneLine));
    }
    faults
}
