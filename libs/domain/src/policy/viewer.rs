//! Who asks, and as what.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    str::FromStr,
    sync::Arc,
};

use super::{Grant, Role};
use crate::ids::{AccountId, DeskKey, NameError, OrganizationId};

/// Who asks: an account with what it holds at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewer {
    /// The account that is signed in.
    pub account: AccountId,
    /// Its roles.
    pub grants: BTreeSet<Grant>,
    /// The organizations it is a member of.
    pub organizations: BTreeSet<OrganizationId>,
    /// How far roles with a limit reach, and what this viewer has left aside.
    pub within: Arc<Reach>,
}

/// How far roles with a limit reach, and what their holder has left aside for the moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reach {
    /// For each organization that a role is limited to: itself and all that is part of it. One that is not here stands for
    /// itself alone.
    parts: BTreeMap<OrganizationId, BTreeSet<OrganizationId>>,
    /// Who this is when they act in one profile or entity only: with all that they hold. Whoever treats a ticket and acts
    /// in another profile has not changed sides by that (complaint C10 of every peer: accepting one's own proposal).
    whole: Option<Viewer>,
}

impl Reach {
    /// The reach of roles: for each organization that one is limited to, itself and all that is part of it.
    #[must_use]
    pub fn new(parts: BTreeMap<OrganizationId, BTreeSet<OrganizationId>>) -> Self {
        Self { parts, whole: None }
    }
}

impl Viewer {
    /// The server itself, for what no person asks: no role and no membership.
    #[must_use]
    pub fn system() -> Viewer {
        Viewer {
            account: AccountId::SYSTEM,
            grants: BTreeSet::new(),
            organizations: BTreeSet::new(),
            within: Arc::default(),
        }
    }

    /// This viewer with all that they hold, when they act in one profile or entity only.
    pub(super) fn whole(&self) -> Option<&Viewer> {
        self.within.whole.as_ref()
    }

    /// This viewer with all that they hold, however often they have narrowed themselves.
    #[must_use]
    pub fn outermost(&self) -> &Viewer {
        self.whole().map_or(self, Viewer::outermost)
    }

    /// Holds this role, with any limit.
    #[must_use]
    pub fn has(&self, role: Role) -> bool {
        self.grants.iter().any(|grant| grant.role == role)
    }

    /// Holds this role on a desk, for an organization.
    pub(super) fn has_on(&self, role: Role, desk: &DeskKey, organization: Option<&OrganizationId>) -> bool {
        self.grants.iter().any(|grant| {
            grant.role == role
                && grant.desk.as_ref().is_none_or(|own| own == desk)
                && self.reaches(grant, organization)
        })
    }

    /// A role holds for this organization: it is limited to none, to this one, or to one that this is part of.
    pub(super) fn reaches(&self, grant: &Grant, organization: Option<&OrganizationId>) -> bool {
        let Some(limit) = &grant.organization else {
            return true;
        };
        organization.is_some_and(|asked| {
            limit == asked
                || self
                    .within
                    .parts
                    .get(limit)
                    .is_some_and(|within| within.contains(asked))
        })
    }

    /// The organizations that a role holds for.
    pub(super) fn reach(&self, limit: &OrganizationId) -> BTreeSet<OrganizationId> {
        let alone = || BTreeSet::from([limit.clone()]);
        self.within.parts.get(limit).cloned().unwrap_or_else(alone)
    }

    /// Holds one of these roles, on every desk, for this organization.
    pub(super) fn holds_for(&self, roles: &[Role], organization: Option<&OrganizationId>) -> bool {
        self.grants.iter().any(|grant| {
            roles.contains(&grant.role) && grant.desk.is_none() && self.reaches(grant, organization)
        })
    }

    /// Administers the members of this organization, as administrator or as its local administrator (seed 003's référent).
    #[must_use]
    pub fn administers(&self, organization: &OrganizationId) -> bool {
        self.holds_for(&[Role::Admin, Role::LocalAdmin], Some(organization))
    }

    /// May change what is part of this organization.
    #[must_use]
    pub fn administers_tree(&self, organization: &OrganizationId) -> bool {
        self.holds_for(&[Role::Admin], Some(organization))
    }

    /// May sign in new tickets on this desk for themselves.
    #[must_use]
    pub fn may_open_on(&self, desk: &DeskKey) -> bool {
        self.grants
            .iter()
            .any(|grant| OPENERS.contains(&grant.role) && grant.desk.as_ref().is_none_or(|own| own == desk))
    }

    /// Has anything to do with this desk: a role that holds on it.
    #[must_use]
    pub fn may_see_desk(&self, desk: &DeskKey) -> bool {
        self.grants
            .iter()
            .any(|grant| grant.desk.as_ref().is_none_or(|own| own == desk))
    }

    /// May change the lists that its fields choose from.
    #[must_use]
    pub fn administers_desk(&self, desk: &DeskKey) -> bool {
        self.has_on(Role::Admin, desk, None)
    }

    /// May open tickets on this desk for somebody else (seed 002, F88).
    #[must_use]
    pub fn may_open_for_others(&self, desk: &DeskKey, organization: Option<&OrganizationId>) -> bool {
        [Role::Agent, Role::LocalAdmin, Role::Admin]
            .into_iter()
            .any(|role| self.has_on(role, desk, organization))
    }
}

const OPENERS: [Role; 5] = [
    Role::Requester,
    Role::Agent,
    Role::LocalAdmin,
    Role::Operator,
    Role::Admin,
];

/// The one role that somebody acts in, of those they hold: its name is `<role>[:<desk>][@<organization>]`, such as
/// `local_admin@lycee-a` (seed 004, F203: switching the profile).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile(pub Grant);

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.role.as_str())?;
        if let Some(desk) = &self.0.desk {
            write!(f, ":{desk}")?;
        }
        if let Some(organization) = &self.0.organization {
            write!(f, "@{organization}")?;
        }
        Ok(())
    }
}

impl FromStr for Profile {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let none = || NameError {
            what: "a profile (<role>[:<desk>][@<organization>])",
            text: text.to_owned(),
        };
        let (rest, organization) = match text.split_once('@') {
            Some((rest, organization)) => (rest, Some(organization.parse::<OrganizationId>()?)),
            None => (text, None),
        };
        let (role, desk) = match rest.split_once(':') {
            Some((role, desk)) => (role, Some(desk.parse::<DeskKey>()?)),
            None => (rest, None),
        };
        Ok(Profile(Grant {
            role: Role::named(role).map_err(|_other| none())?,
            desk,
            organization,
        }))
    }
}

impl Viewer {
    /// This viewer in one of their roles only; `None` when they do not hold it. Memberships and what is their own stay.
    #[must_use]
    pub fn in_profile(&self, profile: &Profile) -> Option<Viewer> {
        self.grants.contains(&profile.0).then(|| Viewer {
            grants: BTreeSet::from([profile.0.clone()]),
            within: Arc::new(Reach {
                parts: self.within.parts.clone(),
                whole: Some(self.clone()),
            }),
            ..self.clone()
        })
    }

    /// This viewer in one organization only, and what is part of it (`entity`, from [`crate::organization::Tree::within`]):
    /// roles reach no further, other memberships are left aside. What is their own stays. `None` when they have nothing to
    /// do with it (seed 004, F203: switching the entity).
    #[must_use]
    pub fn in_entity(
        &self,
        organization: &OrganizationId,
        entity: &BTreeSet<OrganizationId>,
    ) -> Option<Viewer> {
        let mut parts = BTreeMap::new();
        let mut grants = BTreeSet::new();
        let mut concerned = false;
        for grant in &self.grants {
            let Some((limit, reach)) = self.narrowed(grant, organization, entity) else {
                continue;
            };
            // To be allowed to ask anywhere is nothing to do with this place.
            concerned |=
                grant.organization.is_some() || !matches!(grant.role, Role::Requester | Role::Operator);
            // Several roles may end at one limit: none of them reaches further there than before.
            parts
                .entry(limit.clone())
                .and_modify(|known: &mut BTreeSet<_>| known.retain(|part| reach.contains(part)))
                .or_insert(reach);
            grants.insert(Grant {
                organization: Some(limit),
                ..grant.clone()
            });
        }
        let organizations: BTreeSet<OrganizationId> =
            self.organizations.intersection(entity).cloned().collect();
        (concerned || !organizations.is_empty()).then(|| Viewer {
            account: self.account,
            grants,
            organizations,
            within: Arc::new(Reach {
                parts,
                whole: Some(self.clone()),
            }),
        })
    }

    /// The limit of a role within an entity and how far it reaches from there; `None` when it does not hold there.
    fn narrowed(
        &self,
        grant: &Grant,
        organization: &OrganizationId,
        entity: &BTreeSet<OrganizationId>,
    ) -> Option<(OrganizationId, BTreeSet<OrganizationId>)> {
        let Some(limit) = &grant.organization else {
            return Some((organization.clone(), entity.clone()));
        };
        let reach = self.reach(limit).intersection(entity).cloned().collect();
        if self.reaches(grant, Some(organization)) {
            Some((organization.clone(), reach))
        } else {
            entity.contains(limit).then(|| (limit.clone(), reach))
        }
    }
}
