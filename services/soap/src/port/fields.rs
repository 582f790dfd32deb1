//! The header fields of a call, as RFC 9110 writes them: the lines of a list field are one list, and a field that is no list
//! stands once.

use actix_web::http::{
    StatusCode,
    header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName},
};
use std::net::Ipv6Addr;

/// Longest name of a host, and longest part of one (RFC 1035, 2.3.4).
const HOST_BYTES_MAX: usize = 253;
const LABEL_BYTES_MAX: usize = 63;

/// What the fields of a call say.
pub(super) struct Asked<'h> {
    /// The parameter of `Content-Type`.
    pub(super) charset: Option<String>,
    pub(super) authorization: Option<&'h str>,
}

/// Reads the fields; the status and text of the refusal when this is no call of this door.
pub(super) fn asked(headers: &HeaderMap) -> Result<Asked<'_>, (StatusCode, &'static str)> {
    let unsupported = |text| (StatusCode::UNSUPPORTED_MEDIA_TYPE, text);
    let content_type =
        only(headers, &CONTENT_TYPE).map_err(|_twice| unsupported("Content-Type stands once, in ASCII\n"))?;
    let (media_type, charset) = media_type(content_type.unwrap_or(""));
    if media_type != "text/xml" || is_coded(headers) {
        return Err(unsupported("text/xml without content coding is accepted here\n"));
    }
    let authorization = only(headers, &AUTHORIZATION)
        .map_err(|_twice| (StatusCode::BAD_REQUEST, "Authorization stands once, in ASCII\n"))?;
    Ok(Asked {
        charset,
        authorization,
    })
}

/// A field that cannot be read as one.
struct NotOne;

/// The value of a field that is no list (RFC 9110, 5.3).
fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<Option<&'h str>, NotOne> {
    let mut lines = headers.get_all(name);
    match (lines.next(), lines.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_not_ascii| NotOne),
        (Some(_), Some(_)) => Err(NotOne),
    }
}

/// Whether the body is coded: the members of all lines count, but for empty ones (RFC 9110, 5.6.1 and 8.4).
fn is_coded(headers: &HeaderMap) -> bool {
    headers.get_all(CONTENT_ENCODING).any(|line| {
        line.as_bytes().split(|byte| *byte == b',').any(|member| {
            let member = member.trim_ascii();
            !member.is_empty() && !member.eq_ignore_ascii_case(b"identity")
        })
    })
}

/// Whether a text can be a `Host` (RFC 9110, 7.2): a name or an address, and a port.
pub(super) fn is_host(text: &str) -> bool {
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, port),
        Some(_) | None => (text, ""),
    };
    let has_port = port.is_empty()
        || (port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0));
    let address = name.strip_prefix('[').and_then(|inside| inside.strip_suffix(']'));
    let is_label = |label: &str| {
        (1..=LABEL_BYTES_MAX).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    let is_name = match address {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => {
            name.len() <= HOST_BYTES_MAX && name.strip_suffix('.').unwrap_or(name).split('.').all(is_label)
        }
    };
    has_port && is_name
}

/// The media type in lower case, and its `charset`. Blanks around `=` are forgiven.
fn media_type(content_type: &str) -> (String, Option<String>) {
    let mut parts = parts_of(content_type).into_iter();
    let media_type = parts.next().unwrap_or_default().to_ascii_lowercase();
    let charset = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("charset")
            .then(|| unquoted(value.trim()))
    });
    // One that names nothing says nothing.
    (media_type, charset.filter(|charset| !charset.trim().is_empty()))
}

/// The parts between semicolons. A quoted string is one value, whatever it holds (RFC 9110, 5.6.4).
fn parts_of(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let (mut quoted, mut escaped) = (false, false);
    for character in text.chars() {
        match character {
            ';' if !quoted => {
                parts.push(String::new());
                continue;
            }
            '"' if !escaped => quoted = !quoted,
            _ => {}
        }
        escaped = quoted && character == '\\' && !escaped;
        if let Some(part) = parts.last_mut() {
            part.push(character);
        }
    }
    parts.iter().map(|part| part.trim().to_owned()).collect()
}

/// A token as it is, a quoted string without its quotes and escapes.
fn unquoted(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"') else {
        return value.to_owned();
    };
    let mut text = String::new();
    let mut characters = inner.strip_suffix('"').unwrap_or(inner).chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => text.extend(characters.next()),
            other => text.push(other),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;

    #[test]
    fn a_media_type_is_read_without_its_parameters_and_case() {
        assert_eq!(
            media_type("Text/XML; action=\"x\"; CharSet=\"UTF-8\""),
            ("text/xml".into(), Some("UTF-8".into()))
        );
        assert_eq!(
            media_type("application/soap+xml"),
            ("application/soap+xml".into(), None)
        );
        assert_eq!(media_type(""), (String::new(), None));
    }

    /// Fault B27: a quoted string is one value.
    #[test]
    fn a_charset_inside_a_quoted_string_is_none() {
        for (content_type, charset) in [
            ("text/xml; action=\"a;charset=x\"; charset=utf-8", Some("utf-8")),
            ("text/xml; action=\"a;charset=x\"", None),
            (
                "text/xml; action=\"a\\\";charset=x\"; charset=\"utf\\-8\"",
                Some("utf-8"),
            ),
            ("text/xml; action=\"a\\\\\"; charset=utf-16", Some("utf-16")),
            ("text/xml;charset=utf-8;", Some("utf-8")),
            ("text/xml; charset = utf-8", Some("utf-8")),
            ("text/xml; charset=utf-8; charset=x", Some("utf-8")),
            ("text/xml; xcharset=x", None),
            ("text/xml; charset=", None),
            ("text/xml; charset=\" \"", None),
            ("text/xml; action=\"never closed;charset=x", None),
        ] {
            let read = media_type(content_type);
            assert_eq!(
                read,
                ("text/xml".to_owned(), charset.map(str::to_owned)),
                "{content_type}"
            );
        }
    }

    /// What comes of the fields: the charset, or the status.
    fn read(lines: &[(HeaderName, &[u8])]) -> Result<Option<String>, u16> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name.clone(), HeaderValue::from_bytes(value).unwrap());
        }
        asked(&headers)
            .map(|asked| asked.charset)
            .map_err(|(status, _)| status.as_u16())
    }

    /// Fault B5: the lines of a field are read as one.
    #[test]
    fn codings_on_many_lines_are_one_list() {
        let coded = |lines: &[&[u8]]| {
            let mut all: Vec<(HeaderName, &[u8])> = vec![(CONTENT_TYPE, b"text/xml; charset=utf-8")];
            all.extend(lines.iter().map(|line| (CONTENT_ENCODING, *line)));
            read(&all)
        };
        let plain = Ok(Some("utf-8".to_owned()));
        let none: &[&[u8]] = &[];
        for lines in [
            none,
            &[b"".as_slice()],
            &[b"identity"],
            &[b" Identity ,\tidentity,, "],
            &[b"identity", b"", b"identity"],
        ] {
            assert_eq!(coded(lines), plain, "{lines:?}");
        }
        for lines in [
            [b"gzip".as_slice()].as_slice(),
            &[b"identity", b"gzip"],
            &[b"gzip", b"identity"],
            &[b"identity, gzip"],
            &[b"gz\xefp"],
            &[b"identity\xa0"],
            &[b"identity;q=1"],
        ] {
            assert_eq!(coded(lines), Err(415), "{lines:?}");
        }
    }

    #[test]
    fn what_is_no_list_stands_once_and_in_ascii() {
        let xml = (CONTENT_TYPE, b"text/xml".as_slice());
        assert_eq!(read(std::slice::from_ref(&xml)), Ok(None));
        for lines in [
            [].as_slice(),
            &[xml.clone(), xml.clone()],
            &[xml.clone(), (CONTENT_TYPE, b"application/json")],
            &[(CONTENT_TYPE, b"text/xml; action=\xc3\xa9")],
        ] {
            assert_eq!(read(lines), Err(415), "{lines:?}");
        }
        let basic = (AUTHORIZATION, b"Basic b2M6cHc=".as_slice());
        assert_eq!(read(&[xml.clone(), basic.clone()]), Ok(None));
        assert_eq!(read(&[xml.clone(), basic.clone(), basic]), Err(400));
        assert_eq!(read(&[xml, (AUTHORIZATION, b"Basic \xe9")]), Err(400));
    }
}
