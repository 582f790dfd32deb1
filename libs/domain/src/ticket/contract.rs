//! Whose contract a ticket asks for, and whether it allows it (seed 004, F179). Here `upwards` answers an organization and all that
//! it is part of, up to the top.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    command::Context,
    event::{Opened, TicketEvent},
    refusal::Rejection,
    state::State,
};
use crate::{
    fault::Fault,
    ids::OrganizationId,
    messages::FaultText,
    organization::{Organization, contract},
};

/// Judges a new ticket by the contracts of the organization that it is for. It must be for one when any of the requester's
/// organizations is under contract, whether that holds or not: without a name no contract would be asked.
///
/// # Errors
/// [`Rejection::Contract`], or [`Rejection::Invalid`] without an organization.
pub fn judge_new(
    context: &Context<'_>,
    new: &Opened,
    memberships: &BTreeSet<OrganizationId>,
    upwards: impl Fn(&OrganizationId) -> Vec<Arc<Organization>>,
) -> Result<(), Rejection> {
    if let Some(organization) = &new.organization {
        return judge(context, &upwards(organization), &new.request_type);
    }
    let under_contract = |id| upwards(id).iter().any(|of| !of.contracts.is_empty());
    if memberships.iter().any(under_contract) {
        let fault = Fault::new("/organization", FaultText::RequiredUnderContract);
        return Err(Rejection::Invalid(vec![fault]));
    }
    Ok(())
}

/// Judges what is to happen to a ticket: one that becomes another organization's, or is about something else, is judged as a new
/// one. Otherwise whoever is not covered would open what is, and have it changed.
///
/// # Errors
/// [`Rejection::Contract`].
pub fn judge_changes(
    context: &Context<'_>,
    ticket: &State,
    events: &[TicketEvent],
    upwards: impl Fn(&OrganizationId) -> Vec<Arc<Organization>>,
) -> Result<(), Rejection> {
    let is_other = |event: &TicketEvent| {
        let TicketEvent::Edited(edited) = event else {
            return false;
        };
        edited.organization.is_some() || edited.request_type.is_some()
    };
    if !events.iter().any(is_other) {
        return Ok(());
    }
    let mut after = ticket.clone();
    events.iter().for_each(|event| after.apply(event));
    match &after.organization {
        Some(organization) => judge(context, &upwards(organization), &after.request_type),
        None => Ok(()),
    }
}

fn judge(context: &Context<'_>, upwards: &[Arc<Organization>], request_type: &str) -> Result<(), Rejection> {
    let upwards: Vec<&Organization> = upwards.iter().map(|of| &**of).collect();
    let desk = &context.desk.definition().key;
    contract::judge(&upwards, desk, request_type, context.at.date_naive()).map_err(Rejection::Contract)
}
