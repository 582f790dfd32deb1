//! The keys of one value, and what is done with them. The specification stands in the crate's documentation.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chacha20poly1305::aead::AeadInOut as _;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit as _, Nonce};
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use uuid::Uuid;
use zeroize::Zeroizing;

/// The largest plaintext of one value, in bytes: a text of 24 KiB (design §4.3) and room for what surrounds it. Its
/// base64 stays below the 48 KiB of one block of the log.
pub const PLAINTEXT_BYTES_MAX: usize = 32 * 1024;

/// What every value key's `info` starts with; a new form of sealing takes another one.
const VALUE_KEY_LABEL: &[u8] = b"guichet/value/1";

/// Marks a plaintext that is the text itself.
const TEXT_TAG: u8 = b't';
/// Marks a plaintext that is compact JSON.
const JSON_TAG: u8 = b'j';

/// A person's key, in the state that HKDF-Extract leaves it in, because every value key starts from there. Wiped from
/// memory when dropped. It never leaves this crate.
pub(crate) struct PersonKey(Hkdf<Sha256>);

impl PersonKey {
    pub(crate) fn new(bytes: &[u8; 32]) -> PersonKey {
        PersonKey(Hkdf::new(None, bytes))
    }

    /// The key of the value that stands at `pointer` in the event `event_id`.
    pub(crate) fn value_key(&self, event_id: Uuid, pointer: &str) -> ValueKey {
        ValueKey(expand(
            &self.0,
            &[VALUE_KEY_LABEL, event_id.as_bytes(), pointer.as_bytes()],
        ))
    }
}

/// HKDF-Expand (RFC 5869 §2.3) to 32 bytes; `info` is joined.
fn expand(hkdf: &Hkdf<Sha256>, info: &[&[u8]]) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    let Ok(()) = hkdf.expand_multi_info(info, key.as_mut()) else {
        unreachable!("32 bytes are far below the 8,160 that HKDF-SHA256 can give");
    };
    key
}

/// The key of one value in one event: 32 bytes, wiped from memory when dropped.
///
/// This is what a bundle discloses: it opens that value, proves the value against its commitment
/// ([`crate::open_with_value_key`]), and says nothing about any other value of the person.
#[derive(Clone)]
pub struct ValueKey(Zeroizing<[u8; 32]>);

impl ValueKey {
    /// Takes a disclosed key.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> ValueKey {
        ValueKey(Zeroizing::new(bytes))
    }

    /// The 32 bytes to disclose.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// A key for one purpose, by HKDF-Expand with this key as PRK.
    pub(crate) fn expand(&self, info: &[&[u8]]) -> Zeroizing<[u8; 32]> {
        expand(&self.as_prk(), info)
    }

    fn as_prk(&self) -> Hkdf<Sha256> {
        let Ok(hkdf) = Hkdf::from_prk(self.0.as_ref()) else {
            unreachable!("32 bytes are as long as a PRK of SHA-256 must be");
        };
        hkdf
    }

    /// What encrypts the value, and what commits to it.
    fn ciphers(&self) -> (ChaCha20Poly1305, Hmac<Sha256>) {
        let prk = self.as_prk();
        let (encryption_key, commitment_key) = (expand(&prk, &[b"encrypt"]), expand(&prk, &[b"commit"]));
        let Ok(mac) = Hmac::new_from_slice(commitment_key.as_ref()) else {
            unreachable!("HMAC takes a key of any length");
        };
        (ChaCha20Poly1305::new((&*encryption_key).into()), mac)
    }

    /// Encrypts and commits to a value.
    pub(crate) fn seal(&self, subject: Uuid, value: &Value) -> Result<SealedValue, PlaintextTooLong> {
        let mut bytes = plaintext_of(value);
        if bytes.len() > PLAINTEXT_BYTES_MAX {
            return Err(PlaintextTooLong { bytes: bytes.len() });
        }
        let (cipher, mac) = self.ciphers();
        let commitment: [u8; 32] = mac.chain_update(&bytes).finalize().into_bytes().into();
        let Ok(()) = cipher.encrypt_in_place(&Nonce::default(), subject.as_bytes(), &mut bytes) else {
            unreachable!("a plaintext of at most 32 KiB is far below the 256 GiB of the cipher");
        };
        Ok(SealedValue {
            commitment: STANDARD_NO_PAD.encode(commitment),
            ciphertext: STANDARD_NO_PAD.encode(bytes),
        })
    }

    /// Decrypts a value and holds it against its commitment.
    pub(crate) fn open(&self, subject: Uuid, commitment: &str, ciphertext: &str) -> Result<Value, OpenFault> {
        let commitment = STANDARD_NO_PAD.decode(commitment).map_err(OpenFault::Base64)?;
        let mut bytes = STANDARD_NO_PAD.decode(ciphertext).map_err(OpenFault::Base64)?;
        let (cipher, mac) = self.ciphers();
        cipher
            .decrypt_in_place(&Nonce::default(), subject.as_bytes(), &mut bytes)
            .map_err(OpenFault::Ciphertext)?;
        mac.chain_update(&bytes)
            .verify_slice(&commitment)
            .map_err(OpenFault::Commitment)?;
        value_of(bytes)
    }
}

impl std::fmt::Debug for ValueKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ValueKey(…)")
    }
}

/// What stands in the event for a value, both in base64.
pub(crate) struct SealedValue {
    pub(crate) commitment: String,
    pub(crate) ciphertext: String,
}

/// The plaintext would be longer than [`PLAINTEXT_BYTES_MAX`].
pub(crate) struct PlaintextTooLong {
    pub(crate) bytes: usize,
}

/// What is wrong with a sealed value.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenFault {
    #[error("not base64")]
    Base64(#[source] base64::DecodeError),
    #[error("the ciphertext does not fit the key, the place or the subject")]
    Ciphertext(#[source] chacha20poly1305::Error),
    #[error("the commitment does not fit the plaintext")]
    Commitment(#[source] hmac::digest::MacError),
    #[error("the plaintext starts with neither t nor j")]
    UnknownTag,
    #[error("the plaintext is not UTF-8")]
    NotUtf8(#[source] std::string::FromUtf8Error),
    #[error("the plaintext is not JSON")]
    NotJson(#[source] serde_json::Error),
}

fn plaintext_of(value: &Value) -> Vec<u8> {
    if let Value::String(text) = value {
        // Room for the tag at both ends spares a second allocation when the ciphertext's tag is appended.
        let mut bytes = Vec::with_capacity(text.len() + 17);
        bytes.push(TEXT_TAG);
        bytes.extend_from_slice(text.as_bytes());
        return bytes;
    }
    let mut bytes = vec![JSON_TAG];
    // `Display` of a `Value` is its compact JSON, and unlike the serializer it cannot fail.
    bytes.extend_from_slice(value.to_string().as_bytes());
    bytes
}

fn value_of(mut bytes: Vec<u8>) -> Result<Value, OpenFault> {
    match bytes.first() {
        Some(&TEXT_TAG) => {
            bytes.remove(0);
            String::from_utf8(bytes)
                .map(Value::String)
                .map_err(OpenFault::NotUtf8)
        }
        Some(&JSON_TAG) => serde_json::from_slice(&bytes[1..]).map_err(OpenFault::NotJson),
        Some(_) | None => Err(OpenFault::UnknownTag),
    }
}

#[cfg(test)]
mod tests {
    use zeroize::ZeroizeOnDrop;

    use super::*;

    #[test]
    fn the_features_that_wipe_keys_from_memory_are_on() {
        fn is_wiped<T: ZeroizeOnDrop>() {}
        is_wiped::<ChaCha20Poly1305>();
        is_wiped::<chacha20poly1305::XChaCha20Poly1305>();
        // `Hkdf` and `Hmac` say nothing of it; what they hold is the state of this.
        is_wiped::<Sha256>();
    }
}
