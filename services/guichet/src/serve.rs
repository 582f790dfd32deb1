//! Running the doors until the process is told to stop.

use std::net::SocketAddr;

use api::{ApiConfig, oidc::IdentityProviders};
use application::{
    Application, ExecuteError, Settings,
    demo::SUPPLIER_SIREN as DEMO_SUPPLIER_SIREN,
    error::chain,
    supervision::{End, Supervisor, Worker},
};
use chrono::Utc;
use courier::CourierConfig;
use soap::SoapConfig;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

use crate::{
    Failure, admin_socket,
    arguments::{Api, Courier, Mail, Soap, Tls, Up},
    process_log, upkeep,
};

/// Why the doors were not opened.
#[derive(Debug, thiserror::Error)]
enum ServeError {
    #[error("--demo is for loopback addresses only, and {0} is not one")]
    DemoInPublic(SocketAddr),
    #[error("the event log {0:?} is not known; this version has sled")]
    UnknownLog(String),
}

/// A setting that cannot be used: the process ends with status 2, as for a flag that cannot be read, before anything listens.
#[derive(Debug, thiserror::Error)]
#[error("a setting cannot be used")]
pub(crate) struct WrongSetting(#[source] Failure);

impl WrongSetting {
    fn of(error: impl std::error::Error + 'static) -> WrongSetting {
        WrongSetting(Box::new(error))
    }
}

/// Runs both doors.
///
/// # Errors
/// What went wrong, for the operator.
pub(crate) fn up(options: Up) -> Result<(), Failure> {
    let mut api = options.api;
    // The doors of one process know each other by keys that nobody else ever sees.
    let key = api.service_key.get_or_insert_with(a_key).clone();
    let courier_key = api.courier_key.get_or_insert_with(a_key).clone();
    let (tls, trusted_proxies) = (api.tls.clone(), api.trusted_proxy.clone());
    run(async move |stop| {
        // Where the REST door is for this process is known once it listens; all else is looked at before.
        let mut config = SoapConfig::new(options.soap_listen, "http://127.0.0.1");
        config.service_key = Some(key);
        config.trusted_proxies = trusted_proxies;
        config.public_url = options.soap_public_url;
        config.tls = soap_tls(tls);
        options.protocol.set(&mut config);
        if api.demo && config.supplier_siren.is_none() {
            config.supplier_siren = Some(DEMO_SUPPLIER_SIREN.to_owned());
        }
        config.check().map_err(WrongSetting::of)?;
        let (application, rest) = open_rest(api, true).await?;
        config.api_url = rest.inner_url();
        let soap = soap::bind(config).await?;
        let courier = options
            .mail
            .map(|mail| courier_of(rest.inner_url(), courier_key, mail))
            .transpose()?;
        announce("api", &rest.url());
        announce("soap", &soap.url());
        // The courier stops before the door that it tells what became of its mails.
        let (tell, mailing_ended) = watch::channel(false);
        let workers = application.workers().clone();
        let mailing = async {
            if let Some(courier) = courier {
                deliver(&workers, &courier, &stop).await;
            }
            stopped(stop.clone()).await;
            let _ = tell.send(true);
        };
        let soap = soap.run(stopped(stop.clone()));
        let (rest, soap, ()) = tokio::join!(rest.run(stopped(mailing_ended)), soap, mailing);
        close(application).await?;
        rest?;
        Ok(soap?)
    })
}

/// A key of 128 random bits.
fn a_key() -> String {
    format!("{:032x}", rand::random::<u128>())
}

/// Runs the REST door.
///
/// # Errors
/// What went wrong, for the operator.
pub(crate) fn api(options: Api) -> Result<(), Failure> {
    run(async move |stop| {
        let (application, rest) = open_rest(options, false).await?;
        announce("api", &rest.url());
        let served = rest.run(stopped(stop)).await;
        close(application).await?;
        Ok(served?)
    })
}

/// Runs the SOAP door.
///
/// # Errors
/// What went wrong, for the operator.
pub(crate) fn soap(options: Soap) -> Result<(), Failure> {
    run(async move |stop| {
        let mut config = SoapConfig::new(options.soap_listen, options.api_url);
        config.api_ca = options.api_ca;
        config.public_url = options.soap_public_url;
        config.service_key = options.service_key;
        config.trusted_proxies = options.trusted_proxy;
        config.allow_plain_http = options.allow_plain_http;
        config.tls = soap_tls(options.tls);
        options.protocol.set(&mut config);
        config.check().map_err(WrongSetting::of)?;
        let soap = soap::bind(config).await?;
        announce("soap", &soap.url());
        Ok(soap.run(stopped(stop)).await?)
    })
}

/// Runs the courier.
///
/// # Errors
/// What went wrong, for the operator.
pub(crate) fn courier(options: Courier) -> Result<(), Failure> {
    run(async move |stop| {
        let mut config = CourierConfig::new(
            options.api_url,
            options.courier_key,
            options.mail.smtp_url,
            options.mail.mail_from,
        );
        config.api_ca = options.api_ca;
        config.smtp_ca = options.mail.smtp_ca;
        config.allow_plain_http = options.allow_plain_http;
        deliver(&Supervisor::default(), &courier::new(config)?, &stop).await;
        Ok(())
    })
}

/// Runs a courier until the process is told to stop.
async fn deliver(workers: &Supervisor, courier: &courier::Courier, stop: &watch::Receiver<bool>) {
    let run = |worker: Worker| async move {
        worker.turn();
        courier.run(stopped(stop.clone())).await;
        End::Done
    };
    workers.watch("courier", run).await;
}

/// The courier of the same process.
fn courier_of(api_url: String, key: String, mail: Mail) -> Result<courier::Courier, Failure> {
    let mut config = CourierConfig::new(api_url, key, mail.smtp_url, mail.mail_from);
    config.smtp_ca = mail.smtp_ca;
    Ok(courier::new(config)?)
}

/// Opens the data directory and the REST door before it.
async fn open_rest(options: Api, with_inner: bool) -> Result<(Application, api::Bound), Failure> {
    if options.demo && !options.api_listen.ip().is_loopback() {
        return Err(ServeError::DemoInPublic(options.api_listen).into());
    }
    if options.log != "sled" {
        return Err(ServeError::UnknownLog(options.log).into());
    }
    let identity_providers = match &options.oidc_config {
        Some(path) => IdentityProviders::load(path)?,
        None => IdentityProviders::default(),
    };
    let data = options.data.clone();
    let settings = Settings {
        data: options.data,
        master_key: options.master_key,
        file_bytes_max: options.file_bytes_max,
        audit_name: options.audit_name,
        checkpoints_to: options.checkpoints_to,
        archive: options.archive,
        sign_in: options.sign_in.rules(),
        public_url: options.public_url,
        ..Settings::new(&data)
    };
    let application = tokio::task::spawn_blocking(move || Application::open(&settings)).await??;
    // What a log says of itself is not needed for reading it.
    when_taken(application.begin_log(Utc::now(), None).await)?;
    when_taken(application.publish_shipped_desks(Utc::now()).await)?;
    if options.demo {
        let made = when_taken(application.load_demo(Utc::now()).await)?;
        tracing::warn!(made, "the demo world is loaded: everybody knows its passwords");
    }
    let config = ApiConfig {
        listen: options.api_listen,
        tls: options
            .tls
            .tls_certificate
            .zip(options.tls.tls_key)
            .map(|(certificate, key)| api::Tls { certificate, key }),
        cors: api::Cors {
            origins: options.cors_origin,
        },
        service_key: options.service_key,
        courier_key: options.courier_key,
        trusted_proxies: options.trusted_proxy,
        identity_providers,
        limits: options.sign_in.limits(),
        workers: options.workers,
        with_inner,
        process_log_lines_lost: process_log::lines_lost,
    };
    let bound = api::bind(application.clone(), config)?;
    admin_socket::listen(&application, &data)?;
    upkeep::begin(&application);
    Ok((application, bound))
}

/// What the server writes at its start waits for the next one when no commands are taken; reads go on.
fn when_taken<T>(written: Result<T, ExecuteError>) -> Result<Option<T>, ExecuteError> {
    match written {
        Ok(written) => Ok(Some(written)),
        Err(error @ (ExecuteError::Unavailable { .. } | ExecuteError::Clock(_))) => {
            tracing::warn!(error = chain(&error), "nothing is written at this start");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn soap_tls(tls: Tls) -> Option<soap::TlsFiles> {
    tls.tls_certificate
        .zip(tls.tls_key)
        .map(|(cert, key)| soap::TlsFiles { cert, key })
}

/// The line that says where a door listens, for people and for programs that asked for port 0.
fn announce(door: &str, url: &str) {
    process_log::tell(&format!("{door} listening on {url}"));
}

async fn close(application: Application) -> Result<(), Failure> {
    if let Err(error) = application.sign_what_is_new(Utc::now()).await {
        tracing::warn!(%error, "no checkpoint was signed at stop");
    }
    Ok(tokio::task::spawn_blocking(move || application.close()).await?)
}

/// Resolves once the process is told to stop.
async fn stopped(mut stop: watch::Receiver<bool>) {
    // When nobody can tell any more, that is a stop too.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Runs a service until SIGTERM or SIGINT.
fn run(service: impl AsyncFnOnce(watch::Receiver<bool>) -> Result<(), Failure>) -> Result<(), Failure> {
    actix_web::rt::System::with_tokio_rt(|| {
        tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .unwrap_or_else(|error| {
                process_log::complain(&format!("guichet: no runtime: {error}"));
                std::process::exit(1)
            })
    })
    .block_on(async move {
        let (tell, stop) = watch::channel(false);
        let (mut terminate, mut interrupt) =
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            tracing::info!("stopping");
            let _ = tell.send(true);
        });
        service(stop).await
    })
}
