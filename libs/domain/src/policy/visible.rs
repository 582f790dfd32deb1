//! What lists show: the policy as sets that a view can filter by.

use std::collections::{BTreeMap, BTreeSet};

use super::{Role, Viewer};
use crate::ids::{AccountId, DeskKey, OrganizationId};

/// What a list may show to a viewer, as sets that a view can filter by without asking ticket by ticket. A row is
/// visible when any of them holds; the same rule as [`super::Operation::Read`], which a property test compares.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Visible {
    /// Everything (auditors, administrators).
    pub all: bool,
    /// Tickets of this person, as requester or opener.
    pub person: Option<AccountId>,
    /// Tickets of these organizations when not private, and tickets shared with them.
    pub organizations: BTreeSet<OrganizationId>,
    /// All tickets of these desks.
    pub desks: BTreeSet<DeskKey>,
    /// All tickets of these organizations, private or not; limited to a desk when one is named.
    pub treated: BTreeMap<OrganizationId, Option<BTreeSet<DeskKey>>>,
    /// Internal notes may be searched on all that is visible through `all`, `desks` or `treated`.
    pub internal: bool,
}

/// The sets of [`Visible`] for a viewer.
#[must_use]
pub fn visible(viewer: &Viewer) -> Visible {
    let mut visible = Visible {
        person: Some(viewer.account),
        organizations: viewer.organizations.clone(),
        ..Visible::default()
    };
    for grant in &viewer.grants {
        match grant.role {
            Role::Requester | Role::Operator => continue,
            Role::Agent | Role::LocalAdmin | Role::Supplier | Role::Auditor | Role::Admin => {}
        }
        visible.internal = true;
        match (&grant.desk, &grant.organization) {
            (None, None) => visible.all = true,
            (Some(desk), None) => {
                visible.desks.insert(desk.clone());
            }
            (None, Some(organization)) => {
                let all = viewer.reach(organization).into_iter();
                visible
                    .treated
                    .extend(all.map(|organization| (organization, None)));
            }
            (Some(desk), Some(organization)) => {
                for organization in viewer.reach(organization) {
                    let desks = visible.treated.entry(organization);
                    if let Some(desks) = desks.or_insert_with(|| Some(BTreeSet::new())) {
                        desks.insert(desk.clone());
                    }
                }
            }
        }
    }
    visible
}
