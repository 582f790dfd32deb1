//! The order of a page: by which columns, as terms over tickets in memory and as SQL over rows of the past, and what comes
//! after the row that a cursor names.

use rusqlite::types::Value;

use super::{
    Sort,
    columns::{self, at},
    past::Past,
};
use crate::sql::Sql;

/// What is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// A column.
    Column(usize),
    /// The name of the account in a column, as people read it; one without a name sorts with the absent.
    AccountName(usize),
    /// The name of the organization, or its id when it has none.
    OrganizationName,
    /// How many events the viewer may see: for who reads no internal notes, those are not counted.
    EventCount,
}

/// What a column of the list is sorted by; nothing when there is no such column. Persons and organizations sort by name,
/// statuses, priorities and urgencies by their place in the desk's list, keys by number within a desk.
fn by(column: &str) -> &'static [By] {
    const KEY: [By; 2] = [By::Column(at("desk")), By::Column(at("number"))];
    match column {
        "key" => &KEY,
        "desk" => const { &[By::Column(at("desk"))] },
        "type" => const { &[By::Column(at("type"))] },
        "summary" => const { &[By::Column(at("summary_key"))] },
        "status" => const { &[By::Column(at("status_rank"))] },
        "priority" => const { &[By::Column(at("priority_rank"))] },
        "urgency" => const { &[By::Column(at("urgency_rank"))] },
        "requester" => const { &[By::AccountName(at("requester"))] },
        "created_by" => const { &[By::AccountName(at("created_by"))] },
        "assignee" => const { &[By::AccountName(at("assignee"))] },
        "organization" => &[By::OrganizationName],
        "created_at" => const { &[By::Column(at("created_at"))] },
        "updated_at" => const { &[By::Column(at("updated_at"))] },
        "response_required" => const { &[By::Column(at("response_required"))] },
        "version" => const { &[By::Column(at("version"))] },
        "event_count" => &[By::EventCount],
        "private" => const { &[By::Column(at("private"))] },
        _ => &[],
    }
}

/// Is there such a column?
pub(super) fn is_column(name: &str) -> bool {
    !by(name).is_empty()
}

/// One term of an order.
#[derive(Debug, Clone, Copy)]
struct Term {
    by: By,
    descending: bool,
}

/// A whole order: terms, and at last the ticket's id in the direction of the last term.
#[derive(Debug, Clone)]
pub(super) struct Order {
    terms: Vec<Term>,
}

impl By {
    /// Whether its values are texts, so that a cursor with others is refused.
    fn is_text(self) -> bool {
        match self {
            By::Column(column) => columns::is_text(column),
            By::AccountName(_) | By::OrganizationName => true,
            By::EventCount => false,
        }
    }

    /// Whether a ticket may have nothing there.
    fn is_nullable(self) -> bool {
        match self {
            By::Column(column) => columns::is_nullable(column),
            By::AccountName(_) | By::OrganizationName => true,
            By::EventCount => false,
        }
    }

    /// The expression over a row `t` of the past; names are those that were known then.
    fn sql(self, internal: &Sql, past: &Past) -> Sql {
        let name = |table: &str, of: &str, column: &str| {
            let text =
                format!("(SELECT n.name_key FROM {table} n WHERE n.{of} = t.{column} AND n.position <= ?)");
            Sql::one(text, past.position)
        };
        match self {
            By::Column(column) => Sql::bare(format!("t.{}", columns::name(column))),
            By::AccountName(column) => name("account_name", "account", columns::name(column)),
            By::OrganizationName => {
                let mut organization = Sql::bare("coalesce(");
                organization.add(&name("organization_name", "organization", "organization"));
                organization.push(", t.organization)");
                organization
            }
            By::EventCount => event_count(internal),
        }
    }
}

/// How many events this viewer may see of a row `t`.
pub(super) fn event_count(internal: &Sql) -> Sql {
    let mut count = Sql::bare("CASE WHEN ");
    count.add(internal);
    count.push(" THEN t.version ELSE t.public_events END");
    count
}

impl Order {
    /// The order of these columns, which exist; `-updated_at` when there are none.
    pub(super) fn of(sort: &[Sort]) -> Order {
        let by_default = [Sort {
            column: "updated_at".to_owned(),
            descending: true,
        }];
        let columns = if sort.is_empty() { &by_default } else { sort };
        let mut all = Vec::new();
        for sort in columns {
            all.extend(by(&sort.column).iter().map(|by| Term {
                by: *by,
                descending: sort.descending,
            }));
        }
        Order { terms: all }
    }

    /// What is sorted by, each with whether the greatest comes first.
    pub(super) fn terms(&self) -> impl Iterator<Item = (By, bool)> {
        self.terms.iter().map(|term| (term.by, term.descending))
    }

    /// How many expressions there are.
    pub(super) fn len(&self) -> usize {
        self.terms.len()
    }

    /// Whether of tickets that are equal otherwise the one opened last comes first.
    pub(super) fn ties_descend(&self) -> bool {
        self.terms.last().is_some_and(|term| term.descending)
    }

    /// `, … AS s0, … AS s1`: what a cursor will need of the row.
    pub(super) fn selected(&self, internal: &Sql, past: &Past) -> Sql {
        let mut selected = Sql::default();
        for (index, term) in self.terms.iter().enumerate() {
            selected.push(", ");
            selected.add(&term.by.sql(internal, past));
            selected.push(&format!(" AS s{index}"));
        }
        selected
    }

    /// ` ORDER BY …` over the rows of [`Order::selected`].
    pub(super) fn clause(&self) -> String {
        let way = |descending| if descending { "DESC" } else { "ASC" };
        let terms = self
            .terms
            .iter()
            .enumerate()
            .map(|(index, term)| format!("s{index} {}", way(term.descending)));
        let terms: Vec<String> = terms
            .chain([format!("id {}", way(self.ties_descend()))])
            .collect();
        format!(" ORDER BY {}", terms.join(", "))
    }

    /// Rows after the one with these values and this id. Absent values come first ascending and last descending, as
    /// SQLite has it.
    pub(super) fn after(&self, values: &[Value], id: i64, internal: &Sql, past: &Past) -> Sql {
        let mut after = Sql::one(
            if self.ties_descend() {
                "t.id < ?"
            } else {
                "t.id > ?"
            },
            id,
        );
        for (term, value) in self.terms.iter().zip(values).rev() {
            let expression = term.by.sql(internal, past);
            let beyond = term.beyond(&expression, value);
            let mut whole = Sql::bare("(");
            whole.add(&beyond);
            whole.push(") OR (");
            whole.add(&expression);
            whole.push(" IS ");
            whole.add(&Sql::one("?", value.clone()));
            whole.push(" AND (");
            whole.add(&after);
            whole.push("))");
            after = whole;
        }
        match (self.terms.first(), values.first()) {
            // Says again, in a form that an index understands, where the walk begins.
            (Some(term), Some(value)) if !term.by.is_nullable() => {
                let mut bounded = Sql::bare("(");
                bounded.add(&term.by.sql(internal, past));
                bounded.push(if term.descending { " <= " } else { " >= " });
                bounded.add(&Sql::one("?", value.clone()));
                bounded.push(") AND (");
                bounded.add(&after);
                bounded.push(")");
                bounded
            }
            (Some(_) | None, _) => after,
        }
    }

    /// Are these values that a row of this order can have?
    pub(super) fn admits(&self, values: &[Value]) -> bool {
        let admits = |(term, value): (&Term, &Value)| match value {
            Value::Null => term.by.is_nullable(),
            Value::Integer(_) => !term.by.is_text(),
            Value::Text(_) => term.by.is_text(),
            Value::Real(_) | Value::Blob(_) => false,
        };
        self.terms.len() == values.len() && self.terms.iter().zip(values).all(admits)
    }
}

impl Term {
    fn beyond(&self, expression: &Sql, value: &Value) -> Sql {
        let mut beyond = expression.clone();
        match (value, self.descending) {
            (Value::Null, false) => beyond.push(" IS NOT NULL"),
            (Value::Null, true) => return Sql::bare("FALSE"),
            (_, false) => beyond.add(&Sql::one(" > ?", value.clone())),
            (_, true) => {
                beyond.add(&Sql::one(" < ?", value.clone()));
                if self.by.is_nullable() {
                    beyond.push(" OR ");
                    beyond.add(expression);
                    beyond.push(" IS NULL");
                }
            }
        }
        beyond
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::SORT_COLUMNS;

    #[test]
    fn every_column_that_is_told_of_can_be_sorted_by() {
        for column in SORT_COLUMNS {
            assert!(is_column(column), "{column}");
        }
        assert!(!is_column("description"));
    }
}
