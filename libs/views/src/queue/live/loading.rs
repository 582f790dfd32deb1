//! Reading what a file holds. A start waits for it, so two threads share the columns.

use std::{panic, thread};

use rusqlite::Connection;

use super::{Live, Stored, slot_at, with_key};
use crate::{
    numbers,
    queue::{
        columns::{self, COLUMNS},
        load,
    },
};

/// A column with where its values are held.
type Held<'l> = (usize, &'l mut Stored);

impl Live {
    /// Reads what a file holds, to which nobody writes meanwhile.
    pub(in crate::queue) fn load(connection: &Connection) -> rusqlite::Result<Live> {
        let mut live = Live {
            stored: COLUMNS.iter().map(|column| Stored::new(column.listed)).collect(),
            ..Live::default()
        };
        let mut statement = connection.prepare("SELECT id FROM ticket ORDER BY id")?;
        live.ids = statement
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        live.all.insert_range(..slot_at(live.ids.len()));
        if !live.ids.is_empty() {
            live.load_columns(connection)?;
        }
        let mut statement = connection.prepare("SELECT ticket, organization FROM ticket_share")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let organization: String = row.get(1)?;
            if let Some(slot) = live.slot(row.get(0)?) {
                live.share(slot, numbers::name(1, organization)?);
            }
        }
        for sql in [
            "SELECT account, name_key FROM account_name WHERE name_key IS NOT NULL",
            "SELECT CAST(organization AS BLOB), name_key FROM organization_name",
        ] {
            let mut statement = connection.prepare(sql)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let (of, name): (Vec<u8>, String) = (row.get(0)?, row.get(1)?);
                live.names.insert(of.into(), name);
            }
        }
        Ok(live)
    }

    fn load_columns(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let held = self.stored.iter_mut().enumerate();
        let held = held.filter(|(_, stored)| !matches!(stored, Stored::Nothing));
        let (own, others): (Vec<Held<'_>>, Vec<Held<'_>>) = held.partition(|(column, _)| column % 2 == 0);
        thread::scope(|scope| {
            let other = load::reader(connection)?;
            let other = scope.spawn(move || fill(&other, others));
            let own = fill(connection, own);
            own.and(
                other
                    .join()
                    .unwrap_or_else(|panicked| panic::resume_unwind(panicked)),
            )
        })
    }
}

/// Reads some columns of all tickets.
fn fill(connection: &Connection, mut held: Vec<Held<'_>>) -> rusqlite::Result<()> {
    let names: Vec<&str> = held.iter().map(|(column, _)| columns::name(*column)).collect();
    let sql = format!("SELECT {} FROM ticket ORDER BY id", names.join(", "));
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([])?;
    let mut slot = 0;
    while let Some(row) = rows.next()? {
        for (index, (_, stored)) in held.iter_mut().enumerate() {
            match (stored, row.get_ref(index)?) {
                (Stored::Values(values), value) => with_key(value, |key| values.push(key)),
                (stored, value) => stored.put(slot, value)?,
            }
        }
        slot += 1;
    }
    for (_, stored) in held {
        if let Stored::Values(values) = stored {
            values.gather();
        }
    }
    Ok(())
}
