//! Asking for a page: the rows and the total out of one moment.

use std::sync::Arc;

use domain::policy::Visible;
use parking_lot::RwLock;
use roaring::RoaringBitmap;
use rusqlite::{Connection, Transaction};

use super::{
    QueueError, QueuePage, QueueQuery, Row, TOTAL_MAX, check,
    columns::{self, at},
    cursor::Cursor,
    filter::filters,
    live::Live,
    load,
    order::Order,
    past::{self, Past},
    search::{
        self, Term,
        find::{self, Found, Hit, Limits},
        texts,
    },
};
use crate::{follow::store, numbers::number, view::Shared};

/// Tickets whose texts are read one after the other, before more of them are chosen.
const READ_AT_ONCE: usize = 256;
/// Words are common when one of so many tickets holds them, of the first [`READ_AT_ONCE`].
const COMMON_OF: usize = 16;
/// Texts that are read to count the tickets of common words.
const COUNTED_TEXTS_MAX: usize = 40_000;

/// A row with its place in the order.
pub(super) struct Placed {
    pub(super) row: Row,
    pub(super) cursor: Cursor,
}

/// One page of what this viewer may see.
pub(crate) fn page(
    connection: &mut Connection,
    shared: &Shared,
    viewer: &Visible,
    query: &QueueQuery,
    limits: Limits,
) -> Result<QueuePage, QueueError> {
    let faults = check::faults(query);
    if !faults.is_empty() {
        return Err(QueueError::Invalid(faults));
    }
    let order = Order::of(&query.sort);
    let cursor = match &query.cursor {
        Some(text) => {
            let cursor = Cursor::decode(text, query).filter(|cursor| order.admits(&cursor.values));
            Some(cursor.ok_or(QueueError::BadCursor)?)
        }
        None => None,
    };
    let terms = query.q.as_deref().map(search::terms).unwrap_or_default();
    {
        let snapshot = connection.transaction().map_err(QueueError::Sqlite)?;
        if let Some(past) = Past::at(&snapshot, query.as_of).map_err(QueueError::Sqlite)? {
            return past::page(&snapshot, &past, viewer, query, (&order, cursor.as_ref(), &terms));
        }
    }
    // Every file of the queue shares its tickets with its readers.
    let live = Arc::clone(shared)
        .downcast::<RwLock<Live>>()
        .map_err(|_other_view| QueueError::Closed)?;
    let asked = Asked {
        live: &live,
        viewer,
        query,
        order: &order,
        terms: &terms,
    };
    asked.page(connection, cursor, limits).map_err(QueueError::Sqlite)
}

/// The rows of a page, of which there may be one too many, as the page that is answered.
pub(super) fn paged(mut placed: Vec<Placed>, query: &QueueQuery, total: u64, total_exact: bool) -> QueuePage {
    let limit = query.limit as usize;
    let has_more = placed.len() > limit;
    placed.truncate(limit);
    let last = placed.last().filter(|_| has_more);
    QueuePage {
        next_cursor: last.map(|last| last.cursor.encode(query)),
        rows: placed.into_iter().map(|placed| placed.row).collect(),
        total,
        total_exact,
    }
}

/// A query of the queue as it stands.
struct Asked<'a> {
    live: &'a RwLock<Live>,
    viewer: &'a Visible,
    query: &'a QueueQuery,
    order: &'a Order,
    terms: &'a [Term],
}

/// What a search has come to.
enum Narrowed {
    /// There is none.
    Not,
    /// To these tickets.
    To(Vec<Hit>),
    /// To too many to list: each ticket is asked.
    Common,
}

/// The tickets of a query at one moment, and those whose internal notes may be read.
struct Moment<'c> {
    snapshot: Transaction<'c>,
    matching: RoaringBitmap,
    internal: RoaringBitmap,
}

impl Asked<'_> {
    fn page(
        &self,
        connection: &mut Connection,
        cursor: Option<Cursor>,
        limits: Limits,
    ) -> rusqlite::Result<QueuePage> {
        match self.narrowed(connection, cursor.as_ref(), limits)? {
            Narrowed::Common => self.common(connection, cursor),
            Narrowed::Not => self.listed(connection, cursor, None),
            Narrowed::To(hits) => self.listed(connection, cursor, Some(&hits)),
        }
    }

    /// The file and the tickets in memory at the same moment: the writer changes both while nobody holds the lock.
    fn moment<'c>(&self, connection: &'c mut Connection, live: &Live) -> rusqlite::Result<Moment<'c>> {
        let snapshot = connection.transaction()?;
        // The first read makes the snapshot.
        store::checkpoint(&snapshot)?;
        let matching = live.matching(&snapshot, self.viewer, &filters(self.query))?;
        Ok(Moment {
            matching,
            internal: live.internal(self.viewer),
            snapshot,
        })
    }

    /// Searches in a snapshot of its own, so that the writer does not wait for it.
    fn narrowed(
        &self,
        connection: &mut Connection,
        cursor: Option<&Cursor>,
        limits: Limits,
    ) -> rusqlite::Result<Narrowed> {
        if self.terms.is_empty() {
            return Ok(Narrowed::Not);
        }
        let (moment, few) = {
            let live = self.live.read();
            let moment = self.moment(connection, &live)?;
            let few = moment.matching.len() <= limits.probes_max as u64;
            let few: Option<Vec<i64>> =
                few.then(|| moment.matching.iter().map(|slot| live.id(slot)).collect());
            (moment, few)
        };
        let (snapshot, internal) = (&moment.snapshot, self.viewer.internal);
        if let Some(few) = few {
            return find::among(snapshot, self.terms, internal, few).map(Narrowed::To);
        }
        let are_common = || {
            let candidates = self.candidates(&moment, cursor);
            let tickets = candidates.iter().map(|(place, _)| place.id);
            let held = find::among(snapshot, self.terms, internal, tickets)?;
            Ok(held.len() * COMMON_OF > candidates.len())
        };
        Ok(
            match find::find(snapshot, self.terms, internal, limits, are_common)? {
                Found::Few(hits) => Narrowed::To(hits),
                Found::Many => Narrowed::Common,
            },
        )
    }

    /// The next tickets in the order asked for, with whether their internal notes may be read.
    fn candidates(&self, moment: &Moment<'_>, cursor: Option<&Cursor>) -> Vec<(Cursor, bool)> {
        let live = self.live.read();
        let ordered = live.ordered(self.order, &moment.matching, &moment.internal);
        let slots = ordered.first(&moment.matching, cursor, READ_AT_ONCE);
        let candidate = |slot| (ordered.cursor(slot), moment.internal.contains(slot));
        slots.into_iter().map(candidate).collect()
    }

    /// The page of tickets that are all known, and counted.
    fn listed(
        &self,
        connection: &mut Connection,
        cursor: Option<Cursor>,
        hits: Option<&[Hit]>,
    ) -> rusqlite::Result<QueuePage> {
        let live = self.live.read();
        let mut moment = self.moment(connection, &live)?;
        if let Some(hits) = hits {
            let slot = |hit: &Hit| {
                let slot = live.slot(hit.ticket)?;
                (hit.public || moment.internal.contains(slot)).then_some(slot)
            };
            let found: RoaringBitmap = hits.iter().filter_map(slot).collect();
            moment.matching &= found;
        }
        let ordered = live.ordered(self.order, &moment.matching, &moment.internal);
        let slots = ordered.first(&moment.matching, cursor.as_ref(), self.query.limit as usize + 1);
        let chosen: Vec<(Cursor, bool)> = slots
            .into_iter()
            .map(|slot| (ordered.cursor(slot), moment.internal.contains(slot)))
            .collect();
        let total = moment.matching.len();
        drop(ordered);
        drop(live);
        let rows = chosen
            .into_iter()
            .map(|(cursor, internal)| self.placed(&moment.snapshot, cursor, internal))
            .collect::<Result<_, _>>()?;
        Ok(paged(rows, self.query, total, true))
    }

    /// The page of a search for common words: tickets are asked in their order until the page is full, and counted up to
    /// [`TOTAL_MAX`].
    fn common(&self, connection: &mut Connection, mut cursor: Option<Cursor>) -> rusqlite::Result<QueuePage> {
        let moment = {
            let live = self.live.read();
            self.moment(connection, &live)?
        };
        let wanted = self.query.limit as usize + 1;
        let mut rows = Vec::new();
        loop {
            let candidates = self.candidates(&moment, cursor.as_ref());
            let is_last = candidates.len() < READ_AT_ONCE;
            for (place, internal) in candidates {
                if rows.len() < wanted
                    && texts::hit(&moment.snapshot, self.terms, internal, place.id)?.is_some()
                {
                    rows.push(self.placed(&moment.snapshot, place.clone(), internal)?);
                }
                cursor = Some(place);
            }
            if is_last || rows.len() >= wanted {
                break;
            }
        }
        let total = self.total_of_common(&moment)?;
        Ok(paged(rows, self.query, total, total < TOTAL_MAX))
    }

    /// How many tickets hold common words, up to [`TOTAL_MAX`]: as few steps as tell.
    fn total_of_common(&self, moment: &Moment<'_>) -> rusqlite::Result<u64> {
        let counts = |hit: Hit| {
            let slot = self.live.read().slot(hit.ticket);
            slot.is_some_and(|slot| {
                moment.matching.contains(slot) && (hit.public || moment.internal.contains(slot))
            })
        };
        let counted = |terms: &[Term]| {
            let mut total = 0;
            let terms: Vec<&Term> = terms.iter().collect();
            find::each(&moment.snapshot, &terms, self.viewer.internal, |hit| {
                total += u64::from(counts(hit));
                Ok(total < TOTAL_MAX)
            })?;
            Ok(total)
        };
        // Where a word may go on, those that hold it as it stands may be enough.
        let ended: Vec<Term> = self.terms.iter().map(Term::ended).collect();
        let total = counted(&ended)?;
        if total >= TOTAL_MAX || ended == self.terms {
            return Ok(total);
        }
        let is_public = |ticket| counts(Hit { ticket, public: true });
        let read = texts::count(
            &moment.snapshot,
            self.terms,
            COUNTED_TEXTS_MAX,
            TOTAL_MAX,
            is_public,
        )?;
        match read {
            Some(total) => Ok(total),
            None => counted(self.terms),
        }
    }

    fn placed(&self, snapshot: &Connection, cursor: Cursor, internal: bool) -> rusqlite::Result<Placed> {
        let sql = format!("SELECT {} FROM ticket t WHERE t.id = ?1", columns::selected());
        let mut statement = snapshot.prepare_cached(&sql)?;
        let mut row = statement.query_row([cursor.id], |row| {
            let seen = if internal {
                const { at("version") }
            } else {
                const { at("public_events") }
            };
            let mut shown = load::shown(row)?;
            shown.event_count = number(row, seen)?;
            Ok(shown)
        })?;
        row.fields = load::fields(snapshot, cursor.id, None, &self.query.fields)?;
        Ok(Placed { row, cursor })
    }
}
