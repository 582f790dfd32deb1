//! Around every request: its id, one log line, security headers, and the body of every problem.

use std::time::Instant;

use actix_web::{
    Error, HttpMessage, HttpResponse,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
    middleware::Next,
};
use domain::Language;
use uuid::Uuid;

use crate::{
    metrics::Metrics,
    refusal::{self, Refusal},
};

/// The request's id, as answers, problems, events (`correlation_id`) and log lines name it.
#[derive(Debug, Clone, Copy)]
pub struct RequestId(pub Uuid);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Wraps the whole door.
///
/// # Errors
/// What a layer below could not turn into a response itself, which none of ours does.
pub async fn boundary(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let (begun, id) = (Instant::now(), RequestId(Uuid::now_v7()));
    request.extensions_mut().insert(id);
    let language = language(request.headers().get(header::ACCEPT_LANGUAGE));
    let method = request.method().clone();
    let mut response = next.call(request).await?.map_into_boxed_body();
    let route = response
        .request()
        .match_pattern()
        .unwrap_or_else(|| "(none)".to_owned());
    let causes = as_problem(&mut response, id, language);
    harden(&mut response, id);
    let (status, elapsed) = (response.status().as_u16(), begun.elapsed());
    if let Some(metrics) = response.request().app_data::<actix_web::web::Data<Metrics>>() {
        metrics.request(method.as_str(), &route, status, elapsed);
    }
    // The pattern, never the path: keys and search words stay out of the log.
    let (elapsed_us, causes) = (elapsed.as_micros() as u64, causes.unwrap_or_default());
    if status >= 500 {
        tracing::error!(request_id = %id.0, %method, route, status, elapsed_us, causes, "request failed");
    } else {
        tracing::info!(request_id = %id.0, %method, route, status, elapsed_us, causes, "request");
    }
    Ok(response)
}

/// Gives a refusal its body; answers its causes for the log.
fn as_problem(response: &mut ServiceResponse<BoxBody>, id: RequestId, language: Language) -> Option<String> {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return None;
    }
    // A handler that answers JSON with such a status means what it says: a readiness that is not one.
    let content_type = response
        .headers()
        .get(header::CONTENT_TYPE)
        .map(HeaderValue::as_bytes);
    let is = |kind: &[u8]| content_type.is_some_and(|value| value.starts_with(kind));
    let is_answered = is(b"application/json") && response.response().error().is_none();
    if is_answered || is(b"application/problem+json") {
        return None;
    }
    let error = response.response().error();
    let (problem, causes) = match error.and_then(|error| error.as_error::<Refusal>()) {
        Some(refusal) => (refusal.problem(&id.0.to_string(), language), refusal.causes()),
        None => {
            let generic = Refusal::new(of_status(status));
            (
                generic.problem(&id.0.to_string(), language),
                error.map(ToString::to_string),
            )
        }
    };
    let mut body = HttpResponse::build(StatusCode::from_u16(problem.status).unwrap_or(status));
    body.content_type("application/problem+json");
    if let Some(seconds) = problem.retry_after_s {
        body.insert_header((header::RETRY_AFTER, seconds));
    }
    if status == StatusCode::UNAUTHORIZED {
        body.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
    }
    let body = body.body(serde_json::to_vec(&problem).unwrap_or_default());
    let kept: Vec<(HeaderName, HeaderValue)> = response
        .headers()
        .iter()
        .filter(|(name, _)| {
            *name == header::ALLOW || name.as_str().starts_with("access-control-") || *name == header::VARY
        })
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    *response.response_mut() = body;
    for (name, value) in kept {
        response.headers_mut().append(name, value);
    }
    causes
}

/// The kind that a status stands for when it came from the framework.
fn of_status(status: StatusCode) -> &'static refusal::Kind {
    let same = |kind: &&&'static refusal::Kind| kind.status == status.as_u16();
    let fallback = if status.is_client_error() {
        &refusal::MALFORMED
    } else {
        &refusal::INTERNAL
    };
    refusal::KINDS.iter().find(same).copied().unwrap_or(fallback)
}

fn harden(response: &mut ServiceResponse<BoxBody>, id: RequestId) {
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id.0.to_string()) {
        headers.insert(REQUEST_ID, value);
    }
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

/// The language asked for: the first of French and English in the order of the header's weights; French otherwise.
#[must_use]
pub fn language(header: Option<&HeaderValue>) -> Language {
    let text = header.and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut wanted: Vec<(f32, Language)> = Vec::new();
    for part in text.split(',') {
        let (range, weight) = part.split_once(";q=").unwrap_or((part, "1"));
        let primary = range
            .trim()
            .split('-')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        let weight = weight.trim().parse().unwrap_or(0.0);
        match primary.as_str() {
            "fr" if weight > 0.0 => wanted.push((weight, Language::Fr)),
            "en" if weight > 0.0 => wanted.push((weight, Language::En)),
            _ => {}
        }
    }
    let best = wanted.iter().map(|(weight, _)| *weight).fold(0.0, f32::max);
    wanted
        .iter()
        .find(|(weight, _)| *weight >= best)
        .map_or(Language::Fr, |(_, language)| *language)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_with_the_greatest_weight_is_taken() {
        let of = |text: &'static str| language(Some(&HeaderValue::from_static(text)));
        assert_eq!(of("en"), Language::En);
        assert_eq!(of("de, en-GB;q=0.8, fr;q=0.9"), Language::Fr);
        assert_eq!(of("fr;q=0.1, en;q=0.2"), Language::En);
        assert_eq!(of("en;q=0, de"), Language::Fr);
        assert_eq!(language(None), Language::Fr);
    }
}
