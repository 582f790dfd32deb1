//! The order of texts for people: without accents and case, so that `Écran` stands between `eau` and `encre`.

/// Most characters of a text that its order looks at.
const KEY_CHARS_MAX: usize = 255;

/// Texts in the order of these keys are in the order that people expect of a list in French or English. Letters outside
/// the Latin alphabets keep their own order.
pub fn key(text: &str) -> String {
    let start: String = text.trim_start().chars().take(KEY_CHARS_MAX).collect();
    text::fold(&start)
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
        assert_eq!(
            key("«\u{a0}Łódź\u{a0}» – Saint\u{2011}Jean"),
            "\" lodz \" - saint-jean"
        );
        assert_eq!(key("ế ǿ ĳ ﬁ Ⅻ"), "e o ij fi xii");
        let mut words = ["zèbre", "Éclair", "eau", "encre", "Abricot"];
        words.sort_by_key(|word| key(word));
        assert_eq!(words, ["Abricot", "eau", "Éclair", "encre", "zèbre"]);
    }

    #[test]
    fn other_alphabets_keep_their_letters() {
        assert_eq!(key("ПРИВЕТ 東京"), "привет 東京");
        assert_eq!(key("Ёлка Άθήνα"), "елка αθηνα");
    }
}
