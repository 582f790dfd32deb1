//! Files on a ticket, streamed both ways.

use std::time::Duration;

use actix_multipart::Multipart;
use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header::{self, Charset, ContentDisposition, DispositionParam, DispositionType, ExtendedValue},
    post,
    web::Path,
};
use api_types::{Attachment, AttachmentList, AttachmentUpload, Problem};
use application::ExecuteError;
use domain::{AttachmentId, Fault};
use futures_util::{Stream, StreamExt, TryStreamExt, stream};

use super::{key, only_as_of};
use crate::{
    answer,
    caller::Caller,
    config::{BODY_WAIT_S, MULTIPART_EXTRA_BYTES_MAX},
    refusal::{self, INTERNAL, NOT_FOUND, Refusal},
};

/// Attach a file: the part `file` of a multipart form, streamed.
///
/// Its media type is told from its content, whatever the client says of it.
#[utoipa::path(
    operation_id = "create_attachment", tag = "attachments",
    params(
        ("key" = String, Path, description = "The ticket's key.", example = "SUP-12"),
        ("Idempotency-Key" = Option<String>, Header, description = "Same key and file: the same answer, attached once."),
    ),
    request_body(content = AttachmentUpload, content_type = "multipart/form-data"),
    responses(
        (status = 201, description = "Attached.", body = Attachment, headers(("Location", description = "The file."))),
        (status = 400, description = "The upload did not arrive whole.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "No token that holds.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not permitted.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such ticket for this caller.", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "Larger than the limit.", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Not a multipart form.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "No part `file`, or an empty one.", body = Problem, content_type = "application/problem+json"),
    ),
)]
#[post("/tickets/{key}/attachments")]
pub(crate) async fn create_attachment(
    caller: Caller,
    path: Path<String>,
    request: HttpRequest,
    payload: actix_web::web::Payload,
) -> Result<HttpResponse, Refusal> {
    let key = key(&path)?;
    refuse_early(&caller, &request)?;
    let mut form = Multipart::new(request.headers(), payload);
    let what = format!("POST /v1/tickets/{key}/attachments");
    let first = tokio::time::timeout(Duration::from_secs(BODY_WAIT_S), form.next()).await;
    let first = first.map_err(|_elapsed| Refusal::new(&refusal::MALFORMED).detail(silent()))?;
    let part = first.transpose().map_err(broken)?;
    let Some(part) = part.filter(|part| part.name() == Some("file")) else {
        return Err(Refusal::faults(vec![Fault::required("/file")]));
    };
    let name = part
        .content_disposition()
        .and_then(|disposition| disposition.get_filename());
    let name = name.unwrap_or_default().to_owned();
    let upload = part.map_err(|error| ExecuteError::Upload(error.to_string().into()));
    let upload = Box::pin(arriving(upload));
    // The digest is of the file, which is only known once it is stored: who may attach does not depend on it.
    let application = &caller.application;
    let stored = application
        .store_file(&caller.call(&what, b"")?, &key, &name, upload)
        .await;
    let stored = stored.map_err(|error| caller.refused(&key, error))?;
    let call = caller.call_after_upload(&what, stored.content_sha256().as_bytes())?;
    let done = application.attach(call, key.clone(), stored).await;
    let done = done.map_err(|error| caller.refused(&key, error))?;
    let made = done.loaded.document.attachments.last();
    let made = made.ok_or_else(|| Refusal::new(&INTERNAL).cause("a file made no attachment"))?;
    Ok(HttpResponse::Created()
        .insert_header((
            header::LOCATION,
            format!("/v1/tickets/{key}/attachments/{}", made.id),
        ))
        .insert_header(super::etag(done.loaded.document.version))
        .json(answer::attachment(application.directory(), made)))
}

fn silent() -> String {
    format!("nothing arrived for {BODY_WAIT_S} s")
}

/// The parts of an upload, each of which comes in time: a file may take long, silence not.
fn arriving<T>(
    parts: impl Stream<Item = Result<T, ExecuteError>> + Unpin,
) -> impl Stream<Item = Result<T, ExecuteError>> {
    stream::unfold(Some(parts), |parts| async move {
        let mut parts = parts?;
        match tokio::time::timeout(Duration::from_secs(BODY_WAIT_S), parts.next()).await {
            Ok(part) => Some((part?, Some(parts))),
            Err(_elapsed) => Some((Err(ExecuteError::Upload(silent().into())), None)),
        }
    })
}

/// What can be refused before the body is read: it is no multipart form, or it says itself that it is too large.
fn refuse_early(caller: &Caller, request: &HttpRequest) -> Result<(), Refusal> {
    let text = |name| {
        request
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    if !text(header::CONTENT_TYPE)
        .to_ascii_lowercase()
        .starts_with("multipart/form-data")
    {
        return Err(Refusal::new(&refusal::WRONG_MEDIA_TYPE).detail("a file is sent as multipart/form-data"));
    }
    let max_bytes = caller.application.file_bytes_max();
    let said: u64 = text(header::CONTENT_LENGTH).parse().unwrap_or(0);
    if said > max_bytes + MULTIPART_EXTRA_BYTES_MAX as u64 {
        return Err(refusal::of_command(
            ExecuteError::FileTooLarge { max_bytes },
            caller.language,
        ));
    }
    Ok(())
}

fn broken(error: actix_multipart::MultipartError) -> Refusal {
    Refusal::new(&refusal::MALFORMED)
        .detail("the multipart form cannot be read")
        .cause(error.to_string())
}

/// All files of a ticket, oldest first.
///
/// Their bytes are at `/v1/tickets/{key}/attachments/{id}`.
#[utoipa::path(
    operation_id = "list_attachments", tag = "attachments",
    params(
        ("key" = String, Path, description = "The ticket's key.", example = "SUP-12"),
        ("as_of" = Option<String>, Query, description = "The ticket as it stood after this position, or at this RFC 3339 time.", example = "43"),
    ),
    responses(
        (status = 200, description = "The files.", body = AttachmentList),
        (status = 401, description = "No token that holds.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such ticket for this caller.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Parameters at fault.", body = Problem, content_type = "application/problem+json"),
    ),
)]
#[get("/tickets/{key}/attachments")]
pub(crate) async fn list_attachments(
    caller: Caller,
    path: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Refusal> {
    let as_of = only_as_of(&request)?;
    let loaded = caller
        .application
        .ticket_as_of(caller.viewer(), &key(&path)?, as_of)?;
    let directory = caller.application.directory();
    let items = loaded
        .document
        .attachments
        .iter()
        .map(|file| answer::attachment(directory, file));
    Ok(HttpResponse::Ok().json(AttachmentList {
        items: items.collect(),
    }))
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
    responses(
        (status = 200, description = "The bytes.", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 401, description = "No token that holds.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such ticket or file for this caller.", body = Problem, content_type = "application/problem+json"),
    ),
)]
#[get("/tickets/{key}/attachments/{id}")]
pub(crate) async fn get_attachment(
    caller: Caller,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Refusal> {
    let (ticket, id) = path.into_inner();
    let loaded = caller.application.ticket(caller.viewer(), &key(&ticket)?)?;
    let id: AttachmentId = id
        .parse()
        .map_err(|error: uuid::Error| Refusal::new(&NOT_FOUND).cause(error))?;
    let file = loaded.document.attachments.iter().find(|file| file.id == id);
    let file = file.ok_or_else(|| Refusal::new(&NOT_FOUND))?;
    let bytes = caller.application.file(file).await?;
    let name = file.name.clone().unwrap_or_else(|| id.to_string());
    let disposition = ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters: vec![DispositionParam::FilenameExt(ExtendedValue {
            charset: Charset::Ext("UTF-8".to_owned()),
            language_tag: None,
            value: name.into_bytes(),
        })],
    };
    Ok(HttpResponse::Ok()
        .content_type(file.media_type.clone())
        .insert_header(disposition)
        .insert_header((header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"))
        .streaming(bytes.map_err(Refusal::from)))
}
