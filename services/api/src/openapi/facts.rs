//! What an operation is, as its place in the contract says: who calls it, whether it changes anything, what it reads.

use utoipa::openapi::{
    RefOr,
    path::{HttpMethod, Operation, ParameterIn},
};

use super::fields;

/// Who may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Audience {
    /// Whoever is signed in, or shows an API key.
    SignedIn,
    /// A service of ours, by its key.
    Service,
    /// Anybody, as often as their address may ask.
    Stranger,
    /// Anybody, and nobody counts.
    Anybody,
}

/// Operations of strangers that no limit counts: what they answer costs nothing.
const UNCOUNTED: [&str; 5] = [
    "get_jwks",
    "get_password_policy",
    "get_health",
    "get_readiness",
    "get_metrics",
];
/// Questions that are written down each time.
const TRACED: [&str; 2] = ["export_log", "get_evidence"];
/// Commands that leave no event, or one that no version is read of, though their path names what has versions.
const WITHOUT_VERSION: [&str; 10] = [
    "begin_second_factor",
    "change_password",
    "confirm_second_factor",
    "delete_avatar",
    "delete_sign_in",
    "delete_sign_ins",
    "delete_sign_ins_of",
    "remove_second_factor",
    "request_address",
    "set_avatar",
];
/// Questions whose answer in JSON is streamed: nothing knows its bytes before they are sent.
const STREAMED: [&str; 1] = ["get_evidence"];
/// Commands that write nothing to the log, so that no key is kept of them: what they make waits beside it.
const BESIDE_THE_LOG: [&str; 2] = ["begin_second_factor", "request_address"];
/// Questions that are asked with a body.
const WITH_A_BODY: [&str; 1] = ["create_links"];
/// Commands on a sign-in, not on anything that the log holds.
const OF_SIGN_INS: [&str; 2] = ["delete_token", "delete_sign_in"];

/// What has a version, by the beginning of its paths.
const VERSIONED_PATHS: [&str; 4] = ["/v1/tickets/{", "/v1/accounts/{", "/v1/organizations/{", "/v1/me"];

/// An operation and what its place says of it.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    pub(super) id: String,
    pub(super) path: String,
    pub(super) audience: Audience,
    pub(super) is_question: bool,
    pub(super) may_have_body: bool,
    pub(super) has_body: bool,
    pub(super) has_query: bool,
    /// A question whose answer has a version, or a file's digest, as `ETag`.
    pub(super) is_tagged: bool,
    /// A question whose answer is tagged by its bytes.
    pub(super) is_tagged_by_its_bytes: bool,
}

impl Facts {
    pub(super) fn of(path: &str, method: &HttpMethod, operation: &Operation) -> Facts {
        let id = operation.operation_id.clone().unwrap_or_default();
        let is_question = *method == HttpMethod::Get;
        let parameters = operation.parameters.iter().flatten();
        let queries = parameters.filter(|parameter| match parameter {
            RefOr::T(parameter) => parameter.parameter_in == ParameterIn::Query,
            RefOr::Ref(_) => false,
        });
        let (audience, is_tagged) = (audience(&id, operation), is_question && has_tag(operation));
        let is_streamed = STREAMED.contains(&id.as_str());
        Facts {
            is_tagged_by_its_bytes: is_question
                && audience == Audience::SignedIn
                && !is_tagged
                && !is_streamed
                && is_answered_in_json(operation),
            audience,
            is_tagged,
            id,
            path: path.to_owned(),
            is_question,
            may_have_body: matches!(method, HttpMethod::Post | HttpMethod::Put | HttpMethod::Patch),
            has_body: operation.request_body.is_some(),
            has_query: queries.count() > 0,
        }
    }

    /// Its answer is not sent again to whoever has it.
    pub(super) fn is_kept(&self) -> bool {
        self.is_tagged_by_its_bytes || self.is_tagged
    }

    pub(super) fn is_signed_in(&self) -> bool {
        self.audience == Audience::SignedIn
    }

    /// Changes something of a sign-in, and nothing else.
    pub(super) fn is_of_sign_ins(&self) -> bool {
        OF_SIGN_INS.contains(&self.id.as_str())
    }

    /// Changes something for who is signed in.
    pub(super) fn is_command(&self) -> bool {
        self.is_signed_in() && !self.only_asks() && !self.is_of_sign_ins()
    }

    /// Changes nothing.
    pub(super) fn only_asks(&self) -> bool {
        self.is_question || WITH_A_BODY.contains(&self.id.as_str())
    }

    /// Counts as a write of the account that calls: a command, or a question that leaves a trace each time.
    pub(super) fn is_write(&self) -> bool {
        self.is_command() || TRACED.contains(&self.id.as_str())
    }

    /// May be sent again under the same `Idempotency-Key`.
    pub(super) fn is_repeatable(&self) -> bool {
        self.is_command() && !BESIDE_THE_LOG.contains(&self.id.as_str())
    }

    /// Honours `If-Match`.
    pub(super) fn is_versioned(&self) -> bool {
        self.is_repeatable()
            && VERSIONED_PATHS.iter().any(|path| self.path.starts_with(path))
            && !WITHOUT_VERSION.contains(&self.id.as_str())
    }

    /// Can be given on behalf of somebody else: commands on tickets.
    pub(super) fn may_be_for_others(&self) -> bool {
        self.is_repeatable() && self.path.starts_with("/v1/tickets")
    }
}

fn has_tag(operation: &Operation) -> bool {
    match operation.responses.responses.get("200") {
        Some(RefOr::T(response)) => response.headers.contains_key("ETag") || fields::has_version(response),
        Some(RefOr::Ref(_)) | None => false,
    }
}

fn is_answered_in_json(operation: &Operation) -> bool {
    match operation.responses.responses.get("200") {
        Some(RefOr::T(response)) => {
            let mut kinds = response.content.keys();
            kinds.any(|kind| kind == "application/json" || kind.ends_with("+json"))
        }
        Some(RefOr::Ref(_)) | None => false,
    }
}

fn audience(id: &str, operation: &Operation) -> Audience {
    let Some(security) = &operation.security else {
        return Audience::SignedIn;
    };
    let is_service = security
        .iter()
        .any(|scheme| serde_json::to_value(scheme).is_ok_and(|scheme| scheme.get("service").is_some()));
    match is_service {
        true => Audience::Service,
        false if UNCOUNTED.contains(&id) => Audience::Anybody,
        false => Audience::Stranger,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_that_a_table_names_is_there() {
        let contract = serde_json::to_string(&crate::openapi::collected()).unwrap();
        let tables: [&[&str]; 7] = [
            &UNCOUNTED,
            &TRACED,
            &WITHOUT_VERSION,
            &STREAMED,
            &WITH_A_BODY,
            &BESIDE_THE_LOG,
            &OF_SIGN_INS,
        ];
        let own = super::super::refused::OWN.iter().map(|(id, _)| *id);
        for id in tables.concat().into_iter().chain(own) {
            let named = format!("\"operationId\":\"{id}\"");
            assert!(contract.contains(&named), "there is no operation {id}");
        }
    }
}
