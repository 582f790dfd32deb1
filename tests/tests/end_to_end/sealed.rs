//! Nothing personal lies in clear in the log, the files or the keys; the view alone has it, and can be thrown away.

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use guichet_tests::{
    disk::{files, forms, holds},
    home::DEMO_PASSWORD,
    server::Server,
};
use serde_json::json;

const SUMMARY: &str = "Problème chez madame Quenouille";
const DESCRIPTION: &str = "Le vase étrusque est tombé sur le clavier";
const COMMENT: &str = "Sa belle-mère confirme la chute";
const NOTE: &str = "Cliente procédurière notoire";
const PROPOSAL: &str = "Remplacer le clavier contre le silence";
const REASON: &str = "Le second vase est tombé aussi";
const FILE: &[u8] = b"contenu confidentiel du fichier joint, long assez pour etre cherche";
const FILE_NAME: &str = "photo-du-vase-brise.txt";
const CUSTOMER: &str = "Zéphyrine Quenouille";
const LINE: &str = "CO-ABCD-1234";
const MAIL: &str = "zephyrine@quenouille.example";

/// Everything personal that the story leaves, beside the file.
const PERSONAL: [&str; 13] = [
    SUMMARY,
    DESCRIPTION,
    COMMENT,
    NOTE,
    PROPOSAL,
    REASON,
    FILE_NAME,
    CUSTOMER,
    LINE,
    MAIL,
    "Requérante 1",
    "requester-1",
    DEMO_PASSWORD,
];

/// A story that leaves personal words of every kind.
fn told() -> Server {
    let server = Server::start();
    let (requester, agent) = (server.client("requester-1"), server.client("agent"));
    let ticket = requester.open(&json!({
        "desk": "SUP", "type": "account_request", "summary": SUMMARY, "description": DESCRIPTION,
        "fields": {"person_name": CUSTOMER, "person_email": MAIL},
    }));
    let key = ticket["key"].as_str().unwrap();
    let _ = requester.comment(key, COMMENT, "public");
    let _ = agent.comment(key, NOTE, "internal");
    let _ = requester.attach(key, FILE_NAME, FILE).expect(201);
    let _ = agent.follow(key, &json!({"action": "take"}));
    let _ = agent
        .post(
            &format!("/v1/tickets/{key}/approvals"),
            &json!({"proposal": PROPOSAL}),
        )
        .expect(201);
    let _ = agent.follow(key, &json!({"action": "close"}));
    let _ = requester
        .post(&format!("/v1/tickets/{key}/reopen"), &json!({"reason": REASON}))
        .expect(200);
    let report = guichet_tests::envelope::create("123456782", "OC-1");
    let report = guichet_tests::envelope::envelope("oc-alpha", DEMO_PASSWORD, &report);
    assert_eq!(
        server.call_soap(guichet_tests::envelope::XML, &report).status,
        200
    );
    assert_eq!(requester.listed("q=vase"), [key]);
    server
}

#[test]
fn no_word_name_file_or_password_lies_in_clear_outside_the_view() {
    let server = told();
    let head = server.head();
    let agent = server.client("agent");
    assert_eq!(agent.get(&format!("/v1/tickets?at_least={head}")).status, 200);
    let home = server.stop();
    let data = home.data();

    let sealed: Vec<_> = ["log", "files", "keys"]
        .iter()
        .flat_map(|room| files(&data.join(room)))
        .collect();
    assert!(
        sealed.iter().any(|(_, bytes)| holds(bytes, b"ticket-opened.v1")),
        "the log is not where it is sought"
    );
    assert!(
        sealed
            .iter()
            .any(|(path, _)| path.starts_with(data.join("files"))),
        "no file was stored"
    );
    for (path, bytes) in &sealed {
        for text in PERSONAL.map(str::as_bytes).into_iter().chain([FILE]) {
            for form in forms(text) {
                let shown = String::from_utf8_lossy(text);
                assert!(
                    !holds(bytes, &form),
                    "{} holds {shown:?} as {:?}",
                    path.display(),
                    String::from_utf8_lossy(&form)
                );
            }
        }
    }
    for (path, bytes) in files(home.path()) {
        assert!(
            !holds(&bytes, DEMO_PASSWORD.as_bytes()),
            "a password stands in {}",
            path.display()
        );
        assert!(
            !holds(&bytes, b"$argon2"),
            "a password's hash stands in clear in {}",
            path.display()
        );
    }
    // The log lines of the server tell nothing either.
    home.assert_not_logged(&[SUMMARY, COMMENT, NOTE, CUSTOMER, LINE, FILE_NAME]);
    let views = files(&data.join("views"));
    assert!(
        views.iter().any(|(_, bytes)| holds(bytes, SUMMARY.as_bytes())),
        "the view cannot show the summary"
    );
}

#[test]
fn a_text_is_found_in_every_form_that_is_sought() {
    let text = "un été à l'école";
    let found = |bytes: &[u8]| forms(text.as_bytes()).iter().any(|form| holds(bytes, form));
    assert!(found(
        serde_json::to_string(&json!({"x": text})).unwrap().as_bytes()
    ));
    assert!(found(br#"{"x":"un \u00e9t\u00e9 \u00e0 l'\u00e9cole"}"#));
    for before in ["", "a", "ab", "abc"] {
        let encoded = STANDARD_NO_PAD.encode([before, text, "xyz"].concat());
        assert!(found(encoded.as_bytes()), "{encoded}");
    }
    assert!(!found(b"un hiver"));
}
