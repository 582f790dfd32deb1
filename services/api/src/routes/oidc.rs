//! Signing in through an identity provider.

use actix_web::{
    HttpResponse, get, post,
    web::{Data, Path},
};
use api_types::{CreateFederatedToken, FederatedSignIn, IdentityProvider, IdentityProviderList, TokenAnswer};
use application::Application;
use chrono::Utc;

use super::auth::tokens;
use crate::{
    body::Body,
    client::Stranger,
    config::ApiConfig,
    oidc::{Kept, Provider, TradeError},
    refusal::{INTERNAL, NOT_FOUND, PROVIDER_FAILED, Refusal, WRONG_CREDENTIALS},
};

impl From<TradeError> for Refusal {
    fn from(error: TradeError) -> Self {
        let kind = match error {
            TradeError::Refused => &WRONG_CREDENTIALS,
            TradeError::Unanswered(_) | TradeError::Nonsense(_) | TradeError::Misconfigured(_) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "an identity provider failed"
                );
                &PROVIDER_FAILED
            }
        };
        Refusal::new(kind).cause(error)
    }
}

fn provider<'a>(config: &'a ApiConfig, id: &str) -> Result<&'a Provider, Refusal> {
    let known = config.identity_providers.named(id);
    known.ok_or_else(|| Refusal::new(&NOT_FOUND))
}

/// The identity providers that people may sign in through.
///
/// None unless the server is configured so; local passwords go on beside them.
#[utoipa::path(
    operation_id = "list_identity_providers", tag = "auth", security(()),
    responses((status = 200, description = "The providers, in the order of the configuration.", body = IdentityProviderList)),
)]
#[get("/auth/providers")]
pub(crate) async fn list_identity_providers(config: Data<ApiConfig>, _: Stranger) -> HttpResponse {
    let listed = config.identity_providers.iter().map(|provider| IdentityProvider {
        id: provider.settings().id.clone(),
        name: provider.settings().name.clone(),
    });
    HttpResponse::Ok().json(IdentityProviderList {
        items: listed.collect(),
    })
}

/// Begin to sign in through an identity provider.
///
/// Send the browser to `authorization_url` and keep `state`. The provider sends the browser back to the address that is
/// configured for it, with `state` and `code`: compare `state` with the one that was kept, then trade both.
#[utoipa::path(
    operation_id = "begin_federated_sign_in", tag = "auth", security(()),
    params(("id" = String, Path, description = "The provider.")),
    responses((status = 200, description = "Where to send the browser.", body = FederatedSignIn)),
)]
#[post("/auth/providers/{id}/authorization")]
pub(crate) async fn begin_federated_sign_in(
    application: Data<Application>,
    config: Data<ApiConfig>,
    _: Stranger,
    id: Path<String>,
) -> Result<HttpResponse, Refusal> {
    let provider = provider(&config, &id)?;
    let at = Utc::now();
    // Nothing is kept for a browser that cannot be sent anywhere.
    provider.ready(at).await?;
    let (kept, challenge) = provider.begin();
    let payload = serde_json::to_string(&kept).map_err(|error| Refusal::new(&INTERNAL).cause(error))?;
    let begun = application
        .identity
        .begin_federated(&provider.settings().id, payload, at)
        .await?;
    let url = provider
        .authorization_url(&kept, challenge, &begun.state, at)
        .await?;
    Ok(HttpResponse::Ok().json(FederatedSignIn {
        authorization_url: url.into(),
        state: begun.state,
        expires_at: begun.expires_at,
    }))
}

/// End signing in through an identity provider.
///
/// A `state` serves once, within ten minutes, at the provider that it was made for. Roles and organizations that the
/// provider's claims decide on are brought to what they say today.
#[utoipa::path(
    operation_id = "create_federated_token", tag = "auth", security(()),
    params(("id" = String, Path, description = "The provider.")),
    request_body = CreateFederatedToken,
    responses((status = 200, description = "Signed in.", body = TokenAnswer)),
)]
#[post("/auth/providers/{id}/token")]
pub(crate) async fn create_federated_token(
    application: Data<Application>,
    config: Data<ApiConfig>,
    stranger: Stranger,
    id: Path<String>,
    body: Body<CreateFederatedToken>,
) -> Result<HttpResponse, Refusal> {
    let provider = provider(&config, &id)?;
    let asked = body.value;
    let payload = application
        .identity
        .end_federated(&provider.settings().id, &asked.state, Utc::now())
        .await?;
    let kept: Kept = serde_json::from_str(&payload).map_err(|error| Refusal::new(&INTERNAL).cause(error))?;
    let (who, there) = provider.trade(kept, asked.code, Utc::now()).await?;
    let signed_in = application
        .people
        .sign_in_federated(who, there, stranger.0, Utc::now())
        .await?;
    Ok(tokens(signed_in))
}
