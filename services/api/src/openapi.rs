//! The contract (OpenAPI 3.1), collected from the handlers that serve it.

mod closed;
mod declared;
mod examples;
mod facts;
mod fields;
mod lengths;
mod links;
mod marks;
mod queries;
mod refused;

use actix_web::App;
use utoipa::{
    Modify, OpenApi as _,
    openapi::{
        OpenApi,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};
use utoipa_actix_web::AppExt;

use crate::routes;

pub(crate) use self::fields::exposed;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Guichet",
        description = "A ticketing service whose memory can be proven: every action on a ticket is an event in an append-only log, and every answer is computed from that log.\n\n**Errors.** Refusals are RFC 9457 problems with a stable `code`. Faulty fields are all named at once in `errors`.\n\n**Repeating.** `Idempotency-Key` makes each command that declares it safe to repeat.\n\n**Two people at once.** `If-Match` with the `ETag` of what a change rests on refuses the change when that is no longer the current version. It may list several tags; one of them must be current. Operations that create something ignore it.\n\n**Reading again.** `If-None-Match` is answered 304 as long as the answer is the same: byte for byte, so that a tag belongs to one reader, one language and one profile.\n\n**Times** are RFC 3339 in UTC, to the microsecond. One that was cut to milliseconds (JavaScript's `Date`) lies before what it was read from, in `as_of` too.\n\n**Lists** page by cursor.\n\n**Languages.** `Accept-Language: fr` or `en`.\n\n**On whose behalf.** `Guichet-Profile` and `Guichet-Organization` narrow a call to one of the caller's roles or organizations (see `GET /v1/me`). `Guichet-On-Behalf-Of: USERNAME` lets those who treat a ticket act for that person; its history names both.\n\n**Transport.** HEAD is answered wherever GET is, without the body. Answers in text of 1 KiB and more are sent in `br` or `gzip` where `Accept-Encoding` has it. A body is sent without `Content-Encoding`, and no member of it twice.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
        contact(name = "The maintainers of Guichet", url = "https://guichet.example/"),
    ),
    servers((url = "/", description = "This server.")),
    security(("bearer" = [])),
    components(schemas(api_types::Problem)),
    tags(
        (name = "auth", description = "Signing in and out."),
        (name = "me", description = "The caller."),
        (name = "accounts", description = "Accounts, their roles, memberships and keys."),
        (name = "organizations", description = "Organizations, their tree and their contracts."),
        (name = "deliveries", description = "For the courier: what is to be delivered."),
        (name = "desks", description = "Desks as data: statuses, actions, forms."),
        (name = "tickets", description = "Tickets."),
        (name = "comments", description = "What people write to each other."),
        (name = "attachments", description = "Files."),
        (name = "approvals", description = "Proposals and decisions."),
        (name = "events", description = "The change feed."),
        (name = "audit", description = "Proofs: what the log has been, verified without trusting this server."),
        (name = "persons", description = "Persons whose values are kept."),
        (name = "operation", description = "For those who run the server."),
    ),
    modifiers(&Bearer),
)]
struct Contract;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, contract: &mut OpenApi) {
        let components = contract.components.get_or_insert_default();
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT");
        let scheme = scheme.description(Some("The access token of `POST /v1/auth/token`."));
        components.add_security_scheme("bearer", SecurityScheme::Http(scheme.build()));
        let link = ApiKeyValue::with_description(
            "link",
            "A signed link of `POST /v1/me/links`: its address, as it was answered.",
        );
        components.add_security_scheme("link", SecurityScheme::ApiKey(ApiKey::Query(link)));
        let key = ApiKeyValue::with_description("Guichet-Service-Key", "The courier's key.");
        components.add_security_scheme("service", SecurityScheme::ApiKey(ApiKey::Header(key)));
    }
}

/// What stands in the contract beside the operations.
#[must_use]
pub fn base() -> OpenApi {
    Contract::openapi()
}

/// The contract as its handlers have it. Bodies are held to the forms in it alone: what else the contract says of their texts and
/// values is for the rules to find, beside all other faults.
pub(crate) fn collected() -> OpenApi {
    let app = App::new().into_utoipa_app().openapi(base());
    let (_, collected) = app.configure(routes::document).split_for_parts();
    collected
}

/// The whole contract, of what was collected.
pub(crate) fn completed(mut collected: OpenApi) -> OpenApi {
    declared::complete(&mut collected);
    collected
}

/// The whole contract.
#[must_use]
pub fn contract() -> OpenApi {
    completed(collected())
}
