//! Secrets that mean nothing by themselves: random texts of which a SHA-256 is kept.
//!
//! Their 256 random bits cannot be guessed, so a plain digest is enough where a password needs a slow hash, and it can
//! be looked up by an index: whoever finds the digest in a table without the text can do nothing with it. As the index is
//! searched by a digest that the attacker cannot steer, how long the search takes tells nothing of the secret.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::secret_text::SecretText;

/// The random bits of an opaque secret.
pub const SECRET_BITS: usize = 256;
/// How an API key begins, so that scanners for leaked secrets can find it.
pub const API_KEY_PREFIX: &str = "gk_";
/// How long an API key is, in characters, all of them ASCII: the prefix, 32 hexadecimal digits, `_`, 43 of base64url.
pub const API_KEY_CHARACTERS: usize = API_KEY_PREFIX.len() + ID_DIGITS + 1 + SECRET_CHARACTERS;

const ID_DIGITS: usize = 32;
/// 256 bits in base64url without padding.
const SECRET_CHARACTERS: usize = 43;

/// What is kept of an opaque secret: the SHA-256 of its UTF-8.
#[must_use]
pub fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// A secret that serves once (a link in a mail, a refresh token): 256 random bits in base64url without padding (RFC 4648
/// §5), 43 characters; and its [`digest`].
#[must_use]
pub fn one_time() -> (SecretText, [u8; 32]) {
    of_bits(&Zeroizing::new(rand::random()))
}

/// The same text of bits that were drawn or derived elsewhere: they must be as hard to guess.
#[must_use]
pub fn of_bits(bits: &[u8; SECRET_BITS / 8]) -> (SecretText, [u8; 32]) {
    let text = URL_SAFE_NO_PAD.encode(bits);
    let digest = digest(&text);
    (SecretText::new(text), digest)
}

/// A key by which a program signs its calls: `gk_<id>_<secret>`. *id* says which key it is and is no secret: a UUID in 32
/// lower-case hexadecimal digits. *secret* is 256 random bits in base64url without padding, 43 characters.
///
/// The whole text has one writing only; another one of the same bits does not fit its digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiKey {}

impl ApiKey {
    /// Makes a key of this id: the text, which is shown once, and the [`digest`] of all of it, which is kept.
    #[must_use]
    pub fn generate(id: Uuid) -> (SecretText, [u8; 32]) {
        let secret = Zeroizing::new(random_text());
        let text = format!("{API_KEY_PREFIX}{}_{}", id.simple(), *secret);
        let digest = digest(&text);
        (SecretText::new(text), digest)
    }

    /// Reads a key that somebody shows: which one it says it is, and the digest to compare with the one kept. `None` when
    /// it has not the shape of a key.
    #[must_use]
    pub fn read(text: &str) -> Option<(Uuid, [u8; 32])> {
        if text.len() != API_KEY_CHARACTERS {
            return None;
        }
        let (id, secret) = text.strip_prefix(API_KEY_PREFIX)?.split_once('_')?;
        if id.len() != ID_DIGITS || !id.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
            return None;
        }
        let mut bits = Zeroizing::new([0; SECRET_BITS / 8]);
        // Refuses unused bits that are not zero, so no second writing is read.
        let length = URL_SAFE_NO_PAD.decode_slice(secret, bits.as_mut()).ok()?;
        (length == SECRET_BITS / 8).then_some((Uuid::try_parse(id).ok()?, digest(text)))
    }
}

fn random_text() -> String {
    let bits = Zeroizing::new(rand::random::<[u8; SECRET_BITS / 8]>());
    URL_SAFE_NO_PAD.encode(bits.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: Uuid = Uuid::from_u128(0x0190_7a2e_0000_7000_8000_0000_0000_00ab);

    #[test]
    fn an_api_key_is_read_back_with_the_digest_that_was_kept() {
        let (text, kept) = ApiKey::generate(ID);
        assert_eq!(text.expose().len(), API_KEY_CHARACTERS);
        assert_eq!(API_KEY_CHARACTERS, 79);
        assert!(text.expose().starts_with("gk_01907a2e0000700080000000000000ab_"));
        assert_eq!(ApiKey::read(text.expose()), Some((ID, kept)));
        assert_eq!(kept, digest(text.expose()));
    }

    #[test]
    fn the_digest_is_the_sha_256_of_the_whole_text() {
        // FIPS 180-4's example "abc".
        assert_eq!(
            hex::encode(digest("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn a_key_under_another_id_has_another_digest() {
        let (text, kept) = ApiKey::generate(ID);
        let other = text.expose().replace("00ab_", "00ac_");
        let (id, shown) = ApiKey::read(&other).unwrap();
        assert_eq!(id, Uuid::from_u128(ID.as_u128() + 1));
        assert_ne!(shown, kept);
    }

    #[test]
    fn a_key_has_one_writing_only() {
        let secret = "A".repeat(43);
        let id = ID.simple().to_string();
        assert!(ApiKey::read(&format!("gk_{id}_{secret}")).is_some());
        let refused = [
            String::new(),
            format!("gk_{id}_"),
            format!("gk_{id}{secret}A"),
            format!("GK_{id}_{secret}"),
            format!("gk_{}_{secret}", id.to_uppercase()),
            format!("gk_{ID}_{}", "A".repeat(39)),
            format!("gk_{id}_{}", "A".repeat(42)),
            format!("gk_{id}_{}", "A".repeat(44)),
            format!("gk_{id}_{}=", "A".repeat(42)),
            format!("gk_{id}_{}+", "A".repeat(42)),
            // The same 256 bits with one of the two unused bits set.
            format!("gk_{id}_{}B", "A".repeat(42)),
            format!("gk_{id}_{secret} "),
            // As many bytes, but not as many characters.
            format!("gk_{id}_{}é", "A".repeat(41)),
        ];
        for text in refused {
            assert_eq!(ApiKey::read(&text), None, "{text}");
        }
    }

    #[test]
    fn no_two_secrets_are_the_same_and_a_digest_belongs_to_its_text() {
        let made: Vec<_> = (0..1_000).map(|_| one_time()).collect();
        let texts: std::collections::BTreeSet<_> = made.iter().map(|(text, _)| text.expose()).collect();
        assert_eq!(texts.len(), 1_000);
        for (text, kept) in &made {
            assert_eq!(URL_SAFE_NO_PAD.decode(text.expose()).unwrap().len(), 32);
            assert_eq!(digest(text.expose()), *kept);
        }
    }

    #[test]
    fn debug_prints_nothing_of_a_secret() {
        let (text, _) = one_time();
        assert_eq!(format!("{text:?}"), "SecretText(..)");
        let shown = text.expose().to_owned();
        assert_eq!(text.into_exposed(), shown);
    }
}
