//! Who may do what with accounts, organizations and the log itself: tables beside that of tickets (design §6).
//!
//! Nobody gives what they do not have: a role may be granted only by who holds one that grants it, within its own limits.
//! Nobody administers themselves, and nobody administers an account that holds more than they could have granted it:
//! otherwise a local administrator could take over the administrator who is a member of the same school.

use serde::{Deserialize, Serialize};

use super::{Grant, Role, Viewer};
use crate::{account::Account, ids::OrganizationId, messages::Detail, named::named};

/// What can be asked of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AccountOperation {
    /// Know that it is there: name, user name, picture (seed 003, F174).
    See,
    /// Read all of its profile, its roles and memberships.
    Read,
    /// Change its profile.
    EditProfile,
    /// Change what only its holder may: password, second factor, sign-ins, preferences.
    Own,
    /// Disable, unlock, correct the address, lock fields, take the second factor away.
    Manage,
    /// Make and end memberships of one's own organizations.
    ManageMemberships,
    /// Grant and take back roles; which ones is said by [`may_grant`].
    GrantRoles,
    /// Issue and revoke API keys.
    IssueKeys,
}

impl AccountOperation {
    /// The reason of a refusal.
    #[must_use]
    pub fn refusal(self) -> Detail {
        match self {
            AccountOperation::See | AccountOperation::Read => Detail::MayNotReadAccount,
            AccountOperation::EditProfile => Detail::MayNotEditProfile,
            AccountOperation::Own => Detail::HolderOnly,
            AccountOperation::Manage => Detail::MayNotAdministerAccount,
            AccountOperation::ManageMemberships => Detail::MayNotChangeMemberships,
            AccountOperation::GrantRoles => Detail::MayNotGrantRoles,
            AccountOperation::IssueKeys => Detail::MayNotIssueKeys,
        }
    }
}

/// How a viewer stands to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AccountRelation {
    /// It is theirs.
    Oneself,
    /// A member of one of the same organizations.
    Colleague,
    /// Treats tickets that people like them open. A supplier repairs lines: what it must know of people stands in their tickets.
    Serves,
    /// Administers one of its organizations, and it holds nothing that they could not have granted.
    AdministersPart,
    /// Is an administrator, if only of a desk or of one of its organizations.
    Grants,
    /// Audits.
    Audits,
    /// Administers every organization that it is a member of, and it holds nothing that they could not have granted.
    Administers,
}

const ACCOUNTS: [(AccountOperation, &[AccountRelation]); 8] = {
    use AccountRelation::{Administers, AdministersPart, Audits, Colleague, Grants, Oneself, Serves};
    [
        (
            AccountOperation::See,
            &[
                Oneself,
                Colleague,
                Serves,
                AdministersPart,
                Grants,
                Audits,
                Administers,
            ],
        ),
        (
            AccountOperation::Read,
            &[Oneself, Serves, AdministersPart, Grants, Audits, Administers],
        ),
        (AccountOperation::EditProfile, &[Oneself, Administers]),
        (AccountOperation::Own, &[Oneself]),
        (AccountOperation::Manage, &[Administers]),
        (
            AccountOperation::ManageMemberships,
            &[AdministersPart, Administers],
        ),
        (
            AccountOperation::GrantRoles,
            &[AdministersPart, Grants, Administers],
        ),
        (AccountOperation::IssueKeys, &[Administers]),
    ]
};

/// Which roles each role may grant, within its own limits of desk and organization.
const GRANTING: [(Role, &[Role]); 2] = [
    (Role::Admin, &Role::ALL),
    (Role::LocalAdmin, &[Role::Requester, Role::LocalAdmin]),
];

/// What can be asked of an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OrganizationOperation {
    /// Know that it is there, its place in the tree, its referent.
    See,
    /// Read its contracts; from level gold on, the telephone of the responsible (seed 004, F205).
    ReadContracts,
    /// Read who its members are.
    ReadMembers,
    /// Name its referent (seed 004, F180).
    NameReferent,
    /// Rename and move it; sign and withdraw its contracts.
    Manage,
}

impl OrganizationOperation {
    /// The reason of a refusal.
    #[must_use]
    pub fn refusal(self) -> Detail {
        match self {
            OrganizationOperation::See | OrganizationOperation::ReadContracts => {
                Detail::MayNotReadOrganization
            }
            OrganizationOperation::ReadMembers => Detail::MayNotReadMembers,
            OrganizationOperation::NameReferent => Detail::MayNotNameReferent,
            OrganizationOperation::Manage => Detail::MayNotAdministerOrganization,
        }
    }
}

/// How a viewer stands to an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OrganizationRelation {
    /// Is a member of it.
    Member,
    /// Treats its tickets.
    Serves,
    /// Is its local administrator.
    LocallyAdministers,
    /// Audits.
    Audits,
    /// Administers it.
    Administers,
}

const ORGANIZATIONS: [(OrganizationOperation, &[OrganizationRelation]); 5] = {
    use OrganizationRelation::{Administers, Audits, LocallyAdministers, Member, Serves};
    [
        (
            OrganizationOperation::See,
            &[Member, Serves, LocallyAdministers, Audits, Administers],
        ),
        (
            OrganizationOperation::ReadContracts,
            &[Member, Serves, LocallyAdministers, Audits, Administers],
        ),
        (
            OrganizationOperation::ReadMembers,
            &[Serves, LocallyAdministers, Audits, Administers],
        ),
        (
            OrganizationOperation::NameReferent,
            &[LocallyAdministers, Administers],
        ),
        (OrganizationOperation::Manage, &[Administers]),
    ]
};

/// What can be asked of the server as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SystemOperation {
    /// Read the whole log: feed, export, proofs, evidence.
    ReadLog,
    /// Erase a person.
    ErasePerson,
}

/// The roles that allow it, held without any limit.
const SYSTEM: [(SystemOperation, &[Role]); 2] = [
    (SystemOperation::ReadLog, &[Role::Auditor, Role::Admin]),
    (SystemOperation::ErasePerson, &[Role::Admin]),
];

/// What an API key opens, of what its account may (least privilege; RFC 6749 §3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyScope {
    /// Reading tickets, desks, organizations and accounts.
    Read,
    /// Commands on tickets.
    Write,
    /// The feed, the export, proofs and evidence.
    Audit,
    /// Accounts and organizations.
    Administer,
}

named!(KeyScope {
    Read = "read",
    Write = "write",
    Audit = "audit",
    Administer = "administer",
});

/// May this viewer do this on the server as a whole?
#[must_use]
pub fn may(viewer: &Viewer, operation: SystemOperation) -> bool {
    SYSTEM
        .iter()
        .any(|(row, roles)| *row == operation && viewer.holds_for(roles, None))
}

/// Administers everything: an administrator without any limit.
#[must_use]
pub fn administers_all(viewer: &Viewer) -> bool {
    viewer.holds_for(&[Role::Admin], None)
}

/// Administers everything and can sign in: without one such account, nobody could ever give a role again.
#[must_use]
pub fn is_administrator(account: &Account) -> bool {
    account.can_sign_in() && account.grants.iter().any(Grant::administers_all)
}

/// May this viewer grant this role there, or take it back?
#[must_use]
pub fn may_grant(viewer: &Viewer, wanted: &Grant) -> bool {
    viewer.grants.iter().any(|own| {
        let grants = GRANTING
            .iter()
            .any(|(role, granted)| *role == own.role && granted.contains(&wanted.role));
        let on_desk = own.desk.is_none() || own.desk == wanted.desk;
        grants && on_desk && viewer.reaches(own, wanted.organization.as_ref())
    })
}

/// How this viewer stands to this account; more than one way is usual.
fn relations_to_account(viewer: &Viewer, account: &Account) -> Vec<AccountRelation> {
    let mut relations = Vec::new();
    if viewer.account == account.id {
        relations.push(AccountRelation::Oneself);
    }
    if !viewer.organizations.is_disjoint(&account.organizations) {
        relations.push(AccountRelation::Colleague);
    }
    let reaches = |grant: &Grant| match &grant.organization {
        None => true,
        Some(_) => account
            .organizations
            .iter()
            .any(|of| viewer.reaches(grant, Some(of))),
    };
    for grant in viewer.grants.iter().filter(|grant| reaches(grant)) {
        relations.extend(match grant.role {
            Role::Agent | Role::LocalAdmin => Some(AccountRelation::Serves),
            Role::Auditor => Some(AccountRelation::Audits),
            Role::Admin => Some(AccountRelation::Grants),
            Role::Requester | Role::Operator | Role::Supplier => None,
        });
    }
    // Everybody may ask for something somewhere: that role is no power over anybody.
    let mut powers = account
        .grants
        .iter()
        .filter(|grant| grant.role != Role::Requester);
    if viewer.account != account.id && powers.all(|grant| may_grant(viewer, grant)) {
        let mut administered = account.organizations.iter().map(|of| viewer.administers(of));
        if administered.clone().any(|is| is) {
            relations.push(AccountRelation::AdministersPart);
        }
        if administers_all(viewer) || (!account.organizations.is_empty() && administered.all(|is| is)) {
            relations.push(AccountRelation::Administers);
        }
    }
    relations
}

/// May this viewer do this with this account?
#[must_use]
pub fn may_on_account(viewer: &Viewer, operation: AccountOperation, account: &Account) -> bool {
    // Of who is erased nothing is left to change, and nothing can be sealed for them any more.
    if account.erased && !matches!(operation, AccountOperation::See | AccountOperation::Read) {
        return false;
    }
    // Nobody grants themselves anything, nor takes from themselves: the last administrator stays one.
    if operation == AccountOperation::GrantRoles && viewer.account == account.id {
        return false;
    }
    let relations = relations_to_account(viewer, account);
    ACCOUNTS.iter().any(|(row, allowed)| {
        *row == operation && allowed.iter().any(|relation| relations.contains(relation))
    })
}

/// May this viewer do this with this organization?
#[must_use]
pub fn may_on_organization(
    viewer: &Viewer,
    operation: OrganizationOperation,
    organization: &OrganizationId,
) -> bool {
    let stands = |relation: &OrganizationRelation| match relation {
        OrganizationRelation::Member => viewer.organizations.contains(organization),
        OrganizationRelation::Serves => serves(viewer, organization),
        OrganizationRelation::LocallyAdministers => viewer.holds_for(&[Role::LocalAdmin], Some(organization)),
        OrganizationRelation::Audits => viewer.holds_for(&[Role::Auditor], Some(organization)),
        OrganizationRelation::Administers => viewer.administers_tree(organization),
    };
    ORGANIZATIONS
        .iter()
        .any(|(row, allowed)| *row == operation && allowed.iter().any(stands))
}

fn serves(viewer: &Viewer, organization: &OrganizationId) -> bool {
    viewer.grants.iter().any(|grant| {
        matches!(grant.role, Role::Agent | Role::LocalAdmin) && viewer.reaches(grant, Some(organization))
    })
}
