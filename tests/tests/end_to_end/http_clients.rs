//! Real HTTP clients, and the bytes that others send by themselves: each is understood.
//!
//! Run are curl as Debian has it, and in [`programs`] libcurl 8, Python's requests, Java's client, Go's, .NET's (in Mono),
//! Chromium, and nginx as a proxy. Those of other versions and makers stand in [`written`] as the bytes that they send.

mod programs;
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
