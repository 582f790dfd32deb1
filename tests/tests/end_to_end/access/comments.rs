//! Comments and internal notes.

use serde_json::json;

use super::{
    asked::{Asked, Row},
    scene::Scene,
    subject::State,
    tickets::as_of,
};

pub(super) fn rows() -> Vec<Row> {
    vec![
        Row::changes("create_comment", "public", State::Opened, |scene| {
            Asked::ticket(scene).json(json!({"body": "Un mot.", "visibility": "public"}))
        }),
        Row::changes("create_comment", "internal", State::Opened, internal),
        Row::reads("list_comments", "", Asked::ticket),
        Row::reads("list_comments", "as of", as_of),
    ]
}

/// A note in the words of the one that may be there.
fn internal(scene: &Scene<'_>) -> Asked {
    let body = format!("Toujours rien à dire de {}.", scene.subject.note);
    Asked::ticket(scene).json(json!({"body": body, "visibility": "internal"}))
}
