//! What a contract allows, and when (seed 004, F179).

use std::collections::BTreeMap;

use chrono::NaiveDate;
use domain::{
    ContractId,
    organization::{Contract, ContractLevel, ContractRefusal, Organization, contract::judge},
};
use uuid::Uuid;

use crate::{given::organization, holders::a_place};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A contract `reference` from one day to another, about these categories.
fn a_contract(reference: &str, from: &str, to: &str, categories: &[&str]) -> Contract {
    Contract {
        reference: reference.to_owned(),
        level: ContractLevel::Standard,
        valid_from: day(from),
        valid_to: day(to),
        categories: categories.iter().map(|category| (*category).to_owned()).collect(),
        responsible: None,
    }
}

fn with(name: &str, contracts: Vec<Contract>) -> Organization {
    let ids = (1..).map(|number| ContractId(Uuid::from_u128(number)));
    Organization {
        contracts: ids.zip(contracts).collect::<BTreeMap<_, _>>(),
        ..a_place(name)
    }
}

fn of_2026(categories: &[&str]) -> Vec<Contract> {
    vec![a_contract("C-26", "2026-01-01", "2026-12-31", categories)]
}

fn judged(upwards: &[&Organization], category: &str, on: &str) -> Result<(), ContractRefusal> {
    let (desk, request_type) = category.split_once('/').unwrap();
    judge(upwards, &desk.parse().unwrap(), request_type, day(on))
}

fn not_covered(of: &str, reference: &str, category: &str) -> Result<(), ContractRefusal> {
    Err(ContractRefusal::NotCovered {
        organization: organization(of),
        reference: reference.to_owned(),
        category: category.to_owned(),
    })
}

#[test]
fn where_nobody_has_a_contract_none_is_needed() {
    assert_eq!(judged(&[], "SUP/question", "2026-03-02"), Ok(()));
    let (school, region) = (a_place("lycee-a"), a_place("region"));
    assert_eq!(judged(&[&school, &region], "SUP/question", "2026-03-02"), Ok(()));
}

#[test]
fn a_contract_holds_from_its_first_day_to_its_last() {
    let school = with("lycee-a", of_2026(&[]));
    for (on, told) in [
        (
            "2025-12-31",
            Some("the contract C-26 of lycee-a begins on 2026-01-01"),
        ),
        ("2026-01-01", None),
        ("2026-12-31", None),
        (
            "2027-01-01",
            Some("the contract C-26 of lycee-a ended on 2026-12-31"),
        ),
    ] {
        let answer = judged(&[&school], "SUP/question", on);
        assert_eq!(
            answer.as_ref().err().map(ToString::to_string).as_deref(),
            told,
            "{on}"
        );
        if told.is_some() {
            let refusal = ContractRefusal::NotValid {
                organization: organization("lycee-a"),
                reference: "C-26".to_owned(),
                valid_from: day("2026-01-01"),
                valid_to: day("2026-12-31"),
                on: day(on),
            };
            assert_eq!(answer, Err(refusal));
        }
    }
}

#[test]
fn a_contract_covers_a_desk_or_a_request_type_of_one() {
    for (categories, category, is) in [
        (&[][..], "SUP/question", true),
        (&["SUP"], "SUP/question", true),
        (&["SUP"], "SUP/incident", true),
        (&["SUP"], "SAV/signalisation", false),
        (&["SUP/incident"], "SUP/incident", true),
        (&["SUP/incident"], "SUP/question", false),
        (&["SUP/incident"], "ENT/incident", false),
        (&["SUP/incident", "ENT"], "ENT/incident", true),
    ] {
        let school = with("lycee-a", of_2026(categories));
        let told = judged(&[&school], category, "2026-03-02");
        let refused = not_covered("lycee-a", "C-26", category);
        assert_eq!(
            told,
            if is { Ok(()) } else { refused },
            "{categories:?} {category}"
        );
    }
    let told = not_covered("lycee-a", "C-26", "SUP/question")
        .unwrap_err()
        .to_string();
    assert_eq!(told, "the contract C-26 of lycee-a does not cover SUP/question");
}

#[test]
fn the_nearest_that_has_a_contract_governs() {
    let (bare, region) = (a_place("annexe"), with("region", of_2026(&["SUP"])));
    let ended = with(
        "lycee-a",
        vec![a_contract("C-25", "2025-01-01", "2025-12-31", &[])],
    );
    assert_eq!(judged(&[&bare, &region], "SUP/question", "2026-03-02"), Ok(()));
    assert_eq!(
        judged(&[&bare, &region], "ENT/question", "2026-03-02"),
        not_covered("region", "C-26", "ENT/question")
    );
    // A school that had a contract of its own is not let in by that of its region.
    assert!(matches!(
        judged(&[&bare, &ended, &region], "SUP/question", "2026-03-02"),
        Err(ContractRefusal::NotValid { organization, .. }) if organization.as_str() == "lycee-a"
    ));
}

#[test]
fn of_several_contracts_one_that_holds_and_covers_is_enough() {
    let school = with(
        "lycee-a",
        vec![
            a_contract("C-25", "2025-01-01", "2025-12-31", &["ENT"]),
            a_contract("C-26-sup", "2026-01-01", "2026-12-31", &["SUP"]),
            a_contract("C-26-sav", "2026-06-01", "2026-12-31", &["SAV"]),
        ],
    );
    let told = |category, on| judged(&[&school], category, on);
    assert_eq!(told("ENT/question", "2025-03-02"), Ok(()));
    assert_eq!(told("SUP/question", "2026-03-02"), Ok(()));
    assert_eq!(told("SAV/signalisation", "2026-06-01"), Ok(()));
    assert_eq!(
        told("SAV/signalisation", "2026-05-31"),
        not_covered("lycee-a", "C-26-sup", "SAV/signalisation")
    );
    assert_eq!(
        told("ENT/question", "2026-07-01"),
        not_covered("lycee-a", "C-26-sav", "ENT/question")
    );
    // When none holds, the one that holds last is named.
    for (on, reference) in [("2027-01-01", "C-26-sav"), ("2024-01-01", "C-26-sav")] {
        assert!(matches!(
            told("SUP/question", on),
            Err(ContractRefusal::NotValid { reference: named, .. }) if named == reference
        ));
    }
}
