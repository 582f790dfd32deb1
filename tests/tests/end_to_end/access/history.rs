//! What happened: history in words, and what set each field.

use super::{
    asked::{Asked, LIVE, Row},
    tickets::as_of,
};

pub(super) fn rows() -> Vec<Row> {
    vec![
        Row::reads("list_history", "", Asked::ticket),
        Row::reads("list_history", "as of", as_of),
        Row::reads("list_history", "live", |scene| {
            Asked::ticket(scene).header("accept", LIVE)
        }),
        Row::reads("get_blame", "", Asked::ticket),
        Row::reads("get_blame", "as of", as_of),
    ]
}
