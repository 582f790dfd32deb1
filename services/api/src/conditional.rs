//! Questions on a condition (RFC 9110 §13): whatever is answered with an `ETag` can be asked for with `If-Match` and
//! `If-None-Match`.

use domain::Detail;
use std::str::FromStr;

use actix_web::{
    HttpResponse,
    body::BoxBody,
    dev::ServiceResponse,
    http::{
        Method, StatusCode,
        header::{self, EntityTag},
    },
};

use crate::{header::Tags, refusal::Refusal};

/// Says of an answer that more than its tag tells may have changed in it since it was first tagged so: names, rights, labels. It
/// is sent whole to whoever has that tag (RFC 9110 §8.8.1 asks a strong one to change with every byte).
#[derive(Debug, Clone, Copy)]
pub(crate) struct MayDiffer;

/// Looks at the conditions of a question that has its answer: 412 when another state was asked for, 304 when the caller has
/// it already.
pub(crate) fn apply(response: &mut ServiceResponse<BoxBody>) {
    let request = response.request();
    if request.method() != Method::GET || response.status() != StatusCode::OK {
        return;
    }
    let tag = response
        .headers()
        .get(header::ETAG)
        .and_then(|tag| tag.to_str().ok());
    let Some(tag) = tag.and_then(|tag| EntityTag::from_str(tag).ok()) else {
        return;
    };
    // One that cannot be read is refused where it matters; here it is none.
    let named = |name| Tags::read(request.headers(), &name).ok().flatten();
    if named(header::IF_MATCH).is_some_and(|tags| !tags.hold(&tag)) {
        let refusal = Refusal::of(Detail::TagIs { tag: tag.to_string() });
        *response.response_mut() = HttpResponse::from_error(refusal);
    } else if !response.response().extensions().contains::<MayDiffer>()
        && named(header::IF_NONE_MATCH).is_some_and(|tags| tags.hold(&tag))
    {
        let mut not_modified = HttpResponse::NotModified().finish();
        for (name, value) in response.headers() {
            let of_body = [
                header::CONTENT_TYPE,
                header::CONTENT_ENCODING,
                header::CONTENT_LENGTH,
            ];
            if !of_body.contains(name) {
                not_modified.headers_mut().append(name.clone(), value.clone());
            }
        }
        *response.response_mut() = not_modified;
    }
}
