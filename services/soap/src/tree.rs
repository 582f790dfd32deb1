//! A small tree of XML elements, read by hand so that order, prefixes and wrappers of the many SOAP stacks do not
//! matter, and within limits so that nobody can make it large.

mod form;

use quick_xml::{NsReader, XmlVersion, events::BytesStart, events::Event, name::ResolveResult};

pub(crate) use form::is_encoding;

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
    #[error("{}", .0.words().0)]
    NotADocument(Misfit),
    /// Something that SOAP forbids in an envelope (WS-I Basic Profile 1.1, R1008 and R1009).
    #[error("{} is not allowed in a SOAP envelope", .0.words().0)]
    Forbidden(Forbidden),
    /// More of something than a request of this protocol can need.
    #[error("the document holds more than {max} {}", .what.words().0)]
    TooMany {
        /// What there is too much of.
        what: Counted,
        /// The limit.
        max: usize,
    },
}

/// Why well-formed parts do not make one document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misfit {
    /// The XML declaration is not at the start.
    LateDeclaration,
    /// The XML declaration has another form.
    Declaration,
    /// A version other than 1.0 is declared.
    Version,
    /// A name that XML or its namespaces do not have.
    Name,
    /// Attributes that are none, or not parted.
    Attributes,
    /// `<` in the value of an attribute.
    LessThan,
    /// Two attributes of one name in one namespace.
    AttributeTwice,
    /// `]]>` in text.
    SectionEnd,
    /// A namespace prefix is not declared.
    Prefix,
    /// An entity is not declared.
    Entity,
    /// A character that XML 1.0 does not have.
    Character,
    /// A second root.
    SecondRoot,
    /// An end tag without a start tag.
    EndTag,
    /// Text outside the root element.
    TextOutside,
    /// An element that is not closed.
    Unclosed,
    /// No root element.
    NoRoot,
}

/// What SOAP forbids in an envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forbidden {
    /// `<?…?>`
    ProcessingInstruction,
    /// `<!DOCTYPE …>`
    DocType,
}

/// What is counted in a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Attributes on one element.
    Attributes,
    /// Elements.
    Elements,
    /// Elements inside each other.
    Levels,
}

impl Misfit {
    /// In English for the log, in French for the caller.
    pub(crate) const fn words(self) -> (&'static str, &'static str) {
        match self {
            Misfit::LateDeclaration => (
                "the XML declaration is not at the start",
                "la déclaration XML n'est pas au début",
            ),
            Misfit::Declaration => (
                "the XML declaration is not well-formed",
                "la déclaration XML est mal formée",
            ),
            Misfit::Version => (
                "only version 1.0 of XML is read",
                "seule la version 1.0 de XML est acceptée",
            ),
            Misfit::Name => ("a name is not one of XML", "un nom est interdit en XML"),
            Misfit::Attributes => (
                "the attributes of an element are not well-formed",
                "les attributs d'un élément sont mal formés",
            ),
            Misfit::LessThan => (
                "the value of an attribute holds <",
                "la valeur d'un attribut contient <",
            ),
            Misfit::AttributeTwice => (
                "an element has the same attribute twice",
                "un élément a deux fois le même attribut",
            ),
            Misfit::SectionEnd => ("]]> stands in a text", "un texte contient ]]>"),
            Misfit::Prefix => (
                "a namespace prefix is not declared",
                "un préfixe n'est pas déclaré",
            ),
            Misfit::Entity => ("an entity is not declared", "une entité n'est pas déclarée"),
            Misfit::Character => (
                "a character is not allowed in XML",
                "un caractère est interdit en XML",
            ),
            Misfit::SecondRoot => (
                "the document has more than one root",
                "le document a plus d'une racine",
            ),
            Misfit::EndTag => (
                "an end tag has no start tag",
                "une balise de fin n'a pas de balise de début",
            ),
            Misfit::TextOutside => (
                "there is text outside the root element",
                "il y a du texte hors de l'élément racine",
            ),
            Misfit::Unclosed => ("an element is not closed", "un élément n'est pas fermé"),
            Misfit::NoRoot => ("there is no root element", "il n'y a pas d'élément racine"),
        }
    }
}

impl Forbidden {
    /// In English for the log, in French for the caller.
    pub(crate) const fn words(self) -> (&'static str, &'static str) {
        match self {
            Forbidden::ProcessingInstruction => ("a processing instruction", "une instruction de traitement"),
            Forbidden::DocType => ("a DOCTYPE", "un DOCTYPE"),
        }
    }
}

impl Counted {
    /// In English for the log, in French for the caller.
    pub(crate) const fn words(self) -> (&'static str, &'static str) {
        match self {
            Counted::Attributes => ("attributes on one element", "attributs sur un élément"),
            Counted::Elements => ("elements", "éléments"),
            Counted::Levels => ("levels of elements", "niveaux d'éléments"),
        }
    }
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
    #[cfg(test)]
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

/// The text without white space around it, which to XML is space, tab, carriage return and line feed only (XML 1.0, 2.3).
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\r', '\n'])
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
            Event::Text(text) if text.contains("]]>") => {
                return Err(ReadTreeError::NotADocument(Misfit::SectionEnd));
            }
            Event::Text(text) => builder.text(&text.xml10_content())?,
            Event::CData(text) => builder.inner_text(&text.xml10_content())?,
            Event::GeneralRef(reference) => builder.inner_text(&resolve(reference)?)?,
            Event::Comment(comment) => check_characters(comment)?,
            Event::Decl(declaration) if first => {
                let raw = declaration.strip_prefix("xml").unwrap_or(declaration);
                form::check_declaration(raw).map_err(ReadTreeError::NotADocument)?;
            }
            Event::Decl(_) => {
                return Err(ReadTreeError::NotADocument(Misfit::LateDeclaration));
            }
            Event::PI(_) => return Err(ReadTreeError::Forbidden(Forbidden::ProcessingInstruction)),
            Event::DocType(_) => return Err(ReadTreeError::Forbidden(Forbidden::DocType)),
            Event::Eof => return builder.finish(),
        }
        first = false;
    }
}

/// The start of an element: names resolved, attributes counted before they are compared with each other.
fn open(reader: &NsReader<&[u8]>, start: &BytesStart<'_>) -> Result<Element, ReadTreeError> {
    if !form::is_qualified_name(start.name().as_ref()) {
        return Err(ReadTreeError::NotADocument(Misfit::Name));
    }
    form::check_attributes(start.attributes_raw()).map_err(ReadTreeError::NotADocument)?;
    let (namespace, name) = reader.resolver().resolve_element(start.name());
    let mut element = Element {
        namespace: bound(namespace)?,
        name: name.as_ref().to_owned(),
        ..Element::default()
    };
    for (index, attribute) in start.attributes().enumerate() {
        if index >= ATTRIBUTES_MAX {
            return Err(ReadTreeError::TooMany {
                what: Counted::Attributes,
                max: ATTRIBUTES_MAX,
            });
        }
        let attribute = attribute?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0)?.into_owned();
        check_characters(&value)?;
        if attribute.key.as_namespace_binding().is_some() {
            continue;
        }
        let (namespace, name) = reader.resolver().resolve_attribute(attribute.key);
        let (namespace, name) = (bound(namespace)?, name.as_ref().to_owned());
        // Two prefixes may be bound to one namespace (Namespaces in XML 1.0, 6.3).
        if element.attribute(&namespace, &name).is_some() {
            return Err(ReadTreeError::NotADocument(Misfit::AttributeTwice));
        }
        element.attributes.push(Attribute {
            namespace,
            name,
            value,
        });
    }
    Ok(element)
}

fn bound(namespace: ResolveResult<'_>) -> Result<String, ReadTreeError> {
    match namespace {
        ResolveResult::Bound(namespace) => Ok(namespace.as_ref().to_owned()),
        ResolveResult::Unbound => Ok(String::new()),
        ResolveResult::Unknown(_) => Err(ReadTreeError::NotADocument(Misfit::Prefix)),
    }
}

fn resolve(reference: &quick_xml::events::BytesRef<'_>) -> Result<String, ReadTreeError> {
    if let Some(character) = reference.resolve_char_ref()? {
        return Ok(character.to_string());
    }
    quick_xml::escape::resolve_predefined_entity(reference)
        .map(str::to_owned)
        .ok_or(ReadTreeError::NotADocument(Misfit::Entity))
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
        Err(ReadTreeError::NotADocument(Misfit::Character))
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
            return Err(ReadTreeError::NotADocument(Misfit::SecondRoot));
        }
        self.elements += 1;
        if self.elements > ELEMENTS_MAX {
            return Err(ReadTreeError::TooMany {
                what: Counted::Elements,
                max: ELEMENTS_MAX,
            });
        }
        if self.open.len() >= DEPTH_MAX {
            return Err(ReadTreeError::TooMany {
                what: Counted::Levels,
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
            .ok_or(ReadTreeError::NotADocument(Misfit::EndTag))?;
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
            None if trim(text).is_empty() => {}
            None => {
                return Err(ReadTreeError::NotADocument(Misfit::TextOutside));
            }
        }
        Ok(())
    }

    /// Text that only an element may hold, blank or not (XML 1.0, production 27).
    fn inner_text(&mut self, text: &str) -> Result<(), ReadTreeError> {
        if self.open.is_empty() {
            return Err(ReadTreeError::NotADocument(Misfit::TextOutside));
        }
        self.text(text)
    }

    fn finish(self) -> Result<Element, ReadTreeError> {
        if !self.open.is_empty() {
            return Err(ReadTreeError::NotADocument(Misfit::Unclosed));
        }
        self.root.ok_or(ReadTreeError::NotADocument(Misfit::NoRoot))
    }
}

#[cfg(test)]
mod tests;
