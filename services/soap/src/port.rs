//! What comes through the door: one path for calls and for the WSDL, within limits (WS-I Basic Profile 1.1, 3.4).

use crate::client::Caller;
use crate::exchange::{Reply, Request, Service};
use crate::wsdl::wsdl;
use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web,
};
use api_types::forwarded::client_address;
use futures_util::StreamExt as _;
use std::{net::IpAddr, time::Duration};
use uuid::Uuid;

/// The path of the port, as seed 001 (2.3) names it.
pub const PATH: &str = "/interop-sav-21/services/JVTTroubleTicketSessionWSPort";
/// Largest request body, bytes. The largest that the protocol can need, two texts of 24 KiB, is a twentieth of it.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;
/// How long a client may take to send a body, milliseconds.
pub const BODY_READ_TIMEOUT_MS: u64 = 30_000;
const XML: &str = "text/xml; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

/// How clients reach this door.
pub(crate) struct Public {
    pub(crate) url: Option<String>,
    pub(crate) scheme: &'static str,
}

impl Public {
    /// The address for the WSDL: the public URL that was set, or the host that was asked (feature F4).
    fn address(&self, host: &str) -> String {
        let host_is_plain = !host.is_empty()
            && host
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b".-:[]_".contains(&byte));
        match &self.url {
            Some(url) => format!("{}{PATH}", url.trim_end_matches('/')),
            None if host_is_plain => format!("{}://{host}{PATH}", self.scheme),
            None => format!("{}://localhost{PATH}", self.scheme),
        }
    }
}

pub(crate) async fn healthy() -> HttpResponse {
    HttpResponse::Ok().content_type(TEXT).body("ok\n")
}

/// What `/healthz` answers to any other method.
pub(crate) async fn only_read() -> HttpResponse {
    HttpResponse::MethodNotAllowed()
        .insert_header((header::ALLOW, "GET, HEAD"))
        .content_type(TEXT)
        .body("GET or HEAD\n")
}

pub(crate) async fn not_allowed() -> HttpResponse {
    HttpResponse::MethodNotAllowed()
        .insert_header((header::ALLOW, "POST, GET, HEAD"))
        .content_type(TEXT)
        .body("POST for calls, GET with ?wsdl for the WSDL\n")
}

/// `GET …?wsdl`, in any case. Without it a GET is no call of this protocol.
pub(crate) async fn describe(
    request: HttpRequest,
    service: web::Data<Service>,
    public: web::Data<Public>,
) -> HttpResponse {
    let asked = request.query_string().split('&').any(|part| {
        part.split('=')
            .next()
            .is_some_and(|name| name.eq_ignore_ascii_case("wsdl"))
    });
    if !asked {
        return not_allowed().await;
    }
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let host = host
        .or_else(|| request.uri().authority().map(|authority| authority.as_str()))
        .unwrap_or("");
    HttpResponse::Ok()
        .content_type(XML)
        .body(wsdl(&service.namespace, &public.address(host)))
}

/// The reverse proxies whose word on a client's address is believed.
pub(crate) struct TrustedProxies(pub(crate) Vec<IpAddr>);

/// `POST`: one call.
pub(crate) async fn call(
    request: HttpRequest,
    payload: web::Payload,
    service: web::Data<Service>,
    proxies: web::Data<TrustedProxies>,
) -> HttpResponse {
    let text_of =
        |name: header::HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    let (media_type, charset) = media_type(text_of(header::CONTENT_TYPE).unwrap_or(""));
    let encoded =
        text_of(header::CONTENT_ENCODING).is_some_and(|coding| !coding.eq_ignore_ascii_case("identity"));
    if media_type != "text/xml" || encoded {
        return plain(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "text/xml without content coding is accepted here\n",
        );
    }
    let body = match read(payload).await {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    let caller = Caller {
        address: client_address(
            request.peer_addr().map(|peer| peer.ip()),
            request
                .headers()
                .get_all("x-forwarded-for")
                .map(|value| value.as_bytes()),
            &proxies.0,
        ),
        request_id: Uuid::new_v4(),
    };
    let asked = Request {
        body: &body,
        charset: charset.as_deref(),
        authorization: text_of(header::AUTHORIZATION),
        caller,
    };
    match service.answer(&asked).await {
        Reply::Answer(xml) => HttpResponse::Ok().content_type(XML).body(xml),
        Reply::Fault(xml) => HttpResponse::InternalServerError().content_type(XML).body(xml),
        Reply::NotXml => plain(StatusCode::BAD_REQUEST, "the body is not XML\n"),
    }
}

fn plain(status: StatusCode, text: &'static str) -> HttpResponse {
    HttpResponse::build(status).content_type(TEXT).body(text)
}

/// The media type in lower case, and its `charset`. Blanks around `=` are forgiven.
fn media_type(content_type: &str) -> (String, Option<String>) {
    let mut parts = parts_of(content_type).into_iter();
    let media_type = parts.next().unwrap_or_default().to_ascii_lowercase();
    let charset = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("charset")
            .then(|| unquoted(value.trim()))
    });
    (media_type, charset)
}

/// The parts between semicolons. A quoted string is one value, whatever it holds (RFC 9110, 5.6.4).
fn parts_of(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let (mut quoted, mut escaped) = (false, false);
    for character in text.chars() {
        match character {
            ';' if !quoted => {
                parts.push(String::new());
                continue;
            }
            '"' if !escaped => quoted = !quoted,
            _ => {}
        }
        escaped = quoted && character == '\\' && !escaped;
        if let Some(part) = parts.last_mut() {
            part.push(character);
        }
    }
    parts.iter().map(|part| part.trim().to_owned()).collect()
}

/// A token as it is, a quoted string without its quotes and escapes.
fn unquoted(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"') else {
        return value.to_owned();
    };
    let mut text = String::new();
    let mut characters = inner.strip_suffix('"').unwrap_or(inner).chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => text.extend(characters.next()),
            other => text.push(other),
        }
    }
    text
}

/// Reads a body within its limits of size and time.
async fn read(mut payload: web::Payload) -> Result<Vec<u8>, HttpResponse> {
    let reading = async {
        let mut body = Vec::new();
        while let Some(chunk) = payload.next().await {
            let Ok(chunk) = chunk else {
                return Err(plain(StatusCode::BAD_REQUEST, "the body ended early\n"));
            };
            if body.len() + chunk.len() > BODY_BYTES_MAX {
                return Err(plain(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    "the body holds more than 1 MiB\n",
                ));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    };
    match tokio::time::timeout(Duration::from_millis(BODY_READ_TIMEOUT_MS), reading).await {
        Ok(read) => read,
        Err(_elapsed) => Err(plain(
            StatusCode::REQUEST_TIMEOUT,
            "the body took more than 30 s\n",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_media_type_is_read_without_its_parameters_and_case() {
        assert_eq!(
            media_type("Text/XML; action=\"x\"; CharSet=\"UTF-8\""),
            ("text/xml".into(), Some("UTF-8".into()))
        );
        assert_eq!(
            media_type("application/soap+xml"),
            ("application/soap+xml".into(), None)
        );
        assert_eq!(media_type(""), (String::new(), None));
    }

    /// Fault B27: a quoted string is one value.
    #[test]
    fn a_charset_inside_a_quoted_string_is_none() {
        for (content_type, charset) in [
            ("text/xml; action=\"a;charset=x\"; charset=utf-8", Some("utf-8")),
            ("text/xml; action=\"a;charset=x\"", None),
            (
                "text/xml; action=\"a\\\";charset=x\"; charset=\"utf\\-8\"",
                Some("utf-8"),
            ),
            ("text/xml; action=\"a\\\\\"; charset=utf-16", Some("utf-16")),
            ("text/xml;charset=utf-8;", Some("utf-8")),
            ("text/xml; charset = utf-8", Some("utf-8")),
            ("text/xml; charset=utf-8; charset=x", Some("utf-8")),
            ("text/xml; xcharset=x", None),
            ("text/xml; action=\"never closed;charset=x", None),
        ] {
            let read = media_type(content_type);
            assert_eq!(
                read,
                ("text/xml".to_owned(), charset.map(str::to_owned)),
                "{content_type}"
            );
        }
    }

    #[test]
    fn the_wsdl_names_the_public_url_or_the_host_asked_and_never_a_forged_one() {
        let asked = Public {
            url: None,
            scheme: "http",
        };
        assert_eq!(
            asked.address("ws.example.org:8081"),
            format!("http://ws.example.org:8081{PATH}")
        );
        assert_eq!(asked.address("[::1]:8081"), format!("http://[::1]:8081{PATH}"));
        assert_eq!(asked.address("evil\"/><x"), format!("http://localhost{PATH}"));
        assert_eq!(asked.address(""), format!("http://localhost{PATH}"));
        let public = Public {
            url: Some("https://ws.example.org/".into()),
            scheme: "http",
        };
        assert_eq!(
            public.address("10.0.0.1"),
            format!("https://ws.example.org{PATH}")
        );
    }
}
