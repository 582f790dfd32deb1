//! What values query parameters have, where their Rust type says less than the door asks: forms, closed lists, how many items a page has.

use application::{
    proofs::feed::FEED_LIMIT_MAX,
    tickets::{LIMIT_DEFAULT, LIMIT_MAX, SORT_COLUMNS},
};
use serde_json::json;
use utoipa::openapi::{
    KnownFormat, ObjectBuilder, Ref, RefOr, Schema, SchemaFormat, Type,
    path::{Operation, ParameterIn},
    schema::AnyOfBuilder,
};

use crate::routes::{comments, deliveries, desks, events, history, listed};

/// Narrows the parameters of an operation.
pub(super) fn narrow(id: &str, operation: &mut Operation) {
    for parameter in operation.parameters.iter_mut().flatten() {
        let RefOr::T(parameter) = parameter else { continue };
        if parameter.parameter_in == ParameterIn::Path {
            continue;
        }
        if let Some(schema) = narrower(id, &parameter.name) {
            parameter.schema = Some(schema);
        }
        if parameter.name == "limit" {
            parameter.description = Some("How many items a page has at most.".to_owned());
        }
    }
}

fn narrower(id: &str, name: &str) -> Option<RefOr<Schema>> {
    let text = ObjectBuilder::new().schema_type(Type::String);
    match (id, name) {
        ("list_accounts", "role") => Some(Ref::from_schema_name("Role").into()),
        (_, "limit") => limits(id).map(|(usual, greatest)| {
            let limit = ObjectBuilder::new()
                .schema_type(Type::Integer)
                .minimum(Some(1_u16));
            let limit = limit.maximum(Some(u32::try_from(greatest).unwrap_or(u32::MAX)));
            limit.default(Some(json!(usual))).into()
        }),
        (_, "as_of") => {
            let position = ObjectBuilder::new()
                .schema_type(Type::Integer)
                .minimum(Some(0_u16));
            let either = AnyOfBuilder::new().item(position).item(instant()).build();
            Some(RefOr::T(either.into()))
        }
        (_, name) if name.ends_with("_after") || name.ends_with("_before") => Some(instant().into()),
        ("get_status_series", "from" | "to") => {
            let day = text.format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)));
            Some(day.into())
        }
        ("list_tickets", "sort") => {
            let columns = SORT_COLUMNS.join("|");
            Some(
                text.pattern(Some(format!("^-?({columns})(,-?({columns}))*$")))
                    .into(),
            )
        }
        ("list_values", "state") => Some(text.enum_values(Some(desks::STATES)).into()),
        (_, "sort") => Some(text.enum_values(Some(["version", "-version"])).into()),
        ("list_deliveries", "wait_s") => {
            let wait = ObjectBuilder::new()
                .schema_type(Type::Integer)
                .minimum(Some(0_u16));
            Some(
                wait.maximum(Some(u32::try_from(deliveries::WAIT_S_MAX).unwrap_or(u32::MAX)))
                    .into(),
            )
        }
        (_, "Guichet-Refresh") => Some(text.enum_values(Some(["cookie"])).into()),
        (_, "Last-Event-ID") => Some(
            ObjectBuilder::new()
                .schema_type(Type::Integer)
                .minimum(Some(0_u16))
                .into(),
        ),
        _ => None,
    }
}

/// The usual and the greatest `limit` of an operation.
fn limits(id: &str) -> Option<(usize, usize)> {
    match id {
        "list_tickets" => Some((LIMIT_DEFAULT as usize, LIMIT_MAX as usize)),
        "list_accounts" | "list_organizations" | "list_values" => Some((listed::LIMIT, listed::LIMIT_MAX)),
        "list_comments" => Some((comments::COMMENTS_LIMIT, comments::COMMENTS_LIMIT_MAX)),
        "list_history" => Some((history::HISTORY_LIMIT, history::HISTORY_LIMIT_MAX)),
        "list_events" => Some((events::FEED_LIMIT, FEED_LIMIT_MAX)),
        "list_deliveries" => Some((deliveries::LIMIT_MAX, deliveries::LIMIT_MAX)),
        _ => None,
    }
}

fn instant() -> ObjectBuilder {
    let format = SchemaFormat::KnownFormat(KnownFormat::DateTime);
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(format))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_role_that_accounts_are_sought_by_is_one_of_the_closed_list() {
        let contract = serde_json::to_value(crate::openapi::contract()).unwrap();
        let parameters = contract["paths"]["/v1/accounts"]["get"]["parameters"]
            .as_array()
            .unwrap();
        let place = parameters.iter().find(|found| found["name"] == "role").unwrap();
        assert_eq!(place["schema"]["$ref"], "#/components/schemas/Role");
    }
}
