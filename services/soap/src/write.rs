//! Writing answers: prefixed and qualified elements in the order of the schema, because some client stacks lose
//! unqualified children without a word and others refuse a changed order.

use crate::operation::Operation;
use crate::tree::is_xml_character;
use std::fmt::Write as _;

const SOAP_11: &str = "http://schemas.xmlsoap.org/soap/envelope/";

/// The header block of an answer, beside the request's `TroubleTicketHeaderRequest`.
const ANSWER_HEADER: &str = "TroubleTicketHeaderResponse";

/// A text that is being written. Names are our own constants; only values are escaped.
#[derive(Debug, Default)]
pub(crate) struct Xml(String);

impl Xml {
    /// Writes `<v1:name>value</v1:name>`.
    pub(crate) fn leaf(&mut self, name: &str, value: &str) {
        self.element(name, |xml| xml.text(value));
    }

    /// Writes an element of the protocol's namespace around what `content` writes.
    pub(crate) fn element(&mut self, name: &str, content: impl FnOnce(&mut Xml)) {
        self.tag("v1", name, content);
    }

    /// Writes an element without prefix, as the children of a fault are (WS-I Basic Profile 1.1, R1001).
    pub(crate) fn unqualified(&mut self, name: &str, content: impl FnOnce(&mut Xml)) {
        self.raw(&format!("<{name}>"));
        content(self);
        self.raw(&format!("</{name}>"));
    }

    /// Writes an element of SOAP's own namespace.
    pub(crate) fn soap(&mut self, name: &str, content: impl FnOnce(&mut Xml)) {
        self.tag("soapenv", name, content);
    }

    fn tag(&mut self, prefix: &str, name: &str, content: impl FnOnce(&mut Xml)) {
        self.raw(&format!("<{prefix}:{name}>"));
        content(self);
        self.raw(&format!("</{prefix}:{name}>"));
    }

    /// Writes a value, escaped.
    pub(crate) fn text(&mut self, value: &str) {
        escape(value, &mut self.0);
    }

    fn raw(&mut self, text: &str) {
        self.0.push_str(text);
    }
}

/// Escapes a value for text and for attributes. A character that XML cannot hold becomes U+FFFD: people write such
/// characters by the REST contract, and one of them would make the whole answer unreadable.
pub(crate) fn escape(value: &str, into: &mut String) {
    for character in value.chars() {
        match character {
            '&' => into.push_str("&amp;"),
            '<' => into.push_str("&lt;"),
            '>' => into.push_str("&gt;"),
            '"' => into.push_str("&quot;"),
            '\r' => into.push_str("&#13;"),
            other if is_xml_character(other) => into.push(other),
            _ => into.push('\u{FFFD}'),
        }
    }
}

/// An envelope around what `body` writes. Both prefixes are declared here, so that a faultcode's is in scope.
pub(crate) fn envelope(namespace: &str, body: impl FnOnce(&mut Xml)) -> String {
    enclosed(namespace, |xml| xml.soap("Body", body))
}

fn enclosed(namespace: &str, parts: impl FnOnce(&mut Xml)) -> String {
    let mut xml =
        Xml("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<soapenv:Envelope xmlns:soapenv=\"".to_owned());
    xml.raw(SOAP_11);
    xml.raw("\" xmlns:v1=\"");
    xml.text(namespace);
    xml.raw("\">");
    parts(&mut xml);
    xml.raw("</soapenv:Envelope>\n");
    xml.0
}

/// The answer to create and set: key, return code, return label (seed 001, 3.1.2 and 3.2.2).
pub(crate) fn ticket_response(
    namespace: &str,
    operation: Operation,
    key: Option<&str>,
    code: &str,
    label: &str,
) -> String {
    envelope(namespace, |xml| {
        xml.element(&format!("{}Response", operation.name()), |xml| {
            if let Some(key) = key {
                xml.leaf("troubleTicketKey", key);
            }
            xml.leaf("returnCode", code);
            xml.leaf("returnLabel", label);
        });
    })
}

/// The fields of one ticket that have a value, in the order of the schema.
pub(crate) type Block = Vec<(&'static str, String)>;

/// What a get found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) tickets: Vec<Block>,
    /// Whether there are more than are told.
    pub(crate) more: bool,
}

/// The answer to get: one `troubleTicketValue` per ticket (seed 001, 3.3.2). That there are more is told in the SOAP header:
/// the protocol's answer has no place for it, strict clients refuse an element that their WSDL does not have, and a header
/// block that need not be understood is passed over by who does not know it (SOAP 1.1, 4.2.3).
pub(crate) fn tickets_response(namespace: &str, found: &Found) -> String {
    enclosed(namespace, |xml| {
        if found.more {
            xml.soap("Header", |xml| {
                xml.element(ANSWER_HEADER, |xml| xml.leaf("moreTickets", "true"));
            });
        }
        xml.soap("Body", |xml| {
            xml.element(&format!("{}Response", Operation::Get.name()), |xml| {
                for ticket in &found.tickets {
                    xml.element("troubleTicketValue", |xml| {
                        for (name, value) in ticket {
                            xml.leaf(name, value);
                        }
                    });
                }
            });
        });
    })
}

/// A start tag's attributes, escaped; used by the WSDL, whose attribute values are settings.
pub(crate) fn attribute(into: &mut String, name: &str, value: &str) {
    let mut escaped = String::new();
    escape(value, &mut escaped);
    // Writing to a string cannot fail.
    let _ = write!(into, " {name}=\"{escaped}\"");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree;
    use proptest::prelude::*;

    #[test]
    fn an_answer_is_qualified_ordered_and_prefixed() {
        let xml = ticket_response("urn:n", Operation::Create, Some("SAV-1"), "0", "OK");
        assert_eq!(
            xml,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:v1=\"urn:n\">\
             <soapenv:Body><v1:createTroubleTicketByValueResponse><v1:troubleTicketKey>SAV-1</v1:troubleTicketKey>\
             <v1:returnCode>0</v1:returnCode><v1:returnLabel>OK</v1:returnLabel>\
             </v1:createTroubleTicketByValueResponse></soapenv:Body></soapenv:Envelope>\n"
        );
    }

    #[test]
    fn a_refusal_has_no_key_element_at_all() {
        let xml = ticket_response(
            "urn:n",
            Operation::Set,
            None,
            "1",
            "champ obligatoire non renseigné : a",
        );
        assert!(!xml.contains("troubleTicketKey"));
        assert!(xml.contains("<v1:returnLabel>champ obligatoire non renseigné : a</v1:returnLabel>"));
    }

    #[test]
    fn every_ticket_found_is_a_value_of_its_own() {
        let block = |key: &str| {
            vec![
                ("troubleTicketKey", key.to_owned()),
                ("offerId", "A & B".to_owned()),
            ]
        };
        let found = |more| Found {
            tickets: vec![block("SAV-1"), block("SAV-2")],
            more,
        };
        let xml = tickets_response("urn:n", &found(true));
        let header = &tree::read(&xml).unwrap().children[0].children[0];
        assert_eq!(
            (header.namespace.as_str(), header.name.as_str()),
            ("urn:n", "TroubleTicketHeaderResponse")
        );
        assert_eq!(header.child("moreTickets").unwrap().text, "true");
        let xml = tickets_response("urn:n", &found(false));
        let root = tree::read(&xml).unwrap();
        let response = &root.children[0].children[0];
        assert_eq!(response.name, "getTroubleTicketByKeyResponse");
        let keys: Vec<&str> = response
            .children
            .iter()
            .map(|ticket| ticket.children[0].text.as_str())
            .collect();
        assert_eq!(keys, ["SAV-1", "SAV-2"]);
        assert_eq!(response.children[0].children[1].text, "A & B");
        assert!(response.children.iter().all(|ticket| ticket.namespace == "urn:n"));
    }

    proptest! {
        #[test]
        fn any_text_that_xml_can_hold_is_read_back_as_it_was_written(text in "\\PC*|[ -~\r\n\t]*") {
            let xml = ticket_response("urn:n", Operation::Set, Some(&text), "0", "OK");
            let root = tree::read(&xml).unwrap();
            let expected: String =
                text.chars().map(|c| if is_xml_character(c) { c } else { '\u{FFFD}' }).collect();
            prop_assert_eq!(&root.children[0].children[0].children[0].text, &expected);
        }
    }
}
