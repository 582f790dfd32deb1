//! What can be asked with what an operation answers: each is a link of its answer to the operations below the path of what it names.

use utoipa::openapi::{
    OpenApi, RefOr,
    link::{Link, LinkBuilder},
    path::Operation,
};

use super::declared::operations;

/// An answer that names something.
struct Source {
    /// The operation that answers, with this status.
    operation: &'static str,
    status: &'static str,
    /// The path of what it names; the operations at it and below it, as far as these parameters say all, are linked.
    path: &'static str,
    /// Parameters of that path, and where their values stand.
    values: &'static [(&'static str, &'static str)],
}

const fn source(
    operation: &'static str,
    status: &'static str,
    path: &'static str,
    values: &'static [(&'static str, &'static str)],
) -> Source {
    Source {
        operation,
        status,
        path,
        values,
    }
}

const SOURCES: [Source; 18] = [
    source(
        "create_ticket",
        "201",
        "/v1/tickets/{key}",
        &[("key", "$response.body#/key")],
    ),
    source(
        "list_tickets",
        "200",
        "/v1/tickets/{key}",
        &[("key", "$response.body#/items/0/key")],
    ),
    source(
        "create_attachment",
        "201",
        "/v1/tickets/{key}/attachments/{id}",
        &[("key", "$request.path.key"), ("id", "$response.body#/id")],
    ),
    source(
        "list_attachments",
        "200",
        "/v1/tickets/{key}/attachments/{id}",
        &[("key", "$request.path.key"), ("id", "$response.body#/items/0/id")],
    ),
    source(
        "create_approval",
        "201",
        "/v1/tickets/{key}/approvals/{id}",
        &[("key", "$request.path.key"), ("id", "$response.body#/id")],
    ),
    source(
        "list_approvals",
        "200",
        "/v1/tickets/{key}/approvals/{id}",
        &[("key", "$request.path.key"), ("id", "$response.body#/items/0/id")],
    ),
    source(
        "list_shares",
        "200",
        "/v1/tickets/{key}/share/{organization}",
        &[
            ("key", "$request.path.key"),
            ("organization", "$response.body#/items/0/id"),
        ],
    ),
    source(
        "create_account",
        "201",
        "/v1/accounts/{id}",
        &[("id", "$response.body#/id")],
    ),
    source(
        "list_accounts",
        "200",
        "/v1/accounts/{id}",
        &[("id", "$response.body#/items/0/id")],
    ),
    source(
        "create_account",
        "201",
        "/v1/persons/{id}",
        &[("id", "$response.body#/id")],
    ),
    source(
        "create_api_key",
        "201",
        "/v1/accounts/{id}/keys/{key}",
        &[("id", "$request.path.id"), ("key", "$response.body#/id")],
    ),
    source(
        "create_membership",
        "200",
        "/v1/accounts/{id}/memberships/{organization}",
        &[
            ("id", "$request.path.id"),
            ("organization", "$response.body#/organizations/0/id"),
        ],
    ),
    source(
        "grant_role",
        "200",
        "/v1/accounts/{id}/roles/{profile}",
        &[
            ("id", "$request.path.id"),
            ("profile", "$response.body#/roles/0/profile"),
        ],
    ),
    source(
        "create_organization",
        "201",
        "/v1/organizations/{id}",
        &[("id", "$response.body#/id")],
    ),
    source(
        "list_organizations",
        "200",
        "/v1/organizations/{id}",
        &[("id", "$response.body#/items/0/id")],
    ),
    source(
        "create_contract",
        "200",
        "/v1/organizations/{id}/contracts/{contract}",
        &[
            ("id", "$request.path.id"),
            ("contract", "$response.body#/contracts/0/id"),
        ],
    ),
    source(
        "list_sign_ins",
        "200",
        "/v1/me/sign-ins/{id}",
        &[("id", "$response.body#/items/0/id")],
    ),
    source(
        "list_deliveries",
        "200",
        "/v1/deliveries/{id}",
        &[("id", "$response.body#/items/0/id")],
    ),
];

/// Links every source to what lies below it.
pub(super) fn attach(contract: &mut OpenApi) {
    let mut places: Vec<(String, String)> = Vec::new();
    for (path, item) in &mut contract.paths.paths {
        for (_, operation) in operations(item) {
            places.push((path.clone(), operation.operation_id.clone().unwrap_or_default()));
        }
    }
    for item in contract.paths.paths.values_mut() {
        for (_, operation) in operations(item) {
            let id = operation.operation_id.clone().unwrap_or_default();
            for source in SOURCES.iter().filter(|source| source.operation == id) {
                link(operation, source, &places);
            }
        }
    }
}

fn link(operation: &mut Operation, source: &Source, places: &[(String, String)]) {
    let Some(RefOr::T(answer)) = operation.responses.responses.get_mut(source.status) else {
        return;
    };
    for (path, target) in places {
        let below = path.strip_prefix(source.path);
        let is_below = below.is_some_and(|below| below.is_empty() || below.starts_with('/'));
        if is_below && path.matches('{').count() == source.values.len() {
            answer
                .links
                .insert(target.clone(), RefOr::T(linked(target, source)));
        }
    }
}

fn linked(target: &str, source: &Source) -> Link {
    let link = LinkBuilder::new().operation_id(target);
    let values = source.values.iter();
    values
        .fold(link, |link, (name, expression)| {
            link.parameter(*name, *expression)
        })
        .build()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// Where a schema says that the value of an expression stands.
    fn stands<'c>(contract: &'c Value, schema: &'c Value, parts: &[&str]) -> Option<&'c Value> {
        let schema = match schema["$ref"].as_str() {
            Some(reference) => contract.pointer(reference.strip_prefix('#')?)?,
            None => schema,
        };
        let Some((first, rest)) = parts.split_first() else {
            return Some(schema);
        };
        let below = match first.parse::<usize>() {
            Ok(_) => schema.get("items")?,
            Err(_) => schema.get("properties")?.get(first)?,
        };
        stands(contract, below, rest)
    }

    #[test]
    fn each_link_leads_to_an_operation_and_takes_a_value_that_is_answered() {
        let contract = serde_json::to_value(crate::openapi::contract()).unwrap();
        let (mut linked, mut sources) = (0, 0);
        for (path, item) in contract["paths"].as_object().unwrap() {
            for operation in item.as_object().unwrap().values() {
                for (status, answer) in operation["responses"].as_object().into_iter().flatten() {
                    let Some(links) = answer["links"].as_object() else {
                        continue;
                    };
                    sources += 1;
                    let schema = &answer["content"]["application/json"]["schema"];
                    for (target, link) in links {
                        assert_eq!(&link["operationId"], target);
                        for (name, expression) in link["parameters"].as_object().unwrap() {
                            let expression = expression.as_str().unwrap();
                            if let Some(pointer) = expression.strip_prefix("$response.body#/") {
                                let parts: Vec<&str> = pointer.split('/').collect();
                                let found = stands(&contract, schema, &parts);
                                assert!(found.is_some(), "{path} {status} {target} {expression}");
                            } else {
                                let name = expression.strip_prefix("$request.path.").unwrap();
                                assert!(path.contains(&format!("{{{name}}}")), "{path} {expression}");
                            }
                            assert!(!name.is_empty());
                        }
                        linked += 1;
                    }
                }
            }
        }
        // One answer leads to two places.
        assert_eq!(sources, SOURCES.len() - 1);
        assert!(linked > 60, "{linked}");
    }
}
