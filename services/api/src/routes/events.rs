//! The change feed (N4): pages of NDJSON, or a live stream.

use actix_web::{HttpRequest, HttpResponse, get};
use api_types::FeedEvent;
use application::{
    Application, Position, Reader, StreamName,
    proofs::feed::{FEED_LIMIT_MAX, FeedFilter, FeedItem, Span},
};
use domain::{FaultText, audit::AuditData, policy::Shown};

use crate::{
    caller::Caller,
    header::wants_event_stream,
    live::{self, Found, Messages, last_event_id},
    parameters::{Parameters, beyond},
    refusal::{self, Refusal},
};

/// The media types of a page.
const PAGE: [&str; 2] = ["application/x-ndjson", "application/ndjson"];
/// How many events a page has unless asked otherwise.
pub const FEED_LIMIT: usize = 100;
/// The change feed: every event after a position, in the order of the log.
///
/// With `Accept: text/event-stream` it goes on live until the access token or the API key ends, and resumes after
/// `Last-Event-ID`; otherwise it is a page of
/// NDJSON, one event a line, and the header `Guichet-Next-After` says where the next page starts. For auditors and
/// administrators; for everybody else it does not exist. Reading it leaves one `audit-read.v1` an hour.
#[utoipa::path(
    operation_id = "list_events", tag = "events",
    params(
        ("after" = Option<u64>, Query, description = "Events after this position; 0 when absent.", example = 42),
        ("limit" = Option<u32>, Query, description = "Events a page; 1 to 1,000, 100 when absent.", example = 100),
        ("stream" = Option<String>, Query, description = "Events of this stream only.", example = "SUP-12"),
        ("type" = Option<Vec<String>>, Query, description = "Events of these types only; may be given several times.", example = json!(["ticket-opened.v1"])),
        ("actor" = Option<String>, Query, description = "Events by this account or on its behalf: user name, id, or `me`.", example = "agent"),
        ("desk" = Option<String>, Query, description = "Events of this desk's tickets, and of the desk.", example = "SUP"),
        ("recorded_after" = Option<String>, Query, description = "Recorded at or after this RFC 3339 time.", example = "2026-03-02T09:30:00Z"),
        ("recorded_before" = Option<String>, Query, description = "Recorded before this time.", example = "2026-03-03T00:00:00Z"),
        ("occurred_after" = Option<String>, Query, description = "Happened at or after this time, as a trusted channel told.", example = "2026-03-02T09:30:00Z"),
        ("occurred_before" = Option<String>, Query, description = "Happened before this time, as a trusted channel told.", example = "2026-03-03T00:00:00Z"),
        ("sent_after" = Option<String>, Query, description = "Sent at or after this time, as a trusted channel told.", example = "2026-03-02T09:30:00Z"),
        ("sent_before" = Option<String>, Query, description = "Sent before this time, as a trusted channel told.", example = "2026-03-03T00:00:00Z"),
        ("Last-Event-ID" = Option<u64>, Header, description = "Resumes a live stream after this position."),
    ),
    responses((
        status = 200,
        description = "Events: one a line, or live. A live stream has one message an event: `id` is its position and `data` the same JSON as a line. Messages have no `event` name, so that `onmessage` hears each; a comment every 15 s keeps the connection.",
        content((FeedEvent = "application/x-ndjson"), (String = "text/event-stream")),
        headers(("Guichet-Next-After" = u64, description = "Give it as `after` for the next page; absent from a live stream.")),
    )),
)]
#[get("/events")]
pub(crate) async fn list_events(caller: Caller, request: HttpRequest) -> Result<HttpResponse, Refusal> {
    let mut parameters = Parameters::read(&request)?;
    let after: u64 = parameters.parsed("after", FaultText::NotAPosition).unwrap_or(0);
    let limit = parameters.limit(FEED_LIMIT, FEED_LIMIT_MAX);
    let filter = filter(&caller, &mut parameters);
    let application = &caller.application;
    // A log that ends before what was read of it is another, or was restored from an older copy: waiting would be for ever.
    let head = application.head();
    if Position(after) > head {
        parameters.fault("after", beyond(head));
    }
    let resumed = last_event_id(&request)?;
    if resumed.is_some_and(|resumed| Position(resumed) > head) {
        parameters.fault("Last-Event-ID", beyond(head));
    }
    parameters.end()?;
    let trace = caller.call_of_reader("GET /v1/events", b"")?;
    application
        .proofs
        .trace_audit(trace, AuditData::Feed)
        .await
        .map_err(|error| caller.refusal(error))?;
    if wants_event_stream(request.headers(), &PAGE) {
        let look = move |caller: &Caller, reader: &Reader<'_, Application>, after| {
            let page = reader
                .proofs()
                .feed(caller.viewer(), &filter, after, FEED_LIMIT)?;
            let mut sent = Messages::default();
            for item in page.items {
                let event = event(item);
                sent.add(event.position, &event)?;
            }
            Ok(Found {
                sent,
                next: page.next_after,
                through: (page.next_after >= head).then_some(page.next_after),
            })
        };
        return live::answered(caller, Position(resumed.unwrap_or(after)), look);
    }
    let page = caller.asks(move |caller, reader| {
        let page = reader
            .proofs()
            .feed(caller.viewer(), &filter, Position(after), limit)?;
        let lines = page.items.into_iter().map(line).collect::<Result<Vec<_>, _>>()?;
        Ok((lines.concat(), page.next_after))
    });
    let (body, next_after) = page.await?;
    Ok(HttpResponse::Ok()
        .content_type("application/x-ndjson")
        .insert_header(("guichet-next-after", next_after.0))
        .insert_header(live::by_accept())
        .body(body))
}

fn filter(caller: &Caller, parameters: &mut Parameters) -> FeedFilter {
    let stream = parameters.text("stream").and_then(|name| {
        let stream = StreamName::try_from(name).ok();
        if stream.is_none() {
            parameters.fault("stream", FaultText::NotAStream);
        }
        stream
    });
    let actor = parameters
        .text("actor")
        .map(|named| super::account_named(caller, &named));
    FeedFilter {
        stream,
        types: parameters.all("type"),
        actor,
        desk: parameters.parsed("desk", FaultText::NotADeskKey),
        at: Span {
            from: parameters.instant("recorded_after"),
            before: parameters.instant("recorded_before"),
        },
        occurred_at: Span {
            from: parameters.instant("occurred_after"),
            before: parameters.instant("occurred_before"),
        },
        sent_at: Span {
            from: parameters.instant("sent_after"),
            before: parameters.instant("sent_before"),
        },
    }
}

fn event(item: Shown<FeedItem>) -> FeedEvent {
    let item = item.into_inner();
    FeedEvent {
        position: item.position.0,
        event: item.event,
    }
}

fn line(item: Shown<FeedItem>) -> Result<Vec<u8>, Refusal> {
    let line = serde_json::to_vec(&event(item));
    let mut line = line.map_err(|error| Refusal::new(&refusal::INTERNAL).cause(error))?;
    line.push(b'\n');
    Ok(line)
}
