//! Seed 003: a teacher asks, the referent of the school answers, and no other establishment knows of it.

use guichet_tests::{
    normal::{Normal, assert_expected},
    server::Server,
};
use serde_json::json;

#[test]
fn a_teacher_is_answered_by_the_referent_and_nobody_elsewhere_sees_it() {
    let server = Server::start();
    let (teacher, referent) = (server.client("teacher"), server.client("referent"));
    let elsewhere = server.client("requester-3");
    let mut normal = Normal::beginning(&server, &["teacher", "referent", "requester-3"]);
    let ticket = teacher.open(&json!({
        "desk": "SUP", "type": "incident",
        "summary": "Le cahier de textes ne s'ouvre pas",
        "description": "Une page blanche apparaît depuis la mise à jour.",
        "fields": {"product": "Cahier de textes"},
    }));
    let key = ticket["key"].as_str().unwrap();
    assert_eq!(ticket["organization"]["id"], "lycee-a");
    let other = elsewhere.open(&json!({
        "desk": "SUP", "type": "question", "summary": "Une autre école", "description": "Une autre question.",
    }));
    let (other, position) = (other["key"].as_str().unwrap(), &other["position"]);

    // Both have come to the lists then.
    assert_eq!(referent.listed(&format!("at_least={position}")), [key]);
    assert_eq!(referent.listed("status=open&status=in_progress&desk=SUP"), [key]);
    assert_eq!(referent.listed("created_by=teacher"), [key]);
    assert_eq!(referent.listed("created_by=me"), Vec::<String>::new());
    assert_eq!(elsewhere.listed(""), [other]);
    assert_eq!(elsewhere.listed("q=cahier"), Vec::<String>::new());
    for path in ["", "/comments", "/history", "/attachments"] {
        let _ = elsewhere
            .get(&format!("/v1/tickets/{key}{path}"))
            .refused(404, "not-found");
        let _ = referent
            .get(&format!("/v1/tickets/{other}{path}"))
            .refused(404, "not-found");
    }
    let _ = elsewhere
        .post(&format!("/v1/tickets/{key}/comments"), &json!({"body": "?"}))
        .refused(404, "not-found");

    assert!(referent.actions(key).contains(&"take".to_owned()));
    assert_eq!(teacher.actions(key), Vec::<String>::new());
    let _ = referent.follow(key, &json!({"action": "take"}));
    let _ = referent.comment(key, "Videz le cache du navigateur.", "public");
    let _ = referent.comment(key, "À signaler à l'éditeur.", "internal");
    let resolved = json!({"action": "resolve", "comment": "C'est réparé.", "fields": {"resolution": "done"}});
    assert_eq!(referent.follow(key, &resolved)["fields"]["resolution"], "done");
    assert_eq!(
        teacher.follow(key, &json!({"action": "confirm"}))["status"]["id"],
        "closed"
    );
    assert_eq!(teacher.listed("status=closed"), [key]);

    let seen = json!({
        "teacher": teacher.history(key),
        "referent": referent.history(key),
        "list": referent.get("/v1/tickets?fields=product").expect(200),
        "feed": server.client("auditor").feed(key),
    });
    assert_expected("school", &normal.value(&seen));
}
