//! The tables of `queue.sqlite`.

use rusqlite::Connection;

use super::columns;

/// The form of the file.
pub(super) const VERSION: i32 = 5;
/// Earlier forms that are followed and asked in the same way: version 3 held the daily counts too, and in both FTS5 kept no
/// texts.
pub(super) const FORMER_VERSIONS: &[i32] = &[3, 4];

/// Full text that is held in memory before it is written, bytes in each table: while a file is filled, which is then three
/// tenths faster, and otherwise, as SQLite has it.
const TEXT_BYTES: (i64, i64) = (32 * 1024 * 1024, 1024 * 1024);

/// The tables.
///
/// - `ticket`: one row per ticket. Scopes are columns (desk, requester, opener, organization) and rows of `ticket_share`,
///   and a viewer's scopes are expanded when asking (design §4). `technical_id` holds the value of the field that the desk's
///   tickets are found by, whatever that is called.
/// - `ticket_field`: the desk's own fields as one JSON object, apart, since few pages show them; `commitments` holds
///   those of the personal ones by name.
/// - `ticket_past`: one row per event of a ticket, with what an event can change, from its position until before that
///   of the next (the greatest integer while there is none). `day` counts from 1970-01-01, UTC, and never goes back:
///   it is that of the latest instant recorded so far.
/// - `past_summary`, `past_field`: what stood in the ticket until before a version of it, for versions that changed it.
/// - `public_text`, `internal_text`: full text, one entry per text, which only an erasure takes away: FTS5 keeps the words
///   and takes them out of its index by them (`secure-delete`). It is given the folded words of a text, one space between them; to its tokenizer `ascii` every character outside ASCII is part of a
///   token, so that its tokens are those words (ADR 0014). The entry of slot
///   `n` of ticket `t` has the rowid `t << 20 | n`: the ticket is read from the rowid, entries of one ticket lie side by
///   side, and a comment on a ticket with a thousand others costs one entry. A slot is the version that wrote the text,
///   then two bits for its kind. Internal notes stand in a table of their own, so that a search which may not see them
///   never opens it.
/// - `text_gone`: entries that another one has replaced, with the version that did so.
/// - `desk`, `account_name`, `organization_name`: what rows and their order need to know of others.
pub(super) fn tables() -> String {
    let (ticket, past) = (columns::declarations(false), columns::declarations(true));
    format!(
        "
CREATE TABLE ticket ({ticket}) STRICT;
CREATE UNIQUE INDEX ticket_by_key ON ticket (desk, number);
CREATE TABLE ticket_past (
    from_position INTEGER PRIMARY KEY,
    to_position INTEGER NOT NULL,
    ticket INTEGER NOT NULL,
    day INTEGER NOT NULL,
    {past}
) STRICT;
{OTHERS}"
    )
}

const OTHERS: &str = "
CREATE TABLE ticket_share (
    ticket INTEGER NOT NULL,
    organization TEXT NOT NULL,
    PRIMARY KEY (ticket, organization)
) STRICT, WITHOUT ROWID;
CREATE TABLE ticket_field (ticket INTEGER PRIMARY KEY, fields TEXT NOT NULL, commitments TEXT) STRICT;
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
CREATE VIRTUAL TABLE public_text USING fts5 (words, tokenize = 'ascii', columnsize = 0);
CREATE VIRTUAL TABLE internal_text USING fts5 (words, tokenize = 'ascii', columnsize = 0);
INSERT INTO public_text (public_text, rank) VALUES ('secure-delete', 1);
INSERT INTO internal_text (internal_text, rank) VALUES ('secure-delete', 1);
";

/// Pages of the queue as it stands are chosen in memory; these find a ticket as it stood, what had changed last, and the
/// value that is looked up exactly.
pub(super) const INDEXES: &str = "
CREATE INDEX ticket_by_created ON ticket (created_at);
CREATE INDEX ticket_by_desk ON ticket (desk);
CREATE INDEX ticket_by_requester ON ticket (requester);
CREATE INDEX ticket_by_opener ON ticket (created_by) WHERE created_by <> requester;
CREATE INDEX ticket_by_organization ON ticket (organization) WHERE organization IS NOT NULL;
CREATE INDEX ticket_by_technical_id ON ticket (technical_id) WHERE technical_id IS NOT NULL;
CREATE INDEX ticket_share_by_organization ON ticket_share (organization, ticket);
CREATE INDEX past_by_ticket ON ticket_past (ticket, from_position, day);
CREATE INDEX past_by_updated ON ticket_past (updated_at);
";

/// All logical rows. Sort keys follow from what they are made of, and full text is left out.
pub(super) const ROWS: &[(&str, &str)] = &[
    ("ticket", "SELECT * FROM ticket ORDER BY desk, number"),
    (
        "share",
        "SELECT * FROM ticket_share ORDER BY ticket, organization",
    ),
    ("field", "SELECT * FROM ticket_field ORDER BY ticket"),
    ("desk", "SELECT * FROM desk ORDER BY key, version"),
    ("account", "SELECT * FROM account_name ORDER BY account"),
    (
        "organization",
        "SELECT * FROM organization_name ORDER BY organization",
    ),
    ("past", "SELECT * FROM ticket_past ORDER BY from_position"),
    (
        "past_summary",
        "SELECT * FROM past_summary ORDER BY ticket, until_version",
    ),
    (
        "past_field",
        "SELECT * FROM past_field ORDER BY ticket, until_version",
    ),
    ("gone", "SELECT * FROM text_gone ORDER BY id"),
];

/// Says how much full text each table holds in memory before it is written.
pub(super) fn tune(connection: &Connection, filling: bool) -> rusqlite::Result<()> {
    let bytes = if filling { TEXT_BYTES.0 } else { TEXT_BYTES.1 };
    for table in ["public_text", "internal_text"] {
        let sql = format!("INSERT INTO {table} ({table}, rank) VALUES ('hashsize', ?1)");
        connection.execute(&sql, [bytes])?;
    }
    Ok(())
}
