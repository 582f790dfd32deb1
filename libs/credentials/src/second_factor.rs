//! Second factors: codes that an authenticator app shows (TOTP, RFC 6238), and recovery codes on paper for the day it is
//! lost.
//!
//! A code is 6 digits of HMAC-SHA-1 over 30-second steps, the one form that every authenticator app reads (others ignore
//! what a URI says of algorithm and digits). The step before and the one after are taken too (RFC 6238 §5.2), for clocks
//! that differ and people who type slowly.
//!
//! Three of a million codes fit at any moment, so the caller must bound the tries, and it must remember the last
//! [`matching_step`](Secret::matching_step): a code serves once (RFC 6238 §5.2), which holds when a step is taken only
//! if it is later than the last one taken.

use std::fmt;

use chrono::{DateTime, Utc};
use totp_rs::{Algorithm, Builder, Totp, TotpError};
use zeroize::Zeroizing;

use crate::secret_text::SecretText;

mod recovery_codes;

pub use recovery_codes::{RECOVERY_CODE_BITS, RECOVERY_CODES, RecoveryCodes, recovery_digest};

/// How long a step is, seconds (RFC 6238 §4.1).
pub const STEP_S: u64 = 30;
/// How many steps before and after the present one are taken.
pub const STEPS_BESIDE: u16 = 1;
/// The digits of a code.
pub const CODE_DIGITS: u8 = 6;
/// The bits of a secret that is made here (RFC 4226 §4, R6).
pub const SECRET_BITS: usize = 160;
/// The fewest bits of a secret that is read (RFC 4226 §4, R6).
pub const SECRET_BITS_MIN: usize = 128;
/// The most bits of a secret that is read: one block of SHA-1, beyond which HMAC only hashes it down.
pub const SECRET_BITS_MAX: usize = 512;
/// How long the issuer and the account's name may each be, in characters.
pub const NAME_CHARACTERS_MAX: usize = 100;
/// How long a typed code may be with its spaces, in bytes.
const TYPED_BYTES_MAX: usize = 32;

/// What the server and somebody's authenticator share. Its `Debug` prints nothing of it; it is wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(totp_rs::Secret);

/// The text is no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a secret is {SECRET_BITS_MIN} to {SECRET_BITS_MAX} bits in base32")]
pub struct SecretError;

/// A name has no place in a key URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// The issuer is empty, longer than [`NAME_CHARACTERS_MAX`] or holds a colon or a control character.
    #[error("the issuer must have 1 to {NAME_CHARACTERS_MAX} characters and no colon")]
    Issuer,
    /// The same of the account's name.
    #[error("the account's name must have 1 to {NAME_CHARACTERS_MAX} characters and no colon")]
    AccountName,
    /// The library refuses what the checks above let pass.
    #[error("no key URI can be made")]
    Refused,
}

impl Secret {
    /// A secret of [`SECRET_BITS`] random bits.
    #[must_use]
    pub fn generate() -> Secret {
        let bits = Zeroizing::new(rand::random::<[u8; SECRET_BITS / 8]>());
        Secret(totp_rs::Secret::from(*bits))
    }

    /// Reads a secret in base32 (RFC 4648 §6), as [`to_base32`](Secret::to_base32) writes it or as people copy it: in
    /// either case, with spaces and hyphens between groups, with or without padding.
    ///
    /// # Errors
    /// [`SecretError`] when it is not base32, or not [`SECRET_BITS_MIN`] to [`SECRET_BITS_MAX`] bits.
    pub fn from_base32(text: &str) -> Result<Secret, SecretError> {
        // Twice the longest secret leaves room for separators.
        if text.len() > 2 * SECRET_BITS_MAX / 5 {
            return Err(SecretError);
        }
        let mut normal = Zeroizing::new(String::with_capacity(text.len()));
        normal.extend(
            text.trim_end_matches('=')
                .chars()
                .filter(|character| !matches!(character, ' ' | '-'))
                .map(|character| character.to_ascii_uppercase()),
        );
        let secret = totp_rs::Secret::try_from_base32(normal.as_str()).map_err(|_unreadable| SecretError)?;
        let bits = secret.as_bytes().len() * 8;
        // Written again it must be the same, or some of its characters or bits meant nothing.
        let same = *Zeroizing::new(secret.to_base32()) == *normal;
        if same && (SECRET_BITS_MIN..=SECRET_BITS_MAX).contains(&bits) {
            Ok(Secret(secret))
        } else {
            Err(SecretError)
        }
    }

    /// The secret in base32 without padding, upper case: what is kept (sealed), and what somebody without a camera types.
    #[must_use]
    pub fn to_base32(&self) -> SecretText {
        SecretText::new(self.0.to_base32())
    }

    /// The key URI that an authenticator app reads from a QR code: `otpauth://totp/<issuer>:<account name>?secret=…&
    /// issuer=<issuer>`. Algorithm, digits and period are the form's defaults and not written.
    ///
    /// # Errors
    /// [`UrlError`] for a name that the form has no place for.
    pub fn url(&self, issuer: &str, account_name: &str) -> Result<SecretText, UrlError> {
        if !is_name(issuer) {
            return Err(UrlError::Issuer);
        }
        if !is_name(account_name) {
            return Err(UrlError::AccountName);
        }
        builder(Algorithm::SHA1, CODE_DIGITS, &self.0)
            .with_issuer(Some(issuer))
            .with_account_name(account_name)
            .build()
            .and_then(|totp| totp.to_url())
            .map(SecretText::new)
            .map_err(|_names_checked_above| UrlError::Refused)
    }

    /// The step whose code this is: the present one, the one before or the one after; `None` when it is no code of them.
    /// A code is 6 ASCII digits; spaces are skipped. Each comparison takes the same time wherever the codes differ.
    ///
    /// A step is the number of whole [`STEP_S`] since 1970. Spend it: take a step only when it is later than the last one
    /// taken of this secret.
    #[must_use]
    pub fn matching_step(&self, code: &str, at: DateTime<Utc>) -> Option<u64> {
        if code.len() > TYPED_BYTES_MAX {
            return None;
        }
        let digits: Zeroizing<String> = Zeroizing::new(code.chars().filter(|typed| *typed != ' ').collect());
        let seconds = u64::try_from(at.timestamp()).ok()?;
        // The library takes six digits and nothing else.
        totp(Algorithm::SHA1, CODE_DIGITS, &self.0)
            .ok()?
            .check(&digits, seconds)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(..)")
    }
}

fn is_name(name: &str) -> bool {
    let is_short = name.chars().count() <= NAME_CHARACTERS_MAX;
    is_short && text::is_filled_in(name) && text::is_name(name) && !name.contains(':')
}

fn builder(algorithm: Algorithm, digits: u8, secret: &totp_rs::Secret) -> Builder {
    Builder::new()
        .with_algorithm(algorithm)
        .with_digits(digits)
        .with_skew(STEPS_BESIDE)
        .with_step_duration(STEP_S)
        .with_secret(secret.clone())
}

/// What computes codes; of other forms than ours for the vectors of the RFC.
fn totp(algorithm: Algorithm, digits: u8, secret: &totp_rs::Secret) -> Result<Totp, TotpError> {
    builder(algorithm, digits, secret).build()
}

#[cfg(test)]
mod tests;
