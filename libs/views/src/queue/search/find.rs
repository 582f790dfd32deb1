//! Finding tickets by terms: which tickets hold every term, when those are few; otherwise how to ask ticket by ticket.
//!
//! FTS5 walks the texts of a term in the order of their rowids, hence of their tickets, at some 10 million a second; a term
//! that may go on is walked whole before the first is told. So terms are walked once, side by side, until too many tickets
//! are found, and the few that a rare one finds are read.

use rusqlite::{CachedStatement, Connection, Rows, types::Value};

use super::{
    Term,
    gone::{self, Gone},
    texts,
};
use crate::queue::fold::SLOT_BITS;

/// When a search is common.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Most tickets that a search lists.
    pub(crate) found_max: usize,
    /// Most tickets whose texts are read one by one.
    pub(crate) probes_max: usize,
}

/// A ticket that holds every term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hit {
    pub(crate) ticket: i64,
    /// Public texts alone hold every term. Otherwise only who may read internal notes on it has found it.
    pub(crate) public: bool,
}

/// What a search comes to.
#[derive(Debug)]
pub(crate) enum Found {
    /// All tickets that hold every term, ascending.
    Few(Vec<Hit>),
    /// More than [`Limits::found_max`] tickets do.
    Many,
}

/// Finds the tickets that hold every term, in internal notes too when `internal`. `are_common` tries whether many of the
/// tickets asked for hold them.
pub(crate) fn find(
    connection: &Connection,
    terms: &[Term],
    internal: bool,
    limits: Limits,
    are_common: impl FnOnce() -> rusqlite::Result<bool>,
) -> rusqlite::Result<Found> {
    let mut rarest: Option<Vec<Hit>> = None;
    for term in terms.iter().filter(|term| !term.goes_on && terms.len() > 1) {
        if let Found::Few(hits) = walk(connection, &[term], internal, limits.probes_max)?
            && rarest.as_ref().is_none_or(|fewest| hits.len() < fewest.len())
        {
            rarest = Some(hits);
        }
    }
    if let Some(hits) = rarest {
        return among(
            connection,
            terms,
            internal,
            hits.into_iter().map(|hit| hit.ticket),
        )
        .map(Found::Few);
    }
    if terms.iter().any(|term| term.goes_on) && are_common()? {
        return Ok(Found::Many);
    }
    let all: Vec<&Term> = terms.iter().collect();
    walk(connection, &all, internal, limits.found_max)
}

/// Those of a few tickets, ascending, that hold every term.
pub(crate) fn among(
    connection: &Connection,
    terms: &[Term],
    internal: bool,
    tickets: impl IntoIterator<Item = i64>,
) -> rusqlite::Result<Vec<Hit>> {
    let mut hits = Vec::new();
    for ticket in tickets {
        hits.extend(texts::hit(connection, terms, internal, ticket)?);
    }
    Ok(hits)
}

/// Walks terms side by side, until more than `max` tickets hold all of them.
fn walk(connection: &Connection, terms: &[&Term], internal: bool, max: usize) -> rusqlite::Result<Found> {
    let mut hits = Vec::new();
    each(connection, terms, internal, |hit| {
        hits.push(hit);
        Ok(hits.len() <= max)
    })?;
    Ok(if hits.len() > max {
        Found::Many
    } else {
        Found::Few(hits)
    })
}

/// Tells every ticket that holds all terms, ascending, until told to stop.
pub(crate) fn each(
    connection: &Connection,
    terms: &[&Term],
    internal: bool,
    mut tell: impl FnMut(Hit) -> rusqlite::Result<bool>,
) -> rusqlite::Result<()> {
    let mut statements = Vec::new();
    for _ in terms {
        statements.push(Statements::prepare(connection, internal)?);
    }
    let mut streams = Vec::new();
    for (statements, term) in statements.iter_mut().zip(terms) {
        streams.push(statements.walk(term)?);
    }
    let Some((first, others)) = streams.split_first_mut() else {
        return Ok(());
    };
    while let Some(mut hit) = first.next()? {
        let mut beyond = None;
        for other in &mut *others {
            match other.reach(hit.ticket)? {
                None => return Ok(()),
                Some(found) if found.ticket == hit.ticket => hit.public &= found.public,
                Some(found) => {
                    beyond = Some(found.ticket);
                    break;
                }
            }
        }
        match beyond {
            // The next ticket that all may hold is no earlier than this one.
            Some(ticket) => first.skip_to(ticket)?,
            None if !tell(hit)? => return Ok(()),
            None => {}
        }
    }
    Ok(())
}

/// The statements of one term: over public texts, and over internal ones when they may be searched.
struct Statements<'c> {
    public: CachedStatement<'c>,
    internal: Option<CachedStatement<'c>>,
    gone: CachedStatement<'c>,
}

impl<'c> Statements<'c> {
    fn prepare(connection: &'c Connection, internal: bool) -> rusqlite::Result<Statements<'c>> {
        let statement = |table: &str| {
            let sql = format!("SELECT rowid FROM {table} WHERE {table} MATCH ?1 ORDER BY rowid");
            connection.prepare_cached(&sql)
        };
        Ok(Statements {
            public: statement("public_text")?,
            internal: if internal {
                Some(statement("internal_text")?)
            } else {
                None
            },
            gone: connection.prepare_cached(gone::NEXT)?,
        })
    }

    fn walk(&mut self, term: &Term) -> rusqlite::Result<Stream<'_, 'c>> {
        let expression = Value::Text(term.expression.clone());
        let gone = Some(Gone::new(&mut self.gone));
        let public = Side::start(self.public.query([&expression])?, gone)?;
        let internal = match &mut self.internal {
            // Nothing replaces a note.
            Some(statement) => Some(Side::start(statement.query([&expression])?, None)?),
            None => None,
        };
        Ok(Stream {
            public,
            internal,
            current: None,
        })
    }
}

/// The tickets of one term in one table.
struct Side<'s, 'c> {
    rows: Rows<'s>,
    gone: Option<Gone<'s, 'c>>,
    next: Option<i64>,
}

impl<'s, 'c> Side<'s, 'c> {
    fn start(rows: Rows<'s>, gone: Option<Gone<'s, 'c>>) -> rusqlite::Result<Side<'s, 'c>> {
        let mut side = Side {
            rows,
            gone,
            next: None,
        };
        side.advance()?;
        Ok(side)
    }

    fn advance(&mut self) -> rusqlite::Result<()> {
        self.next = None;
        while let Some(row) = self.rows.next()? {
            let rowid: i64 = row.get(0)?;
            let until = match &mut self.gone {
                Some(gone) => gone.until(rowid)?,
                None => None,
            };
            if until.is_none() {
                self.next = Some(rowid >> SLOT_BITS);
                break;
            }
        }
        Ok(())
    }

    fn pass(&mut self, ticket: i64) -> rusqlite::Result<()> {
        while self.next.is_some_and(|next| next < ticket) {
            self.advance()?;
        }
        Ok(())
    }
}

/// The tickets of one term, in both tables.
struct Stream<'s, 'c> {
    public: Side<'s, 'c>,
    internal: Option<Side<'s, 'c>>,
    current: Option<i64>,
}

impl Stream<'_, '_> {
    /// The next ticket after the current one.
    fn next(&mut self) -> rusqlite::Result<Option<Hit>> {
        match self.current {
            Some(current) => self.reach(current + 1),
            None => self.reach(i64::MIN),
        }
    }

    /// The first ticket that is not before this one; the current one when it is not.
    fn reach(&mut self, ticket: i64) -> rusqlite::Result<Option<Hit>> {
        self.skip_to(ticket)?;
        let internal = self.internal.as_ref().and_then(|side| side.next);
        let hit = match (self.public.next, internal) {
            (Some(public), Some(internal)) if internal < public => Hit {
                ticket: internal,
                public: false,
            },
            (Some(public), _) => Hit {
                ticket: public,
                public: true,
            },
            (None, Some(internal)) => Hit {
                ticket: internal,
                public: false,
            },
            (None, None) => return Ok(None),
        };
        self.current = Some(hit.ticket);
        Ok(Some(hit))
    }

    fn skip_to(&mut self, ticket: i64) -> rusqlite::Result<()> {
        self.public.pass(ticket)?;
        if let Some(internal) = &mut self.internal {
            internal.pass(ticket)?;
        }
        // What lies before is passed; the next one asked for begins here.
        self.current = self.current.map(|current| current.max(ticket - 1));
        Ok(())
    }
}
