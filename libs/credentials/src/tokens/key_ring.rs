//! The keys in memory.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use ed25519_dalek::SigningKey;
use jsonwebtoken::{DecodingKey, EncodingKey};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::error::{RotateError, TokenError};

/// How many keys the ring holds: the one that signs and those whose grace is not over.
pub const TOKEN_KEYS_MAX: usize = 16;

/// The public half of a key, as a JWK has it (RFC 8037 §2: `kty` OKP, `crv` Ed25519).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// The key's id: its JWK thumbprint (RFC 7638) in base64url, 43 characters.
    pub kid: String,
    /// The public key in base64url, 43 characters.
    pub x: String,
}

/// How long a key that does not sign any more still verifies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Retirement {
    pub(super) retired_at: DateTime<Utc>,
    pub(super) refused_from: DateTime<Utc>,
}

/// A key. No `Debug`: it holds the private half.
pub(super) struct Key {
    kid: Arc<str>,
    x: String,
    decoding: DecodingKey,
    pub(super) seed: Zeroizing<[u8; 32]>,
    pub(super) since: DateTime<Utc>,
    pub(super) retirement: Option<Retirement>,
}

impl Key {
    pub(super) fn from_seed(seed: Zeroizing<[u8; 32]>, since: DateTime<Utc>) -> Key {
        let public = SigningKey::from_bytes(&seed).verifying_key();
        let x = URL_SAFE_NO_PAD.encode(public.as_bytes());
        Key {
            kid: thumbprint(&x).into(),
            decoding: DecodingKey::from_ed_der(public.as_bytes()),
            x,
            seed,
            since,
            retirement: None,
        }
    }

    fn generate(at: DateTime<Utc>) -> Key {
        Key::from_seed(Zeroizing::new(rand::random()), at)
    }

    pub(super) fn kid(&self) -> &str {
        &self.kid
    }

    fn is_refused(&self, at: DateTime<Utc>) -> bool {
        self.retirement
            .is_some_and(|retirement| retirement.refused_from <= at)
    }
}

/// The JWK thumbprint of a public key (RFC 7638 §3, RFC 8037 §2).
fn thumbprint(x: &str) -> String {
    let jwk = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    URL_SAFE_NO_PAD.encode(Sha256::digest(jwk))
}

/// The key that signs, and those that still verify, newest first.
pub(super) struct KeyRing {
    signing_key: Key,
    signing: EncodingKey,
    retired: Vec<Key>,
}

impl KeyRing {
    /// A ring of one new key.
    pub(super) fn new(at: DateTime<Utc>) -> KeyRing {
        KeyRing::of(Key::generate(at), Vec::new())
    }

    /// A ring of the key that signs and those that did.
    pub(super) fn of(signing_key: Key, retired: Vec<Key>) -> KeyRing {
        KeyRing {
            signing: encoding(&signing_key),
            signing_key,
            retired,
        }
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.signing_key).chain(&self.retired)
    }

    pub(super) fn signing_kid(&self) -> &str {
        &self.signing_key.kid
    }

    pub(super) fn signing(&self) -> &EncodingKey {
        &self.signing
    }

    pub(super) fn find(&self, kid: &str) -> Option<(Arc<str>, &DecodingKey)> {
        self.keys()
            .find(|key| key.kid() == kid)
            .map(|key| (key.kid.clone(), &key.decoding))
    }

    /// Whether a key that we had still verifies.
    pub(super) fn verifying(&self, kid: &str, at: DateTime<Utc>) -> Result<(), TokenError> {
        match self.keys().find(|key| key.kid() == kid) {
            Some(key) if !key.is_refused(at) => Ok(()),
            Some(_) | None => Err(TokenError::RefusedKey),
        }
    }

    pub(super) fn public_keys(&self, at: DateTime<Utc>) -> Vec<PublicKey> {
        self.keys()
            .filter(|key| !key.is_refused(at))
            .map(|key| PublicKey {
                kid: key.kid().to_owned(),
                x: key.x.clone(),
            })
            .collect()
    }

    /// Drops the keys that are refused; whether there were any.
    pub(super) fn forget_refused(&mut self, at: DateTime<Utc>) -> bool {
        let before = self.retired.len();
        self.retired.retain(|key| !key.is_refused(at));
        self.retired.len() < before
    }

    /// Puts a new key in the place of the one that signs.
    pub(super) fn rotate(&mut self, at: DateTime<Utc>, grace: TimeDelta) -> Result<String, RotateError> {
        // Without grace only the new key remains.
        if !grace.is_zero() && self.keys().count() >= TOKEN_KEYS_MAX {
            return Err(RotateError::TooManyKeys);
        }
        let end = at.checked_add_signed(grace).unwrap_or(DateTime::<Utc>::MAX_UTC);
        let new = Key::generate(at);
        let kid = new.kid().to_owned();
        let signing = encoding(&new);
        let mut old = std::mem::replace(&mut self.signing_key, new);
        self.signing = signing;
        old.retirement = Some(Retirement {
            retired_at: at,
            refused_from: end,
        });
        self.retired.insert(0, old);
        for retirement in self.retired.iter_mut().filter_map(|key| key.retirement.as_mut()) {
            retirement.refused_from = retirement.refused_from.min(end);
        }
        self.forget_refused(at);
        Ok(kid)
    }
}

/// The key as [`super::ed25519`] takes it.
fn encoding(key: &Key) -> EncodingKey {
    EncodingKey::from_ed_der(key.seed.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_a_key_is_the_thumbprint_of_rfc_8037_appendix_a_3() {
        let seed = URL_SAFE_NO_PAD
            .decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")
            .unwrap();
        let key = Key::from_seed(Zeroizing::new(seed.try_into().unwrap()), DateTime::UNIX_EPOCH);
        assert_eq!(key.x, "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        assert_eq!(key.kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }
}
