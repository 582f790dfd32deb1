//! Which problems an operation may answer: each set of codes is a response of the contract, declared once, with a type whose
//! `code` is closed.

use utoipa::openapi::{
    AllOfBuilder, Components, ContentBuilder, ObjectBuilder, Ref, RefOr, Response, ResponseBuilder, Type,
    path::Operation,
};

use super::{
    examples,
    facts::{Audience, Facts},
    fields,
};
use crate::refusal::{
    ALREADY_DISABLED, APPROVAL_NOT_PENDING, CHALLENGE_REQUIRED, CONTRACT_NOT_COVERED, CONTRACT_NOT_VALID,
    DECLARATION_FROZEN, INVALID, KINDS, Kind, LAST_ADMINISTRATOR, MALFORMED, NOT_FOUND, PROVIDER_FAILED,
    SECOND_FACTOR_REQUIRED, SIGN_IN_LOCKED, TICKET_FULL, TOO_MANY_STREAMS, VIEW_BEHIND, WRONG_CREDENTIALS,
    WRONG_STATUS,
};

/// What only these operations are refused with, beside what all of their kind are.
pub(super) static OWN: &[(&str, &[&Kind])] = &[
    (
        "create_token",
        &[
            &WRONG_CREDENTIALS,
            &CHALLENGE_REQUIRED,
            &SECOND_FACTOR_REQUIRED,
            &SIGN_IN_LOCKED,
        ],
    ),
    ("refresh_token", &[&WRONG_CREDENTIALS]),
    (
        "create_cookie",
        &[
            &WRONG_CREDENTIALS,
            &CHALLENGE_REQUIRED,
            &SECOND_FACTOR_REQUIRED,
            &SIGN_IN_LOCKED,
        ],
    ),
    ("refresh_cookie", &[&MALFORMED, &WRONG_CREDENTIALS]),
    ("begin_federated_sign_in", &[&PROVIDER_FAILED]),
    ("create_federated_token", &[&WRONG_CREDENTIALS, &PROVIDER_FAILED]),
    ("create_ticket", &[&CONTRACT_NOT_VALID, &CONTRACT_NOT_COVERED]),
    (
        "edit_ticket",
        &[
            &CONTRACT_NOT_VALID,
            &CONTRACT_NOT_COVERED,
            &DECLARATION_FROZEN,
            &TICKET_FULL,
        ],
    ),
    ("create_transition", &[&WRONG_STATUS, &TICKET_FULL]),
    ("reopen_ticket", &[&WRONG_STATUS, &TICKET_FULL]),
    ("create_approval", &[&WRONG_STATUS, &TICKET_FULL]),
    (
        "decide_approval",
        &[&WRONG_STATUS, &APPROVAL_NOT_PENDING, &TICKET_FULL],
    ),
    ("create_comment", &[&TICKET_FULL]),
    ("create_attachment", &[&TICKET_FULL]),
    ("share_ticket", &[&TICKET_FULL]),
    ("unshare_ticket", &[&TICKET_FULL]),
    ("disable_account", &[&ALREADY_DISABLED, &LAST_ADMINISTRATOR]),
    ("revoke_role", &[&LAST_ADMINISTRATOR]),
    ("erase_person", &[&LAST_ADMINISTRATOR]),
    ("list_tickets", &[&VIEW_BEHIND]),
    ("get_status_series", &[&VIEW_BEHIND]),
    ("get_checkpoint", &[&VIEW_BEHIND]),
    ("get_inclusion_proof", &[&NOT_FOUND, &VIEW_BEHIND]),
    ("get_consistency_proof", &[&NOT_FOUND, &VIEW_BEHIND]),
    ("export_log", &[&NOT_FOUND, &VIEW_BEHIND]),
    ("get_evidence", &[&VIEW_BEHIND]),
    // For most callers there is no such thing, or where it is not configured.
    ("list_events", &[&NOT_FOUND, &TOO_MANY_STREAMS]),
    ("sign_up", &[&NOT_FOUND]),
    ("confirm_sign_up", &[&NOT_FOUND]),
    // One's own may not be there.
    ("delete_avatar", &[&NOT_FOUND]),
    ("confirm_second_factor", &[&NOT_FOUND]),
    ("remove_second_factor", &[&NOT_FOUND]),
    ("get_me", &[&INVALID]),
    // A signed link beside a token.
    ("get_attachment", &[&INVALID]),
    ("get_avatar", &[&INVALID]),
    ("list_comments", &[&VIEW_BEHIND]),
    ("list_history", &[&VIEW_BEHIND, &TOO_MANY_STREAMS]),
];

/// Declares what the operation may be refused with.
pub(super) fn declare(facts: &Facts, operation: &mut Operation, components: &mut Components) {
    let kinds: Vec<&Kind> = KINDS.iter().copied().filter(|kind| may_be(kind, facts)).collect();
    let mut statuses: Vec<u16> = kinds.iter().map(|kind| kind.status).collect();
    statuses.sort_unstable();
    statuses.dedup();
    let responses = &mut operation.responses.responses;
    for status in statuses {
        let of_status: Vec<&Kind> = kinds
            .iter()
            .copied()
            .filter(|kind| kind.status == status)
            .collect();
        let name = name_of(&of_status);
        let is_new = !components.responses.contains_key(&name);
        if is_new {
            let problem = format!("{name}Problem");
            components.schemas.insert(problem.clone(), closed(&of_status));
            let response = response(&of_status, &problem);
            components.responses.insert(name.clone(), response.into());
        }
        // A readiness that is none is answered as such, not as a problem.
        responses
            .entry(status.to_string())
            .or_insert_with(|| Ref::from_response_name(name).into());
    }
    for (range, name, description) in [
        ("4XX", "ClientError", "Refused; `code` says why."),
        (
            "5XX",
            "ServerError",
            "Failed; it may succeed when it is sent again.",
        ),
    ] {
        let range_of = || {
            let response = ResponseBuilder::new().description(description);
            RefOr::T(with_problem(response, "Problem", &[]))
        };
        components
            .responses
            .entry(name.to_owned())
            .or_insert_with(range_of);
        responses.insert(range.to_owned(), Ref::from_response_name(name).into());
    }
}

/// May the operation answer a problem of this kind? Failures of ours are told by the range.
fn may_be(kind: &Kind, of: &Facts) -> bool {
    let own = OWN.iter().find(|(id, _)| *id == of.id);
    if own.is_some_and(|(_, kinds)| kinds.iter().any(|own| own.code == kind.code)) {
        return true;
    }
    let reads_something = of.is_signed_in() || of.has_body;
    match kind.code {
        "malformed-request" => reads_something,
        "unauthenticated" => matches!(of.audience, Audience::SignedIn | Audience::Service),
        "profile-not-held" | "scope-missing" => of.is_signed_in(),
        "not-permitted" => of.is_signed_in() && !of.only_asks(),
        "not-found" => of.path.contains('{'),
        "stale-version" => of.is_versioned() || of.is_tagged,
        "too-large" => of.has_body,
        "wrong-media-type" => of.may_have_body,
        "invalid" => of.has_body || of.has_query || of.may_be_for_others(),
        "idempotency-key-reused" => of.is_repeatable(),
        "too-many-requests" => of.audience == Audience::Stranger,
        "too-much-written" => of.is_write(),
        "unavailable" => of.is_command() || of.is_of_sign_ins() || of.audience == Audience::Stranger,
        "clock" => of.is_repeatable(),
        _ => false,
    }
}

/// `NotFound`, or `InvalidOrIdempotencyKeyReused` where there are several.
fn name_of(kinds: &[&Kind]) -> String {
    let capital = |word: &str| {
        let (first, rest) = word.split_at(1);
        first.to_ascii_uppercase() + rest
    };
    let names = kinds
        .iter()
        .map(|kind| kind.code.split('-').map(capital).collect::<String>());
    names.collect::<Vec<_>>().join("Or")
}

/// A problem whose code is one of these.
fn closed(kinds: &[&Kind]) -> RefOr<utoipa::openapi::Schema> {
    let codes = kinds.iter().map(|kind| kind.code);
    let code = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(codes));
    let narrowed = ObjectBuilder::new().property("code", code).required("code");
    let problem = Ref::from_schema_name("Problem");
    RefOr::T(AllOfBuilder::new().item(problem).item(narrowed).build().into())
}

fn response(kinds: &[&Kind], problem: &str) -> Response {
    let sentences = kinds
        .iter()
        .map(|kind| format!("{} (`{}`).", kind.title.1, kind.code));
    let description = sentences.collect::<Vec<_>>().join(" ");
    let mut response = ResponseBuilder::new().description(description);
    let status = kinds.first().map_or(0, |kind| kind.status);
    if matches!(status, 429 | 503) {
        response = response.header_ref("Retry-After", fields::reference("Retry-After"));
    }
    if status == 429 {
        for name in fields::LIMITS {
            response = response.header_ref(name, fields::reference(name));
        }
    }
    if status == 401 {
        response = response.header_ref("WWW-Authenticate", fields::reference("WWW-Authenticate"));
    }
    if status == 415 {
        response = response.header_ref("Accept-Encoding", fields::reference("Accept-Encoding"));
    }
    with_problem(response, problem, kinds)
}

fn with_problem(response: ResponseBuilder, problem: &str, kinds: &[&Kind]) -> Response {
    let examples = examples::of_problems(kinds);
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name(problem)))
        .examples_from_iter(examples)
        .build();
    response
        .header_ref("X-Request-Id", fields::reference("X-Request-Id"))
        .content("application/problem+json", content)
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_but_those_of_no_operation_may_be_answered_by_one() {
        let contract = serde_json::to_value(crate::openapi::contract()).unwrap();
        let schemas = contract["components"]["schemas"].as_object().unwrap();
        let closed = schemas.iter().filter(|(name, _)| name.ends_with("Problem"));
        let declared: Vec<&str> = closed
            .flat_map(|(_, schema)| schema["allOf"][1]["properties"]["code"]["enum"].as_array())
            .flatten()
            .filter_map(serde_json::Value::as_str)
            .collect();
        let undeclared: Vec<&str> = KINDS
            .iter()
            .map(|kind| kind.code)
            .filter(|code| !declared.contains(code))
            .collect();
        // A path that has no such method is no operation, and a failure of ours is in the range of each.
        assert_eq!(undeclared, ["method-not-allowed", "internal"]);
        assert_eq!(
            name_of(&[&TICKET_FULL, &WRONG_STATUS]),
            "TicketFullOrTicketWrongStatus"
        );
    }
}
