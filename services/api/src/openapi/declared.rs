//! What every operation of a kind reads and answers, declared in one place. Handlers declare what they alone do: their parameters, their
//! body, and how they answer when all is well.

use utoipa::openapi::{
    OpenApi, Ref, RefOr, ResponseBuilder,
    path::{HttpMethod, Operation, PathItem},
};

use super::{
    closed,
    examples::Answered,
    facts::Facts,
    fields, lengths, links,
    marks::{self, Roles},
    queries, refused,
};

/// What a question is answered whose asker has the answer.
const NOT_MODIFIED: &str = "NotModified";

/// Completes the contract.
pub(super) fn complete(contract: &mut OpenApi) {
    closed::close(contract);
    let components = contract.components.get_or_insert_default();
    fields::define(components);
    lengths::measure(components);
    let not_modified = ResponseBuilder::new()
        .description("The caller has it: `If-None-Match` names its `ETag`.")
        .header_ref("ETag", fields::reference("ETag"))
        .header_ref("X-Request-Id", fields::reference("X-Request-Id"));
    let not_modified = RefOr::T(not_modified.build());
    components.responses.insert(NOT_MODIFIED.to_owned(), not_modified);
    contract.tags.iter_mut().flatten().for_each(marks::mark_group);
    let (roles, answered) = (Roles::read(), Answered::read());
    for (path, item) in &mut contract.paths.paths {
        for (method, operation) in operations(item) {
            let facts = Facts::of(path, &method, operation);
            refused::declare(&facts, operation, components);
            fields::attach(&facts, operation);
            queries::narrow(&facts.id, operation);
            marks::mark(&facts, &roles, operation);
            answered.show(&facts.id, operation);
            if facts.is_kept() {
                let not_modified = Ref::from_response_name(NOT_MODIFIED);
                let responses = &mut operation.responses.responses;
                responses.insert("304".to_owned(), not_modified.into());
            }
        }
    }
    links::attach(contract);
}

pub(super) fn operations(item: &mut PathItem) -> impl Iterator<Item = (HttpMethod, &mut Operation)> {
    [
        (HttpMethod::Get, item.get.as_mut()),
        (HttpMethod::Post, item.post.as_mut()),
        (HttpMethod::Put, item.put.as_mut()),
        (HttpMethod::Patch, item.patch.as_mut()),
        (HttpMethod::Delete, item.delete.as_mut()),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation?)))
}
