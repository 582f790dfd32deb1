//! Erasing persons: the end customer that a ticket names, so that nobody who plays a role is lost.

use serde_json::json;

use super::{
    asked::{Asked, Row, Turn},
    scene::Scene,
};

pub(super) fn rows() -> Vec<Row> {
    let last = |row| Row {
        turn: Turn::Last,
        ..row
    };
    vec![
        last(Row::reads("erase_person", "", |scene| {
            let body = json!({"reason": "Demande du 2 mars"});
            Asked::plain().with("id", &customer(scene)).json(body)
        })),
        last(Row::reads("get_erasure", "", |scene| {
            Asked::plain().with("id", &erased(scene))
        })),
    ]
}

/// A new end customer, as the first event of the ticket that names them tells.
fn customer(scene: &Scene<'_>) -> String {
    let admin = &scene.world.admin;
    let ticket = admin.open(&json!({
        "desk": "SUP", "type": "account_request", "summary": "Un compte", "description": "Pour une collègue.",
        "fields": {"person_name": "Colette Verdier", "person_email": "colette@commune.example"},
    }));
    let events = admin.feed(ticket["key"].as_str().unwrap());
    events[0]["event"]["data"]["customer"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// An end customer who is erased: who may not ask how far that is, does not learn that it is so.
fn erased(scene: &Scene<'_>) -> String {
    let erase = || {
        let (admin, person) = (&scene.world.admin, customer(scene));
        let path = format!("/v1/persons/{person}/erasure");
        let body = json!({"reason": "Demande du 2 mars"});
        let _ = admin.post(&path, &body).expect(202);
        person
    };
    scene.world.erased.get_or_init(erase).clone()
}
