//! How texts are compared: without case, accents and forms of writing.

use icu_casemap::CaseMapper;
use icu_normalizer::DecomposingNormalizer;
use icu_normalizer::properties::CanonicalCombiningClassMap;
use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;

use crate::form::is_ignored;

/// COMBINING GREEK YPOGEGRAMMENI.
const IOTA_BELOW: char = '\u{345}';

/// The text as it is compared and searched: compatibility forms resolved (NFKD), case folded in full, accents of every
/// script and characters that are not displayed left out, ligatures and crossed letters of the Latin script as the plain
/// letters that people type (`œ` is `oe`, `ł` is `l`), and apostrophes, quotation marks and dashes as those of a keyboard.
/// Folding twice gives the same text.
#[must_use]
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut plain = String::with_capacity(text.len());
    // No form of writing reaches across an ASCII space, and in most languages of our users most words are ASCII.
    for word in text.split_inclusive(|c: char| c.is_ascii_whitespace()) {
        if word.is_ascii() {
            plain.extend(word.chars().map(|c| c.to_ascii_lowercase()));
        } else {
            fold_word(word, &mut plain);
        }
    }
    plain
}

fn fold_word(word: &str, plain: &mut String) {
    let decompose = DecomposingNormalizer::new_nfkd();
    // Folding the case makes a letter of the iota below, which is a mark like others to those who type without them.
    let decomposed = decompose.normalize(word).replace(IOTA_BELOW, "");
    // Folding the case may compose what was decomposed (U+0390) and the other way round.
    let folded = case_folded(&decomposed);
    for c in decompose.normalize(&folded).chars() {
        match plain_letters(c) {
            Some(letters) => plain.push_str(letters),
            None if is_dropped(c) => {}
            None => plain.push(c),
        }
    }
}

/// The text with its case folded in full: `ẞ` is `ss`, a final sigma a sigma.
pub(crate) fn case_folded(text: &str) -> String {
    CaseMapper::new().fold_string(text).into_owned()
}

/// Latin letters without a decomposition, apostrophes, quotation marks and dashes, as people type them; and the Arabic
/// stretching sign, which is no letter.
fn plain_letters(c: char) -> Option<&'static str> {
    if c.is_ascii() {
        return None;
    }
    Some(match c {
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'đ' | 'ð' => "d",
        'ħ' => "h",
        'ı' => "i",
        'ł' => "l",
        'ŧ' => "t",
        'þ' => "th",
        'ŋ' => "n",
        'ĸ' => "k",
        'ƒ' => "f",
        'ə' => "e",
        'ƀ' => "b",
        'ɨ' => "i",
        'ʉ' => "u",
        'ƶ' => "z",
        'ǥ' => "g",
        '\u{640}' => "",
        // The letters among the apostrophes too: Ukrainian is written with either.
        '‘'..='‛' | '\u{2bb}'..='\u{2bd}' | '\u{2ee}' | '′' | '\u{a78c}' => "'",
        '“'..='‟' | '«' | '»' => "\"",
        '\u{2010}'..='\u{2015}' | '\u{2212}' => "-",
        _ => return None,
    })
}

/// Not displayed, or a mark that a reader may leave out. Vowel signs and the voicing marks of kana are letters to their
/// readers and stay: classes 0, 8 and 9, and those of Thai, Lao and Tibetan (103 to 132).
fn is_dropped(c: char) -> bool {
    if c.is_ascii() {
        return false;
    }
    if is_ignored(c) || is_enclosing(c) {
        return true;
    }
    let class = CanonicalCombiningClassMap::new().get_u8(c);
    matches!(class, 1 | 7 | 10..=36 | 200..=240)
}

/// Encloses the character before it, as in a keycap.
fn is_enclosing(c: char) -> bool {
    CodePointMapData::<GeneralCategory>::new().get(c) == GeneralCategory::EnclosingMark
}
