//! The name of an uploaded file.

use crate::form::{breaks_line, is_bidi_control, is_filled_in, is_ignored};

/// Longest name of a file, bytes of UTF-8: what common file systems hold.
pub const FILE_NAME_BYTES_MAX: usize = 255;
/// Longest ending that is kept when a name is cut, bytes of UTF-8, its dot included.
const ENDING_BYTES_MAX: usize = 16;
/// What a file is called whose name says nothing.
const UNNAMED: &str = "file";

/// The name under which a file is kept: without the path that some programs send, without control characters, line breaks,
/// direction controls and characters that are not displayed, and cut before its ending to [`FILE_NAME_BYTES_MAX`]. A name of
/// which nothing visible is left is `file`.
#[must_use]
pub fn file_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String = last.chars().filter(|c| stays(*c)).collect();
    let plain = between_seen(plain.trim());
    if !is_filled_in(&plain) || plain.chars().all(|c| c == '.') {
        return UNNAMED.to_owned();
    }
    if plain.len() <= FILE_NAME_BYTES_MAX {
        return plain;
    }
    let ending = ending(&plain);
    let stem_end = plain.floor_char_boundary(FILE_NAME_BYTES_MAX - ending.len());
    // A joiner or an opening half of an emoji sequence would join the ending.
    let stem = plain[..stem_end].trim_end_matches(|c: char| is_ignored(c) || c.is_whitespace());
    format!("{stem}{ending}")
}

/// Emoji and Persian words need their joiners and variation selectors; nothing else that is not displayed stays.
fn stays(c: char) -> bool {
    let joins = matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0020}'..='\u{e007f}');
    joins || !(c.is_control() || breaks_line(c) || is_bidi_control(c) || is_ignored(c))
}

/// Without joiners, selectors and tags beside a dot or at an end: there they join nothing, and only hide what the name is.
fn between_seen(name: &str) -> String {
    let part = |part: &str| {
        let part = part.trim_start_matches(is_ignored);
        // A variation selector and the tags of a flag belong to what stands before them.
        let joined = part.trim_end_matches(is_ignored);
        let after = &part[joined.len()..];
        let kept = if joined.ends_with(|c: char| !c.is_ascii()) {
            after.trim_end_matches(['\u{200c}', '\u{200d}'])
        } else {
            ""
        };
        format!("{joined}{kept}")
    };
    name.split('.').map(part).collect::<Vec<_>>().join(".")
}

/// From the last dot on, or nothing where that is no ending.
fn ending(name: &str) -> &str {
    match name.rfind('.') {
        Some(dot) if dot > 0 && name.len() - dot <= ENDING_BYTES_MAX => &name[dot..],
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_loses_its_path() {
        for (given, kept) in [
            ("C:\\Users\\x\\rapport.pdf", "rapport.pdf"),
            ("\\\\srv\\part\\rapport.pdf", "rapport.pdf"),
            ("../../etc/passwd", "passwd"),
            ("a/b\\c.txt", "c.txt"),
            ("dossier/", "file"),
            ("..", "file"),
            ("...", "file"),
            (" été.txt ", "été.txt"),
        ] {
            assert_eq!(file_name(given), kept, "{given:?}");
        }
    }

    #[test]
    fn a_long_name_is_cut_before_its_ending() {
        for (stem, ending) in [
            ("a", ".pdf"),
            ("é", ".txt"),
            ("東", ".docx"),
            ("😀", ".png"),
            ("a", ""),
        ] {
            let name = file_name(&format!("{}{ending}", stem.repeat(300)));
            assert!(
                name.len() <= FILE_NAME_BYTES_MAX && name.len() > FILE_NAME_BYTES_MAX - 4,
                "{name}"
            );
            assert!(name.ends_with(ending) && name.starts_with(stem), "{name}");
        }
        let whole = format!("{}.pdf", "a".repeat(251));
        assert_eq!(file_name(&whole), whole);
        assert_eq!(file_name(&format!("a{whole}")), whole);
        // Not an ending: too long to be one.
        assert_eq!(
            file_name(&format!("x.{}", "y".repeat(300))).len(),
            FILE_NAME_BYTES_MAX
        );
    }

    #[test]
    fn a_cut_leaves_no_half_of_an_emoji_sequence() {
        let family = "👩\u{200d}👩\u{200d}👧";
        let name = file_name(&format!("{}.png", family.repeat(40)));
        assert!(name.ends_with(".png") && !name.contains("\u{200d}.png"), "{name}");
    }

    #[test]
    fn what_is_not_seen_is_dropped() {
        for (given, kept) in [
            ("facture\u{202e}fdp.exe", "facturefdp.exe"),
            ("a\u{2066}b\u{2069}\u{200e}\u{61c}.txt", "ab.txt"),
            ("a\u{2028}b\n.txt", "ab.txt"),
            ("a\u{feff}\u{ad}b.txt", "ab.txt"),
            ("\u{200b}", "file"),
            ("\u{feff}\u{2060}", "file"),
            ("\u{200d}", "file"),
            ("\u{2800}", "file"),
            ("❤\u{fe0f}.png", "❤\u{fe0f}.png"),
            ("x.exe\u{200d}", "x.exe"),
            ("x.exe\u{fe0f}", "x.exe"),
            ("x.exe\u{e0020}\u{e007f}", "x.exe"),
            ("x\u{200d}.\u{200d}exe", "x.exe"),
            (".\u{200d}.", "file"),
            ("می\u{200c}خواهم.pdf", "می\u{200c}خواهم.pdf"),
        ] {
            assert_eq!(file_name(given), kept, "{given:?}");
        }
    }
}
