//! The promise that lists show what may be read, for random viewers in random trees.

use std::collections::BTreeSet;

use domain::{
    AccountId, DeskKey, OrganizationId,
    organization::Tree,
    policy::{Grant, Operation, Role, Scope, Viewer, Visible, may, visible},
};
use proptest::{prelude::*, sample::select, test_runner::RngSeed};

use crate::{
    given::{account, organization},
    holders::viewer_in,
    permissions::OPERATIONS,
};

pub(crate) const PLACES: [&str; 5] = ["a", "b", "c", "d", "e"];

pub(crate) fn a_desk() -> impl Strategy<Value = DeskKey> {
    select(vec!["SUP", "SAV", "ENT"]).prop_map(|key| key.parse().unwrap())
}

pub(crate) fn an_organization() -> impl Strategy<Value = OrganizationId> {
    select(PLACES.to_vec()).prop_map(organization)
}

/// Any forest over [`PLACES`].
pub(crate) fn a_forest() -> impl Strategy<Value = Tree> {
    let parents = (
        Just(None),
        prop::option::of(0..1_usize),
        prop::option::of(0..2_usize),
        prop::option::of(0..3_usize),
        prop::option::of(0..4_usize),
    );
    parents.prop_map(|(a, b, c, d, e)| {
        let mut tree = Tree::default();
        for (name, parent) in PLACES.into_iter().zip([a, b, c, d, e]) {
            let parent = parent.map(|index: usize| organization(PLACES[index]));
            tree.place(&organization(name), parent.as_ref());
        }
        tree
    })
}

pub(crate) fn a_grant() -> impl Strategy<Value = Grant> {
    let limits = (prop::option::of(a_desk()), prop::option::of(an_organization()));
    (select(Role::ALL.to_vec()), limits).prop_map(|(role, (desk, organization))| Grant {
        role,
        desk,
        organization,
    })
}

pub(crate) fn an_account() -> impl Strategy<Value = AccountId> {
    (1_u128..5).prop_map(account)
}

pub(crate) fn grants() -> impl Strategy<Value = BTreeSet<Grant>> {
    prop::collection::btree_set(a_grant(), 0..4)
}

pub(crate) fn memberships() -> impl Strategy<Value = BTreeSet<OrganizationId>> {
    prop::collection::btree_set(an_organization(), 0..3)
}

/// A viewer with the tree that they stand in.
pub(crate) fn a_viewer() -> impl Strategy<Value = (Tree, Viewer)> {
    (a_forest(), 1_u128..5, grants(), memberships()).prop_map(|(tree, number, grants, of)| {
        let viewer = viewer_in(&tree, number, grants, of);
        (tree, viewer)
    })
}

/// What of a ticket the policy looks at, owned.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) desk: DeskKey,
    pub(crate) requester: AccountId,
    pub(crate) created_by: AccountId,
    pub(crate) organization: Option<OrganizationId>,
    pub(crate) private: bool,
    pub(crate) shared_with: BTreeSet<OrganizationId>,
}

impl Seen {
    pub(crate) fn scope(&self) -> Scope<'_> {
        Scope {
            desk: &self.desk,
            requester: self.requester,
            created_by: self.created_by,
            organization: self.organization.as_ref(),
            private: self.private,
            shared_with: &self.shared_with,
        }
    }
}

pub(crate) fn a_ticket() -> impl Strategy<Value = Seen> {
    (
        a_desk(),
        an_account(),
        an_account(),
        prop::option::of(an_organization()),
        any::<bool>(),
        memberships(),
    )
        .prop_map(
            |(desk, requester, created_by, organization, private, shared_with)| Seen {
                desk,
                requester,
                created_by,
                organization,
                private,
                shared_with,
            },
        )
}

/// The filter that a list applies, written out from the words of [`Visible`].
pub(crate) fn is_listed(visible: &Visible, ticket: &Scope<'_>) -> bool {
    let treated = ticket.organization.and_then(|own| visible.treated.get(own));
    visible.all
        || visible
            .person
            .is_some_and(|own| own == ticket.requester || own == ticket.created_by)
        || (!ticket.private
            && ticket
                .organization
                .is_some_and(|own| visible.organizations.contains(own)))
        || !visible.organizations.is_disjoint(ticket.shared_with)
        || visible.desks.contains(ticket.desk)
        || treated.is_some_and(|desks| desks.as_ref().is_none_or(|desks| desks.contains(ticket.desk)))
}

/// Internal notes are searched where the ticket is visible through what the viewer treats.
pub(crate) fn notes_are_searched(visible: &Visible, ticket: &Scope<'_>) -> bool {
    let through = Visible {
        person: None,
        organizations: BTreeSet::new(),
        ..visible.clone()
    };
    visible.internal && is_listed(&through, ticket)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 8_000, rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn a_list_shows_exactly_what_may_be_read((_, viewer) in a_viewer(), ticket in a_ticket()) {
        let ticket = ticket.scope();
        let visible = visible(&viewer);
        prop_assert_eq!(is_listed(&visible, &ticket), may(&viewer, Operation::Read, &ticket));
        prop_assert_eq!(notes_are_searched(&visible, &ticket), may(&viewer, Operation::ReadInternal, &ticket));
        for operation in OPERATIONS {
            if may(&viewer, operation, &ticket) {
                prop_assert!(may(&viewer, Operation::Read, &ticket), "{:?} without reading", operation);
            }
        }
        prop_assert!(!(may(&viewer, Operation::ActAsAgent, &ticket)
            && may(&viewer, Operation::DecideApproval, &ticket)
            && viewer.account != ticket.requester), "proposes and accepts");
    }

    #[test]
    fn what_a_role_reaches_is_said_by_the_tree((tree, viewer) in a_viewer(), place in an_organization()) {
        let upwards = tree.upwards(&place);
        let by_tree = viewer.grants.iter().any(|grant| grant.role == Role::Admin && grant.desk.is_none()
            && grant.organization.as_ref().is_none_or(|limit| upwards.contains(limit)));
        prop_assert_eq!(viewer.administers_tree(&place), by_tree);
    }
}
