//! Header fields that many operations read or answer with: each is declared once, and attached where it is honoured.

use std::collections::BTreeSet;

use serde_json::json;
use utoipa::openapi::{
    Components, Content, Header, ObjectBuilder, OpenApi, Ref, RefOr, Required, Response, Type,
    header::HeaderBuilder,
    path::{Operation, Parameter, ParameterBuilder, ParameterIn},
};

use super::facts::{Audience, Facts};
use crate::config::IDEMPOTENCY_KEY_CHARS_MAX;

/// A field that a request may have. None has an example: pages to try operations on send it unasked, and it would be of somebody else.
struct Field {
    name: &'static str,
    /// Its name among the components.
    component: &'static str,
    description: &'static str,
    is_honoured_by: fn(&Facts) -> bool,
}

const REQUEST_FIELDS: [Field; 7] = [
    Field {
        name: "Accept-Language",
        component: "AcceptLanguage",
        description: "The language of labels, titles and explanations: `fr` or `en`, by weight. French unless English weighs more.",
        is_honoured_by: |_| true,
    },
    Field {
        name: "Guichet-Profile",
        component: "Profile",
        description: "One of the caller's roles (`profile` in `GET /v1/me`): the call is made with its rights alone.",
        is_honoured_by: Facts::is_signed_in,
    },
    Field {
        name: "Guichet-Organization",
        component: "ActingIn",
        description: "One of the caller's organizations, by its id: the call is made with the rights held there alone.",
        is_honoured_by: Facts::is_signed_in,
    },
    Field {
        name: "Guichet-On-Behalf-Of",
        component: "OnBehalfOf",
        description: "User name or id of the person for whom an agent acts. Both persons stand in the ticket's history.",
        is_honoured_by: Facts::may_be_for_others,
    },
    Field {
        name: "Idempotency-Key",
        component: "IdempotencyKey",
        description: "Makes the command safe to send again: the same key with the same request is carried out once and answered as the first time. The same key with another request is refused (`idempotency-key-reused`).",
        is_honoured_by: Facts::is_repeatable,
    },
    Field {
        name: "If-Match",
        component: "IfMatch",
        description: "The version that this rests on, in quotes, as `ETag` has it. When the version is another one, nothing is done or answered but that (`stale-version`). Several, with commas between them, are a list of which one must hold.",
        is_honoured_by: |facts| facts.is_versioned() || facts.is_tagged,
    },
    Field {
        name: "If-None-Match",
        component: "IfNoneMatch",
        description: "The `ETag` of what the caller has. When it holds still, the answer is 304 without a body.",
        is_honoured_by: Facts::is_kept,
    },
];

/// A list of entity tags (RFC 9110 §8.8.3, §13.1).
const TAGS: &str = r#"^(\*|(W/)?"[!#-~]*"([ \t]*,[ \t]*(W/)?"[!#-~]*")*)$"#;

/// Fields that answers have: name, type, description, example.
const ANSWER_FIELDS: [(&str, Type, &str, &str); 11] = [
    (
        "Accept-Encoding",
        Type::String,
        "The content codings that a request may have: `identity`, which is none.",
        "identity",
    ),
    (
        "Content-Digest",
        Type::String,
        "The SHA-256 of the bytes (RFC 9530).",
        "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:",
    ),
    (
        "ETag",
        Type::String,
        "The version of what is answered, in quotes; where there is none, a weak tag of the answer's bytes, and of a file one of its digest.",
        "\"3\"",
    ),
    (
        "Content-Disposition",
        Type::String,
        "`attachment` with the file's name, plain and extended (RFC 6266).",
        "attachment; filename=\"devis.pdf\"",
    ),
    (
        "Location",
        Type::String,
        "Where what was made is.",
        "/v1/tickets/SUP-12",
    ),
    (
        "RateLimit",
        Type::String,
        "What is left of a limit (`r`) and when there is more (`t`, s), of each that is reached or nearly is (draft-ietf-httpapi-ratelimit-headers).",
        "\"writes\";r=40;t=1",
    ),
    (
        "RateLimit-Policy",
        Type::String,
        "The limits that `RateLimit` names: how much (`q`, of `qu`) in how long (`w`, s).",
        "\"writes\";q=1200;w=60",
    ),
    (
        "Retry-After",
        Type::Integer,
        "When to send the request again, s.",
        "5",
    ),
    (
        "Set-Cookie",
        Type::String,
        "The refresh token, for the browser alone: no script can read it. Without a value, it is taken away.",
        "__Secure-guichet-refresh=rt_5mJ0dX3hQnWqk1Zb7uRk9w; HttpOnly; SameSite=Strict; Secure; Path=/v1/auth/cookie; Max-Age=43200",
    ),
    ("WWW-Authenticate", Type::String, "How to authenticate.", "Bearer"),
    (
        "X-Request-Id",
        Type::String,
        "The id of this request, as the server's log and a problem's `request_id` have it.",
        "0198c0de-7000-7000-8000-0000000000ff",
    ),
];

/// Declares the fields.
pub(super) fn define(components: &mut Components) {
    for field in &REQUEST_FIELDS {
        let parameter = RefOr::T(parameter(field));
        components
            .parameters
            .insert(field.component.to_owned(), parameter);
    }
    for (name, kind, description, example) in ANSWER_FIELDS {
        let header = RefOr::T(header(kind, description, example));
        components.headers.insert(name.to_owned(), header);
    }
}

fn parameter(field: &Field) -> Parameter {
    let chars_max = (field.name == "Idempotency-Key").then_some(IDEMPOTENCY_KEY_CHARS_MAX);
    // Tags in quotes with commas between, or `*` for any.
    // One that cannot be read is refused where a change rests on it, and passed over by a question.
    let is_tags = matches!(field.name, "If-Match" | "If-None-Match");
    let pattern = (field.name == "If-Match").then_some(TAGS);
    let schema = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length((!is_tags && field.name != "Accept-Language").then_some(1))
        .max_length(chars_max)
        .pattern(pattern);
    ParameterBuilder::new()
        .name(field.name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(field.description))
        .schema(Some(schema))
        .build()
}

fn header(kind: Type, description: &str, example: &str) -> Header {
    // A number is one in its example too.
    let example = example
        .parse::<u64>()
        .map_or_else(|_no_number| json!(example), |number| json!(number));
    HeaderBuilder::new()
        .schema(Some(ObjectBuilder::new().schema_type(kind)))
        .description(Some(description))
        .example(Some(example))
        .build()
}

/// The fields of answers that pages of other origins may read (Fetch, CORS protocol): all that the contract declares, and the methods
/// of a path, which no operation answers. `Set-Cookie` is for browsers alone.
pub(crate) fn exposed(contract: &OpenApi) -> BTreeSet<String> {
    let paths = contract.paths.paths.values();
    let operations = paths.flat_map(|item| {
        let all = [&item.get, &item.post, &item.put, &item.patch, &item.delete];
        all.into_iter().flatten()
    });
    let of_operations = operations.flat_map(|operation| operation.responses.responses.values());
    let components = contract.components.iter();
    let shared = components.flat_map(|components| components.responses.values());
    let headers = of_operations.chain(shared).flat_map(|response| match response {
        RefOr::T(response) => Some(response.headers.keys().cloned()),
        RefOr::Ref(_) => None,
    });
    let mut exposed: BTreeSet<String> = headers.flatten().collect();
    exposed.insert("Allow".to_owned());
    exposed.remove("Set-Cookie");
    exposed
}

/// Points to a field of answers.
pub(super) fn reference(name: &str) -> Ref {
    Ref::new(format!("#/components/headers/{name}"))
}

/// What is answered with its version as `ETag`.
const VERSIONED: [&str; 6] = [
    "Account",
    "Approval",
    "Attachment",
    "Comment",
    "Organization",
    "Ticket",
];

/// Does an answer of this have a version?
pub(super) fn has_version(response: &Response) -> bool {
    let content = response.content.get("application/json");
    let schema = match content {
        Some(RefOr::T(Content {
            schema: Some(RefOr::Ref(schema)),
            ..
        })) => schema.ref_location.rsplit('/').next(),
        Some(_) | None => None,
    };
    schema.is_some_and(|schema| VERSIONED.contains(&schema))
}

/// The fields that tell of limits.
pub(super) const LIMITS: [&str; 2] = ["RateLimit", "RateLimit-Policy"];

/// Counts against a limit.
fn is_counted(facts: &Facts) -> bool {
    facts.is_write() || facts.audience == Audience::Stranger
}

/// Attaches the fields that the operation honours, and the request's id to what it answers.
pub(super) fn attach(facts: &Facts, operation: &mut Operation) {
    let honoured = REQUEST_FIELDS
        .iter()
        .filter(|field| (field.is_honoured_by)(facts));
    let honoured =
        honoured.map(|field| RefOr::Ref(Ref::new(format!("#/components/parameters/{}", field.component))));
    operation.parameters.get_or_insert_default().extend(honoured);
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        if has_version(response) || (facts.is_tagged_by_its_bytes && status == "200") {
            response
                .headers
                .insert("ETag".to_owned(), RefOr::Ref(reference("ETag")));
        }
        if is_counted(facts) && status.starts_with('2') {
            for name in LIMITS {
                response
                    .headers
                    .insert(name.to_owned(), RefOr::Ref(reference(name)));
            }
        }
        if status == "201" {
            response
                .headers
                .insert("Location".to_owned(), RefOr::Ref(reference("Location")));
        }
        for (name, header) in &mut response.headers {
            if ANSWER_FIELDS.iter().any(|(known, ..)| known == name) {
                *header = RefOr::Ref(reference(name));
            }
        }
        response
            .headers
            .insert("X-Request-Id".to_owned(), RefOr::Ref(reference("X-Request-Id")));
    }
}
