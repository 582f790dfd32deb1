//! The change feed (N4): pages of NDJSON, or a live stream.

use std::time::Duration;

use domain::{AccountId, Detail, FaultText, audit::AuditData, policy::Shown};

use actix_web::{HttpRequest, HttpResponse, get, web::Bytes};
use api_types::FeedEvent;
use application::{
    Application, Position, StreamName,
    proofs::feed::{FEED_LIMIT_MAX, FeedFilter, FeedItem, Span},
};
use chrono::{DateTime, Utc};
use futures_util::{Stream, TryStreamExt, stream};
use uuid::Uuid;

use crate::{
    caller::{Caller, only},
    header::wants_event_stream,
    parameters::{Parameters, beyond},
    refusal::{self, Refusal},
};

/// How many events a page has unless asked otherwise.
pub const FEED_LIMIT: usize = 100;
/// How long a live stream stays silent before it sends a comment, so that nobody in between closes it, s.
const KEEP_ALIVE_S: u64 = 15;

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
    if wants_event_stream(request.headers()) {
        let live = Live {
            application: application.get_ref().clone(),
            account: caller.viewer().account,
            sign_in: caller.sign_in(),
            until: caller.until(),
            filter,
            after: Position(resumed.unwrap_or(after)),
        };
        return Ok(HttpResponse::Ok()
            .content_type("text/event-stream")
            .streaming(live.follow().map_err(Refusal::logged)));
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

fn last_event_id(request: &HttpRequest) -> Result<Option<u64>, Refusal> {
    let value = only(request.headers(), "last-event-id")?.map(|value| value.as_bytes().trim_ascii());
    // An empty id is none (HTML §9.2).
    let Some(value) = value.filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let position = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
    position
        .map(Some)
        .ok_or_else(|| Refusal::of(Detail::LastEventIdNotAPosition))
}

fn line(item: Shown<FeedItem>) -> Result<Vec<u8>, Refusal> {
    let item = item.into_inner();
    let event = FeedEvent {
        position: item.position.0,
        event: item.event,
    };
    let mut line =
        serde_json::to_vec(&event).map_err(|error| Refusal::new(&refusal::INTERNAL).cause(error))?;
    line.push(b'\n');
    Ok(line)
}

/// A live stream: whose it is, what of, and how far it has come.
struct Live {
    application: Application,
    account: AccountId,
    sign_in: Uuid,
    /// When the token that it was asked with ends, or the key.
    until: DateTime<Utc>,
    filter: FeedFilter,
    after: Position,
}

impl Live {
    /// First what is there, then what comes, with no seam: each turn reads the log after the last position sent. It ends
    /// when the token, the sign-in or the right to read the log does.
    fn follow(self) -> impl Stream<Item = Result<Bytes, Refusal>> {
        stream::try_unfold(self, |mut live| async move {
            let Ok(left) = (live.until - Utc::now()).to_std() else {
                return Ok(None);
            };
            let Some(viewer) = live.application.identity.viewer_of(live.account, live.sign_in) else {
                return Ok(None);
            };
            let (filter, after) = (live.filter.clone(), live.after);
            let page = live.application.read(move |reader| {
                let page = reader.proofs().feed(&viewer, &filter, after, FEED_LIMIT)?;
                let mut sent = Vec::new();
                for item in page.items {
                    sent.extend(format!("id: {}\ndata: ", item.position.0).into_bytes());
                    sent.extend(line(item)?);
                    sent.push(b'\n');
                }
                Ok::<_, Refusal>((sent, page.next_after))
            });
            let mut sent;
            (sent, live.after) = page.await?;
            if sent.is_empty() {
                let more = live.application.proofs.goes_beyond(live.after);
                let wait = left.min(Duration::from_secs(KEEP_ALIVE_S));
                match tokio::time::timeout(wait, more).await {
                    Ok(Ok(_)) => {}
                    Ok(Err(_)) => return Ok(None),
                    Err(_) => sent.extend(b": waiting\n\n"),
                }
            }
            Ok(Some((Bytes::from(sent), live)))
        })
    }
}
