//! The history of a ticket in words.

use actix_web::{HttpRequest, HttpResponse, get, web::Path};
use api_types::{BlamePage, FieldBlame, HistoryPage, PageQuery};

use application::{Version, tickets::threads::Start};
use domain::{Fault, FaultText, TicketKey, ticket::blame::SetBy};

use super::{
    answered, key, only_as_of,
    paged::{self, Asked},
};
use crate::{
    answer,
    caller::Caller,
    header::wants_event_stream,
    live::{self, Found, Messages, last_event_id},
    refusal::{INTERNAL, Refusal},
};

/// The media type of a page.
const PAGE: [&str; 1] = ["application/json"];
/// How many entries a page has unless asked otherwise.
pub const HISTORY_LIMIT: usize = 100;
/// How many entries a page may have.
pub const HISTORY_LIMIT_MAX: usize = 1_000;

/// What happened to a ticket, with both identities and all clocks of each event.
///
/// Oldest first, or newest first with `sort=-version`. Internal notes are left out for those who may not read them. `changes` tells each field before and after.
///
/// With `Accept: text/event-stream` it is live, oldest first: what there is, then what comes, by the caller's rights at each message. It
/// ends when the access token does, or when the caller may not see the ticket any more, and begins after `after`, or after `Last-Event-ID`
/// when it is resumed.
#[utoipa::path(
    operation_id = "list_history", tag = "tickets",
    params(
        ("key" = String, Path, description = "The ticket's key.", example = "SUP-12"),
        PageQuery,
        ("Last-Event-ID" = Option<u64>, Header, description = "Resumes a live stream after this version of the ticket."),
    ),
    responses((
        status = 200,
        description = "A page, or live. A live stream has one message an entry: `id` is the version of the ticket and `data` the same JSON as an item of a page. Messages have no `event` name; a comment every 15 s keeps the connection.",
        content((HistoryPage = "application/json"), (String = "text/event-stream")),
    )),
)]
#[get("/tickets/{key}/history")]
pub(crate) async fn list_history(
    caller: Caller,
    path: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Refusal> {
    let is_live = wants_event_stream(request.headers(), &PAGE);
    let page = Asked::read(&caller, &request, (HISTORY_LIMIT, HISTORY_LIMIT_MAX), is_live)?;
    let (key, resumed) = (key(&path)?, last_event_id(&request)?);
    caller.application.tickets.reaches(page.at_least).await?;
    if is_live {
        return live_history(caller, key, (page.start, resumed)).await;
    }
    let answer = answered(&caller, move |caller, reader| {
        let loaded = reader.tickets().ticket_as_of(caller.viewer(), &key, page.as_of)?;
        paged::history(caller, reader, &loaded, (page.start, page.limit))
    });
    let mut answer = answer.await?;
    let (vary, accept) = live::by_accept();
    answer.headers_mut().append(vary, accept);
    Ok(answer)
}

async fn live_history(
    caller: Caller,
    key: TicketKey,
    (start, resumed): (Start, Option<u64>),
) -> Result<HttpResponse, Refusal> {
    // What the browser says of itself when it comes back counts for more than what the address said at first.
    let (Start::After(Version(asked)), name) = (start, "after") else {
        return Err(Refusal::new(&INTERNAL));
    };
    let (after, name) = resumed.map_or((asked, name), |resumed| (resumed, "Last-Event-ID"));
    let sought = key.clone();
    let newest = caller.asks(move |caller, reader| {
        let loaded = reader.tickets().ticket(caller.viewer(), &sought)?;
        Ok(loaded.version())
    });
    let Version(newest) = newest.await?;
    if after > newest {
        let version = newest;
        let beyond = FaultText::BeyondTheVersion { version };
        return Err(Refusal::faults(vec![Fault::new(name, beyond)]));
    }
    live::answered(caller, Version(after), move |caller, reader, after| {
        // Asked first: what comes after it wakes the stream.
        let head = caller.application.head();
        let (viewer, page) = (caller.viewer(), (Start::After(after), HISTORY_LIMIT));
        let loaded = reader.tickets().ticket(viewer, &key)?;
        let page = reader.tickets().history(viewer, &loaded, caller.language, page)?;
        let mut sent = Messages::default();
        for entry in page.items {
            let entry = answer::history_entry(reader.directory(), entry);
            sent.add(entry.version, &entry)?;
        }
        Ok(match page.next {
            Some(Start::After(next)) => Found {
                sent,
                next,
                through: None,
            },
            Some(Start::Before(_)) | None => Found {
                sent,
                next: loaded.version(),
                through: Some(head),
            },
        })
    })
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
