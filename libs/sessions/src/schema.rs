//! The tables, and how they came to be.

use rusqlite::{Connection, TransactionBehavior};

/// The newest schema this program knows; it is the database's `user_version`.
pub const SCHEMA_VERSION: i32 = 7;

/// Tells our database from any other (`application_id`): "GuSe".
const APPLICATION_ID: i32 = 0x4775_5365;

/// What leads from each version to the next, from nothing on. A new database goes the whole way, so that it and one that
/// grew with the program have the same tables. A step that was released is never changed.
const STEPS: [&str; SCHEMA_VERSION as usize] = [
    include_str!("schema/1.sql"),
    include_str!("schema/2.sql"),
    include_str!("schema/3.sql"),
    include_str!("schema/4.sql"),
    include_str!("schema/5.sql"),
    include_str!("schema/6.sql"),
    include_str!("schema/7.sql"),
];

/// What a database file was found to hold.
pub(crate) enum Schema {
    /// Tables of this version.
    Current,
    /// Nothing, or tables of an earlier version.
    Older,
    /// Tables of this later version.
    Newer(i32),
    /// Something of another program.
    Foreign,
}

/// Looks, and changes nothing.
pub(crate) fn schema_of(database: &Connection) -> rusqlite::Result<Schema> {
    let application: i32 = database.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 = database.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(match (application, version_of(database)?) {
        (APPLICATION_ID, SCHEMA_VERSION) => Schema::Current,
        (APPLICATION_ID, found) if found > SCHEMA_VERSION => Schema::Newer(found),
        (APPLICATION_ID, found) if found > 0 => Schema::Older,
        (0, 0) if tables == 0 => Schema::Older,
        _ => Schema::Foreign,
    })
}

/// All steps or none, version included: a crash here leaves the database as it was.
pub(crate) fn bring_up_to_date(database: &mut Connection) -> rusqlite::Result<()> {
    let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let done = usize::try_from(version_of(&transaction)?).unwrap_or(0);
    for step in STEPS.iter().skip(done) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    transaction.commit()
}

fn version_of(database: &Connection) -> rusqlite::Result<i32> {
    database.pragma_query_value(None, "user_version", |row| row.get(0))
}
