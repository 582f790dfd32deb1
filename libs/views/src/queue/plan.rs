//! From a query to the rows that must be looked at: which scopes to walk, by which index, and what else must hold.

use domain::policy::Visible;
use rusqlite::Connection;

use super::{
    AssigneeFilter, QueueQuery,
    filter::filters,
    scope::{self, Scope},
    sql::{self, Sql},
};
use crate::{
    search::{self, Term},
    store::{SLOT_BITS, SLOTS_MAX},
};

/// Most scopes that are walked one by one; a viewer with more walks one index and is checked row by row.
const SCOPES_MAX: usize = 64;
/// A term found in at most this many texts gives the tickets to look at; otherwise the list is walked in its order and
/// each ticket is looked up in the full text.
const RARE_TEXTS_MAX: i64 = 10_000;

/// What is to be looked at: rows in any of the scopes for which all conditions hold.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) scopes: Vec<Scope>,
    pub(super) conditions: Vec<Sql>,
}

/// Plans a query. Asks the full text how rare its terms are.
pub(super) fn plan(
    connection: &Connection,
    viewer: &Visible,
    query: &QueueQuery,
    internal: &Sql,
) -> rusqlite::Result<Plan> {
    let mut conditions = filters(query);
    let implied = scope::implied(viewer, query);
    let mut scopes = match by_filter(query) {
        // The filter finds few enough rows by itself, and what it finds is checked.
        Some(found) => {
            if !implied {
                conditions.push(scope::visible(viewer));
            }
            found
        }
        None if implied => by_desk(query).unwrap_or_else(everything),
        None => {
            let mut scopes = narrow(scope::scopes(viewer), query);
            if scopes.len() > SCOPES_MAX {
                conditions.push(scope::visible(viewer));
                scopes = everything();
            }
            scopes
        }
    };
    let terms = query.q.as_deref().map(search::terms).unwrap_or_default();
    let readers = Texts { internal: viewer.internal, check: internal };
    let mut rarest: Option<(i64, &Term)> = None;
    for term in &terms {
        conditions.push(readers.holds(term));
        let count = readers.count(connection, term)?;
        if rarest.is_none_or(|(fewest, _)| count < fewest) {
            rarest = Some((count, term));
        }
    }
    if let Some((count, term)) = rarest
        && count <= RARE_TEXTS_MAX
    {
        if !implied {
            conditions.push(scope::visible(viewer));
        }
        scopes = vec![Scope { index: None, condition: readers.found(term) }];
    }
    Ok(Plan { scopes, conditions })
}

/// A filter that finds few rows whoever looks.
fn by_filter(query: &QueueQuery) -> Option<Vec<Scope>> {
    if let Some(technical_id) = &query.technical_id {
        let condition = Sql::one("t.technical_id = ?", technical_id.clone());
        return Some(vec![Scope::by("ticket_by_technical_id", condition)]);
    }
    if let Some(requester) = query.requester {
        let condition = Sql::one("t.requester = ?", sql::account(requester));
        return Some(vec![Scope::by("ticket_by_requester", condition)]);
    }
    if let Some(created_by) = query.created_by {
        let account = sql::account(created_by);
        let for_self = Sql::with("t.requester = ? AND t.created_by = ?", vec![account.clone(), account.clone()]);
        let for_others = Sql::one("t.created_by = ? AND t.created_by <> t.requester", account);
        return Some(vec![
            Scope::by("ticket_by_requester", for_self),
            Scope::by("ticket_by_opener", for_others),
        ]);
    }
    if let Some(AssigneeFilter::Account(assignee)) = query.assignee {
        let condition = Sql::one("t.assignee = ?", sql::account(assignee));
        return Some(vec![Scope::by("ticket_by_assignee", condition)]);
    }
    None
}

/// The rows of the organization or of the desk that the query names, status by status when it names some.
fn by_desk(query: &QueueQuery) -> Option<Vec<Scope>> {
    if let Some(organization) = &query.organization {
        let condition = Sql::one("t.organization = ?", sql::organization(organization));
        return Some(vec![Scope::by("ticket_by_organization", condition)]);
    }
    let desk = query.desk.as_ref()?;
    let scope = Scope::by("ticket_by_desk", Sql::one("t.desk = ?", sql::desk(desk)));
    Some(narrow(vec![scope], query))
}

/// Every row: SQLite knows which index gives the order, or the range of times, that is asked for.
fn everything() -> Vec<Scope> {
    vec![Scope { index: None, condition: Sql::bare("TRUE") }]
}

/// Scopes of a desk, one per status that the query names: the index then walks only rows of that status.
fn narrow(scopes: Vec<Scope>, query: &QueueQuery) -> Vec<Scope> {
    let mut narrowed = Vec::new();
    for scope in scopes {
        if scope.index != Some("ticket_by_desk") || query.status.is_empty() {
            narrowed.push(scope);
            continue;
        }
        let mut statuses = query.status.clone();
        statuses.sort();
        statuses.dedup();
        for status in statuses {
            let mut condition = scope.condition.clone();
            condition.add(&Sql::one(" AND t.status = ?", status));
            narrowed.push(Scope::by("ticket_by_status", condition));
        }
    }
    narrowed
}

/// The full text as this viewer may search it.
struct Texts<'a> {
    internal: bool,
    check: &'a Sql,
}

impl Texts<'_> {
    /// In how many texts a term is found, counted up to [`RARE_TEXTS_MAX`] and one more.
    fn count(&self, connection: &Connection, term: &Term) -> rusqlite::Result<i64> {
        let mut count = 0;
        for table in self.tables() {
            let sql = format!(
                "SELECT count(*) FROM (SELECT 1 FROM {table} WHERE {table} MATCH ?1 LIMIT {})",
                RARE_TEXTS_MAX + 1
            );
            let found: i64 =
                connection.prepare_cached(&sql)?.query_row([&term.expression], |row| row.get(0))?;
            count += found;
        }
        Ok(count)
    }

    fn tables(&self) -> &'static [&'static str] {
        if self.internal { &["public_text", "internal_text"] } else { &["public_text"] }
    }

    /// Tickets that hold a term in a text that this viewer may search somewhere.
    fn found(&self, term: &Term) -> Sql {
        let mut found = Sql::bare("t.id IN (");
        for (index, table) in self.tables().iter().enumerate() {
            if index > 0 {
                found.push(" UNION ");
            }
            let text = format!("SELECT rowid >> {SLOT_BITS} FROM {table} WHERE {table} MATCH ?");
            found.add(&Sql::one(text, term.expression.clone()));
        }
        found.push(")");
        found
    }

    /// Does this ticket hold a term in a text that this viewer may read on it?
    fn holds(&self, term: &Term) -> Sql {
        let within = |table: &str| {
            let text = format!(
                "EXISTS (SELECT 1 FROM {table} WHERE {table} MATCH ? AND rowid BETWEEN t.id << {SLOT_BITS} \
                 AND (t.id << {SLOT_BITS}) + {})",
                SLOTS_MAX - 1
            );
            Sql::one(text, term.expression.clone())
        };
        let mut ways = vec![within("public_text")];
        if self.internal {
            ways.push(Sql::all(&[self.check.clone(), within("internal_text")]));
        }
        Sql::any(&ways)
    }
}
