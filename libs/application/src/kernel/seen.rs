//! What a viewer may know of: what they may not see does not exist.

use std::sync::Arc;

use domain::{
    AccountId, OrganizationId, TicketKey,
    account::Account,
    organization::Organization,
    policy::{
        Shown, Sight, Viewer,
        administration::{AccountOperation, OrganizationOperation, may_on_account, may_on_organization},
    },
};

use crate::kernel::{Kernel, directory::Directory, error::ReadError, folds::Loaded};

impl Kernel {
    /// A ticket, for a viewer who may read it, and what they may see of it. Waits for the disk.
    ///
    /// # Errors
    /// [`ReadError::NotFound`] also when it is another's.
    pub(crate) fn seen(
        &self,
        viewer: &Viewer,
        key: &TicketKey,
    ) -> Result<(Shown<Arc<Loaded>>, Sight), ReadError> {
        let loaded = self.folds.load(key)?;
        let sight = Sight::of(viewer, &loaded.state.scope()).ok_or(ReadError::NotFound)?;
        Ok((sight.show(loaded).ok_or(ReadError::NotFound)?, sight))
    }
}

impl Directory {
    /// An account on which this viewer may do that; what they may not see does not exist.
    ///
    /// # Errors
    /// [`ReadError::NotFound`].
    pub fn account_for(
        &self,
        viewer: &Viewer,
        id: AccountId,
        operation: AccountOperation,
    ) -> Result<Arc<Account>, ReadError> {
        let account = self.account(id).ok_or(ReadError::NotFound)?;
        if may_on_account(viewer, operation, &account) {
            Ok(account)
        } else {
            Err(ReadError::NotFound)
        }
    }

    /// The account that a viewer means, by id or user name, if they may know of it.
    #[must_use]
    pub fn account_seen(&self, viewer: &Viewer, named: &str) -> Option<Arc<Account>> {
        let account = self.account_meant(named)?;
        may_on_account(viewer, AccountOperation::See, &account).then_some(account)
    }

    /// An organization on which this viewer may do that; what they may not see does not exist.
    ///
    /// # Errors
    /// [`ReadError::NotFound`].
    pub fn organization_for(
        &self,
        viewer: &Viewer,
        id: &OrganizationId,
        operation: OrganizationOperation,
    ) -> Result<Arc<Organization>, ReadError> {
        let organization = self.organization(id).ok_or(ReadError::NotFound)?;
        if may_on_organization(viewer, operation, id) {
            Ok(organization)
        } else {
            Err(ReadError::NotFound)
        }
    }

    /// The organization that a viewer names, if they may know of it.
    #[must_use]
    pub fn organization_seen(&self, viewer: &Viewer, named: &str) -> Option<Arc<Organization>> {
        let organization = self.organization_named(named)?;
        may_on_organization(viewer, OrganizationOperation::See, &organization.id).then_some(organization)
    }
}
