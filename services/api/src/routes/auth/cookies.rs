//! Signing in for pages of the same site: the refresh token is a cookie that no script can read.
//!
//! The browser sends the cookie to the two operations here and nowhere else (its path), and only when a page of the same site asks
//! (`SameSite=Strict`). A page of another site could not send `Guichet-Refresh` either: a field of that name is asked for first (Fetch,
//! CORS preflight), and allowed to configured origins alone.

use actix_web::{
    HttpRequest, HttpResponse,
    cookie::{Cookie, SameSite, time::Duration},
    http::header,
    post,
    web::Data,
};
use api_types::{AccessToken, CreateToken};
use application::{Application, identity::sign_in::SignedIn};
use chrono::Utc;
use domain::Detail;

use super::attempt;
use crate::{
    body::Body,
    caller::only,
    client::Stranger,
    refusal::{Refusal, WRONG_CREDENTIALS},
};

/// The cookie. A browser takes one of such a name only over TLS, or from its own machine (RFC 6265bis §4.1.3.1).
const NAME: &str = "__Secure-guichet-refresh";
/// Where browsers send it.
const PATH: &str = "/v1/auth/cookie";
/// What says that a page means to use it.
const MEANT: &str = "guichet-refresh";

fn cookie(value: String, max_age_s: i64) -> Cookie<'static> {
    Cookie::build(NAME, value)
        .path(PATH)
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Strict)
        .max_age(Duration::seconds(max_age_s))
        .finish()
}

/// What takes the cookie away.
pub(super) fn ended() -> Cookie<'static> {
    cookie(String::new(), 0)
}

fn answered(signed_in: SignedIn) -> HttpResponse {
    let max_age_s = i64::try_from(signed_in.refresh_expires_in_s).unwrap_or(i64::MAX);
    HttpResponse::Ok()
        .cookie(cookie(signed_in.refresh_token, max_age_s))
        .json(AccessToken {
            access_token: signed_in.access_token,
            token_type: "Bearer".to_owned(),
            expires_in: signed_in.expires_in_s,
        })
}

/// Sign in, with the refresh token in a cookie.
///
/// As `POST /v1/auth/token`, for pages of the same site as this server: the refresh token is in no answer, where a script could read
/// it, but in a cookie that the browser sends to `POST /v1/auth/cookie/refresh` alone. Pages of another origin send `credentials:
/// include`, and their origin must be configured.
#[utoipa::path(
    operation_id = "create_cookie", tag = "auth", security(()),
    request_body = CreateToken,
    responses((status = 200, description = "Signed in.", body = AccessToken, headers(("Set-Cookie", description = "The refresh token.")))),
)]
#[post("/auth/cookie")]
pub(crate) async fn create_cookie(
    application: Data<Application>,
    stranger: Stranger,
    body: Body<CreateToken>,
) -> Result<HttpResponse, Refusal> {
    let identity = &application.identity;
    Ok(answered(
        identity
            .sign_in(attempt(body.value), stranger.0, Utc::now())
            .await?,
    ))
}

/// Trade the cookie for a new access token and a new cookie.
///
/// As `POST /v1/auth/refresh`, with the refresh token of the cookie. `Guichet-Refresh: cookie` must be sent, which no page of another
/// site can. Several windows may refresh at once. 401 `wrong-credentials` when there is no cookie, or one that does not hold.
#[utoipa::path(
    operation_id = "refresh_cookie", tag = "auth", security(()),
    params(("Guichet-Refresh" = String, Header, description = "Always `cookie`.", example = "cookie")),
    responses((status = 200, description = "A new token and a new cookie.", body = AccessToken, headers(("Set-Cookie", description = "The refresh token.")))),
)]
#[post("/auth/cookie/refresh")]
pub(crate) async fn refresh_cookie(
    application: Data<Application>,
    _: Stranger,
    request: HttpRequest,
) -> Result<HttpResponse, Refusal> {
    let meant = only(request.headers(), MEANT)?;
    if meant.is_none_or(|meant| meant != "cookie") {
        return Err(Refusal::of(Detail::NotMeantAsCookie));
    }
    let token = token(&request).ok_or_else(|| Refusal::new(&WRONG_CREDENTIALS))?;
    Ok(answered(application.identity.refresh(&token, Utc::now()).await?))
}

/// The refresh token of the cookie. Of two, one is not from here: a neighbouring host may have set it. What other cookies hold does not
/// matter, be it no text.
fn token(request: &HttpRequest) -> Option<String> {
    let sent = request.headers().get_all(header::COOKIE);
    let cookies = sent.flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
    let mut of_name = cookies.filter_map(|cookie| {
        let (name, value) = std::str::from_utf8(cookie).ok()?.trim().split_once('=')?;
        (name == NAME).then(|| value.to_owned())
    });
    let token = of_name.next()?;
    of_name.next().is_none().then_some(token)
}
