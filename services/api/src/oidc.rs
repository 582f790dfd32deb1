//! Signing in through identity providers (`OpenID` Connect Core 1.0): authorization code with PKCE (RFC 7636), beside local
//! passwords.
//!
//! | room | holds |
//! |---|---|
//! | `config` | the TOML file that names providers, checked whole at start |
//! | `fields` | a table of that file, read key by key |
//! | `claims` | from what a provider says to an account, roles and organizations; pure |
//! | `provider` | discovery, the address to send a browser to, what its code is traded for |
//! | `fetch` | the HTTP client: no redirects, little time, small answers |

mod claims;
mod config;
mod fetch;
mod fields;
mod provider;

use std::{fmt, path::Path, sync::Arc};

pub use config::{ConfigError, PROVIDER_ID_CHARS_MAX};
pub(crate) use provider::{Kept, Provider, TradeError};

/// The providers that people may sign in through; none unless configured.
#[derive(Clone, Default)]
pub struct IdentityProviders {
    providers: Arc<[Provider]>,
}

impl IdentityProviders {
    /// Reads the configuration. No provider is asked anything yet: one that is down does not keep the server from starting.
    ///
    /// # Errors
    /// [`ConfigError`] with every fault of the file.
    pub fn load(path: &Path) -> Result<IdentityProviders, ConfigError> {
        let settings = config::read(path)?;
        let providers: Result<Vec<Provider>, ConfigError> = settings.into_iter().map(Provider::new).collect();
        Ok(IdentityProviders {
            providers: providers?.into(),
        })
    }

    /// In the order of the configuration.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Provider> {
        self.providers.iter()
    }

    pub(crate) fn named(&self, id: &str) -> Option<&Provider> {
        self.iter().find(|provider| provider.settings().id == id)
    }
}

impl fmt::Debug for IdentityProviders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids = self.iter().map(|provider| &provider.settings().id);
        f.debug_list().entries(ids).finish()
    }
}
