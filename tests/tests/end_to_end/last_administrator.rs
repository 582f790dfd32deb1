//! The last account that administers everything stays one, whoever wants it otherwise and in which way.

use std::thread;

use guichet_tests::{
    answer::Answer,
    client::Client,
    home::DEMO_PASSWORD,
    people::{PASSWORD, attempt, delete, make, quick, sign_in},
    server::Server,
};
use serde_json::{Value, json};

const CODE: &str = "last-administrator";

fn id(admin: &Client, username: &str) -> String {
    let account = admin.get(&format!("/v1/accounts/{username}")).expect(200);
    account["id"].as_str().unwrap().to_owned()
}

fn erase(by: &Client, id: &str) -> Answer {
    by.post(
        &format!("/v1/persons/{id}/erasure"),
        &json!({"reason": "Je pars"}),
    )
}

fn disable(by: &Client, username: &str) -> Answer {
    by.post(
        &format!("/v1/accounts/{username}/disablement"),
        &json!({"reason": "Fin de mission"}),
    )
}

fn demote(by: &Client, username: &str) -> Answer {
    delete(by, &format!("/v1/accounts/{username}/roles/admin"))
}

/// A program that administers everything by its key, and has no way to sign in.
fn robot(server: &Server, admin: &Client) -> Client {
    let account =
        json!({"kind": "service", "username": "robot", "name": "Robot", "roles": [{"role": "admin"}]});
    let _ = admin.post("/v1/accounts", &account).expect(201);
    let now = admin.get("/v1/me/sign-ins").expect(200)["items"][0]["at"].clone();
    let year: u32 = now.as_str().unwrap()[..4].parse().unwrap();
    let key = json!({
        "label": "Administration", "scopes": ["read", "administer"],
        "expires_at": format!("{}-01-01T00:00:00Z", year + 1),
    });
    let issued = admin.post("/v1/accounts/robot/keys", &key).expect(201);
    server.nobody().with_token(issued["key"].as_str().unwrap())
}

fn administers(server: &Server, username: &str, password: &str) -> bool {
    attempt(server, username, password).status == 200 && {
        let me = sign_in(server, username, password).get("/v1/me").expect(200);
        let roles = me["roles"].as_array().unwrap().clone();
        roles.iter().any(|role| role["profile"] == "admin")
    }
}

/// Fault U1: erasing oneself as the last administrator was taken (202), and nobody could ever administer again.
#[test]
fn the_last_administrator_is_neither_erased_nor_disabled_nor_demoted() {
    let server = quick().start();
    let admin = server.client("admin");
    let own = id(&admin, "admin");
    let robot = robot(&server, &admin);
    let _ = erase(&admin, &own).refused(409, CODE);
    // A program whose key administers may do the same to others, and is no administrator that could be left.
    let _ = erase(&robot, &own).refused(409, CODE);
    let _ = disable(&robot, "admin").refused(409, CODE);
    let _ = demote(&robot, "admin").refused(409, CODE);
    // Narrowing is granting the narrow role and taking the wide one.
    let narrow = json!({"role": "admin", "desk": "SUP"});
    let _ = robot.post("/v1/accounts/admin/roles", &narrow).expect(200);
    let _ = demote(&robot, "admin").refused(409, CODE);
    // An administrator of one desk, one who is disabled and one without any way to sign in do not count.
    let _ = make(&admin, "of-a-desk", &json!([narrow]), &[]);
    let _ = make(&admin, "away", &json!([{"role": "admin"}]), &[]);
    let _ = disable(&admin, "away").expect(200);
    let _ = erase(&admin, &own).refused(409, CODE);
    let _ = demote(&robot, "admin").refused(409, CODE);
    assert!(administers(&server, "admin", DEMO_PASSWORD));
    assert!(admin.get(&format!("/v1/persons/{own}/erasure")).status == 404);

    // With another one, it may all be done; and the other is then the last.
    let _ = delete(&admin, "/v1/accounts/away/disablement").expect(200);
    let _ = erase(&admin, &own).expect(202);
    let away = sign_in(&server, "away", PASSWORD);
    let other = id(&away, "away");
    let _ = erase(&away, &other).refused(409, CODE);
    let _ = disable(&robot, "away").refused(409, CODE);
    assert!(administers(&server, "away", PASSWORD));
}

/// Fault U1: two who take each other's role, or disable or erase each other, at the same time.
#[test]
fn of_two_who_undo_each_other_at_once_one_is_left() {
    let server = quick().start();
    let admin = server.client("admin");
    let ways: [fn(&Client, &str, &str) -> Answer; 3] = [
        |by, username, _| demote(by, username),
        |by, username, _| disable(by, username),
        |by, _, id| erase(by, id),
    ];
    let roles: Value = json!([{"role": "admin"}]);
    let mut last = (admin, "admin".to_owned());
    for (round, way) in ways.iter().enumerate() {
        let other = format!("rival-{round}");
        let _ = make(&last.0, &other, &roles, &[]);
        let rival = (sign_in(&server, &other, PASSWORD), other);
        let ids = [id(&last.0, &last.1), id(&last.0, &rival.1)];
        let (one, two) = thread::scope(|scope| {
            let one = scope.spawn(|| way(&last.0, &rival.1, &ids[1]));
            let two = scope.spawn(|| way(&rival.0, &last.1, &ids[0]));
            (one.join().unwrap(), two.join().unwrap())
        });
        let is_done = |answer: &Answer| [200, 202].contains(&answer.status);
        assert!(
            is_done(&one) != is_done(&two),
            "round {round}: {} {}, {} {}",
            one.status,
            one.text(),
            two.status,
            two.text()
        );
        last = if is_done(&one) { last } else { rival };
        let me = last.0.get("/v1/me").expect(200);
        assert_eq!(me["roles"][0]["profile"], "admin", "{} is left", last.1);
    }
}
