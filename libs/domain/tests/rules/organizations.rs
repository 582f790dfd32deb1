//! Making organizations, changing them, and their tree.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use domain::{
    ContractId, OrganizationId,
    account::change::Refusal,
    fault::FaultCode,
    organization::{
        Contract, ContractLevel, Organization, OrganizationCreated, OrganizationEvent, Tree,
        change::{Change, NAME_CHARS_MAX, decide, judge_new},
        contract::{CATEGORIES_MAX, CONTRACTS_MAX, REFERENCE_CHARS_MAX},
        tree::DEPTH_MAX,
    },
    policy::{Role, Viewer},
};
use proptest::{prelude::*, sample::Index, test_runner::RngSeed};
use uuid::Uuid;

use crate::{
    given::{account, at, grant, organization, organizations},
    holders::{a_place, a_tree, at_place, faults_of, founded, holding, limited, not_permitted, root},
    lists::{PLACES, a_forest, an_organization},
};

fn known(name: &str) -> bool {
    [
        "region",
        "lycee-a",
        "annexe",
        "lycee-b",
        "commune-a",
        "SUP",
        "SUP/incident",
    ]
    .contains(&name)
}

fn changed(viewer: &Viewer, name: &str, change: Change) -> Result<Vec<OrganizationEvent>, Refusal> {
    decide(viewer, &a_place(name), change, &a_tree(), known)
}

fn moved(viewer: &Viewer, name: &str, parent: Option<&str>) -> Result<Vec<OrganizationEvent>, Refusal> {
    changed(viewer, name, Change::Move(parent.map(organization)))
}

fn under(name: &str, parent: &str) -> OrganizationCreated {
    OrganizationCreated {
        parent: Some(organization(parent)),
        ..founded(name, None)
    }
}

fn contract(number: u128) -> ContractId {
    ContractId(Uuid::from_u128(number))
}

fn terms() -> Contract {
    Contract {
        reference: "2026-17".to_owned(),
        level: ContractLevel::Gold,
        valid_from: NaiveDate::from_ymd_opt(2026, 1, 1).unwrap(),
        valid_to: NaiveDate::from_ymd_opt(2026, 12, 31).unwrap(),
        categories: BTreeSet::from(["SUP/incident".to_owned()]),
        responsible: Some(account(10)),
    }
}

/// A chain of that many organizations, `o1` at the top.
fn a_chain(count: usize) -> Tree {
    let mut tree = Tree::default();
    for number in 1..=count {
        let parent = (number > 1).then(|| organization(&format!("o{}", number - 1)));
        tree.place(&organization(&format!("o{number}")), parent.as_ref());
    }
    tree
}

#[test]
fn organizations_are_made_at_the_top_by_administrators_of_everything_and_below_by_those_of_the_parent() {
    let tree = a_tree();
    let judged = |viewer: &Viewer, new: &OrganizationCreated| judge_new(viewer, new, true, &tree);
    let of_region = holding([at_place(Role::Admin, "region")]);
    assert_eq!(judged(&root(), &founded("commune-b", None)), Ok(()));
    assert_eq!(judged(&of_region, &under("lycee-c", "region")), Ok(()));
    assert_eq!(judged(&of_region, &under("lycee-c", "annexe")), Ok(()));
    for (viewer, new) in [
        (&of_region, founded("commune-b", None)),
        (&of_region, under("lycee-c", "commune-a")),
        (&holding([grant(Role::LocalAdmin)]), under("lycee-c", "region")),
        (
            &holding([limited(Role::Admin, Some("SUP"), None)]),
            founded("commune-b", None),
        ),
    ] {
        assert_eq!(
            not_permitted(judged(viewer, &new)),
            "making organizations there",
            "{viewer:?}"
        );
    }
}

#[test]
fn every_fault_of_a_new_organization_is_named_at_once() {
    let new = OrganizationCreated {
        name: " ".to_owned(),
        siren: Some("1".to_owned()),
        ..under("x", "nowhere")
    };
    assert_eq!(
        faults_of(judge_new(&root(), &new, false, &a_tree())),
        [
            at("/name", FaultCode::Required),
            at("/siren", FaultCode::Format),
            at("/parent", FaultCode::Value)
        ]
    );
    assert_eq!(
        judge_new(
            &root(),
            &under("x", &format!("o{}", DEPTH_MAX - 1)),
            true,
            &a_chain(DEPTH_MAX)
        ),
        Ok(())
    );
    for depth in [DEPTH_MAX, DEPTH_MAX + 3] {
        let told = judge_new(&root(), &under("x", &format!("o{depth}")), true, &a_chain(depth));
        assert_eq!(faults_of(told), [at("/parent", FaultCode::Length)], "{depth}");
    }
}

#[test]
fn a_change_makes_one_event_and_once_it_is_so_none() {
    let siren = || Some("123456782".to_owned());
    let table = [
        (
            vec![],
            Change::Rename("Lycée A".to_owned()),
            OrganizationEvent::Renamed {
                name: "Lycée A".to_owned(),
            },
        ),
        (
            vec![],
            Change::SetSiren(siren()),
            OrganizationEvent::SirenSet { siren: siren() },
        ),
        (
            vec![OrganizationEvent::SirenSet { siren: siren() }],
            Change::SetSiren(None),
            OrganizationEvent::SirenSet { siren: None },
        ),
        (
            vec![],
            Change::Move(Some(organization("region"))),
            OrganizationEvent::Moved {
                parent: Some(organization("region")),
            },
        ),
        (
            vec![OrganizationEvent::Moved {
                parent: Some(organization("region")),
            }],
            Change::Move(None),
            OrganizationEvent::Moved { parent: None },
        ),
        (
            vec![],
            Change::NameReferent(Some(account(7))),
            OrganizationEvent::ReferentNamed {
                account: Some(account(7)),
            },
        ),
        (
            vec![OrganizationEvent::ReferentNamed {
                account: Some(account(7)),
            }],
            Change::NameReferent(None),
            OrganizationEvent::ReferentNamed { account: None },
        ),
        (
            vec![],
            Change::SignContract(contract(1), terms()),
            OrganizationEvent::ContractSigned {
                contract: contract(1),
                terms: terms(),
            },
        ),
        (
            vec![OrganizationEvent::ContractSigned {
                contract: contract(1),
                terms: Contract {
                    level: ContractLevel::Silver,
                    ..terms()
                },
            }],
            Change::SignContract(contract(1), terms()),
            OrganizationEvent::ContractSigned {
                contract: contract(1),
                terms: terms(),
            },
        ),
        (
            vec![OrganizationEvent::ContractSigned {
                contract: contract(1),
                terms: terms(),
            }],
            Change::WithdrawContract(contract(1)),
            OrganizationEvent::ContractWithdrawn {
                contract: contract(1),
            },
        ),
    ];
    for (before, change, made) in table {
        let fold = |place, event| Organization::evolve(place, event);
        let place = before.into_iter().fold(Some(a_place("lycee-a")), fold).unwrap();
        let asked = |place: &Organization| decide(&root(), place, change.clone(), &a_tree(), known);
        assert_eq!(asked(&place), Ok(vec![made.clone()]), "{change:?}");
        let place = Organization::evolve(Some(place), made).unwrap();
        assert_eq!(asked(&place), Ok(vec![]), "{change:?} again");
    }
}

#[test]
fn a_name_is_one_line_within_its_limit() {
    for (name, told) in [
        ("é".repeat(NAME_CHARS_MAX), None),
        ("é".repeat(NAME_CHARS_MAX + 1), Some(FaultCode::Length)),
        ("Lycée\nA".to_owned(), Some(FaultCode::Length)),
        (" \t".to_owned(), Some(FaultCode::Required)),
    ] {
        let answer = changed(&root(), "lycee-a", Change::Rename(name.clone()));
        match told {
            None => assert_eq!(answer.unwrap().len(), 1),
            Some(code) => assert_eq!(faults_of(answer), [at("/name", code)], "{name}"),
        }
    }
}

#[test]
fn a_siren_is_nine_digits_that_add_up() {
    for (siren, is) in [
        ("123456782", true),
        ("111222337", true),
        ("987654324", true),
        ("732829320", true),
        ("000000000", true),
        ("123456789", false),
        ("123456728", false),
        ("12345678", false),
        ("1234567820", false),
        ("12345678a", false),
        ("123 456 782", false),
        ("١٢٣٤٥٦٧٨٢", false),
        ("", false),
    ] {
        let answer = changed(&root(), "lycee-a", Change::SetSiren(Some(siren.to_owned())));
        if is {
            assert_eq!(
                answer,
                Ok(vec![OrganizationEvent::SirenSet {
                    siren: Some(siren.to_owned())
                }])
            );
        } else {
            assert_eq!(faults_of(answer), [at("/siren", FaultCode::Format)], "{siren}");
        }
    }
}

#[test]
fn no_operator_chooses_the_siren_that_its_programs_report_under() {
    let of_alpha = holding([at_place(Role::Admin, "lycee-a")]);
    for siren in [Some("111222337".to_owned()), None] {
        assert_eq!(
            not_permitted(changed(&of_alpha, "lycee-a", Change::SetSiren(siren))),
            "setting a SIREN"
        );
    }
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
            "moving an organization there"
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
fn a_local_administrator_names_the_referent_and_changes_nothing_else() {
    let referent = holding([at_place(Role::LocalAdmin, "lycee-a")]);
    let name = || Change::NameReferent(Some(account(7)));
    assert_eq!(changed(&referent, "lycee-a", name()).unwrap().len(), 1);
    for change in [
        Change::Rename("A".to_owned()),
        Change::SetSiren(None),
        Change::Move(None),
        Change::SignContract(contract(1), terms()),
        Change::WithdrawContract(contract(1)),
    ] {
        assert_eq!(
            not_permitted(changed(&referent, "lycee-a", change)),
            "administering this organization"
        );
    }
    let agent = holding([grant(Role::Agent)]);
    assert_eq!(
        not_permitted(changed(&agent, "lycee-a", name())),
        "naming the referent of this organization"
    );
    assert_eq!(changed(&referent, "lycee-b", name()), Err(Refusal::NotFound));
}

#[test]
fn every_fault_of_a_contract_is_named_at_once() {
    let names = (0..=CATEGORIES_MAX).map(|number| format!("SUP/{number}"));
    let wrong = Contract {
        reference: " ".to_owned(),
        valid_to: terms().valid_from.pred_opt().unwrap(),
        categories: names.collect(),
        ..terms()
    };
    let told = faults_of(changed(
        &root(),
        "lycee-a",
        Change::SignContract(contract(1), wrong),
    ));
    assert_eq!(
        &told[..4],
        [
            at("/reference", FaultCode::Length),
            at("/valid_to", FaultCode::Value),
            at("/categories", FaultCode::Length),
            at("/categories", FaultCode::Value),
        ]
    );
    assert_eq!(
        told.len(),
        3 + CATEGORIES_MAX + 1,
        "each category that names nothing is named"
    );
    let with = |reference: String, valid_to| Contract {
        reference,
        valid_to,
        ..terms()
    };
    let of_a_day = with("é".repeat(REFERENCE_CHARS_MAX), terms().valid_from);
    assert_eq!(
        changed(&root(), "lycee-a", Change::SignContract(contract(1), of_a_day))
            .unwrap()
            .len(),
        1
    );
    for reference in ["é".repeat(REFERENCE_CHARS_MAX + 1), "2026\n17".to_owned()] {
        let change = Change::SignContract(contract(1), with(reference, terms().valid_to));
        assert_eq!(
            faults_of(changed(&root(), "lycee-a", change)),
            [at("/reference", FaultCode::Length)]
        );
    }
}

#[test]
fn an_organization_has_so_many_contracts_and_changes_each_of_them() {
    let mut full = a_place("lycee-a");
    full.contracts = (0..CONTRACTS_MAX)
        .map(|number| (contract(number as u128), terms()))
        .collect();
    let signed = |number| {
        let change = Change::SignContract(
            contract(number),
            Contract {
                level: ContractLevel::Standard,
                ..terms()
            },
        );
        decide(&root(), &full, change, &a_tree(), known)
    };
    assert_eq!(signed(0).unwrap().len(), 1);
    assert_eq!(
        faults_of(signed(CONTRACTS_MAX as u128)),
        [at("", FaultCode::Length)]
    );
}

#[test]
fn from_gold_on_the_responsible_is_called() {
    let called = ContractLevel::ALL.map(|level| (level.as_str(), level.names_telephone()));
    assert_eq!(
        called,
        [
            ("standard", false),
            ("silver", false),
            ("gold", true),
            ("platinum", true)
        ]
    );
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
            let member = organization(member.get(&PLACES));
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
