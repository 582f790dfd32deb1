//! What an API key opens: one table from the first part of a path to scopes (design §6). What stands in no row is no
//! program's business: passwords, second factors, sign-ins.

use std::collections::BTreeSet;

use actix_web::{HttpRequest, http::Method};
use domain::{Detail, policy::KeyScope};

use crate::refusal::Refusal;

/// The first part of a path below `/v1`, and the scopes for reading and for commands.
const SCOPES: [(&str, Option<KeyScope>, Option<KeyScope>); 8] = [
    ("tickets", Some(KeyScope::Read), Some(KeyScope::Write)),
    ("series", Some(KeyScope::Read), None),
    ("desks", Some(KeyScope::Read), Some(KeyScope::Administer)),
    ("accounts", Some(KeyScope::Read), Some(KeyScope::Administer)),
    ("organizations", Some(KeyScope::Read), Some(KeyScope::Administer)),
    ("persons", Some(KeyScope::Administer), Some(KeyScope::Administer)),
    ("events", Some(KeyScope::Audit), None),
    ("audit", Some(KeyScope::Audit), Some(KeyScope::Audit)),
];

/// Refuses what a key does not open. Who is signed in (`None`) may ask for everything.
pub(crate) fn check(request: &HttpRequest, scopes: Option<&BTreeSet<KeyScope>>) -> Result<(), Refusal> {
    let Some(scopes) = scopes else {
        return Ok(());
    };
    // The pattern, not the path as it was sent: `%65vidence` leads where `evidence` does.
    let pattern = request.match_pattern().unwrap_or_default();
    let needed = needed(request.method(), &pattern);
    if needed.is_some_and(|needed| scopes.contains(&needed)) {
        return Ok(());
    }
    let detail = match needed {
        Some(scope) => Detail::ScopeNeeded {
            scope: scope.as_str().to_owned(),
        },
        None => Detail::NoKeyOpensThis,
    };
    Err(Refusal::of(detail))
}

/// What a key needs for an operation, by its method and pattern.
pub(crate) fn needed(method: &Method, path: &str) -> Option<KeyScope> {
    let mut parts = path.trim_start_matches('/').split('/').skip(1);
    let first = parts.next().unwrap_or_default();
    let reads = method == Method::GET;
    // Who one is may be asked by everybody.
    if first == "me" && reads && parts.next().is_none() {
        return Some(KeyScope::Read);
    }
    // The evidence of a ticket is audit data, though its path begins with the ticket.
    if first == "tickets" && path.ends_with("/evidence") {
        return Some(KeyScope::Audit);
    }
    let row = SCOPES.iter().find(|(part, _, _)| *part == first)?;
    if reads { row.1 } else { row.2 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_of_the_contract_has_its_scope_and_what_is_a_persons_has_none() {
        for (method, path, scope) in [
            (Method::GET, "/v1/tickets/{key}", Some(KeyScope::Read)),
            (Method::POST, "/v1/tickets", Some(KeyScope::Write)),
            (Method::GET, "/v1/events", Some(KeyScope::Audit)),
            (Method::GET, "/v1/audit/export", Some(KeyScope::Audit)),
            (Method::GET, "/v1/tickets/{key}/evidence", Some(KeyScope::Audit)),
            (Method::PATCH, "/v1/accounts/{id}", Some(KeyScope::Administer)),
            (Method::GET, "/v1/me", Some(KeyScope::Read)),
            (Method::GET, "/v1/me/sign-ins", None),
            (Method::POST, "/v1/me/password", None),
            (Method::DELETE, "/v1/auth/token", None),
        ] {
            assert_eq!(needed(&method, path), scope, "{method} {path}");
        }
    }
}
