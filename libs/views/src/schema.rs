//! The tables of `views.sqlite`. The file is disposable: another [`VERSION`] is made anew from the log, never migrated.

use rusqlite::{Connection, OptionalExtension};

/// The form of the file: counts up with every change here or in the fold, and is kept in `user_version`.
pub(crate) const VERSION: i32 = 3;
/// The version before: the same tables, whose texts FTS5's own tokenizer has read. Such a file serves while the new one
/// is made.
const VERSION_RAW_TEXTS: i32 = 2;

/// The tables.
///
/// - `ticket`: one row per ticket; `id` is the position of its opening. Scopes are columns (desk, requester, opener,
///   organization) and rows of `ticket_share`, and a viewer's scopes are expanded when asking (design §4).
/// - `ticket_field`: the desk's own fields as one JSON object, apart, since few pages show them; `commitments` holds
///   those of the personal ones by name.
/// - `ticket_past`: one row per event of a ticket, with what an event can change, from its position until before that
///   of the next (the greatest integer while there is none). `day` counts from 1970-01-01, UTC, and never goes back:
///   it is that of the latest instant recorded so far.
/// - `past_summary`, `past_field`: what stood in the ticket until before a version of it, for versions that changed it.
/// - `public_text`, `internal_text`: full text, one entry per text, contentless, none ever taken away. FTS5 is given the
///   folded words of a text, one space between them; to its tokenizer `ascii` every character outside ASCII is part of a
///   token, so that its tokens are those words (ADR 0014). The entry of slot
///   `n` of ticket `t` has the rowid `t << 20 | n`: the ticket is read from the rowid, entries of one ticket lie side by
///   side, and a comment on a ticket with a thousand others costs one entry. A slot is the version that wrote the text,
///   then two bits for its kind. Internal notes stand in a table of their own, so that a search which may not see them
///   never opens it.
/// - `text_gone`: entries that another one has replaced, with the version that did so.
/// - `status_count`: by how many the tickets of a desk in a status have changed in a day.
/// - `desk`, `account_name`, `organization_name`: what rows and their order need to know of others.
/// - `checkpoint`: how far the log is folded and the latest instant recorded so far, in the same transaction as the
///   rows that it covers.
const TABLES: &str = "
CREATE TABLE ticket (
    id INTEGER PRIMARY KEY,
    desk TEXT NOT NULL,
    number INTEGER NOT NULL,
    desk_version INTEGER NOT NULL,
    type TEXT NOT NULL,
    status TEXT NOT NULL,
    category INTEGER,
    response_required INTEGER NOT NULL,
    status_rank INTEGER,
    priority TEXT NOT NULL,
    priority_rank INTEGER,
    urgency TEXT NOT NULL,
    urgency_rank INTEGER,
    requester BLOB NOT NULL,
    created_by BLOB NOT NULL,
    assignee BLOB,
    organization TEXT,
    private INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    public_events INTEGER NOT NULL,
    position INTEGER NOT NULL,
    technical_id TEXT,
    summary TEXT,
    summary_key TEXT,
    summary_commitment TEXT,
    summary_version INTEGER NOT NULL,
    description_version INTEGER NOT NULL,
    fields_version INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX ticket_by_key ON ticket (desk, number);
CREATE TABLE ticket_share (
    ticket INTEGER NOT NULL,
    organization TEXT NOT NULL,
    PRIMARY KEY (ticket, organization)
) STRICT, WITHOUT ROWID;
CREATE TABLE ticket_field (ticket INTEGER PRIMARY KEY, fields TEXT NOT NULL, commitments TEXT) STRICT;
CREATE TABLE ticket_past (
    from_position INTEGER PRIMARY KEY,
    to_position INTEGER NOT NULL,
    ticket INTEGER NOT NULL,
    day INTEGER NOT NULL,
    version INTEGER NOT NULL,
    public_events INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    desk_version INTEGER NOT NULL,
    type TEXT NOT NULL,
    status TEXT NOT NULL,
    category INTEGER,
    response_required INTEGER NOT NULL,
    status_rank INTEGER,
    priority TEXT NOT NULL,
    priority_rank INTEGER,
    urgency TEXT NOT NULL,
    urgency_rank INTEGER,
    assignee BLOB,
    organization TEXT,
    private INTEGER NOT NULL,
    technical_id TEXT
) STRICT;
CREATE TABLE past_summary (
    ticket INTEGER NOT NULL,
    until_version INTEGER NOT NULL,
    summary TEXT,
    summary_key TEXT,
    PRIMARY KEY (ticket, until_version)
) STRICT, WITHOUT ROWID;
CREATE TABLE past_field (
    ticket INTEGER NOT NULL,
    until_version INTEGER NOT NULL,
    fields TEXT NOT NULL,
    PRIMARY KEY (ticket, until_version)
) STRICT, WITHOUT ROWID;
CREATE TABLE text_gone (id INTEGER PRIMARY KEY, until_version INTEGER NOT NULL) STRICT;
CREATE TABLE status_count (
    desk TEXT NOT NULL,
    day INTEGER NOT NULL,
    status TEXT NOT NULL,
    change INTEGER NOT NULL,
    PRIMARY KEY (desk, day, status)
) STRICT, WITHOUT ROWID;
CREATE TABLE desk (
    key TEXT NOT NULL,
    version INTEGER NOT NULL,
    definition TEXT NOT NULL,
    digest BLOB NOT NULL,
    PRIMARY KEY (key, version)
) STRICT, WITHOUT ROWID;
CREATE TABLE account_name (
    account BLOB PRIMARY KEY,
    name_key TEXT,
    commitment TEXT,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE organization_name (
    organization TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE checkpoint (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    position INTEGER NOT NULL,
    digest BLOB NOT NULL,
    latest_at INTEGER NOT NULL
) STRICT;
CREATE VIRTUAL TABLE public_text USING fts5 (
    words, content = '', tokenize = 'ascii'
);
CREATE VIRTUAL TABLE internal_text USING fts5 (
    words, content = '', tokenize = 'ascii'
);
";

/// The indexes that pages walk; a rebuild makes them last. Each holds one scope or filter and then `updated_at`, the
/// order of most pages; `priority` lets a list of one status be counted by priority without its rows. Those of the past
/// find a ticket as it stood, and what had changed last.
const INDEXES: &str = "
CREATE INDEX ticket_by_updated ON ticket (updated_at);
CREATE INDEX ticket_by_created ON ticket (created_at);
CREATE INDEX ticket_by_desk ON ticket (desk, updated_at);
CREATE INDEX ticket_by_status ON ticket (desk, status, updated_at, priority);
CREATE INDEX ticket_by_requester ON ticket (requester, updated_at);
CREATE INDEX ticket_by_opener ON ticket (created_by, updated_at) WHERE created_by <> requester;
CREATE INDEX ticket_by_assignee ON ticket (assignee, updated_at);
CREATE INDEX ticket_by_answer ON ticket (updated_at) WHERE response_required = 1;
CREATE INDEX ticket_by_organization ON ticket (organization, updated_at) WHERE organization IS NOT NULL;
CREATE INDEX ticket_by_technical_id ON ticket (technical_id, updated_at) WHERE technical_id IS NOT NULL;
CREATE INDEX ticket_share_by_organization ON ticket_share (organization, ticket);
CREATE INDEX past_by_ticket ON ticket_past (ticket, from_position, day, status);
CREATE INDEX past_by_updated ON ticket_past (updated_at);
";

/// Makes the tables in an empty file.
pub(crate) fn create_tables(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(TABLES)
}

/// Says how much full text each table holds in memory before it is written, bytes.
pub(crate) fn text_memory(connection: &Connection, bytes: i64) -> rusqlite::Result<()> {
    for table in ["public_text", "internal_text"] {
        let sql = format!("INSERT INTO {table} ({table}, rank) VALUES ('hashsize', ?1)");
        connection.execute(&sql, [bytes])?;
    }
    Ok(())
}

/// Makes the indexes, and says that the file is whole.
pub(crate) fn create_indexes(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(INDEXES)?;
    connection.pragma_update(None, "user_version", VERSION)
}

/// What a file's texts were when FTS5 read them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextForm {
    /// Folded words.
    Words,
    /// As they were written: a file of the version before.
    Raw,
}

/// What a file's texts were; a file that is being made has no version yet.
pub(crate) fn text_form(connection: &Connection) -> rusqlite::Result<TextForm> {
    Ok(match version(connection)? {
        VERSION_RAW_TEXTS => TextForm::Raw,
        _ => TextForm::Words,
    })
}

/// How a whole file can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// It serves.
    Serve,
    /// It serves until the one that is made beside it takes its place.
    ServeMeanwhile,
}

/// How this file can be used; nothing when it is not whole, or of a form that can no more be asked. A damaged one is an
/// error.
pub(crate) fn usable(connection: &Connection) -> rusqlite::Result<Option<Use>> {
    let usable = match version(connection)? {
        VERSION => Use::Serve,
        VERSION_RAW_TEXTS => Use::ServeMeanwhile,
        _ => return Ok(None),
    };
    let checkpoint: Option<i64> = connection
        .query_row("SELECT position FROM checkpoint", [], |row| row.get(0))
        .optional()?;
    Ok(checkpoint.map(|_| usable))
}

fn version(connection: &Connection) -> rusqlite::Result<i32> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}
