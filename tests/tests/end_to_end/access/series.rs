//! Counters over time.

use serde_json::Value;

use super::{
    asked::{Asked, Look, Row, Turn},
    scene::Scene,
};

pub(super) fn rows() -> Vec<Row> {
    vec![Row {
        turn: Turn::Alone,
        look: Look::Count(on_the_last_day),
        ..Row::reads("get_status_series", "", of_its_day)
    }]
}

fn of_its_day(scene: &Scene<'_>) -> Asked {
    let day = &scene.subject.opened_at[..10];
    let at_least = scene.subject.position;
    Asked::plain().query(format!("from={day}&to={day}&at_least={at_least}"))
}

/// The tickets of all statuses on the last day of a series.
fn on_the_last_day(series: &Value) -> u64 {
    let last = series["items"].as_array().and_then(|days| days.last());
    let statuses = last.and_then(|day| day["statuses"].as_object());
    statuses
        .into_iter()
        .flat_map(|statuses| statuses.values())
        .filter_map(Value::as_u64)
        .sum()
}
