//! How long a text may be, from the constants that the product keeps.

use utoipa::openapi::{Components, RefOr, Schema};

use application::tickets::rescue::RESCUE_CHARS_MAX;
use domain::{
    account::{
        change::{LABEL_CHARS_MAX, REASON_CHARS_MAX},
        profile::{self, ADDRESS_CHARS_MAX, USERNAME_CHARS_MAX},
    },
    desk::{check::ID_BYTES_MAX, lists::VALUE_TEXT_CHARS_MAX},
    organization::{self, contract::REFERENCE_CHARS_MAX},
    ticket::text::{SUMMARY_CHARS_MAX, TEXT_BYTES_MAX},
};

use crate::routes::deliveries;

/// The longest texts of requests: a schema, its members, characters. What is limited in bytes of UTF-8 has no more characters than
/// bytes. Passwords are measured by the policy of the server.
const LENGTHS: [(&str, &[&str], usize); 28] = [
    ("ContractTerms", &["reference"], REFERENCE_CHARS_MAX),
    ("CreateAccount", &["username"], USERNAME_CHARS_MAX),
    ("CreateAccount", &["name"], profile::NAME_CHARS_MAX),
    ("CreateAccount", &["address"], ADDRESS_CHARS_MAX),
    (
        "CreateOrganization",
        &["name"],
        organization::change::NAME_CHARS_MAX,
    ),
    ("Label", &["fr", "en"], VALUE_TEXT_CHARS_MAX),
    ("NewListValue", &["value"], ID_BYTES_MAX),
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
