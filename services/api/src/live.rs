//! Live streams (HTML §9.2, server-sent events): first what is there, then what comes, with no seam.

use std::{sync::Arc, time::Duration};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, HeaderValue},
    web::Bytes,
};
use application::{Application, Position, Reader};
use chrono::Utc;
use domain::Detail;
use futures_util::{Stream, TryStreamExt, stream};
use serde::Serialize;

use crate::{
    caller::{Caller, only},
    limit::OpenStream,
    refusal::{INTERNAL, NOT_FOUND, Refusal},
};

/// How long a live stream stays silent before it sends a comment, so that nobody in between closes it, s.
const KEEP_ALIVE_S: u64 = 15;
/// What it sends then, and once when all that was there is sent.
const COMMENT: &[u8] = b": waiting\n\n";

/// What one look at the log has found.
pub(crate) struct Found<P> {
    /// Messages.
    pub(crate) sent: Messages,
    /// After what the next look begins.
    pub(crate) next: P,
    /// There is nothing more until the log goes beyond this position; `None` when there may be.
    pub(crate) through: Option<Position>,
}

/// Messages of a stream, as they are sent. None has an `event` name, so that `onmessage` hears each.
#[derive(Default)]
pub(crate) struct Messages(Vec<u8>);

impl Messages {
    /// Adds a message, which is resumed after by its id.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub(crate) fn add(&mut self, id: u64, data: &impl Serialize) -> Result<(), Refusal> {
        self.0.extend(format!("id: {id}\ndata: ").into_bytes());
        serde_json::to_writer(&mut self.0, data).map_err(|error| Refusal::new(&INTERNAL).cause(error))?;
        self.0.extend(b"\n\n");
        Ok(())
    }
}

type Look<P> = dyn Fn(&Caller, &Reader<'_, Application>, P) -> Result<Found<P>, Refusal> + Send + Sync;

/// A live stream: whose it is, how far it has come, and how it looks for more.
struct Live<P> {
    caller: Caller,
    after: P,
    look: Arc<Look<P>>,
    /// All that was there is sent.
    has_caught_up: bool,
    /// Counts while this lives.
    _open: OpenStream,
}

/// A live stream of what `look` finds after a place, by the caller's rights at each look: it ends when the token, the sign-in or the
/// sight of it does.
///
/// # Errors
/// [`Refusal`] when the account has as many streams open as it may.
pub(crate) fn answered<P: Copy + Send + 'static>(
    caller: Caller,
    after: P,
    look: impl Fn(&Caller, &Reader<'_, Application>, P) -> Result<Found<P>, Refusal> + Send + Sync + 'static,
) -> Result<HttpResponse, Refusal> {
    let live = Live {
        _open: caller.open_stream()?,
        caller,
        after,
        look: Arc::new(look),
        has_caught_up: false,
    };
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header(by_accept())
        .streaming(live.follow().map_err(Refusal::logged)))
}

/// Whether an answer is a page or a stream is said by `Accept`.
pub(crate) fn by_accept() -> (header::HeaderName, HeaderValue) {
    (header::VARY, HeaderValue::from_static("Accept"))
}

impl<P: Copy + Send + 'static> Live<P> {
    fn follow(self) -> impl Stream<Item = Result<Bytes, Refusal>> {
        stream::try_unfold(self, |mut live| async move {
            loop {
                let Ok(left) = (live.caller.until() - Utc::now()).to_std() else {
                    return Ok(None);
                };
                let Some(today) = live.caller.today() else {
                    return Ok(None);
                };
                let (look, after) = (Arc::clone(&live.look), live.after);
                let found = today.asks(move |caller, reader| look(caller, reader, after));
                let found = match found.await {
                    Ok(found) => found,
                    // They may not see it any more.
                    Err(refusal) if refusal.kind().code == NOT_FOUND.code => return Ok(None),
                    Err(refusal) => return Err(refusal),
                };
                live.after = found.next;
                if !found.sent.0.is_empty() {
                    return Ok(Some((Bytes::from(found.sent.0), live)));
                }
                let Some(through) = found.through else {
                    continue;
                };
                if !live.has_caught_up {
                    live.has_caught_up = true;
                    return Ok(Some((Bytes::from_static(COMMENT), live)));
                }
                let more = live.caller.application.proofs.goes_beyond(through);
                let silence = Duration::from_secs(KEEP_ALIVE_S);
                match tokio::time::timeout(left.min(silence), more).await {
                    Ok(Ok(())) => {}
                    // The log is closed: the server stops.
                    Ok(Err(_)) => return Ok(None),
                    Err(_) if left <= silence => {}
                    Err(_) => return Ok(Some((Bytes::from_static(COMMENT), live))),
                }
            }
        })
    }
}

/// After what a stream is to be resumed.
///
/// # Errors
/// When it is no number.
pub(crate) fn last_event_id(request: &HttpRequest) -> Result<Option<u64>, Refusal> {
    let value = only(request.headers(), "last-event-id")?.map(|value| value.as_bytes().trim_ascii());
    // An empty id is none (HTML §9.2).
    let Some(value) = value.filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let id = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
    id.map(Some)
        .ok_or_else(|| Refusal::of(Detail::LastEventIdUnreadable))
}
