//! A command that ends by itself: what it said and with which exit status.

use std::{
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use crate::home;

/// How long a command may take, s. Far more than it takes: a busy machine is no failure.
const COMMAND_S: u64 = 120;

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit status; none when a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to standard output.
    pub out: String,
    /// What it wrote to standard error.
    pub err: String,
}

impl Ended {
    /// Asserts an exit status and that standard error holds each of these texts.
    ///
    /// # Panics
    /// When it does not.
    #[track_caller]
    pub fn said(self, code: i32, texts: &[&str]) -> Ended {
        assert_eq!(self.code, Some(code), "{}{}", self.out, self.err);
        for text in texts {
            assert!(self.err.contains(text), "{text:?} is not in {}", self.err);
        }
        self
    }
}

/// Runs `guichet` with arguments and nothing in its environment but these variables.
///
/// # Panics
/// When it does not end in time.
#[must_use]
#[track_caller]
pub fn guichet(arguments: &[&str], environment: &[(&str, &str)]) -> Ended {
    let mut command = Command::new(home::guichet());
    command
        .args(arguments)
        .env_clear()
        .envs(environment.iter().copied());
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let id = child.id();
    let (tell, ended) = mpsc::channel();
    thread::spawn(move || tell.send(child.wait_with_output()));
    let Ok(output) = ended.recv_timeout(Duration::from_secs(COMMAND_S)) else {
        let _ = Command::new("kill").args(["-KILL", &id.to_string()]).status();
        panic!("{arguments:?} {environment:?} did not end");
    };
    let output = output.unwrap();
    Ended {
        code: output.status.code(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// What a program of others says on both streams; it must end well. It is given no input.
///
/// # Panics
/// When it cannot be started, or ends with another status than 0.
#[must_use]
#[track_caller]
pub fn said(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{command:?}: {said}");
    said
}
