//! Comments, public and internal.

use actix_web::{HttpRequest, HttpResponse, get, http::header, post, web::Path};
use api_types::{Comment, CommentPage, NewComment, PageQuery, Problem};
use application::{
    as_of::AsOf,
    event_log::{Position, Version},
};
use domain::{
    CommentId,
    ticket::{Action, Text, Visibility},
};
use uuid::Uuid;

use super::key;
use crate::{
    answer,
    body::Body,
    caller::Caller,
    parameters::{Parameters, next_cursor},
    refusal::{INTERNAL, Refusal},
};

/// How many comments a page has unless asked otherwise.
pub const COMMENTS_LIMIT: usize = 50;
/// How many comments a page may have.
pub const COMMENTS_LIMIT_MAX: usize = 200;

/// Add a comment.
///
/// An internal one is seen by those who treat the ticket only.
#[utoipa::path(
    operation_id = "create_comment", tag = "comments",
    params(
        ("key" = String, Path, description = "The ticket's key.", example = "SUP-12"),
        ("Idempotency-Key" = Option<String>, Header, description = "Same key and body: the same answer, one comment."),
        ("If-Match" = Option<String>, Header, description = "The version that this rests on, in quotes; comments need none."),
    ),
    request_body = NewComment,
    responses(
        (status = 201, description = "Added.", body = Comment, headers(("ETag", description = "The ticket's version."))),
        (status = 401, description = "No token that holds.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not permitted.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such ticket for this caller.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "The ticket moved on; `missed` tells how.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Fields at fault.", body = Problem, content_type = "application/problem+json"),
    ),
)]
#[post("/tickets/{key}/comments")]
pub(crate) async fn create_comment(
    caller: Caller,
    path: Path<String>,
    body: Body<NewComment>,
) -> Result<HttpResponse, Refusal> {
    let key = key(&path)?;
    let call = caller.call(&format!("POST /v1/tickets/{key}/comments"), &body.canonical)?;
    let visibility = match body.value.visibility {
        api_types::Visibility::Public => Visibility::Public,
        api_types::Visibility::Internal => Visibility::Internal,
    };
    let text = Text {
        id: CommentId(Uuid::now_v7()),
        body: body.value.body,
    };
    let done = caller
        .application
        .act(call, key.clone(), vec![Action::Comment { text, visibility }])
        .await;
    let done = done.map_err(|error| caller.refused(&key, error))?;
    let desk = caller.application.desk_of(&done.loaded)?;
    let directory = caller.application.directory();
    let mut made = done.events.iter();
    let comment =
        made.find_map(|(stamp, event)| answer::comment(directory, &desk, stamp, event, caller.language));
    let comment = comment.ok_or_else(|| Refusal::new(&INTERNAL).cause("a comment made no comment"))?;
    Ok(HttpResponse::Created()
        .insert_header((header::LOCATION, format!("/v1/tickets/{key}/comments")))
        .insert_header(super::etag(done.loaded.document.version))
        .json(comment))
}

/// The comments that the caller may read, oldest first, each with the side it came from.
///
/// Internal notes are listed for those who treat the ticket only. Reasons of reopening are comments too.
#[utoipa::path(
    operation_id = "list_comments", tag = "comments",
    params(("key" = String, Path, description = "The ticket's key.", example = "SUP-12"), PageQuery),
    responses(
        (status = 200, description = "A page.", body = CommentPage),
        (status = 401, description = "No token that holds.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such ticket for this caller.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Parameters at fault.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The log has not reached `at_least`.", body = Problem, content_type = "application/problem+json"),
    ),
)]
#[get("/tickets/{key}/comments")]
pub(crate) async fn list_comments(
    caller: Caller,
    path: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Refusal> {
    let page = Page::read(&caller, &request, COMMENTS_LIMIT, COMMENTS_LIMIT_MAX)?;
    let application = &caller.application;
    application.reaches(page.at_least).await?;
    let loaded = application.ticket_as_of(caller.viewer(), &key(&path)?, page.as_of)?;
    let desk = application.desk_of(&loaded)?;
    let events = application.events_of(caller.viewer(), &loaded, page.after)?;
    let comment = |(stamp, event): &(_, _)| {
        answer::comment(application.directory(), &desk, stamp, event, caller.language)
    };
    let mut items: Vec<Comment> = events.iter().filter_map(comment).take(page.limit + 1).collect();
    let next_cursor = next_cursor(&mut items, page.limit, |comment| comment.version);
    Ok(HttpResponse::Ok().json(CommentPage { items, next_cursor }))
}

/// Which page of something that a ticket has in the order of its versions.
pub(super) struct Page {
    pub(super) limit: usize,
    pub(super) after: Version,
    pub(super) at_least: Option<Position>,
    pub(super) as_of: Option<AsOf>,
}

impl Page {
    pub(super) fn read(
        caller: &Caller,
        request: &HttpRequest,
        limit: usize,
        limit_max: usize,
    ) -> Result<Page, Refusal> {
        let mut parameters = Parameters::read(request)?;
        let limit: usize = parameters.parsed("limit", "a whole number").unwrap_or(limit);
        if limit == 0 || limit > limit_max {
            let detail = format!("lies between 1 and {limit_max}");
            parameters.fault("limit", domain::fault::FaultCode::Value, &detail);
        }
        let after: u64 = parameters.parsed("cursor", "a cursor of this list").unwrap_or(0);
        let at_least: Option<u64> = parameters.parsed("at_least", "a position");
        let as_of = parameters.as_of(caller.application.log().head());
        parameters.end()?;
        Ok(Page {
            limit,
            after: Version(after),
            at_least: at_least.map(Position),
            as_of,
        })
    }
}
