//! Uploads as RFC 7578 has them: the boundary alone parts them, every part is accounted for, and a file keeps its name.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use guichet_tests::{
    answer::{Answer, faults},
    client::Client,
    server::Server,
};
use serde_json::json;

const TICKETS: &str = "/v1/tickets";

/// A ticket that files are attached to.
struct Ticket {
    server: Server,
    client: Client,
    key: String,
}

impl Ticket {
    fn open() -> Ticket {
        let server = Server::start();
        let client = server.client("requester-1");
        let ticket =
            json!({"desk": "SUP", "type": "question", "summary": "Un fichier", "description": "Voir."});
        let key = client.open(&ticket)["key"].as_str().unwrap().to_owned();
        Ticket { server, client, key }
    }

    fn path(&self) -> String {
        format!("{TICKETS}/{}/attachments", self.key)
    }

    /// Sends parts, each its header lines and its content.
    fn sent(&self, parts: &[(&[u8], &[u8])]) -> Answer {
        self.posted(&self.client, parts)
    }

    fn posted(&self, client: &Client, parts: &[(&[u8], &[u8])]) -> Answer {
        let mut form = Vec::new();
        for (head, content) in parts {
            form.extend_from_slice(b"--B\r\n");
            form.extend_from_slice(head);
            form.extend_from_slice(b"\r\n\r\n");
            form.extend_from_slice(content);
            form.extend_from_slice(b"\r\n");
        }
        form.extend_from_slice(b"--B--\r\n");
        client.post_bytes(&self.path(), "multipart/form-data; boundary=B", form)
    }

    /// The name under which a file is kept whose part is told so.
    fn kept(&self, disposition: &[u8]) -> String {
        let head = [b"Content-Disposition: form-data; name=\"file\"; ", disposition].concat();
        let file = self.sent(&[(&head, b"abc")]).expect(201);
        file["name"].as_str().unwrap().to_owned()
    }

    /// Nothing is attached, and nothing lies in the store.
    #[track_caller]
    fn is_empty(&self) {
        let listed = self.client.get(&self.path()).expect(200);
        assert_eq!(listed["items"], json!([]));
        let files = self.server.home().data().join("files");
        let mut lying = Vec::new();
        for directory in [files.clone(), files.join("incoming")] {
            let entries = std::fs::read_dir(directory)
                .into_iter()
                .flatten()
                .map_while(Result::ok);
            lying.extend(entries.map(|entry| entry.path()).filter(|path| path.is_file()));
        }
        assert_eq!(lying, Vec::<std::path::PathBuf>::new());
    }
}

const FILE: &[u8] = b"Content-Disposition: form-data; name=\"file\"; filename=\"h.txt\"";
const NOTE: &[u8] = b"Content-Disposition: form-data; name=\"note\"";

/// Faults B12, B16 and O9: the name as its sender meant it.
#[test]
fn a_file_keeps_the_name_that_its_sender_meant() {
    let ticket = Ticket::open();
    for (disposition, expected) in [
        (&b"filename*=UTF-8''%E2%82%AC%20taux.txt"[..], "€ taux.txt"),
        (
            b"filename=\"=?utf-8?B?w6l0w6kudHh0?=\"; filename*=utf-8''%C3%A9t%C3%A9.txt",
            "été.txt",
        ),
        (b"filename*=utf-8'fr'%c3%a9.txt; filename=x.txt", "é.txt"),
        (b"filename*=ISO-8859-1''%E9.txt", "é.txt"),
        (b"filename=x.txt; filename*=UTF-8''%E9%zz", "x.txt"),
        (b"filename*=UTF-8''..%2F..%2Fetc%2Fpasswd", "passwd"),
        (b"filename=\"C:\\Users\\x\\rapport.pdf\"", "rapport.pdf"),
        (b"filename=\"C:\\\\Users\\\\x\\\\rapport.pdf\"", "rapport.pdf"),
        (b"filename=\"\\\\srv\\part\\rapport.pdf\"", "rapport.pdf"),
        (b"filename=\"a\\\"b.txt\"", "a\"b.txt"),
        (b"filename=\"\xc3\xa9t\xc3\xa9.txt\"", "été.txt"),
        (b"filename=\"\xe9t\xe9.txt\"", "été.txt"),
        (b"filename=plain.txt", "plain.txt"),
    ] {
        assert_eq!(
            ticket.kept(disposition),
            expected,
            "{}",
            String::from_utf8_lossy(disposition)
        );
    }
}

/// Faults B17 and B18: one rule for long names, direction controls and names of nothing.
#[test]
fn a_name_is_cut_before_its_ending_and_loses_what_is_not_seen() {
    let ticket = Ticket::open();
    for (name, expected) in [
        (
            format!("{}.txt", "é".repeat(130)),
            format!("{}.txt", "é".repeat(125)),
        ),
        (
            format!("{}.pdf", "a".repeat(300)),
            format!("{}.pdf", "a".repeat(251)),
        ),
        (
            format!("{}.docx", "東".repeat(90)),
            format!("{}.docx", "東".repeat(83)),
        ),
        (
            format!("{}.png", "😀".repeat(64)),
            format!("{}.png", "😀".repeat(62)),
        ),
        ("a".repeat(256), "a".repeat(255)),
        ("facture\u{202e}fdp.exe".to_owned(), "facturefdp.exe".to_owned()),
        ("a\u{2066}b\u{2069}\u{200e}.txt".to_owned(), "ab.txt".to_owned()),
        ("a\u{2028}b.txt".to_owned(), "ab.txt".to_owned()),
        ("\u{200b}".to_owned(), "file".to_owned()),
        ("\u{feff}\u{2060}".to_owned(), "file".to_owned()),
    ] {
        assert_eq!(
            ticket.kept(format!("filename=\"{name}\"").as_bytes()),
            expected,
            "{name:?}"
        );
    }
}

/// Fault B13: a part that is not known is named, wherever it stands, and nothing is stored.
#[test]
fn a_part_that_is_not_known_is_named_in_whatever_order() {
    let ticket = Ticket::open();
    for parts in [
        [(NOTE, &b"x"[..]), (FILE, b"abc")],
        [(FILE, b"abc"), (NOTE, b"x")],
    ] {
        let refused = ticket.sent(&parts).refused(422, "invalid");
        assert_eq!(faults(&refused), [("/note".to_owned(), "unknown".to_owned())]);
    }
    let odd = b"Content-Disposition: form-data; name=\"a/b~\xe2\x80\xae\"";
    let refused = ticket
        .sent(&[(NOTE, b"x"), (FILE, b"abc"), (odd, b"y")])
        .refused(422, "invalid");
    let pointers: Vec<String> = faults(&refused).into_iter().map(|(pointer, _)| pointer).collect();
    assert_eq!(pointers, ["/a~1b~0\\u{202e}", "/note"]);
    let nameless = ticket.sent(&[(FILE, b"abc"), (b"Content-Type: text/plain", b"x")]);
    let _ = nameless.refused(400, "malformed-request");
    let none = ticket.sent(&[]).refused(422, "invalid");
    assert_eq!(faults(&none), [("/file".to_owned(), "required".to_owned())]);
    ticket.is_empty();
}

/// Fault B14: one file a call, and of two neither.
#[test]
fn of_two_files_neither_is_stored() {
    let ticket = Ticket::open();
    let other = &b"Content-Disposition: form-data; name=\"other\"; filename=\"2.txt\""[..];
    let twice = ticket
        .sent(&[(FILE, b"abc"), (FILE, b"def")])
        .refused(422, "invalid");
    assert_eq!(faults(&twice), [("/file".to_owned(), "value".to_owned())]);
    for parts in [
        [(FILE, &b"abc"[..]), (other, b"def")],
        [(other, b"def"), (FILE, b"abc")],
    ] {
        let refused = ticket.sent(&parts).refused(422, "invalid");
        assert_eq!(faults(&refused), [("/other".to_owned(), "unknown".to_owned())]);
    }
    ticket.is_empty();
}

/// Fault B15: the boundary decides, whatever a part claims of itself.
#[test]
fn a_part_ends_at_its_boundary() {
    let ticket = Ticket::open();
    for length in ["2", "10", "0", "3", "abc", "-1", "99999999999999999999"] {
        let head = [FILE, format!("\r\nContent-Length: {length}").as_bytes()].concat();
        let file = ticket.sent(&[(&head, b"abc")]).expect(201);
        assert_eq!(file["size"], 3, "{length}");
        let id = file["id"].as_str().unwrap();
        assert_eq!(
            ticket.client.get(&format!("{}/{id}", ticket.path())).bytes,
            b"abc"
        );
    }
    for content in [&b"\r\n--"[..], b"\r\n--C\r\n", b"--B", b"\r\n", b"\r\n--\r\nB--"] {
        let file = ticket.sent(&[(FILE, content)]).expect(201);
        let id = file["id"].as_str().unwrap();
        assert_eq!(
            ticket.client.get(&format!("{}/{id}", ticket.path())).bytes,
            content
        );
    }
    let head = [
        FILE,
        b"\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\nX-Other: \xe9",
    ]
    .concat();
    assert_eq!(
        ticket.sent(&[(&head, b"abc")]).expect(201)["media_type"],
        "text/plain"
    );
}

#[test]
fn a_form_that_breaks_off_leaves_nothing() {
    let ticket = Ticket::open();
    let whole =
        b"--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"h.txt\"\r\n\r\nabc\r\n--B--\r\n";
    let kind = "multipart/form-data; boundary=B";
    for end in [0, 2, 20, 70, 75, whole.len() - 6, whole.len() - 4] {
        let broken = ticket
            .client
            .post_bytes(&ticket.path(), kind, whole[..end].to_vec());
        let _ = broken.refused(400, "malformed-request");
    }
    let beside = vec![b'x'; 2 * 1024 * 1024];
    let _ = ticket
        .sent(&[(NOTE, &beside), (FILE, b"abc")])
        .refused(413, "too-large");
    let _ = ticket
        .sent(&[(FILE, b"abc"), (NOTE, &beside)])
        .refused(413, "too-large");
    for kind in [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/mixed; boundary=B",
    ] {
        let refused = ticket.client.post_bytes(&ticket.path(), kind, whole.to_vec());
        let _ = refused.refused(415, "wrong-media-type");
    }
    ticket.is_empty();
    // What stands before the first boundary and after the last is no part of the form.
    let framed = [b"preamble\r\n", &whole[..], b"epilogue"].concat();
    let quoted = ticket.client.post_bytes(
        &ticket.path(),
        "Multipart/Form-Data; charset=utf-8; Boundary=\"B\"",
        framed,
    );
    assert_eq!(quoted.expect(201)["size"], 3);
}

/// Observation O2: the same key with another name is another request.
#[test]
fn a_repeated_upload_has_the_same_name() {
    let ticket = Ticket::open();
    let client = ticket.client.with("idempotency-key", "upload-1");
    let first = ticket.posted(&client, &[(FILE, b"abc")]).expect(201);
    assert_eq!(
        ticket.posted(&client, &[(FILE, b"abc")]).expect(201)["id"],
        first["id"]
    );
    let other = b"Content-Disposition: form-data; name=\"file\"; filename=\"i.txt\"";
    let _ = ticket
        .posted(&client, &[(other, b"abc")])
        .refused(422, "idempotency-key-reused");
    let _ = ticket
        .posted(&client, &[(FILE, b"abd")])
        .refused(422, "idempotency-key-reused");
    let listed = ticket.client.get(&ticket.path()).expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
}

/// What follows the last part is read before the answer is given: otherwise the connection was closed under the client's next
/// request, which Java's client met now and then.
#[test]
fn a_connection_serves_on_after_an_upload() {
    let ticket = Ticket::open();
    let mut stream = TcpStream::connect(ticket.server.api().trim_start_matches("http://")).unwrap();
    let chunk = |content: &str| format!("{:x}\r\n{content}\r\n", content.len());
    let authorization = format!(
        "Host: guichet\r\nAuthorization: Bearer {}\r\n",
        ticket.client.token()
    );
    let head = format!(
        "POST {} HTTP/1.1\r\n{authorization}Content-Type: multipart/form-data; boundary=B\r\nTransfer-Encoding: chunked\r\n\r\n",
        ticket.path()
    );
    let file =
        "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nabc\r\n--B--\r\n";
    let next = format!(
        "GET {TICKETS}/{} HTTP/1.1\r\n{authorization}Connection: close\r\n\r\n",
        ticket.key
    );
    for _ in 0..3 {
        stream
            .write_all(format!("{head}{}", chunk(file)).as_bytes())
            .unwrap();
        // What follows the form, in many pieces.
        for _ in 0..30 {
            stream.write_all(chunk(&"x".repeat(1_000)).as_bytes()).unwrap();
        }
        stream.write_all(b"0\r\n\r\n").unwrap();
    }
    stream.write_all(next.as_bytes()).unwrap();
    let mut answers = String::new();
    let _ = stream.read_to_string(&mut answers).unwrap();
    let statuses: Vec<&str> = answers
        .split("HTTP/1.1 ")
        .skip(1)
        .map(|answer| &answer[..3])
        .collect();
    assert_eq!(statuses, ["201", "201", "201", "200"], "{answers}");
}
