//! What the courier is to deliver: for whoever shows the key of the server's own doors, whatever else they are.

use serde_json::json;

use super::{
    asked::{Asked, Row},
    cast::SERVICE_KEY,
    scene::Scene,
    target::About,
};

/// The number of no delivery.
const NONE: &str = "99999999";

pub(super) fn rows() -> Vec<Row> {
    let without = |operation, ask| Row::asks(operation, "", About::Nothing, ask);
    let with_key = |operation, ask| Row::asks(operation, "with the service key", About::Nothing, ask);
    vec![
        without("list_deliveries", |_| Asked::plain()),
        with_key("list_deliveries", |_| shown(Asked::plain())),
        without("claim_delivery", claim),
        with_key("claim_delivery", |scene| shown(claim(scene))),
        without("settle_delivery", settle),
        with_key("settle_delivery", |scene| shown(settle(scene))),
    ]
}

fn shown(asked: Asked) -> Asked {
    asked.header("guichet-service-key", SERVICE_KEY)
}

fn claim(_: &Scene<'_>) -> Asked {
    Asked::plain().with("id", NONE)
}

fn settle(_: &Scene<'_>) -> Asked {
    Asked::plain()
        .with("id", NONE)
        .json(json!({"outcome": "delivered"}))
}
