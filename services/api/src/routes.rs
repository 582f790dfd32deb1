//! One file per resource, one function per operation.

pub mod accounts;
pub mod approvals;
pub mod attachments;
pub mod audit;
pub mod auth;
pub mod comments;
pub mod deliveries;
pub mod desks;
mod digests;
pub mod events;
pub mod health;
pub mod history;
pub(crate) mod listed;
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

use actix_web::{HttpRequest, HttpResponse, dev::HttpServiceFactory, http::header, web};
use api_types::EditProfile;
use application::{Application, Loaded, Reader, tickets::as_of::AsOf};
use domain::{
    AccountId, Fault, Language, TicketKey, account::profile::ProfileEdit, policy::Shown, ticket::Context,
};
use serde::Serialize;
use utoipa_actix_web::{OpenApiFactory, service_config::ServiceConfig as Documenting};
use uuid::Uuid;

use crate::{
    answer,
    caller::Caller,
    parameters::Parameters,
    refusal::{INTERNAL, NOT_FOUND, Refusal},
};

/// Where operations are registered.
trait Registry {
    fn operation<F: HttpServiceFactory + OpenApiFactory + 'static>(&mut self, operation: F) -> &mut Self;
}

/// For serving alone: each worker registers all operations, and the document is the costly part of it.
impl Registry for web::ServiceConfig {
    fn operation<F: HttpServiceFactory + OpenApiFactory + 'static>(&mut self, operation: F) -> &mut Self {
        self.service(operation)
    }
}

/// For the document.
impl Registry for Documenting<'_> {
    fn operation<F: HttpServiceFactory + OpenApiFactory + 'static>(&mut self, operation: F) -> &mut Self {
        self.service(operation)
    }
}

/// Registers every operation for serving.
pub(crate) fn serve(config: &mut web::ServiceConfig) {
    config.service(web::scope("/v1").configure(register));
    register_unversioned(config);
}

/// Registers every operation for the document.
pub(crate) fn document(config: &mut Documenting<'_>) {
    config.service(utoipa_actix_web::scope("/v1").configure(|config: &mut Documenting<'_>| register(config)));
    register_unversioned(config);
}

fn register(registry: &mut impl Registry) {
    registry
        .operation(auth::create_token)
        .operation(auth::refresh_token)
        .operation(auth::delete_token)
        .operation(auth::cookies::create_cookie)
        .operation(auth::cookies::refresh_cookie)
        .operation(auth::create_challenge)
        .operation(auth::get_password_policy)
        .operation(oidc::list_identity_providers)
        .operation(oidc::begin_federated_sign_in)
        .operation(oidc::create_federated_token)
        .operation(recovery::request_password_reset)
        .operation(recovery::reset_password)
        .operation(recovery::request_username_reminder)
        .operation(recovery::confirm_address)
        .operation(recovery::request_rescue)
        .operation(recovery::sign_up)
        .operation(recovery::confirm_sign_up)
        .operation(me::get_me)
        .operation(me::links::create_links)
        .operation(me::profile::edit_me)
        .operation(me::profile::request_address)
        .operation(me::profile::set_avatar)
        .operation(me::profile::delete_avatar)
        .operation(me::credentials::change_password)
        .operation(me::credentials::begin_second_factor)
        .operation(me::credentials::confirm_second_factor)
        .operation(me::credentials::remove_second_factor)
        .operation(me::credentials::list_sign_ins)
        .operation(me::credentials::delete_sign_ins)
        .operation(me::credentials::delete_sign_in);
    register_people(registry);
    registry
        .operation(desks::list_desks)
        .operation(desks::get_desk)
        .operation(desks::get_form)
        .operation(desks::get_transition_form)
        .operation(desks::list_values)
        .operation(desks::set_list_values)
        .operation(tickets::create_ticket)
        .operation(tickets::list_tickets)
        .operation(tickets::get_ticket)
        .operation(tickets::edit_ticket)
        .operation(tickets::reopen_ticket)
        .operation(sharing::share_ticket)
        .operation(sharing::list_shares)
        .operation(sharing::unshare_ticket)
        .operation(comments::create_comment)
        .operation(comments::list_comments)
        .operation(attachments::create_attachment)
        .operation(attachments::list_attachments)
        .operation(attachments::get_attachment)
        .operation(transitions::create_transition)
        .operation(approvals::create_approval)
        .operation(approvals::list_approvals)
        .operation(approvals::decide_approval)
        .operation(history::list_history)
        .operation(history::get_blame)
        .operation(series::get_status_series)
        .operation(events::list_events)
        .operation(audit::get_checkpoint)
        .operation(audit::get_checkpoint_key)
        .operation(audit::get_inclusion_proof)
        .operation(audit::get_consistency_proof)
        .operation(audit::get_tile)
        .operation(audit::export_log)
        .operation(audit::get_evidence)
        .operation(persons::erase_person)
        .operation(persons::get_erasure);
}

fn register_people(registry: &mut impl Registry) {
    registry
        .operation(accounts::create_account)
        .operation(accounts::list_accounts)
        .operation(accounts::get_account)
        .operation(accounts::edit_account)
        .operation(accounts::get_avatar)
        .operation(accounts::administering::grant_role)
        .operation(accounts::administering::revoke_role)
        .operation(accounts::administering::create_membership)
        .operation(accounts::administering::delete_membership)
        .operation(accounts::administering::disable_account)
        .operation(accounts::administering::enable_account)
        .operation(accounts::administering::unlock_account)
        .operation(accounts::administering::lock_fields)
        .operation(accounts::administering::set_address)
        .operation(accounts::administering::delete_second_factor)
        .operation(accounts::administering::delete_sign_ins_of)
        .operation(accounts::keys::create_api_key)
        .operation(accounts::keys::list_api_keys)
        .operation(accounts::keys::delete_api_key)
        .operation(organizations::create_organization)
        .operation(organizations::list_organizations)
        .operation(organizations::get_organization)
        .operation(organizations::edit_organization)
        .operation(organizations::create_contract)
        .operation(organizations::edit_contract)
        .operation(organizations::delete_contract)
        .operation(deliveries::list_deliveries)
        .operation(deliveries::claim_delivery)
        .operation(deliveries::settle_delivery);
}

fn register_unversioned(registry: &mut impl Registry) {
    registry
        .operation(auth::get_jwks)
        .operation(health::get_health)
        .operation(health::get_readiness)
        .operation(health::get_metrics);
}

/// A language that a body names; none when it names none.
fn language(named: Option<&str>, pointer: &str) -> Result<Option<Language>, Refusal> {
    let language = named.map(Language::named).transpose();
    language.map_err(|text| Refusal::faults(vec![Fault::new(pointer, text)]))
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
    let mut ticket = answer::ticket(directory, &context, loaded, language);
    if !caller.writes() {
        close(&mut ticket);
    }
    Ok(ticket)
}

/// Tells that nothing may be done with a ticket.
fn close(ticket: &mut api_types::Ticket) {
    ticket.allowed_actions.clear();
    ticket.allowed_operations.clear();
    ticket.editable.clear();
}

fn etag(version: u64) -> (header::HeaderName, String) {
    (header::ETAG, format!("\"{version}\""))
}

/// How long a file that never changes may be kept by whom it is for, s. No longer: it is not called back when a person is erased, or when
/// somebody may not see it any more.
pub const FILE_KEPT_S: u64 = 60 * 60;

/// How a file that never changes is kept.
fn kept_file(caller: &Caller) -> (header::HeaderName, String) {
    let kept_s = caller.kept_s(FILE_KEPT_S);
    let kept = format!("private, max-age={kept_s}, immutable");
    (header::CACHE_CONTROL, kept)
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

/// An account to look for, by id, by user name, or `me`. A name that nobody has finds nothing, like that of somebody whom
/// nothing is found of: it is not told whether there is such an account.
fn account_named(caller: &Caller, named: &str) -> AccountId {
    if named == "me" {
        return caller.viewer().account;
    }
    let known = caller.application.directory().account_meant(named);
    known.map_or_else(|| AccountId(Uuid::new_v4()), |account| account.id)
}
