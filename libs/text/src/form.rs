//! What a field of a request may hold.

use icu_normalizer::DecomposingNormalizer;
use icu_properties::props::{
    BidiControl, DefaultIgnorableCodePoint, GeneralCategory, GeneralCategoryGroup, NoncharacterCodePoint,
    PrependedConcatenationMark, SoftDotted, WhiteSpace,
};
use icu_properties::{CodePointMapData, CodePointSetData};
use unicode_security::confusable_detection::skeleton;

use crate::fold::case_folded;

/// Does it hold at least one character that can be seen? White space, format characters, direction controls, characters
/// that are ignored when displayed (Default_Ignorable_Code_Point) and marks without a letter do not fill a field in.
#[must_use]
pub fn is_filled_in(text: &str) -> bool {
    text.chars().any(|c| is_visible(c) && !is_attached_mark(c))
}

/// Is it free of line breaks and control characters? LINE SEPARATOR and PARAGRAPH SEPARATOR break lines as line feed does
/// (Unicode Standard Annex 14, class BK).
#[must_use]
pub fn is_one_line(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() || breaks_line(c))
}

/// Does it hold a control character other than tab, line feed and carriage return?
#[must_use]
pub fn has_control(text: &str) -> bool {
    text.chars()
        .any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r'))
}

/// May it name a person, an organization or a key? One line, without the controls that change the direction of what
/// stands around it, without annotations and tags, which are not displayed. The marks U+200E, U+200F and U+061C only order
/// their neighbours and are allowed.
#[must_use]
pub fn is_name(text: &str) -> bool {
    let hides = |c: char| matches!(c, '\u{fff9}'..='\u{fffb}' | '\u{e0001}'..='\u{e007f}');
    is_one_line(text) && !text.chars().any(|c| turns_direction(c) || hides(c))
}

/// Does it leave the direction of what follows as it was? Isolates and embeddings are closed within it, and nothing is
/// overridden (Unicode Standard Annex 9).
#[must_use]
pub fn keeps_direction(text: &str) -> bool {
    let mut open = Vec::new();
    for c in text.chars() {
        let closes = match c {
            '\u{202a}' | '\u{202b}' | '\u{2066}'..='\u{2068}' => {
                open.push(c);
                continue;
            }
            '\u{202d}' | '\u{202e}' => return false,
            '\u{202c}' => matches!(open.pop(), Some('\u{202a}' | '\u{202b}')),
            '\u{2069}' => matches!(open.pop(), Some('\u{2066}'..='\u{2068}')),
            _ => true,
        };
        if !closes {
            return false;
        }
    }
    open.is_empty()
}

/// Can its marks be told apart? None stands without its letter, none twice on one letter, at most four on one, and no dot
/// above on a letter that has one of its own (Unicode Technical Standard 39 §5.4).
#[must_use]
pub fn has_plain_marks(text: &str) -> bool {
    let mut letter = None;
    let mut marks: Vec<char> = Vec::new();
    for c in DecomposingNormalizer::new_nfd().normalize(text).chars() {
        if !is_attached_mark(c) {
            letter = Some(c).filter(|c| !c.is_whitespace());
            marks.clear();
            continue;
        }
        let dots_twice =
            c == DOT_ABOVE && letter.is_some_and(|c| CodePointSetData::new::<SoftDotted>().contains(c));
        if letter.is_none() || dots_twice || marks.contains(&c) || marks.len() == MARKS_MAX {
            return false;
        }
        marks.push(c);
    }
    true
}

/// Two texts that share a key look alike, whatever their case (Unicode Technical Standard 39 §4, skeletons). There are two
/// keys, since a capital may look like another letter than its small form does: of the text as it is written, and of the
/// text in small letters.
#[must_use]
pub fn look_alike_keys(text: &str) -> [String; 2] {
    [text, &case_folded(text)].map(|text| case_folded(&skeleton(text).collect::<String>()))
}

/// Is it a letter, a mark on one or a decimal digit, of any script? Symbols and punctuation are not, and neither are other
/// numbers: many of them cannot be told from ASCII signs.
#[must_use]
pub fn is_letter_mark_or_digit(c: char) -> bool {
    let category = CodePointMapData::<GeneralCategory>::new().get(c);
    GeneralCategoryGroup::Letter.contains(category)
        || GeneralCategoryGroup::Mark.contains(category)
        || category == GeneralCategory::DecimalNumber
}

/// Can this character be seen by itself?
#[must_use]
pub fn is_visible(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_graphic();
    }
    let hidden = CodePointSetData::new::<WhiteSpace>().contains(c)
        || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
        || CodePointSetData::new::<NoncharacterCodePoint>().contains(c)
        || BLANK.contains(&c);
    !hidden && !is_invisible_format(c)
}

/// Assigned as symbols, letters or marks, displayed as nothing: BRAILLE PATTERN BLANK, OBJECT REPLACEMENT CHARACTER, BRAHMI
/// NUMBER JOINER, KHITAN SMALL SCRIPT FILLER, MUSICAL SYMBOL NULL NOTEHEAD.
const BLANK: [char; 5] = ['\u{2800}', '\u{fffc}', '\u{1107f}', '\u{16fe4}', '\u{1d159}'];
/// COMBINING DOT ABOVE.
const DOT_ABOVE: char = '\u{307}';
/// Most marks on one letter: Vietnamese needs two, vocalized Hebrew four.
const MARKS_MAX: usize = 4;

/// Is it displayed on the character before it?
fn is_attached_mark(c: char) -> bool {
    let category = CodePointMapData::<GeneralCategory>::new().get(c);
    matches!(
        category,
        GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark
    )
}

/// Control and format characters. The prepended concatenation marks (U+0600 and others) are format characters that show.
fn is_invisible_format(c: char) -> bool {
    let category = CodePointMapData::<GeneralCategory>::new().get(c);
    let shows = CodePointSetData::new::<PrependedConcatenationMark>();
    category == GeneralCategory::Control || (category == GeneralCategory::Format && !shows.contains(c))
}

/// Ends a line though it is no control character.
pub(crate) fn breaks_line(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}')
}

/// Is it ignored when displayed?
pub(crate) fn is_ignored(c: char) -> bool {
    !c.is_ascii() && CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

/// Changes the direction of what stands around it, marks included.
pub(crate) fn is_bidi_control(c: char) -> bool {
    !c.is_ascii() && CodePointSetData::new::<BidiControl>().contains(c)
}

/// An embedding, an override or an isolate: changes the direction of what follows.
fn turns_direction(c: char) -> bool {
    is_bidi_control(c) && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}')
}
