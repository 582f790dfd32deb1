//! Signing in and out, and who one is. Each of these has a sign-in of its own: the others go on with theirs.

use serde_json::{Value, json};

use super::{
    asked::{Asked, Row},
    cast::PASSWORD,
    expected::Role,
    scene::Scene,
};

pub(super) fn rows() -> Vec<Row> {
    vec![
        Row::reads("create_token", "", |scene| {
            Some(Asked::plain().json(credentials(scene)))
        }),
        Row::reads("refresh_token", "", |scene| {
            let token = signed_in(scene)["refresh_token"].clone();
            Some(Asked::plain().json(json!({"refresh_token": token})))
        }),
        Row::reads("delete_token", "", sign_out),
        Row::reads("get_jwks", "", |_| Some(Asked::plain())),
        Row::reads("get_me", "", |_| Some(Asked::plain())),
    ]
}

fn credentials(scene: &Scene<'_>) -> Value {
    json!({"username": scene.caller.username, "password": PASSWORD})
}

fn signed_in(scene: &Scene<'_>) -> Value {
    scene
        .world
        .nobody
        .post("/v1/auth/token", &credentials(scene))
        .expect(200)
}

fn sign_out(scene: &Scene<'_>) -> Option<Asked> {
    if scene.role == Role::Anonymous {
        return Some(Asked::plain());
    }
    let token = signed_in(scene)["access_token"].as_str()?.to_owned();
    Some(Asked::plain().by(scene.world.nobody.with_token(&token)))
}
