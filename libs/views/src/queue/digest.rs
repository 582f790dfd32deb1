//! The digest of the queue's logical rows, by which two readers of one log find out whether they show the same.
//!
//! It is equal for a view kept live, one rebuilt, one rebuilt after an erasure, and for [`Offline`], which needs neither
//! SQLite nor any key (design §4, "A view's digest"). Full text is left out; every personal value is replaced by its
//! commitment, which stands in the sealed form and stays when the value is gone.
//!
//! # The digested bytes, `guichet-queue-digest/1`
//!
//! A format for ever: a change is a new number in the first line. SHA-256, written in lower-case hexadecimal, of lines of
//! UTF-8 that each end in `\n`:
//!
//! 1. `guichet-queue-digest/1`
//! 2. One JSON object per ticket, ascending by desk (by bytes) and number, with these members in this order: `ticket` (its
//!    key), `opened_at_position`, `desk_version`, `type`, `summary` (a commitment or null), `status`, `category` (`new`,
//!    `active`, `waiting`, `done` or null), `response_required`, `status_rank`, `priority`, `priority_rank`, `urgency`,
//!    `urgency_rank` (places in the desk's lists from 0, or null), `requester`, `created_by`, `assignee` (a UUID or
//!    null), `organization` (or null), `private`, `shared_with` (ascending by bytes), `fields`, `created_at`,
//!    `updated_at` (microseconds since 1970-01-01T00:00:00Z), `version`, `public_events`, `position`.
//! 3. One per version of a desk, ascending by key and version: `desk`, `version`, `sha256` (hexadecimal, of the stored
//!    data of its event).
//! 4. One per account, ascending by id: `account`, `name` (a commitment or null).
//! 5. One per organization, ascending by id: `organization`, `name`.
//!
//! `fields` is an object ascending by name (by bytes). An open value stands as it is; a personal one as
//! `{"commitment":…}`, a text or null, whether it can still be read or not. A commitment that its event does not have is
//! null.
//!
//! JSON has no space between its tokens. In texts `"` and `\` are escaped by a backslash, control characters below U+0020
//! as `\b`, `\t`, `\n`, `\f`, `\r` or `\u00` with two lower-case digits, and nothing else is. Whole numbers stand in
//! decimal; any other in the fewest digits that read back as the same IEEE 754 double, as `serde_json` writes them.

mod offline;

use std::{collections::BTreeMap, fmt::Write};

use domain::{AccountId, Commitment, OrganizationId, StatusId, TicketKey, desk::Category};
use event_log::Position;
use rusqlite::Connection;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

pub use offline::{Decoded, DigestError, Offline};

use super::{columns, load, ticket::Ticket};
use crate::{follow::store, numbers::to_sql};

/// The first line.
const FORM: &str = "guichet-queue-digest/1";

/// Why a row could not be written as JSON, which no row of ours gives a reason for.
type LineError = serde_json::Error;

/// The rows of a file and the position that they stand at, out of one snapshot.
pub(crate) fn digest(connection: &mut Connection) -> rusqlite::Result<(Position, String)> {
    let snapshot = connection.transaction()?;
    let (checkpoint, _) = store::checkpoint(&snapshot)?;
    let mut lines = Lines::new();
    let sql = format!(
        "SELECT {} FROM ticket t ORDER BY t.desk, t.number",
        columns::selected()
    );
    each(&snapshot, &sql, |row| {
        lines.ticket(&load::whole(&snapshot, row)?).map_err(to_sql)
    })?;
    each(
        &snapshot,
        "SELECT key, version, digest FROM desk ORDER BY key, version",
        |row| {
            let desk: String = row.get(0)?;
            lines.desk(&desk, row.get(1)?, &row.get(2)?).map_err(to_sql)
        },
    )?;
    each(
        &snapshot,
        "SELECT account, commitment FROM account_name ORDER BY account",
        |row| {
            let commitment = row
                .get::<_, Option<String>>(1)?
                .map(|text| Commitment(text.into()));
            let account = AccountId(Uuid::from_bytes(row.get(0)?));
            lines.account(account, commitment.as_ref()).map_err(to_sql)
        },
    )?;
    let organizations = "SELECT organization, name FROM organization_name ORDER BY organization";
    each(&snapshot, organizations, |row| {
        let (id, name): (String, String) = (row.get(0)?, row.get(1)?);
        lines.organization(&id, &name).map_err(to_sql)
    })?;
    Ok((checkpoint.position, lines.finish()))
}

fn each(
    connection: &Connection,
    sql: &str,
    mut tell: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        tell(row)?;
    }
    Ok(())
}

/// Writes lines into a digest. The structures below are the format: the order of their members is that of the bytes.
struct Lines {
    hash: Sha256,
    line: Vec<u8>,
}

#[derive(Serialize)]
struct TicketLine<'a> {
    ticket: &'a TicketKey,
    opened_at_position: u64,
    desk_version: u32,
    #[serde(rename = "type")]
    request_type: &'a str,
    summary: Option<&'a Commitment>,
    status: &'a StatusId,
    category: Option<Category>,
    response_required: bool,
    status_rank: Option<u32>,
    priority: &'a str,
    priority_rank: Option<u32>,
    urgency: &'a str,
    urgency_rank: Option<u32>,
    requester: AccountId,
    created_by: AccountId,
    assignee: Option<AccountId>,
    organization: Option<&'a OrganizationId>,
    private: bool,
    shared_with: Vec<&'a OrganizationId>,
    fields: BTreeMap<&'a str, FieldLine<'a>>,
    created_at: i64,
    updated_at: i64,
    version: u64,
    public_events: u64,
    position: u64,
}

#[derive(Serialize)]
#[serde(untagged)]
enum FieldLine<'a> {
    Open(&'a Value),
    Personal { commitment: Option<&'a Commitment> },
}

#[derive(Serialize)]
struct DeskLine<'a> {
    desk: &'a str,
    version: u32,
    sha256: String,
}

#[derive(Serialize)]
struct AccountLine<'a> {
    account: AccountId,
    name: Option<&'a Commitment>,
}

#[derive(Serialize)]
struct OrganizationLine<'a> {
    organization: &'a str,
    name: &'a str,
}

impl Lines {
    fn new() -> Lines {
        let mut hash = Sha256::new();
        hash.update(FORM);
        hash.update("\n");
        Lines {
            hash,
            line: Vec::new(),
        }
    }

    fn push(&mut self, line: &impl Serialize) -> Result<(), LineError> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, line)?;
        self.line.push(b'\n');
        self.hash.update(&self.line);
        Ok(())
    }

    fn ticket(&mut self, ticket: &Ticket) -> Result<(), LineError> {
        let face = &ticket.now.face;
        let open = ticket
            .fields
            .iter()
            .map(|(name, value)| (name, FieldLine::Open(value)));
        let personal = ticket.sealed.iter().map(|(name, commitment)| {
            let commitment = commitment.as_ref();
            (name, FieldLine::Personal { commitment })
        });
        self.push(&TicketLine {
            ticket: &ticket.key,
            opened_at_position: ticket.id,
            desk_version: face.desk_version,
            request_type: &face.request_type,
            summary: ticket.summary_commitment.as_ref(),
            status: &face.standing.status,
            category: face.standing.category,
            response_required: face.standing.response_required,
            status_rank: face.standing.rank,
            priority: &face.priority.value,
            priority_rank: face.priority.rank,
            urgency: &face.urgency.value,
            urgency_rank: face.urgency.rank,
            requester: ticket.requester,
            created_by: ticket.created_by,
            assignee: face.assignee,
            organization: face.organization.as_ref(),
            private: face.private,
            shared_with: ticket.shared_with.iter().collect(),
            // A personal field that can be read is told by its commitment all the same.
            fields: open
                .chain(personal)
                .map(|(name, line)| (name.as_str(), line))
                .collect(),
            created_at: ticket.created_at.timestamp_micros(),
            updated_at: ticket.now.updated_at.timestamp_micros(),
            version: ticket.now.version,
            public_events: ticket.now.public_events,
            position: ticket.position,
        })
    }

    fn desk(&mut self, desk: &str, version: u32, sha256: &[u8; 32]) -> Result<(), LineError> {
        let sha256 = hex(sha256);
        self.push(&DeskLine {
            desk,
            version,
            sha256,
        })
    }

    fn account(&mut self, account: AccountId, name: Option<&Commitment>) -> Result<(), LineError> {
        self.push(&AccountLine { account, name })
    }

    fn organization(&mut self, organization: &str, name: &str) -> Result<(), LineError> {
        self.push(&OrganizationLine { organization, name })
    }

    fn finish(self) -> String {
        hex(&self.hash.finalize().into())
    }
}

fn hex(bytes: &[u8; 32]) -> String {
    bytes.iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
