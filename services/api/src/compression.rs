//! Answers that are sent shorter, in `br` or `gzip`, to whom it is worth the while (RFC 9110 §8.4, §12.5.3).
//!
//! Only answers to questions are: what hands out a secret (tokens, keys, one-time links, signed links) is answered to a command. An
//! answer that held a secret beside what its asker has chosen would tell of it by its length (BREACH); no page of another site can
//! send the header field that makes an answer somebody's, and no question reads a cookie.

use actix_http::encoding::Encoder;
use actix_web::{
    body::{BodySize, BoxBody, MessageBody},
    dev::ServiceResponse,
    http::{
        Method, StatusCode,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
};

use crate::header::content_coding;

/// A body that is shorter is sent as it is, bytes: it fits into one packet anyhow.
pub const COMPRESSED_BYTES_MIN: u64 = 1_024;

/// Media types of text. Pictures are compressed already, and a live stream must not wait for more of it.
const TEXTS: [&str; 13] = [
    "application/javascript",
    "application/json",
    "application/schema+json",
    "application/x-ndjson",
    "application/yaml",
    "application/xml",
    "image/svg+xml",
    "text/css",
    "text/html",
    "text/javascript",
    "text/markdown",
    "text/plain",
    "text/xml",
];

/// Compresses the body if its asker takes that and it becomes shorter by it.
pub(crate) fn apply(mut response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    if !is_compressible(&response) {
        return response;
    }
    let Some(coding) = content_coding(response.request().headers()) else {
        let vary = HeaderValue::from_static("Accept-Encoding");
        response.headers_mut().append(header::VARY, vary);
        return response;
    };
    weaken(response.headers_mut());
    response.map_body(|head, body| BoxBody::new(Encoder::response(coding, head, body)))
}

fn is_compressible(response: &ServiceResponse<BoxBody>) -> bool {
    let headers = response.headers();
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    let kind = kind
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim();
    // A file is sent as the digest beside it says.
    let is_file = headers.contains_key(HeaderName::from_static("content-digest"));
    response.request().method() == Method::GET
        && response.status() == StatusCode::OK
        && !is_file
        && TEXTS.contains(&kind)
        && match response.response().body().size() {
            BodySize::None => false,
            BodySize::Sized(bytes) => bytes >= COMPRESSED_BYTES_MIN,
            BodySize::Stream => true,
        }
}

/// A strong tag is of the bytes as they are sent (RFC 9110 §8.8.3.3).
fn weaken(headers: &mut HeaderMap) {
    let tag = headers
        .get(header::ETAG)
        .filter(|tag| tag.as_bytes().starts_with(b"\""));
    let weak = tag.and_then(|tag| HeaderValue::try_from(format!("W/{}", tag.to_str().ok()?)).ok());
    if let Some(weak) = weak {
        headers.insert(header::ETAG, weak);
    }
}
