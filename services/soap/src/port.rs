//! What comes through the door: one path for calls and for the WSDL, within limits (WS-I Basic Profile 1.1, 3.4).

mod fields;

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
        match &self.url {
            Some(url) => format!("{}{PATH}", url.trim_end_matches('/')),
            None if fields::is_host(host) => format!("{}://{host}{PATH}", self.scheme),
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
    let asked = match fields::asked(request.headers()) {
        Ok(asked) => asked,
        Err((status, text)) => return plain(status, text),
    };
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
        charset: asked.charset.as_deref(),
        authorization: asked.authorization,
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
        for forged in [
            "evil\"/><x",
            "",
            "a..b:99999999",
            "a..b",
            "a:99999",
            "a:b",
            "[::1",
            "[::g]:1",
            ".",
            "a:1:2",
        ] {
            assert_eq!(
                asked.address(forged),
                format!("http://localhost{PATH}"),
                "{forged}"
            );
        }
        for host in [
            "a",
            "a.",
            "127.0.0.1:1",
            "under_score.example:65535",
            "[2001:db8::1]",
        ] {
            assert_eq!(asked.address(host), format!("http://{host}{PATH}"), "{host}");
        }
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
