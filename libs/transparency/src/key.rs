//! The keys that sign checkpoints, and their text (C2SP signed-note).

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, VerifyingKey};
use sha2::{Digest as _, Sha256};

use crate::origin::{Origin, OriginError};

/// The type byte of Ed25519 (C2SP signed-note, Signature types).
const ED25519: u8 = 1;

/// The secret half of a key: it signs for the log that it is named after. Wiped from memory when dropped.
pub struct SigningKey {
    secret: ed25519_dalek::SigningKey,
    verifier: VerifierKey,
}

/// The public half. Its text is `name+id+base64(0x01 ‖ 32 bytes)`: the name is the origin of the log it signs for, the id
/// 8 small hexadecimal digits, the first 4 bytes of SHA-256 over name, line feed, `0x01` and the 32 bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: Origin,
    id: [u8; 4],
    public: VerifyingKey,
}

/// Why a text is not a verifier key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifierKeyError {
    /// It is not three parts joined by `+`.
    #[error("a verifier key has the form name+id+key")]
    Form,
    /// The name is not one.
    #[error("the name of the key is not one")]
    Name(#[source] OriginError),
    /// The last part is not standard base64 with padding.
    #[error("the last part of a verifier key is standard base64 with padding")]
    Base64(#[source] base64::DecodeError),
    /// The key is not for Ed25519: its first byte is not 1, or no key of 32 bytes follows.
    #[error("only Ed25519 keys are known: 0x01 and 32 bytes")]
    Algorithm,
    /// The 32 bytes are no public key.
    #[error("the 32 bytes are not an Ed25519 public key")]
    Point,
    /// The id is not that of name and key.
    #[error("the id of the key is {expected}, not {found}")]
    Id {
        /// The id that it must have.
        expected: String,
        /// What stands there.
        found: String,
    },
}

impl SigningKey {
    /// The key made of 32 secret random bytes, for the log `name`.
    #[must_use]
    pub fn new(name: Origin, secret: &[u8; 32]) -> SigningKey {
        let secret = ed25519_dalek::SigningKey::from_bytes(secret);
        let verifier = VerifierKey::new(name, secret.verifying_key());
        SigningKey { secret, verifier }
    }

    /// The public half.
    #[must_use]
    pub const fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    pub(crate) fn sign_bytes(&self, message: &[u8]) -> [u8; Signature::BYTE_SIZE] {
        self.secret.sign(message).to_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, …)", self.verifier)
    }
}

impl VerifierKey {
    fn new(name: Origin, public: VerifyingKey) -> VerifierKey {
        let digest = Sha256::new()
            .chain_update(name.as_str())
            .chain_update([b'\n', ED25519])
            .chain_update(public.as_bytes())
            .finalize();
        let [a, b, c, d, ..]: [u8; 32] = digest.into();
        VerifierKey {
            name,
            id: [a, b, c, d],
            public,
        }
    }

    /// The log it signs for.
    #[must_use]
    pub const fn name(&self) -> &Origin {
        &self.name
    }

    /// What signatures name it by, beside its name.
    #[must_use]
    pub const fn id(&self) -> [u8; 4] {
        self.id
    }

    /// Whether a signature is by this key. Strictly: small-order points and unreduced scalars are refused, so that no two signatures of
    /// one message can be made from one.
    pub(crate) fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature)
            .and_then(|signature| self.public.verify_strict(message, &signature))
            .is_ok()
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut key = Vec::with_capacity(33);
        key.push(ED25519);
        key.extend_from_slice(self.public.as_bytes());
        write!(
            f,
            "{}+{:08x}+{}",
            self.name,
            u32::from_be_bytes(self.id),
            STANDARD.encode(key)
        )
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifierKey({self})")
    }
}

impl FromStr for VerifierKey {
    type Err = VerifierKeyError;

    fn from_str(text: &str) -> Result<VerifierKey, VerifierKeyError> {
        // Base64 may hold a '+' of its own, so only the first two part.
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(VerifierKeyError::Form);
        };
        let name: Origin = name.parse().map_err(VerifierKeyError::Name)?;
        let key = STANDARD.decode(key).map_err(VerifierKeyError::Base64)?;
        let Some(public) = key
            .strip_prefix(&[ED25519])
            .and_then(|public| <&[u8; 32]>::try_from(public).ok())
        else {
            return Err(VerifierKeyError::Algorithm);
        };
        let Ok(public) = VerifyingKey::from_bytes(public) else {
            return Err(VerifierKeyError::Point);
        };
        let key = VerifierKey::new(name, public);
        let expected = format!("{:08x}", u32::from_be_bytes(key.id));
        if id != expected {
            return Err(VerifierKeyError::Id {
                expected,
                found: id.to_owned(),
            });
        }
        Ok(key)
    }
}
