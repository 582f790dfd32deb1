//! Opening the door: its data, its client of the API, its listener.

use crate::client::{Client, ClientError};
use crate::config::{SoapConfig, TlsFiles};
use crate::credentials::SignIns;
use crate::exchange::Service;
use crate::fields::is_siren;
use crate::port::{self, PATH, Public, TrustedProxies};
use crate::vocabulary::{LoadVocabularyError, ReturnCodes, Vocabulary};
use actix_web::{App, HttpServer, dev::Server, web};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use std::{error::Error, future::Future, net::SocketAddr, path::Path, pin::pin, sync::Arc};
use tokio::sync::oneshot;

/// How long calls under way may take once the door is told to stop, seconds.
const SHUTDOWN_S: u64 = 20;

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
    /// The supplier's SIREN is none.
    #[error("the supplier's SIREN {0:?} is not one of nine digits")]
    SupplierSiren(String),
    /// The namespace is none.
    #[error("the namespace {0:?} is no absolute URI")]
    Namespace(String),
    /// The public URL is none.
    #[error("the public URL {0:?} does not begin with http:// or https:// and a host")]
    PublicUrl(String),
    /// A data file cannot be used.
    #[error("the protocol's words cannot be loaded")]
    Vocabulary(#[from] LoadVocabularyError),
    /// Settings that cannot be used, which nobody asked about before.
    #[error("{}", all_of(.0))]
    Settings(Vec<SettingFault>),
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

/// A setting of the door, or several that go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// Where it listens.
    Listen,
    /// How clients reach it.
    PublicUrl,
    /// The supplier behind it.
    SupplierSiren,
    /// The namespace of its answers.
    Namespace,
    /// The file of return codes.
    ReturnCodes,
    /// The file of the protocol's words.
    Vocabulary,
    /// The API: its address, authorities and service key.
    Api,
    /// The certificate and its key.
    Tls,
}

/// What is wrong with a setting.
#[derive(Debug)]
pub struct SettingFault {
    /// Which one.
    pub setting: Setting,
    /// Why it cannot be used.
    pub error: BindError,
}

impl BindError {
    fn of(mut faults: Vec<SettingFault>) -> BindError {
        match faults.pop() {
            Some(only) if faults.is_empty() => only.error,
            last => BindError::Settings(faults.into_iter().chain(last).collect()),
        }
    }
}

/// In one line.
fn all_of(faults: &[SettingFault]) -> String {
    let told: Vec<String> = faults.iter().map(|fault| fault.error.to_string()).collect();
    told.join("; ")
}

/// The faults found so far.
#[derive(Default)]
struct Faults(Vec<SettingFault>);

impl Faults {
    fn add(&mut self, setting: Setting, error: BindError) {
        self.0.push(SettingFault { setting, error });
    }

    /// What was read, unless it could not be.
    fn kept<T, E: Into<BindError>>(&mut self, setting: Setting, read: Result<T, E>) -> Option<T> {
        read.map_err(|error| self.add(setting, error.into())).ok()
    }
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

/// What the settings name, read.
pub(crate) struct Loaded {
    service: Service,
    tls: Option<rustls::ServerConfig>,
}

/// Looks at every setting and reads every file; all faults are told, not the first only.
pub(crate) fn load(config: &SoapConfig) -> Result<Loaded, Vec<SettingFault>> {
    let mut faults = Faults::default();
    if config.exposes_passwords() {
        faults.add(Setting::Listen, BindError::PlainHttp(config.listen));
    }
    if let Some(siren) = config.supplier_siren.as_ref().filter(|siren| !is_siren(siren)) {
        faults.add(Setting::SupplierSiren, BindError::SupplierSiren(siren.clone()));
    }
    if !is_uri(&config.namespace) {
        faults.add(Setting::Namespace, BindError::Namespace(config.namespace.clone()));
    }
    if let Some(url) = config.public_url.as_ref().filter(|url| !is_web_address(url)) {
        faults.add(Setting::PublicUrl, BindError::PublicUrl(url.clone()));
    }
    let client = Client::new(
        &config.api_url,
        config.api_ca.as_deref(),
        config.service_key.as_deref(),
    );
    let client = faults.kept(Setting::Api, client);
    let return_codes = ReturnCodes::load(config.return_codes.as_deref());
    let return_codes = faults.kept(Setting::ReturnCodes, return_codes);
    let vocabulary = Vocabulary::load(config.vocabulary.as_deref());
    let vocabulary = faults.kept(Setting::Vocabulary, vocabulary);
    let tls = config.tls.as_ref().map(server_tls).transpose();
    let tls = faults.kept(Setting::Tls, tls);
    match (client, return_codes, vocabulary, tls) {
        (Some(client), Some(return_codes), Some(vocabulary), Some(tls)) if faults.0.is_empty() => {
            let service = Service {
                client,
                sign_ins: SignIns::new(),
                vocabulary,
                return_codes,
                namespace: config.namespace.clone(),
                supplier_siren: config.supplier_siren.clone(),
            };
            Ok(Loaded { service, tls })
        }
        (..) => Err(faults.0),
    }
}

/// A namespace name is compared character by character and written as it is: no blanks, and a scheme.
fn is_uri(text: &str) -> bool {
    text.chars().all(|character| character.is_ascii_graphic()) && reqwest::Url::parse(text).is_ok()
}

fn is_web_address(text: &str) -> bool {
    let url = reqwest::Url::parse(text).ok().filter(|_| is_uri(text));
    url.is_some_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// Opens the door: reads the data, makes the client of the API, listens. It does not ask the API anything yet, so
/// that the two can start in any order. Must be called within a Tokio runtime.
///
/// # Errors
/// [`BindError`] tells which settings cannot be used.
pub async fn bind(config: SoapConfig) -> Result<Bound, BindError> {
    let Loaded { service, tls } = load(&config).map_err(BindError::of)?;
    let service = web::Data::new(service);
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
                    .route(web::post().to(port::call))
                    .route(web::get().to(port::describe))
                    .route(web::head().to(port::describe))
                    .default_service(web::to(port::not_allowed)),
            )
            .service(
                web::resource("/healthz")
                    .route(web::get().to(port::healthy))
                    .route(web::head().to(port::healthy))
                    .default_service(web::to(port::only_read)),
            )
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
