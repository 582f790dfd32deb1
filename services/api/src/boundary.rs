//! Around every request: its id, one log line, security headers, and the body of every problem.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use actix_web::{
    Error, HttpMessage, HttpResponse,
    body::{BodySize, BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        ConnectionType, Method, StatusCode, Version,
        header::{self, HeaderName, HeaderValue},
    },
    middleware::Next,
    web::Bytes,
};
use domain::{Detail, Language};
use uuid::Uuid;

use crate::{
    compression, conditional,
    docs::REFERENCE_POLICY,
    header::{is_encoded, language},
    limit::{self, ToTell},
    metrics::{Metrics, method_label},
    refusal::{self, CAUSE_CHARS_MAX, Refusal, VIEW_BEHIND},
};

/// The request's id, as answers, problems, events (`correlation_id`) and log lines name it.
#[derive(Debug, Clone, Copy)]
pub struct RequestId(pub Uuid);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What an answer depends on beside its path, where it is somebody's.
const VARY: &str =
    "Authorization, Accept-Language, Guichet-Profile, Guichet-Organization, Guichet-On-Behalf-Of";

/// Wraps the whole door.
///
/// # Errors
/// What a layer below could not turn into a response itself, which none of ours does.
pub async fn boundary(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let (begun, id) = (Instant::now(), RequestId(Uuid::now_v7()));
    request.extensions_mut().insert(id);
    let language = language(request.headers());
    let (method, version) = (request.method().clone(), request.version());
    // HEAD is answered as GET is, without the body (RFC 9110 §9.3.2).
    let is_head = method == Method::HEAD;
    if is_head {
        request.head_mut().method = Method::GET;
    }
    let method = method_label(&method);
    let mut response = next.call(request).await?.map_into_boxed_body();
    let route = response
        .request()
        .match_pattern()
        .unwrap_or_else(|| "(none)".to_owned());
    response = conditional::apply(response);
    let told = as_problem(&mut response, id, language);
    harden(&mut response, id);
    tell_what_is_left(&mut response);
    #[cfg(debug_assertions)]
    crate::recording::record(&response, if is_head { "GET" } else { method }, &route, told.code);
    response = compression::apply(response);
    if is_head {
        // A digest is of what is sent (RFC 9530 appendix B.2), and nothing is.
        response.headers_mut().remove("content-digest");
        response = response.map_body(|_, body| BoxBody::new(Headless(body.size())));
    }
    if version < Version::HTTP_11 && matches!(response.response().body().size(), BodySize::Stream) {
        // HTTP/1.0 knows no chunks: the end of the connection is the end of the answer (RFC 9112 §6.1).
        let head = response.response_mut().head_mut();
        head.no_chunking(true);
        head.set_connection_type(ConnectionType::Close);
    }
    let (status, elapsed) = (response.status().as_u16(), begun.elapsed());
    if let Some(metrics) = response.request().app_data::<actix_web::web::Data<Metrics>>() {
        metrics.request(method, &route, status, elapsed);
    }
    told.log(id, method, &route, status, elapsed);
    Ok(response)
}

/// The body of an answer to HEAD: as long as it would be, and nothing of it.
struct Headless(BodySize);

impl MessageBody for Headless {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        self.0
    }

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        Poll::Ready(None)
    }
}

/// What the log is told of a refusal.
#[derive(Default)]
struct Told {
    code: &'static str,
    causes: String,
}

impl Told {
    /// The pattern, never the path: keys and search words stay out of the log, and so does all else that a client has sent.
    fn log(&self, id: RequestId, method: &str, route: &str, status: u16, elapsed: Duration) {
        let (elapsed_us, code, causes) = (elapsed.as_micros() as u64, self.code, &self.causes);
        if status < 500 || code == VIEW_BEHIND.code {
            tracing::info!(request_id = %id.0, method, route, status, elapsed_us, code, "request");
        } else if status == StatusCode::SERVICE_UNAVAILABLE.as_u16() {
            tracing::warn!(request_id = %id.0, method, route, status, elapsed_us, code, causes, "request not taken");
        } else {
            tracing::error!(request_id = %id.0, method, route, status, elapsed_us, code, causes, "request failed");
        }
    }
}

/// Refuses a body that is compressed or otherwise encoded: none is decoded here, and none taken for what it is not.
///
/// # Errors
/// What a layer below could not turn into a response itself.
pub async fn plain_bodies(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let may_have_body = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if may_have_body && is_encoded(request.headers()) {
        let refusal = HttpResponse::from_error(Refusal::of(Detail::ContentCoded));
        // Not `into_response`, which would drop the refusal, and with it what the boundary tells.
        return Ok(ServiceResponse::new(request.into_parts().0, refusal));
    }
    Ok(next.call(request).await?.map_into_boxed_body())
}

/// Gives a refusal its body; answers what the log is told of it.
fn as_problem(response: &mut ServiceResponse<BoxBody>, id: RequestId, language: Language) -> Told {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return Told::default();
    }
    // A handler that answers JSON with such a status means what it says: a readiness that is not one.
    let content_type = response
        .headers()
        .get(header::CONTENT_TYPE)
        .map(HeaderValue::as_bytes);
    let is = |kind: &[u8]| content_type.is_some_and(|value| value.starts_with(kind));
    let is_answered = is(b"application/json") && response.response().error().is_none();
    if is_answered || is(b"application/problem+json") {
        return Told::default();
    }
    let error = response.response().error();
    let request_id = id.0.to_string();
    let (problem, causes, code) = match error.and_then(|error| error.as_error::<Refusal>()) {
        Some(refusal) => {
            let problem = refusal.problem(&request_id, language);
            (problem, refusal.causes(), refusal.kind().code)
        }
        None => {
            let generic = Refusal::new(of_status(status));
            let problem = generic.problem(&request_id, language);
            (problem, error.map(ToString::to_string), generic.kind().code)
        }
    };
    let causes = causes.filter(|_| problem.status >= 500).unwrap_or_default();
    let told = Told {
        code,
        causes: text::shown(&causes, CAUSE_CHARS_MAX),
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
            let kept = [header::ALLOW, header::VARY, header::ACCEPT_ENCODING, header::ETAG];
            let families = ["access-control-", "ratelimit"];
            kept.contains(name) || families.iter().any(|family| name.as_str().starts_with(family))
        })
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    *response.response_mut() = body;
    for (name, value) in kept {
        response.headers_mut().append(name, value);
    }
    told
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

/// Tells who has carried something out that little is left of a limit. Who is refused for it is told by the refusal.
fn tell_what_is_left(response: &mut ServiceResponse<BoxBody>) {
    if !response.status().is_success() {
        return;
    }
    let noted = response.request().extensions().get::<ToTell>().map(ToTell::noted);
    let Some(noted) = noted.filter(|noted| !noted.is_empty()) else {
        return;
    };
    for (name, value) in limit::fields(&noted) {
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().insert(name, value);
        }
    }
}

fn harden(response: &mut ServiceResponse<BoxBody>, id: RequestId) {
    let is_somebodys = conditional::is_somebodys(response);
    let is_kept = response.request().method() == Method::GET
        && matches!(response.status(), StatusCode::OK | StatusCode::NOT_MODIFIED);
    let is_documentation = conditional::is_documentation(response);
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
    if is_documentation {
        headers.insert(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(REFERENCE_POLICY),
        );
    }
    if is_somebodys && headers.contains_key(header::ETAG) {
        headers.append(header::VARY, HeaderValue::from_static(VARY));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        // What has a tag is kept by whom it is for, and asked for again with the tag each time.
        let kept = match (headers.contains_key(header::ETAG), is_documentation) {
            (true, true) => "no-cache",
            (true, false) if is_kept => "private, no-cache",
            (_, _) => "no-store",
        };
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    }
}
