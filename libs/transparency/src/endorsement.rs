//! The word of one signing key for the next, so that who pinned an old key reaches the current one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::key::{SigningKey, VerifierKey};

/// Why an endorsement does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndorsementError {
    /// The signature is not standard base64 with padding.
    #[error("an endorsement is standard base64 with padding")]
    Base64(#[source] base64::DecodeError),
    /// The signature is not by that key, or not for that one.
    #[error("the endorsement of {new} is not by {by}")]
    False {
        /// The key that is said to have signed.
        by: String,
        /// The key that is said to be endorsed.
        new: String,
    },
}

/// Signs that `new` is the next key: Ed25519 over `guichet/endorse/1\n<origin>\n<new verifier key>\n`, in standard base64
/// with padding, 88 characters. The origin is that of the new key.
#[must_use]
pub fn endorse(by: &SigningKey, new: &VerifierKey) -> String {
    STANDARD.encode(by.sign_bytes(message(new).as_bytes()))
}

/// Checks that `by` endorsed `new`.
///
/// # Errors
///
/// [`EndorsementError`].
pub fn verify_endorsement(
    by: &VerifierKey,
    new: &VerifierKey,
    signature: &str,
) -> Result<(), EndorsementError> {
    let signature = STANDARD.decode(signature).map_err(EndorsementError::Base64)?;
    if by.signed(message(new).as_bytes(), &signature) {
        return Ok(());
    }
    Err(EndorsementError::False {
        by: by.to_string(),
        new: new.to_string(),
    })
}

/// The first line is neither an origin nor a number, so no checkpoint can pass for an endorsement: its second line
/// would have to be an origin and a size at once, and it has no third.
fn message(new: &VerifierKey) -> String {
    format!("guichet/endorse/1\n{}\n{new}\n", new.name())
}
