//! The history of a ticket in words.

use actix_web::{HttpRequest, HttpResponse, get, web::Path};
use api_types::{HistoryEntry, HistoryPage, PageQuery, Problem};

use super::{comments::Page, key};
use crate::{answer, caller::Caller, parameters::next_cursor, refusal::Refusal};

/// How many entries a page has unless asked otherwise.
pub const HISTORY_LIMIT: usize = 100;
/// How many entries a page may have.
pub const HISTORY_LIMIT_MAX: usize = 1_000;

/// What happened to a ticket, oldest first, with both identities and all clocks of each event.
///
/// Internal notes are left out for those who may not read them. `changes` tells each field before and after.
#[utoipa::path(
    operation_id = "list_history", tag = "tickets",
    params(("key" = String, Path, description = "The ticket's key.", example = "SUP-12"), PageQuery),
    responses(
        (status = 200, description = "A page.", body = HistoryPage),
        (status = 401, description = "No token that holds.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such ticket for this caller.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Parameters at fault.", body = Problem, content_type = "application/problem+json"),
    ),
)]
#[get("/tickets/{key}/history")]
pub(crate) async fn list_history(
    caller: Caller,
    path: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Refusal> {
    let page = Page::read(&request, HISTORY_LIMIT, HISTORY_LIMIT_MAX)?;
    let application = &caller.application;
    let loaded = application.ticket(caller.viewer(), &key(&path)?)?;
    let entries = application.history_of(caller.viewer(), &loaded, caller.language, page.after)?;
    let entry = |entry| answer::history_entry(application.directory(), entry);
    let mut items: Vec<HistoryEntry> = entries.into_iter().take(page.limit + 1).map(entry).collect();
    let next_cursor = next_cursor(&mut items, page.limit, |entry| entry.version);
    Ok(HttpResponse::Ok().json(HistoryPage { items, next_cursor }))
}
