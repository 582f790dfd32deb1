//! The socket through which `guichet admin` speaks to the running server: `admin.sock` in the data directory, mode 0600, so
//! that whoever may write the data may administer it. One request and one answer a connection, each a line of JSON.

use std::{
    fs, io,
    os::unix::{fs::PermissionsExt, net::UnixStream as Plain},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use application::{Application, identity::ROTATION_GRACE, kernel::error::chain};

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use supervision::{End, Worker};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
};

use crate::{Failure, admin::without_damage, clock};

/// The socket's name in the data directory.
const SOCKET: &str = "admin.sock";

/// How long the socket waits after a connection that could not be taken, ms.
const ACCEPT_PAUSE_MS: u64 = 500;

/// What can be asked of a running server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Request {
    /// Back the data up.
    Backup {
        /// Where to.
        to: PathBuf,
    },
    /// Back the keys up.
    BackupKeys {
        /// Where to.
        to: PathBuf,
    },
    /// Sign checkpoints with a new key.
    RotateCheckpointKey {},
    /// Take the clock as it is.
    AcceptClock {
        /// Why.
        reason: String,
    },
    /// Sign access tokens with a new key.
    RotateTokenKey {
        /// Refuse what the old one has signed at once.
        compromised: bool,
    },
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Answer {
    /// It was done; a sentence for people.
    Done(String),
    /// It was not.
    Failed(String),
}

/// Why the running server did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AskError {
    #[error("no server runs on {data}, or its socket is not yours to use")]
    Unreachable {
        data: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("the server did not answer")]
    Io(#[source] io::Error),
    #[error("the server's answer cannot be read")]
    Json(#[source] serde_json::Error),
    #[error("{0}")]
    Failed(String),
}

/// Listens until the process ends.
///
/// # Errors
/// When the socket cannot be made.
pub(crate) fn listen(application: &Application, data: &Path) -> Result<(), Failure> {
    let path = data.join(SOCKET);
    // Whoever holds the log's lock owns the socket: one that lies here is left over.
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        Ok(()) | Err(_) => {}
    }
    let listener = UnixListener::bind(&path)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
    let (served, listener) = (application.clone(), Arc::new(listener));
    application.keeping.workers().task("admin_socket", move |worker| {
        accept(worker, Arc::clone(&listener), served.clone())
    });
    Ok(())
}

async fn accept(worker: Worker, listener: Arc<UnixListener>, application: Application) -> End {
    loop {
        worker.turn();
        match listener.accept().await {
            Ok((stream, _)) => {
                worker.is_well();
                let application = application.clone();
                tokio::spawn(async move {
                    if let Err(error) = serve(&application, stream).await {
                        tracing::warn!(%error, "a request to the admin socket was cut off");
                    }
                });
            }
            Err(error) => {
                worker.is_failing("not-accepted");
                tracing::warn!(%error, "the admin socket takes no connection");
                // With no file descriptor left it fails at once, again and again.
                tokio::time::sleep(Duration::from_millis(ACCEPT_PAUSE_MS)).await;
            }
        }
    }
}

async fn serve(application: &Application, stream: UnixStream) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let answer = match serde_json::from_str::<Request>(&line) {
        Ok(request) => match carry_out(application, request).await {
            Ok(done) => Answer::Done(done),
            Err(error) => Answer::Failed(chain(&*error)),
        },
        Err(error) => Answer::Failed(format!("the request cannot be read: {error}")),
    };
    let mut line = serde_json::to_string(&answer)?;
    line.push('\n');
    stream.get_mut().write_all(line.as_bytes()).await
}

async fn carry_out(application: &Application, request: Request) -> Result<String, Failure> {
    match request {
        Request::Backup { to } => {
            let done = application.keeping.backup(&to, clock::now()).await?;
            Ok(format!(
                "backed up to {}: the log up to position {}, {} new segments, {} new files",
                to.display(),
                done.head,
                done.segments,
                done.files
            ))
        }
        Request::BackupKeys { to } => {
            let done = application.keeping.backup_keys(&to).await?;
            let said = format!(
                "backed up to {}: the keys of {} persons",
                to.display(),
                done.persons
            );
            without_damage(said, done.damaged)
        }
        Request::RotateTokenKey { compromised } => {
            let grace = if compromised {
                TimeDelta::zero()
            } else {
                ROTATION_GRACE
            };
            let rotating = application.clone();
            let kid =
                tokio::task::spawn_blocking(move || rotating.identity.tokens().rotate(clock::now(), grace))
                    .await??;
            Ok(format!("access tokens are signed by {kid} from now on"))
        }
        Request::AcceptClock { reason } => Ok(application.keeping.accept_clock(reason, clock::now()).await?),
        Request::RotateCheckpointKey {} => {
            let key = application.proofs.rotate_checkpoint_key(clock::now()).await?;
            Ok(format!("checkpoints are signed by {key} from now on"))
        }
    }
}

/// Asks the server that runs on a data directory.
///
/// # Errors
/// See [`AskError`].
pub(crate) fn ask(data: &Path, request: &Request) -> Result<String, AskError> {
    let mut stream = Plain::connect(data.join(SOCKET)).map_err(|source| AskError::Unreachable {
        data: data.to_owned(),
        source,
    })?;
    let mut line = serde_json::to_string(request).map_err(AskError::Json)?;
    line.push('\n');
    io::Write::write_all(&mut stream, line.as_bytes()).map_err(AskError::Io)?;
    let mut answer = String::new();
    io::BufRead::read_line(&mut io::BufReader::new(stream), &mut answer).map_err(AskError::Io)?;
    match serde_json::from_str(&answer).map_err(AskError::Json)? {
        Answer::Done(done) => Ok(done),
        Answer::Failed(why) => Err(AskError::Failed(why)),
    }
}
