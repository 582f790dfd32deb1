//! The order of a page: columns as SQL, and what comes after the row that a cursor names.

use rusqlite::types::Value;

use super::{Sort, past::Past};
use crate::sql::Sql;

/// Which values a column has, so that a cursor with others is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Text,
}

/// One expression to sort by.
#[derive(Debug, Clone)]
struct Term {
    expression: Sql,
    descending: bool,
    nullable: bool,
    kind: Kind,
}

/// A whole order: terms, and at last the ticket's id in the direction of the last term.
#[derive(Debug, Clone)]
pub(super) struct Order {
    terms: Vec<Term>,
}

/// Is there such a column?
pub(super) fn is_column(name: &str) -> bool {
    !terms(name, &Sql::default(), None).is_empty()
}

/// A name that sorts as people read it; an account or organization without one sorts with the absent. As of a position,
/// what had no name yet has none.
fn name(of: &str, past: Option<&Past>) -> Sql {
    let (table, column) = match of {
        "organization" => ("organization_name", "organization"),
        _ => ("account_name", "account"),
    };
    let mut name = Sql::bare(format!(
        "(SELECT n.name_key FROM {table} n WHERE n.{column} = t.{of}"
    ));
    if let Some(past) = past {
        name.add(&Sql::one(" AND n.position <= ?", past.position));
    }
    name.push(")");
    name
}

fn organization(past: Option<&Past>) -> Sql {
    let mut organization = Sql::bare("coalesce(");
    organization.add(&name("organization", past));
    organization.push(", t.organization)");
    organization
}

/// The expressions of a column; empty when there is no such column. Persons and organizations sort by name, statuses,
/// priorities and urgencies by their place in the desk's list, keys by number within a desk.
fn terms(column: &str, internal: &Sql, past: Option<&Past>) -> Vec<(Sql, bool, Kind)> {
    let text = |expression: &str, nullable| vec![(Sql::bare(expression), nullable, Kind::Text)];
    let number = |expression: &str, nullable| vec![(Sql::bare(expression), nullable, Kind::Number)];
    match column {
        "key" => [text("t.desk", false), number("t.number", false)].concat(),
        "desk" => text("t.desk", false),
        "type" => text("t.type", false),
        "summary" => text("t.summary_key", true),
        "status" => number("t.status_rank", true),
        "priority" => number("t.priority_rank", true),
        "urgency" => number("t.urgency_rank", true),
        "requester" => vec![(name("requester", past), true, Kind::Text)],
        "created_by" => vec![(name("created_by", past), true, Kind::Text)],
        "assignee" => vec![(name("assignee", past), true, Kind::Text)],
        "organization" => vec![(organization(past), true, Kind::Text)],
        "created_at" => number("t.created_at", false),
        "updated_at" => number("t.updated_at", false),
        "response_required" => number("t.response_required", false),
        "version" => number("t.version", false),
        "event_count" => vec![(event_count(internal), false, Kind::Number)],
        "private" => number("t.private", false),
        _ => Vec::new(),
    }
}

/// How many events this viewer may see: for who reads no internal notes, those are not counted.
pub(super) fn event_count(internal: &Sql) -> Sql {
    let mut count = Sql::bare("CASE WHEN ");
    count.add(internal);
    count.push(" THEN t.version ELSE t.public_events END");
    count
}

impl Order {
    /// The order of these columns, which exist; `-updated_at` when there are none.
    pub(super) fn of(sort: &[Sort], internal: &Sql, past: Option<&Past>) -> Order {
        let by_default = [Sort {
            column: "updated_at".to_owned(),
            descending: true,
        }];
        let columns = if sort.is_empty() { &by_default } else { sort };
        let mut all = Vec::new();
        for sort in columns {
            all.extend(terms(&sort.column, internal, past).into_iter().map(
                |(expression, nullable, kind)| Term {
                    expression,
                    descending: sort.descending,
                    nullable,
                    kind,
                },
            ));
        }
        Order { terms: all }
    }

    /// How many expressions there are.
    pub(super) fn len(&self) -> usize {
        self.terms.len()
    }

    fn ties_descend(&self) -> bool {
        self.terms.last().is_some_and(|term| term.descending)
    }

    /// `, … AS s0, … AS s1`: what a cursor will need of the row.
    pub(super) fn selected(&self) -> Sql {
        let mut selected = Sql::default();
        for (index, term) in self.terms.iter().enumerate() {
            selected.push(", ");
            selected.add(&term.expression);
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
    pub(super) fn after(&self, values: &[Value], id: i64) -> Sql {
        let mut after = Sql::one(
            if self.ties_descend() {
                "t.id < ?"
            } else {
                "t.id > ?"
            },
            id,
        );
        for (term, value) in self.terms.iter().zip(values).rev() {
            let beyond = term.beyond(value);
            let mut whole = Sql::bare("(");
            whole.add(&beyond);
            whole.push(") OR (");
            whole.add(&term.expression);
            whole.push(" IS ");
            whole.add(&Sql::one("?", value.clone()));
            whole.push(" AND (");
            whole.add(&after);
            whole.push("))");
            after = whole;
        }
        match (self.terms.first(), values.first()) {
            // Says again, in a form that an index understands, where the walk begins.
            (Some(term), Some(value)) if !term.nullable => {
                let mut bounded = Sql::bare("(");
                bounded.add(&term.expression);
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
        let admits = |(term, value): (&Term, &Value)| match (value, term.kind) {
            (Value::Null, _) => term.nullable,
            (Value::Integer(_), Kind::Number) | (Value::Text(_), Kind::Text) => true,
            (Value::Integer(_), Kind::Text) | (Value::Text(_), Kind::Number) => false,
            (Value::Real(_) | Value::Blob(_), _) => false,
        };
        self.terms.len() == values.len() && self.terms.iter().zip(values).all(admits)
    }
}

impl Term {
    fn beyond(&self, value: &Value) -> Sql {
        let mut beyond = self.expression.clone();
        match (value, self.descending) {
            (Value::Null, false) => beyond.push(" IS NOT NULL"),
            (Value::Null, true) => return Sql::bare("FALSE"),
            (_, false) => beyond.add(&Sql::one(" > ?", value.clone())),
            (_, true) => {
                beyond.add(&Sql::one(" < ?", value.clone()));
                if self.nullable {
                    beyond.push(" OR ");
                    beyond.add(&self.expression);
                    beyond.push(" IS NULL");
                }
            }
        }
        beyond
    }
}
