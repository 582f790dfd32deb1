//! What a contract allows, and when (seed 004, F179).

use std::{collections::BTreeMap, sync::Arc};

use chrono::{NaiveDate, TimeDelta};
use domain::{
    ContractId, OrganizationId, PersonId,
    fault::FaultCode,
    organization::{Contract, ContractLevel, ContractRefusal, Organization, contract::judge},
    policy::{Role, Viewer},
    ticket::{
        Action, Context, Edit, Open, Rejection, TicketEvent,
        contract::{judge_changes, judge_new},
        decide_each, open,
    },
};
use serde_json::json;
use uuid::Uuid;

use crate::{
    given::{SUP, a_question, agent, at, faults, object, organization, question, requester, start, viewer},
    holders::a_place,
};

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
            Some("The contract C-26 of lycee-a begins on 2026-01-01."),
        ),
        ("2026-01-01", None),
        ("2026-12-31", None),
        (
            "2027-01-01",
            Some("The contract C-26 of lycee-a ended on 2026-12-31."),
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
    assert_eq!(told, "The contract C-26 of lycee-a does not cover SUP/question.");
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

/// The municipality of the requester with contracts of 2026 about these categories, below a region that has none.
fn upwards(categories: &'static [&'static str]) -> impl Fn(&OrganizationId) -> Vec<Arc<Organization>> {
    move |id| match id.as_str() {
        "commune-a" => vec![
            Arc::new(with("commune-a", of_2026(categories))),
            Arc::new(a_place("region")),
        ],
        other => vec![Arc::new(a_place(other))],
    }
}

fn new_judged(
    viewer: &Viewer,
    new: Open,
    categories: &'static [&'static str],
    days: i64,
) -> Result<(), Rejection> {
    let context = Context {
        viewer,
        desk: &SUP,
        at: start() + TimeDelta::days(days),
    };
    let memberships = new.requester_organizations.clone();
    let events = open::open(&context, new).unwrap();
    let Some(TicketEvent::Opened(opened)) = events.first() else {
        panic!("{events:?}")
    };
    judge_new(&context, opened, &memberships, upwards(categories))
}

#[test]
fn a_new_ticket_asks_the_contract_of_the_organization_that_it_is_for_on_the_day_that_it_is_asked() {
    let ann = requester();
    let told = |categories, days| new_judged(&ann, question(&ann), categories, days);
    assert_eq!(told(&[], 0), Ok(()));
    assert_eq!(told(&["SUP"], 304), Ok(()), "2026-12-31");
    let ended = told(&["SUP"], 305).unwrap_err();
    let Rejection::Contract(ContractRefusal::NotValid { on, .. }) = &ended else {
        panic!("{ended:?}")
    };
    assert_eq!(*on, day("2027-01-01"));
    let told = told(&["SUP/incident"], 0);
    let refusal = not_covered("commune-a", "C-26", "SUP/question").unwrap_err();
    assert_eq!(told, Err(Rejection::Contract(refusal)));
}

#[test]
fn who_is_of_an_organization_under_contract_and_of_another_says_which() {
    let of_two = viewer(5, Role::Requester, &["commune-a", "commune-b"]);
    let told = new_judged(&of_two, question(&of_two), &["SUP/incident"], 0);
    assert_eq!(faults(told), [at("/organization", FaultCode::Required)]);
    let named = Open {
        organization: Some(organization("commune-b")),
        ..question(&of_two)
    };
    assert_eq!(new_judged(&of_two, named, &["SUP/incident"], 0), Ok(()));
    let nobodys = viewer(6, Role::Requester, &["commune-b", "commune-c"]);
    assert_eq!(
        new_judged(&nobodys, question(&nobodys), &[], 0),
        Ok(()),
        "no contract at all"
    );
}

#[test]
fn a_ticket_that_becomes_another_one_is_judged_as_a_new_one_and_nothing_else_is() {
    let ticket = a_question();
    let by = agent();
    let context = Context {
        viewer: &by,
        desk: &SUP,
        at: start(),
    };
    let edit = |edit: Edit| Action::Edit(Box::new(edit));
    let nothing = || Edit::nothing(PersonId(Uuid::from_u128(900)));
    let incident = || {
        edit(Edit {
            request_type: Some("incident".to_owned()),
            fields: object(json!({"product": "email"})),
            ..nothing()
        })
    };
    let moved = |to: &str| {
        edit(Edit {
            organization: Some(organization(to)),
            ..nothing()
        })
    };
    let renamed = || {
        edit(Edit {
            summary: Some("Autre".to_owned()),
            ..nothing()
        })
    };
    let judged = |actions: Vec<Action>, categories| {
        let events = decide_each(&context, &ticket.state, actions).unwrap();
        judge_changes(&context, &ticket.state, &events, upwards(categories))
    };
    let refused = |category: &str| {
        let refusal = not_covered("commune-a", "C-26", category).unwrap_err();
        Err(Rejection::Contract(refusal))
    };
    assert_eq!(judged(vec![incident()], &["SUP/incident"]), Ok(()));
    assert_eq!(
        judged(vec![incident()], &["SUP/question"]),
        refused("SUP/incident")
    );
    // What it is for and about in the end counts, whichever action of the command made it so.
    assert_eq!(
        judged(vec![incident(), moved("commune-b")], &["SUP/question"]),
        Ok(())
    );
    let back = vec![moved("commune-b"), incident(), moved("commune-a")];
    assert_eq!(judged(back, &["SUP/question"]), refused("SUP/incident"));
    // A ticket that no contract covers any more is treated to its end.
    assert_eq!(judged(vec![renamed()], &["SAV"]), Ok(()));
}
