//! Logical rows as text, to be compared.

use std::fmt::Write;

use rusqlite::{Connection, types::ValueRef};
use serde_json::{Map, Value};

/// Adds one line of JSON per row, out of one snapshot.
pub(crate) fn add(
    connection: &mut Connection,
    tables: &[(&str, &str)],
    out: &mut String,
) -> rusqlite::Result<()> {
    let snapshot = connection.transaction()?;
    for (kind, sql) in tables {
        let mut statement = snapshot.prepare(sql)?;
        let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let mut line = Map::from_iter([("row".to_owned(), Value::from(*kind))]);
            for (index, name) in names.iter().enumerate() {
                line.insert(name.clone(), value(row.get_ref(index)?));
            }
            // Writing to a string cannot fail.
            let _ = writeln!(out, "{}", Value::Object(line));
        }
    }
    Ok(())
}

fn value(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) => number.into(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into(),
        ValueRef::Blob(bytes) => bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
            .into(),
    }
}
