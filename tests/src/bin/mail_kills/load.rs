//! Commands that cause mail, from several clients at once, until the server is gone.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread::Scope,
    time::{SystemTime, UNIX_EPOCH},
};

use guichet_tests::{
    client::Client,
    people::{PASSWORD, make, sign_in},
    server::Server,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

/// Who invites, changes their password, sets up a second factor, and is given other addresses.
const INVITERS: usize = 2;
const CHANGERS: usize = 2;
const FACTORS: usize = 1;
const MOVED: usize = 1;

/// Somebody who changes their password again and again; what was not answered is asked for again.
struct Changer {
    token: String,
    name: String,
    password: String,
    asked: u64,
}

/// What goes on over all lives.
pub(crate) struct Load {
    changers: Vec<Changer>,
    answered: Mutex<BTreeMap<&'static str, u64>>,
    faults: Mutex<Vec<String>>,
}

/// The server is gone.
struct Gone;

/// A command under a key; its answer, once it was carried out.
fn given(
    client: &Client,
    (method, path): (Method, &str),
    (key, body): (&str, &Value),
) -> Result<(StatusCode, Value), Gone> {
    let request = client
        .request(method, path)
        .header("idempotency-key", key)
        .json(body);
    let answer = request.send().map_err(|_broken| Gone)?;
    let (status, text) = (answer.status(), answer.text().map_err(|_broken| Gone)?);
    Ok((status, serde_json::from_str(&text).unwrap_or(Value::Null)))
}

/// The code that an authenticator shows now.
fn code(secret: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let secret = Secret::try_from_base32(secret).unwrap();
    let totp = Builder::new().with_secret(secret).build().unwrap();
    totp.generate(now).to_string()
}

fn account(name: &str, password: Option<&str>) -> Value {
    let mut account = json!({
        "kind": "person", "username": name, "name": "Une personne", "address": format!("{name}@people.example"),
        "roles": [{"role": "requester"}], "organizations": ["commune-a"],
    });
    if let Some(password) = password {
        account["password"] = json!(password);
    }
    account
}

impl Load {
    /// Makes the accounts that live as long as this program.
    pub(crate) fn prepare(server: &Server) -> Load {
        let admin = server.client("admin");
        let made = |name: &str| make(&admin, name, &json!([{"role": "requester"}]), &["commune-a"]);
        let changer = |n: usize| {
            let name = format!("changer-{n}");
            drop(made(&name));
            Changer {
                token: sign_in(server, &name, PASSWORD).token().to_owned(),
                name,
                password: PASSWORD.to_owned(),
                asked: 0,
            }
        };
        for n in 0..MOVED {
            drop(made(&format!("moved-{n}")));
        }
        Load {
            changers: (0..CHANGERS).map(changer).collect(),
            answered: Mutex::default(),
            faults: Mutex::default(),
        }
    }

    /// Begins the load of a life; its threads end with the server.
    pub(crate) fn begin<'scope>(
        &'scope mut self,
        scope: &'scope Scope<'scope, '_>,
        server: &Server,
        (life, count): (u64, &'scope AtomicU64),
    ) {
        let Load {
            changers,
            answered,
            faults,
        } = self;
        let notes = Notes {
            answered,
            faults,
            count,
        };
        let (admin, nobody) = (server.client("admin"), server.nobody());
        for n in 0..INVITERS {
            let admin = admin.clone();
            scope.spawn(move || notes.invites(&admin, &format!("invited-{life}-{n}")));
        }
        for n in 0..FACTORS {
            let (admin, nobody) = (admin.clone(), nobody.clone());
            scope.spawn(move || notes.sets_up(&admin, &nobody, &format!("factor-{life}-{n}")));
        }
        for n in 0..MOVED {
            let admin = admin.clone();
            scope.spawn(move || notes.moves(&admin, &format!("moved-{n}"), life));
        }
        for changer in changers {
            let holder = nobody.with_token(&changer.token);
            scope.spawn(move || notes.changes(&holder, changer));
        }
    }

    /// Prints what was answered, and what should not have been.
    pub(crate) fn tell(&self) {
        println!("commands answered: {:?}", self.answered.lock().unwrap());
        for fault in self.faults.lock().unwrap().iter().take(10) {
            println!("WRONG: {fault}");
        }
    }
}

/// Where the threads of a life say what they saw.
#[derive(Clone, Copy)]
struct Notes<'a> {
    answered: &'a Mutex<BTreeMap<&'static str, u64>>,
    faults: &'a Mutex<Vec<String>>,
    /// Of this life.
    count: &'a AtomicU64,
}

impl Notes<'_> {
    /// Whether it was carried out; nothing more is asked by this thread otherwise.
    fn is_done(self, what: &'static str, (status, said): &(StatusCode, Value)) -> bool {
        if status.is_success() {
            *self.answered.lock().unwrap().entry(what).or_default() += 1;
            self.count.fetch_add(1, Ordering::Relaxed);
        } else {
            let fault = format!("{what} was answered {status}: {said}");
            self.faults.lock().unwrap().push(fault);
        }
        status.is_success()
    }

    fn invites(self, admin: &Client, name: &str) {
        for n in 0.. {
            let name = format!("{name}-{n}");
            let asked = given(
                admin,
                (Method::POST, "/v1/accounts"),
                (&name, &account(&name, None)),
            );
            if !asked.is_ok_and(|answer| self.is_done("invitations", &answer)) {
                return;
            }
        }
    }

    fn moves(self, admin: &Client, name: &str, life: u64) {
        for n in 0.. {
            let address = json!({"address": format!("{name}+{life}-{n}@people.example")});
            let path = format!("/v1/accounts/{name}/address");
            let asked = given(
                admin,
                (Method::PUT, &path),
                (&format!("{name}-{life}-{n}"), &address),
            );
            if !asked.is_ok_and(|answer| self.is_done("addresses", &answer)) {
                return;
            }
        }
    }

    fn changes(self, holder: &Client, changer: &mut Changer) {
        loop {
            let new = format!("{PASSWORD} {}", changer.asked);
            let body =
                json!({"current_password": changer.password, "new_password": new, "confirmation": new});
            let key = format!("{}-{}", changer.name, changer.asked);
            let asked = given(holder, (Method::POST, "/v1/me/password"), (&key, &body));
            if !asked.is_ok_and(|answer| self.is_done("passwords", &answer)) {
                return;
            }
            changer.password = new;
            changer.asked += 1;
        }
    }

    fn sets_up(self, admin: &Client, nobody: &Client, name: &str) {
        for n in 0.. {
            if !self
                .sets_one_up(admin, nobody, &format!("{name}-{n}"))
                .is_ok_and(|done| done)
            {
                return;
            }
        }
    }

    /// A second factor of a new account, which is taken away again: each code serves once.
    fn sets_one_up(self, admin: &Client, nobody: &Client, name: &str) -> Result<bool, Gone> {
        let post = |client: &Client, path: &str, what: &str, body: &Value| {
            given(client, (Method::POST, path), (&format!("{name}-{what}"), body))
        };
        let made = post(admin, "/v1/accounts", "made", &account(name, Some(PASSWORD)))?;
        let credentials = json!({"username": name, "password": PASSWORD});
        let tokens = post(nobody, "/v1/auth/token", "signed", &credentials)?;
        if !self.is_done("accounts", &made) || !self.is_done("sign-ins", &tokens) {
            return Ok(false);
        }
        let holder = nobody.with_token(tokens.1["access_token"].as_str().unwrap());
        let begun = post(
            &holder,
            "/v1/me/second-factor",
            "begun",
            &json!({"password": PASSWORD}),
        )?;
        if !self.is_done("factors begun", &begun) {
            return Ok(false);
        }
        let code = code(begun.1["secret"].as_str().unwrap());
        let confirmed = post(
            &holder,
            "/v1/me/second-factor/confirmation",
            "confirmed",
            &json!({"code": code}),
        )?;
        let path = format!("/v1/accounts/{name}/second-factor");
        let removed = given(
            admin,
            (Method::DELETE, &path),
            (&format!("{name}-gone"), &Value::Null),
        )?;
        Ok(self.is_done("factors", &confirmed) && self.is_done("factors taken away", &removed))
    }
}
