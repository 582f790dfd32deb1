//! Desks. `own` and `other_desk` are of the desk here, not of a ticket.

use guichet_tests::answer::Answer;

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

fn is_listed(scene: &Scene<'_>, answer: &Answer) -> Result<bool, String> {
    Ok(holds(
        &answer.bytes,
        &format!("\"key\":\"{}\"", desk(scene).key()),
    ))
}
