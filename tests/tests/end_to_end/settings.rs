//! Settings: each faulty one is named, all of them at once, with status 2, before anything listens or is made.

use std::{
    fs,
    net::TcpListener,
    path::Path,
    process::{Command, Stdio},
};

use guichet_tests::{
    command::{Ended, guichet},
    home::Home,
    server::Server,
};

/// Starts with what cannot be used, and sees that nothing was made.
#[track_caller]
fn refused(command: &str, arguments: &[&str], environment: &[(&str, &str)], texts: &[&str]) -> Ended {
    let home = Home::new();
    let data = home.data();
    let mut all = vec![command];
    all.extend(arguments);
    let mut variables = environment.to_vec();
    let place = data.to_str().unwrap();
    variables.extend([("GUICHET_DATA", place)]);
    let ended = guichet(&all, &variables).said(2, texts);
    assert!(!ended.out.contains("listening"), "{}", ended.out);
    assert!(!data.exists(), "something was made");
    ended
}

/// Fault U2: an origin that no browser sends is named, and nothing listens.
#[test]
fn an_origin_that_is_none_is_named_before_anything_listens() {
    for origin in [
        "*",
        "not an origin",
        "desk.example",
        "https://desk.example/",
        "https://desk.example/app",
        "https://*.example",
        "https://user@desk.example",
        "ftp://desk.example",
        "null",
    ] {
        let named = format!("--cors-origin (GUICHET_CORS_ORIGINS) {origin:?}");
        let _ = refused("up", &["--cors-origin", origin], &[], &[&named]);
    }
    let ended = refused(
        "api",
        &[],
        &[(
            "GUICHET_CORS_ORIGINS",
            "https://good.example, bad ,https://worse.example/x",
        )],
        &[
            "2 settings cannot be used",
            "\"bad\"",
            "\"https://worse.example/x\"",
        ],
    );
    assert!(!ended.err.contains("good.example"), "{}", ended.err);
}

/// Fault U2: blanks after commas mean nothing, and what two spellings mean is one origin.
#[test]
fn origins_with_blanks_between_may_call() {
    let server = Home::new()
        .with(
            "GUICHET_CORS_ORIGINS",
            " http://a.example, HTTPS://B.example:443 ,",
        )
        .start();
    for origin in ["http://a.example", "https://b.example"] {
        let answer = server
            .http()
            .request(reqwest::Method::OPTIONS, format!("{}/v1/me", server.api()))
            .header("Origin", origin)
            .header("Access-Control-Request-Method", "GET")
            .send()
            .unwrap();
        assert_eq!(answer.headers()["access-control-allow-origin"], origin);
    }
}

/// Every flag of `up` that can be faulty, made so.
const FAULTY_FLAGS: [&str; 32] = [
    "--api-listen",
    "nowhere",
    "--soap-listen",
    "127.0.0.1",
    "--soap-public-url",
    "ws.example",
    "--public-url",
    "https://desk.example?x=1",
    "--trusted-proxy",
    "127.0.0.1, proxy",
    "--file-bytes-max",
    "0",
    "--workers",
    "many",
    "--argon2-iterations",
    "0",
    "--lock-first-s",
    "4000",
    "--challenge-after",
    "0",
    "--log",
    "paper",
    "--audit-name",
    "a name",
    "--tls-key",
    "/nowhere/key.pem",
    "--oidc-config",
    "/nowhere/providers.toml",
    "--master-key",
    "/etc",
    "--archive",
    "/etc/hostname/archive",
];
/// Every variable without a flag, or given in place of one, made faulty.
const FAULTY_VARIABLES: [(&str, &str); 7] = [
    ("GUICHET_SELF_SIGN_UP", "perhaps"),
    ("GUICHET_LOG_LEVEL", "=loud="),
    ("GUICHET_LOG_FORMAT", "xml"),
    ("GUICHET_SERVICE_KEY", "über"),
    ("GUICHET_SMTP_URL", "http://user:secret-password@mail.example"),
    ("GUICHET_MAIL_FROM", "nobody"),
    ("GUICHET_SMTP_CA", "/nowhere/ca.pem"),
];

/// Fault U2, of every setting: all that is wrong is said in one message.
#[test]
fn every_faulty_setting_is_named_at_once() {
    let ended = refused(
        "up",
        &FAULTY_FLAGS,
        &FAULTY_VARIABLES,
        &[
            "--api-listen (GUICHET_API_LISTEN) \"nowhere\"",
            "--soap-listen (GUICHET_SOAP_LISTEN) \"127.0.0.1\"",
            "--soap-public-url (GUICHET_SOAP_PUBLIC_URL) \"ws.example\"",
            "--public-url (GUICHET_PUBLIC_URL)",
            "--trusted-proxy (GUICHET_TRUSTED_PROXIES) \"proxy\"",
            "--file-bytes-max (GUICHET_FILE_BYTES_MAX) 0 is not within 1 and 68719476736",
            "--workers (GUICHET_WORKERS) \"many\"",
            "--argon2-memory-kib, --argon2-iterations, --argon2-parallelism:",
            "--lock-first-s (GUICHET_LOCK_FIRST_S) 4000 is not within 1 and 3600",
            "--challenge-after (GUICHET_CHALLENGE_AFTER) 0 is not within 1 and 4294967295",
            "--log (GUICHET_LOG) \"paper\"",
            "--audit-name (GUICHET_AUDIT_NAME) \"a name\"",
            "--tls-certificate (GUICHET_TLS_CERTIFICATE) is missing",
            "--oidc-config (GUICHET_OIDC_CONFIG): the configuration of identity providers /nowhere/providers.toml cannot be read",
            "--master-key (GUICHET_MASTER_KEY) /etc is a directory",
            "--archive (GUICHET_ARCHIVE)",
            "--self-sign-up (GUICHET_SELF_SIGN_UP) \"perhaps\"",
            "GUICHET_LOG_LEVEL",
            "GUICHET_LOG_FORMAT \"xml\"",
            "--service-key (GUICHET_SERVICE_KEY) holds other characters",
            "--smtp-url (GUICHET_SMTP_URL): the URL of the mail server cannot be used",
            "--mail-from (GUICHET_MAIL_FROM):",
            "--smtp-ca (GUICHET_SMTP_CA) /nowhere/ca.pem",
        ],
    );
    assert!(
        !ended.err.contains("secret-password") && !ended.err.contains("über"),
        "{}",
        ended.err
    );
}

/// A number below zero is a value that cannot be used, not a flag that nobody knows; a level that is none is no part of the program;
/// and what is written elsewhere does not lie in the data directory.
#[test]
fn numbers_below_zero_and_words_for_levels_are_named_with_the_rest() {
    let home = Home::new();
    fs::create_dir(home.data()).unwrap();
    let (data, inside) = (home.data(), home.data().join("log"));
    let ended = guichet(
        &[
            "up",
            "--data",
            data.to_str().unwrap(),
            "--lock-first-s",
            "-1",
            "--workers",
            "-2",
            "--file-bytes-max",
            "-3",
            "--argon2-memory-kib",
            "-4",
            "--stranger-burst",
            "-5",
            "--archive",
            data.to_str().unwrap(),
            "--checkpoints-to",
            inside.to_str().unwrap(),
            "--api-listen",
            "nowhere",
        ],
        &[("GUICHET_LOG_LEVEL", "nonsense")],
    );
    let _ = ended.said(
        2,
        &[
            "9 settings cannot be used",
            "--lock-first-s (GUICHET_LOCK_FIRST_S) -1 is not within 1 and 3600",
            "--workers (GUICHET_WORKERS) \"-2\"",
            "--file-bytes-max (GUICHET_FILE_BYTES_MAX) \"-3\"",
            "--argon2-memory-kib (GUICHET_ARGON2_MEMORY_KIB) \"-4\"",
            "--stranger-burst (GUICHET_STRANGER_BURST) \"-5\"",
            "--archive (GUICHET_ARCHIVE)",
            "--checkpoints-to (GUICHET_CHECKPOINTS_TO)",
            "lies in the data directory",
            "--api-listen (GUICHET_API_LISTEN) \"nowhere\"",
            "GUICHET_LOG_LEVEL \"nonsense\"",
        ],
    );
    assert_eq!(fs::read_dir(&data).unwrap().count(), 0, "something was made");
}

/// Fault U2: the same of the doors that run alone, and of a wrong command line.
#[test]
fn the_other_commands_name_theirs_too() {
    let _ = refused(
        "soap",
        &[
            "--api-url",
            "api.example",
            "--api-ca",
            "/etc/hostname",
            "--soap-listen",
            "here",
        ],
        &[("GUICHET_SERVICE_KEY", "")],
        &[
            "--api-url",
            "--api-ca (GUICHET_API_CA) /etc/hostname holds no certificate",
            "--soap-listen",
            "--service-key (GUICHET_SERVICE_KEY) is empty",
        ],
    );
    let _ = refused(
        "courier",
        &[
            "--api-url",
            "http://api.example",
            "--courier-key",
            "key",
            "--smtp-url",
            "mail.example",
        ],
        &[],
        &[
            "http://api.example would be sent passwords in clear",
            "--smtp-url",
        ],
    );
    let _ = refused(
        "soap",
        &["--api-url", "http://api.example"],
        &[],
        &["would be sent passwords in clear"],
    );
    let _ = refused("up", &["--no-such-flag"], &[], &["--no-such-flag"]);
    let _ = refused("up", &["--workers"], &[], &["--workers"]);
}

/// A certificate and a key that do not belong together are told before anything is made; so is a chain without certificates.
#[test]
fn a_certificate_is_looked_at_before_anything_is_made() {
    let home = Home::new();
    let pem = |name: &str| home.path().join(name).to_str().unwrap().to_owned();
    for name in ["a", "b"] {
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
                "-keyout",
            ])
            .args([&pem(&format!("{name}.key")), "-out", &pem(&format!("{name}.crt"))])
            .stderr(Stdio::null())
            .status();
        assert!(made.unwrap().success());
    }
    let empty = pem("empty.crt");
    fs::write(&empty, "").unwrap();
    for (certificate, key, said) in [
        (pem("a.crt"), pem("b.key"), "do not serve together"),
        (empty, pem("a.key"), "holds no certificate"),
        (pem("a.crt"), pem("a.crt"), "holds no key"),
        (pem("a.crt"), pem("none.key"), "--tls-key (GUICHET_TLS_KEY)"),
    ] {
        let _ = refused(
            "up",
            &["--tls-certificate", &certificate, "--tls-key", &key],
            &[],
            &[said],
        );
    }
}

/// Fault U4: one rule and one flag for both doors.
#[test]
fn no_door_listens_in_clear_beyond_loopback_unless_told() {
    let _ = refused(
        "up",
        &["--api-listen", "0.0.0.0:0", "--soap-listen", "[::]:0"],
        &[],
        &[
            "--api-listen (GUICHET_API_LISTEN) 0.0.0.0:0 is not loopback and there is no TLS",
            "--soap-listen (GUICHET_SOAP_LISTEN) [::]:0 is not loopback and there is no TLS",
            "--allow-plain-http",
        ],
    );
    let _ = refused("api", &["--api-listen", "0.0.0.0:0"], &[], &["is not loopback"]);
    // A proxy that speaks TLS elsewhere does not close this door.
    let _ = refused(
        "soap",
        &[
            "--soap-listen",
            "0.0.0.0:0",
            "--soap-public-url",
            "https://ws.example",
        ],
        &[],
        &["is not loopback"],
    );
    let _ = refused(
        "api",
        &["--api-listen", "0.0.0.0:0", "--allow-plain-http=false"],
        &[],
        &["is not loopback"],
    );
    let server = Home::new()
        .in_earnest()
        .with("GUICHET_API_LISTEN", "0.0.0.0:0")
        .with("GUICHET_SOAP_LISTEN", "0.0.0.0:0")
        .with("GUICHET_ALLOW_PLAIN_HTTP", "true")
        .start();
    assert!(server.api().starts_with("http://0.0.0.0:"), "{}", server.api());
    assert!(server.soap().starts_with("http://0.0.0.0:"), "{}", server.soap());
}

/// Fault U3: the demo world never meets the network, whoever starts it and whichever door is open.
#[test]
fn a_directory_that_holds_the_demo_world_stays_on_loopback() {
    let home = Server::start().stop();
    let data = home.data();
    for (name, value) in [
        ("--api-listen", "0.0.0.0:0"),
        ("--soap-listen", "0.0.0.0:0"),
        ("--api-listen", "[::]:0"),
    ] {
        let arguments = [
            "up",
            "--data",
            data.to_str().unwrap(),
            "--allow-plain-http",
            name,
            value,
        ];
        let mut all = arguments.to_vec();
        for other in ["--api-listen", "--soap-listen"] {
            if other != name {
                all.extend([other, "127.0.0.1:0"]);
            }
        }
        let ended = guichet(&all, &[]).said(2, &["holds the demo world"]);
        assert!(!ended.out.contains("listening"), "{}", ended.out);
    }
    let _ = refused(
        "up",
        &["--demo", "--soap-listen", "0.0.0.0:0"],
        &[],
        &["--demo is for loopback addresses only"],
    );
    // With and without the flag, on loopback it goes on.
    let server = home.start().stop().in_earnest().start();
    let _ = server.client("requester-1").get("/v1/me").expect(200);
}

/// Fault U3: accounts made in earnest get no company that everybody knows the passwords of.
#[test]
fn the_demo_world_is_not_loaded_beside_accounts_of_ones_own() {
    let home = Home::new();
    init(&home.data(), "a long enough password");
    let data = home.data();
    let arguments = [
        "up",
        "--demo",
        "--data",
        data.to_str().unwrap(),
        "--api-listen",
        "127.0.0.1:0",
        "--soap-listen",
        "127.0.0.1:0",
    ];
    let _ = guichet(&arguments, &[]).said(2, &["--demo would add accounts"]);
    let server = home.in_earnest().start();
    let signed_in = server.nobody().post(
        "/v1/auth/token",
        &serde_json::json!({"username": "agent", "password": "Guichet-demo-1"}),
    );
    assert_eq!(signed_in.status, 401);
}

fn init(data: &Path, password: &str) {
    let file = data.parent().unwrap().join("password");
    fs::write(&file, format!("{password}\n")).unwrap();
    let ended = guichet(
        &[
            "admin",
            "init",
            "--data",
            data.to_str().unwrap(),
            "--password-file",
            file.to_str().unwrap(),
        ],
        &[],
    );
    assert_eq!(ended.code, Some(0), "{}", ended.err);
}

/// Fault U13: a name of this machine is an address too, and the directory of a new master key is made.
#[test]
fn a_name_is_listened_on_and_a_directory_for_the_master_key_is_made() {
    let home = Home::new();
    let master = home.path().join("etc/guichet/master.key");
    let server = home
        .with("GUICHET_API_LISTEN", "localhost:0")
        .with("GUICHET_MASTER_KEY", master.to_str().unwrap())
        .start();
    assert!(server.api().starts_with("http://127.0.0.1:"), "{}", server.api());
    assert!(master.is_file());
}

/// Fault U16: who has made no account yet is told what to do.
#[test]
fn a_directory_without_accounts_says_how_the_first_is_made() {
    let server = Home::new().in_earnest().start();
    let home = server.stop();
    let said = home.log_lines();
    assert!(
        said.contains("nobody has an account yet") && said.contains("guichet admin init --data"),
        "{said}"
    );
    let home = Server::start().stop();
    home.assert_not_logged(&["nobody has an account yet"]);
}

/// Fault U16: people read text, programs JSON.
#[test]
fn lines_are_json_unless_text_is_asked_for() {
    let lines = |format: Option<&str>| {
        let mut home = Home::new().in_earnest();
        if let Some(format) = format {
            home = home.with("GUICHET_LOG_FORMAT", format);
        }
        home.start().stop().log_lines()
    };
    for line in lines(None).lines() {
        assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "{line}");
    }
    let text = lines(Some("text"));
    assert!(text.contains("WARN") && !text.contains('\u{1b}'), "{text}");
    assert!(!text.lines().any(|line| line.starts_with('{')), "{text}");
}

/// Fault U2: a port that is taken ends the process with 1, before anything is made; whichever door it is.
#[test]
fn a_port_that_is_taken_ends_the_process() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = listener.local_addr().unwrap().to_string();
    for (taken_door, other) in [
        ("--api-listen", "--soap-listen"),
        ("--soap-listen", "--api-listen"),
    ] {
        let home = Home::new();
        let data = home.data();
        let arguments = [
            "up",
            "--demo",
            "--data",
            data.to_str().unwrap(),
            taken_door,
            &taken,
            other,
            "127.0.0.1:0",
        ];
        let ended = guichet(&arguments, &[]).said(1, &[&format!("cannot listen on {taken}")]);
        assert!(!ended.out.contains("listening") && !data.exists());
    }
    drop(listener);
    let arguments = [
        "up",
        "--api-listen",
        "127.0.0.1:18080",
        "--soap-listen",
        "127.0.0.1:18080",
    ];
    let _ = guichet(&arguments, &[]).said(2, &["is where the REST door is to listen"]);
}
