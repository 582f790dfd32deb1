//! Getting back in, and getting in at all. Every answer is the same whether there is such an account or not.

use actix_web::{HttpResponse, post, web::Data};
use api_types::{
    OneTimeToken, RequestPasswordReset, RequestRescue, RequestUsernameReminder, ResetPassword, SignUp,
};
use application::{
    Application,
    identity::{links, passwords::NewPassword, recovery::REFERENCES_MAX},
    tickets::rescue::Rescue,
};
use chrono::Utc;
use domain::{Fault, FaultText, Language, TicketKey};

use crate::{
    body::Body,
    client::Stranger,
    refusal::{self, Refusal},
};

/// Strangers speak no language that is known before they have an account.
fn refused(error: application::ExecuteError) -> Refusal {
    refusal::of_command(error, Language::default())
}

/// Ask for a link to choose a new password.
///
/// If there is such an account with a mail address, a link that holds for an hour is mailed to it.
#[utoipa::path(
    operation_id = "request_password_reset", tag = "auth", security(()),
    request_body = RequestPasswordReset,
    responses((status = 202, description = "Heard; nothing is told about the account.")),
)]
#[post("/auth/password-reset")]
pub(crate) async fn request_password_reset(
    application: Data<Application>,
    _: Stranger,
    body: Body<RequestPasswordReset>,
) -> HttpResponse {
    application
        .identity
        .request_password_reset(body.value.username, Utc::now());
    HttpResponse::Accepted().finish()
}

/// Choose a new password by a link.
///
/// Every sign-in of the account ends. The link serves once.
#[utoipa::path(
    operation_id = "reset_password", tag = "auth", security(()),
    request_body = ResetPassword,
    responses((status = 204, description = "The new password holds.")),
)]
#[post("/auth/password-reset/confirmation")]
pub(crate) async fn reset_password(
    application: Data<Application>,
    _: Stranger,
    body: Body<ResetPassword>,
) -> Result<HttpResponse, Refusal> {
    let asked = body.value;
    let new = NewPassword {
        password: asked.new_password,
        confirmation: asked.confirmation,
    };
    let reset = application.identity.reset_password(asked.token, new, Utc::now());
    reset.await.map_err(refused)?;
    Ok(HttpResponse::NoContent().finish())
}

/// Ask for a forgotten user name.
///
/// It is mailed to the address of the account that has this address, or that these tickets are for.
#[utoipa::path(
    operation_id = "request_username_reminder", tag = "auth", security(()),
    request_body = RequestUsernameReminder,
    responses((status = 202, description = "Heard; nothing is told about the account.")),
)]
#[post("/auth/username-reminder")]
pub(crate) async fn request_username_reminder(
    application: Data<Application>,
    _: Stranger,
    body: Body<RequestUsernameReminder>,
) -> Result<HttpResponse, Refusal> {
    let asked = body.value;
    if asked.address.is_none() && asked.references.is_empty() {
        return Err(Refusal::faults(vec![Fault::required("/address")]));
    }
    if asked.references.len() > REFERENCES_MAX {
        return Err(Refusal::faults(vec![Fault::new(
            "/references",
            FaultText::TicketsMax { max: REFERENCES_MAX },
        )]));
    }
    // What is no key is nobody's ticket, and nobody is told.
    let keys = asked
        .references
        .iter()
        .filter_map(|key| TicketKey::from_typed(key).ok());
    application
        .identity
        .request_username_reminder(asked.address, keys.collect(), Utc::now());
    Ok(HttpResponse::Accepted().finish())
}

/// Show that an address is one's own, by the link that was mailed to it.
///
/// The link serves once, within three days.
#[utoipa::path(
    operation_id = "confirm_address", tag = "auth", security(()),
    request_body = OneTimeToken,
    responses((status = 204, description = "Notifications go there from now on.")),
)]
#[post("/auth/address-confirmation")]
pub(crate) async fn confirm_address(
    application: Data<Application>,
    _: Stranger,
    body: Body<OneTimeToken>,
) -> Result<HttpResponse, Refusal> {
    application
        .identity
        .confirm_address(body.value.token, Utc::now())
        .await
        .map_err(refused)?;
    Ok(HttpResponse::NoContent().finish())
}

/// Ask for help without being signed in.
///
/// For whoever can neither sign in nor be mailed. It becomes a ticket of the support desk; no answer comes here.
#[utoipa::path(
    operation_id = "request_rescue", tag = "auth", security(()),
    request_body = RequestRescue,
    responses((status = 202, description = "The support desk has it.")),
)]
#[post("/auth/rescue")]
pub(crate) async fn request_rescue(
    application: Data<Application>,
    _: Stranger,
    body: Body<RequestRescue>,
) -> Result<HttpResponse, Refusal> {
    let asked = body.value;
    let rescue = Rescue {
        name: asked.name,
        contact: asked.contact,
        message: asked.message,
        references: asked.references,
    };
    application
        .tickets
        .rescue(rescue, Utc::now())
        .await
        .map_err(refused)?;
    Ok(HttpResponse::Accepted().finish())
}

/// Make an account for oneself.
///
/// Only where the server is configured so; elsewhere there is no such thing. A link to confirm the address is mailed.
#[utoipa::path(
    operation_id = "sign_up", tag = "auth", security(()),
    request_body = SignUp,
    responses((status = 202, description = "A link is mailed to the address.")),
)]
#[post("/auth/sign-up")]
pub(crate) async fn sign_up(
    application: Data<Application>,
    _: Stranger,
    body: Body<SignUp>,
) -> Result<HttpResponse, Refusal> {
    let asked = body.value;
    let language = super::language(asked.language.as_deref(), "/language")?;
    let wanted = links::SignUp {
        username: asked.username,
        name: asked.name,
        address: asked.address,
        language: language.unwrap_or_default(),
        password: asked.password,
    };
    application
        .people
        .sign_up(wanted, Utc::now())
        .await
        .map_err(refused)?;
    Ok(HttpResponse::Accepted().finish())
}

/// Confirm the account that one has asked for, by the link that was mailed.
///
/// The link serves once, within three days.
#[utoipa::path(
    operation_id = "confirm_sign_up", tag = "auth", security(()),
    request_body = OneTimeToken,
    responses((status = 204, description = "The account is there; sign in.")),
)]
#[post("/auth/sign-up/confirmation")]
pub(crate) async fn confirm_sign_up(
    application: Data<Application>,
    _: Stranger,
    body: Body<OneTimeToken>,
) -> Result<HttpResponse, Refusal> {
    application
        .people
        .confirm_sign_up(body.value.token, Utc::now())
        .await
        .map_err(refused)?;
    Ok(HttpResponse::NoContent().finish())
}
