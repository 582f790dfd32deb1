//! Mail about accounts, from a started server's courier to a real mail server, and what its links do (seed 002, F66-F76).

use std::process::{Child, Command, Stdio};

use guichet_tests::{
    answer::{Answer, faults},
    home::{DEMO_PASSWORD, Home, guichet},
    mail::{Mail, MailServer},
    people::{PASSWORD, attempt, events, make, put, quick, sign_in, until},
    server::Server,
};
use serde_json::{Value, json};

const NEW: &str = "cheval agrafe batterie correcte";

/// A home whose server hands its mails to this one.
fn mailing(mails: &MailServer) -> Home {
    quick().with("GUICHET_SMTP_URL", mails.url())
}

/// A person with an address that nobody has confirmed.
fn person(server: &Server, username: &str) -> Value {
    make(
        &server.client("admin"),
        username,
        &json!([{"role": "requester"}]),
        &["commune-a"],
    )
}

fn ask_for_reset(server: &Server, username: &str) -> Answer {
    server
        .nobody()
        .post("/v1/auth/password-reset", &json!({"username": username}))
}

fn reset(server: &Server, token: &str, new: &str, confirmation: &str) -> Answer {
    let body = json!({"token": token, "new_password": new, "confirmation": confirmation});
    server
        .nobody()
        .post("/v1/auth/password-reset/confirmation", &body)
}

/// The mail of this kind for this address; others may come between.
#[track_caller]
fn awaited(mails: &MailServer, to: &str, subject: &str) -> Mail {
    let mail = mails.next();
    assert_eq!((mail.to.as_str(), mail.subject.as_str()), (to, subject));
    mail
}

#[test]
fn a_forgotten_password_is_chosen_anew_by_a_mailed_link_that_serves_once() {
    let mails = MailServer::start(&[]);
    let server = mailing(&mails)
        .with("GUICHET_PUBLIC_URL", "https://guichet.example")
        .start();
    let _ = person(&server, "forgets");
    let signed_in = sign_in(&server, "forgets", PASSWORD);
    let to = "forgets@people.example";
    assert_eq!(ask_for_reset(&server, " FORGETS ").status, 202);
    let mail = awaited(&mails, to, "Votre nouveau mot de passe");
    let (page, token) = mail.link();
    assert_eq!(page, "https://guichet.example/password-reset");

    // Every fault of the new password is told, and the link still holds.
    let told = |new: &str, confirmation: &str| {
        faults(&reset(&server, token, new, confirmation).refused(422, "invalid"))
    };
    let fault = |pointer: &str, code: &str| (pointer.to_owned(), code.to_owned());
    let all = told("azerty", "autre");
    for expected in [
        fault("/confirmation", "value"),
        fault("/new_password", "length"),
        fault("/new_password", "value"),
    ] {
        assert!(all.contains(&expected), "{all:?}");
    }
    for weak in ["password1234", "aaaaaaaaaaaaaa", "vqz!forgets!kfw"] {
        assert!(
            told(weak, weak).contains(&fault("/new_password", "value")),
            "{weak}"
        );
    }
    assert_eq!(told(NEW, "autre"), [fault("/confirmation", "value")]);

    assert_eq!(reset(&server, token, NEW, NEW).status, 204);
    let _ = attempt(&server, "forgets", PASSWORD).refused(401, "wrong-credentials");
    let _ = signed_in.get("/v1/me").refused(401, "unauthenticated");
    let _ = attempt(&server, "forgets", NEW).expect(200);
    let problem = reset(&server, token, PASSWORD, PASSWORD).refused(422, "invalid");
    assert_eq!(faults(&problem), [fault("/token", "value")]);
    let notice = awaited(&mails, to, "Votre mot de passe a changé");
    assert!(!notice.text.contains("token"), "{}", notice.text);
    assert!(events(&server, "forgets").contains(&"account-password-reset.v1".to_owned()));
}

#[test]
fn a_second_link_takes_the_place_of_the_first_and_a_changed_password_that_of_every_link() {
    let mails = MailServer::start(&[]);
    let server = mailing(&mails).start();
    let _ = person(&server, "twice");
    let link = || {
        assert_eq!(ask_for_reset(&server, "twice").status, 202);
        mails.next().link().1.to_owned()
    };
    let (first, second) = (link(), link());
    let _ = reset(&server, &first, NEW, NEW).refused(422, "invalid");
    let holder = sign_in(&server, "twice", PASSWORD);
    let change = json!({"current_password": PASSWORD, "new_password": NEW, "confirmation": NEW});
    assert_eq!(holder.post("/v1/me/password", &change).status, 204);
    let _ = reset(&server, &second, PASSWORD, PASSWORD).refused(422, "invalid");
    assert_eq!(mails.next().subject, "Votre mot de passe a changé");
    // A link of another purpose is none of this one.
    let wanted = json!({"address": "other@people.example", "password": NEW});
    assert_eq!(holder.post("/v1/me/address", &wanted).status, 202);
    let other = mails.next();
    let _ = reset(&server, other.link().1, PASSWORD, PASSWORD).refused(422, "invalid");
}

#[test]
fn nobody_learns_whether_there_is_such_an_account_and_no_mail_goes_to_who_has_none() {
    let mails = MailServer::start(&[]);
    let server = mailing(&mails).start();
    let _ = person(&server, "there");
    let answers: Vec<(u16, Vec<u8>)> = ["nobody-of-that-name", "oc-alpha", "there"]
        .iter()
        .map(|username| ask_for_reset(&server, username))
        .map(|answer| (answer.status, answer.bytes))
        .collect();
    assert_eq!(answers, vec![(202, Vec::new()); 3]);
    assert_eq!(mails.next().to, "there@people.example");
    let remind = |body: &Value| server.nobody().post("/v1/auth/username-reminder", body).status;
    assert_eq!(remind(&json!({"address": "nobody@people.example"})), 202);
    assert_eq!(remind(&json!({"references": ["SUP-99", "no key"]})), 202);
    assert_eq!(remind(&json!({"address": " There@People.example"})), 202);
    let mail = awaited(&mails, "there@people.example", "Votre identifiant");
    assert!(mail.text.contains("there"), "{}", mail.text);
    let ticket = json!({"desk": "SUP", "type": "question", "summary": "Bonjour", "description": "…"});
    let key = sign_in(&server, "there", PASSWORD).open(&ticket)["key"].clone();
    assert_eq!(remind(&json!({"references": [key]})), 202);
    let _ = awaited(&mails, "there@people.example", "Votre identifiant");
    let _ = server.stop();
    assert!(mails.unread().is_none());
}

#[test]
fn nobody_is_flooded_whoever_asks() {
    let mails = MailServer::start(&[]);
    let server = mailing(&mails).start();
    let _ = person(&server, "flooded");
    for _ in 0..5 {
        assert_eq!(ask_for_reset(&server, "flooded").status, 202);
        assert_eq!(mails.next().subject, "Votre nouveau mot de passe");
    }
    assert_eq!(ask_for_reset(&server, "flooded").status, 202);
    // What is mailed next is something else.
    let body = json!({"address": "flooded@people.example"});
    assert_eq!(
        server.nobody().post("/v1/auth/username-reminder", &body).status,
        202
    );
    assert_eq!(mails.next().subject, "Votre identifiant");
}

#[test]
fn a_new_address_is_taken_once_its_link_was_shown() {
    let mails = MailServer::start(&[]);
    let server = mailing(&mails).start();
    let _ = person(&server, "moves");
    let holder = sign_in(&server, "moves", PASSWORD);
    let address = || holder.get("/v1/me").expect(200)["profile"]["address"].clone();
    let confirm = |token: &str| {
        let client = server.nobody();
        client.post("/v1/auth/address-confirmation", &json!({"token": token}))
    };
    let is = |address: &str, confirmed: bool| json!({"address": address, "confirmed": confirmed, "refused": false});
    assert_eq!(address(), is("moves@people.example", false));
    let _ = holder
        .post(
            "/v1/me/address",
            &json!({"address": "no address", "password": "guessed"}),
        )
        .refused(422, "invalid");
    let wanted = json!({"address": "moved@people.example", "password": PASSWORD});
    assert_eq!(holder.post("/v1/me/address", &wanted).status, 202);
    let mail = awaited(&mails, "moved@people.example", "Confirmez votre adresse");
    assert_eq!(
        address(),
        is("moves@people.example", false),
        "nothing is shown yet"
    );
    let _ = confirm("not it").refused(422, "invalid");
    assert_eq!(confirm(mail.link().1).status, 204);
    assert_eq!(address(), is("moved@people.example", true));
    let _ = awaited(&mails, "moves@people.example", "Vos notifications vont ailleurs");
    let _ = confirm(mail.link().1).refused(422, "invalid");
}

#[test]
fn whoever_is_given_an_account_chooses_their_own_password() {
    let mails = MailServer::start(&[]);
    let server = mailing(&mails).start();
    let account = json!({
        "kind": "person", "username": "invited", "name": "Une invitée", "language": "en",
        "address": "invited@people.example", "roles": [{"role": "requester"}], "organizations": ["commune-a"],
    });
    let _ = server.client("admin").post("/v1/accounts", &account).expect(201);
    let mail = awaited(&mails, "invited@people.example", "Your account is open");
    let _ = attempt(&server, "invited", "").refused(401, "wrong-credentials");
    assert_eq!(reset(&server, mail.link().1, NEW, NEW).status, 204);
    let _ = attempt(&server, "invited", NEW).expect(200);
}

#[test]
fn nobody_makes_themselves_an_account_unless_that_is_switched_on() {
    let mails = MailServer::start(&[]);
    let wanted = json!({
        "username": "newcomer", "name": "Nouvelle venue", "address": "newcomer@people.example", "password": PASSWORD,
    });
    let server = mailing(&mails).start();
    let _ = server
        .nobody()
        .post("/v1/auth/sign-up", &wanted)
        .refused(404, "not-found");
    let server = server.stop().with("GUICHET_SELF_SIGN_UP", "true").start();
    let sign_up = |body: &Value| server.nobody().post("/v1/auth/sign-up", body);
    let bad = json!({"username": "", "name": "", "address": "nowhere", "password": "short"});
    let problem = sign_up(&bad).refused(422, "invalid");
    let pointers: Vec<String> = faults(&problem).into_iter().map(|(pointer, _)| pointer).collect();
    for pointer in ["/address", "/name", "/password", "/username"] {
        assert!(pointers.contains(&pointer.to_owned()), "{pointers:?}");
    }
    assert_eq!(sign_up(&wanted).status, 202);
    let _ = attempt(&server, "newcomer", PASSWORD).refused(401, "wrong-credentials");
    let mail = awaited(&mails, "newcomer@people.example", "Confirmez votre inscription");
    let confirm = |mail: &Mail| {
        let body = json!({"token": mail.link().1});
        server.nobody().post("/v1/auth/sign-up/confirmation", &body)
    };
    assert_eq!(confirm(&mail).status, 204);
    let me = sign_in(&server, "newcomer", PASSWORD).get("/v1/me").expect(200);
    assert_eq!(me["roles"].as_array().unwrap().len(), 1);
    assert_eq!(me["roles"][0]["profile"], "requester");
    assert_eq!(me["profile"]["address"]["confirmed"], true);
    // That a name is taken is told to nobody but the holder of an address.
    assert_eq!(
        sign_up(&json!({
            "username": "Newcomer", "name": "Une autre", "address": "second@people.example", "password": NEW,
        }))
        .status,
        202
    );
    let mail = awaited(&mails, "second@people.example", "Confirmez votre inscription");
    let problem = confirm(&mail).refused(422, "invalid");
    assert_eq!(faults(&problem), [("/username".to_owned(), "value".to_owned())]);
}

#[test]
fn an_address_that_a_mail_server_refuses_for_good_is_marked_until_somebody_corrects_it() {
    let mails = MailServer::start(&["--rcpt", "gone@=550 5.1.1 No such user"]);
    let server = mailing(&mails).start();
    let _ = person(&server, "gone");
    let admin = server.client("admin");
    let address = || admin.get("/v1/accounts/gone").expect(200)["address"].clone();
    assert_eq!(address()["refused"], false);
    assert_eq!(ask_for_reset(&server, "gone").status, 202);
    until("the refusal is known", || address()["refused"] == true);
    assert!(events(&server, "gone").contains(&"account-address-refused.v1".to_owned()));
    let corrected = json!({"address": "back@people.example"});
    let account = put(&admin, "/v1/accounts/gone/address", &corrected).expect(200);
    assert_eq!(
        account["address"],
        json!({"address": "back@people.example", "confirmed": false, "refused": false})
    );
    assert_eq!(ask_for_reset(&server, "gone").status, 202);
    let _ = awaited(&mails, "back@people.example", "Votre nouveau mot de passe");
    // The address before was told first, and refused: that says nothing of the one that holds.
    assert_eq!(address()["refused"], false);
}

/// A courier as a process of its own. Dropping it ends it.
struct Courier(Child);

impl Drop for Courier {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_courier_of_its_own_sends_what_waits_and_nobody_else_may_see_it() {
    let mails = MailServer::start(&[]);
    let (key, wrong) = ("pour-le-seul-coursier", "devinée-par-quelqu'un");
    let adapters = "entre-portes-de-la-maison";
    let home = quick().with("GUICHET_SERVICE_KEY", adapters);
    let server = home.with("GUICHET_COURIER_KEY", key).start();
    let _ = person(&server, "remote");
    assert_eq!(ask_for_reset(&server, "nobody-of-that-name").status, 202);
    assert_eq!(ask_for_reset(&server, "remote").status, 202);
    let path = "/v1/deliveries?wait_s=20";
    let admin = server.client("admin");
    for client in [
        server.nobody(),
        admin.clone(),
        admin.with("Guichet-Service-Key", "guessed"),
        server.nobody().with("Guichet-Service-Key", adapters),
    ] {
        let _ = client.get(path).refused(401, "unauthenticated");
    }
    let waiting = server
        .nobody()
        .with("Guichet-Service-Key", key)
        .get(path)
        .expect(200);
    let items = waiting["items"].as_array().unwrap();
    assert_eq!(items.len(), 1, "{waiting}");
    assert_eq!(
        (items[0]["effect"].as_str(), items[0]["attempts"].as_u64()),
        (Some("password-reset"), Some(0))
    );
    assert!(!waiting.to_string().contains("people.example"), "{waiting}");
    let courier = |key: &str| {
        Command::new(guichet())
            .arg("courier")
            .env("GUICHET_API_URL", server.api())
            .env("GUICHET_COURIER_KEY", key)
            .env("GUICHET_SMTP_URL", mails.url())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map(Courier)
            .unwrap()
    };
    let _guessing = courier(wrong);
    let _known = courier(key);
    let mail = awaited(&mails, "remote@people.example", "Votre nouveau mot de passe");
    assert_eq!(reset(&server, mail.link().1, NEW, NEW).status, 204);
    let _ = sign_in(&server, "remote", NEW).get("/v1/me").expect(200);
    let _ = attempt(&server, "remote", DEMO_PASSWORD).refused(401, "wrong-credentials");
    assert_eq!(mails.next().subject, "Votre mot de passe a changé");
}
