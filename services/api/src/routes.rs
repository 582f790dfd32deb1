//! One file per resource, one function per operation.

pub mod accounts;
pub mod approvals;
pub mod attachments;
pub mod audit;
pub mod auth;
pub mod comments;
pub mod deliveries;
pub mod desks;
pub mod events;
pub mod health;
pub mod history;
mod listed;
pub mod me;
pub mod oidc;
pub mod organizations;
pub(crate) mod paged;
pub mod persons;
pub mod recovery;
pub mod series;
pub mod sharing;
pub mod tickets;
pub mod transitions;

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, http::header};
use api_types::EditProfile;
use application::{Application, Loaded, Reader, tickets::as_of::AsOf};
use domain::{
    AccountId, Fault, Language, TicketKey, account::profile::ProfileEdit, fault::FaultCode, policy::Shown,
    ticket::Context,
};
use serde::Serialize;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::{
    answer,
    caller::Caller,
    conditional::MayDiffer,
    parameters::Parameters,
    refusal::{INTERNAL, NOT_FOUND, Refusal},
};

/// Registers every operation, for serving and documenting alike.
pub fn register(config: &mut ServiceConfig) {
    config
        .service(
            utoipa_actix_web::scope("/v1")
                .service(auth::create_token)
                .service(auth::refresh_token)
                .service(auth::delete_token)
                .service(auth::create_challenge)
                .service(auth::get_password_policy)
                .service(oidc::list_identity_providers)
                .service(oidc::begin_federated_sign_in)
                .service(oidc::create_federated_token)
                .service(recovery::request_password_reset)
                .service(recovery::reset_password)
                .service(recovery::request_username_reminder)
                .service(recovery::confirm_address)
                .service(recovery::request_rescue)
                .service(recovery::sign_up)
                .service(recovery::confirm_sign_up)
                .service(me::get_me)
                .service(me::profile::edit_me)
                .service(me::profile::request_address)
                .service(me::profile::set_avatar)
                .service(me::profile::delete_avatar)
                .service(me::credentials::change_password)
                .service(me::credentials::begin_second_factor)
                .service(me::credentials::confirm_second_factor)
                .service(me::credentials::remove_second_factor)
                .service(me::credentials::list_sign_ins)
                .service(me::credentials::delete_sign_ins)
                .service(me::credentials::delete_sign_in)
                .configure(register_people)
                .service(desks::list_desks)
                .service(desks::get_desk)
                .service(desks::get_form)
                .service(tickets::create_ticket)
                .service(tickets::list_tickets)
                .service(tickets::get_ticket)
                .service(tickets::edit_ticket)
                .service(tickets::reopen_ticket)
                .service(sharing::share_ticket)
                .service(sharing::list_shares)
                .service(sharing::unshare_ticket)
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
                .service(history::get_blame)
                .service(series::get_status_series)
                .service(events::list_events)
                .service(audit::get_checkpoint)
                .service(audit::get_checkpoint_key)
                .service(audit::get_inclusion_proof)
                .service(audit::get_consistency_proof)
                .service(audit::get_tile)
                .service(audit::export_log)
                .service(audit::get_evidence)
                .service(persons::erase_person)
                .service(persons::get_erasure),
        )
        .service(auth::get_jwks)
        .service(health::get_health)
        .service(health::get_readiness)
        .service(health::get_metrics);
}

fn register_people(config: &mut ServiceConfig) {
    config
        .service(accounts::create_account)
        .service(accounts::list_accounts)
        .service(accounts::get_account)
        .service(accounts::edit_account)
        .service(accounts::get_avatar)
        .service(accounts::administering::grant_role)
        .service(accounts::administering::revoke_role)
        .service(accounts::administering::create_membership)
        .service(accounts::administering::delete_membership)
        .service(accounts::administering::disable_account)
        .service(accounts::administering::enable_account)
        .service(accounts::administering::unlock_account)
        .service(accounts::administering::lock_fields)
        .service(accounts::administering::set_address)
        .service(accounts::administering::delete_second_factor)
        .service(accounts::administering::delete_sign_ins_of)
        .service(accounts::keys::create_api_key)
        .service(accounts::keys::list_api_keys)
        .service(accounts::keys::delete_api_key)
        .service(organizations::create_organization)
        .service(organizations::list_organizations)
        .service(organizations::get_organization)
        .service(organizations::edit_organization)
        .service(organizations::create_contract)
        .service(organizations::edit_contract)
        .service(organizations::delete_contract)
        .service(deliveries::list_deliveries)
        .service(deliveries::claim_delivery)
        .service(deliveries::settle_delivery);
}

/// A language that a body names; none when it names none.
fn language(named: Option<&str>, pointer: &str) -> Result<Option<Language>, Refusal> {
    match named {
        None => Ok(None),
        Some("fr") => Ok(Some(Language::Fr)),
        Some("en") => Ok(Some(Language::En)),
        Some(_) => {
            let fault = Fault::new(pointer, FaultCode::Value, "is not one of: fr, en");
            Err(Refusal::faults(vec![fault]))
        }
    }
}

/// What a body wants of a profile.
fn edit_of(asked: EditProfile) -> Result<ProfileEdit, Refusal> {
    Ok(ProfileEdit {
        name: asked.name.map(|name| name.trim().to_owned()),
        language: language(asked.language.as_deref(), "/language")?,
        time_zone: asked.time_zone,
        phone: asked.phone,
        default_view: asked.default_view,
        preferences: asked.preferences,
    })
}

/// The key in a path, whatever its case; what is no key is nobody's ticket.
fn key(text: &str) -> Result<TicketKey, Refusal> {
    TicketKey::from_typed(text).map_err(|error| Refusal::new(&NOT_FOUND).cause(error))
}

fn ticket_json(caller: &Caller, loaded: &Shown<Arc<Loaded>>) -> Result<api_types::Ticket, Refusal> {
    let application = &caller.application;
    let desk = application.tickets.desk_of(loaded)?;
    let context = Context {
        viewer: caller.viewer(),
        desk: &desk,
        at: caller.at,
    };
    let (directory, language) = (application.directory(), caller.language);
    Ok(answer::ticket(directory, &context, loaded, language))
}

fn etag(version: u64) -> (header::HeaderName, String) {
    (header::ETAG, format!("\"{version}\""))
}

/// Answers a question in the reading room. The answer is written there too: it may be long.
async fn answered<T: Serialize>(
    caller: &Caller,
    question: impl FnOnce(&Caller, &Reader<'_, Application>) -> Result<T, Refusal> + Send + 'static,
) -> Result<HttpResponse, Refusal> {
    let written = caller.asks(move |caller, reader| {
        let answer = question(caller, reader)?;
        serde_json::to_vec(&answer).map_err(|error| Refusal::new(&INTERNAL).cause(error))
    });
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .body(written.await?))
}

/// The only parameter of many reads.
fn only_as_of(caller: &Caller, request: &HttpRequest) -> Result<Option<AsOf>, Refusal> {
    let mut parameters = Parameters::read(request)?;
    let as_of = parameters.as_of(caller.application.head());
    parameters.end()?;
    Ok(as_of)
}

/// A ticket with its `ETag`, as reads and commands answer it.
fn ticket_answer(caller: &Caller, loaded: &Shown<Arc<Loaded>>) -> Result<HttpResponse, Refusal> {
    Ok(ticket_response(ticket_json(caller, loaded)?))
}

fn ticket_response(ticket: api_types::Ticket) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(etag(ticket.version))
        .json(ticket)
}

/// An answer whose tag is that of its stream alone, though it tells of others too.
fn may_differ(mut response: HttpResponse) -> HttpResponse {
    response.extensions_mut().insert(MayDiffer);
    response
}

/// An account to look for, by id, by user name, or `me`. A name that nobody has finds nothing, like that of somebody whom
/// nothing is found of: it is not told whether there is such an account.
fn account_named(caller: &Caller, named: &str) -> AccountId {
    if named == "me" {
        return caller.viewer().account;
    }
    let known = caller.application.directory().account_meant(named);
    known.map_or_else(|| AccountId(Uuid::new_v4()), |account| account.id)
}
