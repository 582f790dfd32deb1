//! Organizations: making and changing them.

use std::sync::Arc;

use domain::{
    AccountId, Event, Fault, FaultText, OrganizationId,
    organization::{
        Organization, OrganizationCreated, OrganizationEvent, change as rules,
        change::{Change, Named},
    },
    policy::{
        Viewer,
        administration::{AccountOperation, OrganizationOperation},
    },
};
use event_log::Version;

use crate::{
    kernel::{
        call::Call,
        error::ExecuteError,
        lanes::Targets,
        task::own_task,
        writes::{Made, Outcome, Write},
    },
    people::People,
};

impl People {
    /// Makes an organization without asking whether anybody may, unless there is one of that id.
    ///
    /// # Errors
    /// See [`ExecuteError`].
    pub async fn make_organization(
        &self,
        call: &Call,
        new: OrganizationCreated,
    ) -> Result<Made, ExecuteError> {
        let committed = self
            .kernel
            .carry_out(call, &Targets::PEOPLE, &|_| {
                let known = self.kernel.directory.organization(&new.id).is_some();
                Ok(if known { Vec::new() } else { new_organization(&new) })
            })
            .await?;
        Ok(committed.made())
    }

    /// Makes an organization for an administrator.
    ///
    /// # Errors
    /// See [`ExecuteError`].
    pub async fn create_organization(
        &self,
        call: Call,
        new: OrganizationCreated,
    ) -> Result<Arc<Organization>, ExecuteError> {
        own_task(self, |this| async move {
            let made = this
                .kernel
                .carry_out(&call, &Targets::PEOPLE, &|_| {
                    let directory = &this.kernel.directory;
                    let exists = new
                        .parent
                        .as_ref()
                        .is_none_or(|id| directory.organization(id).is_some());
                    rules::judge_new(&call.viewer, &new, exists, &directory.tree())?;
                    let taken = this.siren_taken(&new.id, new.siren.as_deref());
                    let mut faults: Vec<Fault> = taken.into_iter().collect();
                    if directory.organization(&new.id).is_some() {
                        faults.push(Fault::new("/id", FaultText::Taken));
                    }
                    if !faults.is_empty() {
                        return Err(ExecuteError::invalid(faults));
                    }
                    Ok(new_organization(&new))
                })
                .await?;
            let directory = &this.kernel.directory;
            if matches!(made, Outcome::Before(_)) {
                // It is told as it is today, to who may see it today.
                directory.organization_for(&call.viewer, &new.id, OrganizationOperation::See)?;
            }
            directory.organization(&new.id).ok_or(ExecuteError::NotFound)
        })
        .await
    }

    /// Changes an organization.
    ///
    /// # Errors
    /// See [`ExecuteError`].
    pub async fn change_organization(
        &self,
        call: Call,
        id: OrganizationId,
        changes: Vec<Change>,
    ) -> Result<Arc<Organization>, ExecuteError> {
        own_task(self, |this| async move {
            this.kernel
                .carry_out(&call, &Targets::PEOPLE, &|_| {
                    let directory = &this.kernel.directory;
                    let before = directory.organization(&id).ok_or(ExecuteError::NotFound)?;
                    call.expects(Version(before.version))?;
                    let (mut organization, tree) = (Organization::clone(&before), directory.tree());
                    let (mut events, mut faults) = (Vec::new(), Vec::new());
                    for change in &changes {
                        faults.extend(this.unknown_account(&call.viewer, change));
                        if let Change::SetSiren(siren) = change {
                            faults.extend(this.siren_taken(&id, siren.as_deref()));
                        }
                        match rules::decide(&call.viewer, &organization, change.clone(), &tree, |name| {
                            this.knows(&call.viewer, name)
                        }) {
                            Ok(decided) => {
                                decided.iter().for_each(|event| organization.apply(event.clone()));
                                events.extend(decided);
                            }
                            Err(domain::account::change::Refusal::Invalid(found)) => faults.extend(found),
                            Err(other) => return Err(other.into()),
                        }
                    }
                    if !faults.is_empty() {
                        return Err(ExecuteError::invalid(faults));
                    }
                    Ok(Write::to_organization(&before, events))
                })
                .await?;
            this.kernel
                .directory
                .organization(&id)
                .ok_or(ExecuteError::NotFound)
        })
        .await
    }

    /// A SIREN names one organization (seed 001 §3.1.1): an operator's programs report in its name.
    fn siren_taken(&self, own: &OrganizationId, siren: Option<&str>) -> Option<Fault> {
        let siren = siren?;
        let organizations = self.kernel.directory.organizations();
        let taken = organizations
            .iter()
            .any(|other| other.id != *own && other.siren.as_deref() == Some(siren));
        taken.then(|| Fault::new("/siren", FaultText::SirenOfAnother))
    }

    /// A referent or a responsible that is nobody, or whose profile the one who names them may not read: with the name its
    /// address or its telephone is shown.
    fn unknown_account(&self, viewer: &Viewer, change: &Change) -> Option<Fault> {
        let (pointer, named): (_, Option<AccountId>) = match change {
            Change::NameReferent(account) => ("/referent", *account),
            Change::SignContract(_, terms) => ("/responsible", terms.responsible),
            Change::Rename(_) | Change::SetSiren(_) | Change::Move(_) | Change::WithdrawContract(_) => {
                return None;
            }
        };
        let known = self
            .kernel
            .directory
            .account_for(viewer, named?, AccountOperation::Read);
        known
            .is_err()
            .then(|| Fault::new(pointer, FaultText::NamesNoAccountToRead))
    }

    /// Whether a name in a change names something that the viewer may know of.
    fn knows(&self, viewer: &Viewer, name: Named<'_>) -> bool {
        let category = match name {
            Named::Organization(id) => {
                return self
                    .kernel
                    .directory
                    .organization_seen(viewer, id.as_str())
                    .is_some();
            }
            Named::Category(category) => category,
        };
        let (desk, request_type) = category
            .split_once('/')
            .map_or((category, None), |(desk, of)| (desk, Some(of)));
        let desk = desk.parse().ok().and_then(|key| self.kernel.directory.desk(&key));
        desk.filter(|desk| viewer.may_see_desk(&desk.definition().key))
            .is_some_and(|desk| request_type.is_none_or(|of| desk.form(of).is_some()))
    }
}

fn new_organization(new: &OrganizationCreated) -> Vec<Write> {
    let event = Event::Organization(OrganizationEvent::Created(new.clone()));
    vec![Write::after(0, format!("organization-{}", new.id), vec![event])]
}
