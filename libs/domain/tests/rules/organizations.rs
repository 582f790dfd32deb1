//! Making organizations and changing them.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use domain::{
    ContractId, Detail,
    account::change::Refusal,
    fault::FaultCode,
    organization::{
        Contract, ContractLevel, Organization, OrganizationCreated, OrganizationEvent,
        change::{Change, NAME_CHARS_MAX, Named, decide, judge_new},
        contract::{CATEGORIES_MAX, CONTRACTS_MAX, REFERENCE_CHARS_MAX},
        tree::DEPTH_MAX,
    },
    policy::{Role, Viewer},
};
use uuid::Uuid;

use crate::{
    given::{account, at, grant, organization},
    holders::{a_place, a_tree, at_place, faults_of, founded, holding, limited, not_permitted, root},
    tree::a_chain,
};

fn known(name: Named<'_>) -> bool {
    let name = match name {
        Named::Organization(id) => id.as_str(),
        Named::Category(category) => category,
    };
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

pub(crate) fn changed(
    viewer: &Viewer,
    name: &str,
    change: Change,
) -> Result<Vec<OrganizationEvent>, Refusal> {
    decide(viewer, &a_place(name), change, &a_tree(), known)
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
            Detail::MayNotMakeOrganizations,
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

/// Changes of one organization one after the other, each with the event that it makes.
fn changes() -> Vec<(Change, OrganizationEvent)> {
    let name = || "Lycée A".to_owned();
    let siren = || Some("123456782".to_owned());
    let parent = || Some(organization("region"));
    let account = || Some(account(7));
    let silver = || Contract {
        level: ContractLevel::Silver,
        ..terms()
    };
    let contract = contract(1);
    let signed = |terms: Contract| {
        let change = Change::SignContract(contract, terms.clone());
        (change, OrganizationEvent::ContractSigned { contract, terms })
    };
    vec![
        (
            Change::Rename(name()),
            OrganizationEvent::Renamed { name: name() },
        ),
        (
            Change::SetSiren(siren()),
            OrganizationEvent::SirenSet { siren: siren() },
        ),
        (
            Change::SetSiren(None),
            OrganizationEvent::SirenSet { siren: None },
        ),
        (
            Change::Move(parent()),
            OrganizationEvent::Moved { parent: parent() },
        ),
        (Change::Move(None), OrganizationEvent::Moved { parent: None }),
        (
            Change::NameReferent(account()),
            OrganizationEvent::ReferentNamed { account: account() },
        ),
        (
            Change::NameReferent(None),
            OrganizationEvent::ReferentNamed { account: None },
        ),
        signed(silver()),
        signed(terms()),
        (
            Change::WithdrawContract(contract),
            OrganizationEvent::ContractWithdrawn { contract },
        ),
    ]
}

#[test]
fn a_change_makes_one_event_and_once_it_is_so_none() {
    let mut place = a_place("lycee-a");
    for (change, made) in changes() {
        let asked = |place: &Organization| decide(&root(), place, change.clone(), &a_tree(), known);
        assert_eq!(asked(&place), Ok(vec![made.clone()]), "{change:?}");
        place = Organization::evolve(Some(place), made).unwrap();
        let again = asked(&place);
        if let Change::WithdrawContract(_) = &change {
            // Fault S9: what is to be taken away and is not there was told as done.
            let why = Detail::NoSuchContract;
            assert_eq!(again, Err(Refusal::Absent { why }));
        } else {
            assert_eq!(again, Ok(vec![]), "{change:?} again");
        }
    }
}

#[test]
fn a_name_is_one_line_within_its_limit() {
    for (name, told) in [
        ("é".repeat(NAME_CHARS_MAX), None),
        ("é".repeat(NAME_CHARS_MAX + 1), Some(FaultCode::Length)),
        ("Lycée\nA".to_owned(), Some(FaultCode::Format)),
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
            Detail::MayNotSetSiren
        );
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
            Detail::MayNotAdministerOrganization
        );
    }
    let agent = holding([grant(Role::Agent)]);
    assert_eq!(
        not_permitted(changed(&agent, "lycee-a", name())),
        Detail::MayNotNameReferent
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
            at("/reference", FaultCode::Required),
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
    for (reference, code) in [
        ("é".repeat(REFERENCE_CHARS_MAX + 1), FaultCode::Length),
        ("2026\n17".to_owned(), FaultCode::Format),
    ] {
        let change = Change::SignContract(contract(1), with(reference, terms().valid_to));
        assert_eq!(
            faults_of(changed(&root(), "lycee-a", change)),
            [at("/reference", code)]
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
