//! How many tickets were in each status, day by day.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The tickets at the end of one day (UTC).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"date": "2026-03-02", "statuses": {"closed": 12, "open": 3}}))]
pub struct DayCounts {
    /// The day.
    pub date: NaiveDate,
    /// How many tickets were in each status, by its id; statuses without tickets are left out.
    pub statuses: BTreeMap<String, u64>,
}

/// Counts by status over a range of days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"items": [{"date": "2026-03-02", "statuses": {"closed": 12, "open": 3}}]}))]
pub struct StatusSeries {
    /// One item a day, oldest first.
    pub items: Vec<DayCounts>,
}
