//! The HTTP side: one path for calls and for the WSDL, within limits (WS-I Basic Profile 1.1, 3.4).

use crate::client::{Caller, Client, ClientError};
use crate::config::{SoapConfig, TlsFiles};
use crate::credentials::SignIns;
use crate::exchange::{Reply, Request, Service};
use crate::vocabulary::{LoadVocabularyError, ReturnCodes, Vocabulary};
use crate::wsdl::wsdl;
use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    dev::Server,
    http::{StatusCode, header},
    web,
};
use api_types::forwarded::client_address;
use futures_util::StreamExt as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use std::{
    error::Error,
    future::Future,
    net::{IpAddr, SocketAddr},
    path::Path,
    pin::pin,
    sync::Arc,
    time::Duration,
};
use tokio::sync::oneshot;
use uuid::Uuid;

/// The path of the port, as seed 001 (2.3) names it.
pub const PATH: &str = "/interop-sav-21/services/JVTTroubleTicketSessionWSPort";
/// Largest request body, bytes. The largest that the protocol can need, two texts of 24 KiB, is a twentieth of it.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;
/// How long a client may take to send a body, milliseconds.
pub const BODY_READ_TIMEOUT_MS: u64 = 30_000;
/// How long calls under way may take once the door is told to stop, seconds.
const SHUTDOWN_S: u64 = 20;

const XML: &str = "text/xml; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

/// Why the door does not open.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Passwords would cross a network in clear.
    #[error(
        "{0} is not loopback and there is no TLS: give a certificate, a public URL with https, or allow plain http"
    )]
    PlainHttp(SocketAddr),
    /// The API's address or the service key cannot be used.
    #[error("the API cannot be reached with these settings")]
    Client(#[source] Box<dyn Error + Send + Sync>),
    /// A data file cannot be used.
    #[error("the protocol's words cannot be loaded")]
    Vocabulary(#[from] LoadVocabularyError),
    /// The certificate or its key cannot be read.
    #[error("the TLS file {path} cannot be read")]
    Pem {
        /// Where it should be.
        path: String,
        /// What is wrong with it.
        source: Box<rustls::pki_types::pem::Error>,
    },
    /// The certificate and the key do not serve together.
    #[error("the TLS certificate cannot be used")]
    Tls(#[from] rustls::Error),
    /// The address is taken or not ours.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
}

impl From<ClientError> for BindError {
    fn from(error: ClientError) -> BindError {
        BindError::Client(Box::new(error))
    }
}

/// The server stopped by itself.
#[derive(Debug, thiserror::Error)]
#[error("the SOAP door broke down")]
pub struct RunError(#[from] std::io::Error);

/// A door that listens and has yet to be run.
#[derive(Debug)]
pub struct Bound {
    address: SocketAddr,
    scheme: &'static str,
    server: ServerUnderWay,
}

/// The server and what stops it.
struct ServerUnderWay {
    server: Server,
    stop: oneshot::Sender<()>,
}

impl std::fmt::Debug for ServerUnderWay {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("ServerUnderWay")
    }
}

impl Bound {
    /// Where it listens, with the port that was chosen.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its URL without a path, for the line that tells that it listens.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// Serves until `shutdown` resolves and the calls under way have ended, at most 20 s later.
    ///
    /// # Errors
    /// [`RunError`] when the server stops without having been told to.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<(), RunError> {
        let ServerUnderWay { server, stop } = self.server;
        let shutdown = pin!(shutdown);
        match futures_util::future::select(server, shutdown).await {
            futures_util::future::Either::Left((ended, _)) => Ok(ended?),
            futures_util::future::Either::Right(((), server)) => {
                drop(stop);
                Ok(server.await?)
            }
        }
    }
}

/// Opens the door: reads the data, makes the client of the API, listens. It does not ask the API anything yet, so
/// that the two can start in any order. Must be called within a Tokio runtime.
///
/// # Errors
/// [`BindError`] tells which setting cannot be used.
pub async fn bind(config: SoapConfig) -> Result<Bound, BindError> {
    if config.exposes_passwords() {
        return Err(BindError::PlainHttp(config.listen));
    }
    let service = web::Data::new(Service {
        client: Client::new(
            &config.api_url,
            config.api_ca.as_deref(),
            config.service_key.as_deref(),
        )?,
        sign_ins: SignIns::new(),
        vocabulary: Vocabulary::load(config.vocabulary.as_deref())?,
        return_codes: ReturnCodes::load(config.return_codes.as_deref())?,
        namespace: config.namespace.clone(),
        supplier_siren: config.supplier_siren.clone(),
    });
    let tls = config.tls.as_ref().map(server_tls).transpose()?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let proxies = web::Data::new(TrustedProxies(config.trusted_proxies));
    let public = web::Data::new(Public {
        url: config.public_url.clone(),
        scheme,
    });
    let (stop, stopped) = oneshot::channel::<()>();
    let mut server = HttpServer::new(move || {
        App::new()
            .app_data(service.clone())
            .app_data(public.clone())
            .app_data(proxies.clone())
            .service(
                web::resource(PATH)
                    .route(web::post().to(call))
                    .route(web::get().to(describe))
                    .route(web::head().to(describe))
                    .default_service(web::to(not_allowed)),
            )
            .route("/healthz", web::get().to(healthy))
    })
    .tcp_nodelay(true)
    .disable_signals()
    .shutdown_timeout(SHUTDOWN_S)
    .shutdown_signal(async move {
        // Dropping the sender is the signal; there is nothing to receive.
        let _ = stopped.await;
    });
    if let Some(workers) = config.workers {
        server = server.workers(workers.max(1));
    }
    let listen = |source| BindError::Listen {
        address: config.listen,
        source,
    };
    let server = match tls {
        Some(tls) => server.bind_rustls_0_23(config.listen, tls).map_err(listen)?,
        None => server.bind(config.listen).map_err(listen)?,
    };
    let address = server.addrs().first().copied().unwrap_or(config.listen);
    Ok(Bound {
        address,
        scheme,
        server: ServerUnderWay {
            server: server.run(),
            stop,
        },
    })
}

fn server_tls(files: &TlsFiles) -> Result<rustls::ServerConfig, BindError> {
    let failed = |path: &Path| {
        let path = path.display().to_string();
        move |source| BindError::Pem {
            path,
            source: Box::new(source),
        }
    };
    let chain = CertificateDer::pem_file_iter(&files.cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(failed(&files.cert))?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(failed(&files.key))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?)
}

/// How clients reach this door.
struct Public {
    url: Option<String>,
    scheme: &'static str,
}

impl Public {
    /// The address for the WSDL: the public URL that was set, or the host that was asked (feature F4).
    fn address(&self, host: &str) -> String {
        let host_is_plain = !host.is_empty()
            && host
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b".-:[]_".contains(&byte));
        match &self.url {
            Some(url) => format!("{}{PATH}", url.trim_end_matches('/')),
            None if host_is_plain => format!("{}://{host}{PATH}", self.scheme),
            None => format!("{}://localhost{PATH}", self.scheme),
        }
    }
}

async fn healthy() -> HttpResponse {
    HttpResponse::Ok().content_type(TEXT).body("ok\n")
}

async fn not_allowed() -> HttpResponse {
    HttpResponse::MethodNotAllowed()
        .insert_header((header::ALLOW, "POST, GET, HEAD"))
        .content_type(TEXT)
        .body("POST for calls, GET with ?wsdl for the WSDL\n")
}

/// `GET …?wsdl`, in any case. Without it a GET is no call of this protocol.
async fn describe(
    request: HttpRequest,
    service: web::Data<Service>,
    public: web::Data<Public>,
) -> HttpResponse {
    let asked = request.query_string().split('&').any(|part| {
        part.split('=')
            .next()
            .is_some_and(|name| name.eq_ignore_ascii_case("wsdl"))
    });
    if !asked {
        return not_allowed().await;
    }
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let host = host
        .or_else(|| request.uri().authority().map(|authority| authority.as_str()))
        .unwrap_or("");
    HttpResponse::Ok()
        .content_type(XML)
        .body(wsdl(&service.namespace, &public.address(host)))
}

/// The reverse proxies whose word on a client's address is believed.
struct TrustedProxies(Vec<IpAddr>);

/// `POST`: one call.
async fn call(
    request: HttpRequest,
    payload: web::Payload,
    service: web::Data<Service>,
    proxies: web::Data<TrustedProxies>,
) -> HttpResponse {
    let text_of =
        |name: header::HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    let (media_type, charset) = media_type(text_of(header::CONTENT_TYPE).unwrap_or(""));
    let encoded =
        text_of(header::CONTENT_ENCODING).is_some_and(|coding| !coding.eq_ignore_ascii_case("identity"));
    if media_type != "text/xml" || encoded {
        return plain(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "text/xml without content coding is accepted here\n",
        );
    }
    let body = match read(payload).await {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    let caller = Caller {
        address: client_address(
            request.peer_addr().map(|peer| peer.ip()),
            request
                .headers()
                .get_all("x-forwarded-for")
                .map(|value| value.as_bytes()),
            &proxies.0,
        ),
        request_id: Uuid::new_v4(),
    };
    let asked = Request {
        body: &body,
        charset: charset.as_deref(),
        authorization: text_of(header::AUTHORIZATION),
        caller,
    };
    match service.answer(&asked).await {
        Reply::Answer(xml) => HttpResponse::Ok().content_type(XML).body(xml),
        Reply::Fault(xml) => HttpResponse::InternalServerError().content_type(XML).body(xml),
        Reply::NotXml => plain(StatusCode::BAD_REQUEST, "the body is not XML\n"),
    }
}

fn plain(status: StatusCode, text: &'static str) -> HttpResponse {
    HttpResponse::build(status).content_type(TEXT).body(text)
}

/// The media type in lower case, and its `charset`.
fn media_type(content_type: &str) -> (String, Option<String>) {
    let mut parts = content_type.split(';');
    let media_type = parts.next().unwrap_or("").trim().to_ascii_lowercase();
    let charset = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("charset")
            .then(|| value.trim().trim_matches('"').to_owned())
    });
    (media_type, charset)
}

/// Reads a body within its limits of size and time.
async fn read(mut payload: web::Payload) -> Result<Vec<u8>, HttpResponse> {
    let reading = async {
        let mut body = Vec::new();
        while let Some(chunk) = payload.next().await {
            let Ok(chunk) = chunk else {
                return Err(plain(StatusCode::BAD_REQUEST, "the body ended early\n"));
            };
            if body.len() + chunk.len() > BODY_BYTES_MAX {
                return Err(plain(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    "the body holds more than 1 MiB\n",
                ));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    };
    match tokio::time::timeout(Duration::from_millis(BODY_READ_TIMEOUT_MS), reading).await {
        Ok(read) => read,
        Err(_elapsed) => Err(plain(
            StatusCode::REQUEST_TIMEOUT,
            "the body took more than 30 s\n",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_media_type_is_read_without_its_parameters_and_case() {
        assert_eq!(
            media_type("Text/XML; action=\"x\"; CharSet=\"UTF-8\""),
            ("text/xml".into(), Some("UTF-8".into()))
        );
        assert_eq!(
            media_type("application/soap+xml"),
            ("application/soap+xml".into(), None)
        );
        assert_eq!(media_type(""), (String::new(), None));
    }

    #[test]
    fn the_wsdl_names_the_public_url_or_the_host_asked_and_never_a_forged_one() {
        let asked = Public {
            url: None,
            scheme: "http",
        };
        assert_eq!(
            asked.address("ws.example.org:8081"),
            format!("http://ws.example.org:8081{PATH}")
        );
        assert_eq!(asked.address("[::1]:8081"), format!("http://[::1]:8081{PATH}"));
        assert_eq!(asked.address("evil\"/><x"), format!("http://localhost{PATH}"));
        assert_eq!(asked.address(""), format!("http://localhost{PATH}"));
        let public = Public {
            url: Some("https://ws.example.org/".into()),
            scheme: "http",
        };
        assert_eq!(
            public.address("10.0.0.1"),
            format!("https://ws.example.org{PATH}")
        );
    }
}
