//! Opening the door: routes, limits, CORS, TLS.

use std::{
    collections::BTreeSet,
    fs::File,
    io::BufReader,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use actix_cors::Cors as CorsMiddleware;
use actix_web::{App, HttpServer, dev::Server, middleware::from_fn, web};
use application::Application;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};

use crate::{
    body::Shapes,
    boundary::{boundary, plain_bodies},
    config::{ApiConfig, Cors, STOP_WAIT_S, Tls},
    docs::{self, Contract},
    limit::Limiter,
    methods::{Methods, nowhere},
    metrics::Metrics,
    openapi, routes,
};

/// Why the door could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The address cannot be listened on.
    #[error("cannot listen on {listen}")]
    Listen {
        /// The address.
        listen: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The certificate or key cannot be used.
    #[error("the certificate or key cannot be used: {detail}")]
    Tls {
        /// Which, and why.
        detail: String,
    },
}

/// A door that listens. Requests are served once it runs.
pub struct Bound {
    address: SocketAddr,
    scheme: &'static str,
    inner: Option<SocketAddr>,
    server: Server,
}

impl Bound {
    /// The address, with the port that was taken.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address as clients write it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// The address for a door of the same process: loopback and plain, whatever the certificate is made out to.
    #[must_use]
    pub fn inner_url(&self) -> String {
        self.inner
            .map_or_else(|| self.url(), |address| format!("http://{address}"))
    }

    /// Serves until `stop` resolves, then lets what is under way end.
    ///
    /// # Errors
    /// When the server cannot go on.
    pub async fn run(self, stop: impl Future<Output = ()>) -> std::io::Result<()> {
        let handle = self.server.handle();
        let mut server = std::pin::pin!(self.server);
        let mut stop = std::pin::pin!(stop);
        tokio::select! {
            ended = &mut server => ended,
            () = &mut stop => {
                // The server obeys only while it is polled.
                let ((), ended) = tokio::join!(handle.stop(true), server);
                ended
            }
        }
    }
}

/// Opens the door.
///
/// # Errors
/// See [`BindError`].
pub fn bind(application: Application, config: ApiConfig) -> Result<Bound, BindError> {
    let listen = config.listen;
    let failed = |source| BindError::Listen { listen, source };
    let write_wait = Duration::from_secs(config.write_wait_s);
    let listener = listener(listen, write_wait).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let tls = config.tls.as_ref().map(tls).transpose()?;
    let workers = config.workers;
    let inner = config
        .with_inner
        .then(|| self::listener((Ipv4Addr::LOCALHOST, 0).into(), write_wait))
        .transpose();
    let inner = inner.map_err(failed)?;
    let scheme = if tls.is_some() { "https" } else { "http" };

    let collected = openapi::collected();
    let shapes = Shapes::of(&collected).map_err(|error| failed(std::io::Error::other(error)))?;
    let shapes = web::Data::new(shapes);
    let contract = openapi::completed(collected);
    let methods = web::Data::new(Methods::of(&contract));
    let exposed = openapi::exposed(&contract);
    let contract = Contract::of(&contract).map_err(|error| failed(error.into()))?;
    let contract = web::Data::new(contract);
    let metrics = web::Data::new(Metrics::default());
    let limiter = Limiter::begin(
        config.limits,
        config.account_limits,
        application.keeping.workers(),
    );
    let cors = config.cors.clone();
    let (application, config) = (web::Data::new(application), web::Data::new(config));
    let server = HttpServer::new(move || {
        App::new()
            .app_data(application.clone())
            .app_data(config.clone())
            .app_data(shapes.clone())
            .app_data(methods.clone())
            .app_data(contract.clone())
            .app_data(metrics.clone())
            .app_data(limiter.clone())
            .wrap(from_fn(plain_bodies))
            .wrap(self::cors(&cors, &exposed))
            .wrap(from_fn(boundary))
            .configure(routes::serve)
            .configure(docs::register)
            .default_service(web::to(nowhere))
    });
    // A streamed answer is several writes: without this, the second waits for the client to acknowledge the first, 40 ms.
    let mut server = server
        .tcp_nodelay(true)
        .shutdown_timeout(STOP_WAIT_S)
        .disable_signals();
    if let Some(workers) = workers {
        server = server.workers(workers);
    }
    let mut server = match tls {
        Some(tls) => server.listen_rustls_0_23(listener, tls),
        None => server.listen(listener),
    }
    .map_err(failed)?;
    let mut inner_address = None;
    if let Some(inner) = inner {
        inner_address = Some(inner.local_addr().map_err(failed)?);
        server = server.listen(inner).map_err(failed)?;
    }
    Ok(Bound {
        address,
        scheme,
        inner: inner_address,
        server: server.run(),
    })
}

/// Listens. A connection whose client leaves an answer unread for so long, or has gone without a word, is given up, and with it what
/// its answer holds: connections have this of the socket that they were accepted on (tcp(7), `TCP_USER_TIMEOUT`).
fn listener(address: SocketAddr, write_wait: Duration) -> std::io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    #[cfg(target_os = "linux")]
    socket2::SockRef::from(&listener).set_tcp_user_timeout(Some(write_wait))?;
    Ok(listener)
}

fn cors(cors: &Cors, exposed: &BTreeSet<String>) -> CorsMiddleware {
    let middleware = CorsMiddleware::default()
        .allowed_methods(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
        .allow_any_header()
        .expose_headers(exposed)
        // A page of the same site is given its refresh token as a cookie.
        .supports_credentials()
        .max_age(3_600);
    cors.origins
        .iter()
        .fold(middleware, |middleware, origin| middleware.allowed_origin(origin))
}

fn tls(files: &Tls) -> Result<rustls::ServerConfig, BindError> {
    let unusable = |what: &str, detail: String| BindError::Tls {
        detail: format!("{what}: {detail}"),
    };
    let chain = File::open(&files.certificate).map_err(|error| unusable("certificate", error.to_string()))?;
    let chain: Result<Vec<CertificateDer<'static>>, _> =
        CertificateDer::pem_reader_iter(BufReader::new(chain)).collect();
    let chain = chain.map_err(|error| unusable("certificate", error.to_string()))?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|error| unusable("key", error.to_string()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable("protocol", error.to_string()))?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| unusable("certificate and key", error.to_string()))
}
