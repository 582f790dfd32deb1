//! Signing in and out.

pub mod cookies;

use actix_web::{HttpResponse, delete, get, post, web::Data};
use api_types::{
    Challenge, CreateChallenge, CreateToken, Jwk, Jwks, PasswordPolicy, RefreshToken, SignedOut, TokenAnswer,
};
use application::{
    Application,
    identity::{
        provider::AtProvider,
        sign_in::{Attempt, SignedIn},
    },
};
use chrono::Utc;
use openidconnect::CsrfToken;

use crate::{answer, body::Body, caller::Caller, client::Stranger, config::ApiConfig, refusal::Refusal};

/// Random bytes of the `state` of a sign-out.
const STATE_BYTES: u32 = 32;

/// The tokens of a sign-in.
pub(super) fn tokens(signed_in: SignedIn) -> HttpResponse {
    HttpResponse::Ok().json(TokenAnswer {
        access_token: signed_in.access_token,
        token_type: "Bearer".to_owned(),
        expires_in: signed_in.expires_in_s,
        refresh_token: signed_in.refresh_token,
    })
}

/// Sign in with user name and password.
///
/// A wrong name and a wrong password are answered alike. The access token holds for 15 minutes; the refresh token for one
/// use within 12 hours, or within 30 days for who stays signed in. After some failures a challenge must be solved with the
/// next try (`challenge-required`), after more no try is taken for a while (`sign-in-locked`).
#[utoipa::path(
    operation_id = "create_token", tag = "auth", security(()),
    request_body = CreateToken,
    responses((status = 200, description = "Signed in.", body = TokenAnswer)),
)]
#[post("/auth/token")]
pub(crate) async fn create_token(
    application: Data<Application>,
    stranger: Stranger,
    body: Body<CreateToken>,
) -> Result<HttpResponse, Refusal> {
    let identity = &application.identity;
    Ok(tokens(
        identity
            .sign_in(attempt(body.value), stranger.0, Utc::now())
            .await?,
    ))
}

/// What a body tries to sign in with.
fn attempt(asked: CreateToken) -> Attempt {
    Attempt {
        username: asked.username,
        password: asked.password,
        code: asked.code,
        stays: asked.stay_signed_in.unwrap_or(false),
        solution: asked
            .challenge
            .map(|challenge| (challenge.token, challenge.solution)),
    }
}

/// Ask for a challenge before the next try.
///
/// A fresh one each time, for whoever cannot solve the one they were given in time.
#[utoipa::path(
    operation_id = "create_challenge", tag = "auth", security(()),
    request_body = CreateChallenge,
    responses((status = 200, description = "The challenge.", body = Challenge)),
)]
#[post("/auth/challenges")]
pub(crate) async fn create_challenge(
    application: Data<Application>,
    _: Stranger,
    body: Body<CreateChallenge>,
) -> Result<HttpResponse, Refusal> {
    let challenge = application
        .identity
        .challenge(&body.value.username, Utc::now())
        .await?;
    Ok(HttpResponse::Ok().json(answer::challenge(challenge)))
}

/// What a new password must be.
///
/// So that a form can tell before it is sent; the server decides.
#[utoipa::path(
    operation_id = "get_password_policy", tag = "auth", security(()),
    responses((status = 200, description = "The policy.", body = PasswordPolicy)),
)]
#[get("/auth/password-policy")]
pub(crate) async fn get_password_policy(application: Data<Application>) -> HttpResponse {
    let policy = application.identity.sign_in_rules().passwords;
    let chars = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    HttpResponse::Ok().json(PasswordPolicy {
        length_min: chars(policy.length_min),
        length_max: chars(policy.length_max),
        strength_min: policy.strength_min,
        strength_scale: "zxcvbn 0 to 4".to_owned(),
        forbids: ["common", "weak", "holds_name"].map(str::to_owned).to_vec(),
    })
}

/// Trade a refresh token for new tokens.
///
/// A refresh token used a second time ends the whole sign-in; but for 10 seconds it gives the same new refresh token again, as
/// long as nobody has used that one, so that several windows may refresh at once.
#[utoipa::path(
    operation_id = "refresh_token", tag = "auth", security(()),
    request_body = RefreshToken,
    responses((status = 200, description = "New tokens.", body = TokenAnswer)),
)]
#[post("/auth/refresh")]
pub(crate) async fn refresh_token(
    application: Data<Application>,
    _: Stranger,
    body: Body<RefreshToken>,
) -> Result<HttpResponse, Refusal> {
    Ok(tokens(
        application
            .identity
            .refresh(&body.value.refresh_token, Utc::now())
            .await?,
    ))
}

/// Sign out.
///
/// The sign-in's access and refresh tokens are refused from now on, and so are its links; a cookie with a refresh token is taken away.
/// Who signed in through an identity provider is still signed in there: send the browser to `logout_url`, when the provider offers one.
#[utoipa::path(
    operation_id = "delete_token", tag = "auth",
    responses(
        (status = 200, description = "Signed out here; where to sign out at the identity provider.", body = SignedOut, headers(("Set-Cookie", description = "Takes the cookie away."))),
        (status = 204, description = "Signed out.", headers(("Set-Cookie", description = "Takes the cookie away."))),
    ),
)]
#[delete("/auth/token")]
pub(crate) async fn delete_token(caller: Caller, config: Data<ApiConfig>) -> Result<HttpResponse, Refusal> {
    let there = caller.application.identity.sign_out(caller.sign_in()).await?;
    let elsewhere = match there {
        Some(there) => signed_out_at(&config, &there).await,
        None => None,
    };
    Ok(match elsewhere {
        Some(elsewhere) => HttpResponse::Ok().cookie(cookies::ended()).json(elsewhere),
        None => HttpResponse::NoContent().cookie(cookies::ended()).finish(),
    })
}

/// Where to sign out at the identity provider, if it says so.
async fn signed_out_at(config: &ApiConfig, there: &AtProvider) -> Option<SignedOut> {
    let provider = config.identity_providers.named(&there.provider)?;
    let state = opaque_state();
    let url = provider.logout_url(there.id_token.as_deref(), &state, Utc::now());
    match url.await {
        Ok(found) => found.map(|(url, comes_back)| SignedOut {
            logout_url: url.into(),
            state: comes_back.then_some(state),
        }),
        // Signed out here all the same, which is what this server can do.
        Err(error) => {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "an identity provider does not say where to sign out"
            );
            None
        }
    }
}

/// What comes back with the browser after signing out: 43 random characters, kept by the client alone.
fn opaque_state() -> String {
    CsrfToken::new_random_len(STATE_BYTES).into_secret()
}

/// The public keys that verify access tokens (RFC 7517).
///
/// A client that verifies access tokens itself picks the key by its `kid`. A key that no longer signs stays listed until its
/// last token has expired.
#[utoipa::path(
    operation_id = "get_jwks", tag = "auth", security(()),
    responses((status = 200, description = "The keys, the one that signs first.", body = Jwks)),
)]
#[get("/.well-known/jwks.json")]
pub(crate) async fn get_jwks(application: Data<Application>) -> HttpResponse {
    let keys = application
        .identity
        .tokens()
        .public_keys(Utc::now())
        .into_iter()
        .map(|public| Jwk {
            kty: "OKP".to_owned(),
            crv: "Ed25519".to_owned(),
            x: public.x,
            kid: public.kid,
            alg: "EdDSA".to_owned(),
            key_use: "sig".to_owned(),
        });
    HttpResponse::Ok().json(Jwks { keys: keys.collect() })
}
