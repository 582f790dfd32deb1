//! What a viewer may see, as conditions on rows: [`Visible`] put into SQL. The rule is the policy's, which a property
//! test compares ticket by ticket.

use std::collections::{BTreeMap, BTreeSet};

use domain::{DeskKey, OrganizationId, policy::Visible};

use super::{QueueQuery, sql, sql::Sql};

/// Which row of a ticket is looked at. What may be seen is what the ticket is now (design §4, "As of").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
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
pub(super) enum Walk {
    /// By this index.
    Index(&'static str),
    /// By their ids, which the condition lists.
    Rows,
    /// As SQLite likes.
    Any,
}

/// A set of rows that one index finds in the order of `updated_at`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scope {
    /// What finds them.
    pub(super) walk: Walk,
    /// What makes a row part of it.
    pub(super) condition: Sql,
}

impl Scope {
    pub(super) fn by(index: &'static str, condition: Sql) -> Scope {
        Scope {
            walk: Walk::Index(index),
            condition,
        }
    }
}

/// Rows whose internal notes this viewer may read: those visible through all, desks or treated organizations.
pub(super) fn internal(viewer: &Visible, of: Of) -> Sql {
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
pub(super) fn visible(viewer: &Visible, of: Of) -> Sql {
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

/// Do the filters of this query leave only rows that this viewer may see?
pub(super) fn implied(viewer: &Visible, query: &QueueQuery, of: Of) -> bool {
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

/// The viewer's scopes, one by one; a ticket may be in several. The large ones come first: rows of the others are
/// checked against them, and counting seldom goes further.
pub(super) fn scopes(viewer: &Visible, of: Of) -> Vec<Scope> {
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
        .map(|desk| Scope::by("ticket_by_desk", Sql::one("t.desk = ?", sql::desk(desk))))
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
