//! Which methods a path has, for `Allow` (RFC 9110 §10.2.1).

use std::collections::BTreeMap;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, header},
    web::Data,
};
use utoipa::openapi::{OpenApi, path::PathItem};

use crate::refusal::{INTERNAL, METHOD_NOT_ALLOWED, NOT_FOUND, Refusal};

/// The pages beside the contract; each is only read.
pub(crate) const PAGES: [&str; 7] = [
    "/",
    "/docs",
    "/docs/errors",
    "/docs/errors/{code}",
    "/docs/openapi.json",
    "/docs/{_}",
    "/openapi.json",
];

/// The methods of every path, as `Allow` writes them.
pub(crate) struct Methods(BTreeMap<String, String>);

impl Methods {
    /// Of the contract, and of the pages beside it.
    pub(crate) fn of(contract: &OpenApi) -> Methods {
        let operations = contract.paths.paths.iter();
        let operations = operations.map(|(path, item)| (path.clone(), allow(&of_item(item))));
        let pages = PAGES.iter().map(|page| ((*page).to_owned(), allow(&["GET"])));
        Methods(operations.chain(pages).collect())
    }

    /// Those of the path asked for; `None` when there is no such path.
    fn of_path(&self, request: &HttpRequest) -> Option<&str> {
        let pattern = request.resource_map().match_pattern(request.path())?;
        self.0.get(&plain(&pattern)).map(String::as_str)
    }
}

fn of_item(item: &PathItem) -> Vec<&'static str> {
    let all = [
        ("GET", &item.get),
        ("POST", &item.post),
        ("PUT", &item.put),
        ("PATCH", &item.patch),
        ("DELETE", &item.delete),
    ];
    let there = all.into_iter().filter(|(_, operation)| operation.is_some());
    there.map(|(method, _)| method).collect()
}

/// With those that every path has of itself.
fn allow(methods: &[&str]) -> String {
    let mut all = methods.to_vec();
    if all.contains(&"GET") {
        all.push("HEAD");
    }
    all.push("OPTIONS");
    all.join(", ")
}

/// A pattern as the contract writes it: `{path:.*}` is `{path}`.
pub(crate) fn plain(pattern: &str) -> String {
    let mut plain = String::with_capacity(pattern.len());
    let mut in_rule = false;
    for c in pattern.chars() {
        match c {
            ':' => in_rule = true,
            '}' => in_rule = false,
            _ => {}
        }
        if !in_rule {
            plain.push(c);
        }
    }
    plain
}

/// A path that is none of ours, or a method that its path does not have. OPTIONS asks for just that.
pub(crate) async fn nowhere(request: HttpRequest) -> Result<HttpResponse, Refusal> {
    let missing = || Refusal::new(&INTERNAL).cause("the door lacks its methods");
    let methods = request.app_data::<Data<Methods>>().ok_or_else(missing)?;
    let is_asked = request.method() == Method::OPTIONS;
    // `OPTIONS *` asks for those of the server (RFC 9110 §9.3.7).
    let of_server =
        || (is_asked && request.path() == "*").then_some("GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS");
    let allow = methods.of_path(&request).or_else(of_server);
    let allow = allow.ok_or_else(|| Refusal::new(&NOT_FOUND))?;
    if is_asked {
        return Ok(HttpResponse::NoContent()
            .insert_header((header::ALLOW, allow))
            .finish());
    }
    Err(Refusal::new(&METHOD_NOT_ALLOWED).allow(allow.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_of_the_contract_has_its_methods() {
        let methods = Methods::of(&crate::openapi::contract());
        for (path, expected) in [
            ("/v1/tickets", "GET, POST, HEAD, OPTIONS"),
            ("/v1/tickets/{key}", "GET, PATCH, HEAD, OPTIONS"),
            ("/v1/me/avatar", "PUT, DELETE, OPTIONS"),
            ("/healthz", "GET, HEAD, OPTIONS"),
            ("/openapi.json", "GET, HEAD, OPTIONS"),
        ] {
            assert_eq!(methods.0.get(path).map(String::as_str), Some(expected), "{path}");
        }
        assert_eq!(plain("/v1/audit/tile/{path:.*}"), "/v1/audit/tile/{path}");
        assert!(methods.0.contains_key("/v1/audit/tile/{path}"));
    }
}
