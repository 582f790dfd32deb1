//! Counters over time.

use actix_web::{HttpRequest, HttpResponse, get};
use api_types::{DayCounts, StatusSeries};
use application::Position;
use domain::{DeskKey, FaultText};

use crate::{caller::Caller, parameters::Parameters, refusal::Refusal};

/// How many tickets were in each status at the end of each day.
///
/// Of the tickets that the caller may see today. Days are those of UTC and end with the last event recorded on them; at most
/// 3,660 of them.
#[utoipa::path(
    operation_id = "get_status_series", tag = "tickets",
    params(
        ("desk" = Option<String>, Query, description = "Tickets of this desk; of all desks when absent.", example = "SUP"),
        ("from" = String, Query, description = "The first day."),
        ("to" = String, Query, description = "The last day."),
        ("at_least" = Option<u64>, Query, description = "Answer only when this position of the log is on the screen; 503 `view-behind` after 2 s."),
    ),
    responses((status = 200, description = "One item a day.", body = StatusSeries)),
)]
#[get("/series/statuses")]
pub(crate) async fn get_status_series(caller: Caller, request: HttpRequest) -> Result<HttpResponse, Refusal> {
    let mut parameters = Parameters::read(&request)?;
    let desk: Option<DeskKey> = parameters.parsed("desk", FaultText::NotADeskKey);
    let (from, to) = (parameters.day("from"), parameters.day("to"));
    let at_least: Option<u64> = parameters.parsed("at_least", FaultText::NotAPosition);
    parameters.end()?;
    let (from, to) = (from.unwrap_or_default(), to.unwrap_or_default());
    let days = caller
        .application
        .tickets
        .status_series(caller.viewer(), desk, (from, to), at_least.map(Position))
        .await?;
    let items = days
        .into_iter()
        .map(|(date, statuses)| DayCounts {
            date,
            statuses: statuses
                .into_iter()
                .map(|(status, count)| (status.to_string(), count))
                .collect(),
        })
        .collect();
    Ok(HttpResponse::Ok().json(StatusSeries { items }))
}
