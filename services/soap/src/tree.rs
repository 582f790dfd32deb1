//! A small tree of XML elements, read by hand so that order, prefixes and wrappers of the many SOAP stacks do not
//! matter, and within limits so that nobody can make it large.

use quick_xml::{NsReader, XmlVersion, events::BytesStart, events::Event, name::ResolveResult};

/// Deepest nesting of elements; a request of the protocol needs 5.
pub const DEPTH_MAX: usize = 16;
/// Most elements in one document; a request of the protocol needs about 60.
pub const ELEMENTS_MAX: usize = 1_000;
/// Most attributes on one element, namespace declarations included.
pub const ATTRIBUTES_MAX: usize = 64;
/// Most namespace declarations in scope at once.
pub const NAMESPACES_MAX: usize = 128;

/// Why a text is not an XML document that this door reads.
#[derive(Debug, thiserror::Error)]
pub enum ReadTreeError {
    /// Not well-formed, or with namespaces that do not hold together.
    #[error("the document is not well-formed XML")]
    Malformed(#[from] quick_xml::Error),
    /// An attribute that cannot be read.
    #[error("an attribute is not well-formed")]
    Attribute(#[from] quick_xml::events::attributes::AttrError),
    /// Well-formed parts that do not make one document.
    #[error("{0}")]
    NotADocument(&'static str),
    /// Something that SOAP forbids in an envelope (WS-I Basic Profile 1.1, R1008 and R1009).
    #[error("{0} is not allowed in a SOAP envelope")]
    Forbidden(&'static str),
    /// More of something than a request of this protocol can need.
    #[error("the document holds more than {max} {what}")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        max: usize,
    },
}

/// One element with its namespace resolved. Text of an element that also has children is kept and never used.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Element {
    /// Namespace name, empty for none.
    pub(crate) namespace: String,
    /// Local name.
    pub(crate) name: String,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) text: String,
    pub(crate) children: Vec<Element>,
}

/// One attribute with its namespace resolved; declarations of namespaces are not attributes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Attribute {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) value: String,
}

impl Element {
    /// The first child of that local name, in any namespace.
    pub(crate) fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The value of an attribute.
    pub(crate) fn attribute(&self, namespace: &str, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|attribute| attribute.name == name && attribute.namespace == namespace)
            .map(|attribute| attribute.value.as_str())
    }
}

/// Reads one document.
pub(crate) fn read(text: &str) -> Result<Element, ReadTreeError> {
    let mut reader = NsReader::from_str(text);
    reader.config_mut().check_comments = true;
    reader.resolver_mut().set_max_namespace_bindings(NAMESPACES_MAX);
    let mut builder = Builder::default();
    let mut first = true;
    loop {
        let event = reader.read_event()?;
        match &event {
            Event::Start(start) => {
                let element = open(&reader, start)?;
                builder.push(element)?;
            }
            Event::Empty(start) => {
                let element = open(&reader, start)?;
                builder.push(element)?;
                builder.pop()?;
            }
            Event::End(_) => builder.pop()?,
            Event::Text(text) => builder.text(&text.xml10_content())?,
            Event::CData(text) => builder.text(&text.xml10_content())?,
            Event::GeneralRef(reference) => builder.text(&resolve(reference)?)?,
            Event::Comment(_) => {}
            Event::Decl(_) if first => {}
            Event::Decl(_) => {
                return Err(ReadTreeError::NotADocument(
                    "the XML declaration is not at the start",
                ));
            }
            Event::PI(_) => return Err(ReadTreeError::Forbidden("a processing instruction")),
            Event::DocType(_) => return Err(ReadTreeError::Forbidden("a DOCTYPE")),
            Event::Eof => return builder.finish(),
        }
        first = false;
    }
}

/// The start of an element: names resolved, attributes counted before they are compared with each other.
fn open(reader: &NsReader<&[u8]>, start: &BytesStart<'_>) -> Result<Element, ReadTreeError> {
    let (namespace, name) = reader.resolver().resolve_element(start.name());
    let mut element = Element {
        namespace: bound(namespace)?,
        name: name.as_ref().to_owned(),
        ..Element::default()
    };
    for (index, attribute) in start.attributes().enumerate() {
        if index >= ATTRIBUTES_MAX {
            return Err(ReadTreeError::TooMany {
                what: "attributes on one element",
                max: ATTRIBUTES_MAX,
            });
        }
        let attribute = attribute?;
        if attribute.key.as_namespace_binding().is_some() {
            continue;
        }
        let (namespace, name) = reader.resolver().resolve_attribute(attribute.key);
        let value = attribute.normalized_value(XmlVersion::Implicit1_0)?.into_owned();
        check_characters(&value)?;
        element.attributes.push(Attribute {
            namespace: bound(namespace)?,
            name: name.as_ref().to_owned(),
            value,
        });
    }
    Ok(element)
}

fn bound(namespace: ResolveResult<'_>) -> Result<String, ReadTreeError> {
    match namespace {
        ResolveResult::Bound(namespace) => Ok(namespace.as_ref().to_owned()),
        ResolveResult::Unbound => Ok(String::new()),
        ResolveResult::Unknown(_) => Err(ReadTreeError::NotADocument("a namespace prefix is not declared")),
    }
}

fn resolve(reference: &quick_xml::events::BytesRef<'_>) -> Result<String, ReadTreeError> {
    if let Some(character) = reference.resolve_char_ref()? {
        return Ok(character.to_string());
    }
    quick_xml::escape::resolve_predefined_entity(reference)
        .map(str::to_owned)
        .ok_or(ReadTreeError::NotADocument("an entity is not declared"))
}

/// Whether XML 1.0 can hold the character (production 2).
pub(crate) fn is_xml_character(character: char) -> bool {
    matches!(character,
        '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..='\u{10FFFF}')
}

fn check_characters(text: &str) -> Result<(), ReadTreeError> {
    if text.chars().all(is_xml_character) {
        Ok(())
    } else {
        Err(ReadTreeError::NotADocument("a character is not allowed in XML"))
    }
}

/// The elements that are open, outermost first, and the document's root once it is closed.
#[derive(Default)]
struct Builder {
    open: Vec<Element>,
    root: Option<Element>,
    elements: usize,
}

impl Builder {
    fn push(&mut self, element: Element) -> Result<(), ReadTreeError> {
        if self.root.is_some() {
            return Err(ReadTreeError::NotADocument("the document has more than one root"));
        }
        self.elements += 1;
        if self.elements > ELEMENTS_MAX {
            return Err(ReadTreeError::TooMany {
                what: "elements",
                max: ELEMENTS_MAX,
            });
        }
        if self.open.len() >= DEPTH_MAX {
            return Err(ReadTreeError::TooMany {
                what: "levels of elements",
                max: DEPTH_MAX,
            });
        }
        self.open.push(element);
        Ok(())
    }

    fn pop(&mut self) -> Result<(), ReadTreeError> {
        let closed = self
            .open
            .pop()
            .ok_or(ReadTreeError::NotADocument("an end tag has no start tag"))?;
        match self.open.last_mut() {
            Some(parent) => parent.children.push(closed),
            None => self.root = Some(closed),
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), ReadTreeError> {
        check_characters(text)?;
        match self.open.last_mut() {
            Some(element) => element.text.push_str(text),
            None if text.trim().is_empty() => {}
            None => {
                return Err(ReadTreeError::NotADocument(
                    "there is text outside the root element",
                ));
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<Element, ReadTreeError> {
        if !self.open.is_empty() {
            return Err(ReadTreeError::NotADocument("an element is not closed"));
        }
        self.root
            .ok_or(ReadTreeError::NotADocument("there is no root element"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> String {
        read(text).unwrap_err().to_string()
    }

    #[test]
    fn prefixes_are_resolved_and_entities_and_cdata_are_read_as_one_text() {
        let root =
            read("<a:r xmlns:a='urn:a' a:x='1'><b>caf&#xE9; &amp;<![CDATA[ <th&é>]]></b></a:r>").unwrap();
        assert_eq!((root.namespace.as_str(), root.name.as_str()), ("urn:a", "r"));
        assert_eq!(root.attribute("urn:a", "x"), Some("1"));
        let child = root.child("b").unwrap();
        assert_eq!(
            (child.namespace.as_str(), child.text.as_str()),
            ("", "café & <th&é>")
        );
    }

    #[test]
    fn a_doctype_a_processing_instruction_and_an_undeclared_entity_are_refused() {
        assert_eq!(
            message("<!DOCTYPE r><r/>"),
            "a DOCTYPE is not allowed in a SOAP envelope"
        );
        assert_eq!(
            message("<r><?php x?></r>"),
            "a processing instruction is not allowed in a SOAP envelope"
        );
        assert_eq!(message("<r>&boom;</r>"), "an entity is not declared");
    }

    #[test]
    fn unclosed_doubled_and_undeclared_documents_are_refused() {
        assert_eq!(message("<r><a></r>"), "the document is not well-formed XML");
        assert_eq!(message("<r>"), "an element is not closed");
        assert_eq!(message("<r/><r/>"), "the document has more than one root");
        assert_eq!(message("<r/>tail"), "there is text outside the root element");
        assert_eq!(message("<x:r/>"), "a namespace prefix is not declared");
        assert_eq!(message("<r>&#1;</r>"), "a character is not allowed in XML");
        assert_eq!(message("<r a='1' a='2'/>"), "an attribute is not well-formed");
        assert_eq!(message("  "), "there is no root element");
    }

    #[test]
    fn depth_elements_attributes_and_namespaces_are_counted() {
        let deep = format!("{}{}", "<a>".repeat(DEPTH_MAX), "</a>".repeat(DEPTH_MAX));
        assert!(read(&deep).is_ok());
        let deeper = format!("<a>{deep}</a>");
        assert_eq!(
            message(&deeper),
            "the document holds more than 16 levels of elements"
        );
        assert!(read(&format!("<r>{}</r>", "<a/>".repeat(ELEMENTS_MAX - 1))).is_ok());
        assert_eq!(
            message(&format!("<r>{}</r>", "<a/>".repeat(ELEMENTS_MAX))),
            "the document holds more than 1000 elements"
        );
        let attributes = |count: usize| (0..count).map(|i| format!(" a{i}=''")).collect::<String>();
        assert!(read(&format!("<r{}/>", attributes(ATTRIBUTES_MAX))).is_ok());
        assert_eq!(
            message(&format!("<r{}/>", attributes(ATTRIBUTES_MAX + 1))),
            "the document holds more than 64 attributes on one element"
        );
        let spaces = (0..=NAMESPACES_MAX)
            .map(|i| format!(" xmlns:n{i}='urn:n'"))
            .collect::<String>();
        assert_eq!(
            message(&format!("<r{spaces}/>")),
            "the document is not well-formed XML"
        );
    }
}
