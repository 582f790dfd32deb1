//! Opening a ticket: names become ids, every fault is told at once, and the log's writer allots the key.

use std::{collections::BTreeSet, sync::Arc};

use domain::{
    AccountId, DeskKey, Fault, FaultText, OrganizationId, PersonId, TicketKey,
    account::Account,
    desk::Desk,
    policy::Viewer,
    ticket::{Context, Open, Rejection, TicketEvent, contract, open, text},
};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{
    kernel::{Kernel, call::Call, error::ExecuteError, lanes::Targets, task::own_task, writes::Write},
    tickets::{Tickets, act::Done},
};

/// A new ticket as a door gives it: names as people write them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NewTicket {
    /// The desk's key.
    pub desk: String,
    /// The request type.
    pub request_type: String,
    /// One line.
    pub summary: String,
    /// The description.
    pub description: String,
    /// The priority.
    pub priority: Option<String>,
    /// The urgency.
    pub urgency: Option<String>,
    /// The organization's id.
    pub organization: Option<String>,
    /// Id or user name of the one it is for.
    pub on_behalf_of: Option<String>,
    /// Hidden from colleagues.
    pub private: bool,
    /// Ids of organizations.
    pub share_with: Vec<String>,
    /// Mail follow-up wanted.
    pub notify: bool,
    /// The form's fields.
    pub fields: Map<String, Value>,
}

/// A new ticket with its names resolved, and the faults of those that name nothing.
struct Resolved {
    desk: Option<Arc<Desk>>,
    open: Open,
    on_behalf_of: Option<AccountId>,
    faults: Vec<Fault>,
}

impl Tickets {
    /// Opens a ticket.
    ///
    /// # Errors
    /// See [`ExecuteError`].
    pub async fn open_ticket(&self, mut call: Call, new: NewTicket) -> Result<Done, ExecuteError> {
        own_task(self, |this| async move {
            let resolved = this.resolve(&call, new);
            call.on_behalf_of = resolved.on_behalf_of;
            let outcome = this
                .kernel
                .carry_out(&call, &Targets::NONE, &|_| {
                    let (desk, events) = decide(&this.kernel, &call, &resolved)?;
                    Ok(vec![Write::to_new_ticket(desk, events)])
                })
                .await?;
            let streams = outcome.written().map(|written| &written.streams);
            let opened = streams.and_then(|streams| streams.keys().next());
            let key = TicketKey::from_typed(opened.ok_or(ExecuteError::NotFound)?);
            this.done(&call, &key.map_err(ExecuteError::internal)?, &outcome)
                .await
        })
        .await
    }

    /// Every fault that opening this ticket would be refused for; nothing is written. For a door that found faults of
    /// its own already and wants to name all at once.
    #[must_use]
    pub fn faults_of(&self, call: &Call, new: NewTicket) -> Vec<Fault> {
        match decide(&self.kernel, call, &self.resolve(call, new)) {
            Err(ExecuteError::Rejected(Rejection::Invalid(faults))) => faults,
            Ok(_) | Err(_) => Vec::new(),
        }
    }

    fn resolve(&self, call: &Call, new: NewTicket) -> Resolved {
        let directory = &self.kernel.directory;
        let mut faults = Vec::new();
        // A desk that one has nothing to do with does not exist.
        let desk = new.desk.parse().ok().and_then(|key| directory.desk(&key));
        let desk = desk.filter(|desk| call.viewer.may_see_desk(&desk.definition().key));
        if desk.is_none() {
            let seen = directory
                .desks()
                .into_iter()
                .map(|desk| desk.definition().key.clone());
            let known = seen.filter(|key| call.viewer.may_see_desk(key));
            let known: Vec<String> = known.map(|key| key.to_string()).collect();
            faults.push(Fault::new(
                "/desk",
                FaultText::NotADesk {
                    desks: known.join(", "),
                },
            ));
        }
        let requester = match &new.on_behalf_of {
            None => directory.account(call.viewer.account),
            Some(named) => self.kernel.directory.account_seen(&call.viewer, named),
        };
        // The server itself asks for whoever is locked out, and has no account.
        let is_ours = new.on_behalf_of.is_none() && call.viewer.account == AccountId::SYSTEM;
        if requester.is_none() && !is_ours {
            faults.push(Fault::new("/on_behalf_of", FaultText::NamesNoAccount));
        }
        let requester_id = requester
            .as_ref()
            .map_or(call.viewer.account, |account| account.id);
        let organizations = self.organizations(&call.viewer, &new, &mut faults);
        Resolved {
            desk,
            on_behalf_of: (requester_id != call.viewer.account).then_some(requester_id),
            faults,
            open: Open {
                request_type: new.request_type,
                summary: new.summary,
                description: new.description,
                priority: new.priority,
                urgency: new.urgency,
                requester: requester_id,
                requester_sirens: self.sirens(requester.as_deref()),
                requester_organizations: requester
                    .map(|account| account.organizations.clone())
                    .unwrap_or_default(),
                organization: organizations.0,
                private: new.private,
                share_with: organizations.1,
                notify: new.notify,
                fields: new.fields,
                customer: PersonId(Uuid::now_v7()),
            },
        }
    }

    fn sirens(&self, requester: Option<&Account>) -> BTreeSet<String> {
        let organizations = requester
            .map(|account| account.organizations.clone())
            .unwrap_or_default();
        let siren = |id: &OrganizationId| self.kernel.directory.organization(id)?.siren.clone();
        organizations.iter().filter_map(siren).collect()
    }

    fn organizations(
        &self,
        viewer: &Viewer,
        new: &NewTicket,
        faults: &mut Vec<Fault>,
    ) -> (Option<OrganizationId>, BTreeSet<OrganizationId>) {
        let mut known = |pointer: String, name: &String| {
            let found = self
                .kernel
                .directory
                .organization_seen(viewer, name)
                .map(|organization| organization.id.clone());
            if found.is_none() {
                faults.push(Fault::new(pointer, FaultText::NamesNoOrganization));
            }
            found
        };
        let organization = new
            .organization
            .as_ref()
            .and_then(|name| known("/organization".to_owned(), name));
        let share_with = new.share_with.iter().enumerate();
        let share_with = share_with
            .filter_map(|(index, name)| known(format!("/share_with/{index}"), name))
            .collect();
        (organization, share_with)
    }
}

/// The domain's decision, with the faults of unresolved names beside its own.
fn decide(
    kernel: &Kernel,
    call: &Call,
    resolved: &Resolved,
) -> Result<(DeskKey, Vec<TicketEvent>), ExecuteError> {
    let Resolved {
        desk, open, faults, ..
    } = resolved;
    let mut faults = faults.clone();
    let Some(desk) = desk else {
        faults.extend(text::summary_faults("/summary", &open.summary));
        faults.extend(text::faults("/description", &open.description));
        return Err(ExecuteError::invalid(faults));
    };
    let context = Context {
        viewer: &call.viewer,
        desk,
        at: call.at,
    };
    match open::open(&context, open.clone()) {
        Ok(events) if faults.is_empty() => {
            if let Some(TicketEvent::Opened(opened)) = events.first() {
                contract::judge_new(&context, opened, &open.requester_organizations, |id| {
                    kernel.directory.upwards(id)
                })?;
            }
            Ok((desk.definition().key.clone(), events))
        }
        Ok(_) => Err(ExecuteError::invalid(faults)),
        Err(Rejection::Invalid(others)) => {
            faults.extend(others);
            Err(ExecuteError::invalid(faults))
        }
        Err(rejection) => Err(rejection.into()),
    }
}
