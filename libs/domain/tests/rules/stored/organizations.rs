//! What the fixtures of the events of organizations stand for.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use domain::{
    ContractId, Event,
    organization::{Contract, ContractLevel, OrganizationCreated, OrganizationEvent},
};
use uuid::Uuid;

use crate::given::{account, organization};

pub(super) fn places() -> Vec<(&'static str, Event)> {
    let created = |siren: Option<&str>, parent: Option<&str>| {
        OrganizationEvent::Created(OrganizationCreated {
            id: organization("commune-a"),
            name: "Commune A".to_owned(),
            siren: siren.map(str::to_owned),
            parent: parent.map(organization),
        })
    };
    of_organizations(vec![
        ("organization-created.v1", created(None, None)),
        (
            "organization-created.v1.full",
            created(Some("123456782"), Some("region-a")),
        ),
        (
            "organization-renamed.v1",
            OrganizationEvent::Renamed {
                name: "Commune A et ses hameaux".to_owned(),
            },
        ),
        (
            "organization-siren-set.v1",
            OrganizationEvent::SirenSet {
                siren: Some("123456782".to_owned()),
            },
        ),
        (
            "organization-siren-set.v1.none",
            OrganizationEvent::SirenSet { siren: None },
        ),
        (
            "organization-moved.v1",
            OrganizationEvent::Moved {
                parent: Some(organization("region-a")),
            },
        ),
        (
            "organization-moved.v1.to-the-top",
            OrganizationEvent::Moved { parent: None },
        ),
        (
            "organization-referent-named.v1",
            OrganizationEvent::ReferentNamed {
                account: Some(account(1)),
            },
        ),
        (
            "organization-referent-named.v1.nobody",
            OrganizationEvent::ReferentNamed { account: None },
        ),
    ])
}

pub(super) fn contracts() -> Vec<(&'static str, Event)> {
    let contract = ContractId(Uuid::from_u128(0x60));
    let bare = Contract {
        reference: "2026-17".to_owned(),
        level: ContractLevel::Standard,
        valid_from: NaiveDate::from_ymd_opt(2026, 1, 1).unwrap(),
        valid_to: NaiveDate::from_ymd_opt(2026, 12, 31).unwrap(),
        categories: BTreeSet::new(),
        responsible: None,
    };
    let full = Contract {
        level: ContractLevel::Platinum,
        categories: BTreeSet::from(["SAV".to_owned(), "SUP/incident".to_owned()]),
        responsible: Some(account(10)),
        ..bare.clone()
    };
    let signed = |terms| OrganizationEvent::ContractSigned { contract, terms };
    of_organizations(vec![
        ("organization-contract-signed.v1", signed(bare)),
        ("organization-contract-signed.v1.full", signed(full)),
        (
            "organization-contract-withdrawn.v1",
            OrganizationEvent::ContractWithdrawn { contract },
        ),
    ])
}

fn of_organizations(events: Vec<(&'static str, OrganizationEvent)>) -> Vec<(&'static str, Event)> {
    let event = |(name, event)| (name, Event::Organization(event));
    events.into_iter().map(event).collect()
}
