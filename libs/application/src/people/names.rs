//! Names that are held once only, for ever: user names, what they look like, and identities at providers. Each is a stream of its
//! own, named by a keyed digest.

use domain::{
    AccountId, Event, NameEvent,
    account::{
        AccountEvent, Identity,
        change::{self, NewAccount},
        profile::{is_plain_username, look_alike_keys, username_key},
    },
};
use event_log::{StreamName, Version};

use crate::{
    kernel::{error::ExecuteError, writes::Write},
    people::People,
};

/// Streams of the user names that look alike.
const LOOKS: &str = "username-looks";
/// Streams of the user names that nothing else may look like, since they are not of ASCII alone.
const LOOKS_ALONE: &str = "username-looks-alone";

/// An identity names nobody: it would be the one of everybody without a name.
#[derive(Debug, thiserror::Error)]
#[error("an identity has no subject")]
struct NoSubject;

fn reserved(stream: String, version: u64, holder: AccountId) -> Write {
    Write::after(version, stream, vec![Event::Name(NameEvent::Reserved { holder })])
}

impl People {
    pub(crate) fn writes_of_new(
        &self,
        new: &NewAccount,
        linked: Option<&Identity>,
    ) -> Result<Vec<Write>, ExecuteError> {
        let holds = |name: String| reserved(name, 0, new.id);
        let mut writes = vec![holds(
            self.unique_stream(&["username", &username_key(&new.username)]),
        )];
        writes.extend(self.writes_of_looks(&new.username, new.id)?);
        let mut events: Vec<Event> = change::create(new.clone())
            .into_iter()
            .map(Event::Account)
            .collect();
        if let Some(identity) = linked {
            let subject = identity.subject.value.as_deref();
            let subject = subject.ok_or_else(|| ExecuteError::internal(NoSubject))?;
            writes.push(holds(self.unique_stream(&[
                "identity",
                &identity.issuer,
                subject,
            ])));
            events.push(Event::Account(AccountEvent::IdentityLinked(identity.clone())));
        }
        writes.push(Write::after(0, format!("account-{}", new.id), events));
        Ok(writes)
    }

    /// What a user name looks like, for ever: its holder may be erased, and of two at once only one is written. Any number
    /// of plain names may look alike, so each adds itself to those of its look; a name that is not plain is the only one of
    /// its look, and says so in a stream of its own.
    fn writes_of_looks(&self, username: &str, holder: AccountId) -> Result<Vec<Write>, ExecuteError> {
        let mut writes = Vec::new();
        for key in look_alike_keys(username) {
            let looks = self.unique_stream(&[LOOKS, &key]);
            let name = StreamName::try_from(looks.clone()).map_err(ExecuteError::internal)?;
            let version = self
                .kernel
                .log
                .stream_version(&name)
                .map_err(ExecuteError::internal)?;
            writes.push(reserved(looks, version.0, holder));
            if !is_plain_username(username) {
                writes.push(reserved(self.unique_stream(&[LOOKS_ALONE, &key]), 0, holder));
            }
        }
        Ok(writes)
    }

    /// The stream that holds a name once only, without telling the name (design §3).
    pub(crate) fn unique_stream(&self, name: &[&str]) -> String {
        let mut parts: Vec<&[u8]> = vec![b"unique"];
        parts.extend(name.iter().map(|part| part.as_bytes()));
        format!("unique-{}", hex::encode(self.kernel.secret.digest(&parts)))
    }

    /// Somebody holds this user name or one that looks like it, or has held it; the directory knows those too that were
    /// reserved under another form, or before looks were.
    pub(crate) fn is_taken(&self, username: &str) -> Result<bool, ExecuteError> {
        let directory = &self.kernel.directory;
        if directory.account_by_username(username).is_some()
            || directory.looks_like_another(username)
            || self.is_name_held(&["username", &username_key(username)])?
        {
            return Ok(true);
        }
        let looks = if is_plain_username(username) {
            LOOKS_ALONE
        } else {
            LOOKS
        };
        for key in look_alike_keys(username) {
            if self.is_name_held(&[looks, &key])? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Somebody holds this name, or has held it.
    pub(crate) fn is_name_held(&self, name: &[&str]) -> Result<bool, ExecuteError> {
        let held = self
            .kernel
            .stream_events(&self.unique_stream(name), Version(0), 1)?;
        Ok(!held.is_empty())
    }
}
