//! Signing in and out, and who one is. Each of these has a sign-in of its own: the others go on with theirs.

use serde_json::{Value, json};

use super::{
    asked::{Asked, NOBODY, Row},
    cast::PASSWORD,
    expected::Role,
    scene::Scene,
};

pub(super) fn rows() -> Vec<Row> {
    vec![
        Row::reads("create_token", "", |scene| {
            Asked::plain().json(credentials(scene))
        }),
        Row::reads("refresh_token", "", |scene| {
            let token = signed_in(scene)["refresh_token"].clone();
            Asked::plain().json(json!({"refresh_token": token}))
        }),
        Row::reads("create_cookie", "", |scene| {
            Asked::plain().json(credentials(scene))
        }),
        Row::reads("refresh_cookie", "", |scene| {
            let signed_in = scene.world.nobody.post("/v1/auth/cookie", &credentials(scene));
            let cookie = signed_in
                .header("set-cookie")
                .split(';')
                .next()
                .unwrap()
                .to_owned();
            by_cookie().header("cookie", &cookie)
        }),
        Row::reads("refresh_cookie", "without a cookie", |_| by_cookie()),
        Row::reads("delete_token", "", sign_out),
        Row::reads("list_identity_providers", "", |_| Asked::plain()),
        Row::reads("begin_federated_sign_in", "", |_| {
            Asked::plain().with("id", NOBODY)
        }),
        Row::reads("create_federated_token", "", |_| {
            let callback = json!({"state": "inconnu", "code": "inconnu"});
            Asked::plain().with("id", NOBODY).json(callback)
        }),
        Row::reads("get_jwks", "", |_| Asked::plain()),
    ]
}

fn by_cookie() -> Asked {
    Asked::plain().header("guichet-refresh", "cookie")
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

fn sign_out(scene: &Scene<'_>) -> Asked {
    if scene.role == Role::Anonymous {
        return Asked::plain();
    }
    let token = signed_in(scene)["access_token"].as_str().unwrap().to_owned();
    Asked::plain().by(scene.world.nobody.with_token(&token))
}
