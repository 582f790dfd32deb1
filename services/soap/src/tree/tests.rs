use super::*;

fn message(text: &str) -> String {
    read(text).unwrap_err().to_string()
}

#[test]
fn prefixes_are_resolved_and_entities_and_cdata_are_read_as_one_text() {
    let root = read("<a:r xmlns:a='urn:a' a:x='1'><b>caf&#xE9; &amp;<![CDATA[ <th&é>]]></b></a:r>").unwrap();
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
    assert_eq!(message("<r/>\u{a0}"), "there is text outside the root element");
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
