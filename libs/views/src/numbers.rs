//! Numbers, instants and names as columns have them.

use chrono::{DateTime, Utc};
use rusqlite::{Row, types::Type};

/// SQLite's integers are signed. Positions and versions count from 1, one by one, and never come near the edge.
pub(crate) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number that counts.
pub(crate) fn number(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let value: i64 = row.get(column)?;
    u64::try_from(value).map_err(|source| damaged(column, source))
}

/// An instant, kept in microseconds since 1970.
pub(crate) fn instant(row: &Row<'_>, column: usize) -> rusqlite::Result<DateTime<Utc>> {
    let micros: i64 = row.get(column)?;
    DateTime::from_timestamp_micros(micros).ok_or(rusqlite::Error::IntegralValueOutOfRange(column, micros))
}

/// Seconds of a day.
const DAY_SECONDS: i64 = 86_400;

/// The day of an instant, UTC, counted from 1970-01-01.
pub(crate) fn day(at: DateTime<Utc>) -> i64 {
    at.timestamp().div_euclid(DAY_SECONDS)
}

/// The first instant of a day.
pub(crate) fn instant_of(day: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(day.saturating_mul(DAY_SECONDS), 0).unwrap_or_default()
}

/// A name of some kind.
pub(crate) fn name<T>(column: usize, text: String) -> rusqlite::Result<T>
where
    T: TryFrom<String>,
    T::Error: std::error::Error + Send + Sync + 'static,
{
    T::try_from(text).map_err(|source| damaged(column, source))
}

/// A value that this version never writes: the row is damaged.
pub(crate) fn damaged(
    column: usize,
    source: impl std::error::Error + Send + Sync + 'static,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(source))
}

/// A value that cannot be written as JSON.
pub(crate) fn to_sql(error: serde_json::Error) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(Box::new(error))
}
