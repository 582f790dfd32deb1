//! Administering a data directory.

use std::{
    io::BufRead,
    path::{Path, PathBuf},
};

use application::{Application, Settings, restore};
use chrono::Utc;

use crate::{
    Failure,
    admin_socket::{Request, ask},
    arguments::{Admin, Place},
    process_log,
};

/// Why no administrator is made.
#[derive(Debug, thiserror::Error)]
enum InitError {
    #[error("the password on standard input will not do: {0}")]
    Password(String),
}

/// Carries out `guichet admin …`.
///
/// # Errors
/// What went wrong, for the operator.
pub(crate) fn run(command: Admin) -> Result<(), Failure> {
    let done = match command {
        Admin::Init { place, username } => return init(place, username),
        Admin::Backup { data, to } => ask(&data, &Request::Backup { to: absolute(&to)? })?,
        Admin::BackupKeys { data, to } => ask(&data, &Request::BackupKeys { to: absolute(&to)? })?,
        Admin::RotateCheckpointKey { data } => ask(&data, &Request::RotateCheckpointKey {})?,
        Admin::RotateTokenKey { data, compromised } => ask(&data, &Request::RotateTokenKey { compromised })?,
        Admin::AcceptClock { data, reason } => ask(&data, &Request::AcceptClock { reason })?,
        Admin::Restore { data, from } => restore_data(&data, &from)?,
        Admin::RestoreKeys { place, from, ledger } => {
            let persons = restore::keys(&settings(place), &from, &ledger)?;
            format!("the keys of {persons} persons are restored")
        }
        Admin::RotateMaster {
            place,
            new_master_key,
        } => {
            let rotated = restore::rotate_master(&settings(place), &new_master_key)?;
            format!(
                "the keys are wrapped by {}: {rotated:?}",
                new_master_key.display()
            )
        }
        Admin::AcceptLoss { place, reason } => accept_loss(place, reason)?,
    };
    process_log::tell(&done);
    Ok(())
}

fn settings(place: Place) -> Settings {
    Settings {
        master_key: place.master_key,
        ..Settings::new(place.data)
    }
}

/// The server may run in another directory than the one who asks.
fn absolute(path: &Path) -> std::io::Result<PathBuf> {
    std::path::absolute(path)
}

fn restore_data(data: &Path, from: &Path) -> Result<String, Failure> {
    let restored = restore::log_and_files(data, from)?;
    let mut said = format!("the log is restored and whole up to position {}", restored.head);
    if let Some(fault) = restored.fault {
        said.push_str(&format!("; what comes after it cannot be had from here: {fault}"));
    }
    Ok(said)
}

fn accept_loss(place: Place, reason: String) -> Result<String, Failure> {
    let settings = settings(place);
    let loss = restore::accept_loss(&settings, reason)?;
    let application = Application::open(&settings)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let said = format!("the loss of positions {} to {} is accepted", loss.from, loss.to);
    let begun = runtime.block_on(application.begin_log(Utc::now(), Some(loss)));
    application.close();
    begun?;
    Ok(said)
}

fn init(place: Place, username: String) -> Result<(), Failure> {
    let mut password = String::new();
    std::io::stdin().lock().read_line(&mut password)?;
    let password = password.trim_end_matches(['\n', '\r']);
    let settings = settings(place);
    let faults = settings.sign_in.passwords.faults(password, &[&username]);
    if !faults.is_empty() {
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        return Err(InitError::Password(faults.join("; ")).into());
    }
    let application = Application::open(&settings)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let made = runtime.block_on(async {
        application.begin_log(Utc::now(), None).await?;
        application.publish_shipped_desks(Utc::now()).await?;
        application
            .make_administrator(&username, password.to_owned(), Utc::now())
            .await?;
        Ok::<_, Failure>(())
    });
    application.close();
    made?;
    process_log::tell(&format!("administrator {username} made"));
    Ok(())
}
