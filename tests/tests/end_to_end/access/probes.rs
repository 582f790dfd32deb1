//! Asking for a name in the hope of learning whether there is such an account: what one may not see answers as nobody does.

use serde_json::json;

use super::{
    asked::{Asked, Look, Row},
    cast,
    scene::Scene,
    subject::opening,
    target::About,
};

/// A request that names an account.
type Naming = fn(&Scene<'_>, &str) -> Asked;

pub(super) fn rows() -> Vec<Row> {
    let probe = |operation, case, naming: Naming, ask| Row {
        look: Look::Apart(naming),
        ..Row::asks(operation, case, About::Person, ask)
    };
    // Somebody of whom nobody else opens or treats tickets.
    let filter = |case, naming, ask| Row {
        changes: true,
        ..probe("list_tickets", case, naming, ask)
    };
    vec![
        filter("by requester", by_requester, |scene| {
            let name = &scene.target().name;
            let mut body = opening(scene.target().desk, "de quelqu'un");
            body["on_behalf_of"] = json!(name);
            let opened = scene.world.admin.open(&body)["position"].clone();
            by_requester(scene, name).and(&format!("at_least={opened}"))
        }),
        filter("by creator", by_creator, |scene| {
            by_creator(scene, &scene.target().name)
        }),
        filter("by assignee", by_assignee, |scene| {
            by_assignee(scene, &scene.target().name)
        }),
        probe("create_ticket", "for a name", open_for, |scene| {
            open_for(scene, &scene.target().name)
        }),
        probe("edit_ticket", "assignee by name", assign, |scene| {
            assign(scene, &scene.target().name)
        }),
        probe("request_password_reset", "of a name", reset, |scene| {
            reset(scene, &scene.target().name)
        }),
        probe("request_username_reminder", "of an address", remind, |scene| {
            remind(scene, &scene.target().name)
        }),
        probe("create_token", "a wrong password", wrong_password, |scene| {
            wrong_password(scene, &scene.target().name)
        }),
    ]
}

fn by_requester(_: &Scene<'_>, name: &str) -> Asked {
    Asked::plain().query(format!("requester={name}"))
}

fn by_creator(_: &Scene<'_>, name: &str) -> Asked {
    Asked::plain().query(format!("created_by={name}"))
}

fn by_assignee(_: &Scene<'_>, name: &str) -> Asked {
    Asked::plain().query(format!("assignee={name}"))
}

fn open_for(scene: &Scene<'_>, name: &str) -> Asked {
    let mut body = opening(scene.caller.home, "pour quelqu'un");
    body["on_behalf_of"] = json!(name);
    Asked::plain().json(body)
}

fn assign(scene: &Scene<'_>, name: &str) -> Asked {
    Asked::ticket(scene).json(json!({"assignee": name}))
}

fn reset(_: &Scene<'_>, name: &str) -> Asked {
    Asked::plain().json(json!({"username": name}))
}

fn remind(_: &Scene<'_>, name: &str) -> Asked {
    Asked::plain().json(json!({"address": cast::address(name)}))
}

/// A name of nobody's is tried once: after a few tries any name answers otherwise, whether anybody has it or not.
fn wrong_password(scene: &Scene<'_>, name: &str) -> Asked {
    let name = if name == scene.target().name {
        name.to_owned()
    } else {
        format!("{name}-{}", scene.world.number())
    };
    Asked::plain().json(json!({"username": name, "password": "un tout autre mot"}))
}
