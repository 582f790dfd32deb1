//! The REST contract as this door uses it.

use api_types::{
    CreateTicket, CreateToken, CreateTransition, Me, Problem, Ticket, TicketPage, TicketQuery, TokenAnswer,
};
use reqwest::{Method, RequestBuilder, Response, header};
use serde::de::DeserializeOwned;
use std::{
    error::Error,
    net::IpAddr,
    path::{Path, PathBuf},
    time::Duration,
};
use uuid::Uuid;

/// How long to wait for a connection to the API, milliseconds.
const CONNECT_TIMEOUT_MS: u64 = 2_000;
/// How long to wait for the API's whole answer, milliseconds.
const ANSWER_TIMEOUT_MS: u64 = 15_000;

/// Why the API could not be asked at all.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    #[error("the address of the API is not a URL")]
    Address(#[source] Box<dyn Error + Send + Sync>),
    #[error("the service key cannot be sent as a header")]
    ServiceKey(#[from] header::InvalidHeaderValue),
    #[error("the certificates in {path} cannot be read")]
    Ca { path: PathBuf, source: std::io::Error },
    #[error("the HTTP client cannot be made")]
    Build(#[from] reqwest::Error),
}

/// Why a call was not carried out, or not known to be.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// The API answered, and it was no.
    #[error("the API refused with status {status}, code {}", .problem.as_ref().map_or("none", |problem| &problem.code))]
    Refused {
        status: u16,
        problem: Option<Box<Problem>>,
    },
    /// The API did not answer, or not in time: the outcome is unknown.
    #[error("the API did not answer")]
    Unanswered(#[source] reqwest::Error),
    /// The API answered something else than its contract says.
    #[error("the API's answer cannot be read")]
    Unreadable(#[source] reqwest::Error),
    /// The ticket changed at every attempt.
    #[error("the ticket changed at each of {0} attempts")]
    AlwaysStale(usize),
}

impl CallError {
    /// The error and its causes on one line, for the log.
    pub(crate) fn chain(&self) -> String {
        let mut line = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            line.push_str(": ");
            line.push_str(&error.to_string());
            cause = error.source();
        }
        line
    }
}

/// One exchange with an operator, as the API is told about it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller {
    pub(crate) address: Option<IpAddr>,
    pub(crate) request_id: Uuid,
}

/// What a command carries beside its body.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) idempotency_key: Option<String>,
    /// RFC 3339: when the operator's machine sent the message (`interactionDate`).
    pub(crate) sent_at: Option<String>,
    /// RFC 3339: when the trouble began (`troubleDetectionTime`).
    pub(crate) occurred_at: Option<String>,
}

/// A client of the API, over plain HTTP beside it or over https from elsewhere.
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    service_key: Option<header::HeaderValue>,
}

impl Client {
    pub(crate) fn new(
        api_url: &str,
        api_ca: Option<&Path>,
        service_key: Option<&str>,
    ) -> Result<Client, ClientError> {
        let base = reqwest::Url::parse(api_url).map_err(|error| ClientError::Address(Box::new(error)))?;
        let service_key = service_key
            .map(|key| {
                header::HeaderValue::from_str(key).map(|mut value| {
                    value.set_sensitive(true);
                    value
                })
            })
            .transpose()?;
        // The process may have chosen its cryptography before; either choice will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut http = reqwest::Client::builder();
        if let Some(path) = api_ca {
            let pem = std::fs::read(path).map_err(|source| ClientError::Ca {
                path: path.to_owned(),
                source,
            })?;
            http = http.tls_certs_only(reqwest::Certificate::from_pem_bundle(&pem)?);
        }
        let http = http
            .connect_timeout(Duration::from_millis(CONNECT_TIMEOUT_MS))
            .timeout(Duration::from_millis(ANSWER_TIMEOUT_MS))
            .redirect(reqwest::redirect::Policy::none())
            // The API is ours and near: a proxy of the environment is meant for the world outside.
            .no_proxy()
            .build()?;
        Ok(Client {
            http,
            base: base.as_str().trim_end_matches('/').to_owned(),
            service_key,
        })
    }

    /// `POST /v1/auth/token`
    pub(crate) async fn token(&self, caller: Caller, body: &CreateToken) -> Result<TokenAnswer, CallError> {
        receive(self.request(Method::POST, "/v1/auth/token", caller).json(body)).await
    }

    /// `GET /v1/me`
    pub(crate) async fn me(&self, caller: Caller, token: &str) -> Result<Me, CallError> {
        receive(self.request(Method::GET, "/v1/me", caller).bearer_auth(token)).await
    }

    /// `POST /v1/tickets`
    pub(crate) async fn create(
        &self,
        caller: Caller,
        token: &str,
        stamp: &Stamp,
        body: &CreateTicket,
    ) -> Result<Ticket, CallError> {
        let request = self
            .request(Method::POST, "/v1/tickets", caller)
            .bearer_auth(token)
            .json(body);
        receive(stamped(request, stamp)).await
    }

    /// `GET /v1/tickets/{key}`; the key's form is checked by the caller.
    pub(crate) async fn ticket(&self, caller: Caller, token: &str, key: &str) -> Result<Ticket, CallError> {
        receive(
            self.request(Method::GET, &format!("/v1/tickets/{key}"), caller)
                .bearer_auth(token),
        )
        .await
    }

    /// `GET /v1/tickets`
    pub(crate) async fn tickets(
        &self,
        caller: Caller,
        token: &str,
        query: &TicketQuery,
    ) -> Result<TicketPage, CallError> {
        receive(
            self.request(Method::GET, "/v1/tickets", caller)
                .bearer_auth(token)
                .query(query),
        )
        .await
    }

    /// `POST /v1/tickets/{key}/transitions`, if the ticket still has that version.
    pub(crate) async fn transition(
        &self,
        caller: Caller,
        token: &str,
        stamp: &Stamp,
        (key, version): (&str, u64),
        body: &CreateTransition,
    ) -> Result<Ticket, CallError> {
        let request = self
            .request(Method::POST, &format!("/v1/tickets/{key}/transitions"), caller)
            .bearer_auth(token)
            .header(header::IF_MATCH, format!("\"{version}\""))
            .json(body);
        receive(stamped(request, stamp)).await
    }

    fn request(&self, method: Method, path: &str, caller: Caller) -> RequestBuilder {
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.base))
            .header(header::ACCEPT_LANGUAGE, "fr")
            .header("X-Request-Id", caller.request_id.to_string())
            .header("Guichet-Channel", "soap");
        if let Some(address) = caller.address {
            request = request.header("Guichet-Client-Address", address.to_string());
        }
        if let Some(key) = &self.service_key {
            request = request.header("Guichet-Service-Key", key.clone());
        }
        request
    }
}

fn stamped(mut request: RequestBuilder, stamp: &Stamp) -> RequestBuilder {
    for (name, value) in [
        ("Idempotency-Key", &stamp.idempotency_key),
        ("Guichet-Sent-At", &stamp.sent_at),
        ("Guichet-Occurred-At", &stamp.occurred_at),
    ] {
        if let Some(value) = value {
            request = request.header(name, value);
        }
    }
    request
}

/// Sends and reads. Errors lose their URL, because a query names a person's line.
async fn receive<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, CallError> {
    let response: Response = request
        .send()
        .await
        .map_err(|error| CallError::Unanswered(error.without_url()))?;
    let status = response.status();
    if status.is_success() {
        return response.json().await.map_err(|error| {
            if error.is_decode() {
                CallError::Unreadable(error.without_url())
            } else {
                CallError::Unanswered(error.without_url())
            }
        });
    }
    // A refusal whose body is no problem, such as a proxy's, is told by its status alone.
    Err(CallError::Refused {
        status: status.as_u16(),
        problem: response.json().await.ok(),
    })
}
