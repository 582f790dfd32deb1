//! What the API refused, in the protocol's words. The rules are the API's: this page only translates.

use crate::client::CallError;
use crate::fault::Fault;
use crate::operation::Operation;
use crate::outcome::{Answer, Failure, ReturnCode};
use crate::values::Faults;
use api_types::{FieldError, Problem};
use uuid::Uuid;

/// The API's code for a key that was used with another body; on create the key is the operator's own reference.
pub(crate) const KEY_REUSED: &str = "idempotency-key-reused";
const KEY_REUSED_WORDS: &str = "serviceProviderTroubleTicketKey déjà utilisé avec un autre contenu";

/// Turns an error of create or set into an answer with a return code, or into a fault.
pub(crate) fn answer(operation: Operation, request_id: Uuid, error: &CallError) -> Result<Answer, Failure> {
    let CallError::Refused { status, problem } = error else {
        return Err(Fault::server(Some(operation), request_id, error).into());
    };
    let problem = problem.as_deref();
    match status {
        401 => Err(Failure::SignedOut),
        403 if problem.is_some_and(|problem| problem.allowed.is_some()) => {
            Ok(Answer::refused(ReturnCode::ForbiddenTransition, words(problem)))
        }
        403 => Err(Fault::not_permitted().into()),
        404 if operation == Operation::Set => {
            Ok(Answer::refused(ReturnCode::UnknownReference, "troubleTicketKey"))
        }
        404 => Ok(Answer::refused(ReturnCode::UnknownReference, words(problem))),
        409 if operation == Operation::Set => {
            Ok(Answer::refused(ReturnCode::ForbiddenTransition, words(problem)))
        }
        // A create that meets another state is neither a missing nor a wrong field nor a transition.
        409 => Ok(Answer::refused(ReturnCode::Other, words(problem))),
        422 => Ok(invalid(problem)),
        400 if problem.is_some_and(|problem| !problem.errors.is_empty()) => Ok(invalid(problem)),
        _ => Err(Fault::server(Some(operation), request_id, error).into()),
    }
}

/// The title of a problem is the same for every occurrence and in French, as this door asks for it; its detail may be
/// for developers.
fn words(problem: Option<&Problem>) -> String {
    match problem {
        Some(problem) if problem.code == KEY_REUSED => KEY_REUSED_WORDS.to_owned(),
        Some(problem) => problem.title.clone(),
        None => String::new(),
    }
}

/// A refusal that names fields is return code 1 or 2. One that names none is the code for everything else; a reference
/// of the operator's that was used before with another content is one of those, because neither the field nor its value
/// is wrong by itself.
fn invalid(problem: Option<&Problem>) -> Answer {
    let errors = problem
        .map(|problem| problem.errors.as_slice())
        .unwrap_or_default();
    if errors.is_empty() {
        return Answer::refused(ReturnCode::Other, words(problem));
    }
    let (missing, invalid): (Vec<&FieldError>, Vec<&FieldError>) =
        errors.iter().partition(|error| error.code == "required");
    let names = |errors: Vec<&FieldError>| errors.into_iter().map(|error| element(&error.pointer)).collect();
    Answer::faulty(
        &Faults {
            missing: names(missing),
            invalid: names(invalid),
        }
        .sorted(),
    )
}

/// The protocol's element for a place in a request of the API: a JSON pointer, or the name of a header.
fn element(pointer: &str) -> String {
    let member = pointer.strip_prefix('/').unwrap_or(pointer);
    let known = match member {
        "description" => "troubleDescription",
        "summary" => "defectDescription",
        "organization" => "serviceProviderID",
        "type" => "troubleTicketType",
        "comment" => "messageContent",
        "action" => "troubleTicketState",
        "Guichet-Sent-At" => "interactionDate",
        "Guichet-Occurred-At" => "troubleDetectionTime",
        "Idempotency-Key" => "serviceProviderTroubleTicketKey",
        _ => {
            let name = member.strip_prefix("fields/").unwrap_or(member);
            let first = name.split('/').next().unwrap_or(name);
            return first.replace("~1", "/").replace("~0", "~");
        }
    };
    known.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, errors: &[(&str, &str)]) -> CallError {
        let errors = errors
            .iter()
            .map(|(pointer, code)| FieldError {
                pointer: (*pointer).to_owned(),
                code: (*code).to_owned(),
                detail: "faux".to_owned(),
            })
            .collect();
        let problem = Problem {
            problem_type: "about:blank".to_owned(),
            title: "Refusé".to_owned(),
            status,
            detail: Some("L'état ne le permet pas.".to_owned()),
            code: "refused".to_owned(),
            request_id: "r".to_owned(),
            errors,
            missed: None,
            next_cursor: None,
            allowed: None,
            challenge: None,
            retry_after_s: None,
        };
        CallError::Refused {
            status,
            problem: Some(Box::new(problem)),
        }
    }

    fn answered(operation: Operation, error: &CallError) -> Answer {
        answer(operation, Uuid::nil(), error).unwrap()
    }

    #[test]
    fn missing_fields_are_named_before_bad_ones_in_the_protocols_words() {
        let error = refused(
            422,
            &[
                ("/fields/technicalId", "required"),
                ("/description", "required"),
                ("/fields/offerId", "length"),
            ],
        );
        let answer = answered(Operation::Create, &error);
        assert_eq!(
            (answer.code, answer.note.as_str()),
            (ReturnCode::Missing, "troubleDescription, technicalId")
        );
    }

    #[test]
    fn bad_values_are_all_named() {
        let error = refused(
            422,
            &[
                ("/fields/defectClassId", "value"),
                ("/organization", "value"),
                ("/fields/a~1b/0", "unknown"),
            ],
        );
        let answer = answered(Operation::Create, &error);
        assert_eq!(
            (answer.code, answer.note.as_str()),
            (ReturnCode::Invalid, "serviceProviderID, defectClassId, a/b")
        );
        let message = answered(Operation::Set, &refused(422, &[("/comment", "required")]));
        assert_eq!(
            (message.code, message.note.as_str()),
            (ReturnCode::Missing, "messageContent")
        );
    }

    #[test]
    fn a_refusal_without_fields_is_the_code_for_everything_else() {
        let answer = answered(Operation::Create, &refused(422, &[]));
        assert_eq!((answer.code, answer.note.as_str()), (ReturnCode::Other, "Refusé"));
    }

    #[test]
    fn a_reference_used_twice_with_another_content_is_named() {
        let CallError::Refused {
            problem: Some(mut problem),
            ..
        } = refused(422, &[])
        else {
            panic!()
        };
        problem.code = KEY_REUSED.to_owned();
        let answer = answered(
            Operation::Create,
            &CallError::Refused {
                status: 422,
                problem: Some(problem),
            },
        );
        assert_eq!(answer.code, ReturnCode::Other);
        assert!(
            answer.note.starts_with("serviceProviderTroubleTicketKey"),
            "{}",
            answer.note
        );
    }

    #[test]
    fn an_unknown_ticket_and_a_forbidden_transition_have_their_codes() {
        let unknown = answered(Operation::Set, &refused(404, &[]));
        assert_eq!(
            (unknown.code, unknown.note.as_str()),
            (ReturnCode::UnknownReference, "troubleTicketKey")
        );
        let forbidden = answered(Operation::Set, &refused(409, &[]));
        assert_eq!(forbidden.code, ReturnCode::ForbiddenTransition);
    }

    #[test]
    fn a_lost_sign_in_is_repeated_and_a_missing_right_is_a_client_fault() {
        let lost = answer(Operation::Create, Uuid::nil(), &refused(401, &[]));
        assert!(matches!(lost, Err(Failure::SignedOut)));
        let forbidden = answer(Operation::Create, Uuid::nil(), &refused(403, &[]));
        assert!(matches!(forbidden, Err(Failure::Fault(fault)) if fault == Fault::not_permitted()));
    }

    #[test]
    fn everything_technical_is_a_server_fault() {
        for status in [400, 408, 413, 429, 500, 502, 503] {
            let Err(Failure::Fault(fault)) = answer(Operation::Create, Uuid::nil(), &refused(status, &[]))
            else {
                panic!("{status} is answered");
            };
            assert_eq!(fault.code.name(), "Server", "{status}");
        }
    }
}
