//! The filters of a query, each on one column: asked of sets of tickets in memory, and of rows of the past in SQL.

use rusqlite::types::Value;

use super::{
    AssigneeFilter, QueueQuery,
    columns::{self, at, category_number},
};
use crate::sql::{self, Sql};

/// What a column must hold.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Filter {
    /// Which one.
    pub(super) column: usize,
    /// What must be so.
    pub(super) test: Test,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Test {
    /// One of these values; nothing stands for none.
    Is(Vec<Value>),
    /// This instant or a later one.
    AtLeast(i64),
    /// An earlier instant.
    Before(i64),
}

/// Every filter of the query, save the words to search for.
pub(super) fn filters(query: &QueueQuery) -> Vec<Filter> {
    let mut all = Vec::new();
    let mut is = |column, value: Option<Value>| {
        all.extend(value.map(|value| Filter {
            column,
            test: Test::Is(vec![value]),
        }));
    };
    let text = |text: &String| Value::Text(text.clone());
    is(at("desk"), query.desk.as_ref().map(sql::desk));
    is(
        at("category"),
        query.category.map(|category| category_number(category).into()),
    );
    is(at("requester"), query.requester.map(sql::account));
    is(at("created_by"), query.created_by.map(sql::account));
    let assignee = query.assignee.map(|assignee| match assignee {
        AssigneeFilter::Account(account) => sql::account(account),
        AssigneeFilter::Nobody => Value::Null,
    });
    is(at("assignee"), assignee);
    is(
        at("organization"),
        query.organization.as_ref().map(sql::organization),
    );
    is(at("type"), query.request_type.as_ref().map(text));
    is(at("priority"), query.priority.as_ref().map(text));
    is(at("private"), query.private.map(|flag| i64::from(flag).into()));
    is(
        at("response_required"),
        query.response_required.map(|flag| i64::from(flag).into()),
    );
    is(at("technical_id"), query.lookup.as_ref().map(text));
    if !query.status.is_empty() {
        all.push(Filter {
            column: at("status"),
            test: Test::Is(query.status.iter().map(text).collect()),
        });
    }
    for (column, instant, test) in [
        (
            at("created_at"),
            query.created_after,
            Test::AtLeast as fn(i64) -> Test,
        ),
        (at("created_at"), query.created_before, Test::Before),
        (at("updated_at"), query.updated_after, Test::AtLeast),
    ] {
        all.extend(instant.map(|instant| Filter {
            column,
            test: test(instant.timestamp_micros()),
        }));
    }
    all
}

impl Filter {
    /// The filter as a condition on a row `t`.
    pub(super) fn sql(&self) -> Sql {
        let column = format!("t.{}", columns::name(self.column));
        match &self.test {
            Test::Is(values) => match values.as_slice() {
                [Value::Null] => Sql::bare(format!("{column} IS NULL")),
                several => Sql::among(&format!("{column} IN"), several.iter().cloned()),
            },
            Test::AtLeast(instant) => Sql::one(format!("{column} >= ?"), *instant),
            Test::Before(instant) => Sql::one(format!("{column} < ?"), *instant),
        }
    }
}
