//! Acting in one profile or one entity (seed 004, F203): never more than with all that one holds.

use domain::{
    OrganizationId,
    account::change::NewAccount,
    organization::Tree,
    policy::{
        Grant, Operation, Profile, Relation, Role, Scope, Side, Viewer, administration, may, relations, side,
        side_for, visible,
    },
};
use proptest::{prelude::*, sample::Index, test_runner::RngSeed};

use crate::{
    administration::{ON_ACCOUNTS, ON_ORGANIZATIONS},
    given::{account, grant, organization, organizations},
    holders::{a_tree, at_place, folded, limited, rita, viewer_in},
    lists::{
        PLACES, a_desk, a_grant, a_ticket, a_viewer, an_account, an_organization, grants, is_listed,
        memberships, notes_are_searched,
    },
    permissions::OPERATIONS,
};

fn entity(viewer: &Viewer, tree: &Tree, place: &OrganizationId) -> Option<Viewer> {
    viewer.in_entity(place, &tree.within(place))
}

/// The viewer in each way that two choices allow: one profile, one entity, both, an entity within an entity.
fn narrowed(viewer: &Viewer, tree: &Tree, profile: Index, places: [&OrganizationId; 2]) -> Vec<Viewer> {
    let grants: Vec<_> = viewer.grants.iter().cloned().collect();
    let in_profile = (!grants.is_empty()).then(|| Profile(profile.get(&grants).clone()));
    let in_profile = in_profile.and_then(|profile| viewer.in_profile(&profile));
    let in_entity = entity(viewer, tree, places[0]);
    let both = in_profile
        .as_ref()
        .and_then(|viewer| entity(viewer, tree, places[0]));
    let twice = in_entity
        .as_ref()
        .and_then(|viewer| entity(viewer, tree, places[1]));
    [in_profile, in_entity, both, twice]
        .into_iter()
        .flatten()
        .collect()
}

/// The agent of everything who works in the town hall of commune-a.
fn agent_and_neighbour() -> Viewer {
    let grants = [grant(Role::Agent), grant(Role::Requester)].into();
    viewer_in(&a_tree(), 60, grants, organizations(&["commune-a"]))
}

fn ticket_of<T>(created_by: u128, of: &str, shared: &[&str], then: impl FnOnce(&Scope<'_>) -> T) -> T {
    let (desk, own, shared_with) = ("SUP".parse().unwrap(), organization(of), organizations(shared));
    then(&Scope {
        desk: &desk,
        requester: account(1),
        created_by: account(created_by),
        organization: Some(&own),
        private: false,
        shared_with: &shared_with,
    })
}

#[test]
fn who_proposes_as_an_agent_does_not_accept_in_another_profile() {
    let requester = agent_and_neighbour()
        .in_profile(&Profile(grant(Role::Requester)))
        .unwrap();
    // As the colleague of the requester; as who opened the ticket for them.
    for (created_by, of) in [(1, "commune-a"), (60, "lycee-a")] {
        ticket_of(created_by, of, &[], |ticket| {
            assert!(may(&requester, Operation::Read, ticket));
            assert!(may(&requester, Operation::Comment, ticket));
            assert!(!may(&requester, Operation::ReadInternal, ticket));
            assert!(!may(&requester, Operation::ActAsRequester, ticket));
            assert!(!may(&requester, Operation::DecideApproval, ticket));
        });
    }
}

#[test]
fn who_proposes_as_an_agent_does_not_accept_in_another_entity() {
    let place = organization("commune-a");
    let neighbour = entity(&agent_and_neighbour(), &a_tree(), &place).unwrap();
    ticket_of(1, "lycee-a", &["commune-a"], |shared| {
        assert_eq!(relations(&neighbour, shared), [Relation::Colleague].into());
        assert!(may(&neighbour, Operation::Read, shared));
        assert!(!may(&neighbour, Operation::DecideApproval, shared));
    });
}

#[test]
fn a_colleague_decides_in_the_profile_of_a_requester_as_they_do_without() {
    let both = viewer_in(
        &a_tree(),
        60,
        [grant(Role::Requester), at_place(Role::Agent, "lycee-a")].into(),
        organizations(&["commune-a"]),
    );
    let requester = both.in_profile(&Profile(grant(Role::Requester))).unwrap();
    ticket_of(1, "commune-a", &[], |ticket| {
        assert!(may(&requester, Operation::DecideApproval, ticket));
    });
}

#[test]
fn roles_above_at_below_and_beside_an_entity_end_where_it_ends() {
    let names = ["region", "lycee-a", "annexe", "lycee-b", "commune-a"];
    // Where the role is limited to, and what it reaches in the entity lycee-a.
    let table = [
        (None, ".xx.."),
        (Some("region"), ".xx.."),
        (Some("lycee-a"), ".xx.."),
        (Some("annexe"), "..x.."),
    ];
    for (limit, cells) in table {
        let viewer = viewer_in(
            &a_tree(),
            60,
            [limited(Role::Admin, None, limit)].into(),
            organizations(&[]),
        );
        let there = entity(&viewer, &a_tree(), &organization("lycee-a")).unwrap();
        let reached = names.map(|name| there.administers_tree(&organization(name)));
        let reached: String = reached.into_iter().map(|is| if is { 'x' } else { '.' }).collect();
        assert_eq!(reached, cells, "{limit:?}");
        assert!(!administration::may(
            &there,
            administration::SystemOperation::ReadLog
        ));
    }
    for beside in ["lycee-b", "commune-a"] {
        let viewer = viewer_in(
            &a_tree(),
            60,
            [at_place(Role::Admin, beside)].into(),
            organizations(&[beside]),
        );
        assert_eq!(entity(&viewer, &a_tree(), &organization("lycee-a")), None);
    }
}

#[test]
fn who_may_ask_anywhere_has_nothing_to_do_with_every_place() {
    let anybody = viewer_in(
        &a_tree(),
        60,
        [grant(Role::Requester)].into(),
        organizations(&["commune-a"]),
    );
    assert_eq!(entity(&anybody, &a_tree(), &organization("lycee-a")), None);
    let home = entity(&anybody, &a_tree(), &organization("commune-a")).unwrap();
    assert_eq!(home.organizations, organizations(&["commune-a"]));
    assert!(home.may_open_on(&"SUP".parse().unwrap()));
}

#[test]
fn a_profile_that_is_not_held_is_not_acted_in() {
    let agent = agent_and_neighbour();
    for other in [
        grant(Role::Admin),
        limited(Role::Agent, Some("SUP"), None),
        at_place(Role::Agent, "lycee-a"),
    ] {
        assert_eq!(agent.in_profile(&Profile(other)), None);
    }
    let as_agent = agent.in_profile(&Profile(grant(Role::Agent))).unwrap();
    assert_eq!(as_agent.grants, [grant(Role::Agent)].into());
    assert_eq!(as_agent.organizations, organizations(&["commune-a"]));
}

#[test]
fn a_profile_is_named_by_its_role_its_desk_and_its_organization() {
    for (text, grant) in [
        ("agent", grant(Role::Agent)),
        ("local_admin@lycee-a", at_place(Role::LocalAdmin, "lycee-a")),
        ("supplier:SAV", limited(Role::Supplier, Some("SAV"), None)),
        (
            "admin:ENT@lycee-a",
            limited(Role::Admin, Some("ENT"), Some("lycee-a")),
        ),
    ] {
        assert_eq!(text.parse::<Profile>().unwrap(), Profile(grant.clone()), "{text}");
        assert_eq!(Profile(grant).to_string(), text);
    }
    for text in [
        "",
        " agent",
        "Agent",
        "root",
        "agent:",
        "agent@",
        "agent:sup",
        "agent:SUP@",
        "agent@Lycee",
        "agent:SUP:SAV",
        "agent@a@b",
        "@lycee-a",
        ":SUP",
        "agent@a:SUP",
        "agent ",
        "local-admin",
    ] {
        assert!(text.parse::<Profile>().is_err(), "{text:?} was taken");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 8_000, rng_seed: RngSeed::Fixed(2), failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn a_profile_reads_as_it_is_written(held in a_grant()) {
        let profile = Profile(held);
        prop_assert_eq!(profile.to_string().parse::<Profile>(), Ok(profile));
    }

    #[test]
    fn who_is_narrowed_may_do_nothing_more_and_sees_their_own_and_what_is_listed(
        (tree, whole) in a_viewer(),
        ticket in a_ticket(),
        profile in any::<Index>(),
        place in an_organization(),
        within in an_organization(),
    ) {
        let ticket = ticket.scope();
        for viewer in narrowed(&whole, &tree, profile, [&place, &within]) {
            for operation in OPERATIONS {
                prop_assert!(!may(&viewer, operation, &ticket) || may(&whole, operation, &ticket),
                    "{:?} in {:?}", operation, viewer);
            }
            let visible = visible(&viewer);
            prop_assert_eq!(is_listed(&visible, &ticket), may(&viewer, Operation::Read, &ticket));
            prop_assert_eq!(notes_are_searched(&visible, &ticket), may(&viewer, Operation::ReadInternal, &ticket));
            if [ticket.requester, ticket.created_by].contains(&whole.account) {
                prop_assert!(may(&viewer, Operation::Read, &ticket), "their own is gone in {:?}", viewer);
            }
            if ticket.requester == whole.account {
                prop_assert!(may(&viewer, Operation::DecideApproval, &ticket), "no longer the requester");
            }
        }
    }

    #[test]
    fn an_entity_shows_its_own_as_before_and_nothing_else(
        (tree, whole) in a_viewer(), ticket in a_ticket(), place in an_organization(),
    ) {
        let (scope, entity_of) = (ticket.scope(), tree.within(&place));
        let there = entity(&whole, &tree, &place);
        let own = [ticket.requester, ticket.created_by].contains(&whole.account);
        let is_of_it = ticket.organization.as_ref().is_some_and(|of| entity_of.contains(of));
        for operation in OPERATIONS {
            let narrow = there.as_ref().is_some_and(|viewer| may(viewer, operation, &scope));
            if is_of_it && ticket.shared_with.is_subset(&entity_of) && !own {
                prop_assert_eq!(narrow, may(&whole, operation, &scope), "{:?}", operation);
            }
            if narrow && !own {
                prop_assert!(is_of_it || !ticket.shared_with.is_disjoint(&entity_of), "{:?} outside", operation);
            }
        }
    }

    #[test]
    fn who_is_narrowed_administers_nothing_more(
        (tree, whole) in a_viewer(),
        (held, of) in (grants(), memberships()),
        (id, desk, wanted) in (an_account(), a_desk(), a_grant()),
        profile in any::<Index>(),
        (place, within) in (an_organization(), an_organization()),
    ) {
        let new = NewAccount { id, grants: held, organizations: of, ..rita() };
        let other = folded(id, domain::account::change::create(new));
        for viewer in narrowed(&whole, &tree, profile, [&place, &within]) {
            for operation in ON_ACCOUNTS {
                prop_assert!(!administration::may_on_account(&viewer, operation, &other)
                    || administration::may_on_account(&whole, operation, &other), "{:?}", operation);
            }
            for (operation, name) in ON_ORGANIZATIONS.into_iter().flat_map(|operation| PLACES.map(|name| (operation, name))) {
                let name = organization(name);
                prop_assert!(!administration::may_on_organization(&viewer, operation, &name)
                    || administration::may_on_organization(&whole, operation, &name), "{:?}", operation);
                prop_assert!(!viewer.may_open_for_others(&desk, Some(&name)) || whole.may_open_for_others(&desk, Some(&name)));
            }
            prop_assert!(!administration::may_grant(&viewer, &wanted) || administration::may_grant(&whole, &wanted));
            prop_assert!(!viewer.may_open_on(&desk) || whole.may_open_on(&desk));
            prop_assert!(!viewer.may_see_desk(&desk) || whole.may_see_desk(&desk));
            prop_assert!(!administration::administers_all(&viewer) || whole.grants.contains(&grant(Role::Admin)));
        }
    }

    #[test]
    fn nobody_administers_who_holds_more_than_they_could_grant(
        (_, viewer) in a_viewer(), (held, of) in (grants(), memberships()), id in an_account(),
    ) {
        let new = NewAccount { id, grants: held, organizations: of, ..rita() };
        let other = folded(id, domain::account::change::create(new));
        let is_power = |held: &&Grant| held.role != Role::Requester;
        let more = other.grants.iter().filter(is_power).any(|held| !administration::may_grant(&viewer, held));
        if more || id == viewer.account {
            for operation in [
                administration::AccountOperation::Manage,
                administration::AccountOperation::IssueKeys,
                administration::AccountOperation::ManageMemberships,
            ] {
                prop_assert!(!administration::may_on_account(&viewer, operation, &other), "{:?}", operation);
            }
        }
    }
}

#[test]
fn who_acts_in_another_profile_stays_on_the_side_where_all_they_hold_puts_them() {
    let requester = agent_and_neighbour()
        .in_profile(&Profile(grant(Role::Requester)))
        .unwrap();
    ticket_of(1, "commune-a", &[], |ticket| {
        assert_eq!(relations(&requester, ticket), [Relation::Colleague].into());
        let whole = side(&agent_and_neighbour(), ticket);
        assert_eq!(whole, Side::Agent);
        assert_eq!(side(&requester, ticket), whole);
        assert_eq!(side_for(&requester, Operation::Comment, ticket), whole);
    });
}
