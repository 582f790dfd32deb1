//! Pictures of persons: encoded anew by the server and never served as they were uploaded (seed 002, F80).

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use domain::{
    AccountId, Detail, Event, Fault, FaultText,
    account::{Account, AccountEvent, AvatarSet, ProfileField},
    personal::Personal,
    policy::{Viewer, administration::AccountOperation},
};
use event_log::Version;

use crate::{
    kernel::{
        call::Call,
        codec,
        error::{ExecuteError, ReadError},
        room::Reader,
        task::own_task,
    },
    people::People,
};

/// A picture.
pub struct Avatar {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Their media type.
    pub media_type: String,
    /// Which one it is: the version of the account that it came with.
    pub version: u64,
}

impl People {
    /// Sets one's own picture. What is stored is a square of [`SIDE`](super::pictures::SIDE) pixels, JPEG, without anything else that came with the
    /// upload.
    ///
    /// # Errors
    /// [`ExecuteError::Rejected`] when it is no picture that can be read.
    pub async fn set_avatar(&self, call: Call, upload: Bytes) -> Result<(), ExecuteError> {
        own_task(self, |this| async move {
            let id = call.viewer.account;
            may_change_avatar(&*this.kernel.directory.account(id).ok_or(ExecuteError::NotFound)?)?;
            let picture = this.decoding.kept(upload).await?;
            this.kernel
                .append_own(&call, id, |account| {
                    may_change_avatar(account)?;
                    Ok(vec![AccountEvent::AvatarSet(AvatarSet {
                        picture: Personal::new(id.person(), STANDARD.encode(&picture)),
                        media_type: "image/jpeg".to_owned(),
                    })])
                })
                .await?;
            Ok(())
        })
        .await
    }

    /// Takes one's own picture away.
    ///
    /// # Errors
    /// See [`ExecuteError`].
    pub async fn remove_avatar(&self, call: Call) -> Result<(), ExecuteError> {
        own_task(self, |this| async move {
            let id = call.viewer.account;
            this.kernel
                .append_own(&call, id, |account| {
                    may_change_avatar(account)?;
                    if account.avatar.is_none() {
                        let why = Detail::NoPicture;
                        return Err(ExecuteError::Absent { why });
                    }
                    Ok(vec![AccountEvent::AvatarRemoved {}])
                })
                .await?;
            Ok(())
        })
        .await
    }
}

impl Reader<'_, People> {
    /// The picture of an account, for who may see the account.
    ///
    /// # Errors
    /// [`ReadError::NotFound`] also when it has none.
    pub fn avatar(&self, viewer: &Viewer, id: AccountId) -> Result<Avatar, ReadError> {
        let account = self
            .kernel
            .directory
            .account_for(viewer, id, AccountOperation::See)?;
        let version = account.avatar.ok_or(ReadError::NotFound)?;
        let events = self
            .kernel
            .stream_events(&format!("account-{id}"), Version(version - 1), 1)?;
        let recorded = events.first().ok_or(ReadError::NotFound)?;
        let Event::Account(AccountEvent::AvatarSet(avatar)) = codec::decode(&self.kernel.vault, recorded)?
        else {
            return Err(ReadError::NotFound);
        };
        let picture = avatar.picture.value.ok_or(ReadError::NotFound)?;
        Ok(Avatar {
            bytes: STANDARD.decode(picture).map_err(ReadError::internal)?,
            media_type: avatar.media_type,
            version,
        })
    }
}

/// Refuses to change a picture that only administrators change.
fn may_change_avatar(account: &Account) -> Result<(), ExecuteError> {
    if account.disabled || account.locked_fields.contains(&ProfileField::Avatar) {
        let fault = Fault::new("/file", FaultText::ByAdministratorsOnly);
        return Err(ExecuteError::invalid(vec![fault]));
    }
    Ok(())
}
