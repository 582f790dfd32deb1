//! The WSDL: one self-contained document, in the form that the common client stacks were seen to load
//! (soap-interop, 4.5). It is written from the same tables that requests are read by and answers written by.

use crate::envelope::OWN_HEADER;
use crate::fields::FIELDS;
use crate::operation::Operation;
use crate::write::attribute;
use std::fmt::Write as _;

/// Name of the service, and beginning of the names of its port type, binding and port.
const SERVICE: &str = "JVTTroubleTicketSession";

/// Lines of an XML document, indented by depth.
#[derive(Default)]
struct Lines {
    text: String,
    depth: usize,
}

impl Lines {
    /// Writes `<name a="…">` with what `content` writes inside, or `<name a="…"/>` when that is nothing.
    fn element(&mut self, name: &str, attributes: &[(&str, &str)], content: impl FnOnce(&mut Lines)) {
        // Writing to a string cannot fail.
        let _ = write!(self.text, "{:indent$}<{name}", "", indent = self.depth * 2);
        for (name, value) in attributes {
            attribute(&mut self.text, name, value);
        }
        let before = self.text.len();
        self.text.push_str(">\n");
        let open = self.text.len();
        self.depth += 1;
        content(self);
        self.depth -= 1;
        if self.text.len() == open {
            self.text.truncate(before);
            self.text.push_str("/>\n");
        } else {
            let _ = writeln!(self.text, "{:indent$}</{name}>", "", indent = self.depth * 2);
        }
    }

    fn leaf(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.element(name, attributes, |_| {});
    }

    /// A complex type or element with a sequence inside.
    fn sequence(&mut self, content: impl FnOnce(&mut Lines)) {
        self.element("xsd:complexType", &[], |lines| {
            lines.element("xsd:sequence", &[], content)
        });
    }
}

/// The WSDL of the protocol (seed 001, 2.3) for clients that reach the door at `address`, elements in `namespace`.
#[must_use]
pub fn wsdl(namespace: &str, address: &str) -> String {
    let mut lines = Lines {
        text: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned(),
        depth: 0,
    };
    let attributes = [
        ("name", SERVICE),
        ("targetNamespace", namespace),
        ("xmlns:tns", namespace),
        ("xmlns:wsdl", "http://schemas.xmlsoap.org/wsdl/"),
        ("xmlns:soap", "http://schemas.xmlsoap.org/wsdl/soap/"),
        ("xmlns:xsd", "http://www.w3.org/2001/XMLSchema"),
    ];
    lines.element("wsdl:definitions", &attributes, |lines| {
        lines.element("wsdl:types", &[], |lines| schema(lines, namespace));
        messages(lines);
        port_type(lines);
        binding(lines);
        lines.element("wsdl:service", &[("name", SERVICE)], |lines| {
            let port = format!("{SERVICE}WSPort");
            let binding = format!("tns:{SERVICE}WSBinding");
            lines.element("wsdl:port", &[("name", &port), ("binding", &binding)], |lines| {
                lines.leaf("soap:address", &[("location", address)]);
            });
        });
    });
    lines.text
}

fn schema(lines: &mut Lines, namespace: &str) {
    let attributes = [
        ("targetNamespace", namespace),
        ("elementFormDefault", "qualified"),
        ("attributeFormDefault", "unqualified"),
    ];
    lines.element("xsd:schema", &attributes, |lines| {
        lines.element("xsd:simpleType", &[("name", "Siren")], |lines| {
            lines.element("xsd:restriction", &[("base", "xsd:string")], |lines| {
                lines.leaf("xsd:pattern", &[("value", "[0-9]{9}")]);
            });
        });
        lines.element("xsd:element", &[("name", OWN_HEADER)], |lines| {
            lines.sequence(|lines| {
                lines.leaf("xsd:element", &[("name", "LoginName"), ("type", "xsd:string")]);
                lines.leaf("xsd:element", &[("name", "Password"), ("type", "xsd:string")]);
            });
        });
        types(lines);
        for operation in Operation::ALL {
            request_and_response(lines, operation);
        }
        for operation in Operation::ALL {
            exception(lines, operation);
        }
    });
}

/// Types of a ticket, of the answer to create and set, and of an exception. Inside a ticket everything may be left
/// out: the door validates, and names what is missing better than a schema can.
fn types(lines: &mut Lines) {
    lines.element("xsd:complexType", &[("name", "TroubleTicket")], |lines| {
        lines.element("xsd:sequence", &[], |lines| {
            for field in &FIELDS {
                lines.leaf(
                    "xsd:element",
                    &[
                        ("name", field.name),
                        ("type", field.kind.xsd()),
                        ("minOccurs", "0"),
                    ],
                );
            }
        });
    });
    lines.element("xsd:complexType", &[("name", "TroubleTicketResponse")], |lines| {
        lines.element("xsd:sequence", &[], |lines| {
            lines.leaf(
                "xsd:element",
                &[
                    ("name", "troubleTicketKey"),
                    ("type", "xsd:string"),
                    ("minOccurs", "0"),
                ],
            );
            lines.leaf("xsd:element", &[("name", "returnCode"), ("type", "xsd:string")]);
            lines.leaf("xsd:element", &[("name", "returnLabel"), ("type", "xsd:string")]);
        });
    });
    lines.element("xsd:complexType", &[("name", "BaseException")], |lines| {
        lines.element("xsd:sequence", &[], |lines| {
            lines.leaf(
                "xsd:element",
                &[("name", "message"), ("type", "xsd:string"), ("minOccurs", "0")],
            );
        });
    });
}

fn request_and_response(lines: &mut Lines, operation: Operation) {
    let request = format!("{}Request", operation.name());
    let response = format!("{}Response", operation.name());
    let ticket = [("name", "troubleTicketValue"), ("type", "tns:TroubleTicket")];
    match operation {
        Operation::Create | Operation::Set => {
            lines.element("xsd:element", &[("name", &request)], |lines| {
                lines.sequence(|lines| lines.leaf("xsd:element", &ticket));
            });
            lines.leaf(
                "xsd:element",
                &[("name", &response), ("type", "tns:TroubleTicketResponse")],
            );
        }
        Operation::Get => {
            lines.element("xsd:element", &[("name", &request)], |lines| {
                lines.sequence(|lines| {
                    for name in ["troubleTicketKey", "technicalId"] {
                        lines.leaf(
                            "xsd:element",
                            &[("name", name), ("type", "xsd:string"), ("minOccurs", "0")],
                        );
                    }
                    lines.leaf("xsd:element", &[("name", "supplierID"), ("type", "xsd:string")]);
                    lines.leaf(
                        "xsd:element",
                        &[("name", "serviceProviderID"), ("type", "tns:Siren")],
                    );
                });
            });
            let many = [
                ticket[0],
                ticket[1],
                ("minOccurs", "0"),
                ("maxOccurs", "unbounded"),
            ];
            lines.element("xsd:element", &[("name", &response)], |lines| {
                lines.sequence(|lines| lines.leaf("xsd:element", &many));
            });
        }
    }
}

fn exception(lines: &mut Lines, operation: Operation) {
    let name = format!("{}Exception", operation.name());
    lines.element("xsd:element", &[("name", &name)], |lines| {
        lines.element("xsd:complexType", &[], |lines| {
            lines.element("xsd:choice", &[], |lines| {
                for exception in operation.exceptions() {
                    lines.leaf(
                        "xsd:element",
                        &[("name", exception.name()), ("type", "tns:BaseException")],
                    );
                }
            });
        });
    });
}

fn messages(lines: &mut Lines) {
    let mut message = |name: &str, part: &str, element: &str| {
        lines.element("wsdl:message", &[("name", name)], |lines| {
            lines.leaf(
                "wsdl:part",
                &[("name", part), ("element", &format!("tns:{element}"))],
            );
        });
    };
    for operation in Operation::ALL {
        for (kind, part) in [
            ("Request", "parameters"),
            ("Response", "parameters"),
            ("Exception", "fault"),
        ] {
            let name = format!("{}{kind}", operation.name());
            message(&name, part, &name);
        }
    }
    message("TroubleTicketHeader", "header", OWN_HEADER);
}

fn port_type(lines: &mut Lines) {
    lines.element(
        "wsdl:portType",
        &[("name", &format!("{SERVICE}WSPort"))],
        |lines| {
            for operation in Operation::ALL {
                let message = |kind: &str| format!("tns:{}{kind}", operation.name());
                let exception = format!("{}Exception", operation.name());
                lines.element("wsdl:operation", &[("name", operation.name())], |lines| {
                    lines.leaf("wsdl:input", &[("message", &message("Request"))]);
                    lines.leaf("wsdl:output", &[("message", &message("Response"))]);
                    lines.leaf(
                        "wsdl:fault",
                        &[("name", &exception), ("message", &message("Exception"))],
                    );
                });
            }
        },
    );
}

fn binding(lines: &mut Lines) {
    let attributes = [
        ("name", format!("{SERVICE}WSBinding")),
        ("type", format!("tns:{SERVICE}WSPort")),
    ];
    let attributes = [
        (attributes[0].0, attributes[0].1.as_str()),
        (attributes[1].0, attributes[1].1.as_str()),
    ];
    lines.element("wsdl:binding", &attributes, |lines| {
        lines.leaf(
            "soap:binding",
            &[
                ("style", "document"),
                ("transport", "http://schemas.xmlsoap.org/soap/http"),
            ],
        );
        for operation in Operation::ALL {
            let exception = format!("{}Exception", operation.name());
            lines.element("wsdl:operation", &[("name", operation.name())], |lines| {
                lines.leaf(
                    "soap:operation",
                    &[("soapAction", operation.name()), ("style", "document")],
                );
                lines.element("wsdl:input", &[], |lines| {
                    let header = [
                        ("message", "tns:TroubleTicketHeader"),
                        ("part", "header"),
                        ("use", "literal"),
                    ];
                    lines.leaf("soap:header", &header);
                    lines.leaf("soap:body", &[("use", "literal"), ("parts", "parameters")]);
                });
                lines.element("wsdl:output", &[], |lines| {
                    lines.leaf("soap:body", &[("use", "literal")])
                });
                lines.element("wsdl:fault", &[("name", &exception)], |lines| {
                    lines.leaf("soap:fault", &[("name", &exception), ("use", "literal")]);
                });
            });
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::DEFAULT_NAMESPACE;

    #[test]
    fn the_committed_wsdl_is_what_the_code_writes() {
        let committed = include_str!("../wsdl/JVTTroubleTicketSession.wsdl");
        let address = "http://localhost/interop-sav-21/services/JVTTroubleTicketSessionWSPort";
        assert!(
            committed == wsdl(DEFAULT_NAMESPACE, address),
            "run: cargo run -p soap --example print_wsdl > services/soap/wsdl/JVTTroubleTicketSession.wsdl"
        );
    }

    #[test]
    fn settings_are_escaped_where_they_stand_in_the_document() {
        let text = wsdl("urn:a&b", "http://h/?a=\"<");
        assert!(text.contains("targetNamespace=\"urn:a&amp;b\""));
        assert!(text.contains("<soap:address location=\"http://h/?a=&quot;&lt;\"/>"));
    }
}
