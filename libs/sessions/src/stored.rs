//! How ids, hashes and times stand in columns.

use chrono::{DateTime, Utc};
use rusqlite::Row;
use rusqlite::types::Type;
use uuid::Uuid;

/// A time as microseconds since 1970, so that the order of numbers is the order of times.
pub(crate) fn micros(at: DateTime<Utc>) -> i64 {
    at.timestamp_micros()
}

/// The time in a column.
pub(crate) fn time_in(row: &Row<'_>, column: usize) -> rusqlite::Result<DateTime<Utc>> {
    time(column, row.get(column)?)
}

/// The time in a column that may be empty.
pub(crate) fn time_if_any(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<DateTime<Utc>>> {
    let micros: Option<i64> = row.get(column)?;
    micros.map(|micros| time(column, micros)).transpose()
}

/// The id in a column.
pub(crate) fn id_in(row: &Row<'_>, column: usize) -> rusqlite::Result<Uuid> {
    id(column, &row.get::<_, Vec<u8>>(column)?)
}

/// The id in a column that may be empty.
pub(crate) fn id_if_any(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Uuid>> {
    let bytes: Option<Vec<u8>> = row.get(column)?;
    bytes.map(|bytes| id(column, &bytes)).transpose()
}

/// An id for a column that may be empty.
pub(crate) fn bytes_if_any(id: Option<&Uuid>) -> Option<&[u8]> {
    id.map(|id| id.as_bytes().as_slice())
}

fn time(column: usize, micros: i64) -> rusqlite::Result<DateTime<Utc>> {
    DateTime::from_timestamp_micros(micros).ok_or(rusqlite::Error::IntegralValueOutOfRange(column, micros))
}

fn id(column: usize, bytes: &[u8]) -> rusqlite::Result<Uuid> {
    Uuid::from_slice(bytes)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Blob, Box::new(error)))
}
