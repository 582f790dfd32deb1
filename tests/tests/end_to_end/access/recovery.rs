//! Getting back in, and getting in at all: nobody needs to be signed in for that, and it makes no difference.

use serde_json::{Value, json};

use super::{
    asked::{Asked, Row},
    cast,
    scene::Scene,
    target::About,
};

/// What no link holds.
const UNKNOWN: &str = "jeton-inconnu";

pub(super) fn rows() -> Vec<Row> {
    let of = |operation, ask| Row::asks(operation, "", About::Nothing, ask);
    vec![
        of("create_challenge", |scene| {
            Asked::plain().json(json!({"username": scene.caller.username}))
        }),
        of("get_password_policy", |_| Asked::plain()),
        of("request_password_reset", |scene| {
            Asked::plain().json(json!({"username": scene.caller.username}))
        }),
        of("reset_password", |_| {
            let password = cast::PASSWORD;
            with(json!({"token": UNKNOWN, "new_password": password, "confirmation": password}))
        }),
        of("request_username_reminder", |scene| {
            with(json!({"address": cast::address(scene.caller.username)}))
        }),
        of("confirm_address", |_| with(json!({"token": UNKNOWN}))),
        of("request_rescue", |_| {
            with(
                json!({"name": "Une personne", "contact": "06 00 00 00 00", "message": "Je ne peux plus entrer."}),
            )
        }),
        of("sign_up", sign_up),
        of("confirm_sign_up", |_| with(json!({"token": UNKNOWN}))),
    ]
}

fn with(body: Value) -> Asked {
    Asked::plain().json(body)
}

fn sign_up(scene: &Scene<'_>) -> Asked {
    let username = format!("new-{:06}", scene.world.number());
    with(json!({
        "username": username, "name": "Une nouvelle venue", "address": cast::address(&username),
        "password": cast::PASSWORD,
    }))
}
