//! From a query to the rows that must be looked at: which scopes to walk, by which index, and what else must hold.

use domain::policy::Visible;
use rusqlite::{Connection, params_from_iter};

use super::{
    AssigneeFilter, QueueQuery, TOTAL_MAX,
    filter::filters,
    fold::{SLOT_BITS, SLOT_MASK},
    past::Past,
    search::{
        self, Term,
        find::{self, Found, Hit, Limits},
        gone,
    },
};
use crate::{
    scope::{self, Of, Scope, Walk},
    sql::{self, Sql},
};

/// Most scopes that are walked one by one; a viewer with more walks one index and is checked row by row.
const SCOPES_MAX: usize = 64;

/// By what a page is sorted first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sorted {
    /// By `created_at`.
    ByCreation,
    /// By `updated_at`.
    ByUpdate,
    /// By anything else, or not at all.
    Otherwise,
}

/// What is to be looked at: rows in any of the scopes for which all conditions hold.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) scopes: Vec<Scope>,
    pub(super) conditions: Vec<Sql>,
    /// Terms that are found in too many tickets to list them: they are asked ticket by ticket.
    pub(super) common: Vec<Term>,
    /// How many rows there are, at least, when searching has shown that already.
    pub(super) total: Option<u64>,
    /// The rows are those that held then.
    pub(super) past: Option<Past>,
}

/// Plans a query.
pub(super) fn plan(
    connection: &Connection,
    viewer: &Visible,
    query: &QueueQuery,
    internal: &Sql,
    limits: Limits,
    past: Option<&Past>,
) -> rusqlite::Result<Plan> {
    let terms = match &query.q {
        Some(q) => search::terms(q),
        None => Vec::new(),
    };
    if let Some(past) = past {
        return planned_past(connection, viewer, query, internal, &terms, past);
    }
    let mut plan = unsearched(viewer, query);
    if terms.is_empty() {
        return Ok(plan);
    }
    // Nothing else narrows the list, so that what is found is what there is.
    let alone = viewer.all && viewer.internal && plan.conditions.is_empty();
    // A list that is short without the search is asked row by row, whatever is searched for.
    if !alone && let Some(few) = plan.few(connection, limits.probes_max)? {
        let hits = find::among(connection, &terms, viewer.internal, few)?;
        return Ok(listing(viewer, internal, Vec::new(), &hits));
    }
    match find::find(connection, &terms, viewer.internal, limits)? {
        Found::Few(hits) => {
            let mut conditions = filters(query);
            if !implied(viewer, query, Of::Now) {
                conditions.push(scope::visible(viewer, Of::Now));
            }
            Ok(listing(viewer, internal, conditions, &hits))
        }
        Found::Many => {
            plan.common = terms;
            plan.total = (alone && limits.found_max as u64 >= TOTAL_MAX).then_some(TOTAL_MAX);
            Ok(plan)
        }
    }
}

/// The plan for a query of the past. Only what never changes of a ticket leads to its row by an index; a search lists
/// every ticket that it finds.
fn planned_past(
    connection: &Connection,
    viewer: &Visible,
    query: &QueueQuery,
    internal: &Sql,
    terms: &[Term],
    past: &Past,
) -> rusqlite::Result<Plan> {
    let implied = implied(viewer, query, Of::Past);
    let mut conditions = filters(query);
    let visible = (!implied).then(|| scope::visible(viewer, Of::Past));
    let mut plan = if !terms.is_empty() {
        conditions.extend(visible);
        let hits = search::past::find(connection, terms, viewer.internal, past.position)?;
        listing(viewer, internal, conditions, &hits)
    } else {
        let scopes = scope::scopes(viewer, Of::Past);
        let scopes = match by_person(query) {
            Some(found) => {
                conditions.extend(visible);
                found
            }
            None if implied => match &query.desk {
                Some(desk) => vec![Scope::by(
                    "ticket_by_desk",
                    Sql::one("t.desk = ?", sql::desk(desk)),
                )],
                None => everything(),
            },
            None if scopes.len() > SCOPES_MAX => {
                conditions.extend(visible);
                everything()
            }
            None => scopes,
        };
        Plan {
            scopes,
            conditions,
            common: Vec::new(),
            total: None,
            past: None,
        }
    };
    plan.past = Some(past.clone());
    Ok(plan)
}

/// The plan for all of a query but its search.
fn unsearched(viewer: &Visible, query: &QueueQuery) -> Plan {
    let implied = implied(viewer, query, Of::Now);
    let mut conditions = filters(query);
    let scopes = match by_filter(query, implied) {
        // The filter finds few enough rows by itself, and what it finds is checked.
        Some(found) => {
            if !implied {
                conditions.push(scope::visible(viewer, Of::Now));
            }
            found
        }
        None if implied => by_desk(query).unwrap_or_else(everything),
        None => {
            let scopes = narrow(scope::scopes(viewer, Of::Now), query);
            if scopes.len() > SCOPES_MAX {
                conditions.push(scope::visible(viewer, Of::Now));
                everything()
            } else {
                scopes
            }
        }
    };
    Plan {
        scopes,
        conditions,
        common: Vec::new(),
        total: None,
        past: None,
    }
}

/// The plan for a search whose tickets are listed; the conditions still have to hold.
fn listing(viewer: &Visible, internal: &Sql, mut conditions: Vec<Sql>, hits: &[Hit]) -> Plan {
    if hits.iter().any(|hit| !hit.public) && !(viewer.all && viewer.internal) {
        let public = listed(hits.iter().filter(|hit| hit.public));
        conditions.push(Sql::any(&[public, internal.clone()]));
    }
    let total = conditions.is_empty().then_some(hits.len() as u64);
    let scopes = vec![Scope {
        walk: Walk::Rows,
        condition: listed(hits),
    }];
    Plan {
        scopes,
        conditions,
        common: Vec::new(),
        total,
        past: None,
    }
}

impl Plan {
    /// One statement per scope. The first rows of a desk by creation are found sooner among all rows in that order than by sorting the desk's.
    pub(super) fn parts(&self, columns: &Sql, conditions: &[Sql], sorted: Sorted) -> Vec<Sql> {
        let all = self.conditions.iter().chain(conditions);
        scope::parts(&self.scopes, columns, all, |walk| match (&self.past, walk) {
            (Some(past), walk) => past.source(walk, sorted),
            (None, Walk::Index(scope::BY_DESK)) if sorted == Sorted::ByCreation => {
                Sql::bare("ticket t INDEXED BY ticket_by_created")
            }
            (None, Walk::Index(index)) => Sql::bare(format!("ticket t INDEXED BY {index}")),
            (None, Walk::Rows) => Sql::bare("ticket t NOT INDEXED"),
            (None, Walk::Any) => Sql::bare("ticket t"),
        })
    }

    /// Its tickets, ascending, when they are at most so many.
    fn few(&self, connection: &Connection, max: usize) -> rusqlite::Result<Option<Vec<i64>>> {
        let all = Sql::union(
            &self.parts(&Sql::bare("SELECT t.id"), &[], Sorted::Otherwise),
            &format!(" LIMIT {}", max + 1),
        );
        let mut statement = connection.prepare_cached(&all.text)?;
        let found = statement.query_map(params_from_iter(&all.values), |row| row.get(0))?;
        let mut tickets: Vec<i64> = found.collect::<Result<_, _>>()?;
        tickets.sort_unstable();
        Ok((tickets.len() <= max).then_some(tickets))
    }
}

/// Tickets as one parameter.
fn listed<'a>(hits: impl IntoIterator<Item = &'a Hit>) -> Sql {
    let ids: Vec<i64> = hits.into_iter().map(|hit| hit.ticket).collect();
    Sql::one(
        "t.id IN (SELECT value FROM json_each(?))",
        serde_json::json!(ids).to_string(),
    )
}

/// A filter that finds few rows whoever looks.
fn by_filter(query: &QueueQuery, implied: bool) -> Option<Vec<Scope>> {
    if let Some(technical_id) = &query.technical_id {
        let condition = Sql::one("t.technical_id = ?", technical_id.clone());
        return Some(vec![Scope::by("ticket_by_technical_id", condition)]);
    }
    if let Some(found) = by_person(query) {
        return Some(found);
    }
    let condition = match query.assignee {
        Some(AssigneeFilter::Account(assignee)) => Sql::one("t.assignee = ?", sql::account(assignee)),
        // What waits for somebody to take it is little of all that there is, but not of what one person sees.
        Some(AssigneeFilter::Nobody) if implied => Sql::bare("t.assignee IS NULL"),
        Some(AssigneeFilter::Nobody) | None => return None,
    };
    Some(vec![Scope::by("ticket_by_assignee", condition)])
}

/// The tickets of the person whom the query names.
fn by_person(query: &QueueQuery) -> Option<Vec<Scope>> {
    if let Some(requester) = query.requester {
        let condition = Sql::one("t.requester = ?", sql::account(requester));
        return Some(vec![Scope::by("ticket_by_requester", condition)]);
    }
    if let Some(created_by) = query.created_by {
        let account = sql::account(created_by);
        let for_self = Sql::with(
            "t.requester = ? AND t.created_by = ?",
            vec![account.clone(), account.clone()],
        );
        let for_others = Sql::one("t.created_by = ? AND t.created_by <> t.requester", account);
        return Some(vec![
            Scope::by("ticket_by_requester", for_self),
            Scope::by("ticket_by_opener", for_others),
        ]);
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
    vec![Scope {
        walk: Walk::Any,
        condition: Sql::bare("TRUE"),
    }]
}

/// Scopes of a desk, one per status that the query names: the index then walks only rows of that status. What waits for
/// an answer has an index of its own, for all desks.
fn narrow(scopes: Vec<Scope>, query: &QueueQuery) -> Vec<Scope> {
    let mut narrowed = Vec::new();
    for mut scope in scopes {
        let of_desk = scope.walk == Walk::Index("ticket_by_desk");
        if of_desk && query.status.is_empty() && query.response_required == Some(true) {
            scope.walk = Walk::Index("ticket_by_answer");
        }
        if scope.walk != Walk::Index("ticket_by_desk") || query.status.is_empty() {
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

/// Does a ticket hold a term in a text that this viewer may read on it? A term that may go on is walked once for all
/// tickets, any other is asked of each.
pub(super) fn holds(term: &Term, viewer: &Visible, internal: &Sql) -> Sql {
    let within = |table: &str, lasting: &str| {
        let text = if term.goes_on {
            // The plus keeps SQLite from walking what is found, which is much, instead of the list in its order.
            format!("+t.id IN (SELECT rowid >> {SLOT_BITS} FROM {table} WHERE {table} MATCH ?{lasting})")
        } else {
            format!(
                "EXISTS (SELECT 1 FROM {table} WHERE {table} MATCH ? AND rowid BETWEEN t.id << {SLOT_BITS} \
                 AND (t.id << {SLOT_BITS}) + {SLOT_MASK}{lasting})"
            )
        };
        Sql::one(text, term.expression.clone())
    };
    let mut ways = vec![within("public_text", gone::LASTING)];
    if viewer.internal {
        ways.push(Sql::all(&[internal.clone(), within("internal_text", "")]));
    }
    Sql::any(&ways)
}

/// Do the filters of this query leave only rows that this viewer may see?
fn implied(viewer: &Visible, query: &QueueQuery, of: Of) -> bool {
    let treats_desk = query
        .desk
        .as_ref()
        .is_some_and(|desk| viewer.desks.contains(desk));
    // A ticket that was an organization's may be another's now; its desk, requester and opener never change.
    let treats_organization = query
        .organization
        .as_ref()
        .filter(|_| of == Of::Now)
        .and_then(|own| viewer.treated.get(own))
        .is_some_and(|desks| match (desks, &query.desk) {
            (None, _) => true,
            (Some(desks), Some(desk)) => desks.contains(desk),
            (Some(_), None) => false,
        });
    let own =
        viewer.person.is_some() && (query.requester == viewer.person || query.created_by == viewer.person);
    viewer.all || treats_desk || treats_organization || own
}
