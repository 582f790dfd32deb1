//! Desks. `own` and `other_desk` are of the desk here, not of a ticket.

use guichet_tests::answer::Answer;
use serde_json::json;

use super::{
    asked::{Asked, Look, Row},
    cast::Desk,
    expected::Relation,
    scene::{Scene, holds},
};

pub(super) fn rows() -> Vec<Row> {
    let listed = Row::reads("list_desks", "", |_| Asked::plain());
    vec![
        Row {
            look: Look::By(is_listed),
            ..listed
        },
        Row::reads("get_desk", "", |scene| {
            Asked::plain().with("key", desk(scene).key())
        }),
        Row::reads("get_form", "", |scene| {
            let desk = desk(scene);
            Asked::plain()
                .with("key", desk.key())
                .with("type", desk.request_type())
        }),
        Row::reads("get_transition_form", "", |scene| {
            let (action, _) = form_and_list(scene);
            Asked::plain().with("key", desk(scene).key()).with("id", action)
        }),
        Row::reads("list_values", "", |scene| {
            let (_, list) = form_and_list(scene);
            Asked::plain().with("key", desk(scene).key()).with("list", list)
        }),
        Row::reads("set_list_values", "", |scene| {
            let (_, list) = form_and_list(scene);
            let label = json!({"fr": "Un", "en": "One"});
            Asked::plain()
                .with("key", desk(scene).key())
                .with("list", list)
                .json(json!({"values": [{"value": "one", "label": label}]}))
        }),
    ]
}

/// The desk that is asked about.
fn desk(scene: &Scene<'_>) -> Desk {
    match scene.relation {
        Relation::OtherDesk => scene.caller.elsewhere,
        Relation::Own
        | Relation::SameOrganization
        | Relation::OtherOrganization
        | Relation::InternalNote
        | Relation::Private
        | Relation::Shared => scene.caller.home,
    }
}

/// An action of the desk that has a form, and one of its lists: on `SUP` one that stands apart.
fn form_and_list(scene: &Scene<'_>) -> (&'static str, &'static str) {
    match desk(scene) {
        Desk::Sup => ("resolve", "location"),
        Desk::Sav => ("replan", "appointmentMode"),
    }
}

fn is_listed(scene: &Scene<'_>, answer: &Answer) -> Result<bool, String> {
    Ok(holds(
        &answer.bytes,
        &format!("\"key\":\"{}\"", desk(scene).key()),
    ))
}
