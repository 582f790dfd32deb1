//! A real mail server: aiosmtpd, as `tests/python/smtp_server.py` starts it.

use serde_json::Value;
use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::Duration,
};

/// How long a line may take, seconds; the server starts Python on a machine that may be busy.
const LINE_TIMEOUT_S: u64 = 60;
/// How long no line shows that there is none, milliseconds, once the reply to a mail is there: lines come before replies.
const SILENCE_MS: u64 = 200;

pub(crate) struct MailServer {
    process: Child,
    lines: Receiver<String>,
    /// Host and port.
    pub(crate) address: String,
}

impl MailServer {
    pub(crate) fn start(flags: &[&str]) -> MailServer {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
        let python = root.join(".venv/bin/python");
        assert!(python.exists(), "there is no .venv: make .venv/installed");
        let mut process = Command::new(python)
            .arg(root.join("tests/python/smtp_server.py"))
            .args(flags)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the mail server starts");
        let output = process.stdout.take().expect("its standard output is a pipe");
        let (line, lines) = channel();
        thread::spawn(move || {
            for read in BufReader::new(output).lines().map_while(Result::ok) {
                if line.send(read).is_err() {
                    return;
                }
            }
        });
        let mut server = MailServer {
            process,
            lines,
            address: String::new(),
        };
        let first = server.line();
        let address = first.strip_prefix("smtp listening on ");
        server.address = address.unwrap_or_else(|| panic!("it said {first:?}")).to_owned();
        server
    }

    /// The next mail that it took.
    pub(crate) fn mail(&self) -> Value {
        let line = self.line();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    pub(crate) fn has_no_mail(&self) -> bool {
        let waited = self.lines.recv_timeout(Duration::from_millis(SILENCE_MS));
        waited == Err(RecvTimeoutError::Timeout)
    }

    fn line(&self) -> String {
        self.lines
            .recv_timeout(Duration::from_secs(LINE_TIMEOUT_S))
            .expect("the mail server says something in time")
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A certificate for `localhost` that its own key signs, and the key, both as paths.
pub(crate) fn certificate(directory: &Path, name: &str) -> (String, String) {
    let path = |kind: &str| {
        let path = directory.join(format!("{name}-{kind}.pem"));
        path.to_str().expect("the path is UTF-8").to_owned()
    };
    let (certificate, key) = (path("certificate"), path("key"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ed25519", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=localhost"])
        .args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
        // As it vouches for nobody else, it is taken as a server's own certificate.
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .args(["-keyout", &key, "-out", &certificate])
        .stderr(Stdio::null())
        .status();
    assert!(
        made.expect("openssl starts").success(),
        "openssl makes a certificate"
    );
    (certificate, key)
}
