//! Reading a SOAP 1.1 envelope: its encoding, its header blocks, its one operation.
//!
//! What is not XML at all is answered by HTTP 400 without a fault, because its sender is no SOAP node. Everything else
//! that cannot be read, ill-formed XML included, is answered by a Client fault with HTTP 500: WS-I Basic Profile 1.1
//! allows 400 for it (R1113), but several client stacks lose the text of a 400 (soap-interop, 4.2), and a fault that
//! says what is wrong is what their users need.

use crate::tree::{self, Element, ReadTreeError};

const SOAP_11: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const ACTOR_NEXT: &str = "http://schemas.xmlsoap.org/soap/actor/next";
/// Namespace of WS-Security's header block (OASIS, 2004).
pub(crate) const WSSE: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
/// Local name of the protocol's own header block (seed 001, 2.3.1.1).
pub(crate) const OWN_HEADER: &str = "TroubleTicketHeaderRequest";

/// Longest name that a refusal repeats, characters: what a stranger wrote is not copied whole into answers and logs.
pub(crate) const NAME_CHARS_MAX: usize = 80;

/// A stranger's name for something, fit to be repeated.
pub(crate) fn told(name: &str) -> String {
    text::shown(name, NAME_CHARS_MAX)
}

/// Why a body is not a request of this door.
#[derive(Debug, thiserror::Error)]
pub enum ReadEnvelopeError {
    /// The body is no XML at all, or empty.
    #[error("the body is not XML")]
    NotXml,
    /// Neither UTF-8 nor UTF-16.
    #[error("the encoding {0} is not read here, only UTF-8 and UTF-16")]
    Encoding(String),
    /// The document says that it is in an encoding which it is not in.
    #[error("the document declares the encoding {0} and is in another")]
    OtherEncoding(String),
    /// The bytes are not UTF-8.
    #[error("the body is not valid UTF-8")]
    Utf8(#[source] std::str::Utf8Error),
    /// The bytes are not UTF-16.
    #[error("the body is not valid UTF-16")]
    Utf16(#[source] std::char::DecodeUtf16Error),
    /// UTF-16 comes in pairs of bytes.
    #[error("the body is UTF-16 with an odd number of bytes")]
    OddUtf16,
    /// The document cannot be read.
    #[error("the document cannot be read")]
    Tree(#[from] ReadTreeError),
    /// The root is no SOAP envelope.
    #[error("the root element {0} is no SOAP envelope")]
    NotAnEnvelope(String),
    /// A part of the envelope that is there twice, out of place or unknown.
    #[error("the envelope's part {0} is out of place")]
    Part(String),
    /// An envelope of another version of SOAP.
    #[error("the envelope is of another version of SOAP")]
    Version,
    /// A header block that must be understood and is not.
    #[error("the header block {0} is not understood")]
    MustUnderstand(String),
    /// Not exactly one operation in the body.
    #[error("the SOAP body holds {0} elements instead of one")]
    Operations(usize),
}

/// What an envelope holds.
#[derive(Debug)]
pub(crate) struct Envelope {
    pub(crate) header: Vec<Element>,
    /// The one element of the body: the operation.
    pub(crate) operation: Element,
}

/// Reads the body of a POST; `charset` is the parameter of its `Content-Type`.
pub(crate) fn read(body: &[u8], charset: Option<&str>) -> Result<Envelope, ReadEnvelopeError> {
    let text = decode(body, charset)?;
    if !tree::trim(&text).starts_with('<') {
        return Err(ReadEnvelopeError::NotXml);
    }
    let root = tree::read(&text)?;
    check_version(&root)?;
    let mut header = None;
    let mut body = None;
    for part in root.children {
        if part.namespace != root.namespace {
            continue;
        }
        match part.name.as_str() {
            "Header" if header.is_none() && body.is_none() => header = Some(part.children),
            "Body" if body.is_none() => body = Some(part.children),
            _ => return Err(ReadEnvelopeError::Part(told(&part.name))),
        }
    }
    let header = header.unwrap_or_default();
    check_understood(&header)?;
    let mut operations = body.unwrap_or_default();
    match (operations.pop(), operations.len()) {
        (Some(operation), 0) => Ok(Envelope { header, operation }),
        (_, others) => Err(ReadEnvelopeError::Operations(if others == 0 {
            0
        } else {
            others + 1
        })),
    }
}

fn check_version(root: &Element) -> Result<(), ReadEnvelopeError> {
    if root.name != "Envelope" {
        return Err(ReadEnvelopeError::NotAnEnvelope(told(&root.name)));
    }
    // SOAP 1.1, 4.1.2: any other namespace is another version; 1.2 is only the best known of them.
    if root.namespace == SOAP_11 {
        Ok(())
    } else {
        Err(ReadEnvelopeError::Version)
    }
}

/// Whether a header block is meant for the node that reads it first or last, and this door is both (SOAP 1.1, 4.2.2).
pub(crate) fn is_for_us(block: &Element) -> bool {
    matches!(
        block.attribute(SOAP_11, "actor").map(tree::trim),
        None | Some("") | Some(ACTOR_NEXT)
    )
}

/// Refuses the first block that is meant for us, must be understood and is not (SOAP 1.1, 4.2.3).
fn check_understood(header: &[Element]) -> Result<(), ReadEnvelopeError> {
    for block in header {
        let must = matches!(
            block.attribute(SOAP_11, "mustUnderstand").map(tree::trim),
            Some("1" | "true")
        );
        let known = block.name == OWN_HEADER || (block.name == "Security" && block.namespace == WSSE);
        if must && is_for_us(block) && !known {
            return Err(ReadEnvelopeError::MustUnderstand(told(&block.name)));
        }
    }
    Ok(())
}

/// The encodings that SOAP nodes must read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Utf16BigEndian,
    Utf16LittleEndian,
}

/// Turns bytes into text. A byte order mark wins, then the `charset` of HTTP, then the first bytes, then the XML
/// declaration: the order of RFC 7303.
fn decode(body: &[u8], charset: Option<&str>) -> Result<String, ReadEnvelopeError> {
    let (encoding, rest) = if let Some(rest) = body.strip_prefix(b"\xEF\xBB\xBF") {
        (Encoding::Utf8, rest)
    } else if let Some(rest) = body.strip_prefix(b"\xFF\xFE") {
        (Encoding::Utf16LittleEndian, rest)
    } else if let Some(rest) = body.strip_prefix(b"\xFE\xFF") {
        (Encoding::Utf16BigEndian, rest)
    } else {
        (named(charset, body)?, body)
    };
    match encoding {
        Encoding::Utf16BigEndian => utf_16(rest, u16::from_be_bytes),
        Encoding::Utf16LittleEndian => utf_16(rest, u16::from_le_bytes),
        Encoding::Utf8 => {
            let text = match std::str::from_utf8(rest) {
                Ok(text) => text,
                Err(_) if !looks_like_xml(rest) => return Err(ReadEnvelopeError::NotXml),
                Err(error) => {
                    declared(&String::from_utf8_lossy(rest), charset)?;
                    return Err(ReadEnvelopeError::Utf8(error));
                }
            };
            declared(text, charset)?;
            Ok(text.to_owned())
        }
    }
}

fn looks_like_xml(body: &[u8]) -> bool {
    body.trim_ascii_start().first() == Some(&b'<')
}

fn named(charset: Option<&str>, body: &[u8]) -> Result<Encoding, ReadEnvelopeError> {
    let name = charset.map(|name| name.trim().trim_matches(['"', '\'']).to_ascii_lowercase());
    match name.as_deref() {
        Some("utf-8" | "utf8" | "us-ascii" | "ascii") => Ok(Encoding::Utf8),
        Some("utf-16le") => Ok(Encoding::Utf16LittleEndian),
        Some("utf-16be") => Ok(Encoding::Utf16BigEndian),
        Some("utf-16") => Ok(if body.starts_with(b"<\0") {
            Encoding::Utf16LittleEndian
        } else {
            Encoding::Utf16BigEndian
        }),
        Some(other) => Err(ReadEnvelopeError::Encoding(told(other))),
        None if body.starts_with(b"<\0") => Ok(Encoding::Utf16LittleEndian),
        None if body.starts_with(b"\0<") => Ok(Encoding::Utf16BigEndian),
        None => Ok(Encoding::Utf8),
    }
}

/// Refuses a document that declares an encoding we do not read, unless HTTP named one that we do.
fn declared(text: &str, charset: Option<&str>) -> Result<(), ReadEnvelopeError> {
    let Some(declaration) = text.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>")) else {
        return Ok(());
    };
    if charset.is_some() {
        return Ok(());
    }
    // What is no name of an encoding makes the declaration ill-formed, which is told when it is read.
    let name = declaration
        .0
        .split_once("encoding")
        .and_then(|(_, rest)| rest.split(['"', '\'']).nth(1))
        .filter(|name| tree::is_encoding(name))
        .unwrap_or("utf-8")
        .to_ascii_lowercase();
    match name.as_str() {
        "utf-8" | "utf8" | "us-ascii" | "ascii" => Ok(()),
        "utf-16" | "utf-16le" | "utf-16be" => Err(ReadEnvelopeError::OtherEncoding(told(&name))),
        _ => Err(ReadEnvelopeError::Encoding(told(&name))),
    }
}

fn utf_16(body: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, ReadEnvelopeError> {
    let (units, odd) = body.as_chunks::<2>();
    if !odd.is_empty() {
        return Err(ReadEnvelopeError::OddUtf16);
    }
    char::decode_utf16(units.iter().map(|bytes| unit(*bytes)))
        .collect::<Result<String, _>>()
        .map_err(ReadEnvelopeError::Utf16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(header: &str, body: &str) -> String {
        format!(
            "<s:Envelope xmlns:s='{SOAP_11}' xmlns:v='urn:v'><s:Header>{header}</s:Header>\
             <s:Body>{body}</s:Body></s:Envelope>"
        )
    }

    fn refusal(text: &str) -> String {
        read(text.as_bytes(), None).unwrap_err().to_string()
    }

    #[test]
    fn an_envelope_is_read_whatever_its_encoding() {
        let text = envelope("", "<v:op><v:a>été</v:a></v:op>");
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let marked = [b"\xEF\xBB\xBF".as_slice(), text.as_bytes()].concat();
        let big_marked = [b"\xFE\xFF".as_slice(), &big].concat();
        for (body, charset) in [
            (text.as_bytes(), None),
            (text.as_bytes(), Some("\"UTF-8\"")),
            (marked.as_slice(), None),
            (little.as_slice(), None),
            (little.as_slice(), Some("utf-16")),
            (big.as_slice(), Some("UTF-16BE")),
            (big_marked.as_slice(), Some("utf-16")),
        ] {
            let read = read(body, charset).unwrap();
            assert_eq!(read.operation.name, "op");
            assert_eq!(read.operation.children[0].text, "été", "{charset:?}");
        }
    }

    #[test]
    fn another_encoding_is_named_in_the_refusal() {
        let body = "<?xml version='1.0' encoding='ISO-8859-1'?><a>\u{e9}</a>";
        assert_eq!(
            refusal(body),
            "the encoding iso-8859-1 is not read here, only UTF-8 and UTF-16"
        );
        let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xE9</a>";
        assert!(matches!(read(latin, None), Err(ReadEnvelopeError::Encoding(name)) if name == "iso-8859-1"));
        for declared in ["UTF-16", "utf-16LE"] {
            let body = format!("<?xml version='1.0' encoding='{declared}'?><a/>");
            let told = format!(
                "the document declares the encoding {} and is in another",
                declared.to_lowercase()
            );
            assert_eq!(refusal(&body), told);
        }
        assert!(matches!(
            read(b"<a/>", Some("koi8-r")),
            Err(ReadEnvelopeError::Encoding(_))
        ));
        assert!(matches!(
            read(b"<a>\xE9</a>", Some("utf-8")),
            Err(ReadEnvelopeError::Utf8(_))
        ));
    }

    #[test]
    fn what_is_no_xml_at_all_is_told_from_ill_formed_xml() {
        for body in [b"".as_slice(), b"{\"json\": true}", b"a=b", b"\x80\x81"] {
            assert!(
                matches!(read(body, None), Err(ReadEnvelopeError::NotXml)),
                "{body:?}"
            );
        }
        assert!(matches!(
            read(b"<a><b></a>", None),
            Err(ReadEnvelopeError::Tree(_))
        ));
    }

    #[test]
    fn an_envelope_of_another_version_is_a_version_mismatch() {
        let soap_12 = envelope("", "<v:op/>").replace(SOAP_11, "http://www.w3.org/2003/05/soap-envelope");
        assert!(matches!(
            read(soap_12.as_bytes(), None),
            Err(ReadEnvelopeError::Version)
        ));
        assert!(matches!(
            read(b"<Envelope/>", None),
            Err(ReadEnvelopeError::Version)
        ));
        assert!(
            matches!(read(b"<html/>", None), Err(ReadEnvelopeError::NotAnEnvelope(name)) if name == "html")
        );
    }

    #[test]
    fn a_block_that_must_be_understood_is_refused_unless_it_is_known_or_for_another() {
        let unknown = "<v:Route s:mustUnderstand='1'/>";
        assert_eq!(
            refusal(&envelope(unknown, "<v:op/>")),
            "the header block Route is not understood"
        );
        let next = format!("<v:Route s:mustUnderstand='1' s:actor='{ACTOR_NEXT}'/>");
        assert_eq!(
            refusal(&envelope(&next, "<v:op/>")),
            "the header block Route is not understood"
        );
        for known in [
            "<v:TroubleTicketHeaderRequest s:mustUnderstand='1'/>".to_owned(),
            format!("<w:Security xmlns:w='{WSSE}' s:mustUnderstand='1'/>"),
            "<v:Route s:mustUnderstand='0'/>".to_owned(),
            "<v:Route/>".to_owned(),
            "<v:Route s:mustUnderstand='1' s:actor='urn:somebody-else'/>".to_owned(),
        ] {
            assert!(
                read(envelope(&known, "<v:op/>").as_bytes(), None).is_ok(),
                "{known}"
            );
        }
    }

    /// Fault P11: a stranger's name is cut wherever a refusal repeats it.
    #[test]
    fn no_name_comes_back_whole() {
        let long = "x".repeat(NAME_CHARS_MAX + 1);
        let cut = format!("{}…", "x".repeat(NAME_CHARS_MAX));
        let must = format!("<v:{long} s:mustUnderstand='1'/>");
        let twice = format!("<s:Envelope xmlns:s='{SOAP_11}'><s:{long}/><s:Body><op/></s:Body></s:Envelope>");
        for text in [
            format!("<{long}/>"),
            envelope(&must, "<v:op/>"),
            twice,
            format!("<?xml version='1.0' encoding='{long}'?><a/>"),
        ] {
            let told = refusal(&text);
            assert!(told.contains(&cut) && !told.contains(&long), "{told}");
        }
        let charset = read(b"<a/>", Some(&long)).unwrap_err().to_string();
        assert!(charset.contains(&cut) && !charset.contains(&long), "{charset}");
    }

    #[test]
    fn a_body_holds_exactly_one_operation() {
        assert_eq!(
            refusal(&envelope("", "")),
            "the SOAP body holds 0 elements instead of one"
        );
        assert_eq!(
            refusal(&envelope("", "<v:a/><v:b/>")),
            "the SOAP body holds 2 elements instead of one"
        );
        let without_header = format!("<s:Envelope xmlns:s='{SOAP_11}'><s:Body><op/></s:Body></s:Envelope>");
        assert_eq!(
            read(without_header.as_bytes(), None).unwrap().operation.name,
            "op"
        );
    }
}
