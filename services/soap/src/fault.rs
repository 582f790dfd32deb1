//! SOAP faults: how this door says that a request was not understood, or not carried out for a technical reason.
//!
//! Always HTTP 500, never 401 or 403: several client stacks lose the fault behind any other status (soap-interop, 4.2).

use crate::client::CallError;
use crate::envelope::{self, ReadEnvelopeError};
use crate::operation::{Exception, Operation};
use crate::tree::ReadTreeError;
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

    /// Wrong and missing credentials look alike, so that nobody learns which logins exist.
    pub(crate) fn credentials() -> Fault {
        Fault::client("Identifiant ou mot de passe incorrect")
    }

    /// Two logins or passwords where one is read: which is meant cannot be told.
    pub(crate) fn doubled_credentials(name: &str) -> Fault {
        Fault::client(format!("{name} est en double dans l'en-tête SOAP"))
    }

    /// So many tries of a login failed that none is taken for a while, not even a right one. Nobody learns by it which
    /// logins exist: a login that nobody has is locked alike.
    pub(crate) fn locked(request_id: Uuid, retry_after_s: Option<u64>) -> Fault {
        tracing::warn!(%request_id, retry_after_s, "a login is locked after failed tries");
        Fault::client(format!(
            "Identifiant verrouillé après trop d'essais infructueux, réessayez {} (référence {request_id})",
            after(retry_after_s)
        ))
    }

    /// Name and password are right, but a code must come with them, which this protocol has no place for.
    pub(crate) fn second_factor(request_id: Uuid) -> Fault {
        tracing::warn!(%request_id, "a login with a second factor cannot be used by SOAP");
        Fault::client(format!(
            "Cet identifiant demande un code de vérification, que ce protocole ne transporte pas (référence {request_id})"
        ))
    }

    /// More sign-ins than the limits allow: the same request will be taken later.
    pub(crate) fn too_many(request_id: Uuid, of: TooMany, retry_after_s: Option<u64>) -> Fault {
        tracing::warn!(%request_id, ?of, retry_after_s, "too many sign-ins");
        let of = match of {
            TooMany::Login => "avec cet identifiant",
            TooMany::Address => "depuis cette adresse",
        };
        Fault {
            code: FaultCode::Server,
            text: format!(
                "Trop de connexions {of}, réessayez {} (référence {request_id})",
                after(retry_after_s)
            ),
            detail: None,
        }
    }

    /// An operation that this door does not have.
    pub(crate) fn unknown_operation(name: &str) -> Fault {
        Fault::client(format!("Opération inconnue : {}", envelope::told(name)))
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
            text: message.clone(),
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
            ReadEnvelopeError::OtherEncoding(name) => (
                FaultCode::Client,
                format!("La requête déclare l'encodage {name} et n'est pas dans cet encodage"),
            ),
            ReadEnvelopeError::Operations(_) => (
                FaultCode::Client,
                "Le corps SOAP doit contenir exactement une opération".to_owned(),
            ),
            ReadEnvelopeError::Tree(cause) => (
                FaultCode::Client,
                format!("Requête XML illisible : {}", of_tree(cause)),
            ),
            ReadEnvelopeError::NotAnEnvelope(name) => (
                FaultCode::Client,
                format!("L'élément racine {name} n'est pas une enveloppe SOAP"),
            ),
            ReadEnvelopeError::Part(name) => (
                FaultCode::Client,
                format!("La partie {name} de l'enveloppe SOAP est en double, déplacée ou inconnue"),
            ),
            ReadEnvelopeError::Utf8(_) => (
                FaultCode::Client,
                "La requête n'est pas en UTF-8 valide".to_owned(),
            ),
            ReadEnvelopeError::Utf16(_) | ReadEnvelopeError::OddUtf16 => (
                FaultCode::Client,
                "La requête n'est pas en UTF-16 valide".to_owned(),
            ),
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

/// Which limit was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TooMany {
    Login,
    Address,
}

/// When to come back.
fn after(retry_after_s: Option<u64>) -> String {
    retry_after_s.map_or_else(|| "plus tard".to_owned(), |seconds| format!("dans {seconds} s"))
}

/// What is wrong with a document, in French like all this door says; the log has the reader's own words.
fn of_tree(error: &ReadTreeError) -> String {
    match error {
        ReadTreeError::Malformed(_) => "le document est mal formé".to_owned(),
        ReadTreeError::Attribute(_) => "un attribut est mal formé".to_owned(),
        ReadTreeError::NotADocument(fault) => fault.words().1.to_owned(),
        ReadTreeError::Forbidden(what) => format!("il contient {}, ce que SOAP interdit", what.words().1),
        ReadTreeError::TooMany { what, max } => {
            format!("le document contient plus de {max} {}", what.words().1)
        }
    }
}

#[cfg(test)]
mod tests;
