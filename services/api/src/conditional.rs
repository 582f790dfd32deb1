//! Questions on a condition (RFC 9110 §13): whatever is answered with an `ETag` can be asked for with `If-None-Match`, and what has a
//! version with `If-Match` too. An answer that has no version is tagged by its bytes (docs/adr/0024).

use std::str::FromStr;

use actix_web::{
    HttpMessage, HttpResponse, ResponseError,
    body::{BoxBody, MessageBody},
    dev::{ResponseHead, ServiceResponse},
    http::{
        Method, StatusCode,
        header::{self, EntityTag, HeaderName, HeaderValue},
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::Detail;
use sha2::{Digest, Sha256};

use crate::{
    asking::Somebodys,
    header::{TAG_BYTES, Tags},
    refusal::Refusal,
};

/// Looks at the conditions of a question that has its answer: 412 when another state was asked for, 304 when the caller has
/// it already.
pub(crate) fn apply(mut response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    if response.request().method() != Method::GET || response.status() != StatusCode::OK {
        return response;
    }
    let own = tag(&response);
    if let Some(tag) = &own
        && named(&response, &header::IF_MATCH).is_some_and(|tags| !tags.hold(tag))
    {
        refuse(
            &mut response,
            &Refusal::of(Detail::TagIs { tag: tag.to_string() }),
        );
        return response;
    }
    if is_tagged_by_its_bytes(&response, own.is_some()) {
        response = response.map_body(tagged);
    }
    let is_had = tag(&response)
        .is_some_and(|tag| named(&response, &header::IF_NONE_MATCH).is_some_and(|tags| tags.hold(&tag)));
    if is_had {
        not_modified(&mut response);
    }
    response
}

/// Answers a refusal in the place of an answer, with what was said to the page's origin.
fn refuse(response: &mut ServiceResponse<BoxBody>, refusal: &Refusal) {
    let mut refused = refusal.error_response();
    let of_origin = |name: &HeaderName| *name == header::VARY || name.as_str().starts_with("access-control-");
    for (name, value) in response.headers().iter().filter(|(name, _)| of_origin(name)) {
        refused.headers_mut().append(name.clone(), value.clone());
    }
    *response.response_mut() = refused;
}

fn tag(response: &ServiceResponse<BoxBody>) -> Option<EntityTag> {
    let tag = response.headers().get(header::ETAG)?.to_str().ok()?;
    EntityTag::from_str(tag).ok()
}

/// The tags that a condition names. One that cannot be read is refused where it matters; here it is none.
fn named(response: &ServiceResponse<BoxBody>, name: &HeaderName) -> Option<Tags> {
    Tags::read(response.request().headers(), name).ok().flatten()
}

/// JSON that is somebody's, and of which nobody has said how it is kept; and what documents. What has a version is tagged by both: one
/// version of a ticket is told in two languages, and to each reader with the rights that are theirs.
fn is_tagged_by_its_bytes(response: &ServiceResponse<BoxBody>, has_version: bool) -> bool {
    let headers = response.headers();
    let is_json = |kind: &[u8]| kind.starts_with(b"application/json") || kind.ends_with(b"+json");
    let kind = headers.get(header::CONTENT_TYPE);
    let is_json = kind.is_some_and(|kind| is_json(kind.as_bytes())) && is_somebodys(response);
    let is_page = is_documentation(response) && !has_version;
    (is_json && !headers.contains_key(header::CACHE_CONTROL)) || is_page
}

/// A page of the reference or of the problems, or a program of them: the same for everybody.
pub(crate) fn is_documentation(response: &ServiceResponse<BoxBody>) -> bool {
    response.request().path().starts_with("/docs/")
}

/// The answer depends on who asks.
pub(crate) fn is_somebodys(response: &ServiceResponse<BoxBody>) -> bool {
    response.request().extensions().contains::<Somebodys>()
}

/// With a tag of its bytes, unless it is streamed. The tag is weak: on its way an answer may be compressed. That of a version begins
/// with it: `W/"3.…"`, which `If-Match` reads.
fn tagged(head: &mut ResponseHead, body: BoxBody) -> BoxBody {
    match body.try_into_bytes() {
        Ok(bytes) => {
            let digest = URL_SAFE_NO_PAD.encode(&Sha256::digest(&bytes)[..TAG_BYTES]);
            let version = head.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok());
            let version = version.map_or_else(String::new, |tag| format!("{}.", tag.trim_matches('"')));
            if let Ok(tag) = HeaderValue::try_from(format!("W/\"{version}{digest}\"")) {
                head.headers_mut().insert(header::ETAG, tag);
            }
            BoxBody::new(bytes)
        }
        Err(streamed) => streamed,
    }
}

fn not_modified(response: &mut ServiceResponse<BoxBody>) {
    let mut not_modified = HttpResponse::NotModified().finish();
    let of_body = [
        "content-type",
        "content-encoding",
        "content-length",
        "content-digest",
        "content-disposition",
    ];
    for (name, value) in response.headers() {
        if !of_body.contains(&name.as_str()) {
            not_modified.headers_mut().append(name.clone(), value.clone());
        }
    }
    // As the answer itself would have said (RFC 9110 §15.4.5).
    let encoded = HeaderValue::from_static("Accept-Encoding");
    not_modified.headers_mut().append(header::VARY, encoded);
    *response.response_mut() = not_modified;
}
