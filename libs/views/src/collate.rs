//! The order of texts for people: without accents and case, so that `Écran` stands between `eau` and `encre`.

/// Most characters of a text that its order looks at.
const KEY_CHARS_MAX: usize = 255;

/// Texts in the order of these keys are in the order that people expect of a list in French or English. Letters outside
/// the Latin alphabets keep their own order.
pub fn key(text: &str) -> String {
    let mut key = String::with_capacity(text.len());
    for c in text.trim_start().chars().take(KEY_CHARS_MAX) {
        match c {
            ' '..='~' => key.push(c.to_ascii_lowercase()),
            // Combining marks: what a decomposed letter carries.
            '\u{300}'..='\u{36f}' => {}
            _ => c.to_lowercase().for_each(|lower| match base(lower) {
                Some(letters) => key.push_str(letters),
                None if ('\u{300}'..='\u{36f}').contains(&lower) => {}
                None => key.push(lower),
            }),
        }
    }
    key
}

/// The plain letters of a lower-case Latin letter with a mark (Latin-1 and Latin Extended-A and the Romanian letters).
fn base(c: char) -> Option<&'static str> {
    Some(match c {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' | 'ă' | 'ą' | 'ǎ' => "a",
        'æ' => "ae",
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => "c",
        'ď' | 'đ' | 'ð' => "d",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => "e",
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => "g",
        'ĥ' | 'ħ' => "h",
        'ì' | 'í' | 'î' | 'ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' => "i",
        'ĳ' => "ij",
        'ĵ' => "j",
        'ķ' => "k",
        'ĺ' | 'ļ' | 'ľ' | 'ŀ' | 'ł' => "l",
        'ñ' | 'ń' | 'ņ' | 'ň' | 'ŉ' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ō' | 'ŏ' | 'ő' => "o",
        'œ' => "oe",
        'ŕ' | 'ŗ' | 'ř' => "r",
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => "s",
        'ß' => "ss",
        'ţ' | 'ť' | 'ŧ' | 'ț' => "t",
        'ù' | 'ú' | 'û' | 'ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => "u",
        'ŵ' => "w",
        'ý' | 'ÿ' | 'ŷ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        '«' | '»' | '“' | '”' => "\"",
        '’' | '‘' => "'",
        '\u{a0}' | '\u{202f}' => " ",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_and_case_do_not_move_a_text() {
        assert_eq!(key("Écran"), "ecran");
        assert_eq!(key("E\u{301}cran"), "ecran");
        assert_eq!(key("ŒUVRE ß"), "oeuvre ss");
        assert_eq!(key("l’été"), "l'ete");
        let mut words = ["zèbre", "Éclair", "eau", "encre", "Abricot"];
        words.sort_by_key(|word| key(word));
        assert_eq!(words, ["Abricot", "eau", "Éclair", "encre", "zèbre"]);
    }

    #[test]
    fn other_alphabets_keep_their_letters() {
        assert_eq!(key("ПРИВЕТ 東京"), "привет 東京");
    }
}
