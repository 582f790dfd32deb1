//! A text that must be shown once and never printed.

use std::fmt;

use zeroize::Zeroizing;

/// A secret in writing, wiped from memory when dropped. It has no `Display`, and its `Debug` prints nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    pub(crate) fn new(text: String) -> SecretText {
        SecretText(Zeroizing::new(text))
    }

    /// The secret, to be looked at.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The secret, to be given away: nobody wipes it any more.
    #[must_use]
    pub fn into_exposed(mut self) -> String {
        std::mem::take(&mut *self.0)
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretText(..)")
    }
}
