//! Asking a provider: no redirects, little time, small answers, and nothing in clear that leaves the machine.

use std::{error::Error, pin::Pin, time::Duration};

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse, IssuerUrl, url::Url};

use super::config::is_loopback;

/// How long to wait for a connection, ms.
const CONNECT_TIMEOUT_MS: u64 = 3_000;
/// How long to wait for a whole answer, ms.
const ANSWER_TIMEOUT_MS: u64 = 10_000;
/// Largest answer, bytes: a token with many groups, or a set of keys.
const ANSWER_BYTES_MAX: usize = 512 * 1024;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    #[error("the identity provider names an address that is neither https nor as near as its issuer")]
    Forbidden,
    #[error("the identity provider did not answer")]
    Unanswered(#[source] reqwest::Error),
    #[error("the identity provider's answer is longer than {ANSWER_BYTES_MAX} bytes")]
    TooLong,
    #[error("the identity provider's answer cannot be passed on")]
    Unreadable(#[source] openidconnect::http::Error),
}

/// The client for one provider.
pub(super) struct Fetch {
    http: reqwest::Client,
    /// The issuer itself is on this machine: so may be all that it names. Elsewhere a provider could have this server ask
    /// what only this machine may ask.
    near: bool,
}

impl Fetch {
    pub(super) fn new(issuer: &IssuerUrl) -> Result<Fetch, reqwest::Error> {
        let near = issuer.url().scheme() == "http";
        // Another door of the process may have chosen the same before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut http = reqwest::Client::builder()
            .connect_timeout(Duration::from_millis(CONNECT_TIMEOUT_MS))
            .timeout(Duration::from_millis(ANSWER_TIMEOUT_MS))
            .redirect(reqwest::redirect::Policy::none());
        if near {
            http = http.no_proxy();
        }
        Ok(Fetch {
            http: http.build()?,
            near,
        })
    }

    /// Whether a provider may name this address: HTTPS, or as near as its issuer.
    pub(super) fn allows(&self, url: &Url) -> bool {
        url.scheme() == "https" || (self.near && url.scheme() == "http" && is_loopback(url))
    }

    async fn answer(&self, request: HttpRequest) -> Result<HttpResponse, FetchError> {
        let request = reqwest::Request::try_from(request).map_err(FetchError::Unanswered)?;
        if !self.allows(request.url()) {
            return Err(FetchError::Forbidden);
        }
        let unanswered = |error: reqwest::Error| FetchError::Unanswered(error.without_url());
        let mut answer = self.http.execute(request).await.map_err(unanswered)?;
        let mut response = openidconnect::http::Response::builder().status(answer.status());
        for (name, value) in answer.headers() {
            response = response.header(name, value);
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(unanswered)? {
            if body.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err(FetchError::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        response.body(body).map_err(FetchError::Unreadable)
    }
}

impl<'c> AsyncHttpClient<'c> for Fetch {
    type Error = FetchError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, FetchError>> + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let answer = self.answer(request).await;
            if let Err(error) = &answer {
                tracing::debug!(
                    error = error as &dyn Error,
                    "an identity provider is not understood"
                );
            }
            answer
        })
    }
}
