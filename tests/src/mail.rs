//! A real mail server, in a Python process, and the mails that it takes.

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

use serde_json::Value;

/// How long a mail may take to come, s. Far more than it takes: a busy machine is no failure.
const MAIL_S: u64 = 60;

/// A mail server. Dropping it ends it.
#[derive(Debug)]
pub struct MailServer {
    child: Child,
    url: String,
    mails: Receiver<Mail>,
}

/// A mail as it was received.
#[derive(Debug, Clone)]
pub struct Mail {
    /// The address that it was handed over for.
    pub to: String,
    /// Its `Message-ID`.
    pub message_id: String,
    /// The subject line.
    pub subject: String,
    /// The text, lines ended by `\n`.
    pub text: String,
}

impl MailServer {
    /// Starts one; the flags are those of the program.
    ///
    /// # Panics
    /// When Python's packages are not installed.
    #[must_use]
    pub fn start(flags: &[&str]) -> MailServer {
        let tests = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let python = tests.join("../.venv/bin/python");
        assert!(
            python.is_file(),
            "{} is missing: run `make .venv`",
            python.display()
        );
        let mut child = Command::new(python)
            .arg(tests.join("python/smtp_server.py"))
            .args(flags)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines.next().unwrap().unwrap();
        let address = first.strip_prefix("smtp listening on ").unwrap().to_owned();
        let (tell, mails) = mpsc::channel();
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if tell.send(Mail::read(&line)).is_err() {
                    break;
                }
            }
        });
        MailServer {
            child,
            url: format!("smtp://{address}"),
            mails,
        }
    }

    /// Where it is, as the server is told.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The next mail, once it is there.
    ///
    /// # Panics
    /// When none comes.
    #[must_use]
    #[track_caller]
    pub fn next(&self) -> Mail {
        self.mails
            .recv_timeout(Duration::from_secs(MAIL_S))
            .expect("no mail came")
    }

    /// A mail that is there and was not looked at.
    #[must_use]
    pub fn unread(&self) -> Option<Mail> {
        self.mails.try_recv().ok()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        // It may have ended by itself already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Mail {
    fn read(line: &str) -> Mail {
        let mail: Value = serde_json::from_str(line).unwrap();
        let headers = mail["headers"].as_array().unwrap();
        let header = |name: &str| {
            let found = headers.iter().find(|header| header[0] == name);
            found.and_then(|header| header[1].as_str()).unwrap().to_owned()
        };
        Mail {
            to: mail["to"][0].as_str().unwrap().to_owned(),
            message_id: header("Message-ID"),
            subject: header("Subject"),
            text: mail["text"].as_str().unwrap().to_owned(),
        }
    }

    /// Where the mail's link leads, without its token, and the token.
    ///
    /// # Panics
    /// When the mail holds no link.
    #[must_use]
    #[track_caller]
    pub fn link(&self) -> (&str, &str) {
        let line = self.text.lines().find_map(|line| line.split_once("#token="));
        let (page, token) = line.unwrap_or_else(|| panic!("no link in {:?}", self.text));
        (page.trim(), token.trim())
    }
}
