//! What XML 1.0 and its namespaces ask of names, attributes and the declaration, beyond what the reader looks at.

use super::Misfit;

/// White space (XML 1.0, production 3).
const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

/// Whether a text is a name with at most one prefix (Namespaces in XML 1.0, productions 4 and 7 to 11).
pub(super) fn is_qualified_name(text: &str) -> bool {
    match text.split_once(':') {
        Some((prefix, local)) => is_plain_name(prefix) && is_plain_name(local),
        None => is_plain_name(text),
    }
}

/// A name without a colon.
fn is_plain_name(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(starts_name) && characters.all(|c| starts_name(c) || continues_name(c))
}

/// XML 1.0, fifth edition, production 4, without the colon.
fn starts_name(c: char) -> bool {
    matches!(c,
        'A'..='Z' | '_' | 'a'..='z' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}'
        | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}'
        | '\u{10000}'..='\u{EFFFF}')
}

/// What production 4a has beyond production 4.
fn continues_name(c: char) -> bool {
    matches!(c, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

/// The attributes of a start tag, from behind its name: each is parted from what stands before it, has a name and a quoted value
/// without `<`, and no prefix is bound to nothing (Namespaces in XML 1.0, 2.2).
pub(super) fn check_attributes(raw: &str) -> Result<(), Misfit> {
    for pair in Pairs(raw) {
        let (name, value) = pair.ok_or(Misfit::Attributes)?;
        if !is_qualified_name(name) {
            return Err(Misfit::Name);
        }
        if value.contains('<') {
            return Err(Misfit::LessThan);
        }
        if value.is_empty() && name.starts_with("xmlns:") {
            return Err(Misfit::Prefix);
        }
    }
    Ok(())
}

/// The XML declaration, from behind `<?xml` to before `?>` (XML 1.0, productions 23 to 32 and 80). Version 1.1 is another language.
pub(super) fn check_declaration(raw: &str) -> Result<(), Misfit> {
    let pairs: Option<Vec<(&str, &str)>> = Pairs(raw).collect();
    let pairs = pairs.ok_or(Misfit::Declaration)?;
    let (version, others) = match pairs.split_first() {
        Some((("version", version), others)) => (*version, others),
        Some(_) | None => return Err(Misfit::Declaration),
    };
    let has_order = match others {
        [] => true,
        [("encoding", name)] => is_encoding(name),
        [("standalone", word)] => is_yes_or_no(word),
        [("encoding", name), ("standalone", word)] => is_encoding(name) && is_yes_or_no(word),
        _other => false,
    };
    if !has_order {
        return Err(Misfit::Declaration);
    }
    if version == "1.0" {
        Ok(())
    } else {
        Err(Misfit::Version)
    }
}

/// Whether a text can be the name of an encoding (XML 1.0, production 81).
pub(crate) fn is_encoding(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

fn is_yes_or_no(text: &str) -> bool {
    matches!(text, "yes" | "no")
}

/// Names and quoted values, each after white space; `None` once for what is something else.
struct Pairs<'t>(&'t str);

impl<'t> Iterator for Pairs<'t> {
    type Item = Option<(&'t str, &'t str)>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.0.trim_start_matches(BLANKS);
        if rest.is_empty() {
            return None;
        }
        let pair = if rest.len() < self.0.len() {
            pair(rest)
        } else {
            None
        };
        self.0 = pair.map_or("", |(_, rest)| rest);
        Some(pair.map(|(pair, _)| pair))
    }
}

/// The pair that a text begins with, and what follows it.
fn pair(text: &str) -> Option<((&str, &str), &str)> {
    let (name, rest) = text.split_once('=')?;
    let rest = rest.trim_start_matches(BLANKS);
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (value, rest) = rest[1..].split_once(quote)?;
    Some(((name.trim_end_matches(BLANKS), value), rest))
}
