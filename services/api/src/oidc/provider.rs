//! One provider: what it says of itself, where it lets people sign in, and what it trades a code for.

use std::sync::Arc;

use application::{identity::provider::AtProvider, people::federation::Federated};
use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::{
    AccessTokenHash, AdditionalClaims, AuthType, AuthenticationFlow, AuthorizationCode,
    ClaimsVerificationError, Client, CsrfToken, EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet,
    EndpointSet, IdToken, IdTokenClaims, IdTokenFields, JsonWebKeySet, LogoutRequest, Nonce,
    OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier, ProviderMetadataWithLogout,
    RequestTokenError, Scope, SignatureVerificationError, StandardErrorResponse, StandardTokenResponse,
    TokenResponse as _, UserInfoClaims, UserInfoError,
    core::{
        CoreAuthDisplay, CoreAuthPrompt, CoreClientAuthMethod, CoreErrorResponseType, CoreGenderClaim,
        CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreResponseType,
        CoreRevocableToken, CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
    },
    url::Url,
};
use parking_lot::RwLock;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    claims,
    config::{ConfigError, Settings},
    fetch::{Fetch, FetchError},
};

/// Random bytes of a nonce: 43 characters. ProConnect asks for 32 at least, of `state` too, which has as many.
const NONCE_BYTES: u32 = 32;
/// How long what a provider says of itself is believed, minutes. A key that is not among those known is looked for at once.
const METADATA_MINUTES: i64 = 60;

/// Every claim beside the standard ones.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct AnyClaims(Map<String, Value>);

impl AdditionalClaims for AnyClaims {}

type Tokens = StandardTokenResponse<
    IdTokenFields<
        AnyClaims,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;
type ProviderClient = Client<
    AnyClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;
type Claims = IdTokenClaims<AnyClaims, CoreGenderClaim>;
type Token = IdToken<AnyClaims, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;

/// Why a code was not traded. Nothing here repeats what the provider answered: it may hold tokens or say who somebody is.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TradeError {
    /// The code is none that holds, or not one of this sign-in.
    #[error("the identity provider takes the code for none that holds")]
    Refused,
    /// The provider cannot be reached.
    #[error("the identity provider cannot be asked")]
    Unanswered(#[source] FetchError),
    /// It answers something else than its specification says.
    #[error("the identity provider answers what cannot be believed: {0}")]
    Nonsense(&'static str),
    /// It refuses this server: the configuration is another there.
    #[error("the identity provider refuses this server: {0}")]
    Misconfigured(String),
}

/// What must be found again when the browser is back.
#[derive(Serialize, Deserialize)]
pub(crate) struct Kept {
    nonce: Nonce,
    verifier: PkceCodeVerifier,
}

/// A provider.
pub(crate) struct Provider {
    settings: Settings,
    fetch: Fetch,
    known: RwLock<Option<Known>>,
}

#[derive(Clone)]
struct Known {
    metadata: Arc<ProviderMetadataWithLogout>,
    at: DateTime<Utc>,
}

impl Provider {
    pub(super) fn new(settings: Settings) -> Result<Provider, ConfigError> {
        Ok(Provider {
            fetch: Fetch::new(&settings.issuer).map_err(ConfigError::Client)?,
            settings,
            known: RwLock::default(),
        })
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What a new sign-in keeps until the browser is back, and the challenge that goes along with it.
    pub(crate) fn begin(&self) -> (Kept, PkceCodeChallenge) {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let nonce = Nonce::new_random_len(NONCE_BYTES);
        (Kept { nonce, verifier }, challenge)
    }

    /// Makes sure that the provider is known.
    pub(crate) async fn ready(&self, at: DateTime<Utc>) -> Result<(), TradeError> {
        self.metadata(at).await.map(drop)
    }

    /// Where to send the browser.
    pub(crate) async fn authorization_url(
        &self,
        kept: &Kept,
        challenge: PkceCodeChallenge,
        state: &str,
        at: DateTime<Utc>,
    ) -> Result<Url, TradeError> {
        let metadata = self.metadata(at).await?;
        let client = self.client(&metadata);
        let (state, nonce) = (CsrfToken::new(state.to_owned()), kept.nonce.clone());
        let mut request = client.authorize_url(
            AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
            move || state,
            move || nonce,
        );
        for scope in &self.settings.scopes {
            request = request.add_scope(Scope::new(scope.clone()));
        }
        let (url, _, _) = request.set_pkce_challenge(challenge).url();
        Ok(url)
    }

    /// Where to send the browser to sign out at the provider (`OpenID` Connect RP-Initiated Logout 1.0 §2), and whether it comes
    /// back with `state`; `None` when the provider offers no such thing.
    pub(crate) async fn logout_url(
        &self,
        id_token: Option<&str>,
        state: &str,
        at: DateTime<Utc>,
    ) -> Result<Option<(Url, bool)>, TradeError> {
        let metadata = self.metadata(at).await?;
        let Some(endpoint) = metadata.additional_metadata().end_session_endpoint.clone() else {
            return Ok(None);
        };
        if !self.fetch.allows(endpoint.url()) {
            return Err(TradeError::Unanswered(FetchError::Forbidden));
        }
        let mut request = LogoutRequest::from(endpoint).set_client_id(self.settings.client_id.clone());
        if let Some(token) = id_token.and_then(|token| token.parse::<Token>().ok()) {
            request = request.set_id_token_hint(&token);
        }
        let back = self.settings.post_logout_redirect_uri.clone();
        let comes_back = back.is_some();
        if let Some(back) = back {
            request = request
                .set_post_logout_redirect_uri(back)
                .set_state(CsrfToken::new(state.to_owned()));
        }
        Ok(Some((request.http_get_url(), comes_back)))
    }

    /// Trades a code; answers who it is for (`OpenID` Connect Core 1.0 §3.1.3), and what signs them out there.
    pub(crate) async fn trade(
        &self,
        kept: Kept,
        code: String,
        at: DateTime<Utc>,
    ) -> Result<(Federated, AtProvider), TradeError> {
        let metadata = self.metadata(at).await?;
        let client = self.client(&metadata);
        let request = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|_none| TradeError::Nonsense("it has no token endpoint"))?;
        let tokens = request
            .set_pkce_verifier(kept.verifier)
            .request_async(&self.fetch)
            .await;
        let tokens = tokens.map_err(untraded)?;
        let claims = match verified(&client, &tokens, &kept.nonce) {
            Err(Unverified::UnknownKey) => {
                let metadata = self.with_new_keys(&metadata).await?;
                let client = self.client(&metadata);
                verified(&client, &tokens, &kept.nonce)
            }
            known => known,
        };
        let claims = claims.map_err(TradeError::from)?;
        let information =
            match client.user_info(tokens.access_token().clone(), Some(claims.subject().clone())) {
                Ok(request) => {
                    let said: Result<UserInfoClaims<AnyClaims, CoreGenderClaim>, _> =
                        request.request_async(&self.fetch).await;
                    object(&said.map_err(uninformed)?)?
                }
                // Not every provider has such an endpoint; then the token says all.
                Err(_none) => Map::new(),
            };
        let all = claims::joined(object(&claims)?, information);
        let there = AtProvider {
            provider: self.settings.id.clone(),
            id_token: tokens.id_token().map(ToString::to_string),
        };
        let who = claims::federated(&self.settings, claims.subject().as_str(), &all);
        Ok((who, there))
    }

    async fn metadata(&self, at: DateTime<Utc>) -> Result<Arc<ProviderMetadataWithLogout>, TradeError> {
        let known = self.known.read().clone();
        let fresh = known.filter(|known| at - known.at < TimeDelta::minutes(METADATA_MINUTES));
        if let Some(known) = fresh {
            return Ok(known.metadata);
        }
        let issuer = self.settings.issuer.clone();
        let found = ProviderMetadataWithLogout::discover_async(issuer, &self.fetch).await;
        let metadata = Arc::new(found.map_err(undiscovered)?);
        *self.known.write() = Some(Known {
            metadata: Arc::clone(&metadata),
            at,
        });
        Ok(metadata)
    }

    /// A provider may have begun to sign with a key that it did not have when it was asked last.
    async fn with_new_keys(
        &self,
        metadata: &ProviderMetadataWithLogout,
    ) -> Result<Arc<ProviderMetadataWithLogout>, TradeError> {
        let keys = JsonWebKeySet::fetch_async(metadata.jwks_uri(), &self.fetch).await;
        let keys = keys.map_err(undiscovered)?;
        let metadata = Arc::new(metadata.clone().set_jwks(keys));
        if let Some(known) = self.known.write().as_mut() {
            known.metadata = Arc::clone(&metadata);
        }
        Ok(metadata)
    }

    fn client(&self, metadata: &ProviderMetadataWithLogout) -> ProviderClient {
        let client = ProviderClient::from_provider_metadata(
            metadata.clone(),
            self.settings.client_id.clone(),
            self.settings.client_secret.clone(),
        );
        // RFC 6749 §2.3.1 prefers the header; a provider that takes none says so.
        let methods = metadata.token_endpoint_auth_methods_supported();
        let only_body = methods.is_some_and(|methods| {
            methods.contains(&CoreClientAuthMethod::ClientSecretPost)
                && !methods.contains(&CoreClientAuthMethod::ClientSecretBasic)
        });
        let kind = if only_body {
            AuthType::RequestBody
        } else {
            AuthType::BasicAuth
        };
        client
            .set_auth_type(kind)
            .set_redirect_uri(self.settings.redirect_uri.clone())
    }
}

/// Why a token is not believed.
enum Unverified {
    UnknownKey,
    Because(&'static str),
    /// It was made for another sign-in.
    OtherSignIn,
}

impl From<Unverified> for TradeError {
    fn from(unverified: Unverified) -> Self {
        match unverified {
            Unverified::UnknownKey => TradeError::Nonsense("its ID token is signed by no key of its own"),
            Unverified::Because(why) => TradeError::Nonsense(why),
            Unverified::OtherSignIn => TradeError::Refused,
        }
    }
}

/// The claims of an ID token whose signature, issuer, audience, nonce and expiry are right, and whose hash of the access
/// token is, when there is one (`OpenID` Connect Core 1.0 §3.1.3.7, §3.1.3.8).
fn verified(client: &ProviderClient, tokens: &Tokens, nonce: &Nonce) -> Result<Claims, Unverified> {
    let token = tokens
        .id_token()
        .ok_or(Unverified::Because("it gives no ID token"))?;
    let verifier = client.id_token_verifier();
    let claims = token.claims(&verifier, nonce).map_err(unverified)?;
    if let Some(hash) = claims.access_token_hash() {
        let unhashed =
            Unverified::Because("its ID token has a hash of the access token that cannot be checked");
        let (Ok(algorithm), Ok(key)) = (token.signing_alg(), token.signing_key(&verifier)) else {
            return Err(unhashed);
        };
        match AccessTokenHash::from_token(tokens.access_token(), algorithm, key) {
            Ok(ours) if ours == *hash => {}
            Ok(_) => {
                return Err(Unverified::Because(
                    "its ID token belongs to another access token",
                ));
            }
            Err(_unknown) => return Err(unhashed),
        }
    }
    Ok(claims.clone())
}

/// The texts of the library repeat what stands in the token: only their kind goes on.
fn unverified(error: ClaimsVerificationError) -> Unverified {
    if let ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey) = error {
        return Unverified::UnknownKey;
    }
    if let ClaimsVerificationError::InvalidNonce(_) = error {
        return Unverified::OtherSignIn;
    }
    // The library may come to tell more kinds: those say only that.
    let why = if matches!(error, ClaimsVerificationError::Expired(_)) {
        "its ID token has expired"
    } else if matches!(error, ClaimsVerificationError::InvalidAudience(_)) {
        "its ID token is for somebody else"
    } else if matches!(error, ClaimsVerificationError::InvalidIssuer(_)) {
        "its ID token is of another issuer"
    } else if matches!(error, ClaimsVerificationError::SignatureVerification(_)) {
        "the signature of its ID token does not hold"
    } else {
        "its ID token does not hold"
    };
    Unverified::Because(why)
}

fn untraded(
    error: RequestTokenError<FetchError, StandardErrorResponse<CoreErrorResponseType>>,
) -> TradeError {
    match error {
        RequestTokenError::ServerResponse(answer) => {
            let kind = answer.error();
            if matches!(kind, CoreErrorResponseType::InvalidGrant) {
                return TradeError::Refused;
            }
            TradeError::Misconfigured(kind.to_string())
        }
        RequestTokenError::Request(error) => TradeError::Unanswered(error),
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
            TradeError::Nonsense("its token endpoint gives no tokens")
        }
    }
}

fn undiscovered(error: openidconnect::DiscoveryError<FetchError>) -> TradeError {
    if let openidconnect::DiscoveryError::Request(error) = error {
        return TradeError::Unanswered(error);
    }
    // Nothing of a person stands in what a provider says of itself.
    TradeError::Misconfigured(error.to_string())
}

fn uninformed(error: UserInfoError<FetchError>) -> TradeError {
    if let UserInfoError::Request(error) = error {
        return TradeError::Unanswered(error);
    }
    TradeError::Nonsense("its user information is none, or of somebody else")
}

fn object(claims: &impl Serialize) -> Result<Map<String, Value>, TradeError> {
    match serde_json::to_value(claims) {
        Ok(Value::Object(claims)) => Ok(claims),
        Ok(_) | Err(_) => Err(TradeError::Nonsense("its claims are no object")),
    }
}
