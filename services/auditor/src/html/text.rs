//! Text in HTML.

use chrono::{DateTime, SecondsFormat, Utc};

/// Characters of a text on one line, at most.
pub(super) const LINE_CHARS_MAX: usize = 1_000;
/// Characters of a text of several lines, at most: a signed note may have as many, and a text of a ticket fewer.
pub(super) const TEXT_CHARS_MAX: usize = 64 * 1024;

/// A stranger's text on one line: it says nothing to the browser, and holds nothing that cannot be seen or turns the
/// direction of writing.
pub(super) fn escaped(text: &str) -> String {
    markup_free(&text::shown(text, LINE_CHARS_MAX))
}

/// The same, of several lines.
pub(super) fn escaped_lines(text: &str) -> String {
    let cut = text.char_indices().nth(TEXT_CHARS_MAX).map(|(place, _)| place);
    let mut out = String::with_capacity(text.len().min(TEXT_CHARS_MAX));
    for line in text[..cut.unwrap_or(text.len())].split_inclusive('\n') {
        let words = line.strip_suffix('\n').unwrap_or(line);
        let words = words.strip_suffix('\r').unwrap_or(words).replace('\t', "    ");
        out.push_str(&markup_free(&text::shown(&words, TEXT_CHARS_MAX)));
        if line.ends_with('\n') {
            out.push('\n');
        }
    }
    if cut.is_some() {
        out.push('…');
    }
    out
}

fn markup_free(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// A number with its thousands apart.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() * 2);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            // A thin space that does not break.
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

/// An instant to the second.
pub(super) fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true).replace('T', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_markup() {
        assert_eq!(
            escaped("<script>alert('x')</script> & \"y\""),
            "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;y&quot;"
        );
    }

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_234_567), "1\u{202f}234\u{202f}567");
    }
}
