//! Real HTTP clients, and the bytes that others send by themselves: each is understood.
//!
//! curl, Python's requests and Java's client are run. What cannot be installed at little cost (.NET, Go, a browser, nginx, a newer
//! curl) stands in [`written`] as the bytes that it sends.

mod written;

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use guichet_tests::{bytes::exchange, client::Client, server::Server};
use serde_json::{Value, json};

use self::written::{Understood, WRITTEN};

fn opened(client: &Client) -> String {
    let ticket = json!({"desk": "SUP", "type": "question", "summary": "Des clients", "description": "Tous."});
    client.open(&ticket)["key"].as_str().unwrap().to_owned()
}

fn tests() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

#[track_caller]
fn said(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// Every request of the table, on one server.
#[test]
fn the_bytes_that_other_clients_send_are_understood() {
    let server = Server::start();
    let (requester, auditor) = (server.client("requester-1"), server.client("auditor"));
    let key = opened(&requester);
    for written in WRITTEN {
        let caller = if written.request.contains("/v1/events") || written.request.contains("/v1/audit") {
            &auditor
        } else {
            &requester
        };
        let reply = exchange(server.api(), &written.bytes(caller.token(), &key));
        let from = written.from;
        match written.understood {
            Understood::File { name, content } => {
                let file = reply.expect(201);
                assert_eq!(
                    (&file["name"], &file["size"]),
                    (&json!(name), &json!(content.len())),
                    "{from}"
                );
                let id = file["id"].as_str().unwrap();
                let path = format!("/v1/tickets/{key}/attachments/{id}");
                assert_eq!(requester.get(&path).bytes, content.as_bytes(), "{from}");
            }
            Understood::Fault { pointer, code } => {
                let errors = reply.expect(422)["errors"].clone();
                assert_eq!(
                    (&errors[0]["pointer"], &errors[0]["code"]),
                    (&json!(pointer), &json!(code)),
                    "{from}"
                );
            }
            Understood::Title(title) => assert_eq!(reply.expect(404)["title"], title, "{from}"),
            Understood::Status(status) => assert_eq!(reply.status, status, "{from}: {}", reply.head),
            Understood::Lines => {
                assert!(
                    reply.header("transfer-encoding").is_empty(),
                    "{from}: {}",
                    reply.head
                );
                let text = String::from_utf8(reply.body).unwrap();
                let lines = text.lines().map(serde_json::from_str::<Value>);
                assert!(
                    lines.clone().count() > 1 && lines.into_iter().all(|line| line.is_ok()),
                    "{from}: {text}"
                );
            }
        }
    }
}

/// What curl printed, run in a directory.
fn curl(directory: &Path, authorization: &str, arguments: &[&str]) -> String {
    let mut command = Command::new("curl");
    command
        .current_dir(directory)
        .args(["--silent", "--show-error", "--max-time", "30", "--noproxy", "*"]);
    said(command.args(["--header", authorization]).args(arguments))
}

#[test]
fn curl_is_understood() {
    let server = Server::start();
    let client = server.client("requester-1");
    let key = opened(&client);
    let ticket = format!("{}/v1/tickets/{key}", server.api());
    let authorization = format!("Authorization: Bearer {}", client.token());
    let directory = server.home().path().to_owned();
    let curl = |arguments: &[&str]| curl(&directory, &authorization, arguments);
    let attachments = format!("{ticket}/attachments");
    let write = |name: &str, content: &[u8]| std::fs::write(directory.join(name), content).unwrap();
    write("été \"1\".txt", b"abc");
    let made: Value =
        serde_json::from_str(&curl(&["--form", "file=@\"été \\\"1\\\".txt\"", &attachments])).unwrap();
    assert_eq!(
        (&made["name"], &made["size"]),
        (&json!("été \"1\".txt"), &json!(3)),
        "{made}"
    );
    // More than a mebibyte: curl asks first whether it may (Expect: 100-continue).
    let long = vec![b'a'; 2 * 1024 * 1024];
    write("long.bin", &long);
    let made: Value = serde_json::from_str(&curl(&["--form", "file=@long.bin", &attachments])).unwrap();
    assert_eq!(made["size"], long.len());
    let refused: Value = serde_json::from_str(&curl(&[
        "--form",
        "note=x",
        "--form",
        "file=@long.bin",
        &attachments,
    ]))
    .unwrap();
    assert_eq!(refused["errors"][0]["pointer"], "/note", "{refused}");

    // `-OJ` saves under the name that the server tells.
    write("plain.txt", b"abcd");
    let made: Value = serde_json::from_str(&curl(&["--form", "file=@plain.txt", &attachments])).unwrap();
    let id = made["id"].as_str().unwrap();
    std::fs::remove_file(directory.join("plain.txt")).unwrap();
    let _ = curl(&[
        "--remote-name",
        "--remote-header-name",
        &format!("{attachments}/{id}"),
    ]);
    assert_eq!(std::fs::read(directory.join("plain.txt")).unwrap(), b"abcd");

    let head = curl(&["--head", &ticket]);
    assert!(
        head.starts_with("HTTP/1.1 200 ") && head.to_ascii_lowercase().contains("etag: "),
        "{head}"
    );
    let old = curl(&["--http1.0", &ticket]);
    assert_eq!(serde_json::from_str::<Value>(&old).unwrap()["key"], key);
    let patch = [
        "--request",
        "PATCH",
        "--header",
        "content-type: application/json",
        "--data",
        "{\"notify\":true}",
    ];
    let matched = curl(&[&patch[..], &["--header", "If-Match: \"1\", \"4\"", &ticket]].concat());
    assert_eq!(
        serde_json::from_str::<Value>(&matched).unwrap()["version"],
        4,
        "{matched}"
    );
}

#[test]
fn python_s_requests_is_understood() {
    let server = Server::start();
    let client = server.client("requester-1");
    let key = opened(&client);
    let python = tests().join("../.venv/bin/python");
    assert!(
        python.is_file(),
        "{} is missing: run `make .venv`",
        python.display()
    );
    let mut command = Command::new(python);
    command
        .arg(tests().join("python/http_clients.py"))
        .args([server.api(), client.token(), &key]);
    let said: Value = serde_json::from_str(&said(&mut command)).unwrap();
    let status = |what: &str| said[what]["status"].as_u64();
    let answer = |what: &str| &said[what]["answer"];
    for what in ["get", "head", "download"] {
        assert_eq!(status(what), Some(200), "{what}: {said}");
    }
    for (what, name, size) in [
        ("upload", "été \".txt", 3),
        ("typed", "a.png", 3),
        ("streamed", "œuvre.txt", 4),
    ] {
        assert_eq!(status(what), Some(201), "{what}: {said}");
        assert_eq!(
            (&answer(what)["name"], &answer(what)["size"]),
            (&json!(name), &json!(size)),
            "{what}"
        );
    }
    for (what, pointer) in [("fields first", "/note"), ("two files", "/file")] {
        assert_eq!(status(what), Some(422), "{what}: {said}");
        assert_eq!(answer(what)["errors"][0]["pointer"], pointer, "{what}");
    }
    assert_eq!(answer("download"), "abc");
    assert_eq!(said["download"]["headers"]["content-length"], "3");
    assert_eq!(status("chunked"), Some(201), "{said}");
    assert_eq!(answer("chunked")["body"], "Par morceaux");
    assert_eq!(answer("english")["title"], "Not found");
    assert_eq!(status("encoded name"), Some(422), "{said}");
}

#[test]
fn java_s_http_client_is_understood() {
    let server = Server::start();
    let client = server.client("requester-1");
    let key = opened(&client);
    let mut command = Command::new("java");
    command.args([
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        "-Dfile.encoding=UTF-8",
    ]);
    command
        .arg(tests().join("java/HttpClients.java"))
        .args([server.api(), client.token(), &key]);
    let text = said(&mut command);
    let mut lines = text.lines().map(|line| {
        let mut parts = line.splitn(3, ' ');
        let (what, status) = (parts.next().unwrap(), parts.next().unwrap());
        let body = serde_json::from_str(parts.next().unwrap_or_default()).unwrap_or(Value::Null);
        (what.to_owned(), status.parse::<u16>().unwrap(), body)
    });
    let mut next = |what: &str, status: u16| -> Value {
        let (own, answered, body) = lines
            .next()
            .unwrap_or_else(|| panic!("{what} is missing in {text}"));
        assert_eq!((own.as_str(), answered), (what, status), "{text}");
        body
    };
    assert_eq!(next("get", 200)["key"], key);
    assert_eq!(next("head", 200), Value::Null);
    assert_eq!(next("comment", 201)["body"], "Écrit en Java");
    assert_eq!(next("chunked", 201)["body"], "Écrit en Java");
    let file = next("upload", 201);
    assert_eq!((&file["name"], &file["size"]), (&json!("été.txt"), &json!(3)));
    assert_eq!(next("unmodified", 304), Value::Null);
    assert_eq!(next("matched", 200)["version"], 4);
    assert_eq!(next("english", 404)["title"], "Not found");
}
