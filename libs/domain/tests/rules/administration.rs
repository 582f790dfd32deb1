//! The policy of accounts, organizations and the log: tables written by hand.

use std::collections::BTreeSet;

use domain::{
    account::Account,
    policy::{
        Grant, Role, Viewer,
        administration::{
            AccountOperation, OrganizationOperation, SystemOperation, administers_all, may, may_grant,
            may_on_account, may_on_organization,
        },
    },
};

use crate::{
    given::{account, grant, organization, organizations},
    holders::{a_tree, at_place, holding, limited, root, somebody, viewer_in},
};

pub(crate) const ON_ACCOUNTS: [AccountOperation; 8] = [
    AccountOperation::See,
    AccountOperation::Read,
    AccountOperation::EditProfile,
    AccountOperation::Own,
    AccountOperation::Manage,
    AccountOperation::ManageMemberships,
    AccountOperation::GrantRoles,
    AccountOperation::IssueKeys,
];

pub(crate) const ON_ORGANIZATIONS: [OrganizationOperation; 5] = [
    OrganizationOperation::See,
    OrganizationOperation::ReadContracts,
    OrganizationOperation::ReadMembers,
    OrganizationOperation::NameReferent,
    OrganizationOperation::Manage,
];

fn row(cells: impl IntoIterator<Item = bool>) -> String {
    cells.into_iter().map(|is| if is { 'x' } else { '.' }).collect()
}

fn on_account(viewer: &Viewer, account: &Account) -> String {
    row(ON_ACCOUNTS.map(|operation| may_on_account(viewer, operation, account)))
}

fn on_organization(viewer: &Viewer, name: &str) -> String {
    row(ON_ORGANIZATIONS.map(|operation| may_on_organization(viewer, operation, &organization(name))))
}

fn member(grants: impl IntoIterator<Item = Grant>, of: &[&str]) -> Viewer {
    viewer_in(&a_tree(), 90, grants.into_iter().collect(), organizations(of))
}

#[test]
fn every_cell_of_what_may_be_done_to_an_account_is_as_written() {
    let teacher = somebody([grant(Role::Requester)], &["lycee-a", "commune-a"]);
    // See, read, edit the profile, what is the holder's own, manage, memberships, roles, keys.
    let table = [
        (
            Viewer {
                account: account(50),
                ..member([], &[])
            },
            "xxxx....",
        ),
        (member([], &["lycee-a"]), "x......."),
        (member([grant(Role::Requester)], &["lycee-a"]), "x......."),
        (member([grant(Role::Operator)], &["commune-a"]), "x......."),
        (holding([grant(Role::Agent)]), "xx......"),
        (holding([at_place(Role::Agent, "lycee-a")]), "xx......"),
        (holding([grant(Role::Supplier)]), "........"),
        (
            holding([limited(Role::LocalAdmin, Some("ENT"), Some("lycee-a"))]),
            "xx......",
        ),
        (holding([at_place(Role::LocalAdmin, "lycee-a")]), "xx...xx."),
        (
            holding([
                at_place(Role::LocalAdmin, "lycee-a"),
                at_place(Role::LocalAdmin, "commune-a"),
            ]),
            "xxx.xxxx",
        ),
        (holding([limited(Role::Admin, Some("SUP"), None)]), "xx....x."),
        (holding([at_place(Role::Admin, "commune-a")]), "xx...xx."),
        (holding([grant(Role::Auditor)]), "xx......"),
        (holding([at_place(Role::Auditor, "lycee-a")]), "xx......"),
        (root(), "xxx.xxxx"),
        (member([], &["lycee-b"]), "........"),
        (holding([grant(Role::Requester)]), "........"),
        (holding([at_place(Role::Agent, "lycee-b")]), "........"),
        (holding([at_place(Role::LocalAdmin, "annexe")]), "........"),
        (holding([at_place(Role::Admin, "lycee-b")]), "........"),
    ];
    for (viewer, cells) in table {
        assert_eq!(on_account(&viewer, &teacher), cells, "{viewer:?}");
    }
}

#[test]
fn every_cell_of_what_may_be_done_to_an_organization_is_as_written() {
    // See, contracts, members, referent, manage.
    let table = [
        (member([], &["lycee-a"]), "xx..."),
        (holding([grant(Role::Agent)]), "xxx.."),
        (holding([limited(Role::Agent, Some("SUP"), None)]), "xxx.."),
        (holding([at_place(Role::Agent, "lycee-a")]), "xxx.."),
        (holding([grant(Role::Supplier)]), "....."),
        (holding([at_place(Role::LocalAdmin, "lycee-a")]), "xxxx."),
        (holding([at_place(Role::LocalAdmin, "region")]), "xxxx."),
        (
            holding([limited(Role::LocalAdmin, Some("ENT"), Some("lycee-a"))]),
            "xxx..",
        ),
        (holding([grant(Role::Auditor)]), "xxx.."),
        (holding([at_place(Role::Auditor, "lycee-a")]), "xxx.."),
        (holding([limited(Role::Auditor, Some("SUP"), None)]), "....."),
        (root(), "xxxxx"),
        (holding([at_place(Role::Admin, "lycee-a")]), "xxxxx"),
        (holding([at_place(Role::Admin, "region")]), "xxxxx"),
        (holding([limited(Role::Admin, Some("SUP"), None)]), "....."),
        (holding([grant(Role::Requester), grant(Role::Operator)]), "....."),
        (holding([at_place(Role::Admin, "annexe")]), "....."),
        (holding([at_place(Role::Admin, "lycee-b")]), "....."),
        (member([], &["region"]), "....."),
        (member([], &["annexe"]), "....."),
    ];
    for (viewer, cells) in table {
        assert_eq!(on_organization(&viewer, "lycee-a"), cells, "{viewer:?}");
    }
}

#[test]
fn every_cell_of_what_may_be_done_to_the_server_is_as_written() {
    let system = |viewer: &Viewer| {
        row([SystemOperation::ReadLog, SystemOperation::ErasePerson].map(|operation| may(viewer, operation)))
    };
    // Read the whole log, erase a person: with the role, limited to a desk, limited to an organization.
    let table = [
        (Role::Requester, ".."),
        (Role::Agent, ".."),
        (Role::LocalAdmin, ".."),
        (Role::Operator, ".."),
        (Role::Supplier, ".."),
        (Role::Auditor, "x."),
        (Role::Admin, "xx"),
    ];
    assert_eq!(table.map(|(role, _)| role), Role::ALL);
    for (role, cells) in table {
        assert_eq!(system(&holding([grant(role)])), cells, "{role:?}");
        assert_eq!(
            system(&holding([limited(role, Some("SUP"), None)])),
            "..",
            "{role:?} of a desk"
        );
        assert_eq!(
            system(&holding([at_place(role, "region")])),
            "..",
            "{role:?} of a place"
        );
    }
}

#[test]
fn every_cell_of_who_grants_which_role_is_as_written() {
    let grants =
        |viewer: &Viewer, desk, of| row(Role::ALL.map(|role| may_grant(viewer, &limited(role, desk, of))));
    // Requester, agent, local administrator, operator, supplier, auditor, administrator: everywhere, on SUP, for lycee-a,
    // for lycee-a on SUP.
    let none = ".......";
    let table = [
        (grant(Role::Admin), ["xxxxxxx", "xxxxxxx", "xxxxxxx", "xxxxxxx"]),
        (
            limited(Role::Admin, Some("SUP"), None),
            [none, "xxxxxxx", none, "xxxxxxx"],
        ),
        (limited(Role::Admin, Some("SAV"), None), [none; 4]),
        (
            at_place(Role::Admin, "lycee-a"),
            [none, none, "xxxxxxx", "xxxxxxx"],
        ),
        (
            at_place(Role::Admin, "region"),
            [none, none, "xxxxxxx", "xxxxxxx"],
        ),
        (at_place(Role::Admin, "annexe"), [none; 4]),
        (
            limited(Role::Admin, Some("SUP"), Some("lycee-a")),
            [none, none, none, "xxxxxxx"],
        ),
        (
            grant(Role::LocalAdmin),
            ["x.x....", "x.x....", "x.x....", "x.x...."],
        ),
        (
            at_place(Role::LocalAdmin, "lycee-a"),
            [none, none, "x.x....", "x.x...."],
        ),
        (
            at_place(Role::LocalAdmin, "region"),
            [none, none, "x.x....", "x.x...."],
        ),
        (
            limited(Role::LocalAdmin, Some("SUP"), Some("lycee-a")),
            [none, none, none, "x.x...."],
        ),
        (at_place(Role::LocalAdmin, "lycee-b"), [none; 4]),
        (grant(Role::Requester), [none; 4]),
        (grant(Role::Agent), [none; 4]),
        (grant(Role::Operator), [none; 4]),
        (grant(Role::Supplier), [none; 4]),
        (grant(Role::Auditor), [none; 4]),
    ];
    for (own, cells) in table {
        let viewer = holding([own]);
        let places = [
            (None, None),
            (Some("SUP"), None),
            (None, Some("lycee-a")),
            (Some("SUP"), Some("lycee-a")),
        ];
        assert_eq!(
            places.map(|(desk, of)| grants(&viewer, desk, of)),
            cells,
            "{viewer:?}"
        );
    }
}

#[test]
fn two_limited_roles_are_not_one_wide_role() {
    let both = holding([
        limited(Role::Admin, Some("SUP"), None),
        at_place(Role::Admin, "lycee-a"),
    ]);
    assert!(!administers_all(&both));
    assert!(!may_grant(
        &both,
        &limited(Role::Agent, Some("SAV"), Some("lycee-b"))
    ));
    assert!(!may_grant(&both, &grant(Role::Requester)));
}

#[test]
fn nobody_grants_to_themselves_nor_administers_themselves() {
    for own in [
        grant(Role::Admin),
        at_place(Role::LocalAdmin, "lycee-a"),
        limited(Role::Admin, Some("SUP"), None),
    ] {
        let viewer = Viewer {
            account: account(50),
            ..holding([own.clone()])
        };
        assert_eq!(on_account(&viewer, &somebody([own], &["lycee-a"])), "xxxx....");
    }
}

#[test]
fn whoever_holds_more_than_one_could_grant_is_not_administered() {
    let referent = holding([at_place(Role::LocalAdmin, "lycee-a")]);
    // What the member of lycee-a holds beside, and what its local administrator may do then.
    let table = [
        (vec![], "xxx.xxxx"),
        (vec![grant(Role::Requester)], "xxx.xxxx"),
        (vec![at_place(Role::Requester, "commune-a")], "xxx.xxxx"),
        (vec![at_place(Role::LocalAdmin, "lycee-a")], "xxx.xxxx"),
        (
            vec![limited(Role::LocalAdmin, Some("ENT"), Some("annexe"))],
            "xxx.xxxx",
        ),
        (vec![at_place(Role::LocalAdmin, "lycee-b")], "xx......"),
        (vec![at_place(Role::LocalAdmin, "region")], "xx......"),
        (vec![grant(Role::LocalAdmin)], "xx......"),
        (vec![at_place(Role::Agent, "lycee-a")], "xx......"),
        (vec![limited(Role::Agent, Some("ENT"), None)], "xx......"),
        (vec![grant(Role::Supplier)], "xx......"),
        (vec![grant(Role::Auditor)], "xx......"),
        (vec![grant(Role::Operator)], "xx......"),
        (vec![grant(Role::Admin)], "xx......"),
        (vec![at_place(Role::Admin, "lycee-a")], "xx......"),
        (
            vec![at_place(Role::LocalAdmin, "lycee-a"), grant(Role::Auditor)],
            "xx......",
        ),
    ];
    for (held, cells) in table {
        let colleague = somebody(held.clone(), &["lycee-a"]);
        assert_eq!(on_account(&referent, &colleague), cells, "{held:?}");
        assert_eq!(on_account(&root(), &colleague), "xxx.xxxx", "{held:?}");
    }
}

#[test]
fn an_administrator_of_a_school_grants_roles_to_an_administrator_of_everything_and_takes_nothing_over() {
    let principal = holding([at_place(Role::Admin, "lycee-a")]);
    assert_eq!(
        on_account(&principal, &somebody([grant(Role::Admin)], &["lycee-a"])),
        "xx....x."
    );
}

#[test]
fn an_account_of_no_organization_is_administered_by_administrators_of_everything_only() {
    let loose = somebody([grant(Role::Requester)], &[]);
    for (viewer, cells) in [
        (root(), "xxx.xxxx"),
        (holding([grant(Role::LocalAdmin)]), "xx......"),
        (holding([at_place(Role::Admin, "region")]), "........"),
        (holding([limited(Role::Admin, Some("SUP"), None)]), "xx....x."),
    ] {
        assert_eq!(on_account(&viewer, &loose), cells, "{viewer:?}");
    }
}

#[test]
fn a_role_for_a_region_reaches_all_that_is_part_of_it_and_nothing_above_or_beside() {
    let names = ["region", "lycee-a", "annexe", "lycee-b", "commune-a"];
    let table = [
        ("region", "xxxx."),
        ("lycee-a", ".xx.."),
        ("annexe", "..x.."),
        ("lycee-b", "...x."),
        ("commune-a", "....x"),
    ];
    for (place, cells) in table {
        let admin = holding([at_place(Role::Admin, place)]);
        assert_eq!(
            row(names.map(|name| admin.administers_tree(&organization(name)))),
            cells,
            "{place}"
        );
        assert_eq!(
            row(names.map(|name| may_on_account(&admin, AccountOperation::Manage, &somebody([], &[name])))),
            cells,
            "{place}"
        );
    }
}

#[test]
fn a_membership_reaches_neither_up_nor_down() {
    let pupil = member([], &["lycee-a"]);
    let seen = |name| may_on_organization(&pupil, OrganizationOperation::See, &organization(name));
    assert_eq!(row(["region", "lycee-a", "annexe", "lycee-b"].map(seen)), ".x..");
    let known = |name| may_on_account(&pupil, AccountOperation::See, &somebody([], &[name]));
    assert_eq!(row(["region", "lycee-a", "annexe", "lycee-b"].map(known)), ".x..");
}

#[test]
fn an_account_becomes_a_viewer_whose_roles_reach_down_the_tree() {
    let held = BTreeSet::from([at_place(Role::Agent, "region"), grant(Role::Requester)]);
    let somebody = somebody(held.clone(), &["lycee-b"]);
    let viewer = somebody.viewer(&a_tree());
    assert_eq!(
        viewer,
        viewer_in(&a_tree(), 50, held, organizations(&["lycee-b"]))
    );
    assert!(may_on_organization(
        &viewer,
        OrganizationOperation::ReadMembers,
        &organization("annexe")
    ));
    assert!(!may_on_organization(
        &viewer,
        OrganizationOperation::ReadMembers,
        &organization("commune-a")
    ));
}
