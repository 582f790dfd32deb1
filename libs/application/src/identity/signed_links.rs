//! Signed links: an address of this server that its maker may hand to what sends no token (a picture in a page, a download, an
//! `EventSource`). It opens with the rights that its maker has when it is used, in the profile, the organization and the language
//! that it was made in, as long as the sign-in lasts.

use chrono::{DateTime, Utc};
use credentials::tokens::Link;
use domain::{AccountId, Language};

use crate::identity::{
    Identity,
    actor::Actor,
    error::{SignInError, internal},
};

pub use credentials::tokens::LINK_S;

/// Who asks by a link, and how.
#[derive(Debug, Clone)]
pub struct ByLink {
    /// Whose link it is, with all rights of today.
    pub actor: Actor,
    /// The profile that it was made in.
    pub acting_as: Option<String>,
    /// The organization that it was made in.
    pub acting_in: Option<String>,
    /// The language that it was made in.
    pub language: Language,
    /// When the link ends. What was opened by it may go on until [`Actor::until`].
    pub ends_at: DateTime<Utc>,
}

impl Identity {
    /// Signs a link to a path with its query; answers its token and when it ends.
    ///
    /// # Errors
    /// [`SignInError::Internal`] when it cannot be signed.
    pub fn sign_link(
        &self,
        actor: &Actor,
        (acting_as, acting_in): (Option<&str>, Option<&str>),
        language: Language,
        path: &str,
        at: DateTime<Utc>,
    ) -> Result<(String, DateTime<Utc>), SignInError> {
        let link = Link {
            account: actor.account.id.0,
            sign_in: actor.sign_in,
            until: actor.until,
            language: language.as_str().to_owned(),
            profile: acting_as.map(str::to_owned),
            organization: acting_in.map(str::to_owned),
        };
        self.guard.tokens.sign_link(link, path, at).map_err(internal)
    }

    /// Who asks for this path by a link; `None` when it is refused for whatever reason.
    #[must_use]
    pub fn actor_of_link(&self, token: &str, path: &str, at: DateTime<Utc>) -> Option<ByLink> {
        let (link, ends_at) = self.guard.tokens.verify_link(token, path, at).ok()?;
        let actor = self.actor_of_sign_in(AccountId(link.account), link.sign_in, link.until)?;
        Some(ByLink {
            actor,
            acting_as: link.profile,
            acting_in: link.organization,
            language: Language::named(&link.language).ok()?,
            ends_at,
        })
    }
}
