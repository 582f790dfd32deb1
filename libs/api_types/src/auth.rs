//! Signing in: access and refresh tokens, and the public keys that verify them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::sign_in::Solution;

/// Name and password to exchange for tokens. A refusal never tells which of the two is wrong.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"username": "requester-1", "password": "Guichet-demo-1"}))]
pub struct CreateToken {
    /// The account's user name.
    pub username: String,
    /// The password in clear; use it over TLS only.
    #[schema(format = Password)]
    pub password: String,
    /// A code of the second factor, or a recovery code, for accounts that have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Stay signed in: the refresh token holds for 30 days and not for 12 hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stay_signed_in: Option<bool>,
    /// A solved challenge, when one was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge: Option<Solution>,
}

/// A refresh token to exchange for a new pair. Each one serves once: using it a second time ends the whole sign-in,
/// because it then must have been stolen. For 10 seconds it gives the same new refresh token again, as long as nobody has used that:
/// several windows may refresh at once.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"refresh_token": "rt_5mJ0dX3hQnWqk1Zb7uRk9w"}))]
pub struct RefreshToken {
    /// The refresh token of the last answer.
    pub refresh_token: String,
}

/// A pair of tokens. Send the access token as `Authorization: Bearer …`.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "access_token": "eyJhbGciOiJFZERTQSIsImtpZCI6ImsxIn0.eyJzdWIiOiJyZXF1ZXN0ZXItMSJ9.c2lnbmF0dXJl",
    "token_type": "Bearer",
    "expires_in": 900,
    "refresh_token": "rt_5mJ0dX3hQnWqk1Zb7uRk9w"
}))]
pub struct TokenAnswer {
    /// A JWT signed with EdDSA; its keys are published as a JWK set.
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: String,
    /// Life of the access token in seconds.
    pub expires_in: u64,
    /// Serves once, to get the next pair.
    pub refresh_token: String,
}

/// An access token, whose refresh token is in a cookie. Send it as `Authorization: Bearer …`.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "access_token": "eyJhbGciOiJFZERTQSIsImtpZCI6ImsxIn0.eyJzdWIiOiJyZXF1ZXN0ZXItMSJ9.c2lnbmF0dXJl",
    "token_type": "Bearer",
    "expires_in": 900
}))]
pub struct AccessToken {
    /// A JWT signed with EdDSA; its keys are published as a JWK set.
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: String,
    /// Life of the access token in seconds.
    pub expires_in: u64,
}

/// The public keys that verify access tokens (RFC 7517). Old keys stay listed until their last token has expired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"keys": [{
    "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    "kid": "k1", "alg": "EdDSA", "use": "sig"
}]}))]
pub struct Jwks {
    /// The keys, newest first.
    pub keys: Vec<Jwk>,
}

/// One Ed25519 public key (RFC 8037).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    "kid": "k1", "alg": "EdDSA", "use": "sig"
}))]
pub struct Jwk {
    /// Key type, always `OKP`.
    pub kty: String,
    /// Curve, always `Ed25519`.
    pub crv: String,
    /// The public key, 32 bytes in base64url without padding.
    pub x: String,
    /// The name that the `kid` header of a token gives.
    pub kid: String,
    /// Always `EdDSA`.
    pub alg: String,
    /// Always `sig`: the key signs and never encrypts.
    #[serde(rename = "use")]
    pub key_use: String,
}
