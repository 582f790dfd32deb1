//! A server under way: the process, its two doors, and the accounts that are signed in.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader},
    process::{Child, Command, ExitStatus},
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use reqwest::blocking;
use serde_json::Value;

use crate::{answer::Answer, client::Client, home::Home};

/// How long a server may take to listen, s. Far more than it takes: a busy machine is no failure.
const START_S: u64 = 60;
/// How long a server may take to stop, s; it gives requests under way 10 s (`STOP_WAIT_S` of the door).
const STOP_S: u64 = 30;
/// How long one answer may take, s.
const ANSWER_S: u64 = 30;
/// How many lines of the server's log a failing test shows.
const LAST_LINES: usize = 15;

/// A process that was started and may not listen yet.
#[derive(Debug)]
pub struct Starting {
    process: Process,
}

/// A server whose two doors listen.
#[derive(Debug)]
pub struct Server {
    process: Process,
    api: String,
    soap: String,
    http: blocking::Client,
    signed_in: Mutex<BTreeMap<String, Client>>,
}

/// The process and its home. Dropping it kills the process.
#[derive(Debug)]
struct Process {
    home: Option<Home>,
    child: Child,
    lines: Receiver<String>,
}

impl Starting {
    pub(crate) fn of(home: Home, mut child: Child) -> Starting {
        let stdout = child.stdout.take().unwrap();
        let (tell, lines) = mpsc::channel();
        // The channel closes when the process has closed its output: that is how its end is noticed.
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if tell.send(line).is_err() {
                    break;
                }
            }
        });
        Starting {
            process: Process {
                home: Some(home),
                child,
                lines,
            },
        }
    }

    /// Waits until both doors listen.
    ///
    /// # Panics
    /// When they do not in time, with what the server said.
    #[must_use]
    pub fn ready(self) -> Server {
        self.listening().unwrap_or_else(|(home, why)| {
            panic!(
                "the server does not listen ({why}); it said:\n{}",
                home.log_lines()
            )
        })
    }

    /// Waits until both doors listen.
    ///
    /// # Errors
    /// When they do not in time: the home, without a server, and why.
    pub fn listening(self) -> Result<Server, (Home, String)> {
        let mut process = self.process;
        let deadline = Instant::now() + Duration::from_secs(START_S);
        let (mut api, mut soap) = (None, None);
        while api.is_none() || soap.is_none() {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = process.lines.recv_timeout(left);
            let door = line.as_deref().map(|line| line.split_once(" listening on "));
            let why = match door {
                Ok(Some(("api", url))) => {
                    api = Some(url.to_owned());
                    continue;
                }
                Ok(Some(("soap", url))) => {
                    soap = Some(url.to_owned());
                    continue;
                }
                Ok(Some(_) | None) => format!("it printed {line:?}"),
                Err(error) => error.to_string(),
            };
            process.kill();
            return Err((process.home.take().unwrap(), why));
        }
        // Built with the whole workspace, the HTTP client asks for one although it speaks plain HTTP; it may be there.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = blocking::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(ANSWER_S))
            .build()
            .unwrap();
        let (api, soap) = (api.unwrap(), soap.unwrap());
        Ok(Server {
            process,
            api,
            soap,
            http,
            signed_in: Mutex::default(),
        })
    }

    /// Kills the process unless both doors listen within `wait`; answers its home.
    #[must_use]
    pub fn killed_after(mut self, wait: Duration) -> Home {
        let deadline = Instant::now() + wait;
        // Nothing is waited for but the moment: lines may come or not.
        while let Ok(_line) = self
            .process
            .lines
            .recv_timeout(deadline.saturating_duration_since(Instant::now()))
        {}
        self.process.kill();
        self.process.home.take().unwrap()
    }
}

impl Server {
    /// A server on an empty directory.
    #[must_use]
    pub fn start() -> Server {
        Home::new().start()
    }

    /// Where the REST door is, without a path.
    #[must_use]
    pub fn api(&self) -> &str {
        &self.api
    }

    /// Where the SOAP door is, without a path.
    #[must_use]
    pub fn soap(&self) -> &str {
        &self.soap
    }

    /// The directory.
    #[must_use]
    pub fn home(&self) -> &Home {
        self.process.home()
    }

    /// The plain HTTP client of this server.
    #[must_use]
    pub fn http(&self) -> &blocking::Client {
        &self.http
    }

    /// A demo account, signed in once.
    #[must_use]
    pub fn client(&self, username: &str) -> Client {
        let mut signed_in = self.signed_in.lock();
        let client = signed_in
            .entry(username.to_owned())
            .or_insert_with(|| Client::sign_in(&self.http, &self.api, username));
        client.clone()
    }

    /// Somebody who is not signed in.
    #[must_use]
    pub fn nobody(&self) -> Client {
        Client::unknown(&self.http, &self.api)
    }

    /// What `/readyz` says.
    #[must_use]
    pub fn readiness(&self) -> Value {
        self.nobody().get("/readyz").expect(200)
    }

    /// The last position of the log.
    #[must_use]
    pub fn head(&self) -> u64 {
        // Whether it is ready or not: views may be on their way.
        self.nobody().get("/readyz").json()["log"]["head"]
            .as_u64()
            .unwrap()
    }

    /// Posts an envelope to the port of seed 001.
    #[must_use]
    pub fn call_soap(&self, content_type: &str, envelope: &str) -> Answer {
        let url = format!("{}{}", self.soap, crate::envelope::PATH);
        Answer::of(
            self.http
                .post(url)
                .header("content-type", content_type)
                .body(envelope.to_owned())
                .send(),
        )
    }

    /// Stops the server as an operator does.
    ///
    /// # Panics
    /// When it does not end by itself in time, or ends with a failure.
    #[must_use]
    pub fn stop(mut self) -> Home {
        let ended = self.process.terminate();
        assert!(
            ended.success(),
            "the server ended with {ended}; it said:\n{}",
            self.home().log_lines()
        );
        self.process.home.take().unwrap()
    }

    /// Kills the server at once (SIGKILL).
    #[must_use]
    pub fn kill(mut self) -> Home {
        self.process.kill();
        self.process.home.take().unwrap()
    }

    /// Stops the server and starts it again on the same data.
    #[must_use]
    pub fn restart(self) -> Server {
        self.stop().start()
    }

    /// The process of the server itself.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.served_by()
    }

    /// Memory that the server holds in RAM, KiB.
    #[must_use]
    pub fn resident_kib(&self) -> u64 {
        let status =
            fs::read_to_string(format!("/proc/{}/status", self.process.served_by())).unwrap_or_default();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .unwrap_or_default();
        line.trim().trim_end_matches("kB").trim().parse().unwrap_or(0)
    }
}

impl Process {
    fn home(&self) -> &Home {
        self.home
            .as_ref()
            .expect("the home is there until the process has ended")
    }

    /// The process of the server itself: the child, or the child's child when something else started it.
    fn served_by(&self) -> u32 {
        let own = self.child.id();
        let children = fs::read_to_string(format!("/proc/{own}/task/{own}/children")).unwrap_or_default();
        children
            .split_whitespace()
            .next()
            .and_then(|child| child.parse().ok())
            .unwrap_or(own)
    }

    fn terminate(&mut self) -> ExitStatus {
        signal("TERM", self.served_by());
        let deadline = Instant::now() + Duration::from_secs(STOP_S);
        loop {
            match self
                .lines
                .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            {
                Ok(_line) => {}
                Err(RecvTimeoutError::Disconnected) => return self.child.wait().unwrap(),
                Err(RecvTimeoutError::Timeout) => {
                    panic!(
                        "the server did not stop in {STOP_S} s; it said:\n{}",
                        self.home().log_lines()
                    )
                }
            }
        }
    }

    fn kill(&mut self) {
        let served_by = self.served_by();
        if served_by != self.child.id() {
            signal("KILL", served_by);
        }
        // It may have ended by itself already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if let (true, Some(home)) = (thread::panicking(), &self.home) {
            let lines = home.log_lines();
            let last: Vec<&str> = lines.lines().rev().take(LAST_LINES).collect();
            eprintln!("the server said last:");
            last.iter().rev().for_each(|line| eprintln!("{line}"));
        }
    }
}

fn signal(name: &str, process: u32) {
    let sent = Command::new("kill")
        .args([format!("-{name}"), process.to_string()])
        .status();
    assert!(
        sent.unwrap().success(),
        "process {process} cannot be sent SIG{name}"
    );
}
