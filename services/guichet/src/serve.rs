//! Running the doors until the process is told to stop.

use std::{
    io::IsTerminal,
    net::{SocketAddr, TcpListener},
    path::Path,
};

use application::{Application, ExecuteError, demo, kernel::error::chain};

use courier::CourierConfig;
use supervision::{End, Supervisor, Worker};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
};

use crate::{
    Failure, admin_socket,
    arguments::{Api, Courier, Mail, Soap, Up},
    clock, process_log,
    settings::{self, Rest, WrongSettings},
    upkeep,
};

/// Why the doors were not opened, or not kept open.
#[derive(Debug, thiserror::Error)]
enum ServeError {
    #[error("cannot listen on {address}")]
    Listen {
        address: SocketAddr,
        source: std::io::Error,
    },
    #[error("the {0} door ended without having been told to")]
    Ended(&'static str),
}

/// Runs both doors.
///
/// # Errors
/// What went wrong, for the operator.
pub(crate) fn up(options: Up) -> Result<(), Failure> {
    let settings::Both { mut rest, soap, mail } = settings::up(options)?;
    // The doors of one process know each other by keys that nobody else ever sees.
    let key = rest.config.service_key.get_or_insert_with(a_key).clone();
    let courier_key = rest.config.courier_key.get_or_insert_with(a_key).clone();
    can_listen(&[rest.config.listen, soap.listen])?;
    run(async move |tell, stop| {
        let open_to_all = !soap.listen.ip().is_loopback();
        let is_demo = rest.demo;
        let (application, rest) = open_rest(rest, open_to_all).await?;
        let mut config = soap;
        config.api_url = rest.inner_url();
        config.service_key = Some(key);
        let soap = soap::bind(config).await?;
        let courier = mail
            .map(|mail| courier_of(rest.inner_url(), courier_key, mail))
            .transpose()?;
        tracing::info!(
            url = rest.inner_url(),
            "the SOAP door and the courier of this process reach the REST door here; nothing else needs to, and nothing else can from \
             another machine"
        );
        announce("api", &rest.url());
        announce("soap", &soap.url());
        greet(&rest.url(), is_demo);
        // The courier stops before the door that it tells what became of its mails.
        let (tell_rest, mailing_ended) = watch::channel(false);
        let workers = application.keeping.workers().clone();
        let mailing = async {
            if let Some(courier) = courier {
                deliver(&workers, &courier, &stop).await;
            }
            stopped(stop.clone()).await;
            let _ = tell_rest.send(true);
        };
        // A process with one door of two looks alive and is not: when one ends, so does the other.
        let rest = ends_all(&tell, "REST", rest.run(stopped(mailing_ended)));
        let soap = ends_all(&tell, "SOAP", soap.run(stopped(stop.clone())));
        let (rest, soap, ()) = tokio::join!(rest, soap, mailing);
        close(application).await?;
        rest.and(soap)
    })
}

/// Runs a door. Whatever ends it ends the process; without having been told to stop, that is a failure.
async fn ends_all<E: Into<Failure>>(
    tell: &watch::Sender<bool>,
    door: &'static str,
    run: impl Future<Output = Result<(), E>>,
) -> Result<(), Failure> {
    let ended = run.await;
    let was_told = tell.send_replace(true);
    ended.map_err(Into::into)?;
    if was_told {
        Ok(())
    } else {
        Err(ServeError::Ended(door).into())
    }
}

/// Refuses addresses that are taken or not ours before anything is made.
fn can_listen(addresses: &[SocketAddr]) -> Result<(), ServeError> {
    for address in addresses.iter().copied() {
        TcpListener::bind(address).map_err(|source| ServeError::Listen { address, source })?;
    }
    Ok(())
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
    let rest = settings::api(options)?;
    can_listen(&[rest.config.listen])?;
    run(async move |tell, stop| {
        let is_demo = rest.demo;
        let (application, rest) = open_rest(rest, false).await?;
        announce("api", &rest.url());
        greet(&rest.url(), is_demo);
        let served = ends_all(&tell, "REST", rest.run(stopped(stop))).await;
        close(application).await?;
        served
    })
}

/// Runs the SOAP door.
///
/// # Errors
/// What went wrong, for the operator.
pub(crate) fn soap(options: Soap) -> Result<(), Failure> {
    let config = settings::soap(options)?;
    run(async move |tell, stop| {
        let soap = soap::bind(config).await?;
        announce("soap", &soap.url());
        ends_all(&tell, "SOAP", soap.run(stopped(stop))).await
    })
}

/// Runs the courier.
///
/// # Errors
/// What went wrong, for the operator.
pub(crate) fn courier(options: Courier) -> Result<(), Failure> {
    let config = settings::courier(options)?;
    run(async move |_tell, stop| {
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

/// Opens the data directory and the REST door before it. `open_to_all` says that another door listens beyond loopback.
async fn open_rest(rest: Rest, open_to_all: bool) -> Result<(Application, api::Bound), Failure> {
    let Rest {
        settings,
        config,
        demo,
    } = rest;
    let data = settings.data.clone();
    let application = tokio::task::spawn_blocking(move || Application::open(&settings)).await??;
    if let Err(refused) = admit(
        &application,
        &data,
        demo,
        open_to_all || !config.listen.ip().is_loopback(),
    ) {
        close(application).await?;
        return Err(refused.into());
    }
    // What a log says of itself is not needed for reading it.
    when_taken(application.proofs.begin_log(clock::now(), None).await)?;
    when_taken(application.people.publish_shipped_desks(clock::now()).await)?;
    if demo {
        let made = when_taken(application.load_demo(clock::now()).await)?;
        tracing::warn!(made, "the demo world is loaded: everybody knows its passwords");
    }
    if application.directory().is_empty() {
        tracing::warn!(
            "nobody has an account yet: stop the server, run `guichet admin init --data {}`, and start it again",
            data.display()
        );
    }
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

/// The demo world, whose passwords everybody knows, never meets a network, nor accounts that were made in earnest.
fn admit(application: &Application, data: &Path, demo: bool, open_to_all: bool) -> Result<(), WrongSettings> {
    let data = data.display();
    let holds_demo = application.holds_demo();
    if holds_demo && open_to_all {
        return Err(WrongSettings::of(format!(
            "{data} holds the demo world, whose passwords everybody knows: listen on loopback addresses only, or begin with another \
             --data (GUICHET_DATA)"
        )));
    }
    if demo && !holds_demo && !application.directory().is_empty() {
        return Err(WrongSettings::of(format!(
            "--demo would add accounts whose passwords everybody knows to those in {data}: give it a --data (GUICHET_DATA) of its own"
        )));
    }
    Ok(())
}

/// The line that says where a door listens, for people and for programs that asked for port 0.
fn announce(door: &str, url: &str) {
    process_log::tell(&format!("{door} listening on {url}"));
}

/// What people want to know first, on a terminal only: programs read the lines before.
fn greet(url: &str, is_demo: bool) {
    if !std::io::stdout().is_terminal() {
        return;
    }
    process_log::tell(&format!(
        "\nTry it:        {url}/docs/\nThe contract:  {url}/openapi.json"
    ));
    if is_demo {
        process_log::tell(&format!(
            "Demo accounts, each with the password {}:",
            demo::DEMO_PASSWORD
        ));
        for (username, role) in demo::roles() {
            process_log::tell(&format!("  {username:<12} {role}"));
        }
    }
    process_log::tell("Stop it:       Ctrl-C");
}

async fn close(application: Application) -> Result<(), Failure> {
    if let Err(error) = application.keeping.sign_what_is_new(clock::now()).await {
        tracing::warn!(%error, "no checkpoint was signed at stop");
    }
    Ok(tokio::task::spawn_blocking(move || application.close()).await?)
}

/// Resolves once the process is told to stop.
async fn stopped(mut stop: watch::Receiver<bool>) {
    // When nobody can tell any more, that is a stop too.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Signals that would end the process at once if nobody took them, and mean nothing here: there is nothing to load anew.
fn ignored() -> [(&'static str, SignalKind); 2] {
    [
        ("SIGUSR1", SignalKind::user_defined1()),
        ("SIGUSR2", SignalKind::user_defined2()),
    ]
}

/// Takes SIGUSR1, SIGUSR2 and SIGHUP, which end nothing; but for the SIGHUP of a terminal that goes away, which resolves this.
async fn hung_up(mut hangup: Signal, others: Vec<(&'static str, Signal)>) {
    for (name, mut signal) in others {
        tokio::spawn(async move {
            while signal.recv().await.is_some() {
                tracing::info!(
                    signal = name,
                    "a signal is ignored: there is nothing to load anew"
                );
            }
        });
    }
    let of_terminal = std::io::stderr().is_terminal();
    while hangup.recv().await.is_some() && !of_terminal {
        tracing::info!(
            signal = "SIGHUP",
            "a signal is ignored: there is nothing to load anew"
        );
    }
}

/// Runs a service until SIGTERM or SIGINT, or until the terminal that it writes to goes away.
fn run(
    service: impl AsyncFnOnce(watch::Sender<bool>, watch::Receiver<bool>) -> Result<(), Failure>,
) -> Result<(), Failure> {
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
        let told = tell.clone();
        let (mut terminate, mut interrupt) =
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let hangup = signal(SignalKind::hangup())?;
        let others = ignored().map(|(name, kind)| signal(kind).map(|signal| (name, signal)));
        let others: Vec<_> = others.into_iter().collect::<Result<_, _>>()?;
        tokio::spawn(async move {
            tokio::select! {
                () = hung_up(hangup, others) => {}
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            tracing::info!("stopping");
            let _ = told.send(true);
        });
        service(tell, stop).await
    })
}
