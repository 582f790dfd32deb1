//! Access tokens: which ones are taken, and every one that is not.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use credentials::tokens::{
    ACCESS_TOKEN_S, Claims, IssueError, LEEWAY_S, LINK_S, Link, TOKEN_BYTES_MAX, TOKEN_S_MAX, TokenError,
    Tokens,
};
use ed25519_dalek::{Signer as _, SigningKey};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use tempfile::TempDir;
use uuid::Uuid;

const AT: DateTime<Utc> = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
const ACCOUNT: Uuid = Uuid::from_u128(7);
const SIGN_IN: Uuid = Uuid::from_u128(8);

/// Tokens with their file, and what somebody who has stolen that file can make.
struct House {
    _directory: TempDir,
    path: PathBuf,
    tokens: Tokens,
}

impl House {
    fn new() -> House {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token-keys.json");
        let tokens = Tokens::load_or_create(&path, AT).unwrap();
        House {
            _directory: directory,
            path,
            tokens,
        }
    }

    fn issue(&self) -> String {
        let lifetime = TimeDelta::seconds(ACCESS_TOKEN_S);
        self.tokens.issue(ACCOUNT, SIGN_IN, AT, lifetime).unwrap()
    }

    fn verify(&self, token: &str) -> Result<Claims, TokenError> {
        self.tokens.verify(token, AT)
    }

    fn kid(&self) -> String {
        self.tokens.public_keys(AT)[0].kid.clone()
    }

    fn key(&self) -> SigningKey {
        let file: Value = serde_json::from_slice(&fs::read(&self.path).unwrap()).unwrap();
        let seed = URL_SAFE_NO_PAD
            .decode(file["keys"][0]["seed"].as_str().unwrap())
            .unwrap();
        SigningKey::from_bytes(&seed.try_into().unwrap())
    }

    /// A token with these header and claims, signed with the real key.
    fn sign(&self, header: &Value, claims: &Value) -> String {
        let signed = parts(header, claims);
        let signature = self.key().sign(signed.as_bytes()).to_bytes();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn header(&self) -> Value {
        json!({"typ": "JWT", "alg": "EdDSA", "kid": self.kid()})
    }
}

fn parts(header: &Value, claims: &Value) -> String {
    let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    format!("{}.{}", part(header), part(claims))
}

fn claims() -> Value {
    json!({
        "iss": "guichet", "aud": "guichet-api", "sub": ACCOUNT, "sid": SIGN_IN,
        "iat": AT.timestamp(), "nbf": AT.timestamp(), "exp": AT.timestamp() + ACCESS_TOKEN_S,
    })
}

/// The object with one member set, or without it.
fn with(object: &Value, member: &str, value: Option<Value>) -> Value {
    let mut object = object.clone();
    let members = object.as_object_mut().unwrap();
    match value {
        Some(value) => members.insert(member.to_owned(), value),
        None => members.remove(member),
    };
    object
}

#[test]
fn a_token_says_who_signed_in_and_how_long_it_holds() {
    let house = House::new();
    let claims = house.verify(&house.issue()).unwrap();
    assert_eq!((claims.sub, claims.sid), (ACCOUNT, SIGN_IN));
    assert_eq!(
        (claims.iss.as_str(), claims.aud.as_str()),
        ("guichet", "guichet-api")
    );
    let now = AT.timestamp();
    assert_eq!((claims.iat, claims.nbf, claims.exp), (now, now, now + 900));
}

#[test]
fn what_is_signed_by_hand_with_the_real_key_is_taken() {
    // Or else none of the refusals below would show anything.
    let house = House::new();
    let made = house.sign(&house.header(), &claims());
    assert_eq!(
        house.verify(&made).unwrap(),
        house.verify(&house.issue()).unwrap()
    );
}

#[test]
fn a_token_holds_for_its_time_and_no_longer() {
    let house = House::new();
    let token = house.issue();
    let verify = |seconds| house.tokens.verify(&token, AT + TimeDelta::seconds(seconds));
    // Twice each: the second time the signature is remembered.
    for _ in 0..2 {
        assert!(verify(-LEEWAY_S).is_ok());
        assert!(matches!(verify(-LEEWAY_S - 1), Err(TokenError::Time)));
        assert!(verify(ACCESS_TOKEN_S + LEEWAY_S - 1).is_ok());
        assert!(matches!(verify(ACCESS_TOKEN_S + LEEWAY_S), Err(TokenError::Time)));
    }
}

#[test]
fn a_token_with_extreme_times_is_refused_without_a_panic() {
    let house = House::new();
    for (member, time) in [("exp", i64::MIN), ("nbf", i64::MAX), ("exp", 0)] {
        let token = house.sign(&house.header(), &with(&claims(), member, Some(json!(time))));
        assert!(house.verify(&token).is_err(), "{member} {time}");
    }
    for at in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
        assert!(matches!(
            house.tokens.verify(&house.issue(), at),
            Err(TokenError::Time)
        ));
    }
}

#[test]
fn a_lifetime_has_its_limits() {
    let house = House::new();
    let issue = |lifetime| house.tokens.issue(ACCOUNT, SIGN_IN, AT, lifetime);
    let allowed = [1, TOKEN_S_MAX];
    assert!(
        allowed
            .into_iter()
            .all(|seconds| issue(TimeDelta::seconds(seconds)).is_ok())
    );
    for lifetime in [
        TimeDelta::zero(),
        TimeDelta::milliseconds(999),
        TimeDelta::seconds(-1),
        TimeDelta::seconds(TOKEN_S_MAX + 1),
        TimeDelta::MAX,
    ] {
        assert!(matches!(issue(lifetime), Err(IssueError::Lifetime)), "{lifetime}");
    }
}

#[test]
fn a_token_without_a_signature_is_refused() {
    let house = House::new();
    for alg in ["none", "None", "NONE", ""] {
        let unsigned = parts(&with(&house.header(), "alg", Some(json!(alg))), &claims());
        for token in [format!("{unsigned}."), unsigned.clone()] {
            assert!(
                matches!(house.verify(&token), Err(TokenError::Refused(_))),
                "{alg}"
            );
        }
    }
    // And of the right name, but empty.
    let empty = format!("{}.", parts(&house.header(), &claims()));
    assert!(matches!(house.verify(&empty), Err(TokenError::Refused(_))));
}

#[test]
fn a_token_signed_with_the_public_key_as_a_secret_is_refused() {
    let house = House::new();
    let x = house.tokens.public_keys(AT)[0].x.clone();
    let raw = URL_SAFE_NO_PAD.decode(&x).unwrap();
    for secret in [raw.as_slice(), x.as_bytes()] {
        let signed = parts(&with(&house.header(), "alg", Some(json!("HS256"))), &claims());
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
        mac.update(signed.as_bytes());
        let forged = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()));
        assert!(matches!(house.verify(&forged), Err(TokenError::Refused(_))));
    }
}

#[test]
fn no_other_algorithm_is_taken_even_with_a_signature_that_fits() {
    let house = House::new();
    for alg in ["HS256", "HS512", "RS256", "PS256", "ES256", "Ed25519", "eddsa"] {
        let token = house.sign(&with(&house.header(), "alg", Some(json!(alg))), &claims());
        assert!(
            matches!(house.verify(&token), Err(TokenError::Refused(_))),
            "{alg}"
        );
    }
}

#[test]
fn a_token_by_or_for_somebody_else_is_refused() {
    let house = House::new();
    for (member, value) in [
        ("aud", json!("another")),
        ("aud", json!(["another"])),
        ("aud", json!(["guichet-api", "another"])),
        ("iss", json!("another")),
        ("iss", json!(["guichet"])),
    ] {
        let token = house.sign(&house.header(), &with(&claims(), member, Some(value.clone())));
        assert!(
            matches!(house.verify(&token), Err(TokenError::Refused(_))),
            "{member} {value}"
        );
    }
}

#[test]
fn a_token_without_one_of_its_claims_or_with_one_of_another_shape_is_refused() {
    let house = House::new();
    for member in ["iss", "aud", "sub", "sid", "iat", "nbf", "exp"] {
        for value in [None, Some(json!(null)), Some(json!({})), Some(json!("x"))] {
            let token = house.sign(&house.header(), &with(&claims(), member, value.clone()));
            assert!(
                matches!(house.verify(&token), Err(TokenError::Refused(_))),
                "{member} {value:?}"
            );
        }
    }
}

#[test]
fn a_token_that_names_no_key_or_an_unknown_one_is_refused() {
    let (house, other) = (House::new(), House::new());
    for kid in [
        None,
        Some(json!("")),
        Some(json!("another")),
        Some(json!(other.kid())),
    ] {
        let token = house.sign(&with(&house.header(), "kid", kid.clone()), &claims());
        assert!(
            matches!(house.verify(&token), Err(TokenError::UnknownKey)),
            "{kid:?}"
        );
    }
}

#[test]
fn a_token_of_another_house_is_refused_under_its_key_and_under_ours() {
    let (house, other) = (House::new(), House::new());
    assert!(matches!(
        house.verify(&other.issue()),
        Err(TokenError::UnknownKey)
    ));
    let renamed = other.sign(&house.header(), &claims());
    assert!(matches!(house.verify(&renamed), Err(TokenError::Refused(_))));
}

#[test]
fn a_token_that_brings_its_own_key_or_rule_is_refused_even_when_we_signed_it() {
    let (house, other) = (House::new(), House::new());
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": other.tokens.public_keys(AT)[0].x});
    for (member, value) in [
        ("jwk", jwk),
        ("jku", json!("https://example.org/keys.json")),
        ("x5u", json!("https://example.org/key.pem")),
        ("x5c", json!(["MAA="])),
        ("crit", json!(["b64"])),
        ("crit", json!([])),
    ] {
        let header = with(&house.header(), member, Some(value));
        for signer in [&house, &other] {
            let token = signer.sign(&header, &claims());
            assert!(
                matches!(house.verify(&token), Err(TokenError::Header)),
                "{member}"
            );
        }
    }
}

#[test]
fn no_byte_of_a_token_can_be_changed() {
    let house = House::new();
    let token = house.issue();
    // Once, so that a changed one is not mistaken for the remembered one.
    house.verify(&token).unwrap();
    for place in 0..token.len() {
        let mut changed = token.clone().into_bytes();
        changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert!(house.verify(&changed).is_err(), "byte {place}");
    }
    for other in [
        format!("{token}A"),
        format!("{token}="),
        format!(" {token}"),
        token[..token.len() - 1].to_owned(),
    ] {
        assert!(house.verify(&other).is_err());
    }
}

#[test]
fn what_is_no_token_is_refused() {
    let house = House::new();
    for text in ["", ".", "..", "...", "a.b.c", "é.é.é", "e30.e30."] {
        assert!(
            matches!(house.verify(text), Err(TokenError::Refused(_))),
            "{text}"
        );
    }
}

#[test]
fn a_token_that_is_too_long_is_not_looked_at() {
    let house = House::new();
    assert!(house.issue().len() < 600);
    let long = house.sign(
        &house.header(),
        &with(&claims(), "more", Some(json!("a".repeat(TOKEN_BYTES_MAX)))),
    );
    assert!(matches!(house.verify(&long), Err(TokenError::TooLong)));
}

#[test]
fn debug_prints_the_path_and_no_key() {
    let house = House::new();
    let printed = format!("{:?}", house.tokens);
    assert!(
        printed.starts_with("Tokens { path: ") && printed.ends_with("token-keys.json\", .. }"),
        "{printed}"
    );
}

fn link(until: DateTime<Utc>) -> Link {
    Link {
        account: ACCOUNT,
        sign_in: SIGN_IN,
        until,
        language: "fr".to_owned(),
        profile: Some("requester@commune-a".to_owned()),
        organization: None,
    }
}

#[test]
fn a_link_holds_for_its_path_and_its_time_and_is_no_access_token() {
    const PATH: &str = "/v1/events?stream=SUP-1";
    let house = House::new();
    let until = AT + TimeDelta::seconds(ACCESS_TOKEN_S);
    let (token, ends_at) = house.tokens.sign_link(link(until), PATH, AT).unwrap();
    assert_eq!(ends_at, AT + TimeDelta::seconds(LINK_S));
    let opened = |path: &str, seconds: i64| {
        let at = AT + TimeDelta::seconds(seconds);
        house.tokens.verify_link(&token, path, at)
    };
    assert_eq!(opened(PATH, 0).unwrap(), (link(until), ends_at));
    assert!(opened(PATH, LINK_S + LEEWAY_S - 1).is_ok());
    assert!(matches!(opened(PATH, LINK_S + LEEWAY_S), Err(TokenError::Time)));
    assert!(matches!(opened(PATH, -LEEWAY_S - 1), Err(TokenError::Time)));
    for other in [
        "/v1/events",
        "/v1/events?stream=SUP-2",
        "/v1/events?stream=SUP-1&",
        "",
    ] {
        assert!(matches!(opened(other, 0), Err(TokenError::OtherPath)), "{other}");
    }
    assert!(matches!(house.verify(&token), Err(TokenError::Header)));
    let access = house.issue();
    let as_link = house.tokens.verify_link(&access, PATH, AT);
    assert!(matches!(as_link, Err(TokenError::Header)));
    // Neither does when only its type, or only its audience, is that of the other.
    let typed = with(&house.header(), "typ", Some(json!("guichet-link+jwt")));
    let typed = house.sign(&typed, &claims());
    assert!(house.verify(&typed).is_err() && house.tokens.verify_link(&typed, PATH, AT).is_err());
    let aimed = house.sign(
        &house.header(),
        &with(&claims(), "aud", Some(json!("guichet-link"))),
    );
    assert!(house.verify(&aimed).is_err() && house.tokens.verify_link(&aimed, PATH, AT).is_err());
    // It ends no later than the access token that it was made with.
    let soon = AT + TimeDelta::seconds(60);
    let (_, ends_at) = house.tokens.sign_link(link(soon), PATH, AT).unwrap();
    assert_eq!(ends_at, soon);
    let _ = house.tokens.rotate(AT, TimeDelta::zero()).unwrap();
    assert!(opened(PATH, 0).is_err(), "its key is compromised");
}
