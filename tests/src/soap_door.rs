//! A SOAP door in a process of its own, before a REST door elsewhere.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, Output, Stdio},
    thread,
};

use reqwest::blocking;

use crate::{answer::Answer, envelope, home::guichet};

/// The process. Dropping it kills it.
#[derive(Debug)]
pub struct SoapDoor {
    child: Child,
    url: String,
    http: blocking::Client,
}

fn command(api: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(guichet());
    command
        .args(["soap", "--soap-listen", "127.0.0.1:0", "--api-url", api])
        .args(arguments)
        .stdin(Stdio::null());
    command
}

impl SoapDoor {
    /// Starts it before the REST door at `api`, and waits until it listens.
    ///
    /// # Panics
    /// When it does not.
    #[must_use]
    pub fn start(api: &str, arguments: &[&str]) -> SoapDoor {
        let mut child = command(api, arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        said.read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("soap listening on ");
        SoapDoor {
            url: url.unwrap_or_else(|| panic!("it says {line:?}")).to_owned(),
            child,
            http: blocking::Client::builder().no_proxy().build().unwrap(),
        }
    }

    /// What a door with settings that cannot be used says; it must end by itself.
    ///
    /// # Panics
    /// When there is no such program.
    #[must_use]
    pub fn refused(arguments: &[&str]) -> Output {
        command("http://127.0.0.1:9", arguments).output().unwrap()
    }

    /// Where it is, without a path.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Posts an envelope.
    #[must_use]
    #[track_caller]
    pub fn call(&self, envelope: &str) -> Answer {
        let post = self.http.post(format!("{}{}", self.url, envelope::PATH));
        Answer::of(
            post.header("content-type", envelope::XML)
                .body(envelope.to_owned())
                .send(),
        )
    }
}

impl Drop for SoapDoor {
    fn drop(&mut self) {
        // It may have ended by itself already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A place between the two doors where something happens before a request goes on: `before` is told its first line.
/// Serves until the test ends; answers its URL.
///
/// # Panics
/// When no port is free.
#[must_use]
pub fn between(api: &str, mut before: impl FnMut(&str) + Send + 'static) -> String {
    let api: SocketAddr = api.trim_start_matches("http://").parse().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let request = whole_request(&mut stream);
            let end = request
                .windows(2)
                .position(|window| window == b"\r\n")
                .unwrap_or(0);
            let (line, rest) = request.split_at(end);
            before(&String::from_utf8_lossy(line));
            let mut onward = TcpStream::connect(api).unwrap();
            onward
                .write_all(&[line, b"\r\nConnection: close", rest].concat())
                .unwrap();
            let mut answer = Vec::new();
            onward.read_to_end(&mut answer).unwrap();
            // The door may have given up meanwhile.
            let _ = stream.write_all(&answer);
        }
    });
    url
}

/// Reads a request with a `Content-Length`, or without a body.
///
/// # Panics
/// When it ends early.
#[must_use]
pub fn whole_request(stream: &mut TcpStream) -> Vec<u8> {
    let mut read = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let count = stream.read(&mut buffer).unwrap();
        read.extend_from_slice(&buffer[..count]);
        let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") else {
            assert!(count > 0, "the request ended early");
            continue;
        };
        let head = String::from_utf8_lossy(&read[..end]).to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
        if read.len() >= end + 4 + length {
            return read;
        }
        assert!(count > 0, "the request ended early");
    }
}
