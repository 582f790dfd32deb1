//! Keyed digests of what must be compared but not read.

use std::path::Path;
use std::sync::Arc;

use chacha20poly1305::aead::AeadInOut as _;
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::secret_file::{self, Created, SecretFileError};

/// A secret of the server for digests of what must be compared but not read back: the body of a command (design §3,
/// `command_digest`), the value behind a `unique-<HMAC>` stream. 32 bytes, wiped from memory when the last clone drops.
///
/// It must outlive the log that holds its digests: with another key, no repeated command is recognised.
#[derive(Clone)]
pub struct DigestKey(Arc<Zeroizing<[u8; 32]>>);

impl DigestKey {
    /// Reads the file at `path`, or makes one, exactly as [`crate::MasterKey::load_or_create`] does.
    ///
    /// # Errors
    /// See [`SecretFileError`].
    pub fn load_or_create(path: &Path) -> Result<(DigestKey, Created), SecretFileError> {
        let (secret, created) = secret_file::load_or_create(path)?;
        Ok((DigestKey(Arc::new(secret)), created))
    }

    /// Reads the file at `path`.
    ///
    /// # Errors
    /// See [`SecretFileError`].
    pub fn load(path: &Path) -> Result<DigestKey, SecretFileError> {
        Ok(DigestKey(Arc::new(secret_file::load(path)?)))
    }

    /// Takes a key that is kept elsewhere.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> DigestKey {
        DigestKey(Arc::new(Zeroizing::new(bytes)))
    }

    /// HMAC-SHA256 (RFC 2104) over every part, each after its length in bytes as a big-endian `u64`, so that no two
    /// lists of parts make the same message: `["ab", "c"]` and `["a", "bc"]` differ. The first part should name the
    /// purpose.
    #[must_use]
    pub fn digest(&self, parts: &[&[u8]]) -> [u8; 32] {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.as_slice()) else {
            unreachable!("HMAC takes a key of any length");
        };
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// Seals bytes that only this server opens again: ChaCha20-Poly1305 (RFC 8439) under a key of its own, the digest of the
    /// parts. So **the parts name one value, once and for ever** (a fresh id among them), and the nonce may be zero.
    #[must_use]
    pub fn seal(&self, parts: &[&[u8]], bytes: &[u8]) -> Vec<u8> {
        let mut sealed = bytes.to_vec();
        let Ok(()) = self
            .cipher(parts)
            .encrypt_in_place(&Nonce::default(), b"", &mut sealed)
        else {
            unreachable!("what is held in memory is far below the 256 GiB of the cipher");
        };
        sealed
    }

    /// Opens what [`DigestKey::seal`] sealed with these parts; `None` for anything else.
    #[must_use]
    pub fn open(&self, parts: &[&[u8]], sealed: &[u8]) -> Option<Vec<u8>> {
        let mut bytes = sealed.to_vec();
        self.cipher(parts)
            .decrypt_in_place(&Nonce::default(), b"", &mut bytes)
            .ok()?;
        Some(bytes)
    }

    fn cipher(&self, parts: &[&[u8]]) -> ChaCha20Poly1305 {
        let key = Zeroizing::new(self.digest(&[&[b"seal".as_slice()][..], parts].concat()));
        ChaCha20Poly1305::new((&*key).into())
    }
}

impl std::fmt::Debug for DigestKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DigestKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_with_its_own_parts_and_key_alone() {
        let (key, other) = (DigestKey::from_bytes([1; 32]), DigestKey::from_bytes([2; 32]));
        let parts: [&[u8]; 2] = [b"id-token", b"sign-in 1"];
        let sealed = key.seal(&parts, b"a token");
        assert_eq!(sealed.len(), 7 + 16);
        assert_eq!(key.open(&parts, &sealed).as_deref(), Some(b"a token".as_slice()));
        assert_eq!(other.open(&parts, &sealed), None);
        assert_eq!(key.open(&[b"id-token", b"sign-in 2"], &sealed), None);
        assert_eq!(key.open(&[b"id-tokensign-in 1"], &sealed), None);
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert_eq!(key.open(&parts, &changed), None, "byte {place}");
        }
        assert_eq!(key.open(&parts, b""), None);
        // Not the digest of the same parts, which may be shown.
        assert_ne!(key.seal(&parts, &[0; 32])[..32], key.digest(&parts));
    }
}
