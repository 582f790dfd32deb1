//! For those who run the server.

use super::asked::{Asked, Row};

pub(super) fn rows() -> Vec<Row> {
    ["get_health", "get_readiness", "get_metrics"]
        .map(|operation| Row::reads(operation, "", |_| Asked::plain()))
        .to_vec()
}
