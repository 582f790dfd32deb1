//! Limits of texts, and how a text at fault is told.

use crate::fault::{Fault, FaultCode};

/// Longest description, comment, proposal or reason, bytes of UTF-8 (design §4.3).
pub const TEXT_BYTES_MAX: usize = 24 * 1024;
/// Longest description that stands in the opening event; a longer one stands alone in its own (design §4.3).
pub const INLINE_TEXT_BYTES_MAX: usize = 8 * 1024;
/// Longest summary, characters.
pub const SUMMARY_CHARS_MAX: usize = 255;

/// Holds a control character other than tab, line feed and carriage return?
#[must_use]
pub fn has_control(text: &str) -> bool {
    text.chars()
        .any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r'))
}

/// Faults of a long text that must be there.
#[must_use]
pub fn faults(pointer: &str, text: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    if text.trim().is_empty() {
        faults.push(Fault::required(pointer));
    }
    if text.len() > TEXT_BYTES_MAX {
        let detail = format!(
            "holds at most {TEXT_BYTES_MAX} bytes of UTF-8, this one {}",
            text.len()
        );
        faults.push(Fault::new(pointer, FaultCode::Length, detail));
    }
    if has_control(text) {
        faults.push(Fault::new(pointer, FaultCode::Format, "holds control characters"));
    }
    faults
}

/// Faults of a summary.
#[must_use]
pub fn summary_faults(pointer: &str, text: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    if text.trim().is_empty() {
        faults.push(Fault::required(pointer));
    }
    if text.chars().count() > SUMMARY_CHARS_MAX {
        let detail = format!("holds at most {SUMMARY_CHARS_MAX} characters");
        faults.push(Fault::new(pointer, FaultCode::Length, detail));
    }
    if text.chars().any(char::is_control) {
        faults.push(Fault::new(
            pointer,
            FaultCode::Format,
            "is one line without control characters",
        ));
    }
    faults
}
