//! The words of a text, the same when it is indexed and when it is asked for.

use icu_properties::CodePointMapData;
use icu_properties::props::{GeneralCategory, GeneralCategoryGroup, LineBreak, Script};

use crate::fold::fold;

/// The folded words of a text, in order. A word is a run of letters and digits with their marks; everything else parts
/// words and is not searched (symbols, emoji, punctuation). Scripts written without spaces have no runs to go by: each Han
/// character, each kana and each letter of Thai, Lao, Khmer and Burmese is a word, so that a query finds them anywhere as
/// a phrase.
#[must_use]
pub fn words(text: &str) -> Vec<String> {
    let joined = joined_words(text);
    joined.split_ascii_whitespace().map(str::to_owned).collect()
}

/// The same as [`words`] in one text, one space between them.
#[must_use]
pub fn joined_words(text: &str) -> String {
    let folded = fold(text);
    let mut words = String::with_capacity(folded.len());
    // What the last word takes: nothing while there is none.
    let mut open = Open::Nothing;
    for c in folded.chars() {
        let kind = kind(c);
        match (kind, open) {
            (Kind::Letter, Open::Letters) | (Kind::Mark, Open::Letters | Open::Marks) => words.push(c),
            (Kind::Letter | Kind::Alone, _) => {
                if !words.is_empty() {
                    words.push(' ');
                }
                words.push(c);
                open = match kind {
                    Kind::Alone => Open::Marks,
                    Kind::Letter | Kind::Mark | Kind::Between => Open::Letters,
                };
            }
            (Kind::Mark, Open::Nothing) => {}
            (Kind::Between, _) => open = Open::Nothing,
        }
    }
    words
}

/// The words of a text, one space between them, when symbols that stand for letters or digits are read apart from what they
/// touch: `no 12` of `№12`, `5 kg` of `5㎏`, `windows tm` of `Windows™`, `note 1` of `note¹`. Nothing when [`joined_words`]
/// says the same.
#[must_use]
pub fn words_apart(text: &str) -> Option<String> {
    if !text.chars().any(is_symbol) {
        return None;
    }
    let mut apart = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_symbol(c) {
            apart.extend([' ', c, ' ']);
        } else {
            apart.push(c);
        }
    }
    let apart = joined_words(&apart);
    (apart != joined_words(text)).then_some(apart)
}

/// Whether a longer word may begin with this one. A Han character or a kana is whole.
#[must_use]
pub fn may_go_on(word: &str) -> bool {
    !word.chars().next().is_some_and(is_whole)
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

/// What may still join a word.
#[derive(Clone, Copy)]
enum Open {
    /// There is no word before, or it has ended.
    Nothing,
    /// Marks: the word is a character by itself.
    Marks,
    /// Letters and marks.
    Letters,
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
    if is_whole(c) || is_unspaced(c) {
        Kind::Alone
    } else {
        Kind::Letter
    }
}

/// A Han character or a kana. U+30FC prolongs the kana before it, and its script is Common.
fn is_whole(c: char) -> bool {
    let script = CodePointMapData::<Script>::new().get(c);
    [Script::Han, Script::Hiragana, Script::Katakana].contains(&script) || c == '\u{30fc}'
}

/// A letter of a script whose words can only be told apart by a dictionary (Unicode Standard Annex 14, class SA).
fn is_unspaced(c: char) -> bool {
    CodePointMapData::<LineBreak>::new().get(c) == LineBreak::ComplexContext
}

/// May it be a symbol that stands for letters or digits? Superscripts, ordinals, circled digits and the frame of a keycap
/// (U+20E3) belong to them.
fn is_symbol(c: char) -> bool {
    match c {
        '\0'..='\u{a9}' => false,
        'ª' | 'º' | '\u{20e3}' => true,
        '\u{2b0}'..='\u{2b8}' | '\u{1d2c}'..='\u{1d6a}' | '\u{2071}'..='\u{209c}' => true,
        _ => matches!(
            CodePointMapData::<GeneralCategory>::new().get(c),
            GeneralCategory::OtherNumber | GeneralCategory::OtherSymbol
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::{joined_words, may_go_on, words, words_apart};

    #[test]
    fn words_are_runs_of_letters_and_digits() {
        assert_eq!(words("L'écran n°12, cassé !"), ["l", "ecran", "n", "12", "casse"]);
        assert_eq!(words("SUP-12_b"), ["sup", "12", "b"]);
        assert!(
            words("✅ 🅿️ ⓘ — \u{301}\u{93f}\u{e31}")
                .iter()
                .all(|word| word == "i")
        );
        assert!(words("✅ 🅿️ — ʻ…").is_empty());
        assert_eq!(
            words("компʼютер комп'ютер комп’ютер"),
            words("комп ютер ".repeat(3).as_str())
        );
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
        assert_eq!(joined_words("วันที่"), "วั น ที่");
        assert_eq!(joined_words("ຄອມ ကွန် ភាសា"), "ຄ ອ ມ ကွ န် ភា សា");
    }

    #[test]
    fn a_symbol_for_letters_is_also_read_apart() {
        for (text, joined, apart) in [
            ("№12", "no12", "no 12"),
            ("5㎏", "5kg", "5 kg"),
            ("Windows™ 11", "windowstm 11", "windows tm 11"),
            ("20℃", "20 c", "20 c"),
            ("note¹ urgente", "note1 urgente", "note 1 urgente"),
            ("étape① finie", "etape1 finie", "etape 1 finie"),
            ("nº12", "no12", "n o 12"),
            ("5ªnord", "5anord", "5 a nord"),
            ("m²", "m2", "m 2"),
            ("xⁿ", "xn", "x n"),
            ("1\u{fe0f}\u{20e3}étape", "1etape", "1 etape"),
        ] {
            assert_eq!(joined_words(text), joined, "{text}");
            assert_eq!(words_apart(text).as_deref().unwrap_or(joined), apart, "{text}");
        }
        for text in ["№ 12", "🅿️ parking", "Ⅳ chapitres", "plain", "été"] {
            assert_eq!(words_apart(text), None, "{text}");
        }
    }

    #[test]
    fn a_whole_character_does_not_go_on() {
        assert!(may_go_on("ecr") && may_go_on("ที") && may_go_on("हि") && may_go_on("\u{1112}\u{1161}"));
        assert!(!may_go_on("か") && !may_go_on("東") && !may_go_on("ー"));
    }
}
