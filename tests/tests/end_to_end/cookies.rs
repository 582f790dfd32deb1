//! A page of the same site keeps its refresh token where no script can read it.

use guichet_tests::{
    answer::Answer,
    client::Client,
    home::DEMO_PASSWORD,
    people::{delete, quick},
    server::Server,
};
use reqwest::Method;
use serde_json::{Value, json};

const REFRESH: &str = "/v1/auth/cookie/refresh";

fn signed_in(server: &Server, members: &Value) -> Answer {
    let mut body = json!({"username": "requester-1", "password": DEMO_PASSWORD});
    let all = body.as_object_mut().unwrap();
    all.extend(members.as_object().unwrap().clone());
    server.nobody().post("/v1/auth/cookie", &body)
}

/// The name and value of the cookie, as a browser sends it back.
fn cookie(answer: &Answer) -> String {
    let set = answer.header("set-cookie");
    set.split(';').next().unwrap().to_owned()
}

fn refreshed(server: &Server, fields: &[(&str, &str)]) -> Answer {
    let mut request = server.nobody().request(Method::POST, REFRESH);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    Answer::of(request.send())
}

fn by_cookie(server: &Server, cookie: &str) -> Answer {
    refreshed(server, &[("guichet-refresh", "cookie"), ("cookie", cookie)])
}

fn holder(server: &Server, answer: &Answer) -> Client {
    let body = answer.expect(200);
    let members: Vec<&String> = body.as_object().unwrap().keys().collect();
    assert_eq!(members, ["access_token", "expires_in", "token_type"]);
    server.nobody().with_token(body["access_token"].as_str().unwrap())
}

#[test]
fn a_page_signs_in_goes_on_and_signs_out_without_seeing_its_refresh_token() {
    let server = quick().start();
    let begun = signed_in(&server, &json!({}));
    assert_eq!(begun.header("cache-control"), "no-store");
    let set: Vec<&str> = begun.header("set-cookie").split("; ").skip(1).collect();
    let expected = [
        "HttpOnly",
        "SameSite=Strict",
        "Secure",
        "Path=/v1/auth/cookie",
        "Max-Age=43200",
    ];
    assert_eq!(set, expected);
    assert!(cookie(&begun).starts_with("__Secure-guichet-refresh="));
    let page = holder(&server, &begun);
    assert_eq!(
        page.get("/v1/me").expect(200)["account"]["username"],
        "requester-1"
    );
    let stays = signed_in(&server, &json!({"stay_signed_in": true}));
    assert!(stays.header("set-cookie").ends_with("; Max-Age=2592000"));

    let again = by_cookie(&server, &cookie(&begun));
    assert_ne!(cookie(&again), cookie(&begun));
    let later = holder(&server, &again);
    assert_eq!(later.get("/v1/me").status, 200);
    // Two windows at once are given the same one.
    assert_eq!(cookie(&by_cookie(&server, &cookie(&begun))), cookie(&again));
    let last = by_cookie(&server, &cookie(&again));

    // The cookie signs nobody in where it is not asked for.
    let elsewhere = server.nobody().with("Cookie", &cookie(&last)).get("/v1/me");
    let _ = elsewhere.refused(401, "unauthenticated");
    let out = delete(&holder(&server, &last), "/v1/auth/token");
    assert_eq!(out.status, 204);
    assert_eq!(
        out.header("set-cookie"),
        "__Secure-guichet-refresh=; HttpOnly; SameSite=Strict; Secure; Path=/v1/auth/cookie; Max-Age=0"
    );
    let _ = by_cookie(&server, &cookie(&last)).refused(401, "wrong-credentials");
    let _ = later.get("/v1/me").refused(401, "unauthenticated");
}

#[test]
fn a_cookie_is_traded_only_for_who_says_that_it_is_meant_and_only_when_it_is_one_that_holds() {
    let server = quick().start();
    let begun = cookie(&signed_in(&server, &json!({})));
    for fields in [
        &[("cookie", begun.as_str())][..],
        &[("cookie", &begun), ("guichet-refresh", "token")],
        &[("cookie", &begun), ("guichet-refresh", "")],
        &[
            ("cookie", &begun),
            ("guichet-refresh", "cookie"),
            ("guichet-refresh", "cookie"),
        ],
    ] {
        let _ = refreshed(&server, fields).refused(400, "malformed-request");
    }
    let name = "__Secure-guichet-refresh";
    for wrong in [
        String::new(),
        format!("{name}="),
        format!("{name}=rt_unknown"),
        format!("other={}", begun.split_once('=').unwrap().1),
        // One of the two was set by a neighbour.
        format!("{begun}; {name}=rt_unknown"),
        format!("{name}=rt_unknown; {begun}"),
    ] {
        let _ = by_cookie(&server, &wrong).refused(401, "wrong-credentials");
    }
    // Beside other cookies it is found, and none of these has ended the sign-in.
    let _ = by_cookie(&server, &format!("a=b; {begun}; c=d")).expect(200);
    let refused = signed_in(&server, &json!({"password": "un autre mot"}));
    let _ = refused.refused(401, "wrong-credentials");
    assert_eq!(refused.header("set-cookie"), "");
}

#[test]
fn only_a_page_of_a_configured_origin_is_let_send_the_header_and_the_cookie() {
    let server = quick()
        .with("GUICHET_CORS_ORIGINS", "https://portal.example")
        .start();
    let preflight = |origin: &str| {
        let request = server.nobody().request(Method::OPTIONS, REFRESH);
        let request = request
            .header("Origin", origin)
            .header("Access-Control-Request-Method", "POST");
        let answer = Answer::of(
            request
                .header("Access-Control-Request-Headers", "guichet-refresh")
                .send(),
        );
        ["origin", "headers", "credentials"].map(|what| {
            let name = format!("access-control-allow-{what}");
            answer.header(&name).to_owned()
        })
    };
    assert_eq!(
        preflight("https://portal.example"),
        ["https://portal.example", "guichet-refresh", "true"]
    );
    assert_eq!(preflight("https://elsewhere.example")[0], "");
    // A refusal that takes the place of an answer is told to the page too.
    let stale = server
        .client("requester-1")
        .request(Method::GET, "/v1/organizations/commune-a");
    let stale = stale
        .header("Origin", "https://portal.example")
        .header("If-Match", "\"99\"");
    let stale = Answer::of(stale.send());
    assert_eq!(
        (stale.status, stale.header("access-control-allow-origin")),
        (412, "https://portal.example")
    );
}

/// What another application of the host has set beside it does not matter, be it no text.
#[test]
fn a_cookie_that_is_no_text_does_not_hide_the_one_of_ours() {
    let server = quick().start();
    let held = cookie(&signed_in(&server, &json!({})));
    let line = [b"x=\xe9; ".as_slice(), held.as_bytes()].concat();
    let request = server.nobody().request(Method::POST, REFRESH);
    let request = request.header("guichet-refresh", "cookie").header("cookie", line);
    let _ = holder(&server, &Answer::of(request.send()));
}
