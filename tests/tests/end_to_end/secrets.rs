//! Nothing that lets somebody in is kept, logged or told again (design §6): one story leaves every secret that the product
//! knows, and then each is sought, in every form, wherever something is kept and in whatever is answered.
//!
//! What may hold which: `sessions.sqlite` the SHA-256 of refresh tokens and one-time links, `keys/` the keys of the server,
//! and the answer or the mail that hands a secret out that secret.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use guichet_tests::{
    answer::Answer,
    client::Client,
    disk::{files, forms, holds},
    envelope,
    home::{DEMO_PASSWORD, Home},
    mail::MailServer,
    people::{attempt, holder, quick, refresh, tokens},
    server::Server,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use totp_rs::{Builder, Secret};

const FIRST: &str = "tortue lavande escalier cuivre";
const SECOND: &str = "marmite brouillard violon ardoise";
const THIRD: &str = "falaise tambour noisette encrier";
const MISTYPED: &str = "tortue lavande escalier cuibre";
const SERVICE_KEY: &str = "clef-de-la-porte-de-service-4711";
/// What is no secret, to see that what is sought this way is found.
const PLANTED: &str = "Un marqueur que tout lecteur du ticket peut lire";

/// What is sought: what it is, and its bytes.
type Sought = Vec<(String, Vec<u8>)>;

/// The forms of some bytes: those of [`forms`], base64 for URLs, and hexadecimal.
fn all_forms(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut all = forms(bytes);
    for before in 0..3 {
        let encoded = URL_SAFE_NO_PAD.encode([&[0; 3][..before], bytes].concat());
        all.push(encoded.as_bytes()[4..encoded.len() - 4].to_vec());
    }
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    all.push(hex.to_uppercase().into_bytes());
    all.push(hex.into_bytes());
    all
}

/// What of it these bytes hold.
fn found(bytes: &[u8], sought: &Sought) -> Vec<String> {
    let held = |secret: &[u8]| all_forms(secret).iter().any(|form| holds(bytes, form));
    let found = sought.iter().filter(|(_, secret)| held(secret));
    found.map(|(what, _)| what.clone()).collect()
}

/// The story as it is told: what was handed out, and what was answered beside.
struct Story {
    server: Server,
    mails: MailServer,
    handed_out: Vec<(&'static str, String)>,
    answers: Vec<(String, Vec<u8>)>,
}

impl Story {
    fn hands_out(&mut self, what: &'static str, secret: &Value) {
        self.handed_out.push((what, secret.as_str().unwrap().to_owned()));
    }

    fn hands_out_tokens(&mut self, tokens: &Value) {
        self.hands_out("an access token", &tokens["access_token"]);
        self.hands_out("a refresh token", &tokens["refresh_token"]);
    }

    fn answered(&mut self, what: &str, answer: &Answer) {
        let headers: Vec<String> = answer
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        let whole = [headers.join("\n").as_bytes(), &answer.bytes].concat();
        self.answers.push((format!("{what} ({})", answer.status), whole));
    }

    fn reads(&mut self, client: &Client, path: &str) {
        let answer = client.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        self.answered(path, &answer);
    }

    /// The token of the next mail's link.
    fn mailed(&mut self) -> String {
        let token = self.mails.next().link().1.to_owned();
        self.handed_out.push(("a one-time token", token.clone()));
        token
    }
}

fn begun() -> Story {
    let mails = MailServer::start(&[]);
    let home = quick().with("GUICHET_SMTP_URL", mails.url());
    let server = home.with("GUICHET_COURIER_KEY", SERVICE_KEY).start();
    Story {
        server,
        mails,
        handed_out: [FIRST, SECOND, THIRD, MISTYPED]
            .map(|password| ("a password", password.to_owned()))
            .into_iter()
            .chain([("the service key", SERVICE_KEY.to_owned())])
            .collect(),
        answers: Vec::new(),
    }
}

/// A person is made, signs in, goes on, mistypes, changes the password, forgets it, and chooses another.
fn passwords(story: &mut Story) -> Client {
    let admin = story.server.client("admin");
    let account = json!({
        "kind": "person", "username": "storied", "name": "Une personne", "address": "storied@people.example",
        "password": FIRST, "roles": [{"role": "requester"}], "organizations": ["commune-a"],
    });
    story.answered("the account made", &admin.post("/v1/accounts", &account));
    let first = tokens(&story.server, "storied", FIRST);
    story.hands_out_tokens(&first);
    let second = refresh(&story.server, &first).expect(200);
    story.hands_out_tokens(&second);
    let body = json!({"username": "storied", "password": FIRST});
    let page = story.server.nobody().post("/v1/auth/cookie", &body);
    story.hands_out("an access token of a page", &page.expect(200)["access_token"]);
    let cookie = page.header("set-cookie").split(['=', ';']).nth(1).unwrap();
    story.hands_out("a refresh token of a cookie", &json!(cookie));
    let mistyped = attempt(&story.server, "storied", MISTYPED);
    story.answered("a wrong password", &mistyped);
    let shape = json!({"username": "storied", "password": [FIRST]});
    let shape = story.server.nobody().post("/v1/auth/token", &shape);
    story.answered("a password of another shape", &shape);
    let holder = holder(&story.server, &second);
    let change = |current: &str, new: &str, confirmation: &str| {
        let body = json!({"current_password": current, "new_password": new, "confirmation": confirmation});
        holder.post("/v1/me/password", &body)
    };
    story.answered("a change refused", &change(MISTYPED, SECOND, FIRST));
    story.answered("a change", &change(FIRST, SECOND, SECOND));
    let _ = story.mails.next();
    let asked = json!({"username": "storied"});
    let asked = story.server.nobody().post("/v1/auth/password-reset", &asked);
    story.answered("a reset asked for", &asked);
    let token = story.mailed();
    let reset = |confirmation: &str| {
        let body = json!({"token": token, "new_password": THIRD, "confirmation": confirmation});
        story
            .server
            .nobody()
            .post("/v1/auth/password-reset/confirmation", &body)
    };
    let (refused, taken, again) = (reset(SECOND), reset(THIRD), reset(THIRD));
    for (what, answer) in [("refused", refused), ("taken", taken), ("again", again)] {
        story.answered(&format!("a reset {what}"), &answer);
    }
    let _ = story.mails.next();
    let third = tokens(&story.server, "storied", THIRD);
    story.hands_out_tokens(&third);
    self::holder(&story.server, &third)
}

/// The same person takes a second factor, asks for another address, and leaves one link unused.
fn second_factor(story: &mut Story, holder: &Client) {
    let password = json!({"password": THIRD});
    let forgotten = holder.post("/v1/me/second-factor", &password).expect(200);
    story.hands_out(
        "a secret of a second factor that was never confirmed",
        &forgotten["secret"],
    );
    let pending = holder.post("/v1/me/second-factor", &password).expect(200);
    story.hands_out("a secret of a second factor", &pending["secret"]);
    let wrong = holder.post("/v1/me/second-factor/confirmation", &json!({"code": "12345x"}));
    story.answered("a wrong code", &wrong);
    let secret = Secret::try_from_base32(pending["secret"].as_str().unwrap()).unwrap();
    let totp = Builder::new().with_secret(secret).build().unwrap();
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let code = json!({"code": totp.generate(now).to_string()});
    let codes = holder
        .post("/v1/me/second-factor/confirmation", &code)
        .expect(200);
    for code in codes["codes"].as_array().unwrap() {
        story.hands_out("a recovery code", code);
    }
    let used = json!({"username": "storied", "password": THIRD, "code": codes["codes"][0]});
    let tokens = story.server.nobody().post("/v1/auth/token", &used).expect(200);
    story.hands_out_tokens(&tokens);
    let again = story.server.nobody().post("/v1/auth/token", &used);
    story.answered("a recovery code again", &again);
    let _ = story.mails.next();
    let with_code = json!({"password": THIRD, "code": codes["codes"][1]});
    let waits = holder.post("/v1/me/second-factor", &with_code).expect(200);
    story.hands_out("a secret of a second factor that waits", &waits["secret"]);
    let address = json!({"address": "moved@people.example", "password": THIRD});
    story.answered("an address asked for", &holder.post("/v1/me/address", &address));
    let _ = story.mailed();
}

/// A program takes a key; an operator's program reports; everybody who may reads what there is.
fn programs(story: &mut Story, person: &Client) {
    let admin = story.server.client("admin");
    let account = json!({
        "kind": "service", "username": "program", "name": "Un programme", "roles": [{"role": "requester"}],
    });
    let _ = admin.post("/v1/accounts", &account).expect(201);
    let key = json!({"label": "Une clé", "scopes": ["read"], "expires_at": "2027-01-01T00:00:00Z"});
    let key = admin.post("/v1/accounts/program/keys", &key).expect(201);
    story.hands_out("an API key", &key["key"]);
    let program = story.server.nobody().with_token(key["key"].as_str().unwrap());
    story.reads(&program, "/v1/me");
    story.answered("what a key does not open", &program.get("/v1/events"));
    let report = envelope::envelope("oc-alpha", DEMO_PASSWORD, &envelope::create("123456782", "OC-1"));
    let reported = story.server.call_soap(envelope::XML, &report);
    story.answered("a report", &reported);
    let mistyped = envelope::envelope("oc-alpha", MISTYPED, &envelope::create("123456782", "OC-2"));
    let mistyped = story.server.call_soap(envelope::XML, &mistyped);
    story.answered("a report under a wrong password", &mistyped);
    let ticket = json!({"desk": "SUP", "type": "question", "summary": PLANTED, "description": "…"});
    let ticket = person.open(&ticket);
    let key = ticket["key"].as_str().unwrap();
    let auditor = story.server.client("auditor");
    for path in ["", "/history", "/comments", "/blame"] {
        story.reads(person, &format!("/v1/tickets/{key}{path}"));
    }
    let history = format!("/v1/tickets/{key}/history");
    let links = person
        .post("/v1/me/links", &json!({"paths": [history]}))
        .expect(200);
    let url = links["items"][0]["url"].as_str().unwrap().to_owned();
    story.hands_out("a signed link", &json!(url.split_once("link=").unwrap().1));
    let nobody = story.server.nobody();
    story.reads(&nobody, &url);
    // One that does not hold is not told either.
    story.answered(
        "a link to something else",
        &nobody.get(&url.replace("history", "evidence")),
    );
    story.answered("a link with more", &nobody.get(&format!("{url}&limit=1")));
    story.reads(&auditor, &format!("/v1/tickets/{key}/evidence"));
    for path in [
        "/v1/events?limit=1000",
        "/v1/audit/export",
        "/v1/audit/checkpoint",
        "/v1/accounts?limit=200",
    ] {
        story.reads(&auditor, path);
    }
    for path in [
        "/v1/accounts/storied",
        "/v1/accounts/program/keys",
        "/v1/organizations",
    ] {
        story.reads(&admin, path);
    }
    for path in ["/v1/me", "/v1/me/sign-ins"] {
        story.reads(person, path);
    }
    for path in [
        "/metrics",
        "/readyz",
        "/openapi.json",
        "/.well-known/jwks.json",
        "/v1/auth/password-policy",
    ] {
        let nobody = story.server.nobody();
        story.reads(&nobody, path);
    }
    let deliveries = story.server.nobody().with("Guichet-Service-Key", SERVICE_KEY);
    story.reads(&deliveries, "/v1/deliveries");
}

/// What is kept of opaque secrets, which nobody else has to know either.
fn hashes(handed_out: &[(&'static str, String)]) -> Sought {
    let hash = |(what, secret): &(&'static str, String)| {
        (
            format!("the SHA-256 of {what}"),
            Sha256::digest(secret.as_bytes()).to_vec(),
        )
    };
    handed_out.iter().map(hash).collect()
}

/// Every file of the home but those of the server's keys, and its log lines among them.
fn kept(home: &Home) -> Vec<(String, Vec<u8>)> {
    let keys = home.data().join("keys");
    let all = files(home.path()).into_iter();
    all.filter(|(path, _)| !path.starts_with(&keys))
        .map(|(path, bytes)| {
            (
                path.strip_prefix(home.path()).unwrap().display().to_string(),
                bytes,
            )
        })
        .collect()
}

#[test]
fn no_secret_is_kept_logged_or_told_again() {
    let mut story = begun();
    let person = passwords(&mut story);
    second_factor(&mut story, &person);
    programs(&mut story, &person);
    let secrets: Sought = story
        .handed_out
        .iter()
        .map(|(what, secret)| ((*what).to_owned(), secret.clone().into_bytes()))
        .chain([("a hash of a password".to_owned(), b"$argon2id$v=".to_vec())])
        .collect();
    let hashes = hashes(&story.handed_out);
    assert!(secrets.len() > 25, "{}", secrets.len());

    let planted: Sought = vec![("the marker".to_owned(), PLANTED.as_bytes().to_vec())];
    let telling = story
        .answers
        .iter()
        .filter(|(_, bytes)| !found(bytes, &planted).is_empty());
    assert!(telling.count() >= 3, "the search finds nothing in answers");
    for (what, bytes) in &story.answers {
        assert_eq!(found(bytes, &secrets), Vec::<String>::new(), "{what}");
        assert_eq!(found(bytes, &hashes), Vec::<String>::new(), "{what}");
    }

    // Killed, it leaves what a clean stop would have tidied up.
    let home = story.server.kill();
    let kept = kept(&home);
    let telling = kept
        .iter()
        .filter(|(_, bytes)| !found(bytes, &planted).is_empty());
    assert!(telling.count() >= 1, "the search finds nothing in files");
    assert!(
        kept.iter()
            .any(|(path, bytes)| path == "stderr" && !bytes.is_empty())
    );
    let mut hashes_of_sessions = 0;
    for (path, bytes) in &kept {
        assert_eq!(found(bytes, &secrets), Vec::<String>::new(), "{path}");
        let hashes = found(bytes, &hashes);
        if path.starts_with("data/sessions.sqlite") {
            hashes_of_sessions += hashes.len();
        } else {
            assert_eq!(hashes, Vec::<String>::new(), "{path}");
        }
    }
    assert!(
        hashes_of_sessions > 0,
        "refresh tokens are not kept as they are thought to be"
    );
}

#[test]
fn a_secret_is_found_in_every_form_that_is_sought() {
    let sought: Sought = vec![("it".to_owned(), SERVICE_KEY.as_bytes().to_vec())];
    let hex: String = SERVICE_KEY.bytes().map(|byte| format!("{byte:02X}")).collect();
    for text in [SERVICE_KEY.to_owned(), hex.to_lowercase(), hex] {
        assert_eq!(found(format!("x{text}y").as_bytes(), &sought), ["it"], "{text}");
    }
    for before in ["", "a", "ab", "abc"] {
        let encoded = URL_SAFE_NO_PAD.encode([before, SERVICE_KEY, "xyz"].concat());
        assert_eq!(found(encoded.as_bytes(), &sought), ["it"], "{encoded}");
    }
    assert_eq!(found(b"clef-de-la-porte", &sought), Vec::<String>::new());
}
