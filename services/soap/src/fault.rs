//! SOAP faults: how this door says that a request was not understood, or not carried out for a technical reason.
//!
//! Always HTTP 500, never 401 or 403: several client stacks lose the fault behind any other status (soap-interop, 4.2).

use crate::client::CallError;
use crate::envelope::ReadEnvelopeError;
use crate::operation::{Exception, Operation};
use crate::write;
use uuid::Uuid;

/// Whose fault it is (SOAP 1.1, 4.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FaultCode {
    VersionMismatch,
    MustUnderstand,
    Client,
    Server,
}

impl FaultCode {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            FaultCode::VersionMismatch => "VersionMismatch",
            FaultCode::MustUnderstand => "MustUnderstand",
            FaultCode::Client => "Client",
            FaultCode::Server => "Server",
        }
    }
}

/// The typed part of a fault. There is one only when the body was the cause, never for header or sign-in errors
/// (SOAP 1.1, 4.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Detail {
    pub(crate) operation: Operation,
    pub(crate) exception: Exception,
    pub(crate) message: String,
}

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) code: FaultCode,
    /// For people, in French, without any cause.
    pub(crate) text: String,
    pub(crate) detail: Option<Detail>,
}

impl Fault {
    pub(crate) fn client(text: impl Into<String>) -> Fault {
        Fault {
            code: FaultCode::Client,
            text: text.into(),
            detail: None,
        }
    }

    /// The body asks for something that is wrong, missing or elsewhere.
    pub(crate) fn of_body(operation: Operation, exception: Exception, message: impl Into<String>) -> Fault {
        let message = message.into();
        Fault {
            code: FaultCode::Client,
            text: message.clone(),
            detail: Some(Detail {
                operation,
                exception,
                message,
            }),
        }
    }

    /// Wrong, missing and locked credentials all look alike, so that nobody learns which logins exist.
    pub(crate) fn credentials() -> Fault {
        Fault::client("Identifiant ou mot de passe incorrect")
    }

    /// The sign-in is right but may not do this.
    pub(crate) fn not_permitted() -> Fault {
        Fault::client("Opération non autorisée pour cet identifiant")
    }

    /// A technical error (seed 001, 4.2). The reference leads to the cause in this door's log, which the caller is
    /// never told.
    pub(crate) fn server(operation: Option<Operation>, request_id: Uuid, error: &CallError) -> Fault {
        tracing::error!(%request_id, error = %error.chain(), "the API did not carry out a call");
        let message = format!("Erreur technique (référence {request_id})");
        Fault {
            code: FaultCode::Server,
            text: "Erreur technique".to_owned(),
            detail: operation.map(|operation| Detail {
                operation,
                exception: Exception::Remote,
                message,
            }),
        }
    }

    /// The fault for an envelope that cannot be read; `None` when its sender is no SOAP node.
    pub(crate) fn of_envelope(error: &ReadEnvelopeError) -> Option<Fault> {
        let (code, text) = match error {
            ReadEnvelopeError::NotXml => return None,
            ReadEnvelopeError::Version => (
                FaultCode::VersionMismatch,
                "Seule la version 1.1 de SOAP est acceptée".to_owned(),
            ),
            ReadEnvelopeError::MustUnderstand(name) => (
                FaultCode::MustUnderstand,
                format!("L'en-tête {name} n'est pas compris"),
            ),
            ReadEnvelopeError::Encoding(name) => (
                FaultCode::Client,
                format!("Encodage {name} non accepté : UTF-8 ou UTF-16"),
            ),
            ReadEnvelopeError::Operations(_) => (
                FaultCode::Client,
                "Le corps SOAP doit contenir exactement une opération".to_owned(),
            ),
            ReadEnvelopeError::Tree(cause) => (FaultCode::Client, format!("Requête XML illisible : {cause}")),
            ReadEnvelopeError::NotAnEnvelope(_)
            | ReadEnvelopeError::Part(_)
            | ReadEnvelopeError::Utf8(_)
            | ReadEnvelopeError::Utf16(_)
            | ReadEnvelopeError::OddUtf16 => (FaultCode::Client, format!("Requête SOAP illisible : {error}")),
        };
        Some(Fault {
            code,
            text,
            detail: None,
        })
    }

    /// The whole answer.
    pub(crate) fn to_xml(&self, namespace: &str) -> String {
        write::envelope(namespace, |xml| {
            xml.soap("Fault", |xml| {
                xml.unqualified("faultcode", |xml| {
                    xml.text(&format!("soapenv:{}", self.code.name()))
                });
                xml.unqualified("faultstring", |xml| xml.text(&self.text));
                if let Some(detail) = &self.detail {
                    xml.unqualified("detail", |xml| {
                        xml.element(&format!("{}Exception", detail.operation.name()), |xml| {
                            xml.element(detail.exception.name(), |xml| {
                                xml.leaf("message", &detail.message)
                            });
                        });
                    });
                }
            });
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::{self, Element};

    fn read(fault: &Fault) -> Element {
        tree::read(&fault.to_xml("urn:n"))
            .unwrap()
            .children
            .remove(0)
            .children
            .remove(0)
    }

    #[test]
    fn the_children_of_a_fault_are_unqualified_and_its_code_has_a_declared_prefix() {
        let fault = read(&Fault::credentials());
        assert_eq!(fault.name, "Fault");
        let children: Vec<(&str, &str, &str)> = fault
            .children
            .iter()
            .map(|child| (child.namespace.as_str(), child.name.as_str(), child.text.as_str()))
            .collect();
        assert_eq!(
            children,
            [
                ("", "faultcode", "soapenv:Client"),
                ("", "faultstring", "Identifiant ou mot de passe incorrect")
            ]
        );
    }

    #[test]
    fn a_fault_of_the_body_carries_the_operations_typed_detail() {
        let fault = Fault::of_body(Operation::Set, Exception::ResyncRequired, "relire <le> ticket");
        let detail = read(&fault).children.remove(2);
        assert_eq!(detail.name, "detail");
        let exception = &detail.children[0];
        assert_eq!(
            (exception.namespace.as_str(), exception.name.as_str()),
            ("urn:n", "setTroubleTicketByValueException")
        );
        assert_eq!(exception.children[0].name, "resyncRequiredException");
        assert_eq!(
            exception.children[0].child("message").unwrap().text,
            "relire <le> ticket"
        );
    }

    #[test]
    fn every_exception_that_is_raised_is_in_the_schema_of_its_operation() {
        for (operation, exception) in [
            (Operation::Create, Exception::Remote),
            (Operation::Set, Exception::Remote),
            (Operation::Set, Exception::ResyncRequired),
            (Operation::Get, Exception::Remote),
            (Operation::Get, Exception::ObjectNotFound),
            (Operation::Get, Exception::IllegalArgument),
        ] {
            assert!(
                operation.exceptions().contains(&exception),
                "{operation:?} {exception:?}"
            );
        }
    }

    #[test]
    fn a_technical_error_tells_a_reference_and_no_cause() {
        let error = CallError::Refused {
            status: 500,
            problem: None,
        };
        let fault = Fault::server(Some(Operation::Create), Uuid::nil(), &error);
        let xml = fault.to_xml("urn:n");
        assert!(
            xml.contains("<faultcode>soapenv:Server</faultcode><faultstring>Erreur technique</faultstring>")
        );
        assert!(xml.contains("<v1:remoteException><v1:message>Erreur technique (référence 00000000-"));
        assert!(!xml.contains("500"));
    }

    #[test]
    fn each_reading_error_has_its_code() {
        let code = |error: ReadEnvelopeError| Fault::of_envelope(&error).map(|fault| fault.code);
        assert_eq!(code(ReadEnvelopeError::NotXml), None);
        assert_eq!(code(ReadEnvelopeError::Version), Some(FaultCode::VersionMismatch));
        assert_eq!(
            code(ReadEnvelopeError::MustUnderstand("X".into())),
            Some(FaultCode::MustUnderstand)
        );
        assert_eq!(code(ReadEnvelopeError::Operations(2)), Some(FaultCode::Client));
    }
}
