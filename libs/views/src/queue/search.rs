//! What people type into the search box, as terms for FTS5, and what FTS5 is given of a text. Both are the same folded
//! words, so that a text is found by what people type of it; none of it is ever FTS5's syntax.

pub(crate) mod find;
pub(crate) mod gone;
pub(crate) mod past;
pub(crate) mod texts;

use domain::TicketKey;

/// Parts two readings of a text, so that no phrase reaches from one into the other: a token that no word is.
const PARTING: &str = " \u{fffc} ";

/// One term: a ticket must hold it in one of its texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Term {
    /// An FTS5 expression: quoted strings, any of which will do, each followed by `*` when its last word may go on.
    pub(crate) expression: String,
    /// The same as words one after the other, any of which will do.
    phrases: Vec<Vec<String>>,
    /// Its last word may go on.
    pub(crate) goes_on: bool,
}

impl Term {
    /// The same term, whose last word ends where it does.
    pub(crate) fn ended(&self) -> Term {
        Term {
            expression: self.expression.replace("\" *", "\""),
            phrases: self.phrases.clone(),
            goes_on: false,
        }
    }

    /// Whether the words of a text hold it.
    fn is_in(&self, words: &[&str]) -> bool {
        let holds = |phrase: &Vec<String>| {
            let Some((last, others)) = phrase.split_last() else {
                return false;
            };
            words.windows(phrase.len()).any(|found| {
                let (end, before) = found.split_last().unzip();
                let ends = |end: &&str| match self.goes_on {
                    true => end.starts_with(last.as_str()),
                    false => *end == last,
                };
                end.is_some_and(ends) && before.unwrap_or_default() == others
            })
        };
        self.phrases.iter().any(holds)
    }
}

/// Words as FTS5's tokenizer `ascii` reads them.
fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split(|c: char| c.is_ascii() && !c.is_ascii_alphanumeric());
    parts.filter(|part| !part.is_empty())
}

/// What FTS5 is given of a text: its words, and those that it has when symbols for letters are read apart.
pub(crate) fn indexed(text: &str) -> String {
    let mut words = text::joined_words(text);
    if let Some(apart) = text::words_apart(text) {
        words.push_str(PARTING);
        words.push_str(&apart);
    }
    words
}

/// The terms of a search: words apart, `"exact phrases"` together, a typed ticket key as one (seed 002, F107). The last
/// word may go on, so that a list narrows while somebody types. A closing quotation mark may be missing. What holds no
/// word (an emoji, punctuation, a mark without its letter) is passed over.
pub(crate) fn terms(q: &str) -> Vec<Term> {
    if let Ok(key) = TicketKey::from_typed(&text::fold(q)) {
        return words_term(key.as_str(), false).into_iter().collect();
    }
    let q = without_controls(q);
    let parts = parts(&q);
    let has_word = |part: &Part<'_>| !text::joined_words(part.text).is_empty();
    let last = parts.iter().rposition(has_word);
    let terms = parts.iter().enumerate();
    terms
        .filter_map(|(index, part)| words_term(part.text, Some(index) == last && !part.phrase))
        .collect()
}

/// A piece of a query.
struct Part<'q> {
    text: &'q str,
    /// It stands between quotation marks.
    phrase: bool,
}

fn without_controls(q: &str) -> String {
    q.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn parts(q: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    // Every second part stands between quotation marks.
    for (index, text) in q.split('"').enumerate() {
        if index % 2 == 1 {
            parts.push(Part { text, phrase: true });
        } else {
            parts.extend(text.split_whitespace().map(|text| Part { text, phrase: false }));
        }
    }
    parts
}

/// The words of a part as a phrase, and as another one when it has symbols for letters: `№12` is looked for as `no12` and
/// as `no 12`. Nothing when it holds no word.
fn words_term(part: &str, goes_on: bool) -> Option<Term> {
    let words = text::joined_words(part);
    let goes_on = goes_on && words.rsplit(' ').next().is_some_and(text::may_go_on);
    if words.is_empty() {
        return None;
    }
    let readings: Vec<String> = [Some(words), text::words_apart(part)]
        .into_iter()
        .flatten()
        .collect();
    let end = if goes_on { " *" } else { "" };
    let quoted: Vec<String> = readings.iter().map(|words| format!("\"{words}\"{end}")).collect();
    let phrase = |words: &String| tokens(words).map(str::to_owned).collect();
    Some(Term {
        expression: quoted.join(" OR "),
        phrases: readings.iter().map(phrase).collect(),
        goes_on,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expressions(q: &str) -> Vec<String> {
        let terms = terms(q).into_iter();
        terms.map(|term| term.expression).collect()
    }

    #[test]
    fn words_stand_apart_and_the_last_may_go_on() {
        assert_eq!(
            expressions("Imprimante  l'accueil"),
            ["\"imprimante\"", "\"l accueil\" *"]
        );
    }

    #[test]
    fn a_phrase_stays_together_and_does_not_go_on() {
        assert_eq!(expressions("\"bourrage papier\""), ["\"bourrage papier\""]);
        assert_eq!(
            expressions("écran \"bourrage papier"),
            ["\"ecran\"", "\"bourrage papier\""]
        );
        assert_eq!(
            expressions("\"bourrage papier\" écran"),
            ["\"bourrage papier\"", "\"ecran\" *"]
        );
    }

    #[test]
    fn syntax_is_text() {
        assert_eq!(expressions("a OR b*"), ["\"a\"", "\"or\"", "\"b\" *"]);
        assert_eq!(
            expressions("words: NEAR(a b)"),
            ["\"words\"", "\"near a\"", "\"b\" *"]
        );
        assert_eq!(expressions("- ! \" \""), Vec::<String>::new());
        assert_eq!(expressions("a\0b"), ["\"a\"", "\"b\" *"]);
    }

    #[test]
    fn a_typed_key_is_one_term() {
        for key in [" sup-12 ", "ＳＵＰ－１２", "Sup\u{2011}12", "sup-\u{200b}12"] {
            assert_eq!(expressions(key), ["\"sup 12\""], "{key:?}");
        }
        assert_eq!(expressions("sup-12 x"), ["\"sup 12\"", "\"x\" *"]);
    }

    #[test]
    fn what_holds_no_word_is_passed_over() {
        assert_eq!(expressions("🅿️ parking"), ["\"parking\" *"]);
        assert_eq!(expressions("parking ✅ \u{301} …"), ["\"parking\" *"]);
        assert_eq!(expressions("\"— 🅰\" parking"), ["\"parking\" *"]);
        assert_eq!(expressions("🅿️ \u{345}"), Vec::<String>::new());
    }

    #[test]
    fn whole_characters_do_not_go_on_and_symbols_for_letters_are_read_both_ways() {
        assert_eq!(expressions("東京"), ["\"東 京\""]);
        assert_eq!(expressions("№12"), ["\"no12\" * OR \"no 12\" *"]);
    }

    #[test]
    fn a_text_is_indexed_as_its_words() {
        assert_eq!(indexed("L'Écran n°12"), "l ecran n 12");
        assert_eq!(indexed("№12"), "no12 \u{fffc} no 12");
    }
}
