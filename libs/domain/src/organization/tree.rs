//! The tree of organizations: who is part of whom.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::OrganizationId;

/// How deep the tree may be; a chain that is longer, or runs in a circle, ends there.
pub const DEPTH_MAX: usize = 16;

/// Each organization's parent. One that names a parent which does not exist is a root.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    parents: BTreeMap<OrganizationId, OrganizationId>,
    children: BTreeMap<OrganizationId, BTreeSet<OrganizationId>>,
}

impl Tree {
    /// Puts an organization under a parent, or at the top.
    pub fn place(&mut self, organization: &OrganizationId, parent: Option<&OrganizationId>) {
        if let Some(before) = self.parents.remove(organization)
            && let Some(children) = self.children.get_mut(&before)
        {
            children.remove(organization);
        }
        if let Some(parent) = parent {
            self.parents.insert(organization.clone(), parent.clone());
            self.children
                .entry(parent.clone())
                .or_default()
                .insert(organization.clone());
        }
    }

    /// The organization itself and all that is part of it, however deep.
    #[must_use]
    pub fn within(&self, organization: &OrganizationId) -> BTreeSet<OrganizationId> {
        let mut found = BTreeSet::from([organization.clone()]);
        let mut next = vec![organization];
        while let Some(parent) = next.pop() {
            for child in self.children.get(parent).into_iter().flatten() {
                if found.insert(child.clone()) {
                    next.push(child);
                }
            }
        }
        found
    }

    /// The organization itself, what it is part of, what that is part of, up to the top; at most [`DEPTH_MAX`].
    #[must_use]
    pub fn upwards(&self, organization: &OrganizationId) -> Vec<OrganizationId> {
        let mut chain = vec![organization.clone()];
        let mut next = self.parents.get(organization);
        while let Some(parent) = next.filter(|parent| chain.len() < DEPTH_MAX && !chain.contains(parent)) {
            chain.push(parent.clone());
            next = self.parents.get(parent);
        }
        chain
    }

    /// How many levels there are from an organization down to the deepest that is part of it, itself counted; at least
    /// [`DEPTH_MAX`] when there are more.
    #[must_use]
    pub fn height(&self, organization: &OrganizationId) -> usize {
        let below = |member: &OrganizationId| {
            let chain = self.upwards(member);
            chain
                .iter()
                .position(|parent| parent == organization)
                .map_or(chain.len(), |place| place + 1)
        };
        self.within(organization).iter().map(below).max().unwrap_or(1)
    }
}
