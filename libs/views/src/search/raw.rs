//! How a file of version 2 is asked, until the one that is made beside it takes its place: FTS5's own tokenizer
//! `unicode61` read its texts and reads the query.

use domain::TicketKey;

use super::{Part, Term, parts, without_controls};

pub(super) fn terms(q: &str) -> Vec<Term> {
    let q = without_controls(q);
    if let Ok(key) = TicketKey::from_typed(&q) {
        return vec![quoted(key.as_str(), false)];
    }
    let mut parts = parts(&q);
    // What holds neither letter nor digit gives no token, and no token is found nowhere.
    parts.retain(|part| part.text.chars().any(char::is_alphanumeric));
    let last = parts.len().checked_sub(1);
    let term = |(index, part): (usize, &Part<'_>)| quoted(part.text, Some(index) == last && !part.phrase);
    parts.iter().enumerate().map(term).collect()
}

/// No part of a query holds a quotation mark.
fn quoted(text: &str, goes_on: bool) -> Term {
    Term {
        expression: format!("\"{text}\"{}", if goes_on { " *" } else { "" }),
        goes_on,
    }
}
