//! The policy of tickets: a table written by hand.

use std::collections::BTreeSet;

use domain::{
    AccountId, DeskKey,
    policy::{
        Grant, Operation, Relation, Role, Scope, Side, Viewer, may, may_act_for, relations, side, side_for,
    },
};

use crate::given::{
    account, admin, agent, auditor, colleague, grant, organization, organizations, requester, stranger,
    supplier, viewer,
};

pub(crate) const OPERATIONS: [Operation; 9] = [
    Operation::Read,
    Operation::ReadInternal,
    Operation::Comment,
    Operation::CommentInternal,
    Operation::ActAsRequester,
    Operation::ActAsAgent,
    Operation::ActAsSupplier,
    Operation::EditOwn,
    Operation::DecideApproval,
];

pub(crate) fn sup() -> DeskKey {
    "SUP".parse().unwrap()
}

/// A ticket that account 1 opened for itself in `commune-a`.
fn with_scope<T>(then: impl FnOnce(&Scope<'_>) -> T) -> T {
    let (desk, own, shared) = (sup(), organization("commune-a"), BTreeSet::new());
    then(&Scope {
        desk: &desk,
        requester: account(1),
        created_by: account(1),
        organization: Some(&own),
        private: false,
        shared_with: &shared,
    })
}

#[test]
fn every_cell_of_the_policy_is_as_written() {
    // Read, its notes, comment, notes, act as requester, as agent, as supplier, edit one's own, decide.
    let table = [
        (requester(), vec![Relation::Own, Relation::Colleague], "x.x.x..xx"),
        (colleague(), vec![Relation::Colleague], "x.x.x...x"),
        (agent(), vec![Relation::Treats], "xxxx.xxx."),
        (supplier(), vec![Relation::Supplies], "xxxx..x.."),
        (auditor(), vec![Relation::Audits], "xx......."),
        (admin(), vec![Relation::Administers], "xxxx.xxx."),
        (stranger(), vec![], "........."),
        (
            viewer(30, Role::LocalAdmin, &[]),
            vec![Relation::Treats],
            "xxxx.xxx.",
        ),
        (
            viewer(31, Role::Operator, &["commune-a"]),
            vec![Relation::Colleague],
            "x.x.x...x",
        ),
        (viewer(32, Role::Operator, &[]), vec![], "........."),
    ];
    with_scope(|scope| {
        for (viewer, stands, row) in table {
            assert_eq!(
                relations(&viewer, scope),
                stands.into_iter().collect(),
                "{viewer:?}"
            );
            let told: String = OPERATIONS
                .iter()
                .map(|operation| if may(&viewer, *operation, scope) { 'x' } else { '.' })
                .collect();
            assert_eq!(told, row, "{viewer:?}");
        }
    });
}

#[test]
fn a_private_ticket_is_hidden_from_colleagues_and_not_from_those_it_is_shared_with() {
    with_scope(|scope| {
        let private = Scope {
            private: true,
            ..*scope
        };
        assert!(!may(&colleague(), Operation::Read, &private));
        assert!(may(&agent(), Operation::Read, &private));
        let shared = organizations(&["commune-b"]);
        let shared = Scope {
            shared_with: &shared,
            ..private
        };
        assert!(may(&stranger(), Operation::Read, &shared));
        assert!(!may(&colleague(), Operation::Read, &shared));
    });
}

#[test]
fn a_role_limited_to_a_desk_or_an_organization_ends_there() {
    let limited = |desk: Option<&str>, organization: Option<&str>| Viewer {
        grants: BTreeSet::from([Grant {
            role: Role::Agent,
            desk: desk.map(|desk| desk.parse().unwrap()),
            organization: organization.map(|name| name.parse().unwrap()),
        }]),
        ..agent()
    };
    with_scope(|scope| {
        for (desk, organization, treats) in [
            (Some("SUP"), None, true),
            (Some("SAV"), None, false),
            (None, Some("commune-a"), true),
            (None, Some("commune-b"), false),
            (Some("SUP"), Some("commune-a"), true),
            (Some("SUP"), Some("commune-b"), false),
            (Some("SAV"), Some("commune-a"), false),
        ] {
            let viewer = limited(desk, organization);
            assert_eq!(
                may(&viewer, Operation::ActAsAgent, scope),
                treats,
                "{desk:?} {organization:?}"
            );
        }
        let without = Scope {
            organization: None,
            ..*scope
        };
        assert!(!may(&limited(None, Some("commune-a")), Operation::Read, &without));
    });
}

#[test]
fn an_administrator_of_one_school_is_plain_in_another() {
    let mut both = viewer(33, Role::Requester, &["lycee-a", "lycee-b"]);
    both.grants.insert(Grant {
        organization: Some(organization("lycee-a")),
        ..grant(Role::LocalAdmin)
    });
    let (a, b) = (organization("lycee-a"), organization("lycee-b"));
    with_scope(|scope| {
        let here = Scope {
            organization: Some(&a),
            ..*scope
        };
        let there = Scope {
            organization: Some(&b),
            ..*scope
        };
        assert!(may(&both, Operation::ReadInternal, &here));
        assert!(may(&both, Operation::Read, &there) && !may(&both, Operation::ReadInternal, &there));
        assert_eq!(
            (side(&both, &here), side(&both, &there)),
            (Side::Agent, Side::Requester)
        );
    });
}

#[test]
fn who_opened_a_ticket_for_somebody_follows_it_as_their_own_unless_they_treat_it() {
    with_scope(|scope| {
        let by_stranger = Scope {
            created_by: stranger().account,
            ..*scope
        };
        assert_eq!(
            relations(&stranger(), &by_stranger),
            BTreeSet::from([Relation::Own])
        );
        let by_agent = Scope {
            created_by: agent().account,
            ..*scope
        };
        assert_eq!(relations(&agent(), &by_agent), BTreeSet::from([Relation::Treats]));
    });
}

#[test]
fn on_a_ticket_of_their_own_those_who_treat_write_as_requesters_and_act_as_what_they_are() {
    with_scope(|scope| {
        for (viewer, acts) in [
            (agent(), Side::Agent),
            (admin(), Side::Agent),
            (supplier(), Side::Supplier),
        ] {
            let own = Scope {
                requester: viewer.account,
                ..*scope
            };
            assert_eq!(side(&viewer, &own), Side::Requester);
            assert_eq!(side_for(&viewer, Operation::Comment, &own), Side::Requester);
            assert_eq!(side_for(&viewer, Operation::ActAsSupplier, &own), acts);
            assert_eq!(side_for(&viewer, Operation::CommentInternal, &own), acts);
        }
        let system = Viewer {
            account: AccountId::SYSTEM,
            ..agent()
        };
        assert_eq!(side(&system, scope), Side::System);
    });
}

#[test]
fn who_treats_a_ticket_acts_for_those_who_may_read_it_and_nobody_else_does() {
    with_scope(|ticket| {
        for (by, other, may) in [
            (agent(), requester(), true),
            (agent(), colleague(), true),
            (admin(), requester(), true),
            (agent(), stranger(), false),
            (colleague(), requester(), false),
            (requester(), colleague(), false),
            (supplier(), requester(), false),
            (auditor(), requester(), false),
            (stranger(), stranger(), false),
        ] {
            assert_eq!(may_act_for(&by, &other, ticket), may, "{by:?} for {other:?}");
        }
    });
}
