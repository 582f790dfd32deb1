//! Access tokens: JWT signed with EdDSA (RFC 7519, RFC 8037), and the ring of keys that signs them (design §6).
//!
//! One key signs. A rotation puts a new one in its place; the one before still verifies for a grace, so that tokens
//! issued a moment ago live out their time, and is then refused whatever a token says of its own times. The published
//! keys (JWKS, RFC 7517) are those that verify.
//!
//! A signed link ([`Link`]) is such a token too, of another type and for another audience: neither passes for the other.
//!
//! # The file of keys, for ever
//!
//! JSON, mode 0600, at most [`KEY_FILE_BYTES_MAX`] bytes. It is written beside its place, `fsync`ed and renamed, and the
//! directory is `fsync`ed, so a crash leaves the old file or the new one. Members in no particular order, unknown ones
//! refused:
//!
//! ```json
//! {
//!   "form": "guichet-token-keys/1",
//!   "keys": [
//!     {"kid": "…", "seed": "…", "since": "2026-03-01T08:00:00Z"},
//!     {"kid": "…", "seed": "…", "since": "2026-01-01T08:00:00Z",
//!      "retired_at": "2026-03-01T08:00:00Z", "refused_from": "2026-03-01T08:15:10Z"}
//!   ]
//! }
//! ```
//!
//! | member | what |
//! |---|---|
//! | `keys` | newest first, 1 to [`TOKEN_KEYS_MAX`]; the first one signs and is not retired, all others are |
//! | `kid` | the JWK thumbprint of the public key (RFC 7638, RFC 8037 appendix A.3), so a changed seed is noticed |
//! | `seed` | the private key (RFC 8032 §5.1.5): base64url without padding of 32 random bytes |
//! | `since` | when it was made, RFC 3339 |
//! | `retired_at` | when another one took its place |
//! | `refused_from` | from when on it verifies nothing; it leaves the file at the next load or rotation |
//!
//! Who writes holds a lock (`flock`) on the file's directory, and a rotation starts from what the file says: of two
//! processes none undoes what the other did. A process sees another one's rotation when it rotates or loads.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, Header, Validation};
use moka::sync::Cache;
use parking_lot::RwLock;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

mod ed25519;
mod error;
mod key_file;
mod key_ring;
mod link;

pub use error::{IssueError, KeyFileError, RotateError, TokenError};
pub use key_file::KEY_FILE_BYTES_MAX;
pub use key_ring::{PublicKey, TOKEN_KEYS_MAX};
pub use link::{LINK_S, Link};

use key_file::LockedDirectory;
use key_ring::KeyRing;

/// How long an access token holds, seconds.
pub const ACCESS_TOKEN_S: i64 = 15 * 60;
/// How long any token may hold, seconds.
pub const TOKEN_S_MAX: i64 = 24 * 60 * 60;
/// How far clocks may differ, seconds.
pub const LEEWAY_S: i64 = 5;
/// How long a key verifies after a rotation unless somebody wants it otherwise: until the last token of
/// [`ACCESS_TOKEN_S`] that it signed is refused by its own times.
pub const ROTATION_GRACE: TimeDelta = TimeDelta::seconds(ACCESS_TOKEN_S + 2 * LEEWAY_S);
/// The longest grace.
pub const ROTATION_GRACE_MAX: TimeDelta = TimeDelta::seconds(TOKEN_S_MAX + 2 * LEEWAY_S);
/// How many verified tokens are remembered, so that their signature is not checked again at every call.
pub const VERIFIED_MAX: u64 = 10_000;
/// How long a token may be, bytes. Ours have about 500.
pub const TOKEN_BYTES_MAX: usize = 2_048;

const ISSUER: &str = "guichet";
const AUDIENCE: &str = "guichet-api";
/// The type of an access token, in its header.
const TYPE: &str = "JWT";

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who issued it.
    pub iss: String,
    /// For whom it was issued.
    pub aud: String,
    /// The account.
    pub sub: Uuid,
    /// The sign-in, which can be revoked.
    pub sid: Uuid,
    /// When it was issued, seconds since 1970.
    pub iat: i64,
    /// From when it holds, seconds since 1970.
    pub nbf: i64,
    /// Until when it holds, seconds since 1970.
    pub exp: i64,
}

/// A token whose signature fits, and the key that it fits.
#[derive(Clone)]
struct Verified {
    kid: Arc<str>,
    claims: Claims,
}

/// Signs and verifies.
pub struct Tokens {
    path: PathBuf,
    ring: RwLock<Arc<KeyRing>>,
    validation: Validation,
    link_validation: Validation,
    verified: Cache<[u8; 32], Verified>,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Tokens")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Tokens {
    /// Reads the keys at `path`, or makes a first one that is on disk before this returns. Keys that are refused `at`
    /// this time leave the file.
    ///
    /// # Errors
    /// [`KeyFileError`]; a file that cannot be understood stays as it is.
    pub fn load_or_create(path: &Path, at: DateTime<Utc>) -> Result<Tokens, KeyFileError> {
        ed25519::install();
        let directory = LockedDirectory::of(path)?;
        let ring = match directory.load()? {
            Some(mut ring) => {
                if ring.forget_refused(at) {
                    directory.replace(&ring)?;
                }
                ring
            }
            None => {
                let ring = KeyRing::new(at);
                directory.replace(&ring)?;
                ring
            }
        };
        Ok(Tokens {
            path: path.to_owned(),
            ring: RwLock::new(Arc::new(ring)),
            validation: validation(AUDIENCE),
            link_validation: validation(link::AUDIENCE),
            verified: Cache::new(VERIFIED_MAX),
        })
    }

    /// Makes a new key, which signs from now on, on disk before this returns; returns its id.
    ///
    /// The key before verifies until `at + grace` ([`ROTATION_GRACE`] as a rule) and is refused from then on. No older
    /// key is taken longer than that either: a rotation with no grace refuses every token signed before it.
    ///
    /// # Errors
    /// [`RotateError`]; the keys are then those of before.
    pub fn rotate(&self, at: DateTime<Utc>, grace: TimeDelta) -> Result<String, RotateError> {
        if !(TimeDelta::zero()..=ROTATION_GRACE_MAX).contains(&grace) {
            return Err(RotateError::Grace);
        }
        // Held until the ring in memory is the one in the file, so it is never older than what this process last wrote.
        let directory = LockedDirectory::of(&self.path).map_err(RotateError::File)?;
        // Another process may have rotated since. A file that is gone was taken away by somebody: not ours to bring back.
        let mut ring = directory
            .load()
            .and_then(|ring| ring.ok_or_else(|| KeyFileError::Gone(self.path.clone())))
            .map_err(RotateError::File)?;
        ring.forget_refused(at);
        let kid = ring.rotate(at, grace)?;
        directory.replace(&ring).map_err(RotateError::File)?;
        *self.ring.write() = Arc::new(ring);
        Ok(kid)
    }

    /// The keys that verify at a time, newest first, for a JWKS.
    #[must_use]
    pub fn public_keys(&self, at: DateTime<Utc>) -> Vec<PublicKey> {
        self.ring().public_keys(at)
    }

    /// Issues a token for an account and a sign-in of it, which holds from `at` on for `lifetime`
    /// ([`ACCESS_TOKEN_S`] as a rule), in whole seconds.
    ///
    /// # Errors
    /// [`IssueError`].
    pub fn issue(
        &self,
        sub: Uuid,
        sid: Uuid,
        at: DateTime<Utc>,
        lifetime: TimeDelta,
    ) -> Result<String, IssueError> {
        let lifetime_s = lifetime.num_seconds();
        if !(1..=TOKEN_S_MAX).contains(&lifetime_s) {
            return Err(IssueError::Lifetime);
        }
        let now = at.timestamp();
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub,
            sid,
            iat: now,
            nbf: now,
            exp: now.saturating_add(lifetime_s),
        };
        self.sign(TYPE, &claims)
    }

    fn sign<C: Serialize>(&self, kind: &str, claims: &C) -> Result<String, IssueError> {
        let ring = self.ring();
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(kind.to_owned());
        header.kid = Some(ring.signing_kid().to_owned());
        jsonwebtoken::encode(&header, claims, ring.signing()).map_err(IssueError::Sign)
    }

    /// Verifies a token at a time: signed with EdDSA by a key of ours that still verifies, issued by and for us, and
    /// within its times by [`LEEWAY_S`]. What the token says of keys besides `kid` is not honoured, it is refused.
    ///
    /// # Errors
    /// [`TokenError`], which callers are not told apart.
    pub fn verify(&self, token: &str, at: DateTime<Utc>) -> Result<Claims, TokenError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::TooLong);
        }
        let ring = self.ring();
        let digest: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        let verified = match self.verified.get(&digest) {
            Some(verified) => verified,
            None => {
                let (kid, claims) = signed(&ring, token, TYPE, &self.validation)?;
                let verified = Verified { kid, claims };
                self.verified.insert(digest, verified.clone());
                verified
            }
        };
        // Asked every time, because a key that fitted may be refused by now.
        ring.verifying(&verified.kid, at)?;
        let claims = verified.claims;
        holds(claims.nbf, claims.exp, at)?;
        Ok(claims)
    }

    fn ring(&self) -> Arc<KeyRing> {
        self.ring.read().clone()
    }
}

/// What a token says that is of this type and signed by a key of the ring, and that key.
fn signed<C: DeserializeOwned>(
    ring: &KeyRing,
    token: &str,
    kind: &str,
    validation: &Validation,
) -> Result<(Arc<str>, C), TokenError> {
    let header = jsonwebtoken::decode_header(token).map_err(TokenError::Refused)?;
    // Our tokens have none of these header members. They would make us take a key or a rule from the token (RFC 8725 §3.10).
    let steered = header.crit.is_some()
        || header.jku.is_some()
        || header.jwk.is_some()
        || header.x5u.is_some()
        || header.x5c.is_some();
    // A token of one type is none of another (RFC 8725 §3.11).
    if steered || header.typ.as_deref() != Some(kind) {
        return Err(TokenError::Header);
    }
    let (kid, key) = header
        .kid
        .and_then(|kid| ring.find(&kid))
        .ok_or(TokenError::UnknownKey)?;
    let decoded = jsonwebtoken::decode::<C>(token, key, validation);
    Ok((kid, decoded.map_err(TokenError::Refused)?.claims))
}

/// Within these times, by [`LEEWAY_S`].
fn holds(nbf: i64, exp: i64, at: DateTime<Utc>) -> Result<(), TokenError> {
    let now = at.timestamp();
    if now.saturating_sub(LEEWAY_S) >= exp || now.saturating_add(LEEWAY_S) < nbf {
        return Err(TokenError::Time);
    }
    Ok(())
}

/// One algorithm, whatever a token names (RFC 8725 §3.1).
fn validation(audience: &str) -> Validation {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[audience]);
    validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
    // The times are checked against the caller's clock, not the library's.
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation
}
