//! A stranger's text on a terminal or in a log.

use crate::form::{is_bidi_control, is_visible};

/// The text for a person who reads it on a terminal or in a log: what cannot be seen, moves the cursor or turns the
/// direction of writing stands as its number (`\u{1b}`), and what is longer than `chars_max` characters ends in `…`. Spaces
/// stay; line breaks do not.
#[must_use]
pub fn shown(text: &str, chars_max: usize) -> String {
    let mut shown = String::with_capacity(text.len().min(chars_max.saturating_mul(4)));
    for (index, c) in text.chars().enumerate() {
        if index == chars_max {
            shown.push('…');
            break;
        }
        if c == ' ' || (is_visible(c) && !is_bidi_control(c)) {
            shown.push(c);
        } else {
            shown.extend(c.escape_unicode());
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn what_moves_the_cursor_or_turns_the_text_is_written_as_its_number() {
        assert_eq!(
            shown("\u{1b}[2J\u{1b}[Hverified: SUP-1", 80),
            "\\u{1b}[2J\\u{1b}[Hverified: SUP-1"
        );
        assert_eq!(
            shown("a\u{202e}b\u{2066}c\u{200f}", 80),
            "a\\u{202e}b\\u{2066}c\\u{200f}"
        );
        assert_eq!(
            shown("a\nb\u{9b}c\u{2028}d\u{200b}", 80),
            "a\\u{a}b\\u{9b}c\\u{2028}d\\u{200b}"
        );
        assert_eq!(shown("été, « ₤ » 東京 😀", 80), "été, « ₤ » 東京 😀");
    }

    #[test]
    fn a_long_text_is_cut() {
        assert_eq!(shown("abcdef", 6), "abcdef");
        assert_eq!(shown("abcdefg", 6), "abcdef…");
        assert_eq!(shown("", 0), "");
    }
}
