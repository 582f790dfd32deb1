//! One file per resource, one function per operation.

pub mod approvals;
pub mod attachments;
pub mod auth;
pub mod comments;
pub mod desks;
pub mod events;
pub mod health;
pub mod history;
pub mod me;
pub mod tickets;
pub mod transitions;

use actix_web::{HttpResponse, http::header};
use application::Loaded;
use domain::TicketKey;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    answer,
    caller::Caller,
    refusal::{NOT_FOUND, Refusal},
};

/// Registers every operation, for serving and documenting alike.
pub fn register(config: &mut ServiceConfig) {
    config
        .service(
            utoipa_actix_web::scope("/v1")
                .service(auth::create_token)
                .service(auth::refresh_token)
                .service(auth::delete_token)
                .service(me::get_me)
                .service(desks::list_desks)
                .service(desks::get_desk)
                .service(desks::get_form)
                .service(tickets::create_ticket)
                .service(tickets::list_tickets)
                .service(tickets::get_ticket)
                .service(tickets::edit_ticket)
                .service(tickets::reopen_ticket)
                .service(tickets::share_ticket)
                .service(comments::create_comment)
                .service(comments::list_comments)
                .service(attachments::create_attachment)
                .service(attachments::list_attachments)
                .service(attachments::get_attachment)
                .service(transitions::create_transition)
                .service(approvals::create_approval)
                .service(approvals::list_approvals)
                .service(approvals::decide_approval)
                .service(history::list_history)
                .service(events::list_events),
        )
        .service(auth::get_jwks)
        .service(health::get_health)
        .service(health::get_readiness)
        .service(health::get_metrics);
}

/// The key in a path, whatever its case; what is no key is nobody's ticket.
fn key(text: &str) -> Result<TicketKey, Refusal> {
    TicketKey::from_typed(text).map_err(|error| Refusal::new(&NOT_FOUND).cause(error))
}

fn ticket_json(caller: &Caller, loaded: &Loaded) -> Result<api_types::Ticket, Refusal> {
    let application = &caller.application;
    let desk = application.desk_of(loaded)?;
    Ok(answer::ticket(
        application.directory(),
        caller.viewer(),
        &desk,
        loaded,
        caller.language,
    ))
}

fn etag(version: u64) -> (header::HeaderName, String) {
    (header::ETAG, format!("\"{version}\""))
}

/// A ticket with its `ETag`, as reads and commands answer it.
fn ticket_answer(caller: &Caller, loaded: &Loaded) -> Result<HttpResponse, Refusal> {
    let ticket = ticket_json(caller, loaded)?;
    Ok(HttpResponse::Ok()
        .insert_header(etag(ticket.version))
        .insert_header((header::VARY, "Authorization, Accept-Language"))
        .json(ticket))
}
