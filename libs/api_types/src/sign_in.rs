//! Getting in and back in: challenges, passwords, second factors, links, identity providers.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// For whom a challenge is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"username": "requester-1"}))]
pub struct CreateChallenge {
    /// The user name that the next try is for.
    pub username: String,
}

/// A proof of work to be done before the next try to sign in. Find a text of 1 to 32 printable ASCII
/// characters such that the SHA-256 of `<token>:<text>` begins with `bits` zero bits, and send both as `challenge`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"token": "AUZ2x0", "algorithm": "sha-256", "bits": 16, "expires_at": "2026-03-02T09:34:00Z"}))]
pub struct Challenge {
    /// What to hash.
    pub token: String,
    /// Always `sha-256`.
    pub algorithm: String,
    /// How many leading zero bits the hash must have.
    pub bits: u8,
    /// Until when a solution is taken.
    pub expires_at: DateTime<Utc>,
}

/// A solved challenge; it serves once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"token": "AUZ2x0", "solution": "74112"}))]
pub struct Solution {
    /// The challenge's token.
    pub token: String,
    /// The text that solves it.
    pub solution: String,
}

/// What a new password must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "length_min": 12, "length_max": 128, "strength_min": 3, "strength_scale": "zxcvbn 0 to 4",
    "forbids": ["common", "weak", "holds_name"]
}))]
pub struct PasswordPolicy {
    /// Fewest characters.
    pub length_min: u32,
    /// Most characters.
    pub length_max: u32,
    /// Least strength, on the scale named beside it.
    pub strength_min: u8,
    /// The scale of `strength_min`.
    pub strength_scale: String,
    /// What is refused beside: passwords of the list of common ones, weak ones, ones that hold the user name.
    pub forbids: Vec<String>,
}

/// A change of one's own password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "current_password": "Guichet-demo-1", "new_password": "quatre mots sans lien", "confirmation": "quatre mots sans lien"
}))]
pub struct ChangePassword {
    /// The password until now.
    #[schema(format = Password)]
    pub current_password: String,
    /// The password from now on.
    #[schema(format = Password)]
    pub new_password: String,
    /// The same again.
    #[schema(format = Password)]
    pub confirmation: String,
}

/// For whom a link to choose a new password is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"username": "requester-1"}))]
pub struct RequestPasswordReset {
    /// The user name.
    pub username: String,
}

/// A new password, by a one-time link.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "token": "ZJ4h0P2kq5", "new_password": "quatre mots sans lien", "confirmation": "quatre mots sans lien"
}))]
pub struct ResetPassword {
    /// What stands after `#token=` in the link.
    pub token: String,
    /// The password from now on.
    #[schema(format = Password)]
    pub new_password: String,
    /// The same again.
    #[schema(format = Password)]
    pub confirmation: String,
}

/// By what a forgotten user name is found. It is mailed to the account's own address, whoever asks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"address": "requester-1@example.org"}))]
pub struct RequestUsernameReminder {
    /// The account's mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Keys of tickets of whoever forgot it, at most 10.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
}

/// A one-time token from a mailed link.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"token": "ZJ4h0P2kq5"}))]
pub struct OneTimeToken {
    /// What stands after `#token=` in the link.
    pub token: String,
}

/// For whoever can neither sign in nor be mailed. It becomes a ticket of the support desk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Requérante 1", "contact": "06 00 00 00 00", "message": "J'ai perdu mon identifiant et mon adresse a changé.",
    "references": ["SUP-12"]
}))]
pub struct RequestRescue {
    /// Who writes, at most 100 characters.
    pub name: String,
    /// Where they can be reached, at most 254 characters.
    pub contact: String,
    /// What happened, at most 4,000 characters.
    pub message: String,
    /// Keys of tickets that they know of, at most 10.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
}

/// An account that somebody wants to make for themselves.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "username": "newcomer", "name": "Nouvelle venue", "address": "newcomer@example.org",
    "password": "quatre mots sans lien"
}))]
pub struct SignUp {
    /// The name used to sign in.
    pub username: String,
    /// The name that others see.
    pub name: String,
    /// The address; a link to confirm it is mailed there.
    pub address: String,
    /// The password.
    #[schema(format = Password)]
    pub password: String,
    /// `fr` or `en`; French unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

/// A password, asked for again before something that must not be done by who found a screen unlocked.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"password": "Guichet-demo-1"}))]
pub struct PasswordConfirmation {
    /// The caller's password.
    #[schema(format = Password)]
    pub password: String,
    /// A code of the second factor that there is, or a recovery code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = Password)]
    pub code: Option<String>,
}

/// A second factor that waits for its first code (RFC 6238; SHA-1, 6 digits, 30 s).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "secret": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
    "url": "otpauth://totp/Guichet:requester-1?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Guichet"
}))]
pub struct PendingSecondFactor {
    /// The secret in base32, for typing.
    pub secret: String,
    /// The same as a URL, for a QR code.
    pub url: String,
}

/// A code of the second factor.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "287082"}))]
pub struct ConfirmSecondFactor {
    /// Six digits.
    pub code: String,
}

/// Codes that each serve once in place of a code of the second factor. They are shown this once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"codes": ["7K3M-0XWB-91TE-HQ5C"]}))]
pub struct RecoveryCodes {
    /// The codes.
    pub codes: Vec<String>,
}

/// One of the caller's sign-ins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "7f1f6a52-0f6a-4b0e-9c39-3a2f6f4e4f10", "current": true, "at": "2026-03-02T09:29:00Z",
    "last_used_at": "2026-03-02T09:44:00Z", "expires_at": "2026-03-02T21:44:00Z", "method": "password",
    "stays": false, "user_agent": "Mozilla/5.0", "address": "192.0.2.7"
}))]
pub struct SignIn {
    /// Its id.
    pub id: Uuid,
    /// It is the one of this call.
    pub current: bool,
    /// When it began.
    pub at: DateTime<Utc>,
    /// When new tokens were last taken.
    pub last_used_at: DateTime<Utc>,
    /// When it ends unless new tokens are taken before.
    pub expires_at: DateTime<Utc>,
    /// How it began: `password`, `password_and_code` or `federated`.
    pub method: String,
    /// Whether the person wanted to stay signed in.
    pub stays: bool,
    /// What the client called itself.
    #[schema(required = true)]
    pub user_agent: Option<String>,
    /// From where.
    #[schema(required = true)]
    pub address: Option<String>,
}

/// The caller's sign-ins that hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"items": []}))]
pub struct SignInList {
    /// The sign-ins, the newest first.
    pub items: Vec<SignIn>,
}

/// An identity provider that people may sign in through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"id": "academie", "name": "Académie"}))]
pub struct IdentityProvider {
    /// Its short name in paths.
    pub id: String,
    /// Its name on the button.
    pub name: String,
}

/// The identity providers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"items": [{"id": "academie", "name": "Académie"}]}))]
pub struct IdentityProviderList {
    /// The providers, in the order of the configuration.
    pub items: Vec<IdentityProvider>,
}

/// Where to send the browser to sign in through a provider (`OpenID` Connect, authorization code with PKCE).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "authorization_url": "https://id.example/auth?response_type=code&client_id=guichet&state=Zm9v",
    "state": "Zm9v", "expires_at": "2026-03-02T09:39:00Z"
}))]
pub struct FederatedSignIn {
    /// Where to send the browser.
    pub authorization_url: String,
    /// What comes back with the browser; keep it and compare, so that nobody is signed in by another's link.
    pub state: String,
    /// Until when the browser must be back.
    pub expires_at: DateTime<Utc>,
}

/// Signed out here. Who signed in through an identity provider is still signed in there (`OpenID` Connect RP-Initiated Logout 1.0).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "logout_url": "https://id.example/session/end?client_id=guichet&state=Zm9v", "state": "Zm9v"
}))]
pub struct SignedOut {
    /// Where to send the browser to sign out there. It holds the ID token: a link for this browser and nobody else.
    pub logout_url: String,
    /// What comes back with the browser, to be compared; absent when it is sent nowhere after that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
}

/// What came back from the provider with the browser.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"state": "Zm9v", "code": "SplxlOBeZQQYbYS6WxSbIA"}))]
pub struct CreateFederatedToken {
    /// The `state` of the query.
    pub state: String,
    /// The `code` of the query.
    pub code: String,
}
