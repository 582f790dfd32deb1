//! What a viewer may see, as conditions on rows `t` of any view: [`Visible`] put into SQL. The rule is the policy's, which a property
//! test compares ticket by ticket.

use std::collections::{BTreeMap, BTreeSet};

use domain::{DeskKey, OrganizationId, policy::Visible};

use crate::sql::{self, Sql};

/// The index by which the rows of a desk are found.
pub(crate) const BY_DESK: &str = "ticket_by_desk";

/// Which row of a ticket is looked at. What may be seen is what the ticket is now (design §4, "As of").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    /// Its current row.
    Now,
    /// A row of its past, which carries the current scopes under names of their own.
    Past,
}

impl Of {
    fn organization(self) -> &'static str {
        match self {
            Of::Now => "t.organization",
            Of::Past => "t.now_organization",
        }
    }

    fn private(self) -> &'static str {
        match self {
            Of::Now => "t.private",
            Of::Past => "t.now_private",
        }
    }
}

/// How the rows of a scope are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Walk {
    /// By this index.
    Index(&'static str),
    /// By their ids, which the condition lists.
    Rows,
    /// As SQLite likes.
    Any,
}

/// A set of rows that one index finds in the order of `updated_at`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scope {
    /// What finds them.
    pub(crate) walk: Walk,
    /// What makes a row part of it.
    pub(crate) condition: Sql,
}

impl Scope {
    pub(crate) fn by(index: &'static str, condition: Sql) -> Scope {
        Scope {
            walk: Walk::Index(index),
            condition,
        }
    }
}

/// Rows whose internal notes this viewer may read: those visible through all, desks or treated organizations.
pub(crate) fn internal(viewer: &Visible, of: Of) -> Sql {
    if !viewer.internal {
        return Sql::bare("FALSE");
    }
    if viewer.all {
        return Sql::bare("TRUE");
    }
    Sql::any(&treated(viewer, of))
}

/// Rows that this viewer may see, as one condition. Organizations are listed, not put side by side: a role for a region
/// holds for all its schools, and SQLite bounds how deep an expression is.
pub(crate) fn visible(viewer: &Visible, of: Of) -> Sql {
    if viewer.all {
        return Sql::bare("TRUE");
    }
    let mut any = treated(viewer, of);
    if !viewer.organizations.is_empty() {
        let own = viewer.organizations.iter().map(sql::organization);
        let mut condition = Sql::among(&format!("{} IN", of.organization()), own);
        condition.push(&format!(" AND {} = 0", of.private()));
        any.push(condition);
        any.push(shared(viewer));
    }
    if let Some(person) = viewer.person {
        let own = sql::account(person);
        let condition = "t.requester = ? OR t.created_by = ?";
        any.push(Sql::with(condition, vec![own.clone(), own]));
    }
    Sql::any(&any)
}

/// Rows visible through desks and treated organizations.
fn treated(viewer: &Visible, of: Of) -> Vec<Sql> {
    let mut any = Vec::new();
    if !viewer.desks.is_empty() {
        any.push(Sql::among("t.desk IN", viewer.desks.iter().map(sql::desk)));
    }
    let mut by_desks: BTreeMap<&Option<BTreeSet<DeskKey>>, Vec<&OrganizationId>> = BTreeMap::new();
    for (organization, desks) in &viewer.treated {
        by_desks.entry(desks).or_default().push(organization);
    }
    for (desks, organizations) in by_desks {
        let organizations = organizations.into_iter().map(sql::organization);
        let mut condition = Sql::among(&format!("{} IN", of.organization()), organizations);
        if let Some(desks) = desks {
            condition.push(" AND ");
            condition.add(&Sql::among("t.desk IN", desks.iter().map(sql::desk)));
        }
        any.push(condition);
    }
    any
}

fn shared(viewer: &Visible) -> Sql {
    let mut condition = Sql::among(
        "t.id IN (SELECT s.ticket FROM ticket_share s WHERE s.organization IN",
        viewer.organizations.iter().map(sql::organization),
    );
    condition.push(")");
    condition
}

/// The viewer's scopes, one by one; a ticket may be in several. The large ones come first: rows of the others are
/// checked against them, and counting seldom goes further.
pub(crate) fn scopes(viewer: &Visible, of: Of) -> Vec<Scope> {
    let mut scopes = treating(viewer, of);
    for organization in &viewer.organizations {
        let condition = Sql::one(
            format!("{} = ? AND {} = 0", of.organization(), of.private()),
            sql::organization(organization),
        );
        scopes.push(Scope::by("ticket_by_organization", condition));
    }
    if !viewer.organizations.is_empty() {
        scopes.push(Scope {
            walk: Walk::Rows,
            condition: shared(viewer),
        });
    }
    if let Some(person) = viewer.person {
        let own = sql::account(person);
        scopes.push(Scope::by(
            "ticket_by_requester",
            Sql::one("t.requester = ?", own.clone()),
        ));
        let opener = Sql::one("t.created_by = ? AND t.created_by <> t.requester", own);
        scopes.push(Scope::by("ticket_by_opener", opener));
    }
    scopes
}

fn treating(viewer: &Visible, of: Of) -> Vec<Scope> {
    let desks = viewer.desks.iter();
    let mut scopes: Vec<Scope> = desks
        .map(|desk| Scope::by(BY_DESK, Sql::one("t.desk = ?", sql::desk(desk))))
        .collect();
    for (organization, desks) in &viewer.treated {
        let mut condition = Sql::one(
            format!("{} = ?", of.organization()),
            sql::organization(organization),
        );
        if let Some(desks) = desks {
            condition.push(" AND ");
            condition.add(&Sql::among("t.desk IN", desks.iter().map(sql::desk)));
        }
        scopes.push(Scope::by("ticket_by_organization", condition));
    }
    scopes
}

/// One statement per scope, over the rows that `from` tells for its walk. Each leaves out what an earlier one has, so that
/// a ticket seen twice counts once.
pub(crate) fn parts<'c>(
    scopes: &[Scope],
    columns: &Sql,
    conditions: impl IntoIterator<Item = &'c Sql> + Clone,
    from: impl Fn(Walk) -> Sql,
) -> Vec<Sql> {
    let mut parts = Vec::new();
    for (index, scope) in scopes.iter().enumerate() {
        let mut part = columns.clone();
        part.push(" FROM ");
        part.add(&from(scope.walk));
        part.push(" WHERE ");
        part.add(&scope.condition);
        for earlier in &scopes[..index] {
            part.push(" AND (");
            part.add(&earlier.condition);
            part.push(") IS NOT TRUE");
        }
        for condition in conditions.clone() {
            part.push(" AND (");
            part.add(condition);
            part.push(")");
        }
        parts.push(part);
    }
    parts
}
