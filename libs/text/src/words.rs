//! The words of a text, the same when it is indexed and when it is asked for.

use icu_properties::CodePointMapData;
use icu_properties::props::{GeneralCategory, GeneralCategoryGroup, Script};

use crate::fold::fold;

/// The folded words of a text, in order. A word is a run of letters and digits with their marks; everything else parts
/// words and is not searched (symbols, emoji, punctuation). Scripts written without spaces have no runs to go by: each Han
/// character and each kana is a word, so that a query finds them anywhere as a phrase.
#[must_use]
pub fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    // A character that is a word by itself takes marks, but no further letters.
    let mut complete = false;
    for c in fold(text).chars() {
        let kind = kind(c);
        let joins = match kind {
            Kind::Letter => !complete,
            Kind::Mark => !word.is_empty(),
            Kind::Alone | Kind::Between => false,
        };
        if !joins && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        match kind {
            Kind::Letter | Kind::Alone => word.push(c),
            Kind::Mark if joins => word.push(c),
            Kind::Mark | Kind::Between => {}
        }
        if !joins {
            complete = matches!(kind, Kind::Alone);
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

#[derive(Clone, Copy)]
enum Kind {
    /// A letter or a digit: joins its neighbours.
    Letter,
    /// A word by itself.
    Alone,
    /// Belongs to the character before it.
    Mark,
    /// Between words.
    Between,
}

fn kind(c: char) -> Kind {
    if c.is_ascii() {
        return if c.is_ascii_alphanumeric() {
            Kind::Letter
        } else {
            Kind::Between
        };
    }
    let category = CodePointMapData::<GeneralCategory>::new().get(c);
    if GeneralCategoryGroup::Mark.contains(category) {
        return Kind::Mark;
    }
    if !GeneralCategoryGroup::Letter.contains(category) && !GeneralCategoryGroup::Number.contains(category) {
        return Kind::Between;
    }
    let script = CodePointMapData::<Script>::new().get(c);
    // U+30FC prolongs the kana before it, and its script is Common.
    if [Script::Han, Script::Hiragana, Script::Katakana].contains(&script) || c == '\u{30fc}' {
        Kind::Alone
    } else {
        Kind::Letter
    }
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn words_are_runs_of_letters_and_digits() {
        assert_eq!(words("L'écran n°12, cassé !"), ["l", "ecran", "n", "12", "casse"]);
        assert_eq!(words("SUP-12_b"), ["sup", "12", "b"]);
        assert!(
            words("✅ 🅿️ ⓘ — \u{301}\u{93f}\u{e31}")
                .iter()
                .all(|word| word == "i")
        );
        assert!(words("✅ 🅿️ — ʻ…").iter().all(|word| word == "ʻ"));
    }

    #[test]
    fn what_is_not_displayed_does_not_part_a_word() {
        assert_eq!(words("im\u{ad}pri\u{200b}man\u{2060}te"), ["imprimante"]);
        assert_eq!(words("می\u{200c}خواهم"), ["میخواهم"]);
    }

    #[test]
    fn han_and_kana_stand_alone_with_their_marks() {
        assert_eq!(words("東京都庁"), ["東", "京", "都", "庁"]);
        assert_eq!(words("がラー2x"), ["か\u{3099}", "ラ", "ー", "2x"]);
        assert_eq!(words("か \u{3099}"), ["か"]);
    }

    #[test]
    fn vowel_signs_belong_to_their_letters() {
        assert_eq!(words("हिन्दी"), ["हिन्दी"]);
        assert_eq!(words("วันที่"), ["วันที่"]);
    }
}
