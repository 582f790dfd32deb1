//! Accounts. `own` is the caller's; a colleague's, a stranger's and that of somebody of another desk are new ones for each
//! command, with a role that their local administrator could have granted.

use guichet_tests::answer::Answer;
use serde_json::{Value, json};

use super::{
    super::second_factor::enrolled,
    asked::{Asked, Look, Row},
    cast::{self, Acts, PART, Person, STRANGERS},
    expected::{Relation, Role},
    scene::Scene,
    target::{About, key},
};

pub(super) fn rows() -> Vec<Row> {
    [making(), reading(), administering(), granting(), keys()].concat()
}

fn making() -> Vec<Row> {
    let make = |case, ask| Row::asks("create_account", case, About::Nothing, ask);
    vec![
        make("", |scene| {
            new(scene, json!({"role": "requester", "organization": place(scene)}))
        }),
        make("of an agent", |scene| {
            new(scene, json!({"role": "agent", "organization": place(scene)}))
        }),
        Row {
            acts: Acts::OneDesk,
            ..make("by one of a desk", |scene| {
                let role = json!({"role": "requester", "desk": "SUP", "organization": place(scene)});
                new(scene, role)
            })
        },
    ]
}

/// The organization that a new account is made for.
fn place(scene: &Scene<'_>) -> &'static str {
    match scene.relation {
        Relation::OtherOrganization => scene.caller.home.stranger().1,
        Relation::Own
        | Relation::SameOrganization
        | Relation::OtherDesk
        | Relation::InternalNote
        | Relation::Private
        | Relation::Shared => scene.caller.organization,
    }
}

fn new(scene: &Scene<'_>, role: Value) -> Asked {
    Asked::plain().json(json!({
        "kind": "person", "username": format!("new-{:06}", scene.world.number()), "name": "Une nouvelle venue",
        "roles": [role], "organizations": [place(scene)],
    }))
}

fn reading() -> Vec<Row> {
    vec![
        Row {
            look: Look::By(is_listed),
            ..Row::asks("list_accounts", "", About::Person, |scene| {
                Asked::plain().query(format!("q={}", scene.target().name))
            })
        },
        Row {
            look: Look::By(is_in_full),
            ..Row::asks("get_account", "", About::Person, Asked::target)
        },
        Row::asks("get_avatar", "", About::Person, Asked::target),
    ]
}

/// This account is listed and no other; items and total must say the same.
fn is_listed(scene: &Scene<'_>, answer: &Answer) -> Result<bool, String> {
    let page: Value = answer.json();
    let items = page["items"].as_array().into_iter().flatten();
    let names: Vec<&Value> = items.map(|account| &account["username"]).collect();
    let found = names.contains(&&json!(scene.target().name));
    if page["total"] == json!(names.len()) {
        Ok(found)
    } else {
        Err(format!("{names:?} are listed, and {} counted", page["total"]))
    }
}

/// The account shows what only some may read of it: its address and its roles.
fn is_in_full(scene: &Scene<'_>, answer: &Answer) -> Result<bool, String> {
    let account: Value = answer.json();
    let is_addressed = account["address"]["address"] == json!(cast::address(&scene.target().name));
    let has_roles = account["roles"].as_array().is_some_and(|roles| !roles.is_empty());
    match (account["detailed"] == json!(true), is_addressed, has_roles) {
        (true, true, true) => Ok(true),
        (false, false, false) => Ok(false),
        shown => Err(format!("of detail, address and roles {shown:?} are shown")),
    }
}

fn administering() -> Vec<Row> {
    let of = |operation, about, ask| Row::orders(operation, "", about, ask);
    let disable = |case, about| Row::orders("disable_account", case, about, disable);
    vec![
        of("edit_account", About::Person, edit),
        Row::orders("edit_account", "an administrator", About::Administrator, edit),
        of("create_membership", About::Person, |scene| join(scene, PART)),
        Row::orders("create_membership", "elsewhere", About::Person, |scene| {
            join(scene, STRANGERS)
        }),
        of("delete_membership", About::Person, |scene| {
            Asked::target(scene).with("organization", scene.target().organization)
        }),
        disable("", About::Person),
        disable("an administrator", About::Administrator),
        Row {
            acts: Acts::OneDesk,
            ..disable("by one of a desk", About::Person)
        },
        of("enable_account", About::Person, enable),
        of("unlock_account", About::Person, unlock),
        of("lock_fields", About::Person, |scene| {
            Asked::target(scene).json(json!({"fields": ["time_zone"]}))
        }),
        of("set_address", About::Person, |scene| {
            Asked::target(scene).json(json!({"address": "ailleurs@guichet.example"}))
        }),
        of("delete_second_factor", About::Person, take_second_factor),
        of("delete_sign_ins_of", About::Person, Asked::target),
        Row::orders(
            "delete_sign_ins_of",
            "an administrator",
            About::Administrator,
            Asked::target,
        ),
    ]
}

fn edit(scene: &Scene<'_>) -> Asked {
    Asked::target(scene).json(json!({"name": "Un autre nom"}))
}

fn join(scene: &Scene<'_>, organization: &str) -> Asked {
    Asked::target(scene).json(json!({"organization": organization}))
}

fn disable(scene: &Scene<'_>) -> Asked {
    Asked::target(scene).json(json!({"reason": "Fin de mission."}))
}

/// The caller may: what is to be taken away must be there, and nobody else has the account.
fn may_administer(scene: &Scene<'_>) -> bool {
    match scene.role {
        Role::Admin => scene.relation != Relation::Own,
        Role::LocalAdmin => scene.relation == Relation::SameOrganization,
        Role::Anonymous | Role::Requester | Role::Agent | Role::Operator | Role::Supplier | Role::Auditor => {
            false
        }
    }
}

fn enable(scene: &Scene<'_>) -> Asked {
    if may_administer(scene) {
        let path = format!("/v1/accounts/{}/disablement", scene.target().name);
        let disabled = scene.world.admin.post(&path, &json!({"reason": "Un congé."}));
        let _ = disabled.expect(200);
    }
    Asked::target(scene)
}

/// One failed try is held against the account already.
fn unlock(scene: &Scene<'_>) -> Asked {
    if may_administer(scene) {
        let wrong = json!({"username": scene.target().name, "password": "not it"});
        let refused = scene.world.nobody.post("/v1/auth/token", &wrong);
        let _ = refused.refused(401, "wrong-credentials");
    }
    Asked::target(scene)
}

/// From an account like that of the scene, whose holder can sign in.
fn take_second_factor(scene: &Scene<'_>) -> Asked {
    if !may_administer(scene) {
        return Asked::target(scene);
    }
    let (target, username) = (scene.target(), format!("factor-{:06}", scene.world.number()));
    let person = Person {
        username: &username,
        kind: "person",
        roles: json!([target.desk.asking_for(target.organization)]),
        organization: target.organization,
    };
    person.make(&scene.world.admin, true);
    let _ = enrolled(&cast::sign_in(&scene.world.nobody, &username));
    Asked::plain().with("id", &username)
}

fn granting() -> Vec<Row> {
    let grant = |case, about, ask| Row::orders("grant_role", case, about, ask);
    vec![
        grant("", About::Person, |scene| {
            Asked::target(scene)
                .json(json!({"role": "requester", "organization": scene.target().organization}))
        }),
        grant("an administrator", About::Administrator, |scene| {
            Asked::target(scene)
                .json(json!({"role": "requester", "organization": scene.target().organization}))
        }),
        grant("of an agent", About::Person, |scene| {
            Asked::target(scene).json(json!({"role": "agent", "organization": scene.target().organization}))
        }),
        grant("without a limit", About::Person, |scene| {
            Asked::target(scene).json(json!({"role": "requester"}))
        }),
        Row {
            acts: Acts::OneDesk,
            ..grant("by one of a desk", About::Person, |scene| {
                Asked::target(scene).json(json!({"role": "requester", "desk": "SUP"}))
            })
        },
        Row::orders("revoke_role", "", About::Person, revoke),
        Row::orders("revoke_role", "an administrator", About::Administrator, |scene| {
            Asked::target(scene).with("profile", "admin")
        }),
    ]
}

/// The role that the account has; of oneself, that of asking for something.
fn revoke(scene: &Scene<'_>) -> Asked {
    let roles = scene
        .world
        .admin
        .get(&format!("/v1/accounts/{}", scene.target().name));
    let profile = roles.expect(200)["roles"][0]["profile"].clone();
    Asked::target(scene).with("profile", profile.as_str().unwrap())
}

fn keys() -> Vec<Row> {
    vec![
        Row::orders("create_api_key", "", About::Program, |scene| {
            Asked::target(scene).json(key(&scene.world.admin))
        }),
        Row::orders("list_api_keys", "", About::Program, Asked::target),
        Row::orders("delete_api_key", "", About::Program, |scene| {
            Asked::target(scene).with("key", &scene.target().key)
        }),
    ]
}
