//! What an operation says of itself to programs beside its form: who may call it, what an API key needs, and how long it stays.
//!
//! `x-guichet-roles` comes from the table that the access test holds the server to (`tests/access.csv`): the roles of which some
//! request of the table succeeds. `anonymous` is who is not signed in.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::http::Method;
use serde_json::json;
use utoipa::openapi::{SecurityRequirement, Tag, extensions::ExtensionsBuilder, path::Operation};

use super::facts::{Audience, Facts};
use crate::{asking::LINKABLE, scopes};

const ACCESS: &str = include_str!("../../../../tests/access.csv");

/// The roles that may call each operation.
pub(super) struct Roles(BTreeMap<&'static str, BTreeSet<usize>>, Vec<&'static str>);

impl Roles {
    pub(super) fn read() -> Roles {
        let mut lines = ACCESS
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        let names = lines.next().unwrap_or_default().split(',').skip(3).collect();
        let mut roles: BTreeMap<_, BTreeSet<usize>> = BTreeMap::new();
        for line in lines {
            let mut cells = line.split(',');
            let of_operation = roles.entry(cells.next().unwrap_or_default()).or_default();
            let may = |(_, cell): &(usize, &str)| cell.starts_with('2');
            of_operation.extend(cells.skip(2).enumerate().filter(may).map(|(role, _)| role));
        }
        Roles(roles, names)
    }

    fn of(&self, operation: &str) -> Vec<&'static str> {
        let roles = self.0.get(operation).into_iter().flatten();
        roles.filter_map(|role| self.1.get(*role).copied()).collect()
    }
}

/// Marks an operation that somebody must be signed in for: with the roles, and the scope that an API key needs (a name in its security
/// requirement, as OpenAPI 3.1 has it).
pub(super) fn mark(facts: &Facts, roles: &Roles, operation: &mut Operation) {
    if facts.audience != Audience::SignedIn {
        return;
    }
    // One extension alone: several would stand in another order each time.
    let roles = ExtensionsBuilder::new().add("x-guichet-roles", json!(roles.of(&facts.id)));
    operation.extensions.get_or_insert_default().merge(roles.build());
    // A scope is of reading or of writing; which method writes is all one.
    let method = if facts.is_question {
        Method::GET
    } else {
        Method::POST
    };
    if let Some(scope) = scopes::needed(&method, &facts.path) {
        let requirement = SecurityRequirement::new("bearer", [scope.as_str()]);
        let link = LINKABLE
            .contains(&facts.path.as_str())
            .then(|| SecurityRequirement::new("link", [] as [&str; 0]));
        operation.security = Some([requirement].into_iter().chain(link).collect());
    }
}

/// Marks a group of operations with how long it stays: `stable` within `/v1`, or `internal` to this product.
pub(super) fn mark_group(tag: &mut Tag) {
    let stability = match tag.name.as_str() {
        "deliveries" => "internal",
        _ => "stable",
    };
    let mark = ExtensionsBuilder::new().add("x-guichet-stability", stability);
    tag.extensions.get_or_insert_default().merge(mark.build());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_those_of_which_a_request_of_the_access_table_succeeds() {
        let roles = Roles::read();
        assert_eq!(roles.of("export_log"), ["auditor", "admin"]);
        assert_eq!(roles.of("create_organization"), ["admin"]);
        assert!(roles.of("list_tickets").contains(&"requester"));
        assert!(!roles.of("list_tickets").contains(&"anonymous"));
    }
}
