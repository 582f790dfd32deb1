//! The history of a ticket in words.

use actix_web::{HttpRequest, HttpResponse, get, web::Path};
use api_types::{BlamePage, FieldBlame, HistoryPage, PageQuery};

use domain::ticket::blame::SetBy;

use super::{
    answered, key, only_as_of,
    paged::{self, Asked},
};
use crate::{
    answer,
    caller::Caller,
    refusal::{INTERNAL, Refusal},
};

/// How many entries a page has unless asked otherwise.
pub const HISTORY_LIMIT: usize = 100;
/// How many entries a page may have.
pub const HISTORY_LIMIT_MAX: usize = 1_000;

/// What happened to a ticket, with both identities and all clocks of each event.
///
/// Oldest first, or newest first with `sort=-version`. Internal notes are left out for those who may not read them. `changes` tells each field before and after.
#[utoipa::path(
    operation_id = "list_history", tag = "tickets",
    params(("key" = String, Path, description = "The ticket's key.", example = "SUP-12"), PageQuery),
    responses((status = 200, description = "A page.", body = HistoryPage)),
)]
#[get("/tickets/{key}/history")]
pub(crate) async fn list_history(
    caller: Caller,
    path: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Refusal> {
    let (page, key) = (
        Asked::read(&caller, &request, HISTORY_LIMIT, HISTORY_LIMIT_MAX)?,
        key(&path)?,
    );
    caller.application.tickets.reaches(page.at_least).await?;
    answered(&caller, move |caller, reader| {
        let loaded = reader.tickets().ticket_as_of(caller.viewer(), &key, page.as_of)?;
        paged::history(caller, reader, &loaded, (page.start, page.limit))
    })
    .await
}

/// For every field of a ticket, the event that set it.
///
/// A field that was taken away is listed too, with the event that took it away. Values of erased persons are `null`.
#[utoipa::path(
    operation_id = "get_blame", tag = "tickets",
    params(
        ("key" = String, Path, description = "The ticket's key.", example = "SUP-12"),
        ("as_of" = Option<String>, Query, description = "The ticket as it stood after this position, or at this RFC 3339 time."),
    ),
    responses((status = 200, description = "The fields, by name.", body = BlamePage)),
)]
#[get("/tickets/{key}/blame")]
pub(crate) async fn get_blame(
    caller: Caller,
    path: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Refusal> {
    let (as_of, key) = (only_as_of(&caller, &request)?, key(&path)?);
    answered(&caller, move |caller, reader| {
        let blamed = reader.tickets().blame(caller.viewer(), &key, as_of)?;
        let ticket = serde_json::to_value(super::ticket_json(caller, &blamed.loaded)?);
        let ticket = ticket.map_err(|error| Refusal::new(&INTERNAL).cause(error))?;
        let directory = reader.directory();
        let field = |(name, set): (String, SetBy)| {
            let value = match name.strip_prefix("fields.") {
                Some(own) => &ticket["fields"][own],
                None => &ticket[&name],
            };
            FieldBlame {
                value: value.clone(),
                removed: set.removed,
                position: set.stamp.position,
                version: set.stamp.version,
                at: set.stamp.at,
                by: answer::account(directory, set.stamp.by),
                on_behalf_of: set.stamp.on_behalf_of.map(|id| answer::account(directory, id)),
                field: name,
            }
        };
        let items = blamed.fields.into_iter().map(field).collect();
        Ok(BlamePage { items })
    })
    .await
}
