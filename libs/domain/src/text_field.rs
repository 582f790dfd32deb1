//! What is at fault with a text of a request. What a text is to people is said by the crate `text`.

use crate::fault::{Fault, FaultCode};

/// Faults of a name or a label that must be there: one line, without the controls that turn the direction of what stands
/// around it.
#[must_use]
pub fn name_faults(pointer: &str, name: &str, chars_max: usize) -> Vec<Fault> {
    let detail = "is one line, without control characters and changes of direction";
    faults(pointer, name, chars_max, text::is_name(name), detail)
}

/// Faults of a reason or a message that must be there, on as many lines as it takes.
#[must_use]
pub fn words_faults(pointer: &str, words: &str, chars_max: usize) -> Vec<Fault> {
    let is_plain = !text::has_control(words);
    faults(pointer, words, chars_max, is_plain, "holds control characters")
}

fn faults(pointer: &str, text: &str, chars_max: usize, is_formed: bool, detail: &str) -> Vec<Fault> {
    if !text::is_filled_in(text) {
        return vec![Fault::required(pointer)];
    }
    let mut faults = Vec::new();
    if text.chars().count() > chars_max {
        let detail = format!("holds at most {chars_max} characters");
        faults.push(Fault::new(pointer, FaultCode::Length, detail));
    }
    if !is_formed {
        faults.push(Fault::new(pointer, FaultCode::Format, detail));
    }
    faults
}
