//! Uploads as RFC 7578 writes them: a form with one file, read part by part while it comes.
//!
//! The boundary alone says where a part ends, whatever its header fields claim. Parts may stand in any order, and each is
//! accounted for: what is not known here is refused and not left out.

use domain::Detail;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use actix_web::{
    http::header::{CONTENT_TYPE, HeaderMap},
    web::{Bytes, Payload},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use futures_util::{Stream, StreamExt, stream};
use multer::{Field, Multipart};
use tokio::{sync::mpsc, task::JoinHandle};

use crate::{
    config::{BODY_WAIT_S, MULTIPART_EXTRA_BYTES_MAX},
    header::Parametrized,
    limit::Exceeded,
    refusal::Refusal,
};

/// How many pieces of an upload wait to be read.
const PIECES: usize = 2;
/// What may have come and not been read yet, bytes: the pieces that wait, and what is looked through for the boundary.
const UNREAD_BYTES_MAX: u64 = 512 * 1024;

/// A form on its way in.
pub(crate) struct Form {
    /// Until its last part has been read.
    parts: Option<Multipart<'static>>,
    /// Reads the body, and what follows the last part.
    reader: Option<JoinHandle<()>>,
    counts: Arc<Counts>,
}

/// How much of a form came, and how much of it was the file.
#[derive(Default)]
struct Counts {
    came: AtomicU64,
    file: AtomicU64,
    /// Largest file.
    file_max: u64,
}

/// A part of a form.
pub(crate) struct Part {
    /// The name of its field.
    pub(crate) name: String,
    /// The name of its file as the client gave it, which may hold anything.
    pub(crate) file_name: Option<String>,
    field: Field<'static>,
    counts: Arc<Counts>,
}

/// Why an upload cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Broken {
    /// It stopped coming.
    #[error("nothing arrived for {BODY_WAIT_S} s")]
    Silent,
    /// It broke off, or is no form.
    #[error("the multipart form cannot be read")]
    Unreadable,
    /// It holds more than a file.
    #[error("a form holds at most {MULTIPART_EXTRA_BYTES_MAX} bytes beside its file")]
    TooMuchBeside,
    /// A part is not named.
    #[error("a part of the form has no name")]
    Nameless,
    /// Its sender has sent as much as they may.
    #[error(transparent)]
    Exceeded(#[from] Exceeded),
}

impl From<Broken> for Refusal {
    fn from(broken: Broken) -> Refusal {
        Refusal::of(match broken {
            Broken::TooMuchBeside => Detail::BesideFileMax {
                bytes: MULTIPART_EXTRA_BYTES_MAX,
            },
            Broken::Silent => Detail::NothingArrived { seconds: BODY_WAIT_S },
            Broken::Unreadable => Detail::FormUnreadable,
            Broken::Nameless => Detail::PartWithoutName,
            Broken::Exceeded(exceeded) => return exceeded.into(),
        })
    }
}

/// The boundary of a form; `None` when the body is none.
pub(crate) fn boundary(headers: &HeaderMap) -> Option<String> {
    let kind = Parametrized::read(headers.get(CONTENT_TYPE)?.as_bytes());
    let boundary = kind
        .parameter("boundary")
        .filter(|boundary| !boundary.is_empty())?;
    (kind.value == "multipart/form-data").then(|| boundary.to_owned())
}

impl Form {
    /// Begins to read a form.
    pub(crate) fn open(payload: Payload, boundary: String, file_bytes_max: u64) -> Form {
        let counts = Arc::new(Counts {
            file_max: file_bytes_max,
            ..Counts::default()
        });
        let (reader, pieces) = coming(payload, counts.clone());
        Form {
            parts: Some(Multipart::new(pieces, boundary)),
            reader: Some(reader),
            counts,
        }
    }

    /// The next part, once the one before is read to its end; `None` after the last.
    pub(crate) async fn next(&mut self) -> Result<Option<Part>, Broken> {
        let field = match &mut self.parts {
            None => None,
            Some(parts) => parts.next_field().await.map_err(why)?,
        };
        let Some(field) = field else {
            self.end().await;
            return Ok(None);
        };
        let disposition = field.headers().get("content-disposition");
        let disposition = Parametrized::read(disposition.map_or(b"", |value| value.as_bytes()));
        let name = disposition.parameter("name").ok_or(Broken::Nameless)?;
        Ok(Some(Part {
            name: name.to_owned(),
            file_name: file_name(&disposition),
            field,
            counts: self.counts.clone(),
        }))
    }

    /// Reads to the end of the body. Where an answer is given before, the connection is closed under a client that wants to go
    /// on with it.
    async fn end(&mut self) {
        self.parts = None;
        if let Some(reader) = self.reader.take() {
            // It ends by itself, and a reader that panicked has nothing more to tell.
            let _ = reader.await;
        }
    }
}

impl Part {
    /// The bytes of the file, as they come.
    pub(crate) fn file(self) -> impl Stream<Item = Result<Bytes, Broken>> + Unpin {
        let counts = self.counts;
        self.field.map(move |piece| {
            let piece = piece.map_err(why)?;
            counts.file.fetch_add(piece.len() as u64, Ordering::Relaxed);
            Ok(piece)
        })
    }

    /// Reads it to its end and keeps nothing. A file is no less one when it is not wanted.
    pub(crate) async fn pass_over(mut self, is_file: bool) -> Result<(), Broken> {
        if is_file {
            let mut file = self.file();
            while let Some(piece) = file.next().await {
                let _ = piece?;
            }
            return Ok(());
        }
        while let Some(piece) = self.field.next().await {
            let _ = piece.map_err(why)?;
        }
        Ok(())
    }
}

/// The name of a part's file. `filename*` is not meant for forms (RFC 7578 §4.2), and is what .NET sends beside an unreadable
/// `filename`; where it cannot be read, `filename` counts.
fn file_name(disposition: &Parametrized) -> Option<String> {
    let plain = disposition.parameter("filename");
    let plain = plain.map(|name| encoded_word(name).unwrap_or_else(|| unescaped(name)));
    let extended = disposition.parameter("filename*").and_then(extended);
    extended.filter(|name| !name.is_empty()).or(plain)
}

/// What HTML's encoding of forms escapes, and nothing else.
fn unescaped(name: &str) -> String {
    name.replace("%22", "\"")
        .replace("%0D", "\r")
        .replace("%0A", "\n")
}

/// An encoded word of mail (RFC 2047), which older .NET sends for a name outside ASCII and nothing beside it.
fn encoded_word(name: &str) -> Option<String> {
    let mut parts = name.strip_prefix("=?")?.strip_suffix("?=")?.splitn(3, '?');
    let (charset, encoding, encoded) = (parts.next()?, parts.next()?, parts.next()?);
    if !encoding.eq_ignore_ascii_case("b") {
        return None;
    }
    in_charset(charset, BASE64_STANDARD.decode(encoded).ok()?)
}

/// A value of RFC 8187: charset, language and percent-encoded bytes.
fn extended(value: &str) -> Option<String> {
    let mut parts = value.splitn(3, '\'');
    let (charset, _language, encoded) = (parts.next()?, parts.next()?, parts.next()?);
    in_charset(charset, percent_decoded(encoded)?)
}

fn in_charset(charset: &str, bytes: Vec<u8>) -> Option<String> {
    match charset.to_ascii_lowercase().as_str() {
        "utf-8" | "us-ascii" => String::from_utf8(bytes).ok(),
        "iso-8859-1" => Some(bytes.into_iter().map(char::from).collect()),
        _ => None,
    }
}

fn percent_decoded(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut left) = (Vec::with_capacity(text.len()), text.bytes());
    while let Some(byte) = left.next() {
        let byte = match byte {
            b'%' => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                let (high, low) = (digit(left.next()?)?, digit(left.next()?)?);
                u8::try_from(high * 16 + low).ok()?
            }
            byte if byte.is_ascii() => byte,
            _ => return None,
        };
        bytes.push(byte);
    }
    Some(bytes)
}

/// What the reader of the form says is what was said to it, or that it is no form.
fn why(error: multer::Error) -> Broken {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(error) = cause {
        if let Some(broken) = error.downcast_ref::<Broken>() {
            return broken.clone();
        }
        cause = error.source();
    }
    Broken::Unreadable
}

/// The bytes of a body as they come, each piece in time: a file may take long, silence not. The body stays on its own thread; once
/// nobody reads any more, so much is passed over as a form may hold beside its file.
fn coming(
    mut payload: Payload,
    counts: Arc<Counts>,
) -> (JoinHandle<()>, impl Stream<Item = Result<Bytes, Broken>> + Send) {
    let (give, take) = mpsc::channel(PIECES);
    let reader = actix_web::rt::spawn(async move {
        let wait = Duration::from_secs(BODY_WAIT_S);
        loop {
            let piece = tokio::select! {
                () = give.closed() => return pass_over(payload, wait).await,
                piece = tokio::time::timeout(wait, payload.next()) => piece,
            };
            let piece = match piece {
                Ok(None) => return,
                Ok(Some(Ok(piece))) => counts.count(piece),
                Ok(Some(Err(_broken_off))) => Err(Broken::Unreadable),
                Err(_elapsed) => Err(Broken::Silent),
            };
            let is_last = piece.is_err();
            if is_last {
                let _ = give.send(piece).await;
                return;
            }
            if give.send(piece).await.is_err() {
                return pass_over(payload, wait).await;
            }
        }
    });
    let pieces = stream::unfold(take, |mut take| async move {
        take.recv().await.map(|piece| (piece, take))
    });
    (reader, pieces)
}

async fn pass_over(mut payload: Payload, wait: Duration) {
    let mut left = MULTIPART_EXTRA_BYTES_MAX;
    while let Ok(Some(Ok(piece))) = tokio::time::timeout(wait, payload.next()).await {
        match left.checked_sub(piece.len()) {
            Some(less) => left = less,
            None => return,
        }
    }
}

impl Counts {
    fn count(&self, piece: Bytes) -> Result<Bytes, Broken> {
        let came = self.came.fetch_add(piece.len() as u64, Ordering::Relaxed) + piece.len() as u64;
        let file = self.file.load(Ordering::Relaxed).min(self.file_max);
        let beside = came.saturating_sub(file);
        if beside > MULTIPART_EXTRA_BYTES_MAX as u64 + UNREAD_BYTES_MAX {
            return Err(Broken::TooMuchBeside);
        }
        Ok(piece)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Faults B12 and B16: the name of a file, whichever way it is written.
    #[test]
    fn a_file_has_the_name_that_its_sender_gave_it() {
        for (given, expected) in [
            ("filename*=UTF-8''%E2%82%AC%20taux.txt", Some("€ taux.txt")),
            (
                "filename=\"=?utf-8?B?w6l0w6kudHh0?=\"; filename*=utf-8''%C3%A9t%C3%A9.txt",
                Some("été.txt"),
            ),
            (
                "filename*=utf-8''%c3%a9t%c3%a9.txt; filename=\"x.txt\"",
                Some("été.txt"),
            ),
            ("filename*=Utf-8'fr'%C3%A9.txt", Some("é.txt")),
            ("filename*=ISO-8859-1''%E9t%E9.txt", Some("été.txt")),
            ("filename*=\"UTF-8''%C3%A9.txt\"", Some("é.txt")),
            ("filename=x.txt; filename*=UTF-8''%zz", Some("x.txt")),
            ("filename=x.txt; filename*=UTF-8''%E9", Some("x.txt")),
            ("filename=x.txt; filename*=UTF-8''a%4", Some("x.txt")),
            ("filename=x.txt; filename*=koi8-r''a", Some("x.txt")),
            ("filename=x.txt; filename*=a", Some("x.txt")),
            ("filename=x.txt; filename*=UTF-8''", Some("x.txt")),
            (
                "filename=\"C:\\Users\\x\\rapport.pdf\"",
                Some("C:\\Users\\x\\rapport.pdf"),
            ),
            ("filename=\"a%22b%20c.txt\"", Some("a\"b%20c.txt")),
            ("filename=\"\"", Some("")),
            ("filename=\"=?utf-8?B?w6l0w6kudHh0?=\"", Some("été.txt")),
            ("filename=\"=?utf-8?B?w6l0w6k?=\"", Some("=?utf-8?B?w6l0w6k?=")),
            ("filename=\"=?utf-8?X?a?=\"", Some("=?utf-8?X?a?=")),
            ("name=x", None),
        ] {
            let disposition = Parametrized::read(format!("form-data; {given}").as_bytes());
            assert_eq!(file_name(&disposition).as_deref(), expected, "{given}");
        }
    }
}
