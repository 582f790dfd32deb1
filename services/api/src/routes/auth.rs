//! Signing in and out.

use actix_web::{HttpResponse, delete, get, post, web::Data};
use api_types::{Jwk, Jwks, Problem, RefreshRequest, TokenAnswer, TokenRequest};
use application::{Application, sign_in::SignedIn};
use chrono::Utc;

use crate::{body::Body, caller::Caller, refusal::Refusal};

fn tokens(signed_in: SignedIn) -> HttpResponse {
    HttpResponse::Ok().json(TokenAnswer {
        access_token: signed_in.access_token,
        token_type: "Bearer".to_owned(),
        expires_in: signed_in.expires_in_s,
        refresh_token: signed_in.refresh_token,
    })
}

/// Sign in with user name and password.
///
/// A wrong name and a wrong password are answered alike. The access token holds for 15 minutes, the refresh token for
/// one use within 30 days.
#[utoipa::path(
    operation_id = "create_token", tag = "auth", security(()),
    request_body = TokenRequest,
    responses(
        (status = 200, description = "Signed in.", body = TokenAnswer),
        (status = 401, description = "Wrong user name or password.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Fields at fault.", body = Problem, content_type = "application/problem+json"),
    ),
)]
#[post("/auth/token")]
pub(crate) async fn create_token(
    application: Data<Application>,
    body: Body<TokenRequest>,
) -> Result<HttpResponse, Refusal> {
    let TokenRequest { username, password } = body.value;
    Ok(tokens(
        application.sign_in(&username, password, Utc::now()).await?,
    ))
}

/// Trade a refresh token for new tokens.
///
/// A refresh token used a second time ends the whole sign-in.
#[utoipa::path(
    operation_id = "refresh_token", tag = "auth", security(()),
    request_body = RefreshRequest,
    responses(
        (status = 200, description = "New tokens.", body = TokenAnswer),
        (status = 401, description = "Unknown, expired, used or revoked.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Fields at fault.", body = Problem, content_type = "application/problem+json"),
    ),
)]
#[post("/auth/refresh")]
pub(crate) async fn refresh_token(
    application: Data<Application>,
    body: Body<RefreshRequest>,
) -> Result<HttpResponse, Refusal> {
    Ok(tokens(
        application.refresh(&body.value.refresh_token, Utc::now()).await?,
    ))
}

/// Sign out.
///
/// The sign-in's access and refresh tokens are refused from now on.
#[utoipa::path(
    operation_id = "delete_token", tag = "auth",
    responses(
        (status = 204, description = "Signed out."),
        (status = 401, description = "No token that holds.", body = Problem, content_type = "application/problem+json"),
    ),
)]
#[delete("/auth/token")]
pub(crate) async fn delete_token(caller: Caller) -> Result<HttpResponse, Refusal> {
    caller.application.sign_out(caller.sign_in()).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The public keys that verify access tokens (RFC 7517).
///
/// A client that verifies access tokens itself picks the key by its `kid`.
#[utoipa::path(
    operation_id = "get_jwks", tag = "auth", security(()),
    responses((status = 200, description = "The keys.", body = Jwks)),
)]
#[get("/.well-known/jwks.json")]
pub(crate) async fn get_jwks(application: Data<Application>) -> HttpResponse {
    let public = application.tokens().public();
    HttpResponse::Ok().json(Jwks {
        keys: vec![Jwk {
            kty: "OKP".to_owned(),
            crv: "Ed25519".to_owned(),
            x: public.x.clone(),
            kid: public.kid.clone(),
            alg: "EdDSA".to_owned(),
            key_use: "sig".to_owned(),
        }],
    })
}
