//! From where a request comes.

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, http::header, web::Data};
use api_types::forwarded::client_address;
use application::{Application, identity::tries::Client};
use domain::Detail;

use crate::{
    caller::is_believed,
    config::ApiConfig,
    limit::{Limiter, ToTell},
    refusal::{INTERNAL, Refusal, TOO_MANY_REQUESTS},
};

/// For whom a door of ours calls.
const CLIENT_ADDRESS: &str = "guichet-client-address";
/// Which door of ours calls.
const CHANNEL: &str = "guichet-channel";

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
            // A door of ours that does not say for whom it asks is nobody's flood. The SOAP door limits sign-ins itself, by login
            // first: the programs of many operators may stand behind one address.
            let headers = request.headers();
            let limits_itself = headers.get(CHANNEL).is_some_and(|channel| channel == "soap");
            let says = !believed || (headers.contains_key(CLIENT_ADDRESS) && !limits_itself);
            if let Some(address) = client.address.filter(|_| says) {
                let counted = limiter.count(address);
                let left = counted.map_err(|spent| Refusal::new(&TOO_MANY_REQUESTS).spent(spent))?;
                let to_tell = ToTell::default();
                to_tell.note(left);
                request.extensions_mut().insert(to_tell);
            }
            Ok(Stranger(client))
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
            let unreadable = || {
                let name = "Guichet-Client-Address".to_owned();
                Refusal::of(Detail::HeaderNotAnAddress { name })
            };
            Some(address.ok_or_else(unreadable)?)
        }
        None => client_address(
            request.peer_addr().map(|peer| peer.ip()),
            headers.get_all("x-forwarded-for").map(|value| value.as_bytes()),
            &config.trusted_proxies,
        ),
    };
    Ok(Client {
        address,
        user_agent,
        is_door: believed,
    })
}
