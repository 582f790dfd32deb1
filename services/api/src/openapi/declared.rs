//! What every operation of a kind is answered by the door itself, declared in one place: bodies that cannot be taken, and
//! questions on a condition.

use domain::fault::FaultCode;
use utoipa::openapi::{
    Content, ObjectBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder, Schema, Type,
    path::{Operation, PathItem},
};

use crate::refusal::KINDS;

/// Declares them where they are not declared already.
pub(super) fn complete(contract: &mut OpenApi) {
    close(
        contract,
        "Problem",
        "ProblemCode",
        KINDS.iter().map(|kind| kind.code),
    );
    close(
        contract,
        "FieldError",
        "FaultCode",
        FaultCode::ALL.map(FaultCode::as_str),
    );
    for item in contract.paths.paths.values_mut() {
        if let Some(question) = &mut item.get
            && is_tagged(question)
        {
            declare(question, "304", not_modified());
            declare(question, "412", problem("`If-Match` names another state."));
        }
        for operation in commands(item) {
            let too_much = "The account has written too much; `Retry-After` says when to come back.";
            declare(operation, "429", problem(too_much));
        }
        let operations = operations(item);
        for operation in operations
            .into_iter()
            .flatten()
            .filter(|operation| operation.request_body.is_some())
        {
            declare(
                operation,
                "400",
                problem("The body, a header or the query cannot be read."),
            );
            declare(operation, "413", problem("The body is too large."));
            declare(
                operation,
                "415",
                problem("The body has another media type, or is encoded."),
            );
        }
    }
}

/// Gives the member `code` of a schema a type of its own, whose values are these and no others.
fn close(contract: &mut OpenApi, schema: &str, name: &str, codes: impl IntoIterator<Item = &'static str>) {
    let schemas = &mut contract.components.get_or_insert_default().schemas;
    let Some(RefOr::T(Schema::Object(object))) = schemas.get_mut(schema) else {
        return;
    };
    let member = object
        .properties
        .insert("code".to_owned(), Ref::from_schema_name(name).into());
    let description = match member {
        Some(RefOr::T(Schema::Object(member))) => member.description,
        Some(_) | None => None,
    };
    let closed = ObjectBuilder::new()
        .schema_type(Type::String)
        .description(description)
        .enum_values(Some(codes));
    schemas.insert(name.to_owned(), closed.into());
}

fn operations(item: &mut PathItem) -> [Option<&mut Operation>; 5] {
    [
        item.get.as_mut(),
        item.post.as_mut(),
        item.put.as_mut(),
        item.patch.as_mut(),
        item.delete.as_mut(),
    ]
}

/// Questions that are written down each time.
const TRACED: [&str; 2] = ["export_log", "get_evidence"];

/// What counts as a write of the account that calls: all that changes something for somebody who is signed in.
fn commands(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let is_traced = |operation: &&mut Operation| {
        let id = operation.operation_id.as_deref();
        id.is_some_and(|id| TRACED.contains(&id))
    };
    let [question, changes @ ..] = operations(item);
    let changes = changes.into_iter().flatten();
    let questions = question.into_iter().filter(is_traced);
    // Those of strangers, and of our own doors, name another security than that of all.
    changes
        .filter(|operation| operation.security.is_none())
        .chain(questions)
}

/// Operations whose answers tell of more than their tag does: each is sent whole.
const SENT_WHOLE: [&str; 2] = ["get_account", "get_organization"];

/// Its answer has an `ETag`, and is not sent again to whoever has it.
fn is_tagged(operation: &Operation) -> bool {
    let id = operation.operation_id.as_deref();
    if id.is_some_and(|id| SENT_WHOLE.contains(&id)) {
        return false;
    }
    match operation.responses.responses.get("200") {
        Some(RefOr::T(response)) => response.headers.contains_key("ETag"),
        Some(RefOr::Ref(_)) | None => false,
    }
}

fn declare(operation: &mut Operation, status: &str, response: Response) {
    let responses = &mut operation.responses.responses;
    responses
        .entry(status.to_owned())
        .or_insert_with(|| RefOr::T(response));
}

fn not_modified() -> Response {
    let description = "The caller has it: `If-None-Match` names its `ETag`.";
    ResponseBuilder::new().description(description).build()
}

fn problem(description: &str) -> Response {
    let content = Content::new(Some(Ref::from_schema_name("Problem")));
    ResponseBuilder::new()
        .description(description)
        .content("application/problem+json", content)
        .build()
}
