//! What a field of a request may hold.

use icu_properties::props::{
    BidiControl, DefaultIgnorableCodePoint, GeneralCategory, GeneralCategoryGroup,
    PrependedConcatenationMark, WhiteSpace,
};
use icu_properties::{CodePointMapData, CodePointSetData};
use unicode_security::confusable_detection::skeleton;

use crate::fold::case_folded;

/// Does it hold at least one character that can be seen? White space, format characters, direction controls and
/// characters that are ignored when displayed (Default_Ignorable_Code_Point) do not fill a field in.
#[must_use]
pub fn is_filled_in(text: &str) -> bool {
    text.chars().any(is_visible)
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
/// stands around it. The marks U+200E, U+200F and U+061C only order their neighbours and are allowed.
#[must_use]
pub fn is_name(text: &str) -> bool {
    is_one_line(text) && !text.chars().any(turns_direction)
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
        || BLANK.contains(&c);
    !hidden && !is_invisible_format(c)
}

/// Assigned as symbols, displayed as nothing: BRAILLE PATTERN BLANK, MUSICAL SYMBOL NULL NOTEHEAD.
const BLANK: [char; 2] = ['\u{2800}', '\u{1d159}'];

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
