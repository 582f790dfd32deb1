//! Who may do and see what: one table, asked for every command and every read (design §6).
//!
//! A viewer stands in zero or more [`Relation`]s to a ticket; an [`Operation`] names the relations that allow it.
//! What the table forbids no channel allows (complaint C1 of every peer).

pub mod administration;
mod shown;
mod viewer;
mod visible;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use administration::KeyScope;
pub use shown::{ListSight, Listed, LogSight, OfTicket, Shown, Sight, shown_to_author, shown_to_holder};
pub use viewer::{Profile, Reach, Viewer};
pub use visible::{Visible, visible};

use crate::{
    ids::{AccountId, DeskKey, OrganizationId},
    named::named,
};

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

named!(Role {
    Requester = "requester",
    Agent = "agent",
    LocalAdmin = "local_admin",
    Operator = "operator",
    Supplier = "supplier",
    Auditor = "auditor",
    Admin = "admin",
});

/// A role, with the desk and the organization that it is limited to (`None`: all). An organization stands for all that is
/// part of it, too.
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

impl Grant {
    /// What everybody may who has an account, without any limit.
    #[must_use]
    pub fn requesting() -> Grant {
        Grant {
            role: Role::Requester,
            desk: None,
            organization: None,
        }
    }

    /// The role of an administrator, without any limit.
    #[must_use]
    pub fn administers_all(&self) -> bool {
        self.role == Role::Admin && self.desk.is_none() && self.organization.is_none()
    }
}

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

/// May this viewer do this on this ticket? In one profile or entity they may do what is open to them there, and nothing
/// that would not be with all that they hold: who treats a ticket does not become its requester's colleague by leaving
/// that role aside.
#[must_use]
pub fn may(viewer: &Viewer, operation: Operation, ticket: &Scope<'_>) -> bool {
    let relations = relations(viewer, ticket);
    let allowed = TABLE.iter().any(|(row, allowed)| {
        *row == operation && allowed.iter().any(|relation| relations.contains(relation))
    });
    allowed && viewer.whole().is_none_or(|whole| may(whole, operation, ticket))
}

/// May this viewer act on this ticket for somebody else? Who treats it may, for who may read it: a requester on the telephone. It is
/// done with the rights of who does it, and both stand in the event (complaint C17).
#[must_use]
pub fn may_act_for(viewer: &Viewer, other: &Viewer, ticket: &Scope<'_>) -> bool {
    may(other, Operation::Read, ticket) && may(viewer, Operation::ActAsAgent, ticket)
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

/// The side that this viewer's words come from: supplier before agent before requester. Somebody who treats tickets
/// and writes on a ticket of their own writes as its requester; [`side_for`] says from where they act. Who acts in one
/// profile only stays on the side where all that they hold puts them: a choice of today must not falsify the record.
#[must_use]
pub fn side(viewer: &Viewer, ticket: &Scope<'_>) -> Side {
    let viewer = viewer.outermost();
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
    let viewer = viewer.outermost();
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
