//! Access tokens: what is refused, and what a rotation of their key does to those who hold them (design §6).

use std::{
    fs,
    path::PathBuf,
    process::Command,
    time::{SystemTime, UNIX_EPOCH},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ed25519_dalek::{Signer, SigningKey};
use guichet_tests::{
    home::{DEMO_PASSWORD, Home, guichet},
    people::{PASSWORD, attempt, delete, holder, make, quick, refresh, sign_in, tokens},
    server::Server,
};
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use serde_json::{Value, json};

fn encoded(part: &Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}

/// A part of a token, read without asking whether it is signed.
pub(crate) fn part(token: &str, place: usize) -> Value {
    let part = token.split('.').nth(place).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// A token of one's own making.
pub(crate) fn signed(key: &SigningKey, header: &Value, claims: &Value) -> String {
    let message = format!("{}.{}", encoded(header), encoded(claims));
    let signature = URL_SAFE_NO_PAD.encode(key.sign(message.as_bytes()).to_bytes());
    format!("{message}.{signature}")
}

/// The same with HMAC and bytes that everybody knows.
fn signed_by_secret(secret: &[u8], header: &Value, claims: &Value) -> String {
    let message = format!("{}.{}", encoded(header), encoded(claims));
    let key = EncodingKey::from_secret(secret);
    let signature = crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
    format!("{message}.{signature}")
}

/// With members of it in place of what they were.
pub(crate) fn with(value: &Value, members: &Value) -> Value {
    let mut value = value.clone();
    let all = value.as_object_mut().unwrap();
    all.extend(members.as_object().unwrap().clone());
    all.retain(|_, member| !member.is_null());
    value
}

fn key_file(home: &Home) -> PathBuf {
    home.data().join("keys/tokens.keys")
}

/// The key that signs, from the server's own file.
pub(crate) fn signing_key(home: &Home) -> SigningKey {
    let file: Value = serde_json::from_slice(&fs::read(key_file(home)).unwrap()).unwrap();
    let seed = URL_SAFE_NO_PAD
        .decode(file["keys"][0]["seed"].as_str().unwrap())
        .unwrap();
    SigningKey::from_bytes(&seed.try_into().unwrap())
}

pub(crate) fn seconds_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn is_refused(server: &Server, token: &str) -> bool {
    let answer = server.nobody().with_token(token).get("/v1/me");
    if answer.status == 200 {
        return false;
    }
    let _ = answer.refused(401, "unauthenticated");
    true
}

#[test]
fn a_token_that_is_not_signed_for_us_now_by_our_key_is_refused() {
    let server = quick().start();
    let token = server.client("requester-1").token().to_owned();
    let (header, claims, key) = (part(&token, 0), part(&token, 1), signing_key(server.home()));
    // What follows is refused for what it changes: the same without any change holds.
    assert!(!is_refused(&server, &signed(&key, &header, &claims)));
    let now = seconds_now();
    let jwks = server.nobody().get("/.well-known/jwks.json").expect(200);
    let public = jwks["keys"][0]["x"].as_str().unwrap();
    let other = SigningKey::from_bytes(&[7; 32]);
    let of_claims = |members: &Value| signed(&key, &header, &with(&claims, members));
    let of_header = |members: &Value| signed(&key, &with(&header, members), &claims);
    let hmac = with(&header, &json!({"alg": "HS256"}));
    let none = |alg: &str| {
        let header = with(&header, &json!({"alg": alg}));
        format!("{}.{}.", encoded(&header), encoded(&claims))
    };
    let refused = [
        ("alg none", none("none")),
        ("alg None", none("None")),
        ("alg NONE", none("NONE")),
        ("alg none, signed", of_header(&json!({"alg": "none"}))),
        ("no signature", none("EdDSA")),
        (
            "HS256 by the public key",
            signed_by_secret(key.verifying_key().as_bytes(), &hmac, &claims),
        ),
        (
            "HS256 by the public key as published",
            signed_by_secret(public.as_bytes(), &hmac, &claims),
        ),
        ("HS256 by nothing", signed_by_secret(b"", &hmac, &claims)),
        (
            "expired",
            of_claims(&json!({"exp": now - 60, "nbf": now - 600, "iat": now - 600})),
        ),
        (
            "not yet valid",
            of_claims(&json!({"nbf": now + 60, "exp": now + 600})),
        ),
        ("no end", of_claims(&json!({"exp": null}))),
        ("other audience", of_claims(&json!({"aud": "someone-else"}))),
        ("no audience", of_claims(&json!({"aud": null}))),
        ("other issuer", of_claims(&json!({"iss": "someone-else"}))),
        ("no issuer", of_claims(&json!({"iss": null}))),
        (
            "nobody",
            of_claims(&json!({"sub": "0198c0de-7000-7000-8000-00000000dead"})),
        ),
        ("unknown key", of_header(&json!({"kid": "unknown"}))),
        ("no key named", of_header(&json!({"kid": null}))),
        ("another's key under our name", signed(&other, &header, &claims)),
        (
            "its own key",
            signed(
                &other,
                &with(
                    &header,
                    &json!({"jwk": {"kty": "OKP", "crv": "Ed25519", "x": public}}),
                ),
                &claims,
            ),
        ),
        ("no token", String::new()),
        ("three dots", "...".to_owned()),
    ];
    for (what, token) in refused {
        assert!(is_refused(&server, &token), "{what} is taken: {token}");
    }
}

#[test]
fn a_token_with_any_one_character_changed_is_refused() {
    let server = quick().start();
    let token = server.client("requester-1").token().to_owned();
    assert!(!is_refused(&server, &token));
    for place in 0..token.len() {
        let mut changed = token.clone().into_bytes();
        changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert!(is_refused(&server, &changed), "changed at {place}: {changed}");
    }
    // The last character holds four bits that mean nothing; another writing of them is not taken either.
    let last = token.chars().last().unwrap();
    for other in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".chars() {
        if other != last {
            let changed = format!("{}{other}", &token[..token.len() - 1]);
            assert!(is_refused(&server, &changed), "{changed}");
        }
    }
}

/// Ends the sign-in of these tokens; answers with which status that was done.
type End<'a> = &'a dyn Fn(&Value) -> u16;

#[test]
fn a_sign_in_that_has_ended_is_refused_however_it_ended() {
    let server = quick().start();
    let admin = server.client("admin");
    let _ = make(&admin, "ends", &json!([{"role": "requester"}]), &["commune-a"]);
    let sign_out = |of: &Value| delete(&holder(&server, of), "/v1/auth/token").status;
    let from_the_list = |of: &Value| {
        let listed = holder(&server, of).get("/v1/me/sign-ins").expect(200);
        let current = listed["items"].as_array().unwrap().clone();
        let id = current.iter().find(|one| one["current"] == true).unwrap()["id"].clone();
        let other = sign_in(&server, "ends", PASSWORD);
        delete(&other, &format!("/v1/me/sign-ins/{}", id.as_str().unwrap())).status
    };
    let everywhere = |_: &Value| delete(&sign_in(&server, "ends", PASSWORD), "/v1/me/sign-ins").status;
    let by_admin = |_: &Value| delete(&admin, "/v1/accounts/ends/sign-ins").status;
    let disabled = |_: &Value| {
        let path = "/v1/accounts/ends/disablement";
        let _ = admin.post(path, &json!({"reason": "Absente."})).expect(200);
        let _ = attempt(&server, "ends", PASSWORD).refused(401, "wrong-credentials");
        // Enabled again, the account is as it was; the sign-in is not.
        delete(&admin, path).status
    };
    let ways: [(&str, End<'_>, u16); 5] = [
        ("signed out", &sign_out, 204),
        ("ended from the list", &from_the_list, 204),
        ("signed out everywhere", &everywhere, 204),
        ("signed out by an administrator", &by_admin, 204),
        ("disabled", &disabled, 200),
    ];
    for (what, end, status) in ways {
        let tokens = tokens(&server, "ends", PASSWORD);
        let access = tokens["access_token"].as_str().unwrap();
        assert!(!is_refused(&server, access), "{what}");
        assert_eq!(end(&tokens), status, "{what}");
        assert!(is_refused(&server, access), "{what}");
        let _ = refresh(&server, &tokens).refused(401, "wrong-credentials");
    }
}

fn rotate(home: &Home, flags: &[&str]) -> String {
    let done = Command::new(guichet())
        .args(["admin", "rotate-token-key"])
        .args(flags)
        .env("GUICHET_DATA", home.data())
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

fn published(server: &Server) -> Vec<String> {
    let jwks = server.nobody().get("/.well-known/jwks.json").expect(200);
    let keys = jwks["keys"].as_array().unwrap().clone();
    keys.iter()
        .map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}

/// The key that a token says it is signed by.
fn kid(token: &Value) -> String {
    part(token["access_token"].as_str().unwrap(), 0)["kid"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn a_rotation_signs_nobody_out_and_its_old_key_is_refused_after_the_grace() {
    let server = quick().start();
    let before = tokens(&server, "requester-1", DEMO_PASSWORD);
    let old = kid(&before);
    assert_eq!(published(&server), [old.as_str()]);
    assert!(rotate(server.home(), &[]).contains("access tokens are signed by"));
    let after = tokens(&server, "requester-1", DEMO_PASSWORD);
    assert_ne!(kid(&after), old);
    assert_eq!(published(&server), [kid(&after), old.clone()]);
    for one in [&before, &after] {
        assert!(!is_refused(&server, one["access_token"].as_str().unwrap()));
    }

    // The grace is over a quarter of an hour later: the file says when.
    let home = server.stop();
    let mut file: Value = serde_json::from_slice(&fs::read(key_file(&home)).unwrap()).unwrap();
    file["keys"][1]["retired_at"] = json!("2026-01-01T00:00:00Z");
    file["keys"][1]["refused_from"] = json!("2026-01-01T00:15:10Z");
    fs::write(key_file(&home), file.to_string()).unwrap();
    let server = home.start();
    let access = before["access_token"].as_str().unwrap();
    assert!(
        part(access, 1)["exp"].as_u64().unwrap() > seconds_now(),
        "its own times still hold"
    );
    assert!(is_refused(&server, access));
    assert!(!is_refused(&server, after["access_token"].as_str().unwrap()));
    assert_eq!(published(&server), [kid(&after)]);
    // Nobody has to sign in again: the refresh token is signed by no key.
    let renewed = refresh(&server, &before).expect(200);
    assert_eq!(kid(&renewed), kid(&after));
    assert!(!is_refused(&server, renewed["access_token"].as_str().unwrap()));
}

#[test]
fn a_compromised_key_is_refused_at_once_and_whoever_held_its_tokens_takes_new_ones() {
    let server = quick().start();
    let before = tokens(&server, "requester-1", DEMO_PASSWORD);
    let access = before["access_token"].as_str().unwrap();
    let stolen = signing_key(server.home());
    assert!(!is_refused(&server, access));
    let _ = rotate(server.home(), &["--compromised"]);
    assert!(is_refused(&server, access));
    let claims = with(
        &part(access, 1),
        &json!({"iat": seconds_now(), "nbf": seconds_now()}),
    );
    assert!(is_refused(&server, &signed(&stolen, &part(access, 0), &claims)));
    assert!(!published(&server).contains(&kid(&before)));
    let renewed = refresh(&server, &before).expect(200);
    assert!(!is_refused(&server, renewed["access_token"].as_str().unwrap()));
}
