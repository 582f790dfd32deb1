//! Administering a data directory.

use std::{collections::BTreeSet, io::BufRead, path::PathBuf};

use application::{Application, Settings, accounts::Made, event_log::Channel, sign_in::hash_password};
use chrono::Utc;
use domain::{
    AccountId, Language,
    account::{AccountKind, NewAccount},
    policy::{Grant, Role},
};
use uuid::Uuid;

use crate::{Failure, arguments::Admin};

/// Shortest password of the first administrator, characters.
pub(crate) const PASSWORD_CHARS_MIN: usize = 12;

/// Why there is no first administrator.
#[derive(Debug, thiserror::Error)]
enum InitError {
    #[error("the password on standard input has fewer than {PASSWORD_CHARS_MIN} characters")]
    ShortPassword,
    #[error("there are accounts already; sign in as an administrator instead")]
    NotFirst,
    #[error("the user name is taken")]
    Taken,
}

/// Carries out `guichet admin …`.
///
/// # Errors
/// What went wrong, for the operator.
pub(crate) fn run(command: Admin) -> Result<(), Failure> {
    match command {
        Admin::Init {
            data,
            master_key,
            username,
        } => init(data, master_key, username),
    }
}

fn init(data: PathBuf, master_key: Option<PathBuf>, username: String) -> Result<(), Failure> {
    let mut password = String::new();
    std::io::stdin().lock().read_line(&mut password)?;
    let password = password.trim_end_matches(['\n', '\r']);
    if password.chars().count() < PASSWORD_CHARS_MIN {
        return Err(InitError::ShortPassword.into());
    }
    let application = Application::open(&Settings {
        master_key,
        ..Settings::new(data)
    })?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let made = runtime.block_on(async {
        if !application.directory().is_empty() {
            return Err(InitError::NotFirst.into());
        }
        application.publish_shipped_desks(Utc::now()).await?;
        let grant = Grant {
            role: Role::Admin,
            desk: None,
            organization: None,
        };
        let new = NewAccount {
            id: AccountId(Uuid::now_v7()),
            kind: AccountKind::Person,
            username: username.clone(),
            name: username.clone(),
            language: Language::Fr,
            password_hash: hash_password(password)?,
            grants: BTreeSet::from([grant]),
            organizations: BTreeSet::new(),
        };
        let call = application.system_call(Utc::now(), Channel::Admin);
        Ok::<_, Failure>(application.create_account(call, new).await?)
    });
    application.close();
    match made? {
        Made::Now => {
            println!("administrator {username} made");
            Ok(())
        }
        Made::Before => Err(InitError::Taken.into()),
    }
}
