//! Proposals and decisions.

use serde_json::json;

use super::{
    asked::{Asked, Row},
    subject::State,
    tickets::as_of,
};

pub(super) fn rows() -> Vec<Row> {
    vec![
        Row::changes("create_approval", "", State::InProgress, |scene| {
            Asked::ticket(scene).json(json!({"proposal": "La réparer pour 300 €."}))
        }),
        Row::reads("list_approvals", "", Asked::ticket),
        Row::reads("list_approvals", "as of", as_of),
        Row::changes("decide_approval", "", State::Proposed, |scene| {
            let asked = Asked::ticket(scene).with("id", &scene.subject.approval);
            asked.json(json!({"decision": "accept"}))
        }),
    ]
}
