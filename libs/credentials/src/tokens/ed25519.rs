//! The cryptography of access tokens: Ed25519 (RFC 8032), and no other algorithm that a token might name.

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result};
use jsonwebtoken::signature::{Error, Signer, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};

static ED25519: CryptoProvider = CryptoProvider {
    signer_factory: signer,
    verifier_factory: verifier,
    // For keys that come as a JWK, which none of ours does.
    key_utils: KeyUtils::new_unimplemented(),
};

/// Gives the library its cryptography. To be called before its first use.
pub(super) fn install() {
    // Whoever opens keys in this process after another one finds it there.
    let _ = ED25519.install_default();
}

struct Signing(SigningKey);

struct Verifying(VerifyingKey);

/// The content of the key is its seed.
fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    let seed = bytes_of(algorithm, key.as_bytes())?;
    Ok(Box::new(Signing(SigningKey::from_bytes(seed))))
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    let public = bytes_of(algorithm, key.try_get_as_bytes()?)?;
    match VerifyingKey::from_bytes(public) {
        Ok(public) => Ok(Box::new(Verifying(public))),
        Err(_no_point) => Err(ErrorKind::InvalidEddsaKey.into()),
    }
}

fn bytes_of<'k>(algorithm: &Algorithm, key: &'k [u8]) -> Result<&'k [u8; 32]> {
    if *algorithm != Algorithm::EdDSA {
        return Err(ErrorKind::InvalidAlgorithm.into());
    }
    match key.try_into() {
        Ok(bytes) => Ok(bytes),
        Err(_other_length) => Err(ErrorKind::InvalidEddsaKey.into()),
    }
}

impl Signer<Vec<u8>> for Signing {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, Error> {
        Ok(self.0.sign(message).to_bytes().to_vec())
    }
}

impl JwtSigner for Signing {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

impl Verifier<Vec<u8>> for Verifying {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        Signature::from_slice(signature)
            .and_then(|signature| self.0.verify_strict(message, &signature))
            .map_err(Error::from_source)
    }
}

impl JwtVerifier for Verifying {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}
