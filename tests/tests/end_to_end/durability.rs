//! What is acknowledged is on disk: seen from below, in the system calls of the started server.

use std::fs;

use guichet_tests::home::Home;
use serde_json::json;

/// One system call in a trace: on which line it began and on which it had returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    began: usize,
    returned: usize,
}

/// Every call of a name, told by `strace -f`: `PID name(…) = 0`, or begun on one line and resumed on another.
fn calls(trace: &[&str], name: &str, of: impl Fn(&str) -> bool) -> Vec<Span> {
    let mut spans = Vec::new();
    for (began, line) in trace.iter().enumerate() {
        let Some((process, call)) = line.split_once(' ') else {
            continue;
        };
        if !call.trim_start().starts_with(&format!("{name}(")) || !of(call) {
            continue;
        }
        let resumed = format!("<... {name} resumed>");
        let returned = if call.contains("<unfinished ...>") {
            let mut later = trace.iter().enumerate().skip(began + 1);
            later
                .find(|(_, line)| line.starts_with(process) && line.contains(&resumed))
                .map(|(line, _)| line)
        } else {
            Some(began)
        };
        let Some(returned) = returned else { continue };
        if trace[returned]
            .rsplit("= ")
            .next()
            .is_some_and(|result| !result.starts_with('-'))
        {
            spans.push(Span { began, returned });
        }
    }
    spans
}

/// Whether, in a trace of one creation, an `fdatasync` of the log's file returned between the last write to that file
/// and the first byte of the answer 201. The error tells what is missing.
fn synced_before_the_answer(trace: &[&str]) -> Result<(), &'static str> {
    let database = |call: &str| call.contains("/log/sled/db>");
    let any = |names: &[&str], of: &dyn Fn(&str) -> bool| -> Vec<Span> {
        names.iter().flat_map(|name| calls(trace, name, of)).collect()
    };
    let reading = any(&["read", "recvfrom"], &|_| true);
    let asked = reading
        .iter()
        .find(|span| trace[span.returned].contains("POST /v1/tickets HTTP/1.1"));
    let asked = asked.ok_or("the request is not in the trace")?.returned;
    let sending = any(&["write", "writev", "sendto", "sendmsg"], &|call| {
        call.contains("HTTP/1.1 201")
    });
    let [answered] = sending.as_slice() else {
        return Err("not exactly one 201 was sent");
    };
    let within = |span: &&Span| span.began > asked && span.returned < answered.began;
    let writes = any(&["pwrite64", "pwritev", "write"], &database);
    let written = writes.iter().filter(within).map(|span| span.returned).max();
    let written = written.ok_or("nothing was written to the log between the request and its answer")?;
    let synced = calls(trace, "fdatasync", database);
    let synced = synced.iter().filter(within).any(|span| span.began > written);
    synced
        .then_some(())
        .ok_or("no fdatasync of the log lies between its last write and the answer")
}

#[test]
fn a_ticket_is_on_disk_before_its_client_is_told() {
    let home = Home::new();
    let trace_file = home.path().join("trace");
    let traced = "trace=fdatasync,fsync,openat,write,pwrite64,pwritev,writev,sendto,sendmsg,read,recvfrom";
    let wrapper = [
        "strace",
        "-f",
        "-y",
        "-s",
        "300",
        "-o",
        trace_file.to_str().unwrap(),
        "-e",
        traced,
    ];
    let server = home.under(&wrapper).start();
    let ticket = json!({"desk": "SUP", "type": "question", "summary": "Sur le disque avant la réponse", "description": "…"});
    assert_eq!(server.client("requester-1").open(&ticket)["key"], "SUP-1");
    let _home = server.stop();
    let trace = fs::read_to_string(&trace_file).unwrap();
    let trace: Vec<&str> = trace.lines().collect();
    assert_eq!(synced_before_the_answer(&trace), Ok(()));
}

#[test]
fn an_answer_that_goes_out_before_the_disk_is_noticed_in_a_trace() {
    let read = r#"11 read(20<TCP:[1]>, "POST /v1/tickets HTTP/1.1\r\n", 4096) = 26"#;
    let write = r#"12 pwrite64(9</d/log/sled/db>, "x", 1, 0) = 1"#;
    let sync = "12 fdatasync(10</d/log/sled/db>) = 0";
    let (begun, ended) = (
        "12 fdatasync(10</d/log/sled/db> <unfinished ...>",
        "12 <... fdatasync resumed>)    = 0",
    );
    let other = "12 fdatasync(10</d/log/HEAD.tmp>) = 0";
    let failed = "12 fdatasync(10</d/log/sled/db>) = -1 EIO (Input/output error)";
    let answer = r#"11 writev(20<TCP:[1]>, [{iov_base="HTTP/1.1 201 Created\r\n", iov_len=24}], 1) = 24"#;
    let told = |trace: &[&str]| synced_before_the_answer(trace);
    assert_eq!(told(&[read, write, sync, answer]), Ok(()));
    assert_eq!(told(&[read, write, begun, ended, answer]), Ok(()));
    let unsynced = Err("no fdatasync of the log lies between its last write and the answer");
    assert_eq!(told(&[read, write, answer, sync]), unsynced);
    assert_eq!(told(&[read, write, begun, answer, ended]), unsynced);
    assert_eq!(told(&[read, sync, write, answer]), unsynced);
    assert_eq!(told(&[read, write, other, answer]), unsynced);
    assert_eq!(told(&[read, write, failed, answer]), unsynced);
    assert!(told(&[write, sync, read, answer]).is_err());
}

#[test]
fn what_was_acknowledged_is_there_after_a_kill() {
    let server = Home::new().start();
    let requester = server.client("requester-1");
    let open = |number: usize| {
        let ticket = json!({"desk": "SUP", "type": "question", "summary": format!("Ticket {number}"), "description": "…"});
        requester.open(&ticket)
    };
    let tickets: Vec<_> = (0..30).map(open).collect();
    let comment = server
        .client("agent")
        .comment("SUP-7", "Le dernier mot.", "public");
    let server = server.kill().start();
    let readiness = server.readiness();
    assert_eq!(readiness["log"]["state"], "writable");
    let requester = server.client("requester-1");
    for ticket in &tickets {
        let key = ticket["key"].as_str().unwrap();
        let seen = requester.ticket(key);
        assert_eq!(
            (&seen["summary"], &seen["created_at"]),
            (&ticket["summary"], &ticket["created_at"])
        );
    }
    assert_eq!(
        requester.get("/v1/tickets/SUP-7/comments").expect(200)["items"],
        json!([comment])
    );
    let head = server.head();
    assert_eq!(
        requester.get(&format!("/v1/tickets?at_least={head}")).expect(200)["total"],
        30
    );
    assert_eq!(
        requester.open(&json!({
            "desk": "SUP", "type": "question", "summary": "Après", "description": "…",
        }))["key"],
        "SUP-31"
    );
}
