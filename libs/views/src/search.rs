//! What people type into the search box, as terms for FTS5. Their text is never FTS5's syntax.

pub(crate) mod find;
pub(crate) mod gone;
pub(crate) mod past;

use domain::TicketKey;

/// One term: a ticket must hold it in one of its texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Term {
    /// An FTS5 expression: one quoted string, followed by `*` when its last word may go on.
    pub(crate) expression: String,
    /// Its last word may go on.
    pub(crate) goes_on: bool,
}

/// The terms of a search: words apart, `"exact phrases"` together, a typed ticket key as one (seed 002, F107). The last
/// word may go on, so that a list narrows while somebody types. A closing quotation mark may be missing.
pub(crate) fn terms(q: &str) -> Vec<Term> {
    let q: String = q.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if let Ok(key) = TicketKey::from_typed(&q) {
        return vec![quoted(key.as_str(), false)];
    }
    let mut terms = Vec::new();
    // Every second part stands between quotation marks.
    for (index, part) in q.split('"').enumerate() {
        let phrase = index % 2 == 1;
        if phrase {
            terms.push((part, true));
        } else {
            terms.extend(part.split_whitespace().map(|word| (word, false)));
        }
    }
    // What holds neither letter nor digit gives no token, and no token is found nowhere.
    terms.retain(|(text, _)| text.chars().any(char::is_alphanumeric));
    let last = terms.len().checked_sub(1);
    let term = |(index, (text, phrase)): (usize, &(&str, bool))| quoted(text, Some(index) == last && !phrase);
    terms.iter().enumerate().map(term).collect()
}

fn quoted(text: &str, goes_on: bool) -> Term {
    let text = text.replace('"', "\"\"");
    Term {
        expression: format!("\"{text}\"{}", if goes_on { " *" } else { "" }),
        goes_on,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expressions(q: &str) -> Vec<String> {
        terms(q).into_iter().map(|term| term.expression).collect()
    }

    #[test]
    fn words_stand_apart_and_the_last_may_go_on() {
        assert_eq!(
            expressions("Imprimante  l'accueil"),
            ["\"Imprimante\"", "\"l'accueil\" *"]
        );
    }

    #[test]
    fn a_phrase_stays_together_and_does_not_go_on() {
        assert_eq!(expressions("\"bourrage papier\""), ["\"bourrage papier\""]);
        assert_eq!(
            expressions("écran \"bourrage papier"),
            ["\"écran\"", "\"bourrage papier\""]
        );
        assert_eq!(
            expressions("\"bourrage papier\" écran"),
            ["\"bourrage papier\"", "\"écran\" *"]
        );
    }

    #[test]
    fn syntax_is_text() {
        assert_eq!(expressions("a OR b*"), ["\"a\"", "\"OR\"", "\"b*\" *"]);
        assert_eq!(
            expressions("words: NEAR(a b)"),
            ["\"words:\"", "\"NEAR(a\"", "\"b)\" *"]
        );
        assert_eq!(expressions("- ! \" \""), Vec::<String>::new());
        assert_eq!(expressions("a\0b"), ["\"a\"", "\"b\" *"]);
    }

    #[test]
    fn a_typed_key_is_one_term() {
        assert_eq!(expressions(" sup-12 "), ["\"SUP-12\""]);
        assert_eq!(expressions("sup-12 x"), ["\"sup-12\"", "\"x\" *"]);
    }
}
