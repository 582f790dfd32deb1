//! Which tickets a viewer may see and a query asks for, as sets of slots.

use domain::{DeskKey, OrganizationId, policy::Visible};
use roaring::RoaringBitmap;
use rusqlite::{Connection, params_from_iter, types::Value};

use super::{Live, Stored};
use crate::{
    queue::{
        columns::at,
        filter::{Filter, Test},
    },
    sql,
};

impl Live {
    /// The tickets that this viewer may see and for which all filters hold.
    pub(in crate::queue) fn matching(
        &self,
        connection: &Connection,
        viewer: &Visible,
        filters: &[Filter],
    ) -> rusqlite::Result<RoaringBitmap> {
        let mut matching = self.visible(viewer);
        for filter in filters {
            match &filter.test {
                Test::Is(values) => matching &= self.having(connection, values, filter)?,
                Test::AtLeast(instant) => self.keep(&mut matching, filter.column, |at| at >= *instant),
                Test::Before(instant) => self.keep(&mut matching, filter.column, |at| at < *instant),
            }
        }
        Ok(matching)
    }

    /// The tickets whose internal notes this viewer may read: those visible through all, desks or treated organizations.
    pub(in crate::queue) fn internal(&self, viewer: &Visible) -> RoaringBitmap {
        match (viewer.internal, viewer.all) {
            (false, _) => RoaringBitmap::new(),
            (true, true) => self.all.clone(),
            (true, false) => self.treated(viewer),
        }
    }

    fn visible(&self, viewer: &Visible) -> RoaringBitmap {
        if viewer.all {
            return self.all.clone();
        }
        let mut visible = self.treated(viewer);
        let private = self.with(const { at("private") }, &Value::Integer(1));
        for organization in &viewer.organizations {
            let mut own = self.of_organization(organization);
            own -= &private;
            visible |= own;
            if let Some(shared) = self.shared_with.get(organization) {
                visible |= shared;
            }
        }
        if let Some(person) = viewer.person {
            for column in [const { at("requester") }, const { at("created_by") }] {
                visible |= self.with(column, &sql::account(person));
            }
        }
        visible
    }

    fn treated(&self, viewer: &Visible) -> RoaringBitmap {
        let mut treated = RoaringBitmap::new();
        for desk in &viewer.desks {
            treated |= self.of_desk(desk);
        }
        for (organization, desks) in &viewer.treated {
            let mut own = self.of_organization(organization);
            if let Some(desks) = desks {
                let mut of_desks = RoaringBitmap::new();
                desks.iter().for_each(|desk| of_desks |= self.of_desk(desk));
                own &= of_desks;
            }
            treated |= own;
        }
        treated
    }

    fn of_desk(&self, desk: &DeskKey) -> RoaringBitmap {
        self.with(const { at("desk") }, &sql::desk(desk))
    }

    fn of_organization(&self, organization: &OrganizationId) -> RoaringBitmap {
        self.with(const { at("organization") }, &sql::organization(organization))
    }

    fn with(&self, column: usize, value: &Value) -> RoaringBitmap {
        let values = self.stored[column].values();
        let slots = values.and_then(|values| values.with(value));
        slots.cloned().unwrap_or_default()
    }

    /// The tickets that have one of these values in a column; the file knows those of a column that is not held here.
    fn having(
        &self,
        connection: &Connection,
        values: &[Value],
        filter: &Filter,
    ) -> rusqlite::Result<RoaringBitmap> {
        let mut having = RoaringBitmap::new();
        let column = filter.column;
        match &self.stored[column] {
            Stored::Values(_) => values.iter().for_each(|value| having |= self.with(column, value)),
            Stored::Nothing | Stored::Numbers(_) | Stored::Instants(_) | Stored::Texts(_) => {
                let condition = filter.sql();
                let sql = format!("SELECT t.id FROM ticket t WHERE {}", condition.text);
                let mut statement = connection.prepare_cached(&sql)?;
                let mut rows = statement.query(params_from_iter(&condition.values))?;
                while let Some(row) = rows.next()? {
                    having.extend(self.slot(row.get(0)?));
                }
            }
        }
        Ok(having)
    }

    /// Keeps the tickets for whose instant a condition holds that holds for all later instants, or for all earlier ones.
    fn keep(&self, slots: &mut RoaringBitmap, column: usize, holds: impl Fn(i64) -> bool) {
        let Some(instants) = self.stored[column].instants() else {
            return;
        };
        for (block, (least, greatest)) in instants.bounds.iter().enumerate() {
            let range = super::slots_of(block);
            match (holds(*least), holds(*greatest)) {
                (true, true) => {}
                (false, false) => {
                    slots.remove_range(range);
                }
                (true, false) | (false, true) => {
                    let at = |slot: u32| instants.of.get(slot as usize).copied();
                    let others: Vec<u32> = slots
                        .range(range)
                        .filter(|slot| !at(*slot).is_some_and(&holds))
                        .collect();
                    others.into_iter().for_each(|slot| {
                        slots.remove(slot);
                    });
                }
            }
        }
    }
}
