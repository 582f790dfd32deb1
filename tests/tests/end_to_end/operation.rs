//! What the people who run the server rely on: TLS, CORS, the first administrator, a clean stop.

use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use guichet_tests::{
    home::{Home, guichet},
    server::Server,
};
use serde_json::{Value, json};

/// A certificate for `localhost` that its own key signs, and the key.
fn certificate(directory: &Path) -> (String, String) {
    let (certificate, key) = (directory.join("certificate.pem"), directory.join("key.pem"));
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ed25519",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
        ])
        .args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout"])
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .stderr(Stdio::null())
        .status();
    assert!(made.unwrap().success(), "openssl makes a certificate");
    (
        certificate.to_str().unwrap().to_owned(),
        key.to_str().unwrap().to_owned(),
    )
}

fn curl(arguments: &[&str]) -> String {
    let output = Command::new("curl")
        .args(["--silent", "--show-error", "--max-time", "20"])
        .args(arguments)
        .output();
    let output = output.unwrap();
    assert!(
        output.status.success(),
        "curl: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn both_doors_speak_tls_and_the_soap_door_still_reaches_the_rest_door() {
    let home = Home::new();
    let (certificate, key) = certificate(home.path());
    let server = home
        .with("GUICHET_TLS_CERTIFICATE", &certificate)
        .with("GUICHET_TLS_KEY", &key)
        .start();
    assert!(server.api().starts_with("https://"), "{}", server.api());
    assert!(server.soap().starts_with("https://"), "{}", server.soap());
    let health = curl(&["--cacert", &certificate, &format!("{}/healthz", server.api())]);
    assert_eq!(
        serde_json::from_str::<Value>(&health).unwrap(),
        json!({"status": "ok"})
    );

    let envelope = r#"<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:v="http://ossj.org/xml/TroubleTicket/v1-2"><e:Header><v:TroubleTicketHeaderRequest><v:LoginName>oc-alpha</v:LoginName><v:Password>Guichet-demo-1</v:Password></v:TroubleTicketHeaderRequest></e:Header><e:Body><v:getTroubleTicketByKeyRequest><v:troubleTicketKey>SAV-1</v:troubleTicketKey><v:supplierID>987654324</v:supplierID><v:serviceProviderID>123456782</v:serviceProviderID></v:getTroubleTicketByKeyRequest></e:Body></e:Envelope>"#;
    let port = format!(
        "{}/interop-sav-21/services/JVTTroubleTicketSessionWSPort",
        server.soap()
    );
    let answer = curl(&[
        "--cacert",
        &certificate,
        "-H",
        "content-type: text/xml; charset=utf-8",
        "-d",
        envelope,
        &port,
    ]);
    // There is no such ticket: only the REST door behind can know.
    assert!(answer.contains("objectNotFoundException"), "{answer}");
}

#[test]
fn a_page_of_a_configured_origin_may_call_and_no_other() {
    let server = Home::new()
        .with("GUICHET_CORS_ORIGINS", "https://portal.example")
        .start();
    let asked = |origin: &str| {
        let answer = server
            .http()
            .request(reqwest::Method::OPTIONS, format!("{}/v1/tickets", server.api()))
            .header("Origin", origin)
            .header("Access-Control-Request-Method", "POST")
            .header(
                "Access-Control-Request-Headers",
                "authorization,content-type,idempotency-key",
            )
            .send()
            .unwrap();
        answer
            .headers()
            .get("access-control-allow-origin")
            .map(|value| value.to_str().unwrap().to_owned())
    };
    assert_eq!(
        asked("https://portal.example").as_deref(),
        Some("https://portal.example")
    );
    assert_eq!(asked("https://elsewhere.example"), None);
}

#[test]
fn the_demo_world_is_refused_on_a_public_address() {
    let home = Home::new();
    let output = Command::new(guichet())
        .args(["up", "--demo"])
        .env("GUICHET_DATA", home.data())
        .env("GUICHET_API_LISTEN", "0.0.0.0:0")
        .output()
        .unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("--demo is for loopback addresses only"), "{said}");
    assert!(!home.data().exists(), "nothing was made");
}

fn init(home: &Home, username: &str, password: &str, settings: &[(&str, &str)]) -> (bool, String) {
    let mut child = Command::new(guichet())
        .args(["admin", "init", "--username", username])
        .env("GUICHET_DATA", home.data())
        .envs(settings.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    writeln!(child.stdin.take().unwrap(), "{password}").unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.success(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn the_first_administrator_is_made_once_and_can_sign_in() {
    let home = Home::new();
    let (made, said) = init(&home, "root", "short", &[]);
    assert!(!made && said.contains("at least 12 characters"), "{said}");
    let (made, said) = init(&home, "root", "a long enough password", &[]);
    assert!(made, "{said}");
    let (made, said) = init(&home, "other", "a long enough password", &[]);
    assert!(
        !made && said.contains("an account that can sign in administers already"),
        "{said}"
    );

    let server = home.in_earnest().start();
    let answer = server.nobody().post(
        "/v1/auth/token",
        &json!({"username": "root", "password": "a long enough password"}),
    );
    let token = answer.expect(200)["access_token"].as_str().unwrap().to_owned();
    let me = server.nobody().with_token(&token).get("/v1/me").expect(200);
    assert_eq!(
        me["roles"],
        json!([{"role": "admin", "desk": null, "organization": null, "profile": "admin"}])
    );
}

#[test]
fn a_stop_is_clean_and_gives_the_directory_back() {
    let server = Server::start();
    let key = server.client("requester-1").open(&json!({
        "desk": "SUP", "type": "question", "summary": "Avant l'arrêt", "description": "Doit rester."
    }))["key"]
        .as_str()
        .unwrap()
        .to_owned();
    let server = server.stop().start();
    assert_eq!(
        server.client("requester-1").ticket(&key)["summary"],
        "Avant l'arrêt"
    );
}

#[test]
fn the_reference_and_the_list_of_errors_are_served() {
    let server = Server::start();
    let page = server
        .http()
        .get(format!("{}/docs/", server.api()))
        .send()
        .unwrap();
    assert_eq!(page.status(), 200);
    assert!(page.text().unwrap().contains("swagger-ui"));
    let errors = server
        .http()
        .get(format!("{}/docs/errors", server.api()))
        .send()
        .unwrap()
        .text()
        .unwrap();
    assert!(errors.contains("](errors/ticket-wrong-status.md)"));
    let contract: Value = server
        .http()
        .get(format!("{}/openapi.json", server.api()))
        .send()
        .unwrap()
        .json()
        .unwrap();
    assert_eq!(contract["openapi"], "3.1.0");
}

/// Signals that other programs take as "load anew" do not end this one; without a terminal, SIGHUP does not either.
#[test]
fn signals_that_mean_nothing_here_end_nothing() {
    let server = Server::start();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    for name in ["HUP", "USR1", "USR2"] {
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &server.pid().to_string()])
            .status();
        assert!(sent.unwrap().success());
        let told = format!("SIG{name}");
        while !server.home().log_lines().contains(&told) {
            assert!(std::time::Instant::now() < deadline, "{told} is not told");
        }
        assert_eq!(server.nobody().get("/healthz").status, 200, "{name}");
    }
    let home = server.stop();
    assert!(home.log_lines().contains("a signal is ignored"));
}

/// The name of a log stands in its checkpoints for ever, and `admin init` begins the log.
#[test]
fn the_log_is_named_when_it_is_begun() {
    let (home, name) = (Home::new(), "GUICHET_AUDIT_NAME");
    let (made, said) = init(&home, "root", "a long enough password", &[(name, "two words")]);
    assert!(
        !made && said.contains("\"two words\" is no name of 1 to"),
        "{said}"
    );
    assert!(!home.data().exists(), "nothing was made");
    let (made, said) = init(&home, "root", "a long enough password", &[(name, "desk.example")]);
    assert!(made && !said.contains("the view is made anew"), "{said}");

    // What a later start says changes nothing.
    let server = home.in_earnest().with(name, "other.example").start();
    let credentials = json!({"username": "root", "password": "a long enough password"});
    let signed_in = server.nobody().post("/v1/auth/token", &credentials).expect(200);
    let root = server
        .nobody()
        .with_token(signed_in["access_token"].as_str().unwrap());
    let checkpoint = root.get("/v1/audit/checkpoint").text();
    assert!(checkpoint.starts_with("desk.example/"), "{checkpoint}");
}
