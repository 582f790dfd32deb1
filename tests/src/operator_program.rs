//! A real SOAP client: zeep, in a Python process that is told what to do line by line.

use std::{
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde_json::{Value, json};

/// An operator's program, one account at one server. Dropping it ends it.
#[derive(Debug)]
pub struct OperatorProgram {
    child: Child,
    told: ChildStdin,
    says: BufReader<ChildStdout>,
    login: String,
    password: String,
}

impl OperatorProgram {
    /// Starts the program on the WSDL of a SOAP door.
    ///
    /// # Panics
    /// When Python's packages are not installed.
    #[must_use]
    pub fn start(soap: &str, login: &str, password: &str) -> OperatorProgram {
        let tests = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let python = tests.join("../.venv/bin/python");
        assert!(
            python.is_file(),
            "{} is missing: run `make .venv`",
            python.display()
        );
        let mut child = Command::new(python)
            .arg(tests.join("python/operator_program.py"))
            .arg(format!("{soap}{}?wsdl", crate::envelope::PATH))
            .env("NO_PROXY", "127.0.0.1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (told, says) = (
            child.stdin.take().unwrap(),
            BufReader::new(child.stdout.take().unwrap()),
        );
        OperatorProgram {
            child,
            told,
            says,
            login: login.to_owned(),
            password: password.to_owned(),
        }
    }

    /// Calls an operation; answers `{"answer": …}` or `{"fault": …}`.
    ///
    /// # Panics
    /// When the program ends instead.
    #[must_use]
    #[track_caller]
    pub fn call(&mut self, operation: &str, arguments: &Value) -> Value {
        let asked = json!({
            "operation": operation, "login": self.login, "password": self.password, "arguments": arguments,
        });
        writeln!(self.told, "{asked}").unwrap();
        let mut said = String::new();
        self.says.read_line(&mut said).unwrap();
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: the program said {said:?}"))
    }

    /// Creates a ticket by value.
    #[must_use]
    #[track_caller]
    pub fn create(&mut self, ticket: &Value) -> Value {
        self.call(
            "createTroubleTicketByValue",
            &json!({"troubleTicketValue": ticket}),
        )
    }

    /// Sets a ticket by value.
    #[must_use]
    #[track_caller]
    pub fn set(&mut self, ticket: &Value) -> Value {
        self.call("setTroubleTicketByValue", &json!({"troubleTicketValue": ticket}))
    }

    /// Reads tickets by key or line.
    #[must_use]
    #[track_caller]
    pub fn get(&mut self, asked: &Value) -> Value {
        self.call("getTroubleTicketByKey", asked)
    }
}

impl Drop for OperatorProgram {
    fn drop(&mut self) {
        // It may have ended by itself already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
