//! What values query parameters have, where their Rust type says less than the door asks.

use application::tickets::SORT_COLUMNS;
use utoipa::openapi::{
    KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type,
    path::{Operation, ParameterIn},
    schema::AnyOfBuilder,
};

use crate::routes::deliveries::WAIT_S_MAX;

/// Narrows the parameters of an operation.
pub(super) fn narrow(id: &str, operation: &mut Operation) {
    for parameter in operation.parameters.iter_mut().flatten() {
        let RefOr::T(parameter) = parameter else { continue };
        if parameter.parameter_in == ParameterIn::Path {
            continue;
        }
        if let Some(schema) = narrower(id, &parameter.name) {
            parameter.schema = Some(RefOr::T(schema));
        }
    }
}

fn narrower(id: &str, name: &str) -> Option<Schema> {
    let text = ObjectBuilder::new().schema_type(Type::String);
    match (id, name) {
        (_, "as_of") => {
            let position = ObjectBuilder::new()
                .schema_type(Type::Integer)
                .minimum(Some(0_u16));
            Some(AnyOfBuilder::new().item(position).item(instant()).build().into())
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
        (_, "sort") => Some(text.enum_values(Some(["version", "-version"])).into()),
        ("list_deliveries", "wait_s") => {
            let wait = ObjectBuilder::new()
                .schema_type(Type::Integer)
                .minimum(Some(0_u16));
            Some(
                wait.maximum(Some(u32::try_from(WAIT_S_MAX).unwrap_or(u32::MAX)))
                    .into(),
            )
        }
        (_, "Last-Event-ID") => Some(
            ObjectBuilder::new()
                .schema_type(Type::Integer)
                .minimum(Some(0_u16))
                .into(),
        ),
        _ => None,
    }
}

fn instant() -> ObjectBuilder {
    let format = SchemaFormat::KnownFormat(KnownFormat::DateTime);
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(format))
}
