//! How many items a page has, and how long a text may be, from the constants that the product keeps.

use serde_json::json;
use utoipa::openapi::{
    Components, ObjectBuilder, RefOr, Schema, Type,
    path::{Operation, ParameterIn},
};

use application::tickets::{LIMIT_DEFAULT, LIMIT_MAX, rescue::RESCUE_CHARS_MAX};
use domain::{
    account::{
        change::{LABEL_CHARS_MAX, REASON_CHARS_MAX},
        profile::{self, ADDRESS_CHARS_MAX, USERNAME_CHARS_MAX},
    },
    organization::{self, contract::REFERENCE_CHARS_MAX},
    ticket::text::{SUMMARY_CHARS_MAX, TEXT_BYTES_MAX},
};

use crate::routes::{comments, deliveries, events, history, listed};

/// The usual and the greatest `limit` of an operation.
fn limits(id: &str) -> Option<(usize, usize)> {
    match id {
        "list_tickets" => Some((LIMIT_DEFAULT as usize, LIMIT_MAX as usize)),
        "list_accounts" | "list_organizations" => Some((listed::LIMIT, listed::LIMIT_MAX)),
        "list_comments" => Some((comments::COMMENTS_LIMIT, comments::COMMENTS_LIMIT_MAX)),
        "list_history" => Some((history::HISTORY_LIMIT, history::HISTORY_LIMIT_MAX)),
        "list_events" => Some((events::FEED_LIMIT, application::proofs::feed::FEED_LIMIT_MAX)),
        "list_deliveries" => Some((deliveries::LIMIT_MAX, deliveries::LIMIT_MAX)),
        _ => None,
    }
}

/// Declares the limits of `limit`.
pub(super) fn declare(id: &str, operation: &mut Operation) {
    let Some((usual, greatest)) = limits(id) else {
        return;
    };
    for parameter in operation.parameters.iter_mut().flatten() {
        let RefOr::T(parameter) = parameter else { continue };
        if parameter.parameter_in == ParameterIn::Query && parameter.name == "limit" {
            let schema = ObjectBuilder::new()
                .schema_type(Type::Integer)
                .minimum(Some(1_u16))
                .maximum(Some(u32::try_from(greatest).unwrap_or(u32::MAX)))
                .default(Some(json!(usual)));
            parameter.description = Some("How many items a page has at most.".to_owned());
            parameter.schema = Some(schema.into());
        }
    }
}

/// The longest texts of requests: a schema, its members, characters. What is limited in bytes of UTF-8 has no more characters than
/// bytes. Passwords are measured by the policy of the server.
const LENGTHS: [(&str, &[&str], usize); 26] = [
    ("ContractTerms", &["reference"], REFERENCE_CHARS_MAX),
    ("CreateAccount", &["username"], USERNAME_CHARS_MAX),
    ("CreateAccount", &["name"], profile::NAME_CHARS_MAX),
    ("CreateAccount", &["address"], ADDRESS_CHARS_MAX),
    (
        "CreateOrganization",
        &["name"],
        organization::change::NAME_CHARS_MAX,
    ),
    ("CreateTicket", &["summary"], SUMMARY_CHARS_MAX),
    ("CreateTicket", &["description"], TEXT_BYTES_MAX),
    ("DecideApproval", &["comment"], TEXT_BYTES_MAX),
    ("SettleDelivery", &["detail"], deliveries::DETAIL_CHARS_MAX),
    ("DisableAccount", &["reason"], REASON_CHARS_MAX),
    (
        "EditOrganization",
        &["name"],
        organization::change::NAME_CHARS_MAX,
    ),
    ("EditProfile", &["name"], profile::NAME_CHARS_MAX),
    ("EditTicket", &["summary"], SUMMARY_CHARS_MAX),
    ("EditTicket", &["description"], TEXT_BYTES_MAX),
    ("RequestAddress", &["address"], ADDRESS_CHARS_MAX),
    ("CreateApiKey", &["label"], LABEL_CHARS_MAX),
    ("CreateApproval", &["proposal", "comment"], TEXT_BYTES_MAX),
    ("CreateComment", &["body"], TEXT_BYTES_MAX),
    ("ReopenTicket", &["reason"], TEXT_BYTES_MAX),
    ("RequestRescue", &["name"], profile::NAME_CHARS_MAX),
    ("RequestRescue", &["contact"], ADDRESS_CHARS_MAX),
    ("RequestRescue", &["message"], RESCUE_CHARS_MAX),
    ("SignUp", &["username"], USERNAME_CHARS_MAX),
    ("SignUp", &["name"], profile::NAME_CHARS_MAX),
    ("SignUp", &["address"], ADDRESS_CHARS_MAX),
    ("CreateTransition", &["comment"], TEXT_BYTES_MAX),
];

/// Texts that may be sent empty, and say nothing then.
const MAY_BE_EMPTY: [&str; 2] = ["comment", "detail"];

/// Declares how long the texts of requests may be.
pub(super) fn measure(components: &mut Components) {
    for (schema, members, chars_max) in LENGTHS {
        let Some(RefOr::T(Schema::Object(schema))) = components.schemas.get_mut(schema) else {
            continue;
        };
        for member in members {
            if let Some(RefOr::T(Schema::Object(text))) = schema.properties.get_mut(*member) {
                text.max_length = Some(chars_max);
                text.min_length = (!MAY_BE_EMPTY.contains(member)).then_some(1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_of_the_table_is_there_and_has_its_length() {
        let contract = serde_json::to_value(crate::openapi::contract()).unwrap();
        for (schema, members, chars_max) in LENGTHS {
            for member in members {
                let text = &contract["components"]["schemas"][schema]["properties"][member];
                assert_eq!(text["maxLength"], chars_max, "{schema}.{member}: {text}");
            }
        }
    }
}
