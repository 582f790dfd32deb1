//! From where a request comes.

use std::net::IpAddr;

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::header::{self, HeaderMap},
    web::Data,
};
use application::{Application, sign_in::Client};

use crate::{
    caller::is_believed,
    config::ApiConfig,
    limit::Limiter,
    refusal::{INTERNAL, MALFORMED, Refusal, TOO_MANY_REQUESTS},
};

/// For whom a door of ours calls.
const CLIENT_ADDRESS: &str = "guichet-client-address";

/// The client of an operation that nobody needs to be signed in for; taking it counts against the limit of its address.
pub(crate) struct Stranger(pub(crate) Client);

impl FromRequest for Stranger {
    type Error = Refusal;
    type Future = std::future::Ready<Result<Self, Refusal>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let read = || {
            let missing = || Refusal::new(&INTERNAL).cause("the door lacks its application data");
            let application = request.app_data::<Data<Application>>().ok_or_else(missing)?;
            let config = request.app_data::<Data<ApiConfig>>().ok_or_else(missing)?;
            let limiter = request.app_data::<Data<Limiter>>().ok_or_else(missing)?;
            let believed = is_believed(application, config, request.headers());
            let client = read(request, believed, config)?;
            // A door of ours that does not say for whom it asks is nobody's flood.
            let says = !believed || request.headers().contains_key(CLIENT_ADDRESS);
            match client
                .address
                .filter(|_| says)
                .map(|address| limiter.count(address))
            {
                Some(Err(seconds)) => Err(Refusal::new(&TOO_MANY_REQUESTS).retry_after_s(seconds)),
                Some(Ok(())) | None => Ok(Stranger(client)),
            }
        };
        std::future::ready(read())
    }
}

/// The client, as far as it can be believed: a door of ours says for whom it calls (design §6), and so does a reverse proxy
/// that the configuration names.
pub(crate) fn read(request: &HttpRequest, believed: bool, config: &ApiConfig) -> Result<Client, Refusal> {
    let headers = request.headers();
    let user_agent = headers
        .get(header::USER_AGENT)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    let address = match headers.get(CLIENT_ADDRESS).filter(|_| believed) {
        Some(value) => {
            let address = value.to_str().ok().and_then(|text| text.trim().parse().ok());
            let unreadable =
                || Refusal::new(&MALFORMED).detail("the header Guichet-Client-Address is no IP address");
            Some(address.ok_or_else(unreadable)?)
        }
        None => of_peer(
            request.peer_addr().map(|peer| peer.ip()),
            headers,
            &config.trusted_proxies,
        ),
    };
    Ok(Client {
        address,
        user_agent,
        is_door: believed,
    })
}

/// The address that a connection comes from; behind trusted proxies, the last one that none of them is
/// (`X-Forwarded-For`, read from its end: what stands before may be anybody's invention).
pub(crate) fn of_peer(peer: Option<IpAddr>, headers: &HeaderMap, trusted: &[IpAddr]) -> Option<IpAddr> {
    let mut address = peer?;
    let forwarded = headers
        .get_all("x-forwarded-for")
        .filter_map(|value| value.to_str().ok());
    let mut chain: Vec<&str> = forwarded.flat_map(|value| value.split(',')).collect();
    while trusted.contains(&address) {
        let Some(before) = chain.pop().and_then(|text| text.trim().parse().ok()) else {
            break;
        };
        address = before;
    }
    Some(address)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{HeaderName, HeaderValue};

    fn address(peer: &str, forwarded: &[&'static str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(
                HeaderName::from_static("x-forwarded-for"),
                HeaderValue::from_static(value),
            );
        }
        let trusted: Vec<IpAddr> = trusted.iter().map(|text| text.parse().unwrap()).collect();
        of_peer(peer.parse().ok(), &headers, &trusted)
            .unwrap()
            .to_string()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed_and_only_its_own_word() {
        assert_eq!(address("192.0.2.1", &["198.51.100.7"], &[]), "192.0.2.1");
        assert_eq!(
            address("10.0.0.1", &["198.51.100.7"], &["10.0.0.1"]),
            "198.51.100.7"
        );
        assert_eq!(
            address("10.0.0.1", &["203.0.113.9, 198.51.100.7"], &["10.0.0.1"]),
            "198.51.100.7"
        );
        assert_eq!(
            address(
                "10.0.0.1",
                &["198.51.100.7", "10.0.0.2"],
                &["10.0.0.1", "10.0.0.2"]
            ),
            "198.51.100.7"
        );
        assert_eq!(address("10.0.0.1", &["nonsense"], &["10.0.0.1"]), "10.0.0.1");
    }
}
