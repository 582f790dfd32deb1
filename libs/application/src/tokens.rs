//! Access tokens: JWT signed with EdDSA (RFC 7519, RFC 8037), 15 minutes (design §6).

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use domain::AccountId;
use ed25519_dalek::{SigningKey, pkcs8::EncodePrivateKey};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use moka::sync::Cache;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;
use vault::DigestKey;

/// How long an access token holds, seconds.
pub const ACCESS_TOKEN_S: u64 = 15 * 60;
/// How far clocks may differ, seconds.
pub const LEEWAY_S: u64 = 5;
/// How many verified tokens are remembered, so that their signature is not checked again at every call.
pub const VERIFIED_MAX: u64 = 10_000;

const ISSUER: &str = "guichet";
const AUDIENCE: &str = "guichet-api";

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who issued it.
    pub iss: String,
    /// For whom it was issued.
    pub aud: String,
    /// The account.
    pub sub: AccountId,
    /// The sign-in, which can be revoked.
    pub sid: Uuid,
    /// When it was issued, seconds since 1970.
    pub iat: i64,
    /// From when it holds, seconds since 1970.
    pub nbf: i64,
    /// Until when it holds, seconds since 1970.
    pub exp: i64,
}

/// The public half of the signing key, as a JWK has it (RFC 8037 §2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// The key's id.
    pub kid: String,
    /// The public key, base64url.
    pub x: String,
}

/// Why no token could be made, or one is refused. A caller is told only that it is refused.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The signing key is unusable.
    #[error("the signing key cannot be used")]
    Key(#[source] ed25519_dalek::pkcs8::Error),
    /// The library refuses.
    #[error("the token is refused")]
    Refused(#[source] jsonwebtoken::errors::Error),
    /// Signed with a key that is not ours.
    #[error("the token names an unknown key")]
    UnknownKey,
    /// It no longer holds, or not yet.
    #[error("the token does not hold at this time")]
    Time,
}

/// Signs and verifies.
pub struct Tokens {
    public: PublicKey,
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
    verified: Cache<[u8; 32], Claims>,
}

impl Tokens {
    /// The signing key follows from the server's secret, so that tokens outlive a restart.
    ///
    /// # Errors
    /// [`TokenError::Key`] or [`TokenError::Refused`] when the key cannot be encoded for the library.
    pub fn new(secret: &DigestKey) -> Result<Self, TokenError> {
        let signing = SigningKey::from_bytes(&secret.digest(&[b"guichet/token-signing/1"]));
        let x = URL_SAFE_NO_PAD.encode(signing.verifying_key().as_bytes());
        let kid = URL_SAFE_NO_PAD.encode(&Sha256::digest(x.as_bytes())[..12]);
        let pkcs8 = signing.to_pkcs8_der().map_err(TokenError::Key)?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        // The times are checked against the door's clock, not the library's.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        Ok(Self {
            encoding: EncodingKey::from_ed_der(pkcs8.as_bytes()),
            decoding: DecodingKey::from_ed_components(&x).map_err(TokenError::Refused)?,
            public: PublicKey { kid, x },
            validation,
            verified: Cache::builder()
                .max_capacity(VERIFIED_MAX)
                .time_to_live(Duration::from_secs(ACCESS_TOKEN_S))
                .build(),
        })
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Issues a token.
    ///
    /// # Errors
    /// [`TokenError::Refused`] when the library cannot sign.
    pub fn issue(&self, account: AccountId, sign_in: Uuid, at: DateTime<Utc>) -> Result<String, TokenError> {
        let now = at.timestamp();
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: account,
            sid: sign_in,
            iat: now,
            nbf: now,
            exp: now + ACCESS_TOKEN_S as i64,
        };
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.public.kid.clone());
        jsonwebtoken::encode(&header, &claims, &self.encoding).map_err(TokenError::Refused)
    }

    /// Verifies a token at a time.
    ///
    /// # Errors
    /// [`TokenError`], which callers are not told apart.
    pub fn verify(&self, token: &str, at: DateTime<Utc>) -> Result<Claims, TokenError> {
        let digest: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        let claims = match self.verified.get(&digest) {
            Some(claims) => claims,
            None => {
                let claims = self.verify_signature(token)?;
                self.verified.insert(digest, claims.clone());
                claims
            }
        };
        let now = at.timestamp();
        let leeway = LEEWAY_S as i64;
        if now > claims.exp + leeway || now + leeway < claims.nbf {
            return Err(TokenError::Time);
        }
        Ok(claims)
    }

    fn verify_signature(&self, token: &str) -> Result<Claims, TokenError> {
        let header = jsonwebtoken::decode_header(token).map_err(TokenError::Refused)?;
        if header.kid.as_ref() != Some(&self.public.kid) {
            return Err(TokenError::UnknownKey);
        }
        let decoded = jsonwebtoken::decode::<Claims>(token, &self.decoding, &self.validation);
        Ok(decoded.map_err(TokenError::Refused)?.claims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    fn tokens(secret: u8) -> Tokens {
        Tokens::new(&DigestKey::from_bytes([secret; 32])).unwrap()
    }

    #[test]
    fn a_token_holds_for_its_time_and_no_longer() {
        let (tokens, at) = (tokens(1), DateTime::UNIX_EPOCH + TimeDelta::days(20_000));
        let account = AccountId(Uuid::from_u128(7));
        let token = tokens.issue(account, Uuid::from_u128(8), at).unwrap();
        assert_eq!(tokens.verify(&token, at).unwrap().sub, account);
        let end = at + TimeDelta::seconds(ACCESS_TOKEN_S as i64);
        assert!(tokens.verify(&token, end).is_ok());
        assert!(matches!(
            tokens.verify(&token, end + TimeDelta::seconds(6)),
            Err(TokenError::Time)
        ));
        assert!(matches!(
            tokens.verify(&token, at - TimeDelta::seconds(6)),
            Err(TokenError::Time)
        ));
    }

    #[test]
    fn a_token_of_another_server_or_a_changed_one_is_refused() {
        let at = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        let token = tokens(1)
            .issue(AccountId(Uuid::from_u128(7)), Uuid::from_u128(8), at)
            .unwrap();
        assert!(matches!(
            tokens(2).verify(&token, at),
            Err(TokenError::UnknownKey)
        ));
        let none = format!(
            "{}.{}.",
            URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#),
            token.split('.').nth(1).unwrap()
        );
        assert!(tokens(1).verify(&none, at).is_err());
        let mut changed = token.into_bytes();
        let last = changed.len() - 10;
        changed[last] ^= 1;
        assert!(
            tokens(1)
                .verify(&String::from_utf8(changed).unwrap(), at)
                .is_err()
        );
    }
    #[test]
    fn a_token_signed_with_the_public_key_as_a_secret_is_refused() {
        let (tokens, at) = (tokens(1), DateTime::UNIX_EPOCH + TimeDelta::days(20_000));
        let real = tokens
            .issue(AccountId(Uuid::from_u128(7)), Uuid::from_u128(8), at)
            .unwrap();
        let claims = tokens.verify(&real, at).unwrap();
        let public = URL_SAFE_NO_PAD.decode(&tokens.public().x).unwrap();
        for secret in [public.as_slice(), tokens.public().x.as_bytes()] {
            let mut header = Header::new(Algorithm::HS256);
            header.kid = Some(tokens.public().kid.clone());
            let forged = jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(secret)).unwrap();
            assert!(matches!(tokens.verify(&forged, at), Err(TokenError::Refused(_))));
        }
    }

    #[test]
    fn a_token_without_the_name_of_its_key_or_for_another_audience_is_refused() {
        let (tokens, at) = (tokens(1), DateTime::UNIX_EPOCH + TimeDelta::days(20_000));
        let real = tokens
            .issue(AccountId(Uuid::from_u128(7)), Uuid::from_u128(8), at)
            .unwrap();
        let claims = tokens.verify(&real, at).unwrap();
        let nameless =
            jsonwebtoken::encode(&Header::new(Algorithm::EdDSA), &claims, &tokens.encoding).unwrap();
        assert!(matches!(
            tokens.verify(&nameless, at),
            Err(TokenError::UnknownKey)
        ));
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(tokens.public().kid.clone());
        for other in [
            Claims {
                aud: "another".to_owned(),
                ..claims.clone()
            },
            Claims {
                iss: "another".to_owned(),
                ..claims.clone()
            },
        ] {
            let signed = jsonwebtoken::encode(&header, &other, &tokens.encoding).unwrap();
            assert!(matches!(tokens.verify(&signed, at), Err(TokenError::Refused(_))));
        }
    }
}
