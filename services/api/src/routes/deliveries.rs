//! What the courier is to deliver (design §6). For the courier only: it shows its
//! key, and no token.

use std::time::Duration;

use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    dev::Payload,
    get, post,
    web::{Data, Path},
};
use api_types::{ClaimedDelivery, Delivery, DeliveryPage, Outcome, SettleDelivery};
use application::{Application, identity::Settled};
use chrono::Utc;
use domain::{Fault, FaultText, Language};

use crate::{
    answer,
    body::Body,
    caller::shows,
    config::ApiConfig,
    parameters::Parameters,
    refusal::{self, INTERNAL, NOT_FOUND, Refusal, UNAUTHENTICATED},
};

/// How many deliveries a page has at most.
pub(crate) const LIMIT_MAX: usize = 100;
/// How long a question waits for something to deliver, at most, s.
pub(crate) const WAIT_S_MAX: u64 = 25;
/// Longest word of a mail server that is taken, characters.
pub(crate) const DETAIL_CHARS_MAX: usize = 500;

/// The courier, by its key.
pub(crate) struct Door {
    application: Data<Application>,
}

impl FromRequest for Door {
    type Error = Refusal;
    type Future = std::future::Ready<Result<Self, Refusal>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let missing = || Refusal::new(&INTERNAL).cause("the door lacks its application data");
        let read = || {
            let application = request.app_data::<Data<Application>>().ok_or_else(missing)?;
            let config = request.app_data::<Data<ApiConfig>>().ok_or_else(missing)?;
            if !shows(application, request.headers(), config.courier_key.as_deref()) {
                return Err(Refusal::new(&UNAUTHENTICATED));
            }
            Ok(Door {
                application: application.clone(),
            })
        };
        std::future::ready(read())
    }
}

fn number(text: &str) -> Result<u64, Refusal> {
    text.parse()
        .map_err(|error: std::num::ParseIntError| Refusal::new(&NOT_FOUND).cause(error))
}

/// What waits to be delivered, oldest first.
///
/// With `wait_s`, the answer comes when something waits, or after so long.
#[utoipa::path(
    operation_id = "list_deliveries", tag = "deliveries", security(("service" = [])),
    params(
        ("after" = Option<u64>, Query, description = "The `next_after` of the page before."),
        ("limit" = Option<u32>, Query, description = "How many at most, 1 to 100."),
        ("wait_s" = Option<u64>, Query, description = "How long to wait for something, 0 to 25 s."),
    ),
    responses((status = 200, description = "A page.", body = DeliveryPage)),
)]
#[get("/deliveries")]
pub(crate) async fn list_deliveries(door: Door, request: HttpRequest) -> Result<HttpResponse, Refusal> {
    let mut parameters = Parameters::read(&request)?;
    let after = parameters.whole("after").unwrap_or(0);
    let limit = parameters.limit(LIMIT_MAX, LIMIT_MAX);
    let wait_s: u64 = parameters
        .parsed("wait_s", FaultText::NotAWholeNumber)
        .unwrap_or(0);
    if wait_s > WAIT_S_MAX {
        parameters.fault("wait_s", FaultText::NumberMax { max: WAIT_S_MAX });
    }
    parameters.end()?;
    let found = door
        .application
        .identity
        .deliveries(
            after,
            u32::try_from(limit).unwrap_or(u32::MAX),
            Duration::from_secs(wait_s),
            Utc::now,
        )
        .await?;
    let next_after = found.last().map_or(after, |last| last.id);
    let items = found.into_iter().map(|delivery| Delivery {
        id: delivery.id,
        recipient: delivery.account,
        channel: "mail".to_owned(),
        effect: delivery.effect,
        attempts: delivery.attempts,
        due_at: delivery.due_at,
    });
    Ok(HttpResponse::Ok().json(DeliveryPage {
        items: items.collect(),
        next_after,
    }))
}

/// Claim a delivery and learn what it says.
///
/// Nobody is given it again for two minutes (404). Claimed after that, it says the same.
#[utoipa::path(
    operation_id = "claim_delivery", tag = "deliveries", security(("service" = [])),
    params(("id" = u64, Path, description = "The delivery's number.")),
    responses((status = 200, description = "What it says.", body = ClaimedDelivery)),
)]
#[post("/deliveries/{id}/claim")]
pub(crate) async fn claim_delivery(door: Door, path: Path<String>) -> Result<HttpResponse, Refusal> {
    let claimed = door
        .application
        .identity
        .claim_delivery(number(&path)?, Utc::now())
        .await?;
    Ok(HttpResponse::Ok().json(ClaimedDelivery {
        id: claimed.id,
        message_id: claimed.message_id,
        to: claimed.to,
        subject: claimed.letter.subject,
        text: claimed.letter.text,
        language: answer::language(claimed.language),
        claimed_until: claimed.until,
    }))
}

/// Say what became of a claimed delivery.
///
/// One that failed is tried again later; one that was refused marks the address as stale.
#[utoipa::path(
    operation_id = "settle_delivery", tag = "deliveries", security(("service" = [])),
    params(("id" = u64, Path, description = "The delivery's number.")),
    request_body = SettleDelivery,
    responses((status = 204, description = "Heard.")),
)]
#[post("/deliveries/{id}/outcome")]
pub(crate) async fn settle_delivery(
    door: Door,
    path: Path<String>,
    body: Body<SettleDelivery>,
) -> Result<HttpResponse, Refusal> {
    let id = number(&path)?;
    let detail = body.value.detail.unwrap_or_default();
    if detail.chars().count() > DETAIL_CHARS_MAX {
        let long = FaultText::CharsMax {
            max: DETAIL_CHARS_MAX,
        };
        return Err(Refusal::faults(vec![Fault::new("/detail", long)]));
    }
    let outcome = match body.value.outcome {
        Outcome::Delivered => Settled::Delivered,
        Outcome::Refused => Settled::Refused,
        Outcome::Failed => Settled::Failed,
    };
    // What a mail server says may name the address: it stays out of the log.
    tracing::info!(delivery = id, outcome = ?body.value.outcome, "a delivery is settled");
    let settled = door
        .application
        .identity
        .settle_delivery(id, outcome, Utc::now())
        .await;
    settled.map_err(|error| refusal::of_command(error, Language::default()))?;
    Ok(HttpResponse::NoContent().finish())
}
