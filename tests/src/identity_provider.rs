//! A real `OpenID` provider, in a Node process, and a browser that walks through it.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use reqwest::{blocking, redirect::Policy};
use serde_json::Value;

/// Most steps from the first page to the last.
const STEPS_MAX: usize = 12;
/// How the server is known to the provider.
pub const CLIENT_ID: &str = "guichet";
/// And by what secret.
pub const CLIENT_SECRET: &str = "un-secret-de-ce-test-seulement";
/// Where the provider sends the browser back: nobody listens there, the browser stops before it.
pub const REDIRECT_URI: &str = "http://127.0.0.1:9/back";
/// And where after signing out.
pub const POST_LOGOUT_REDIRECT_URI: &str = "http://127.0.0.1:9/signed-out";

/// A provider. Dropping it ends it.
#[derive(Debug)]
pub struct IdentityProvider {
    child: Child,
    issuer: String,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl IdentityProvider {
    /// Starts one.
    ///
    /// # Panics
    /// When npm's packages are not installed.
    #[must_use]
    pub fn start() -> IdentityProvider {
        IdentityProvider::run(
            "oidc_provider.mjs",
            &[CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, POST_LOGOUT_REDIRECT_URI],
        )
    }

    /// Starts one for a client that has no secret.
    ///
    /// # Panics
    /// When npm's packages are not installed.
    #[must_use]
    pub fn start_for_public_client() -> IdentityProvider {
        IdentityProvider::run(
            "oidc_provider.mjs",
            &[CLIENT_ID, "", REDIRECT_URI, POST_LOGOUT_REDIRECT_URI],
        )
    }

    /// Starts one that says whatever it is told ([`IdentityProvider::know`]; see the head of `hostile_provider.mjs`).
    ///
    /// # Panics
    /// When npm's packages are not installed.
    #[must_use]
    pub fn start_hostile() -> IdentityProvider {
        IdentityProvider::run("hostile_provider.mjs", &[])
    }

    fn run(program: &str, arguments: &[&str]) -> IdentityProvider {
        let tests = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let packages = tests.join("../node_modules/oidc-provider");
        assert!(
            packages.is_dir(),
            "{} is missing: run `make node_modules/installed`",
            packages.display()
        );
        let mut child = Command::new("node")
            .arg(tests.join("node").join(program))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let issuer = loop {
            let mut line = String::new();
            assert_ne!(
                output.read_line(&mut line).unwrap(),
                0,
                "the provider did not start"
            );
            if let Some(issuer) = line.trim().strip_prefix("oidc listening on ") {
                break issuer.to_owned();
            }
        };
        let input = child.stdin.take().unwrap();
        IdentityProvider {
            child,
            issuer,
            input,
            output,
        }
    }

    /// Its issuer identifier.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Says what it knows of people, or does, from now on.
    ///
    /// # Panics
    /// When it has ended.
    pub fn know(&mut self, people: &Value) {
        writeln!(self.input, "{people}").unwrap();
        let mut line = String::new();
        while line.trim() != "known" {
            line.clear();
            assert_ne!(
                self.output.read_line(&mut line).unwrap(),
                0,
                "the provider has ended"
            );
        }
    }
}

impl Drop for IdentityProvider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Walks a fresh browser from an authorization URL to where the provider sends it back, as this subject; answers the query
/// of that address.
///
/// # Panics
/// When it is not sent back.
#[must_use]
pub fn walk(authorization_url: &str, subject: &str) -> BTreeMap<String, String> {
    Browser::new().sign_in(authorization_url, subject)
}

/// A browser, with its cookies.
#[derive(Debug)]
pub struct Browser {
    http: blocking::Client,
    cookies: BTreeMap<String, String>,
}

impl Default for Browser {
    fn default() -> Self {
        Browser::new()
    }
}

impl Browser {
    /// A fresh one.
    ///
    /// # Panics
    /// When there is no HTTP client.
    #[must_use]
    pub fn new() -> Browser {
        let http = blocking::Client::builder().redirect(Policy::none()).build();
        Browser {
            http: http.unwrap(),
            cookies: BTreeMap::new(),
        }
    }

    /// Walks from an authorization URL to where the provider sends it back, as this subject; answers the query of that address.
    ///
    /// # Panics
    /// When it is not sent back.
    pub fn sign_in(&mut self, authorization_url: &str, subject: &str) -> BTreeMap<String, String> {
        let first = self.http.get(format!("{authorization_url}&login_hint={subject}"));
        let answer = self.send(first);
        self.follow(answer, REDIRECT_URI)
    }

    /// Walks from the address of a sign-out over the provider's page that asks whether it is meant; answers the query of the
    /// address that it is sent back to.
    ///
    /// # Panics
    /// When it is not asked, or not sent back.
    pub fn sign_out(&mut self, logout_url: &str) -> BTreeMap<String, String> {
        let page = self.send(self.http.get(logout_url));
        let url = page.url().clone();
        let (status, text) = (page.status(), page.text().unwrap());
        assert_eq!(status, 200, "{text}");
        let between = |before: &str| {
            let (_, rest) = text
                .split_once(before)
                .unwrap_or_else(|| panic!("{before}: {text}"));
            rest.split('"').next().unwrap().to_owned()
        };
        let action = url.join(&between("action=\"")).unwrap();
        let form = [
            ("xsrf", between("name=\"xsrf\" value=\"")),
            ("logout", "yes".to_owned()),
        ];
        let answer = self.send(self.http.post(action).form(&form));
        self.follow(answer, POST_LOGOUT_REDIRECT_URI)
    }

    /// What an address answers.
    ///
    /// # Panics
    /// When nothing does.
    pub fn status(&mut self, url: &str) -> u16 {
        self.send(self.http.get(url)).status().as_u16()
    }

    fn send(&mut self, request: blocking::RequestBuilder) -> blocking::Response {
        let shown = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
        let shown = shown.collect::<Vec<String>>().join("; ");
        let answer = request.header("Cookie", shown).send().unwrap();
        for cookie in answer.headers().get_all("set-cookie") {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        answer
    }

    fn follow(&mut self, mut answer: blocking::Response, end: &str) -> BTreeMap<String, String> {
        for _ in 0..STEPS_MAX {
            let location = answer.headers().get("location");
            let location = location.map(|value| value.to_str().unwrap().to_owned());
            let (status, base) = (answer.status(), answer.url().clone());
            let location =
                location.unwrap_or_else(|| panic!("{status} at {base}: {}", answer.text().unwrap()));
            let url = base.join(&location).unwrap();
            if url.as_str().starts_with(end) {
                return url.query_pairs().into_owned().collect();
            }
            answer = self.send(self.http.get(url));
        }
        panic!("the browser was not sent back within {STEPS_MAX} steps");
    }
}
