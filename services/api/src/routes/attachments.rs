//! Files on a ticket, streamed both ways.

use actix_web::{
    HttpRequest, HttpResponse,
    body::SizedStream,
    get,
    http::header::{self, Charset, ContentDisposition, DispositionParam, DispositionType, ExtendedValue},
    post,
    web::{Path, Payload},
};
use api_types::{Attachment, AttachmentList, CreateAttachment, FileBytes};
use application::{ExecuteError, tickets::attachments::Stored};
use domain::{AttachmentId, Detail, Fault, FaultText, TicketKey, desk::form};
use futures_util::{StreamExt, TryStreamExt};

use super::{
    answered,
    digests::{content_digest, digest_of_hex, digest_tag},
    kept_file, key, only_as_of,
};
use crate::{
    answer,
    caller::Caller,
    config::MULTIPART_EXTRA_BYTES_MAX,
    refusal::{self, INTERNAL, NOT_FOUND, Refusal},
    upload::{Broken, Form, boundary},
};

/// The part of the form that is the file.
const FILE: &str = "file";
/// How much of a part's name is told back, characters.
const NAME_CHARS_MAX: usize = 100;

/// Attach a file: the part `file` of a multipart form, streamed.
///
/// Its media type is told from its content, whatever the client says of it. Its name is kept without path, invisible and
/// control characters, cut before its ending to 255 bytes. `filename*` (RFC 8187) counts before `filename`. Any other part, or a
/// second file, is refused by its name, and nothing is stored then.
#[utoipa::path(
    operation_id = "create_attachment", tag = "attachments",
    params(("key" = String, Path, description = "The ticket's key.", example = "SUP-12")),
    request_body(content = CreateAttachment, content_type = "multipart/form-data"),
    responses((status = 201, description = "Attached.", body = Attachment)),
)]
#[post("/tickets/{key}/attachments")]
pub(crate) async fn create_attachment(
    caller: Caller,
    path: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Refusal> {
    let key = key(&path)?;
    let boundary = refuse_early(&caller, &request)?;
    let what = format!("POST /v1/tickets/{key}/attachments");
    let application = &caller.application;
    let form = Form::open(payload, boundary, application.tickets.file_bytes_max());
    let mut kept = None;
    let stored = match taken(&caller, &key, &what, form, &mut kept).await {
        Ok(stored) => stored,
        Err(refusal) => {
            if let Some(stored) = kept {
                application.tickets.discard(&key, stored).await;
            }
            return Err(refusal);
        }
    };
    let asked = format!("{}/{}", stored.content_sha256(), stored.name());
    let call = caller.call_after_upload(&what, asked.as_bytes())?;
    let done = application.tickets.attach(call, key.clone(), stored).await;
    let done = caller.told(&key, done).await?;
    let made = done.loaded.each(|loaded| &loaded.document.attachments).last();
    let made = made.ok_or_else(|| Refusal::new(&INTERNAL).cause("a file made no attachment"))?;
    Ok(HttpResponse::Created()
        .insert_header((
            header::LOCATION,
            format!("/v1/tickets/{key}/attachments/{}", made.id),
        ))
        .insert_header(super::etag(done.loaded.document.version))
        .json(answer::attachment(application.directory(), &made)))
}

/// The file of a form, once all of the form has come and nothing else was in it. The digest of the command is of the file, which
/// is only known once it is stored: who may attach does not depend on it.
async fn taken(
    caller: &Caller,
    key: &TicketKey,
    what: &str,
    mut form: Form,
    kept: &mut Option<Stored>,
) -> Result<Stored, Refusal> {
    let (mut faults, mut has_file) = (Vec::new(), false);
    while let Some(part) = form.next().await? {
        let is_file = part.name == FILE;
        let is_second = is_file && has_file;
        has_file |= is_file;
        if is_file && !is_second && faults.is_empty() {
            let call = caller.call(what, b"")?;
            let name = part.file_name.clone().unwrap_or_default();
            let mut sent = 0;
            let file = part.file().map(|piece| {
                let piece = piece?;
                caller.sends(sent, piece.len())?;
                sent += piece.len() as u64;
                Ok(piece)
            });
            let file = file.map_err(|error: Broken| ExecuteError::Upload(error.into()));
            let stored = caller
                .application
                .tickets
                .store_file(&call, key, &name, file)
                .await;
            *kept = match stored {
                Ok(stored) => Some(stored),
                Err(error) => return Err(of_upload(caller, key, error).await),
            };
            continue;
        }
        if !is_file {
            let pointer = format!("/{}", form::escaped(&text::shown(&part.name, NAME_CHARS_MAX)));
            faults.push(Fault::new(pointer, FaultText::NotKnownHere));
        } else if is_second {
            faults.push(Fault::new(format!("/{FILE}"), FaultText::GivenTwice));
        }
        part.pass_over(is_file).await?;
    }
    match kept.take() {
        Some(stored) if faults.is_empty() => Ok(stored),
        found => {
            if !has_file {
                faults.push(Fault::required(format!("/{FILE}")));
            }
            *kept = found;
            Err(Refusal::faults(faults))
        }
    }
}

/// A form that breaks off within its file is refused as one that breaks off beside it.
async fn of_upload(caller: &Caller, key: &TicketKey, error: ExecuteError) -> Refusal {
    let broken = match &error {
        ExecuteError::Upload(broken) => broken.downcast_ref::<Broken>().cloned(),
        ExecuteError::NotFound
        | ExecuteError::Rejected(_)
        | ExecuteError::Stale { .. }
        | ExecuteError::KeyReused
        | ExecuteError::TooLarge { .. }
        | ExecuteError::FileTooLarge { .. }
        | ExecuteError::Absent { .. }
        | ExecuteError::AlreadyDisabled
        | ExecuteError::LastAdministrator
        | ExecuteError::Unavailable { .. }
        | ExecuteError::Clock(_)
        | ExecuteError::Internal(_) => None,
    };
    match broken {
        Some(broken) => broken.into(),
        None => caller.refused(key, error).await,
    }
}

/// What can be refused before the body is read: it is no multipart form, or it says itself that it is too large. Answers the
/// form's boundary.
fn refuse_early(caller: &Caller, request: &HttpRequest) -> Result<String, Refusal> {
    let boundary = boundary(request.headers()).ok_or_else(|| Refusal::of(Detail::MultipartExpected))?;
    let max_bytes = caller.application.tickets.file_bytes_max();
    let said = request.headers().get(header::CONTENT_LENGTH);
    let said = said.and_then(|said| said.to_str().ok()?.parse::<u64>().ok());
    if said.is_some_and(|said| said > max_bytes + MULTIPART_EXTRA_BYTES_MAX as u64) {
        let error = ExecuteError::FileTooLarge { max_bytes };
        return Err(refusal::of_command(error, caller.language));
    }
    if let Some(said) = said {
        caller.may_send(said)?;
    }
    Ok(boundary)
}

/// How a file is offered for saving: by its name in ASCII for who reads nothing else, and whole (RFC 6266 §4.3, appendix D).
fn offered(name: &str) -> ContentDisposition {
    let plain = |c: char| {
        let is_plain = c.is_ascii_graphic() || c == ' ';
        if is_plain && !matches!(c, '"' | '\\' | '%') {
            c
        } else {
            '_'
        }
    };
    let whole = ExtendedValue {
        charset: Charset::Ext("UTF-8".to_owned()),
        language_tag: None,
        value: name.as_bytes().to_vec(),
    };
    ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters: vec![
            DispositionParam::Filename(name.chars().map(plain).collect()),
            DispositionParam::FilenameExt(whole),
        ],
    }
}

/// All files of a ticket, oldest first.
///
/// Their bytes are at `/v1/tickets/{key}/attachments/{id}`.
#[utoipa::path(
    operation_id = "list_attachments", tag = "attachments",
    params(
        ("key" = String, Path, description = "The ticket's key.", example = "SUP-12"),
        ("as_of" = Option<String>, Query, description = "The ticket as it stood after this position, or at this RFC 3339 time."),
    ),
    responses((status = 200, description = "The files.", body = AttachmentList)),
)]
#[get("/tickets/{key}/attachments")]
pub(crate) async fn list_attachments(
    caller: Caller,
    path: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Refusal> {
    let (as_of, key) = (only_as_of(&caller, &request)?, key(&path)?);
    answered(&caller, move |caller, reader| {
        let loaded = reader.tickets().ticket_as_of(caller.viewer(), &key, as_of)?;
        let files = loaded.each(|loaded| &loaded.document.attachments);
        let items = files.map(|file| answer::attachment(reader.directory(), &file));
        Ok(AttachmentList {
            items: items.collect(),
        })
    })
    .await
}

/// The bytes of a file. Always offered for saving, never shown in place.
///
/// The media type is the one told from the content; `Content-Disposition` is always `attachment`.
#[utoipa::path(
    operation_id = "get_attachment", tag = "attachments",
    params(
        ("key" = String, Path, description = "The ticket's key.", example = "SUP-12"),
        ("id" = uuid::Uuid, Path, description = "The file."),
    ),
    responses((status = 200, description = "The bytes.", content((inline(FileBytes) = "application/octet-stream"), (inline(FileBytes) = "*/*")), headers(
        ("Content-Digest", description = "The SHA-256 of the bytes (RFC 9530)."),
        ("Content-Disposition", description = "`attachment` with the file's name, plain and extended (RFC 6266)."),
        ("ETag", description = "The digest."),
    ))),
)]
#[get("/tickets/{key}/attachments/{id}")]
pub(crate) async fn get_attachment(
    caller: Caller,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Refusal> {
    let (ticket, id) = path.into_inner();
    let key = key(&ticket)?;
    let loaded = caller.asks(move |caller, reader| Ok(reader.tickets().ticket(caller.viewer(), &key)?));
    let loaded = loaded.await?;
    let id: AttachmentId = id
        .parse()
        .map_err(|error: uuid::Error| Refusal::new(&NOT_FOUND).cause(error))?;
    let mut files = loaded.each(|loaded| &loaded.document.attachments);
    let file = files.find(|file| file.id == id);
    let file = file.ok_or_else(|| Refusal::new(&NOT_FOUND))?;
    let bytes = caller.application.tickets.file(&file).await?;
    let name = file.name.clone().unwrap_or_else(|| id.to_string());
    let mut response = HttpResponse::Ok();
    if let Some(digest) = file.content_sha256.as_deref().and_then(digest_of_hex) {
        response
            .insert_header(content_digest(&digest))
            .insert_header(digest_tag(&digest));
    }
    Ok(response
        .content_type(file.media_type.clone())
        .insert_header(offered(&name))
        .insert_header(kept_file(&caller))
        .insert_header((header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"))
        .body(SizedStream::new(
            file.size,
            bytes.map_err(|error| Refusal::from(error).logged()),
        )))
}
