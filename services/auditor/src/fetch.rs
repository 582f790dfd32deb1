//! Getting exports and bundles from a server, as any client of its API does.

use std::fs;
use std::io::{self, BufRead as _, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use domain::TicketKey;
use reqwest::{Client, Response, StatusCode, Url};
use serde::Deserialize;
use tempfile::NamedTempFile;

use crate::arguments::Api;

/// Where the password is taken from, so that it stands in no list of processes.
const PASSWORD_VARIABLE: &str = "GUICHET_PASSWORD";
/// How long a connection may take, milliseconds.
const CONNECT_TIMEOUT_MS: u64 = 10_000;
/// How long the server may say nothing, milliseconds; an export as a whole takes as long as it takes.
const SILENCE_MAX_MS: u64 = 60_000;
/// Bytes of a refusal that are told.
const REFUSAL_CHARS_MAX: usize = 500;

/// Why nothing could be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The address is not one of a server.
    #[error("{0} is not an http or https address")]
    Address(String),
    /// The password would cross a network in clear.
    #[error("the password would go to {0} in clear; use https, or --allow-plain-http")]
    PlainHttp(String),
    /// No password was given.
    #[error("give the password in {PASSWORD_VARIABLE} or as a line on standard input")]
    NoPassword,
    /// A file could not be read or written.
    #[error("{path}")]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Nothing came back, or not all of it.
    #[error("the server did not answer")]
    Unanswered(#[from] reqwest::Error),
    /// The server refused.
    #[error("the server answered {status} to {what}: {body}")]
    Refused {
        /// What was asked.
        what: &'static str,
        /// Its status.
        status: StatusCode,
        /// The beginning of its answer.
        body: String,
    },
    /// No runtime could be had from the system.
    #[error("the client cannot start")]
    Start(#[source] io::Error),
}

#[derive(Deserialize)]
struct Token {
    access_token: String,
}

/// Fetches `GET /v1/tickets/{key}/evidence` into a file that is not there yet.
///
/// # Errors
///
/// See [`FetchError`].
pub fn evidence(api: &Api, key: &TicketKey, output: &mut NamedTempFile) -> Result<(), FetchError> {
    let path = format!("/v1/tickets/{}/evidence", key.as_str());
    fetch(api, &path, "the evidence", output)
}

/// Fetches `GET /v1/audit/export` into a file that is not there yet, as it comes.
///
/// # Errors
///
/// See [`FetchError`].
pub fn export(api: &Api, output: &mut NamedTempFile) -> Result<(), FetchError> {
    fetch(api, "/v1/audit/export", "the export", output)
}

fn fetch(api: &Api, path: &str, what: &'static str, output: &mut NamedTempFile) -> Result<(), FetchError> {
    let base = base(api)?;
    let password = password()?;
    let client = client(api)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(FetchError::Start)?;
    runtime.block_on(async {
        let sign_in = client
            .post(format!("{base}/v1/auth/token"))
            .json(&serde_json::json!({"username": api.username, "password": password}));
        let token: Token = accepted(sign_in.send().await?, "the sign-in")
            .await?
            .json()
            .await?;
        let asked = client
            .get(format!("{base}{path}"))
            .bearer_auth(token.access_token);
        let answer = accepted(asked.send().await?, what).await?;
        save(answer, output).await
    })
}

/// The address without what a path would be added to twice.
fn base(api: &Api) -> Result<String, FetchError> {
    let address = || FetchError::Address(api.url.clone());
    let url = Url::parse(&api.url).map_err(|_malformed| address())?;
    let host = url.host_str().ok_or_else(address)?;
    let is_loopback = host == "localhost"
        || host
            .trim_matches(['[', ']'])
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback());
    match url.scheme() {
        "https" => {}
        "http" if is_loopback || api.allow_plain_http => {}
        "http" => return Err(FetchError::PlainHttp(host.to_owned())),
        _other => return Err(address()),
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

fn password() -> Result<String, FetchError> {
    if let Ok(password) = std::env::var(PASSWORD_VARIABLE) {
        return Ok(password);
    }
    let mut line = String::new();
    io::stdin()
        .lock()
        .read_line(&mut line)
        .map_err(|source| FetchError::File {
            path: PathBuf::from("standard input"),
            source,
        })?;
    let password = line.trim_end_matches(['\r', '\n']).to_owned();
    if password.is_empty() {
        Err(FetchError::NoPassword)
    } else {
        Ok(password)
    }
}

fn client(api: &Api) -> Result<Client, FetchError> {
    // The process may have chosen its cryptography before; either choice will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder();
    if let Some(path) = &api.api_ca {
        let pem = fs::read(path).map_err(|source| FetchError::File {
            path: path.clone(),
            source,
        })?;
        builder = builder.tls_certs_only(reqwest::Certificate::from_pem_bundle(&pem)?);
    }
    Ok(builder
        .connect_timeout(Duration::from_millis(CONNECT_TIMEOUT_MS))
        .read_timeout(Duration::from_millis(SILENCE_MAX_MS))
        .redirect(reqwest::redirect::Policy::none())
        .build()?)
}

async fn accepted(answer: Response, what: &'static str) -> Result<Response, FetchError> {
    let status = answer.status();
    if status == StatusCode::OK {
        return Ok(answer);
    }
    let body = answer.text().await.unwrap_or_default();
    Err(FetchError::Refused {
        what,
        status,
        body: body.chars().take(REFUSAL_CHARS_MAX).collect(),
    })
}

async fn save(mut answer: Response, output: &mut NamedTempFile) -> Result<(), FetchError> {
    while let Some(chunk) = answer.chunk().await? {
        output.write_all(&chunk).map_err(|source| FetchError::File {
            path: output.path().to_owned(),
            source,
        })?;
    }
    Ok(())
}
