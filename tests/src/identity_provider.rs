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
        IdentityProvider::run("oidc_provider.mjs", &[CLIENT_ID, CLIENT_SECRET, REDIRECT_URI])
    }

    /// Starts one for a client that has no secret.
    ///
    /// # Panics
    /// When npm's packages are not installed.
    #[must_use]
    pub fn start_for_public_client() -> IdentityProvider {
        IdentityProvider::run("oidc_provider.mjs", &[CLIENT_ID, "", REDIRECT_URI])
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
    let browser = blocking::Client::builder()
        .redirect(Policy::none())
        .build()
        .unwrap();
    let mut cookies: BTreeMap<String, String> = BTreeMap::new();
    let mut next = format!("{authorization_url}&login_hint={subject}");
    for _ in 0..STEPS_MAX {
        let shown: Vec<String> = cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let answer = browser
            .get(&next)
            .header("Cookie", shown.join("; "))
            .send()
            .unwrap();
        for cookie in answer.headers().get_all("set-cookie") {
            let (name, value) = cookie
                .to_str()
                .unwrap()
                .split(';')
                .next()
                .unwrap()
                .split_once('=')
                .unwrap();
            cookies.insert(name.to_owned(), value.to_owned());
        }
        let location = answer
            .headers()
            .get("location")
            .map(|value| value.to_str().unwrap().to_owned());
        let status = answer.status();
        let base = answer.url().clone();
        let location = location.unwrap_or_else(|| panic!("{status} at {base}: {}", answer.text().unwrap()));
        let url = base.join(&location).unwrap();
        if url.as_str().starts_with(REDIRECT_URI) {
            return url.query_pairs().into_owned().collect();
        }
        next = url.to_string();
    }
    panic!("the browser was not sent back within {STEPS_MAX} steps");
}
