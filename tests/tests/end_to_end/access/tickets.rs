//! Tickets: opening, listing, reading, changing, transitions, sharing, reopening.

use guichet_tests::answer::Answer;
use serde_json::{Value, json};

use super::{
    asked::{Asked, Look, Row, Turn},
    cast::Desk,
    expected::{Relation, Role},
    scene::Scene,
    subject::{State, opening},
};

pub(super) fn rows() -> Vec<Row> {
    let total = Row {
        turn: Turn::Alone,
        look: Look::Count(|page| page["total"].as_u64().unwrap()),
        ..Row::reads("list_tickets", "total", |scene| list("limit=1".to_owned(), scene))
    };
    let counted = |case, ask| Row {
        look: Look::By(counts_the_note),
        ..Row::reads("list_tickets", case, ask)
    };
    let counted_one = |case, ask| Row {
        look: Look::By(counts_the_note),
        ..Row::reads("get_ticket", case, ask)
    };
    let found = |case, ask| Row {
        look: Look::By(is_found),
        ..Row::reads("list_tickets", case, ask)
    };
    vec![
        Row::reads("create_ticket", "", create),
        Row::reads("list_tickets", "", |scene| list(since(scene), scene)),
        Row::reads("list_tickets", "as of", |scene| {
            past(list(since(scene), scene), scene)
        }),
        found("search", search),
        found("search as of", |scene| past(search(scene), scene)),
        counted("event count", |scene| list(since(scene), scene)),
        counted("event count as of", |scene| {
            past(list(since(scene), scene), scene)
        }),
        total,
        Row::reads("get_ticket", "", Asked::ticket),
        Row::reads("get_ticket", "as of", as_of),
        counted_one("event count", Asked::ticket),
        counted_one("event count as of", as_of),
        edit("words", |scene| {
            edit_with(scene, json!({"summary": "Autrement dit"}))
        }),
        edit("priority", |scene| edit_with(scene, json!({"priority": "high"}))),
        edit("assignee", |scene| {
            edit_with(scene, json!({"assignee": scene.caller.username}))
        }),
        edit("outdated", outdated),
        Row::changes("reopen_ticket", "", State::Resolved, |scene| {
            Asked::ticket(scene).json(json!({"reason": "Cela recommence."}))
        }),
        Row::changes("share_ticket", "", State::Opened, share),
        Row::changes("unshare_ticket", "", State::Opened, unshare),
        Row::reads("list_shares", "", Asked::ticket),
        Row::changes(
            "create_transition",
            "of the requester",
            State::Resolved,
            of_requester,
        ),
        Row::changes("create_transition", "of the desk", State::Opened, of_desk),
    ]
}

/// A read of a ticket's past, when its note was the last thing said.
pub(super) fn as_of(scene: &Scene<'_>) -> Asked {
    past_of(Asked::ticket(scene), scene)
}

fn past_of(asked: Asked, scene: &Scene<'_>) -> Asked {
    asked.query(format!("as_of={}", scene.subject.noted_position))
}

/// For oneself, or for who the ticket of the scene is for, on its desk.
fn create(scene: &Scene<'_>) -> Asked {
    let caller = scene.caller;
    let (desk, on_behalf_of) = match scene.relation {
        Relation::Own | Relation::InternalNote => (caller.home, None),
        Relation::OtherDesk => (caller.elsewhere, None),
        Relation::SameOrganization | Relation::Private => (caller.home, Some(caller.colleague)),
        Relation::OtherOrganization | Relation::Shared => (caller.home, Some(caller.home.stranger().0)),
    };
    let mut body = opening(desk, &format!("ouverture{:06}", scene.world.number()));
    if let Some(requester) = on_behalf_of {
        body["on_behalf_of"] = json!(requester);
    }
    Asked::plain().json(body)
}

fn list(query: String, scene: &Scene<'_>) -> Asked {
    Asked::plain().query(format!("{query}&at_least={}", scene.subject.position))
}

/// Everything from the ticket on, the ticket first.
fn since(scene: &Scene<'_>) -> String {
    format!(
        "created_after={}&sort=created_at&limit=200",
        scene.subject.opened_at
    )
}

fn search(scene: &Scene<'_>) -> Asked {
    let subject = scene.subject;
    let word = if scene.is_of_note() {
        &subject.note
    } else {
        &subject.word
    };
    list(format!("q={word}"), scene)
}

/// The same question of the past in which the note was the last thing said.
fn past(asked: Asked, scene: &Scene<'_>) -> Asked {
    asked.and(&format!("as_of={}", scene.subject.noted_position))
}

/// The search finds this ticket and no other; rows and total must say the same.
fn is_found(scene: &Scene<'_>, answer: &Answer) -> Result<bool, String> {
    let page: Value = answer.json();
    let keys: Vec<&Value> = page["items"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|row| &row["key"])
        .collect();
    let found = keys == [&json!(scene.subject.key)];
    if page["total"] == json!(u8::from(found)) {
        Ok(found)
    } else {
        Err(format!("{keys:?} are listed, and {} counted", page["total"]))
    }
}

/// The ticket, or its row in a list, counts the note among its events: as many events as versions.
fn counts_the_note(scene: &Scene<'_>, answer: &Answer) -> Result<bool, String> {
    let body = answer.json();
    let key = json!(scene.subject.key);
    let row = match body["items"].as_array() {
        Some(rows) => rows.iter().find(|row| row["key"] == key),
        None => Some(&body),
    };
    let row = row.ok_or("it is not listed")?;
    match (row["event_count"].as_u64(), row["version"].as_u64()) {
        (Some(count), Some(version)) if count == version => Ok(true),
        (Some(count), Some(version)) if count + 1 == version => Ok(false),
        (count, version) => Err(format!("{count:?} events are counted of {version:?}")),
    }
}

fn edit(case: &'static str, ask: fn(&Scene<'_>) -> Asked) -> Row {
    Row::changes("edit_ticket", case, State::Opened, ask)
}

fn edit_with(scene: &Scene<'_>, change: Value) -> Asked {
    Asked::ticket(scene).json(change)
}

/// A change that rests on the version before the note, or on one that never was.
fn outdated(scene: &Scene<'_>) -> Asked {
    let version = if scene.is_of_note() { "\"1\"" } else { "\"99\"" };
    edit_with(scene, json!({"summary": "Autrement dit"})).header("if-match", version)
}

/// One shares with an organization of one's own.
fn share(scene: &Scene<'_>) -> Asked {
    Asked::ticket(scene).json(json!({"organizations": [scene.caller.organization]}))
}

/// The caller's organization, which the ticket is shared with where the caller may share it.
fn unshare(scene: &Scene<'_>) -> Asked {
    let (relation, organization) = (scene.relation, scene.caller.organization);
    let own = matches!(relation, Relation::Own | Relation::InternalNote);
    let may = match scene.role {
        Role::Admin => true,
        Role::Agent => relation != Relation::OtherDesk,
        Role::LocalAdmin => own || relation == Relation::SameOrganization,
        Role::Requester | Role::Operator | Role::Supplier | Role::Auditor => own,
        Role::Anonymous => false,
    };
    if may && relation != Relation::Shared {
        let path = format!("/v1/tickets/{}/share", scene.subject.key);
        let shared = json!({"organizations": [organization]});
        let _ = scene.world.admin.post(&path, &shared).expect(200);
    }
    Asked::ticket(scene).with("organization", organization)
}

/// What a desk lets its requesters do.
fn of_requester(scene: &Scene<'_>) -> Asked {
    follow(scene, "confirm", "withdraw")
}

/// What a desk lets those do who treat its tickets, or supply it.
fn of_desk(scene: &Scene<'_>) -> Asked {
    follow(scene, "take", "activate")
}

fn follow(scene: &Scene<'_>, on_sup: &str, on_sav: &str) -> Asked {
    let action = match scene.subject.desk {
        Desk::Sup => on_sup,
        Desk::Sav => on_sav,
    };
    Asked::ticket(scene).json(json!({"action": action}))
}
