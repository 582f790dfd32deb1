//! Closed sets of names: each is a type of the contract, whose values are those of the code, and stands wherever one of them is sent or
//! answered.

use application::identity::letters;
use domain::{
    Language,
    account::{AccountKind, ProfileField, profile::DEFAULT_VIEWS},
    desk::field::Widget,
    fault::FaultCode,
    organization::ContractLevel,
    policy::{KeyScope, Role},
    ticket::Right,
};
use utoipa::openapi::{
    ObjectBuilder, OneOfBuilder, OpenApi, Ref, RefOr, Schema, Type,
    schema::{ArrayItems, RefBuilder, SchemaType},
};

use crate::refusal::KINDS;

/// A closed set.
struct Set {
    name: &'static str,
    description: &'static str,
    values: fn() -> Vec<&'static str>,
    /// Where it stands: a schema and its member.
    members: &'static [(&'static str, &'static str)],
}

static SETS: [Set; 12] = [
    Set {
        name: "ProblemCode",
        description: "What a program compares: stable, never translated. Each has its page under `/docs/errors`.",
        values: || KINDS.iter().map(|kind| kind.code).collect(),
        members: &[("Problem", "code")],
    },
    Set {
        name: "FaultCode",
        description: "What a program compares; `required` when the field is missing or empty.",
        values: || FaultCode::ALL.map(FaultCode::as_str).to_vec(),
        members: &[("FieldError", "code")],
    },
    Set {
        name: "Role",
        description: "What somebody may be.",
        values: || Role::ALL.map(Role::as_str).to_vec(),
        members: &[("GrantRole", "role"), ("RoleGrant", "role")],
    },
    Set {
        name: "AccountKind",
        description: "What kind of account it is: a person's, a SOAP program's of an operator, or another program's.",
        values: || AccountKind::ALL.map(AccountKind::as_str).to_vec(),
        members: &[("CreateAccount", "kind"), ("Account", "kind")],
    },
    Set {
        name: "Language",
        description: "A language of the product.",
        values: || Language::ALL.map(Language::as_str).to_vec(),
        members: &[
            ("CreateAccount", "language"),
            ("Account", "language"),
            ("EditProfile", "language"),
            ("MyProfile", "language"),
            ("SignUp", "language"),
            ("ClaimedDelivery", "language"),
        ],
    },
    Set {
        name: "KeyScope",
        description: "What an API key opens: reading, commands on tickets (`write`), feed, export and proofs (`audit`), accounts, organizations and the lists of desks (`administer`).",
        values: || KeyScope::ALL.map(KeyScope::as_str).to_vec(),
        members: &[("CreateApiKey", "scopes"), ("ApiKey", "scopes")],
    },
    Set {
        name: "TicketOperation",
        description: "What may be asked of a ticket beside the actions of its desk. `comment_internal` is an internal note.",
        values: || Right::ALL.map(Right::as_str).to_vec(),
        members: &[("Ticket", "allowed_operations")],
    },
    Set {
        name: "Widget",
        description: "How a field is shown.",
        values: || Widget::ALL.map(Widget::as_str).to_vec(),
        members: &[("FormField", "x-widget")],
    },
    Set {
        name: "ContractLevel",
        description: "What a contract promises. From `gold` on the named responsible is reached by telephone.",
        values: || ContractLevel::ALL.map(ContractLevel::as_str).to_vec(),
        members: &[("ContractTerms", "level"), ("Contract", "level")],
    },
    Set {
        name: "ProfileField",
        description: "A field of a profile.",
        values: || ProfileField::ALL.map(ProfileField::as_str).to_vec(),
        members: &[
            ("LockFields", "fields"),
            ("Account", "locked_fields"),
            ("MyProfile", "locked_fields"),
        ],
    },
    Set {
        name: "DefaultView",
        description: "The screen that a frontend shows first.",
        values: || DEFAULT_VIEWS.to_vec(),
        members: &[
            ("Account", "default_view"),
            ("EditProfile", "default_view"),
            ("MyProfile", "default_view"),
        ],
    },
    Set {
        name: "DeliveryEffect",
        description: "Why a mail goes.",
        values: letters::effects,
        members: &[("Delivery", "effect")],
    },
];

/// Gives each set its type, and its members that type.
pub(super) fn close(contract: &mut OpenApi) {
    for set in &SETS {
        let schemas = &mut contract.components.get_or_insert_default().schemas;
        for (schema, member) in set.members {
            let place = match schemas.get_mut(*schema) {
                Some(RefOr::T(Schema::Object(object))) => object.properties.get_mut(*member),
                Some(_) | None => None,
            };
            let Some(place) = place else { continue };
            narrow(place, set.name);
        }
        let closed = ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(set.description))
            .enum_values(Some((set.values)()));
        schemas.insert(set.name.to_owned(), closed.into());
    }
}

/// A text becomes a name of the set; one that may be `null` still may, and a list becomes a list of names.
fn narrow(place: &mut RefOr<Schema>, name: &str) {
    let closed: RefOr<Schema> = Ref::from_schema_name(name).into();
    match place {
        RefOr::T(Schema::Array(list)) => list.items = ArrayItems::RefOrSchema(Box::new(closed)),
        RefOr::T(Schema::Object(text)) => {
            let may_be_null =
                matches!(&text.schema_type, SchemaType::Array(types) if types.contains(&Type::Null));
            let description = text.description.clone();
            *place = match may_be_null {
                false => RefOr::Ref(
                    RefBuilder::new()
                        .ref_location_from_schema_name(name)
                        .description(description)
                        .build(),
                ),
                true => {
                    let null = ObjectBuilder::new().schema_type(Type::Null);
                    let choice = OneOfBuilder::new()
                        .description(description)
                        .item(null)
                        .item(closed);
                    RefOr::T(choice.build().into())
                }
            };
        }
        RefOr::T(_) | RefOr::Ref(_) => *place = closed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_member_of_the_table_is_there_and_has_the_type_of_its_set() {
        let contract = serde_json::to_value(crate::openapi::contract()).unwrap();
        let mut wrong = Vec::new();
        for set in &SETS {
            let reference = format!("#/components/schemas/{}", set.name);
            for (schema, member) in set.members {
                let place = &contract["components"]["schemas"][schema]["properties"][member];
                if !place.to_string().contains(&reference) {
                    wrong.push(format!("{schema}.{member}: {place}"));
                }
            }
        }
        assert_eq!(wrong, Vec::<String>::new());
    }
}
