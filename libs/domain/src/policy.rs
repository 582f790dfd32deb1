//! Who may do and see what: one table, asked for every command and every read (design §6).
//!
//! A viewer stands in zero or more [`Relation`]s to a ticket; an [`Operation`] names the relations that allow it.
//! What the table forbids no channel allows (complaint C1 of every peer).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::ids::{AccountId, DeskKey, OrganizationId};

/// What an account may be, everywhere or within a desk or an organization (design §6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Opens tickets and follows their own.
    Requester,
    /// Treats the tickets of a desk.
    Agent,
    /// Treats the tickets of an establishment (seed 003's "référent ENT").
    LocalAdmin,
    /// A commercial operator's program (seed 001's OC), bound to a SIREN.
    Operator,
    /// The side that repairs (seed 001's OI).
    Supplier,
    /// Reads everything, changes nothing.
    Auditor,
    /// Administers accounts, organizations and desks, and may treat any ticket.
    Admin,
}

impl Role {
    /// The role as it stands on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Requester => "requester",
            Role::Agent => "agent",
            Role::LocalAdmin => "local_admin",
            Role::Operator => "operator",
            Role::Supplier => "supplier",
            Role::Auditor => "auditor",
            Role::Admin => "admin",
        }
    }
}

/// A role, with the desk and the organization that it is limited to (`None`: all).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// The role.
    pub role: Role,
    /// The one desk it holds on, or all.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub desk: Option<DeskKey>,
    /// The one organization it holds on, or all.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub organization: Option<OrganizationId>,
}

/// Who asks: an account with what it holds at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewer {
    /// The account that is signed in.
    pub account: AccountId,
    /// Its roles.
    pub grants: BTreeSet<Grant>,
    /// The organizations it is a member of.
    pub organizations: BTreeSet<OrganizationId>,
}

impl Viewer {
    /// Holds this role, with any limit.
    #[must_use]
    pub fn has(&self, role: Role) -> bool {
        self.grants.iter().any(|grant| grant.role == role)
    }

    fn has_on(&self, role: Role, desk: &DeskKey, organization: Option<&OrganizationId>) -> bool {
        self.grants.iter().any(|grant| {
            grant.role == role
                && grant.desk.as_ref().is_none_or(|own| own == desk)
                && grant
                    .organization
                    .as_ref()
                    .is_none_or(|own| Some(own) == organization)
        })
    }

    /// The desks on which this role is held without a limit of organization; `None` means all desks.
    pub fn desks_of(&self, role: Role) -> impl Iterator<Item = Option<&DeskKey>> {
        self.grants
            .iter()
            .filter(move |grant| grant.role == role && grant.organization.is_none())
            .map(|grant| grant.desk.as_ref())
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

    /// May open tickets on this desk for somebody else (seed 002, F88).
    #[must_use]
    pub fn may_open_for_others(&self, desk: &DeskKey, organization: Option<&OrganizationId>) -> bool {
        [Role::Agent, Role::LocalAdmin, Role::Admin]
            .into_iter()
            .any(|role| self.has_on(role, desk, organization))
    }

    /// May read the whole log: the change feed and, later, the audit data. A role limited to a desk or an organization
    /// does not open the rest.
    #[must_use]
    pub fn may_read_log(&self) -> bool {
        [Role::Auditor, Role::Admin]
            .into_iter()
            .any(|role| self.desks_of(role).any(|desk| desk.is_none()))
    }
}

const OPENERS: [Role; 5] = [
    Role::Requester,
    Role::Agent,
    Role::LocalAdmin,
    Role::Operator,
    Role::Admin,
];

/// What of a ticket the policy looks at.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// The ticket's desk.
    pub desk: &'a DeskKey,
    /// Whom the ticket is for.
    pub requester: AccountId,
    /// Who opened it.
    pub created_by: AccountId,
    /// The organization it was opened for.
    pub organization: Option<&'a OrganizationId>,
    /// Hidden from the colleagues of the requester (seed 002 §6.1, "Requête privée").
    pub private: bool,
    /// The organizations it is shared with.
    pub shared_with: &'a BTreeSet<OrganizationId>,
}

/// How a viewer stands to a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relation {
    /// The requester, or who opened it for them.
    Own,
    /// A member of the ticket's organization when it is not private, or of one it is shared with. They act as the
    /// requester would, decisions on proposals included: that is what sharing is for (a colleague on leave blocks
    /// nothing), each event says who it was, and `private` closes it.
    Colleague,
    /// Treats tickets of this desk, or of this establishment.
    Treats,
    /// Repairs for this desk.
    Supplies,
    /// Audits.
    Audits,
    /// Administers.
    Administers,
}

/// What can be asked on a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// See the ticket, its public comments, attachments and history.
    Read,
    /// See internal notes.
    ReadInternal,
    /// Comment in public, or attach a file.
    Comment,
    /// Write internal notes.
    CommentInternal,
    /// Follow the actions that a desk gives to its requesters.
    ActAsRequester,
    /// Follow the actions that a desk gives to its agents; assign, edit, ask for approval.
    ActAsAgent,
    /// Follow the actions that a desk gives to its supplier.
    ActAsSupplier,
    /// Change summary, description, private and sharing of the ticket.
    EditOwn,
    /// Accept or refuse what was proposed.
    DecideApproval,
}

/// The table. Each row: an operation, and the relations that allow it.
const TABLE: [(Operation, &[Relation]); 9] = {
    use Relation::{Administers, Audits, Colleague, Own, Supplies, Treats};
    [
        (
            Operation::Read,
            &[Own, Colleague, Treats, Supplies, Audits, Administers],
        ),
        (Operation::ReadInternal, &[Treats, Supplies, Audits, Administers]),
        (
            Operation::Comment,
            &[Own, Colleague, Treats, Supplies, Administers],
        ),
        (Operation::CommentInternal, &[Treats, Supplies, Administers]),
        (Operation::ActAsRequester, &[Own, Colleague]),
        (Operation::ActAsAgent, &[Treats, Administers]),
        (Operation::ActAsSupplier, &[Supplies, Treats, Administers]),
        (Operation::EditOwn, &[Own, Treats, Administers]),
        (Operation::DecideApproval, &[Own, Colleague]),
    ]
};

/// How this viewer stands to this ticket; empty means that for them it does not exist.
///
/// Who treats, supplies or administers a ticket stands on its other side: of the requester's side only being the
/// requester remains to them. Otherwise an agent who opened the ticket for somebody, or works in the same town hall,
/// could accept their own proposal (complaint C10 of every peer).
#[must_use]
pub fn relations(viewer: &Viewer, ticket: &Scope<'_>) -> BTreeSet<Relation> {
    let mut relations = BTreeSet::new();
    for (role, relation) in [
        (Role::Agent, Relation::Treats),
        (Role::LocalAdmin, Relation::Treats),
        (Role::Supplier, Relation::Supplies),
        (Role::Auditor, Relation::Audits),
        (Role::Admin, Relation::Administers),
    ] {
        if viewer.has_on(role, ticket.desk, ticket.organization) {
            relations.insert(relation);
        }
    }
    let other_side = [Relation::Treats, Relation::Supplies, Relation::Administers]
        .iter()
        .any(|relation| relations.contains(relation));
    let opened = viewer.account == ticket.created_by && !other_side;
    if viewer.account == ticket.requester || opened {
        relations.insert(Relation::Own);
    }
    let of_its_organization = !ticket.private
        && ticket
            .organization
            .is_some_and(|own| viewer.organizations.contains(own));
    if !other_side && (of_its_organization || !viewer.organizations.is_disjoint(ticket.shared_with)) {
        relations.insert(Relation::Colleague);
    }
    relations
}

/// May this viewer do this on this ticket?
#[must_use]
pub fn may(viewer: &Viewer, operation: Operation, ticket: &Scope<'_>) -> bool {
    let relations = relations(viewer, ticket);
    TABLE.iter().any(|(row, allowed)| {
        *row == operation && allowed.iter().any(|relation| relations.contains(relation))
    })
}

/// The side from which somebody acts on a ticket (seed 002, F122: a comment of the customer, a comment of the agent).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Who asks, and their colleagues.
    Requester,
    /// Who treats.
    Agent,
    /// Who repairs (seed 001's OI).
    Supplier,
    /// The server itself.
    System,
}

impl Side {
    /// The side as it stands on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Side::Requester => "requester",
            Side::Agent => "agent",
            Side::Supplier => "supplier",
            Side::System => "system",
        }
    }
}

/// The side that this viewer's words come from: supplier before agent before requester. Somebody who treats tickets
/// and writes on a ticket of their own writes as its requester; [`side_for`] says from where they act.
#[must_use]
pub fn side(viewer: &Viewer, ticket: &Scope<'_>) -> Side {
    if viewer.account == AccountId::SYSTEM {
        return Side::System;
    }
    let relations = relations(viewer, ticket);
    if viewer.account == ticket.requester {
        Side::Requester
    } else if relations.contains(&Relation::Supplies) {
        Side::Supplier
    } else if relations.contains(&Relation::Treats) || relations.contains(&Relation::Administers) {
        Side::Agent
    } else {
        Side::Requester
    }
}

/// The side from which this viewer does something that is open to them: whoever takes or treats a ticket of their own
/// does that as an agent, or an auditor would read that a requester treated tickets.
#[must_use]
pub fn side_for(viewer: &Viewer, operation: Operation, ticket: &Scope<'_>) -> Side {
    let side = side(viewer, ticket);
    let of_the_other_side = match operation {
        Operation::ActAsAgent | Operation::ActAsSupplier | Operation::CommentInternal => true,
        Operation::Read
        | Operation::ReadInternal
        | Operation::Comment
        | Operation::ActAsRequester
        | Operation::EditOwn
        | Operation::DecideApproval => false,
    };
    match side {
        Side::Requester if of_the_other_side && relations(viewer, ticket).contains(&Relation::Supplies) => {
            Side::Supplier
        }
        Side::Requester if of_the_other_side => Side::Agent,
        Side::Requester | Side::Agent | Side::Supplier | Side::System => side,
    }
}

/// What a list may show to a viewer, as sets that a view can filter by without asking ticket by ticket. A row is
/// visible when any of them holds; the same rule as [`Operation::Read`], which a property test compares.
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
                visible.treated.insert(organization.clone(), None);
            }
            (Some(desk), Some(organization)) => {
                let desks = visible
                    .treated
                    .entry(organization.clone())
                    .or_insert_with(|| Some(BTreeSet::new()));
                if let Some(desks) = desks {
                    desks.insert(desk.clone());
                }
            }
        }
    }
    visible
}
