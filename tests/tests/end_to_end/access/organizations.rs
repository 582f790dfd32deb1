//! Organizations: one's own, the one that it is part of, and a stranger's. What changes them comes last: they are everybody's.

use guichet_tests::answer::Answer;
use serde_json::{Value, json};

use super::{
    asked::{Asked, Look, Row, Turn},
    scene::Scene,
    target::About,
};

pub(super) fn rows() -> Vec<Row> {
    let reads = |operation, ask| Row::asks(operation, "", About::Organization, ask);
    let orders = |operation, case, ask| Row {
        turn: Turn::Last,
        ..Row::orders(operation, case, About::Organization, ask)
    };
    vec![
        Row::asks("create_organization", "", About::Nothing, |scene| {
            Asked::plain().json(new(scene))
        }),
        Row::asks(
            "create_organization",
            "below one's own",
            About::Nothing,
            |scene| {
                let mut part = new(scene);
                part["parent"] = json!(scene.caller.organization);
                Asked::plain().json(part)
            },
        ),
        Row {
            look: Look::By(is_listed),
            ..reads("list_organizations", |scene| {
                Asked::plain().query(format!("q={}", scene.target().name))
            })
        },
        reads("get_organization", Asked::target),
        orders("edit_organization", "name", |scene| {
            Asked::target(scene).json(json!({"name": format!("Autrement dit {}", scene.world.number())}))
        }),
        orders("edit_organization", "referent", |scene| {
            Asked::target(scene).json(json!({"referent": scene.caller.colleague}))
        }),
        orders("create_contract", "", |scene| {
            Asked::target(scene).json(terms(scene))
        }),
        orders("edit_contract", "", |scene| {
            Asked::target(scene)
                .with("contract", &signed(scene))
                .json(terms(scene))
        }),
        orders("delete_contract", "", |scene| {
            Asked::target(scene).with("contract", &signed(scene))
        }),
    ]
}

fn new(scene: &Scene<'_>) -> Value {
    let id = format!("neuve-{:06}", scene.world.number());
    json!({"id": id, "name": "Une organisation comme une autre"})
}

/// The organization is among those listed; items and total must say the same.
fn is_listed(scene: &Scene<'_>, answer: &Answer) -> Result<bool, String> {
    let page: Value = answer.json();
    let items = page["items"].as_array().into_iter().flatten();
    let ids: Vec<&Value> = items.map(|organization| &organization["id"]).collect();
    if page["total"] == json!(ids.len()) {
        Ok(ids.contains(&&json!(scene.target().name)))
    } else {
        Err(format!("{ids:?} are listed, and {} counted", page["total"]))
    }
}

/// A contract under which every ticket is treated.
fn terms(scene: &Scene<'_>) -> Value {
    let reference = format!("Contrat {:06}", scene.world.number());
    json!({"reference": reference, "level": "standard", "valid_from": "2020-01-01", "valid_to": "2099-12-31"})
}

/// The id of a contract that the organization has.
fn signed(scene: &Scene<'_>) -> String {
    let admin = &scene.world.admin;
    let path = format!("/v1/organizations/{}", scene.target().name);
    let known = admin.get(&path).expect(200)["contracts"][0]["id"].clone();
    let sign = || {
        admin
            .post(&format!("{path}/contracts"), &terms(scene))
            .expect(200)
    };
    let id = if known.is_null() {
        sign()["contracts"][0]["id"].clone()
    } else {
        known
    };
    id.as_str().unwrap().to_owned()
}
