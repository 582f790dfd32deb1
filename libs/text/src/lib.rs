//! What a text is to people, decided from the Unicode properties in one place.
//!
//! - [`is_filled_in`], [`is_one_line`], [`has_control`], [`is_name`]: what a field of a request may hold.
//! - [`fold()`] and [`words()`]: how texts are compared and searched.
//! - [`file_name()`]: how the name of an uploaded file is kept.
//! - [`look_alike_keys`]: which user names people cannot tell apart.
//! - [`shown()`]: how a stranger's text is written to a terminal or a log.
//!
//! Pure functions: no allocation is larger than a small multiple of its input, and none depends on a locale.

mod file_name;
mod fold;
mod form;
mod shown;
mod words;

pub use file_name::{FILE_NAME_BYTES_MAX, file_name};
pub use fold::fold;
pub use form::{
    has_control, has_plain_marks, is_filled_in, is_letter_mark_or_digit, is_name, is_one_line, is_visible,
    keeps_direction, look_alike_keys,
};
pub use shown::shown;
pub use words::{joined_words, may_go_on, words, words_apart};
