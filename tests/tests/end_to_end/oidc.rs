//! Signing in through a real `OpenID` provider, beside local passwords: authorization code with PKCE, claims to roles and
//! organizations.

use std::{collections::BTreeMap, fs, thread};

use guichet_tests::{
    answer::Answer,
    client::Client,
    home::{DEMO_PASSWORD, Home},
    identity_provider::{
        Browser, CLIENT_ID, CLIENT_SECRET, IdentityProvider, POST_LOGOUT_REDIRECT_URI, REDIRECT_URI, walk,
    },
    mail::MailServer,
    people::{attempt, delete, events, holder, quick, refresh},
    server::Server,
};
use serde_json::{Value, json};

const ADA: &str = "sub-0001";

/// A server that knows this provider, and one that nobody answers for.
fn server(provider: &IdentityProvider, creates: bool) -> Server {
    server_of(quick(), provider, creates, true)
}

fn server_of(home: Home, provider: &IdentityProvider, creates: bool, has_secret: bool) -> Server {
    fs::create_dir_all(home.path()).unwrap();
    let (config, secret) = (home.path().join("oidc.toml"), home.path().join("client.secret"));
    fs::write(&secret, CLIENT_SECRET).unwrap();
    let secret = if has_secret {
        format!("client_secret_file = \"{}\"\n", secret.display())
    } else {
        String::new()
    };
    let one = |id: &str, issuer: &str| {
        format!(
            "[[provider]]\nid = \"{id}\"\nname = \"Académie {id}\"\nissuer = \"{issuer}\"\nclient_id = \"{CLIENT_ID}\"\n\
             {secret}redirect_uri = \"{REDIRECT_URI}\"\n\
             post_logout_redirect_uri = \"{POST_LOGOUT_REDIRECT_URI}\"\ncreate_accounts = {creates}\n\
             [[provider.rule]]\nclaim = \"groups\"\nvalue = \"staff\"\nrole = \"requester\"\nmember_of = \"lycee-a\"\n\
             [[provider.rule]]\nclaim = \"groups\"\nvalue = \"referents\"\nrole = \"local_admin\"\norganization = \"lycee-a\"\n\
             [[provider.rule]]\nclaim = \"groups\"\nvalue = \"ghosts\"\nrole = \"agent\"\ndesk = \"GONE\"\n"
        )
    };
    let text = [one("real", provider.issuer()), one("down", "http://127.0.0.1:9")].join("\n");
    fs::write(&config, text).unwrap();
    let config = config.to_str().unwrap().to_owned();
    home.with("GUICHET_OIDC_CONFIG", &config).start()
}

fn claims(groups: &Value) -> Value {
    json!({ADA: {
        "preferred_username": "ada", "name": "Ada L.", "locale": "en", "groups": groups,
        "email": "ada.l@example.org", "email_verified": true,
    }})
}

fn begun(server: &Server) -> Value {
    server
        .nobody()
        .post("/v1/auth/providers/real/authorization", &json!({}))
        .expect(200)
}

fn traded(server: &Server, back: &BTreeMap<String, String>) -> Answer {
    let body = json!({"state": back["state"], "code": back["code"]});
    server.nobody().post("/v1/auth/providers/real/token", &body)
}

/// The whole way, as this subject.
fn through(server: &Server, subject: &str) -> Answer {
    let begun = begun(server);
    let back = walk(begun["authorization_url"].as_str().unwrap(), subject);
    assert_eq!(back["state"], begun["state"].as_str().unwrap());
    traded(server, &back)
}

fn roles(client: &Client) -> Vec<String> {
    let me = client.get("/v1/me").expect(200);
    let roles = me["roles"].as_array().unwrap().iter();
    roles
        .map(|role| role["profile"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn claims_become_an_account_with_roles_and_follow_what_the_provider_says_today() {
    let mut provider = IdentityProvider::start();
    let server = server(&provider, true);
    let listed = server.nobody().get("/v1/auth/providers").expect(200);
    assert_eq!(listed["items"][0], json!({"id": "real", "name": "Académie real"}));
    provider.know(&claims(&json!(["staff", "ghosts"])));
    let first = through(&server, ADA).expect(200);
    let ada = holder(&server, &first);
    let me = ada.get("/v1/me").expect(200);
    assert_eq!(
        json!([
            me["account"]["username"],
            me["account"]["name"],
            me["profile"]["language"],
            me["profile"]["address"]
        ]),
        json!(["ada", "Ada L.", "en", {"address": "ada.l@example.org", "confirmed": true, "refused": false}])
    );
    assert_eq!(roles(&ada), ["requester"]);
    assert_eq!(me["organizations"][0]["id"], "lycee-a");
    let sign_ins = ada.get("/v1/me/sign-ins").expect(200);
    assert_eq!(sign_ins["items"][0]["method"], "federated");

    // What is granted here stays; what the provider gives is taken back when it says so no more.
    let admin = server.client("admin");
    let _ = admin
        .post("/v1/accounts/ada/roles", &json!({"role": "agent", "desk": "SUP"}))
        .expect(200);
    provider.know(&claims(&json!(["referents"])));
    let second = through(&server, ADA).expect(200);
    assert_eq!(
        roles(&holder(&server, &second)),
        ["agent:SUP", "local_admin@lycee-a"]
    );
    assert_eq!(
        holder(&server, &second).get("/v1/me").expect(200)["organizations"],
        json!([])
    );
    let told = events(&server, "ada");
    for event in [
        "account-identity-linked.v1",
        "account-role-revoked.v1",
        "account-left.v1",
    ] {
        assert_eq!(
            told.iter().filter(|known| *known == event).count(),
            1,
            "{event} in {told:?}"
        );
    }
    let _ = attempt(&server, "ada", DEMO_PASSWORD).refused(401, "wrong-credentials");

    let _ = admin
        .post("/v1/accounts/ada/disablement", &json!({"reason": "Partie."}))
        .expect(200);
    let _ = through(&server, ADA).refused(401, "wrong-credentials");
}

#[test]
fn a_state_and_a_code_serve_once_and_only_together() {
    let mut provider = IdentityProvider::start();
    let server = server(&provider, true);
    provider.know(&claims(&json!(["staff"])));
    let (one, other) = (begun(&server), begun(&server));
    let url = |begun: &Value| begun["authorization_url"].as_str().unwrap().to_owned();
    assert!(url(&one).contains("code_challenge_method=S256"), "{one}");
    let (first, second) = (walk(&url(&one), ADA), walk(&url(&other), ADA));
    // The code of one browser with the state of another: the verifier does not fit.
    let mixed = BTreeMap::from([
        ("state".to_owned(), second["state"].clone()),
        ("code".to_owned(), first["code"].clone()),
    ]);
    let _ = traded(&server, &mixed).refused(401, "wrong-credentials");
    let elsewhere = json!({"state": first["state"], "code": first["code"]});
    let _ = server
        .nobody()
        .post("/v1/auth/providers/down/token", &elsewhere)
        .refused(401, "wrong-credentials");
    let third = begun(&server);
    let back = walk(&url(&third), ADA);
    let _ = traded(&server, &back).expect(200);
    let _ = traded(&server, &back).refused(401, "wrong-credentials");
    let fresh = begun(&server);
    let again = json!({"state": fresh["state"], "code": back["code"]});
    let _ = server
        .nobody()
        .post("/v1/auth/providers/real/token", &again)
        .refused(401, "wrong-credentials");
    let unknown = json!({"state": "never-given", "code": back["code"]});
    let _ = server
        .nobody()
        .post("/v1/auth/providers/real/token", &unknown)
        .refused(401, "wrong-credentials");
    let _ = server
        .nobody()
        .post("/v1/auth/providers/none/authorization", &json!({}))
        .refused(404, "not-found");
    let secrets = [
        &back["code"],
        &back["state"],
        &first["code"],
        ADA,
        "ada.l@example.org",
    ];
    server.home().assert_not_logged(&secrets);
}

#[test]
fn a_provider_takes_over_no_local_account_and_makes_none_where_it_may_not() {
    let mut provider = IdentityProvider::start();
    let taking = server(&provider, true);
    let thief = json!({"sub-7": {"preferred_username": "admin", "name": "Nobody", "groups": ["referents"]}});
    provider.know(&thief);
    let _ = through(&taking, "sub-7").refused(401, "wrong-credentials");
    let _ = attempt(&taking, "admin", DEMO_PASSWORD).expect(200);
    drop(taking);
    let closed = server(&provider, false);
    provider.know(&claims(&json!(["staff"])));
    let _ = through(&closed, ADA).refused(401, "wrong-credentials");
    let accounts = closed.client("admin").get("/v1/accounts?q=ada").expect(200);
    assert_eq!(accounts["total"], 0);
}

#[test]
fn a_provider_that_is_down_is_said_to_be_and_local_passwords_go_on() {
    let provider = IdentityProvider::start();
    let server = server(&provider, true);
    let _ = server
        .nobody()
        .post("/v1/auth/providers/down/authorization", &json!({}))
        .refused(502, "identity-provider-failed");
    let begun = begun(&server);
    drop(provider);
    let body = json!({"state": begun["state"], "code": "whatever"});
    let _ = server
        .nobody()
        .post("/v1/auth/providers/real/token", &body)
        .refused(502, "identity-provider-failed");
    let _ = attempt(&server, "requester-1", DEMO_PASSWORD).expect(200);
}

#[test]
fn of_many_first_sign_ins_at_once_one_makes_the_account_and_all_are_let_in() {
    let mut provider = IdentityProvider::start();
    let server = server(&provider, true);
    provider.know(&claims(&json!(["staff"])));
    let back: Vec<_> = (0..8)
        .map(|_| walk(begun(&server)["authorization_url"].as_str().unwrap(), ADA))
        .collect();
    let nobody = server.nobody();
    let tokens: Vec<Value> = thread::scope(|scope| {
        let trading: Vec<_> = back
            .iter()
            .map(|back| {
                let body = json!({"state": back["state"], "code": back["code"]});
                let nobody = &nobody;
                scope.spawn(move || nobody.post("/v1/auth/providers/real/token", &body).expect(200))
            })
            .collect();
        trading.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let id = |tokens| holder(&server, tokens).get("/v1/me").expect(200)["account"]["id"].clone();
    let ids: Vec<Value> = tokens.iter().map(id).collect();
    assert!(ids.iter().all(|other| *other == ids[0]), "{ids:?}");
    let accounts = server.client("admin").get("/v1/accounts?q=ada").expect(200);
    assert_eq!(accounts["total"], 1);
}

#[test]
fn who_was_erased_is_not_known_again_by_the_provider() {
    let mut provider = IdentityProvider::start();
    let server = server(&provider, true);
    provider.know(&claims(&json!(["staff"])));
    let tokens = through(&server, ADA).expect(200);
    let id = holder(&server, &tokens).get("/v1/me").expect(200)["account"]["id"].clone();
    let path = format!("/v1/persons/{}/erasure", id.as_str().unwrap());
    let erased = server
        .client("admin")
        .post(&path, &json!({"reason": "Sur demande."}));
    assert_eq!(erased.status, 202, "{}", erased.text());
    let _ = holder(&server, &tokens)
        .get("/v1/me")
        .refused(401, "unauthenticated");
    let _ = refresh(&server, &tokens).refused(401, "wrong-credentials");
    let _ = through(&server, ADA).refused(401, "wrong-credentials");
}

#[test]
fn who_signs_in_at_a_provider_gets_no_password_here_and_moves_their_address_after_a_sign_in() {
    let mut provider = IdentityProvider::start();
    let mails = MailServer::start(&[]);
    let home = quick().with("GUICHET_SMTP_URL", mails.url());
    let server = server_of(home, &provider, true, true);
    provider.know(&claims(&json!(["staff"])));
    let ada = holder(&server, &through(&server, ADA).expect(200));
    let asked = server
        .nobody()
        .post("/v1/auth/password-reset", &json!({"username": "ada"}));
    assert_eq!(asked.status, 202);
    let wanted = json!({"address": "ada@elsewhere.example"});
    assert_eq!(ada.post("/v1/me/address", &wanted).status, 202);
    // Nothing came before it.
    let mail = mails.next();
    assert_eq!(
        (mail.to.as_str(), mail.subject.as_str()),
        ("ada@elsewhere.example", "Confirm your address")
    );
    let token = json!({"token": mail.link().1});
    let confirmed = server.nobody().post("/v1/auth/address-confirmation", &token);
    assert_eq!(confirmed.status, 204);
    assert_eq!(mails.next().to, "ada.l@example.org");
}

#[test]
fn a_client_without_a_secret_is_let_in_by_its_verifier() {
    let mut provider = IdentityProvider::start_for_public_client();
    let server = server_of(quick(), &provider, true, false);
    provider.know(&claims(&json!(["staff"])));
    let ada = holder(&server, &through(&server, ADA).expect(200));
    assert_eq!(roles(&ada), ["requester"]);
}

/// Trades a code at a provider that answers with what `answer` makes of the nonce that it was given.
fn told(server: &Server, provider: &mut IdentityProvider, answer: impl FnOnce(&str) -> Value) -> Answer {
    let begun = begun(server);
    let url = reqwest::Url::parse(begun["authorization_url"].as_str().unwrap()).unwrap();
    let nonce = url.query_pairs().find(|(name, _)| name == "nonce").unwrap().1;
    provider.know(&answer(&nonce));
    let body = json!({"state": begun["state"], "code": "whatever"});
    server.nobody().post("/v1/auth/providers/real/token", &body)
}

#[test]
fn a_token_that_the_provider_should_not_have_given_lets_nobody_in() {
    let mut provider = IdentityProvider::start_hostile();
    let server = server(&provider, true);
    let fine = |nonce: &str| {
        json!({"claims": {
            "sub": ADA, "nonce": nonce, "preferred_username": "ada", "groups": ["staff"],
        }})
    };
    let with = |nonce: &str, pointer: &str, value: Value| {
        let mut answer = fine(nonce);
        let (of, name) = pointer.rsplit_once('/').unwrap();
        answer.pointer_mut(of).unwrap()[name] = value;
        answer
    };
    let mut refused = |status: u16, code: &str, pointer: &str, value: Value| {
        let _ = told(&server, &mut provider, |nonce| with(nonce, pointer, value)).refused(status, code);
    };
    let failed = "identity-provider-failed";
    refused(502, failed, "/signed_by", json!("other"));
    refused(502, failed, "/claims/aud", json!("another client"));
    refused(502, failed, "/claims/aud", json!(["guichet", "another client"]));
    refused(502, failed, "/claims/iss", json!("http://127.0.0.1:9"));
    refused(502, failed, "/claims/exp", json!(1_000_000_000));
    refused(502, failed, "/at_hash", json!("wrong"));
    // Made for another sign-in: somebody was sent here with it.
    refused(401, "wrong-credentials", "/claims/nonce", json!("another"));
    refused(401, "wrong-credentials", "/claims/nonce", Value::Null);
    let accounts = server.client("admin").get("/v1/accounts?q=ada").expect(200);
    assert_eq!(accounts["total"], 0);

    let ada = told(&server, &mut provider, |nonce| {
        with(nonce, "/at_hash", json!("right"))
    });
    let _ = holder(&server, &ada.expect(200)).get("/v1/me").expect(200);
    // The provider signs with a new key from now on, and publishes it.
    let ada = told(&server, &mut provider, |nonce| {
        with(nonce, "/signed_by", json!("rotated"))
    });
    let _ = holder(&server, &ada.expect(200)).get("/v1/me").expect(200);
}

#[test]
fn every_fault_of_the_configuration_is_named_before_anything_is_served() {
    let home = Home::new();
    let config = home.path().join("oidc.toml");
    fs::create_dir_all(home.path()).unwrap();
    fs::write(
        &config,
        "[[provider]]\nid = \"Bad Id\"\nname = \"\"\nissuer = \"http://id.example\"\nclient_id = \"c\"\n\
         redirect_uri = \"https://portal.example/back\"\ncreate_accounts = true\nunheard_of = 1\n\
         post_logout_redirect_uri = \"javascript:alert(1)\"\n",
    )
    .unwrap();
    let output = std::process::Command::new(guichet_tests::home::guichet())
        .arg("api")
        .env("GUICHET_DATA", home.data())
        .env("GUICHET_API_LISTEN", "127.0.0.1:0")
        .env("GUICHET_OIDC_CONFIG", &config)
        .output()
        .unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    for fault in [
        "id is not 1 to 32",
        "name is empty",
        "issuer is plain http",
        "unheard_of is no key of this table",
        "post_logout_redirect_uri is neither https nor http",
    ] {
        assert!(said.contains(fault), "{fault}: {said}");
    }
    assert!(!home.data().join("log").exists(), "nothing was made");
}

/// The parts of the query of an address.
fn query(url: &str) -> BTreeMap<String, String> {
    let url = reqwest::Url::parse(url).unwrap();
    url.query_pairs().into_owned().collect()
}

/// Fault S17: ProConnect takes no `state` and no `nonce` of fewer than 32 characters; PKCE has verifiers of 43 and more.
#[test]
fn what_a_sign_in_is_recognized_by_has_32_characters_and_more() {
    let mut provider = IdentityProvider::start();
    let server = server(&provider, true);
    provider.know(&claims(&json!(["staff"])));
    let begun = begun(&server);
    let url = begun["authorization_url"].as_str().unwrap();
    let asked = query(url);
    for name in ["state", "nonce", "code_challenge"] {
        assert_eq!(asked[name].len(), 43, "{name} of {url}");
    }
    // A control: the provider does refuse shorter ones.
    for name in ["state", "nonce"] {
        let short = url.replace(&asked[name], &asked[name][..31]);
        assert_ne!(short, url);
        assert_eq!(Browser::new().status(&short), 400, "{name}");
    }
    let back = walk(url, ADA);
    let _ = traded(&server, &back).expect(200);
}

/// Fault S17: `OpenID` Connect RP-Initiated Logout 1.0.
#[test]
fn signing_out_here_says_where_to_sign_out_at_the_provider() {
    let mut provider = IdentityProvider::start();
    let server = server(&provider, true);
    provider.know(&claims(&json!(["staff"])));
    let mut browser = Browser::new();
    let begun = begun(&server);
    let back = browser.sign_in(begun["authorization_url"].as_str().unwrap(), ADA);
    let tokens = traded(&server, &back).expect(200);
    // However often it is refreshed.
    let tokens = refresh(&server, &tokens).expect(200);
    let out = delete(&holder(&server, &tokens), "/v1/auth/token").expect(200);
    let _ = holder(&server, &tokens)
        .get("/v1/me")
        .refused(401, "unauthenticated");

    let url = out["logout_url"].as_str().unwrap();
    assert!(
        url.starts_with(&format!("{}/session/end?", provider.issuer())),
        "{url}"
    );
    let asked = query(url);
    assert_eq!(asked["client_id"], CLIENT_ID);
    assert_eq!(asked["post_logout_redirect_uri"], POST_LOGOUT_REDIRECT_URI);
    assert_eq!(asked["state"], out["state"].as_str().unwrap());
    assert_eq!(asked["state"].len(), 43);
    assert_eq!(asked["id_token_hint"].split('.').count(), 3);
    // A control: the provider looks at the hint.
    let other = url.replace(&asked["id_token_hint"], "no.id.token");
    assert_eq!(browser.status(&other), 400);

    let back = browser.sign_out(url);
    assert_eq!(
        back,
        BTreeMap::from([("state".to_owned(), asked["state"].clone())])
    );
    // A second time there is no sign-in to end; and who signed in by a password has nowhere to go.
    let again = delete(&holder(&server, &tokens), "/v1/auth/token");
    let _ = again.refused(401, "unauthenticated");
    let local = attempt(&server, "requester-1", DEMO_PASSWORD).expect(200);
    assert_eq!(delete(&holder(&server, &local), "/v1/auth/token").status, 204);
}

/// Fault S17: who is signed out here is so whatever becomes of the provider.
#[test]
fn who_signs_out_is_signed_out_though_the_provider_is_not_known_to_the_server() {
    let mut provider = IdentityProvider::start();
    let server = server(&provider, true);
    provider.know(&claims(&json!(["staff"])));
    let tokens = through(&server, ADA).expect(200);
    drop(provider);
    let server = server.restart();
    assert_eq!(delete(&holder(&server, &tokens), "/v1/auth/token").status, 204);
    let _ = holder(&server, &tokens)
        .get("/v1/me")
        .refused(401, "unauthenticated");
}

/// Fault S17: the ID token says who somebody is; it is kept to sign out with, and stands in no file in clear.
#[test]
fn the_id_token_stands_in_no_file_while_it_is_kept() {
    let mut provider = IdentityProvider::start();
    let server = server(&provider, true);
    provider.know(&claims(&json!(["staff"])));
    let tokens = through(&server, ADA).expect(200);
    let home = server.home().path().to_owned();
    let held = |text: &str| {
        let mut waiting = vec![home.clone()];
        let (mut files, mut holding) = (0, 0);
        while let Some(path) = waiting.pop() {
            if path.is_dir() {
                waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            } else if let Ok(bytes) = fs::read(&path) {
                files += 1;
                holding += usize::from(bytes.windows(text.len()).any(|window| window == text.as_bytes()));
            }
        }
        assert!(files > 5, "only {files} files were looked at");
        holding
    };
    // Looked for in the files as they are while the sign-in goes on, once the answer tells what to look for.
    let before: Vec<(std::path::PathBuf, Vec<u8>)> = ["sessions.sqlite", "sessions.sqlite-wal"]
        .into_iter()
        .map(|name| server.home().data().join(name))
        .filter_map(|path| fs::read(&path).ok().map(|bytes| (path, bytes)))
        .collect();
    assert!(!before.is_empty(), "there is no database of sign-ins");
    let out = delete(&holder(&server, &tokens), "/v1/auth/token").expect(200);
    let hint = query(out["logout_url"].as_str().unwrap())["id_token_hint"].clone();
    let payload = hint.split('.').nth(1).unwrap().to_owned();
    for text in [&hint, &payload] {
        for (path, bytes) in &before {
            let stands = bytes.windows(text.len()).any(|window| window == text.as_bytes());
            assert!(!stands, "it stands in {}", path.display());
        }
        assert_eq!(held(text), 0);
    }
    // A control: what is there is found.
    assert!(held("academie") + held(provider.issuer()) > 0);
}
