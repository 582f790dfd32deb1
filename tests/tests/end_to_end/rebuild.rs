//! The view is disposable: built anew from the log, it answers the same bytes.

use std::fs;

use guichet_tests::server::Server;
use serde_json::json;

/// What is asked before and after, of each account.
const QUESTIONS: [&str; 16] = [
    "/v1/tickets",
    "/v1/tickets?limit=3&sort=created_at",
    "/v1/tickets?sort=-priority,created_at&fields=product,equipment",
    "/v1/tickets?sort=summary",
    "/v1/tickets?status=open&status=in_progress&sort=-urgency",
    "/v1/tickets?status=closed",
    "/v1/tickets?desk=SAV&lookup=CO-ABCD-1234",
    "/v1/tickets?requester=requester-1",
    "/v1/tickets?organization=commune-a&type=incident",
    "/v1/tickets?response_required=true",
    "/v1/tickets?assignee=agent",
    "/v1/tickets?assignee=none&created_after=2020-01-01T00:00:00Z",
    "/v1/tickets?q=probleme",
    "/v1/tickets?q=PROBL%C3%88ME%20r%C3%A9seau",
    "/v1/tickets?q=garantie",
    "/v1/tickets?q=sup-3",
];
const ACCOUNTS: [&str; 5] = ["requester-1", "requester-3", "agent", "referent", "oc-alpha"];

/// Tickets of every kind: on both desks, private, shared, commented, closed, reopened.
fn lived_in(server: &Server) -> Vec<String> {
    let (requester, agent) = (server.client("requester-1"), server.client("agent"));
    let mut keys = Vec::new();
    let summaries = [
        "Problème de réseau",
        "probleme d'accès",
        "Écran noir",
        "Été : horaires",
        "Œuvre perdue",
        "Le reste",
    ];
    for (number, summary) in summaries.iter().cycle().take(14).enumerate() {
        let account = ["requester-1", "requester-2", "requester-3", "teacher"][number % 4];
        let ticket = server.client(account).open(&json!({
            "desk": "SUP", "type": "incident", "summary": summary, "description": format!("Description {number}"),
            "private": number % 5 == 0, "urgency": (["low", "high", "very_high"][number % 3]),
            "priority": (["low", "critical"][number % 2]), "fields": {"product": "Réseau", "equipment": "Bâtiment B"},
        }));
        keys.push(ticket["key"].as_str().unwrap().to_owned());
    }
    for (number, key) in keys.iter().enumerate() {
        let _ = agent.comment(key, "Le problème de réseau est connu.", "public");
        let _ = agent.comment(key, "La garantie est échue.", "internal");
        if number % 2 == 0 {
            let _ = agent.follow(key, &json!({"action": "take"}));
        }
        if number % 4 == 0 {
            let _ = agent.follow(key, &json!({"action": "close", "comment": "Terminé."}));
        }
    }
    let _ = agent
        .post(
            &format!("/v1/tickets/{}/reopen", keys[0]),
            &json!({"reason": "Encore."}),
        )
        .expect(200);
    let waiting = json!({"action": "wait_for_customer", "comment": "Depuis quand ?"});
    let _ = agent.follow(&keys[2], &waiting);
    let _ = agent
        .post(
            &format!("/v1/tickets/{}/share", keys[1]),
            &json!({"organizations": ["commune-b"]}),
        )
        .expect(200);
    let _ = requester
        .patch(
            &format!("/v1/tickets/{}", keys[0]),
            &json!({"summary": "Problème résolu"}),
        )
        .expect(200);
    let _ = requester.attach(&keys[0], "écran.txt", b"contenu").expect(201);
    let report = guichet_tests::envelope::create("123456782", "OC-1");
    let report = guichet_tests::envelope::envelope("oc-alpha", guichet_tests::home::DEMO_PASSWORD, &report);
    assert_eq!(
        server.call_soap(guichet_tests::envelope::XML, &report).status,
        200
    );
    keys.push("SAV-1".to_owned());
    keys
}

/// Everything that the accounts are told, as bytes.
fn told(server: &Server, keys: &[String]) -> Vec<(String, u16, String)> {
    let at_least = server.head();
    let mut told = Vec::new();
    for account in ACCOUNTS {
        let client = server.client(account);
        let mut ask = |path: &str| {
            let answer = client.get(path);
            // A refusal names its request, which is another one each time.
            let text = if answer.status == 200 {
                answer.text()
            } else {
                String::new()
            };
            told.push((format!("{account} {path}"), answer.status, text));
            answer
        };
        for question in QUESTIONS {
            let joint = if question.contains('?') { '&' } else { '?' };
            let mut answer = ask(&format!("{question}{joint}at_least={at_least}"));
            // Every page, by the cursor of the one before.
            while let Some(cursor) = answer.json()["next_cursor"].as_str() {
                answer = ask(&format!("{question}{joint}cursor={cursor}"));
            }
        }
        for key in keys.iter().step_by(3) {
            for path in ["", "/history", "/comments", "/attachments", "/approvals"] {
                let _ = ask(&format!("/v1/tickets/{key}{path}"));
            }
        }
    }
    told
}

#[test]
fn without_its_view_database_the_server_starts_and_answers_the_same_bytes() {
    let server = Server::start();
    let keys = lived_in(&server);
    let before = told(&server, &keys);
    let found = |question: &str| {
        before
            .iter()
            .any(|(asked, _, text)| asked.contains(question) && text.contains("SUP-"))
    };
    assert!(found("agent /v1/tickets?q=probleme") && found("agent /v1/tickets?q=garantie"));
    assert!(
        !found("requester-1 /v1/tickets?q=garantie"),
        "an internal note is found by a requester"
    );

    let home = server.stop();
    let views = home.data().join("views");
    assert!(fs::read_dir(&views).unwrap().count() > 0);
    fs::remove_dir_all(&views).unwrap();
    let server = home.start();
    let after = told(&server, &keys);
    assert_eq!(before.len(), after.len());
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before, after);
    }
}

#[test]
fn accents_and_case_hide_nothing_from_a_search() {
    let server = Server::start();
    let requester = server.client("requester-1");
    let open = |summary: &str, description: &str| {
        let ticket =
            json!({"desk": "SUP", "type": "question", "summary": summary, "description": description});
        requester.open(&ticket)["key"].as_str().unwrap().to_owned()
    };
    let accented = open("Problème à l'école", "Été comme hiver");
    let plain = open("probleme a l'ecole", "ete comme hiver");
    let seen = server.head();
    for words in ["problème", "PROBLEME", "école été", "ecole ete"] {
        let found = requester.listed(&format!("sort=created_at&q={words}&at_least={seen}"));
        assert_eq!(found, [accented.as_str(), plain.as_str()], "{words}");
    }
    let _ = requester.comment(&plain, "Le câble est débranché.", "public");
    let seen = server.head();
    assert_eq!(
        requester.listed(&format!("q=debranche&at_least={seen}")),
        [plain.as_str()]
    );
    assert_eq!(requester.listed("q=sup-2"), [plain]);
    assert_eq!(requester.listed("q=inconnu"), Vec::<String>::new());
}
