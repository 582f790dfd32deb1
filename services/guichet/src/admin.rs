//! Administering a data directory.

use std::path::{Path, PathBuf};

use application::{
    Application, Settings,
    keeping::restore::{self, WhenDamaged},
    loss,
};
use domain::account::profile::username_faults;

use crate::{
    Failure,
    admin_socket::{Request, ask},
    arguments::{Admin, Place},
    clock, password, process_log,
    settings::{WrongSettings, audit_name_fault},
};

/// Why no administrator is made.
#[derive(Debug, thiserror::Error)]
enum InitError {
    #[error("the password will not do: {0}")]
    Password(String),
    #[error("no account can have the user name {0:?}")]
    Username(String),
    #[error("--audit-name (GUICHET_AUDIT_NAME): {0}")]
    AuditName(String),
}

/// Why keys that were copied are not all good.
#[derive(Debug, thiserror::Error)]
#[error(
    "{said}; {damaged} more are damaged, here as where they were read, and what is sealed under those cannot be read. Keep every older \
     backup of keys, and restore from one that was made before"
)]
struct DamagedKeys {
    said: String,
    damaged: u32,
}

/// What was done, when no key is damaged.
pub(crate) fn without_damage(said: String, damaged: u32) -> Result<String, Failure> {
    match damaged {
        0 => Ok(said),
        damaged => Err(DamagedKeys { said, damaged }.into()),
    }
}

/// Why a restore is no success.
#[derive(Debug, thiserror::Error)]
enum RestoreError {
    #[error(
        "restored in part, the log up to position {head}: {fault}. Where the log lacks its end it takes no commands until \
         `guichet admin accept-loss`, or until it is moved away and restored from elsewhere"
    )]
    Partial { head: u64, fault: String },
}

/// Carries out `guichet admin …`.
///
/// # Errors
/// What went wrong, for the operator.
pub(crate) fn run(command: Admin) -> Result<(), Failure> {
    let done = match command {
        Admin::Init {
            place,
            username,
            password_file,
            audit_name,
        } => return init(place, username, password_file.as_deref(), audit_name),
        Admin::Backup { data, to } => ask(&data, &Request::Backup { to: absolute(&to)? })?,
        Admin::BackupKeys { data, to } => ask(&data, &Request::BackupKeys { to: absolute(&to)? })?,
        Admin::RotateCheckpointKey { data } => ask(&data, &Request::RotateCheckpointKey {})?,
        Admin::RotateTokenKey { data, compromised } => ask(&data, &Request::RotateTokenKey { compromised })?,
        Admin::AcceptClock { data, reason } => ask(&data, &Request::AcceptClock { reason })?,
        Admin::Restore { data, from, partial } => restore_data(&data, &from, partial)?,
        Admin::RestoreKeys { place, from, ledger } => {
            let restored = restore::keys(&settings(place)?, &from, &ledger)?;
            let said = format!("the keys of {} persons are restored", restored.persons);
            without_damage(said, restored.damaged)?
        }
        Admin::RotateMaster {
            place,
            new_master_key,
        } => {
            let rotated = restore::rotate_master(&settings(place)?, &new_master_key)?;
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

fn settings(place: Place) -> Result<Settings, WrongSettings> {
    if let Some(path) = place.master_key.as_deref().filter(|path| path.is_dir()) {
        return Err(WrongSettings::of(format!(
            "--master-key (GUICHET_MASTER_KEY) {} is a directory, not a file",
            path.display()
        )));
    }
    Ok(Settings {
        master_key: place.master_key,
        ..Settings::new(place.data)
    })
}

/// The server may run in another directory than the one who asks.
fn absolute(path: &Path) -> std::io::Result<PathBuf> {
    std::path::absolute(path)
}

fn restore_data(data: &Path, from: &Path, partial: bool) -> Result<String, Failure> {
    let when_damaged = match partial {
        true => WhenDamaged::KeepWhatIsWhole,
        false => WhenDamaged::Refuse,
    };
    let restored = restore::log_and_files(data, from, when_damaged)?;
    if let Some(fault) = restored.fault {
        // Half a result is no success, asked for or not.
        return Err(RestoreError::Partial {
            head: restored.head,
            fault,
        }
        .into());
    }
    if let Some(promised) = restored.promised {
        process_log::complain(&format!(
            "guichet: checkpoints in {} were signed over {promised} events, more than this backup holds: the log will take no commands \
             until it is restored from a newer one, or until `guichet admin accept-loss`",
            data.display()
        ));
    }
    Ok(format!(
        "the log is restored and whole up to position {}",
        restored.head
    ))
}

fn accept_loss(place: Place, reason: String) -> Result<String, Failure> {
    let settings = Settings {
        goes_on_without_secrets: true,
        ..settings(place)?
    };
    let loss = loss::accept_loss(&settings, reason)?;
    let application = Application::open(&settings)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let said = if loss.to < loss.from {
        "a new epoch begins; no position is lost".to_owned()
    } else {
        format!("the loss of positions {} to {} is accepted", loss.from, loss.to)
    };
    let begun = runtime.block_on(application.proofs.begin_log(clock::now(), Some(loss)));
    application.close();
    begun?;
    Ok(said)
}

fn init(
    place: Place,
    username: String,
    password_file: Option<&Path>,
    audit_name: String,
) -> Result<(), Failure> {
    if let Some(fault) = audit_name_fault(&audit_name) {
        return Err(InitError::AuditName(fault).into());
    }
    if !username_faults("/username", &username).is_empty() {
        return Err(InitError::Username(username).into());
    }
    let password = password::new_password(&username, password_file)?;
    let settings = Settings {
        audit_name,
        ..settings(place)?
    };
    let faults = settings.sign_in.passwords.faults(&password, &[&username]);
    if !faults.is_empty() {
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        return Err(InitError::Password(faults.join("; ")).into());
    }
    let application = Application::open(&settings)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let made = runtime.block_on(async {
        application.proofs.begin_log(clock::now(), None).await?;
        application.people.publish_shipped_desks(clock::now()).await?;
        application
            .people
            .make_administrator(&username, password, clock::now())
            .await?;
        Ok::<_, Failure>(())
    });
    application.close();
    made?;
    process_log::tell(&format!("administrator {username} made"));
    Ok(())
}
