//! Programs that are run against a server: what their HTTP clients send by themselves is understood.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
};

use guichet_tests::{client::Client, home::Home, server::Server, soap_door::whole_request};
use serde_json::{Value, json};

use super::{curl, opened, said, tests};

/// The version of the ticket after one comment and two files, or three such acts.
const VERSION: u64 = 4;

/// The answers that a program printed: what it asked, the status and the JSON of the body.
#[derive(Debug)]
struct Answers(Vec<(String, u64, Value)>);

impl Answers {
    fn read(text: &str) -> Answers {
        let answer = |line: &str| {
            let mut parts = line.splitn(3, ' ');
            let (what, status) = (parts.next().unwrap(), parts.next().unwrap());
            let body = serde_json::from_str(parts.next().unwrap_or_default()).unwrap_or(Value::Null);
            (what.to_owned(), status.parse().unwrap(), body)
        };
        Answers(text.lines().map(answer).collect())
    }

    /// The body of the answer with this status.
    #[track_caller]
    fn expect(&self, what: &str, status: u64) -> &Value {
        let answer = self.0.iter().find(|(own, ..)| own == what);
        let (_, answered, body) = answer.unwrap_or_else(|| panic!("{what} is missing in {self:?}"));
        assert_eq!(*answered, status, "{what}: {body}");
        body
    }

    /// A file of this name and size was stored.
    #[track_caller]
    fn expect_file(&self, what: &str, name: &str, size: usize) {
        let file = self.expect(what, 201);
        assert_eq!(
            (&file["name"], &file["size"]),
            (&json!(name), &json!(size)),
            "{what}"
        );
    }

    /// What every client asks in the same way: the ticket, its head, and a path that does not exist, in English.
    #[track_caller]
    fn expect_reads(&self, key: &str) {
        assert_eq!(self.expect("get", 200)["key"], key);
        assert_eq!(self.expect("head", 200), &Value::Null);
        assert_eq!(self.expect("english", 404)["title"], "Not found");
    }

    /// What every client asks with the ticket's tag: `If-None-Match` with the present one, `If-Match` with it and an older one.
    #[track_caller]
    fn expect_conditions(&self) {
        assert_eq!(self.expect("unmodified", 304), &Value::Null);
        assert_eq!(self.expect("matched", 200)["version"], VERSION);
    }

    /// A form with a field beside the file was refused.
    #[track_caller]
    fn expect_note_refused(&self) {
        assert_eq!(self.expect("noted", 422)["errors"][0]["pointer"], "/note");
    }
}

/// The answers to a program that is given the address of the server, a token and the key of a ticket.
#[track_caller]
fn answers(command: &mut Command) -> Answers {
    let server = Server::start();
    let client = server.client("requester-1");
    let key = opened(&client);
    let answers = Answers::read(&said(command.args([server.api(), client.token(), &key])));
    answers.expect_reads(&key);
    answers
}

/// A script that runs with the packages of `tests/python/requirements.txt`.
fn python(script: &str) -> Command {
    let python = tests().join("../.venv/bin/python");
    assert!(
        python.is_file(),
        "{} is missing: run `make .venv`",
        python.display()
    );
    let mut command = Command::new(python);
    command.arg(tests().join("python").join(script));
    command
}

#[test]
fn libcurl_8_is_understood() {
    let answers = answers(&mut python("curl_8.py"));
    assert_eq!(answers.expect("old", 200)["version"], 1);
    assert_eq!(answers.expect("comment", 201)["body"], "Écrit avec curl");
    answers.expect_file("upload", "été \"1\".txt", 3);
    answers.expect_file("long", "long.bin", 2 * 1024 * 1024);
    answers.expect_note_refused();
    answers.expect_conditions();
}

#[test]
fn java_s_http_client_is_understood() {
    let mut command = Command::new("java");
    command.args([
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        "-Dfile.encoding=UTF-8",
        // The server closes a connection that is idle for 5 s; on a busy machine the client may take longer to go on.
        "-Djdk.httpclient.keepalive.timeout=2",
    ]);
    let answers = answers(command.arg(tests().join("java/HttpClients.java")));
    for what in ["comment", "chunked"] {
        assert_eq!(answers.expect(what, 201)["body"], "Écrit en Java");
    }
    answers.expect_file("upload", "été.txt", 3);
    answers.expect_conditions();
}

#[test]
fn go_s_http_client_is_understood() {
    let cache = tempfile::tempdir().unwrap();
    let mut command = Command::new("go");
    command.env("GOCACHE", cache.path());
    let answers = answers(command.arg("run").arg(tests().join("go/http_clients.go")));
    assert_eq!(answers.expect("comment", 201)["body"], "Écrit en Go");
    assert_eq!(answers.expect("chunked", 201)["body"], "En morceaux");
    answers.expect_file("upload", "l'été \"1\".txt", 3);
    answers.expect_note_refused();
    answers.expect_conditions();
}

#[test]
fn dot_net_s_http_client_is_understood() {
    let directory = tempfile::tempdir().unwrap();
    let program = directory.path().join("clients.exe");
    let mut compiler = Command::new("mcs");
    compiler
        .arg("-r:System.Net.Http")
        .arg(format!("-out:{}", program.display()));
    let _ = said(compiler.arg(tests().join("csharp/HttpClients.cs")));
    let answers = answers(Command::new("mono").arg(program));
    assert_eq!(answers.expect("comment", 201)["body"], "Écrit en C#");
    answers.expect_file("accented", "été.txt", 3);
    answers.expect_file("spaced", "un rapport.pdf", 3);
    answers.expect_note_refused();
    answers.expect_conditions();
}

#[test]
fn python_s_requests_is_understood() {
    let server = Server::start();
    let client = server.client("requester-1");
    let key = opened(&client);
    let mut command = python("http_clients.py");
    let said: Value =
        serde_json::from_str(&said(command.args([server.api(), client.token(), &key]))).unwrap();
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

/// A process with all that it has started; they end with this value.
struct Running(Child);

impl Running {
    #[track_caller]
    fn start(command: &mut Command) -> Running {
        let name = format!("{command:?}");
        Running(
            command
                .process_group(0)
                .spawn()
                .unwrap_or_else(|error| panic!("{name}: {error}")),
        )
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // They may have ended by themselves already.
        let group = format!("kill -KILL -- -{}", self.0.id());
        let _ = Command::new("bash")
            .args(["-c", &group])
            .stderr(Stdio::null())
            .status();
        let _ = self.0.wait();
    }
}

/// A page of another origin, and what a request after it sends to `/said`.
fn said_by_page(listener: &TcpListener, page: &Path) -> String {
    let page = fs::read(page).unwrap();
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        let request = whole_request(&mut stream);
        let answer = |status: &str, body: &[u8]| {
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            [head.as_bytes(), body].concat()
        };
        let is_said = request.starts_with(b"POST /said ");
        let reply = if is_said || !request.starts_with(b"GET / ") {
            answer("404 Not Found", b"")
        } else {
            answer("200 OK", &page)
        };
        // The browser may have gone on.
        let _ = stream.write_all(&reply);
        if is_said {
            let text = String::from_utf8(request).unwrap();
            return text.split_once("\r\n\r\n").unwrap().1.to_owned();
        }
    }
    unreachable!("a listener does not end")
}

#[test]
fn a_page_in_chromium_is_understood() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let server = Home::new().with("GUICHET_CORS_ORIGINS", &origin).start();
    let client = server.client("requester-1");
    let key = opened(&client);
    let profile = tempfile::tempdir().unwrap();
    let mut command = Command::new("chromium-headless-shell");
    command
        .args([
            "--no-sandbox",
            "--disable-gpu",
            "--no-proxy-server",
            "--lang=fr-FR",
        ])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("{origin}/#{}%20{}%20{key}", server.api(), client.token()))
        .stderr(Stdio::null())
        .stdout(Stdio::null());
    let _browser = Running::start(&mut command);
    let answers = Answers::read(&said_by_page(
        &listener,
        &tests().join("browser/http_clients.html"),
    ));
    answers.expect_reads(&key);
    assert_eq!(answers.expect("own-language", 404)["title"], "Introuvable");
    assert_eq!(answers.expect("comment", 201)["body"], "Écrit dans une page");
    answers.expect_file("upload", "été \"1\".txt", 3);
    answers.expect_note_refused();
    assert_eq!(answers.expect("stale", 412)["code"], "stale-version");
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// nginx in front of the server, with its defaults: it speaks HTTP/1.0 to it and collects a request before it sends it on.
struct Proxy {
    _process: Running,
    url: String,
}

impl Proxy {
    fn start(directory: &Path, upstream: &str) -> Proxy {
        let port = free_port();
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {kind};"));
        let configuration = format!(
            "pid pid;\ndaemon off;\nmaster_process off;\nerror_log stderr notice;\nevents {{}}\nhttp {{\naccess_log off;\n{}\n\
             server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass {upstream}; }} }}\n}}\n",
            temporary.join("\n")
        );
        let file = directory.join("nginx.conf");
        fs::write(&file, configuration).unwrap();
        let mut command = Command::new(tests().join("../.programs/usr/sbin/nginx"));
        command
            .arg("-p")
            .arg(directory)
            .arg("-c")
            .arg(file)
            .args(["-e", "stderr"]);
        let mut process = Running::start(command.stderr(Stdio::piped()));
        // The line about its limits follows the one where it has begun to listen.
        let mut lines = BufReader::new(process.0.stderr.take().unwrap())
            .lines()
            .map(Result::unwrap);
        assert!(
            lines.any(|line| line.contains("getrlimit(RLIMIT_NOFILE)")),
            "nginx ended: {:?}",
            process.0.wait()
        );
        // What it says later is read and dropped, so that it never waits for a reader.
        let _reader = thread::spawn(move || lines.for_each(drop));
        Proxy {
            _process: process,
            url: format!("http://127.0.0.1:{port}"),
        }
    }
}

#[test]
fn nginx_as_a_proxy_at_http_1_0_changes_nothing() {
    let server = Server::start();
    let (client, auditor) = (server.client("requester-1"), server.client("auditor"));
    let key = opened(&client);
    let directory = tempfile::tempdir().unwrap();
    let proxy = Proxy::start(directory.path(), server.api());
    let sent = |client: &Client, arguments: &[&str], path: &str| {
        let authorization = format!("Authorization: Bearer {}", client.token());
        curl(
            directory.path(),
            &authorization,
            &[arguments, &[&format!("{}{path}", proxy.url)]].concat(),
        )
    };
    let ticket = format!("/v1/tickets/{key}");
    let told: Value = serde_json::from_str(&sent(&client, &[], &ticket)).unwrap();
    assert_eq!(told["key"], key);
    let head = sent(&client, &["--head"], &ticket).to_ascii_lowercase();
    assert!(
        head.starts_with("http/1.1 200 ") && head.contains("etag: w/\"1."),
        "{head}"
    );

    let content: String = (0..200_000)
        .map(|at| char::from(b'a' + u8::try_from(at % 23).unwrap()))
        .collect();
    fs::write(directory.path().join("été.txt"), &content).unwrap();
    let upload = [
        "--form",
        "file=@été.txt",
        "--header",
        "Transfer-Encoding: chunked",
    ];
    let file: Value =
        serde_json::from_str(&sent(&client, &upload, &format!("{ticket}/attachments"))).unwrap();
    assert_eq!(
        (&file["name"], &file["size"]),
        (&json!("été.txt"), &json!(content.len()))
    );
    let id = file["id"].as_str().unwrap();
    assert_eq!(sent(&client, &[], &format!("{ticket}/attachments/{id}")), content);

    // The export has no length: to HTTP/1.0 it ends with the connection, and nginx sends it on in chunks.
    let export = sent(&auditor, &[], "/v1/events");
    let lines: Vec<Value> = export
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        lines.len(),
        server
            .client("auditor")
            .get("/v1/events")
            .bytes
            .split(|byte| *byte == b'\n')
            .count()
            - 1
    );
    assert!(lines.len() > 50, "{} events only", lines.len());

    conditions_pass(|arguments| sent(&client, arguments, &ticket));
}

/// Through the proxy, a ticket at version 2 is not sent again, and not changed by who knows version 1.
fn conditions_pass(sent: impl Fn(&[&str]) -> String) {
    let head = sent(&["--head"]);
    let tag = head.lines().find_map(|line| {
        line.to_ascii_lowercase()
            .starts_with("etag: ")
            .then(|| &line[6..])
    });
    let tag = tag.unwrap_or_else(|| panic!("{head}"));
    let unmodified = sent(&["--include", "--header", &format!("If-None-Match: {tag}")]);
    assert!(unmodified.starts_with("HTTP/1.1 304 "), "{unmodified}");
    let stale = [
        "--include",
        "--request",
        "PATCH",
        "--header",
        "If-Match: \"1\"",
        "--header",
        "Content-Type: application/json",
        "--data",
        "{\"notify\":true}",
    ];
    let refused = sent(&stale);
    assert!(refused.starts_with("HTTP/1.1 412 "), "{refused}");
}
