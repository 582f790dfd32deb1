//! Pieces of SQL with the values of their parameters, so that no value is ever part of the text.

use domain::{AccountId, DeskKey, OrganizationId};
use rusqlite::types::Value;

/// A piece of SQL with one `?` per value, in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Sql {
    pub(crate) text: String,
    pub(crate) values: Vec<Value>,
}

impl Sql {
    /// A piece without values.
    pub(crate) fn bare(text: impl Into<String>) -> Sql {
        Sql {
            text: text.into(),
            values: Vec::new(),
        }
    }

    /// A piece with one value.
    pub(crate) fn one(text: impl Into<String>, value: impl Into<Value>) -> Sql {
        Sql {
            text: text.into(),
            values: vec![value.into()],
        }
    }

    /// A piece with values.
    pub(crate) fn with(text: impl Into<String>, values: Vec<Value>) -> Sql {
        Sql {
            text: text.into(),
            values,
        }
    }

    /// `before (?, ?, …)`.
    pub(crate) fn among<V: Into<Value>>(before: &str, values: impl IntoIterator<Item = V>) -> Sql {
        let values: Vec<Value> = values.into_iter().map(Into::into).collect();
        let marks = vec!["?"; values.len()].join(", ");
        Sql {
            text: format!("{before} ({marks})"),
            values,
        }
    }

    /// Adds text.
    pub(crate) fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Adds a piece.
    pub(crate) fn add(&mut self, piece: &Sql) {
        self.text.push_str(&piece.text);
        self.values.extend(piece.values.iter().cloned());
    }

    /// The rows of all statements, one after the other.
    pub(crate) fn union(statements: &[Sql], end: &str) -> Sql {
        let mut all = Sql::default();
        for (index, statement) in statements.iter().enumerate() {
            if index > 0 {
                all.push(" UNION ALL ");
            }
            all.add(statement);
        }
        all.push(end);
        all
    }

    /// Any of them; false when there are none.
    pub(crate) fn any(pieces: &[Sql]) -> Sql {
        let mut whole = Sql::default();
        for (index, piece) in pieces.iter().enumerate() {
            whole.push(if index == 0 { "(" } else { " OR " });
            whole.push("(");
            whole.add(piece);
            whole.push(")");
        }
        whole.push(if pieces.is_empty() { "FALSE" } else { ")" });
        whole
    }
}

/// An account as its column has it.
pub(crate) fn account(id: AccountId) -> Value {
    Value::Blob(id.0.as_bytes().to_vec())
}

/// A desk as its column has it.
pub(crate) fn desk(key: &DeskKey) -> Value {
    Value::Text(key.as_str().to_owned())
}

/// An organization as its column has it.
pub(crate) fn organization(id: &OrganizationId) -> Value {
    Value::Text(id.as_str().to_owned())
}
