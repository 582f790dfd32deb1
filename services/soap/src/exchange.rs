//! One SOAP exchange: from the bytes of a request to the text of the answer, whatever carried them.

use crate::client::{Caller, Client};
use crate::credentials::{Credentials, Session, SignIns};
use crate::envelope::{self, Envelope};
use crate::fault::Fault;
use crate::operation::Operation;
use crate::outcome::{Answer, Failure};
use crate::values::Values;
use crate::vocabulary::{ReturnCodes, Vocabulary};
use crate::{create, get, set, write};
use api_types::Ticket;

/// What every exchange shares.
pub(crate) struct Service {
    pub(crate) client: Client,
    pub(crate) sign_ins: SignIns,
    pub(crate) vocabulary: Vocabulary,
    pub(crate) return_codes: ReturnCodes,
    pub(crate) namespace: String,
    pub(crate) supplier_siren: Option<String>,
}

/// A request as HTTP carried it.
pub(crate) struct Request<'a> {
    pub(crate) body: &'a [u8],
    /// The parameter of `Content-Type`.
    pub(crate) charset: Option<&'a str>,
    /// The header of that name.
    pub(crate) authorization: Option<&'a str>,
    pub(crate) caller: Caller,
}

/// How an exchange ends.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// An envelope for HTTP 200.
    Answer(String),
    /// An envelope with a fault, for HTTP 500.
    Fault(String),
    /// The body was no XML at all: HTTP 400.
    NotXml,
}

/// What an operation works with.
pub(crate) struct Exchange<'a> {
    pub(crate) client: &'a Client,
    pub(crate) session: &'a Session,
    pub(crate) vocabulary: &'a Vocabulary,
    pub(crate) return_codes: &'a ReturnCodes,
    pub(crate) supplier_siren: Option<&'a str>,
    pub(crate) caller: Caller,
}

impl Exchange<'_> {
    /// Whether a ticket that the API lets this login see is one of the organization named by `serviceProviderID`: a
    /// login of two operators must not act for one on a ticket of the other.
    pub(crate) fn is_of(&self, ticket: &Ticket, organization: &str) -> bool {
        ticket
            .organization
            .iter()
            .chain(&ticket.shared_with)
            .any(|known| known.id == organization)
    }
}

impl Service {
    /// Answers one request.
    pub(crate) async fn answer(&self, request: &Request<'_>) -> Reply {
        let read = match envelope::read(request.body, request.charset) {
            Ok(read) => read,
            Err(error) => {
                tracing::info!(request_id = %request.caller.request_id, error = %error, "unreadable request");
                return Fault::of_envelope(&error).map_or(Reply::NotXml, |fault| self.fault(&fault));
            }
        };
        let Some(operation) = Operation::of_element(&read.operation.name) else {
            let fault = Fault::unknown_operation(&read.operation.name);
            tracing::info!(request_id = %request.caller.request_id, fault = fault.text, "unknown operation");
            return self.fault(&fault);
        };
        match self.signed_in(operation, &read, request).await {
            Ok(xml) => Reply::Answer(xml),
            Err(fault) => self.fault(&fault),
        }
    }

    fn fault(&self, fault: &Fault) -> Reply {
        Reply::Fault(fault.to_xml(&self.namespace))
    }

    /// Signs in and does it; once more with a new sign-in when the API no longer takes the one that was kept.
    async fn signed_in(
        &self,
        operation: Operation,
        read: &Envelope,
        request: &Request<'_>,
    ) -> Result<String, Fault> {
        let credentials = Credentials::find(&read.header, request.authorization)?;
        let values = Values::read(&read.operation)?;
        let mut again = true;
        loop {
            let id = self.sign_ins.id(&credentials);
            let session = self
                .sign_ins
                .session(&self.client, request.caller, credentials.clone())
                .await?;
            match self.done(operation, &values, &session, request.caller).await {
                Ok(xml) => return Ok(xml),
                Err(Failure::Fault(fault)) => return Err(fault),
                Err(Failure::SignedOut) => {
                    self.sign_ins.forget(id);
                    if !again {
                        return Err(Fault::credentials());
                    }
                    again = false;
                }
            }
        }
    }

    async fn done(
        &self,
        operation: Operation,
        values: &Values,
        session: &Session,
        caller: Caller,
    ) -> Result<String, Failure> {
        let exchange = Exchange {
            client: &self.client,
            session,
            vocabulary: &self.vocabulary,
            return_codes: &self.return_codes,
            supplier_siren: self.supplier_siren.as_deref(),
            caller,
        };
        match operation {
            Operation::Create => Ok(self.written(operation, caller, &create::run(&exchange, values).await?)),
            Operation::Set => Ok(self.written(operation, caller, &set::run(&exchange, values).await?)),
            Operation::Get => Ok(write::tickets_response(
                &self.namespace,
                &get::run(&exchange, values).await?,
            )),
        }
    }

    fn written(&self, operation: Operation, caller: Caller, answer: &Answer) -> String {
        let code = answer.number(&self.return_codes);
        tracing::info!(
            request_id = %caller.request_id, operation = operation.name(), return_code = code,
            key = answer.key.as_deref(), "answered"
        );
        let label = answer.label(&self.return_codes);
        write::ticket_response(&self.namespace, operation, answer.key.as_deref(), code, &label)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const SOAP_11: &str = "http://schemas.xmlsoap.org/soap/envelope/";

    /// A service whose API does not exist: what is tested here ends before it would be asked.
    fn service() -> Service {
        Service {
            client: Client::new("http://127.0.0.1:9", None, None).unwrap(),
            sign_ins: SignIns::new(),
            vocabulary: Vocabulary::load(None).unwrap(),
            return_codes: ReturnCodes::load(None).unwrap(),
            namespace: "urn:n".to_owned(),
            supplier_siren: None,
        }
    }

    async fn reply(body: &str) -> Reply {
        let caller = Caller {
            address: None,
            request_id: Uuid::nil(),
        };
        let request = Request {
            body: body.as_bytes(),
            charset: None,
            authorization: None,
            caller,
        };
        service().answer(&request).await
    }

    async fn fault(body: &str) -> String {
        match reply(body).await {
            Reply::Fault(xml) => xml,
            other @ (Reply::Answer(_) | Reply::NotXml) => panic!("{other:?}"),
        }
    }

    fn envelope(body: &str) -> String {
        format!("<s:Envelope xmlns:s='{SOAP_11}'><s:Body>{body}</s:Body></s:Envelope>")
    }

    #[tokio::test]
    async fn an_unknown_operation_is_named_in_the_fault() {
        let xml = fault(&envelope("<troubleTicketValue/>")).await;
        assert!(xml.contains("<faultcode>soapenv:Client</faultcode>"), "{xml}");
        assert!(
            xml.contains("<faultstring>Opération inconnue : troubleTicketValue</faultstring>"),
            "{xml}"
        );
    }

    /// Fault P11: half a megabyte of a stranger's does not come back.
    #[tokio::test]
    async fn a_long_name_of_an_operation_is_cut() {
        let xml = fault(&envelope(&format!("<{}/>", "x".repeat(500_000)))).await;
        let cut = format!(
            "<faultstring>Opération inconnue : {}…</faultstring>",
            "x".repeat(80)
        );
        assert!(xml.contains(&cut), "{} bytes", xml.len());
        assert!(xml.len() < 1_000, "{} bytes", xml.len());
    }

    #[tokio::test]
    async fn ill_formed_xml_is_a_fault_and_no_xml_is_none() {
        let xml = fault("<s:Envelope").await;
        assert!(xml.contains("<faultcode>soapenv:Client</faultcode>"), "{xml}");
        assert_eq!(reply("hello").await, Reply::NotXml);
    }

    #[tokio::test]
    async fn a_known_operation_without_credentials_is_refused_before_its_fields_are_looked_at() {
        let xml = fault(&envelope("<createTroubleTicketByValueRequest/>")).await;
        assert!(xml.contains("Identifiant ou mot de passe incorrect"), "{xml}");
        assert!(!xml.contains("detail"), "{xml}");
    }
}
