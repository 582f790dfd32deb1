//! Texts that another one has replaced: their entries stay, for searches of the past.

use rusqlite::{CachedStatement, OptionalExtension};

use crate::queue::fold::is_replaceable;

/// What must hold beside a match in `public_text` for a text that still stands.
pub(crate) const LASTING: &str = " AND NOT EXISTS (SELECT 1 FROM text_gone g WHERE g.id = public_text.rowid)";

/// The next replaced text.
pub(super) const NEXT: &str = "SELECT id, until_version FROM text_gone WHERE id >= ?1 ORDER BY id LIMIT 1";

/// Walks beside texts in the order of their rowids. Most were never replaced, so it asks only when it has been passed.
pub(super) struct Gone<'s, 'c> {
    statement: &'s mut CachedStatement<'c>,
    next: i64,
    until: i64,
}

impl<'s, 'c> Gone<'s, 'c> {
    pub(super) fn new(statement: &'s mut CachedStatement<'c>) -> Gone<'s, 'c> {
        Gone {
            statement,
            next: i64::MIN,
            until: 0,
        }
    }

    /// The version that replaced this text, if one did. Rowids are asked for in ascending order.
    pub(super) fn until(&mut self, rowid: i64) -> rusqlite::Result<Option<i64>> {
        if !is_replaceable(rowid) {
            return Ok(None);
        }
        if self.next < rowid {
            let next = self
                .statement
                .query_row([rowid], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            (self.next, self.until) = next.unwrap_or((i64::MAX, 0));
        }
        Ok((self.next == rowid).then_some(self.until))
    }
}
