//! Desks. `own` and `other_desk` are of the desk here, not of a ticket.

use guichet_tests::answer::Answer;

use super::{
    asked::{Asked, Look, Row},
    cast::Desk,
    expected::Relation,
    scene::{Scene, holds},
};

pub(super) fn rows() -> Vec<Row> {
    let listed = Row::reads("list_desks", "", |scene| desk(scene).map(|_| Asked::plain()));
    vec![
        Row {
            look: Look::By(is_listed),
            ..listed
        },
        Row::reads("get_desk", "", |scene| {
            Some(Asked::plain().with("key", desk(scene)?.key()))
        }),
        Row::reads("get_form", "", |scene| {
            let desk = desk(scene)?;
            Some(
                Asked::plain()
                    .with("key", desk.key())
                    .with("type", desk.request_type()),
            )
        }),
    ]
}

/// The desk that is asked about; none when the one elsewhere is a desk of the caller's after all.
fn desk(scene: &Scene<'_>) -> Option<Desk> {
    let caller = scene.caller;
    match scene.relation {
        Relation::OtherDesk if caller.has_role_elsewhere && !caller.holds_everywhere => None,
        Relation::OtherDesk => caller.elsewhere.map(|(desk, _)| desk),
        Relation::Own
        | Relation::SameOrganization
        | Relation::OtherOrganization
        | Relation::InternalNote
        | Relation::Private
        | Relation::Shared => Some(caller.home),
    }
}

fn is_listed(scene: &Scene<'_>, answer: &Answer) -> Result<bool, String> {
    let desk = desk(scene).ok_or("no desk is asked about")?;
    Ok(holds(&answer.bytes, &format!("\"key\":\"{}\"", desk.key())))
}
