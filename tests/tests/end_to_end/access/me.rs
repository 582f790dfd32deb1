//! What is the caller's alone: profile, password, second factor, sign-ins. What would take something from the caller that
//! other cells need is asked by another account like theirs.

use guichet_tests::client::Client;
use reqwest::Method;
use serde_json::json;

use super::{
    asked::{Asked, Row},
    cast::{self, PASSWORD, PICTURE},
    expected::Role,
    scene::Scene,
    target::About,
};

/// What a password is changed to.
const ANOTHER: &str = "cinq autres mots sans lien";
/// What is no code at all: any number might be the right one.
const NO_CODE: &str = "sans chiffres";

pub(super) fn rows() -> Vec<Row> {
    let row = |operation, case, ask| Row::asks(operation, case, About::Nothing, ask);
    vec![
        row("get_me", "", |_| Asked::plain()),
        row("create_links", "", |_| {
            Asked::plain().json(json!({"paths": ["/v1/events"]}))
        }),
        row("edit_me", "", |_| {
            Asked::plain().json(json!({"name": "Un autre nom"}))
        }),
        row("request_address", "", |_| {
            Asked::plain().json(json!({"address": "ailleurs@guichet.example", "password": PASSWORD}))
        }),
        row("set_avatar", "", |_| Asked::plain().bytes(PICTURE)),
        row("delete_avatar", "", as_double_with_a_picture),
        row("delete_avatar", "there is none", as_double),
        row("change_password", "", |scene| {
            let passwords =
                json!({"current_password": PASSWORD, "new_password": ANOTHER, "confirmation": ANOTHER});
            as_double(scene).json(passwords)
        }),
        row("begin_second_factor", "", |scene| {
            as_double(scene).json(json!({"password": PASSWORD}))
        }),
        row("confirm_second_factor", "none begun", |_| {
            Asked::plain().json(json!({"code": NO_CODE}))
        }),
        row("confirm_second_factor", "a wrong code", wrong_code),
        row("remove_second_factor", "there is none", |_| {
            Asked::plain().json(json!({"password": PASSWORD}))
        }),
        row("list_sign_ins", "", |_| Asked::plain()),
        row("delete_sign_ins", "", as_double),
        row("delete_sign_in", "", |scene| {
            let other = cast::sign_in(&scene.world.nobody, scene.caller.username);
            Asked::plain().with("id", &current(&other))
        }),
        row("delete_sign_in", "of another", |scene| {
            Asked::plain().with("id", &current(&scene.world.admin))
        }),
    ]
}

/// By another account like the caller's; whoever is not signed in stays so.
fn as_double(scene: &Scene<'_>) -> Asked {
    if scene.role == Role::Anonymous {
        return Asked::plain();
    }
    Asked::plain().by(scene.world.double(scene.caller))
}

fn as_double_with_a_picture(scene: &Scene<'_>) -> Asked {
    if scene.role == Role::Anonymous {
        return Asked::plain();
    }
    let double = scene.world.double(scene.caller);
    let set = double.request(Method::PUT, "/v1/me/avatar").body(PICTURE).send();
    assert_eq!(set.unwrap().status(), 204);
    Asked::plain().by(double)
}

/// For a second factor that waits for its first code.
fn wrong_code(scene: &Scene<'_>) -> Asked {
    let code = json!({"code": NO_CODE});
    if scene.role == Role::Anonymous {
        return Asked::plain().json(code);
    }
    let double = scene.world.double(scene.caller);
    let begun = double.post("/v1/me/second-factor", &json!({"password": PASSWORD}));
    let _ = begun.expect(200);
    Asked::plain().by(double).json(code)
}

/// The id of the sign-in that somebody asks with.
fn current(client: &Client) -> String {
    let sign_ins = client.get("/v1/me/sign-ins").expect(200);
    let mut items = sign_ins["items"].as_array().into_iter().flatten();
    let current = items.find(|sign_in| sign_in["current"] == json!(true)).unwrap();
    current["id"].as_str().unwrap().to_owned()
}
