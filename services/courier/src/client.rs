//! The three calls of the REST contract that the courier makes.

use crate::config::CourierConfig;
use crate::error::CourierError;
use crate::smtp_url::is_loopback;
use api_types::{ClaimedDelivery, DeliveryPage, Problem, SettleDelivery};
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url, header::HeaderValue};
use serde::{Serialize, de::DeserializeOwned};
use std::time::Duration;

/// How long to wait for a connection to the API, milliseconds.
const CONNECT_TIMEOUT_MS: u64 = 2_000;
/// How long to wait for the API's whole answer, beside what it was asked to wait, milliseconds.
const ANSWER_TIMEOUT_MS: u64 = 15_000;

/// Why a call was not carried out, or not known to be.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// The API answered, and it was no.
    #[error("the API refused with status {status}, code {}", .code.as_deref().unwrap_or("none"))]
    Refused {
        status: StatusCode,
        code: Option<String>,
    },
    /// The API did not answer, or not in time: the outcome is unknown.
    #[error("the API did not answer")]
    Unanswered(#[source] reqwest::Error),
    /// The API answered something else than its contract says.
    #[error("the API's answer cannot be read")]
    Unreadable(#[source] reqwest::Error),
}

impl CallError {
    /// Whether the same call may be carried out later.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            CallError::Refused { status, .. } => {
                status.is_server_error()
                    || *status == StatusCode::TOO_MANY_REQUESTS
                    || *status == StatusCode::REQUEST_TIMEOUT
            }
            CallError::Unanswered(_) => true,
            CallError::Unreadable(_) => false,
        }
    }

    /// Whether the delivery is nobody's to claim, or no longer ours to tell about.
    fn is_gone(&self) -> bool {
        match self {
            CallError::Refused { status, .. } => {
                *status == StatusCode::NOT_FOUND || *status == StatusCode::CONFLICT
            }
            CallError::Unanswered(_) | CallError::Unreadable(_) => false,
        }
    }
}

/// Which deliveries to list.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Listing {
    /// Those with a greater number.
    pub(crate) after: u64,
    pub(crate) limit: u32,
    /// How long the API waits for one while there is none, seconds.
    pub(crate) wait_s: u64,
}

/// A client of the API.
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    service_key: HeaderValue,
}

impl Client {
    pub(crate) fn new(config: &CourierConfig) -> Result<Client, CourierError> {
        let base = base(&config.api_url, config.allow_plain_http)?;
        let mut service_key = HeaderValue::from_str(&config.service_key)?;
        service_key.set_sensitive(true);
        let mut http = reqwest::Client::builder();
        if let Some(path) = &config.api_ca {
            let unreadable = |source| CourierError::Ca {
                path: path.clone(),
                source,
            };
            let pem = std::fs::read(path).map_err(|error| unreadable(Box::new(error)))?;
            let certificates = reqwest::Certificate::from_pem_bundle(&pem);
            http = http.tls_certs_only(certificates.map_err(|error| unreadable(Box::new(error)))?);
        }
        let http = http
            .connect_timeout(Duration::from_millis(CONNECT_TIMEOUT_MS))
            .redirect(reqwest::redirect::Policy::none())
            // The API is ours and near: a proxy of the environment is meant for the world outside.
            .no_proxy()
            .build()
            .map_err(|error| CourierError::HttpClient(Box::new(error)))?;
        Ok(Client {
            http,
            base,
            service_key,
        })
    }

    /// `GET /v1/deliveries`
    pub(crate) async fn list(&self, listing: Listing) -> Result<DeliveryPage, CallError> {
        let limit = Duration::from_millis(ANSWER_TIMEOUT_MS) + Duration::from_secs(listing.wait_s);
        let request = self.request(Method::GET, "/v1/deliveries").query(&listing);
        read(answer(request.timeout(limit)).await?).await
    }

    /// `POST /v1/deliveries/{id}/claim`; nothing when it no longer waits.
    pub(crate) async fn claim(&self, id: u64) -> Result<Option<ClaimedDelivery>, CallError> {
        let request = self.request(Method::POST, &format!("/v1/deliveries/{id}/claim"));
        match answer(request).await {
            Ok(response) => read(response).await.map(Some),
            Err(error) if error.is_gone() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// `POST /v1/deliveries/{id}/outcome`; false when the delivery is no longer ours to tell about.
    pub(crate) async fn tell(&self, id: u64, outcome: &SettleDelivery) -> Result<bool, CallError> {
        let request = self.request(Method::POST, &format!("/v1/deliveries/{id}/outcome"));
        match answer(request.json(outcome)).await {
            Ok(_) => Ok(true),
            Err(error) if error.is_gone() => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.base))
            .timeout(Duration::from_millis(ANSWER_TIMEOUT_MS))
            .header("Guichet-Service-Key", self.service_key.clone())
    }
}

/// The API's address without a last slash, when it may be called.
fn base(url: &str, allow_plain_http: bool) -> Result<String, CourierError> {
    let parsed = Url::parse(url).map_err(|error| CourierError::ApiUrl(Some(Box::new(error))))?;
    let host = parsed.host_str().unwrap_or_default();
    match parsed.scheme() {
        "https" => {}
        "http" if is_loopback(host) || allow_plain_http => {}
        "http" => return Err(CourierError::PlainHttp(host.to_owned())),
        _ => return Err(CourierError::ApiUrl(None)),
    }
    Ok(parsed.as_str().trim_end_matches('/').to_owned())
}

/// Sends; a refusal whose body is no problem, such as a proxy's, is told by its status alone.
async fn answer(request: RequestBuilder) -> Result<Response, CallError> {
    let response = request
        .send()
        .await
        .map_err(|error| CallError::Unanswered(error.without_url()))?;
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let problem: Option<Problem> = response.json().await.ok();
    Err(CallError::Refused {
        status,
        code: problem.map(|problem| problem.code),
    })
}

async fn read<T: DeserializeOwned>(response: Response) -> Result<T, CallError> {
    response.json().await.map_err(|error| {
        if error.is_decode() {
            CallError::Unreadable(error.without_url())
        } else {
            CallError::Unanswered(error.without_url())
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_needs_loopback_or_an_explicit_word() {
        let taken = |url: &str, allowed: bool| base(url, allowed).ok();
        assert_eq!(
            taken("http://127.0.0.1:8080/", false).as_deref(),
            Some("http://127.0.0.1:8080")
        );
        assert!(taken("http://[::1]:8080", false).is_some());
        assert!(taken("http://localhost:8080", false).is_some());
        assert!(taken("https://api.example.org", false).is_some());
        assert!(taken("http://localhost.example.org", false).is_none());
        assert!(taken("http://192.0.2.1:8080", false).is_none());
        assert!(taken("http://192.0.2.1:8080", true).is_some());
        assert!(matches!(
            base("http://api.example.org", false),
            Err(CourierError::PlainHttp(host)) if host == "api.example.org"
        ));
        assert!(matches!(
            base("ftp://api.example.org", true),
            Err(CourierError::ApiUrl(None))
        ));
        assert!(matches!(
            base("api.example.org", true),
            Err(CourierError::ApiUrl(Some(_)))
        ));
    }
}
