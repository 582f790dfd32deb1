//! A second factor: an authenticator's codes (RFC 6238), and codes on paper for the day it is lost.

use std::time::{SystemTime, UNIX_EPOCH};

use guichet_tests::{
    answer::{Answer, faults},
    client::Client,
    mail::MailServer,
    people::{PASSWORD, attempt, delete, events, holder, make, quick, sign_in},
    server::Server,
};
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

/// How long a code is the one of the moment, s.
const STEP_S: u64 = 30;

/// The code that an authenticator shows so many steps from now. The server takes those beside the present one too, so that
/// of this step and the next serve even when a step ends meanwhile.
fn code(secret: &str, steps_from_now: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let secret = Secret::try_from_base32(secret).unwrap();
    let totp = Builder::new().with_secret(secret).build().unwrap();
    totp.generate(now + steps_from_now * STEP_S).to_string()
}

fn wrong_code(secret: &str) -> String {
    let near: Vec<String> = (0..5).map(|steps| code(secret, steps)).collect();
    let mut all = (0..1_000_000).map(|number| format!("{number:06}"));
    // The codes of the last steps are not among those above; the chance that the first is one of them is 2 in a million.
    all.find(|code| !near.contains(code)).unwrap()
}

fn with_code(server: &Server, username: &str, password: &str, code: &str) -> Answer {
    let body = json!({"username": username, "password": password, "code": code});
    server.nobody().post("/v1/auth/token", &body)
}

/// Puts a second factor into an account; answers its secret and the recovery codes.
pub(crate) fn enrolled(holder: &Client) -> (String, Vec<String>) {
    let pending = begin(holder, PASSWORD).expect(200);
    let secret = pending["secret"].as_str().unwrap().to_owned();
    let codes = confirm(holder, &code(&secret, 0)).expect(200);
    let codes = codes["codes"].as_array().unwrap().iter();
    (
        secret,
        codes.map(|code| code.as_str().unwrap().to_owned()).collect(),
    )
}

fn begin(holder: &Client, password: &str) -> Answer {
    holder.post("/v1/me/second-factor", &json!({"password": password}))
}

fn confirm(holder: &Client, code: &str) -> Answer {
    holder.post("/v1/me/second-factor/confirmation", &json!({"code": code}))
}

fn person(server: &Server, username: &str) -> Client {
    let _ = make(
        &server.client("admin"),
        username,
        &json!([{"role": "requester"}]),
        &["commune-a"],
    );
    sign_in(server, username, PASSWORD)
}

fn method(server: &Server, tokens: &Value) -> Value {
    let seen = holder(server, tokens).get("/v1/me/sign-ins").expect(200);
    let all = seen["items"].as_array().unwrap().clone();
    all.iter().find(|one| one["current"] == true).unwrap()["method"].clone()
}

#[test]
fn once_a_first_code_was_shown_a_sign_in_needs_a_code_that_serves_once() {
    let server = quick().with("GUICHET_CHALLENGE_AFTER", "1000").start();
    let holder = person(&server, "careful");
    let fault = |pointer: &str| [(pointer.to_owned(), "value".to_owned())];
    assert_eq!(
        faults(&begin(&holder, "not it").refused(422, "invalid")),
        fault("/password")
    );
    let _ = confirm(&holder, "123456").refused(404, "not-found");
    let pending = begin(&holder, PASSWORD).expect(200);
    let secret = pending["secret"].as_str().unwrap();
    assert_eq!(
        pending["url"].as_str().unwrap(),
        format!("otpauth://totp/Guichet:careful?secret={secret}&issuer=Guichet")
    );
    assert_eq!(
        faults(&confirm(&holder, &wrong_code(secret)).refused(422, "invalid")),
        fault("/code")
    );
    // As long as nothing was confirmed, the password is enough.
    let _ = attempt(&server, "careful", PASSWORD).expect(200);
    let first = code(secret, 0);
    let once = holder.with("Idempotency-Key", "confirm-1");
    let codes = confirm(&once, &first).expect(200);
    assert_eq!(codes["codes"].as_array().unwrap().len(), 10);
    // Whoever asks the same again is told that it was done, and the codes to nobody a second time.
    assert_eq!(confirm(&once, &first).expect(200), json!({"codes": []}));
    let _ = confirm(&once, "123456").refused(422, "idempotency-key-reused");
    assert_eq!(holder.get("/v1/me").expect(200)["second_factor"], true);

    let _ = attempt(&server, "careful", PASSWORD).refused(401, "second-factor-required");
    let _ = attempt(&server, "careful", "not it").refused(401, "wrong-credentials");
    let _ = with_code(&server, "careful", PASSWORD, &wrong_code(secret)).refused(401, "wrong-credentials");
    // The first code has served already.
    let _ = with_code(&server, "careful", PASSWORD, &first).refused(401, "wrong-credentials");
    let next = code(secret, 1);
    let tokens = with_code(&server, "careful", PASSWORD, &next).expect(200);
    assert_eq!(method(&server, &tokens), "password_and_code");
    let _ = with_code(&server, "careful", PASSWORD, &next).refused(401, "wrong-credentials");
}

#[test]
fn wrong_codes_are_counted_like_wrong_passwords() {
    let server = quick().start();
    let (secret, _) = enrolled(&person(&server, "guessed"));
    for _ in 0..3 {
        let _ =
            with_code(&server, "guessed", PASSWORD, &wrong_code(&secret)).refused(401, "wrong-credentials");
    }
    let _ = with_code(&server, "guessed", PASSWORD, &code(&secret, 1)).refused(401, "challenge-required");
}

#[test]
fn a_recovery_code_serves_once_in_place_of_a_code() {
    let server = quick().start();
    let (_, codes) = enrolled(&person(&server, "loses"));
    let typed = codes[3].to_lowercase().replace('-', " ");
    let _ = with_code(&server, "loses", PASSWORD, &typed).expect(200);
    let _ = with_code(&server, "loses", PASSWORD, &codes[3]).refused(401, "wrong-credentials");
    let _ = with_code(&server, "loses", PASSWORD, &codes[0]).expect(200);
    let used = events(&server, "loses");
    let count = |kind: &str| used.iter().filter(|known| *known == kind).count();
    assert_eq!(count("account-second-factor-enrolled.v1"), 1, "{used:?}");
    assert_eq!(count("account-recovery-code-used.v1"), 2, "{used:?}");
}

#[test]
fn its_holder_gives_it_up_with_password_and_code_and_is_told_and_so_of_an_administrator() {
    let mails = MailServer::start(&[]);
    let server = quick().with("GUICHET_SMTP_URL", mails.url()).start();
    let told = |to: &str| {
        let mail = mails.next();
        assert_eq!(
            (mail.to.as_str(), mail.subject.as_str()),
            (to, "Votre double authentification a changé")
        );
    };
    let holder = person(&server, "careful");
    let ask = |path: &str, password: &str, code: Option<&str>| {
        holder.post(path, &json!({"password": password, "code": code}))
    };
    let (removal, anew) = ("/v1/me/second-factor/removal", "/v1/me/second-factor");
    let (secret, codes) = enrolled(&holder);
    told("careful@people.example");
    // Who has the password only does neither without the second, nor puts another in its place.
    for path in [removal, anew] {
        let fault = |answer: Answer| faults(&answer.refused(422, "invalid"));
        let at = |pointer: &str, code: &str| vec![(pointer.to_owned(), code.to_owned())];
        assert_eq!(
            fault(ask(path, "not it", Some(&codes[0]))),
            at("/password", "value")
        );
        assert_eq!(fault(ask(path, PASSWORD, None)), at("/code", "required"));
        assert_eq!(
            fault(ask(path, PASSWORD, Some(&wrong_code(&secret)))),
            at("/code", "value")
        );
    }
    let _ = attempt(&server, "careful", PASSWORD).refused(401, "challenge-required");
    assert_eq!(ask(removal, PASSWORD, Some(&codes[0])).status, 204);
    told("careful@people.example");
    let _ = attempt(&server, "careful", PASSWORD).expect(200);
    let other = person(&server, "helped");
    let _ = enrolled(&other);
    told("helped@people.example");
    let path = "/v1/accounts/helped/second-factor";
    let _ = delete(&server.client("requester-2"), path).refused(403, "not-permitted");
    let account = delete(&server.client("admin"), path).expect(200);
    assert_eq!(account["second_factor"], false);
    told("helped@people.example");
    let _ = attempt(&server, "helped", PASSWORD).expect(200);
}
