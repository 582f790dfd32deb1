//! Header fields as RFC 9110 writes them: the lines of a list field are one list, blanks around its members are none of theirs,
//! and what stands in quotes is one value.

mod tags;

use std::{borrow::Cow, str::FromStr};

use actix_web::http::header::{
    ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, CONTENT_ENCODING, ContentEncoding, HeaderMap, HeaderName,
    HeaderValue, Quality, QualityItem,
};
use domain::Language;

pub(crate) use self::tags::{NoTags, TAG_BYTES, Tags};

/// The text of a field's value. Clients write other letters than those of ASCII as UTF-8 or, where their library knows bytes
/// only, as Latin-1.
pub(crate) fn text(value: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(value) {
        Ok(text) => Cow::Borrowed(text),
        Err(_not_utf8) => Cow::Owned(value.iter().map(|byte| char::from(*byte)).collect()),
    }
}

/// The members of a list field, those of all its lines, in their order (RFC 9110 §5.3, §5.6.1).
pub(crate) fn list(headers: &HeaderMap, name: &HeaderName) -> Vec<String> {
    members(headers.get_all(name), Escapes::Backslash)
}

/// In quotes, a backslash escapes what follows it, or is a character as any (in entity tags).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Escapes {
    Backslash,
    None,
}

fn members<'a>(lines: impl Iterator<Item = &'a HeaderValue>, escapes: Escapes) -> Vec<String> {
    let mut members = Vec::new();
    for line in lines {
        let line = text(line.as_bytes());
        let of_line = split(&line, ',', escapes).into_iter().map(trimmed);
        members.extend(of_line.filter(|member| !member.is_empty()).map(str::to_owned));
    }
    members
}

/// Without the blanks and tabs around it.
fn trimmed(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

/// The parts between separators that stand outside quotes.
fn split(text: &str, separator: char, escapes: Escapes) -> Vec<&str> {
    let (mut parts, mut from) = (Vec::new(), 0);
    let (mut is_quoted, mut is_escaped) = (false, false);
    for (at, c) in text.char_indices() {
        if std::mem::take(&mut is_escaped) {
            continue;
        }
        match c {
            '"' => is_quoted = !is_quoted,
            '\\' if is_quoted => is_escaped = escapes == Escapes::Backslash,
            c if c == separator && !is_quoted => {
                parts.push(&text[from..at]);
                from = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    parts
}

/// A value and its parameters, such as a media type or a disposition (RFC 9110 §5.6.6). Names of parameters have no case.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Parametrized {
    /// What stands before the first semicolon, in small letters.
    pub(crate) value: String,
    parameters: Vec<(String, String)>,
}

impl Parametrized {
    /// Reads a value. In quotes, a backslash that stands neither before a quote nor before a backslash is one: browsers and
    /// Windows programs send paths so (the escape of HTML's form encoding is a percent sign).
    pub(crate) fn read(value: &[u8]) -> Parametrized {
        let text = text(value);
        let mut parts = split(&text, ';', Escapes::Backslash).into_iter();
        let value = trimmed(parts.next().unwrap_or_default()).to_ascii_lowercase();
        let parameters = parts.filter_map(|part| {
            let (name, value) = part.split_once('=')?;
            Some((trimmed(name).to_ascii_lowercase(), unquoted(trimmed(value))))
        });
        Parametrized {
            value,
            parameters: parameters.collect(),
        }
    }

    /// A parameter; the first of that name.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| value.as_str())
    }
}

fn unquoted(text: &str) -> String {
    let Some(inner) = text.strip_prefix('"') else {
        return text.to_owned();
    };
    let inner = inner.strip_suffix('"').unwrap_or(inner);
    let mut plain = String::with_capacity(inner.len());
    let mut left = inner.chars().peekable();
    while let Some(c) = left.next() {
        match left.peek() {
            Some(next @ ('"' | '\\')) if c == '\\' => {
                plain.push(*next);
                left.next();
            }
            Some(_) | None => plain.push(c),
        }
    }
    plain
}

/// The members of a field with weights, in their order; one whose weight cannot be read is passed over.
fn weighted(headers: &HeaderMap, name: &HeaderName) -> Vec<(String, Quality)> {
    let read = |member: String| {
        let item = QualityItem::<String>::from_str(member.trim_end_matches([';', ' ', '\t'])).ok()?;
        let value = item.item.split(';').next().unwrap_or_default();
        Some((trimmed(value).to_ascii_lowercase(), item.quality))
    };
    list(headers, name).into_iter().filter_map(read).collect()
}

/// The language asked for, French or English, by weight (RFC 9110 §12.5.4). A language that is named counts before `*`; among
/// equals the first named; French where nothing tells them apart.
#[must_use]
pub(crate) fn language(headers: &HeaderMap) -> Language {
    let ranges = weighted(headers, &ACCEPT_LANGUAGE);
    let primary = |range: &str| range.split('-').next().unwrap_or_default().to_owned();
    let weight = |language: &str| {
        let named = ranges
            .iter()
            .enumerate()
            .filter(|(_, (range, _))| primary(range) == language);
        // The greatest weight, and of those the one that stands first.
        let named = named
            .map(|(place, (_, weight))| (*weight, true, usize::MAX - place))
            .max();
        let other = ranges
            .iter()
            .filter(|(range, _)| range == "*")
            .map(|(_, weight)| *weight);
        named.or_else(|| other.max().map(|weight| (weight, false, 0)))
    };
    let (french, english) = (weight("fr"), weight("en"));
    let none = (Quality::ZERO, false, 0);
    let english_wins =
        english > french.or(Some(none)) && english.is_some_and(|(weight, _, _)| weight > Quality::ZERO);
    if english_wins { Language::En } else { Language::Fr }
}

/// Is a live stream of events asked for, rather than a page of these media types (RFC 9110 §12.5.1)? The one of the two that weighs more;
/// of equals the stream, when it is asked for by its name.
#[must_use]
pub(crate) fn wants_event_stream(headers: &HeaderMap, pages: &[&str]) -> bool {
    prefers(headers, "text/event-stream", pages)
}

/// Is this media type asked for rather than the others, which are answered to whom does not say?
pub(crate) fn prefers(headers: &HeaderMap, wanted: &str, others: &[&str]) -> bool {
    let ranges = weighted(headers, &ACCEPT);
    let weight = |kind: &str| {
        let family = format!("{}/*", kind.split('/').next().unwrap_or_default());
        let how_near = |range: &str| match range {
            "*/*" => Some(1),
            range if range == family => Some(2),
            range if range == kind => Some(3),
            _ => None,
        };
        // The nearest range decides, whatever a wider one weighs.
        let fitting = ranges
            .iter()
            .filter_map(|(range, weight)| Some((how_near(range)?, *weight)));
        fitting
            .max()
            .map_or((Quality::ZERO, 0), |(near, weight)| (weight, near))
    };
    let wanted = weight(wanted);
    let other = others.iter().map(|kind| weight(kind)).max();
    let other = other.unwrap_or((Quality::ZERO, 0));
    wanted.0 > Quality::ZERO && (wanted > other || (wanted == other && wanted.1 == 3))
}

/// The content coding that an answer is to have: `br` or `gzip`, whichever weighs more, and `br` where they weigh the same; none when
/// neither is asked for, or the answer as it is weighs more (RFC 9110 §12.5.3).
#[must_use]
pub(crate) fn content_coding(headers: &HeaderMap) -> Option<ContentEncoding> {
    let codings = weighted(headers, &ACCEPT_ENCODING);
    let of = |names: &[&str]| {
        let named = codings
            .iter()
            .find(|(coding, _)| names.contains(&coding.as_str()));
        named.map(|(_, weight)| *weight)
    };
    let any = of(&["*"]);
    let weight = |names: &[&str]| of(names).or(any).unwrap_or(Quality::ZERO);
    let (brotli, gzip) = (weight(&["br"]), weight(&["gzip", "x-gzip"]));
    let (coding, weight) = match gzip > brotli {
        true => (ContentEncoding::Gzip, gzip),
        false => (ContentEncoding::Brotli, brotli),
    };
    let as_it_is = of(&["identity"]).unwrap_or(Quality::ZERO);
    (weight > Quality::ZERO && weight >= as_it_is).then_some(coding)
}

/// The first content coding of a body that is not taken (RFC 9110 §8.4): every one but `identity`.
#[must_use]
pub(crate) fn is_encoded(headers: &HeaderMap) -> bool {
    let codings = list(headers, &CONTENT_ENCODING);
    codings
        .iter()
        .any(|coding| !coding.eq_ignore_ascii_case("identity"))
}

#[cfg(test)]
mod tests;
