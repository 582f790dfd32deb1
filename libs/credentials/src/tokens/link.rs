//! Signed links: an address that opens by itself for a few minutes, for what asks without a header field of its own.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::error::{IssueError, TokenError};
use super::{ISSUER, TOKEN_BYTES_MAX, Tokens, holds, signed};

/// How long a signed link holds, seconds.
pub const LINK_S: i64 = 5 * 60;

pub(super) const AUDIENCE: &str = "guichet-link";
const TYPE: &str = "guichet-link+jwt";

/// For whom a link opens what it leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The account.
    pub account: Uuid,
    /// The sign-in that it was made in.
    pub sign_in: Uuid,
    /// Until when the access token held that it was made with: what was opened by it goes on no longer.
    pub until: DateTime<Utc>,
    /// The language of who made it.
    pub language: String,
    /// The one profile in which it was made.
    pub profile: Option<String>,
    /// The one organization in which it was made.
    pub organization: Option<String>,
}

/// What the token of a link says.
#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: Uuid,
    sid: Uuid,
    nbf: i64,
    exp: i64,
    /// The SHA-256 of the path with its query: the link holds for these bytes alone.
    path_sha256: String,
    until: i64,
    language: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization: Option<String>,
}

fn digest(path: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(path.as_bytes()))
}

impl Tokens {
    /// Signs a link to a path with its query, which holds for [`LINK_S`], and no longer than the access token that it is made with;
    /// answers the token and when it ends.
    ///
    /// # Errors
    /// [`IssueError`].
    pub fn sign_link(
        &self,
        link: Link,
        path: &str,
        at: DateTime<Utc>,
    ) -> Result<(String, DateTime<Utc>), IssueError> {
        let ends_at = link.until.min(at + TimeDelta::seconds(LINK_S));
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: link.account,
            sid: link.sign_in,
            nbf: at.timestamp(),
            exp: ends_at.timestamp(),
            path_sha256: digest(path),
            until: link.until.timestamp(),
            language: link.language,
            profile: link.profile,
            organization: link.organization,
        };
        Ok((self.sign(TYPE, &claims)?, ends_at))
    }

    /// Whom the token of a link opens this path for, with its query, and until when.
    ///
    /// # Errors
    /// [`TokenError`], which callers are not told apart.
    pub fn verify_link(
        &self,
        token: &str,
        path: &str,
        at: DateTime<Utc>,
    ) -> Result<(Link, DateTime<Utc>), TokenError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::TooLong);
        }
        let ring = self.ring();
        let (kid, claims) = signed::<Claims>(&ring, token, TYPE, &self.link_validation)?;
        ring.verifying(&kid, at)?;
        holds(claims.nbf, claims.exp, at)?;
        if claims.path_sha256 != digest(path) {
            return Err(TokenError::OtherPath);
        }
        let time = |seconds| DateTime::from_timestamp(seconds, 0).ok_or(TokenError::Time);
        let link = Link {
            account: claims.sub,
            sign_in: claims.sid,
            until: time(claims.until)?,
            language: claims.language,
            profile: claims.profile,
            organization: claims.organization,
        };
        Ok((link, time(claims.exp)?))
    }
}
