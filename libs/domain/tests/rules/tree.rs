//! The tree of organizations, and moving in it.

use domain::{
    Detail, OrganizationId,
    account::change::Refusal,
    fault::FaultCode,
    organization::{
        OrganizationEvent, Tree,
        change::{Change, decide},
        tree::DEPTH_MAX,
    },
    policy::{Role, Viewer},
};
use proptest::{prelude::*, sample::Index, test_runner::RngSeed};

use crate::{
    given::{at, organization, organizations},
    holders::{a_place, at_place, faults_of, holding, not_permitted, root},
    lists::{PLACES, a_forest, an_organization},
    organizations::changed,
};

fn moved(viewer: &Viewer, name: &str, parent: Option<&str>) -> Result<Vec<OrganizationEvent>, Refusal> {
    changed(viewer, name, Change::Move(parent.map(organization)))
}

/// A chain of that many organizations, `o1` at the top.
pub(crate) fn a_chain(count: usize) -> Tree {
    let mut tree = Tree::default();
    for number in 1..=count {
        let parent = (number > 1).then(|| organization(&format!("o{}", number - 1)));
        tree.place(&organization(&format!("o{number}")), parent.as_ref());
    }
    tree
}

#[test]
fn an_organization_moves_within_what_one_administers_and_into_no_part_of_itself() {
    let of_region = holding([at_place(Role::Admin, "region")]);
    let to = |parent| {
        Ok(vec![OrganizationEvent::Moved {
            parent: Some(organization(parent)),
        }])
    };
    assert_eq!(moved(&of_region, "annexe", Some("lycee-b")), to("lycee-b"));
    assert_eq!(moved(&root(), "region", Some("commune-a")), to("commune-a"));
    for parent in [None, Some("commune-a")] {
        assert_eq!(
            not_permitted(moved(&of_region, "annexe", parent)),
            Detail::MayNotMoveOrganization
        );
    }
    for (name, parent) in [
        ("region", "region"),
        ("region", "annexe"),
        ("lycee-a", "annexe"),
        ("region", "nowhere"),
    ] {
        assert_eq!(
            faults_of(moved(&root(), name, Some(parent))),
            [at("/parent", FaultCode::Value)],
            "{name} {parent}"
        );
    }
}

#[test]
fn the_tree_has_its_depth_from_above_and_from_below() {
    // A chain of `above` organizations takes one that has `below` levels, itself counted.
    for (above, below, is) in [
        (DEPTH_MAX - 1, 1, true),
        (DEPTH_MAX, 1, false),
        (1, DEPTH_MAX - 1, true),
        (1, DEPTH_MAX, false),
        (8, DEPTH_MAX - 8, true),
        (8, DEPTH_MAX - 7, false),
        (1, DEPTH_MAX + 4, false),
    ] {
        let mut tree = a_chain(above);
        for number in 1..=below {
            let parent = (number > 1).then(|| organization(&format!("p{}", number - 1)));
            tree.place(&organization(&format!("p{number}")), parent.as_ref());
        }
        let change = Change::Move(Some(organization(&format!("o{above}"))));
        let answer = decide(&root(), &a_place("p1"), change, &tree, |_| true);
        if is {
            assert_eq!(answer.unwrap().len(), 1, "{above} {below}");
        } else {
            assert_eq!(
                faults_of(answer),
                [at("/parent", FaultCode::Length)],
                "{above} {below}"
            );
        }
    }
}

#[test]
fn a_circle_that_was_recorded_ends_somewhere() {
    let mut tree = Tree::default();
    for (member, parent) in [("a", "b"), ("b", "c"), ("c", "a")] {
        tree.place(&organization(member), Some(&organization(parent)));
    }
    let all = organizations(&["a", "b", "c"]);
    assert_eq!(tree.within(&organization("b")), all);
    assert_eq!(
        tree.upwards(&organization("b")),
        ["b", "c", "a"].map(organization)
    );
    assert_eq!(tree.height(&organization("b")), 3);
    tree.place(&organization("a"), Some(&organization("a")));
    assert_eq!(tree.upwards(&organization("a")), [organization("a")]);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2_000, rng_seed: RngSeed::Fixed(3), failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn up_and_down_the_tree_agree_however_often_it_changes(
        mut tree in a_forest(),
        moves in prop::collection::vec((any::<Index>(), prop::option::of(an_organization())), 0..20),
    ) {
        for (member, parent) in moves {
            let member = organization(member.get::<&str>(&PLACES));
            // Only moves that the rules allow: circles are seen above.
            if parent.as_ref().is_some_and(|parent| tree.within(&member).contains(parent)) {
                continue;
            }
            tree.place(&member, parent.as_ref());
            for (one, other) in PLACES.iter().flat_map(|one| PLACES.iter().map(move |other| (one, other))) {
                let (one, other): (OrganizationId, OrganizationId) = (organization(one), organization(other));
                prop_assert_eq!(tree.within(&one).contains(&other), tree.upwards(&other).contains(&one));
            }
        }
        for name in PLACES.map(organization) {
            let deepest = tree.within(&name).iter().map(|member| tree.upwards(member).len()).max();
            prop_assert_eq!(Some(tree.height(&name) + tree.upwards(&name).len() - 1), deepest);
        }
    }
}
