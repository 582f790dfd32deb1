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

/// Fault B3: what is no XML is not read as if it were.
#[test]
fn what_other_readers_of_xml_refuse_is_refused() {
    let name = "a name is not one of XML";
    for bad in [
        "1x",
        "v:a:b",
        "a\u{1}",
        "v:1x",
        ":a",
        "a:",
        "-a",
        ".a",
        "a\u{d7}",
        "é\u{37e}",
        "a,b",
    ] {
        assert_eq!(
            message(&format!("<r xmlns:v='urn:v'><{bad}/></r>")),
            name,
            "{bad:?}"
        );
        assert_eq!(
            message(&format!("<r xmlns:v='urn:v' {bad}='1'/>")),
            name,
            "{bad:?}"
        );
    }
    for good in ["é", "_", "a.b-c", "v:été", "日本", "a\u{b7}", "a1"] {
        let text = format!("<r xmlns:v='urn:v'><{good} {good}='1'></{good}></r>");
        assert!(read(&text).is_ok(), "{good}");
    }
    let attributes = "the attributes of an element are not well-formed";
    for (text, what) in [
        ("<r>a]]>b</r>", "]]> stands in a text"),
        ("<r>&amp;]]></r>", "]]> stands in a text"),
        ("<r a='<'/>", "the value of an attribute holds <"),
        ("<r xmlns='urn:<'/>", "the value of an attribute holds <"),
        ("<r a='1'b='2'/>", attributes),
        ("<r a='1' / ></r>", attributes),
        ("<r a=1/>", attributes),
        ("<r a/>", attributes),
        ("<r xmlns:1='urn:v'/>", name),
        ("<r xmlns:v=''/>", "a namespace prefix is not declared"),
        ("<r xmlns='&#1;'/>", "a character is not allowed in XML"),
        (
            "<r xmlns:p='urn:v' xmlns:q='urn:v' p:a='1' q:a='2'/>",
            "an element has the same attribute twice",
        ),
        ("<r><!-- \u{1} --></r>", "a character is not allowed in XML"),
        ("<r/>&#32;", "there is text outside the root element"),
        ("<r/><![CDATA[ ]]>", "there is text outside the root element"),
    ] {
        assert_eq!(message(text), what, "{text}");
    }
    for good in [
        "<r>a]]&gt;b]]<![CDATA[>]]></r>",
        "<r a='>' b = \"'\"\n c='&lt;'/>",
        "<r xmlns:p='urn:v' xmlns:q='urn:w' p:a='1' q:a='2' a='3'/>",
        "<r xmlns=''/>\n<!-- a -->",
    ] {
        assert!(read(good).is_ok(), "{good}");
    }
}

#[test]
fn the_declaration_has_one_form_and_one_version() {
    let declared = |text: &str| read(&format!("<?xml{text}?><r/>")).map_err(|error| error.to_string());
    for good in [
        " version='1.0'",
        " version=\"1.0\" encoding=\"utf-8\" ",
        "\n version = '1.0' standalone='yes'",
        " version='1.0' encoding='UTF-8' standalone='no'",
    ] {
        assert!(declared(good).is_ok(), "{good}");
    }
    for version in ["1.1", "2.0", "1.00", "", "one"] {
        assert_eq!(
            declared(&format!(" version='{version}'")).unwrap_err(),
            "only version 1.0 of XML is read"
        );
    }
    for bad in [
        "",
        " ",
        " encoding='utf-8'",
        " encoding='utf-8' version='1.0'",
        " version='1.0' version='1.0'",
        " version='1.0' encoding=''",
        " version='1.0' encoding='8bit'",
        " version='1.0'encoding='utf-8'",
        " version='1.0' standalone='yes' encoding='utf-8'",
        " version='1.0' standalone='maybe'",
        " version='1.0' more='1'",
        " version=1.0",
    ] {
        assert_eq!(
            declared(bad).unwrap_err(),
            "the XML declaration is not well-formed",
            "{bad:?}"
        );
    }
}
