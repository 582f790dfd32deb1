//! What is at fault with a text of a request. What a text is to people is said by the crate `text`.

use crate::{fault::Fault, messages::FaultText};

/// Faults of a name or a label that must be there: one line, without the controls that turn the direction of what stands
/// around it.
#[must_use]
pub fn name_faults(pointer: &str, name: &str, chars_max: usize) -> Vec<Fault> {
    faults(pointer, name, chars_max, text::is_name(name), FaultText::NotAName)
}

/// Faults of a reason or a message that must be there, on as many lines as it takes.
#[must_use]
pub fn words_faults(pointer: &str, words: &str, chars_max: usize) -> Vec<Fault> {
    let is_plain = !text::has_control(words);
    faults(pointer, words, chars_max, is_plain, FaultText::ControlCharacters)
}

fn faults(pointer: &str, text: &str, chars_max: usize, is_formed: bool, unformed: FaultText) -> Vec<Fault> {
    if !text::is_filled_in(text) {
        return vec![Fault::required(pointer)];
    }
    let mut faults = Vec::new();
    if text.chars().count() > chars_max {
        faults.push(Fault::new(pointer, FaultText::CharsMax { max: chars_max }));
    }
    if !is_formed {
        faults.push(Fault::new(pointer, unformed));
    }
    faults
}
