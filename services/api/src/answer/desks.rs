//! Desks on the wire, in one language.

use api_types as wire;
use domain::{
    DeskKey, Label, Language,
    desk::{
        Desk, DeskDefinition, RequestType, Transition, Who,
        definition::{Choice, ValueList},
    },
};
use serde_json::Value;

use super::status;

/// A desk's definition.
#[must_use]
pub fn desk(desk: &Desk, language: Language) -> wire::Desk {
    let definition = desk.definition();
    let choice = |of: &Choice| choice(of, Value::from(of.id.as_str()), language);
    let statuses = definition.statuses.iter();
    let transitions = definition.transitions.iter();
    let types = definition.types.iter();
    let lists = definition.value_lists.iter();
    wire::Desk {
        key: definition.key.to_string(),
        name: definition.label.text(language).to_owned(),
        description: told(definition.help.as_ref(), language),
        version: u64::from(definition.version),
        statuses: statuses.map(|of| status(Some(desk), &of.id, language)).collect(),
        transitions: transitions
            .map(|of| transition(&definition.key, of, language))
            .collect(),
        request_types: types
            .map(|of| request_type(&definition.key, of, language))
            .collect(),
        priorities: definition.priorities.iter().map(choice).collect(),
        default_priority: definition.default_priority.clone(),
        urgencies: definition.urgencies.iter().map(choice).collect(),
        default_urgency: definition.default_urgency.clone(),
        value_lists: lists
            .map(|(name, list)| (name.clone(), value_list(definition, name, list, language)))
            .collect(),
    }
}

fn told(help: Option<&Label>, language: Language) -> Option<String> {
    help.map(|help| help.text(language).to_owned())
}

fn transition(desk: &DeskKey, of: &Transition, language: Language) -> wire::DeskTransition {
    // Ids are unique within the statuses that they start from: one of them tells twins apart.
    let from = of.from.first().filter(|_| of.form.is_some());
    wire::DeskTransition {
        id: of.id.clone(),
        label: of.label.text(language).to_owned(),
        description: told(of.help.as_ref(), language),
        from: of.from.iter().map(ToString::to_string).collect(),
        to: of.to.as_ref().map(ToString::to_string),
        who: of.who.iter().map(|who| self::who(*who)).collect(),
        requires_comment: of.requires_comment,
        required_fields: of
            .form
            .iter()
            .flat_map(|form| form.required.iter().cloned())
            .collect(),
        schema: from.map(|from| format!("/v1/desks/{desk}/transitions/{}/schema?from={from}", of.id)),
    }
}

fn request_type(desk: &DeskKey, of: &RequestType, language: Language) -> wire::RequestType {
    wire::RequestType {
        id: of.id.clone(),
        label: of.label.text(language).to_owned(),
        description: told(of.help.as_ref(), language),
        schema: format!("/v1/desks/{desk}/types/{}/schema", of.id),
    }
}

fn value_list(desk: &DeskDefinition, name: &str, list: &ValueList, language: Language) -> wire::ValueList {
    let values = list.values.iter();
    wire::ValueList {
        apart: list.apart,
        values: values.map(|of| list_value(desk, name, of, language)).collect(),
    }
}

/// A value of a list of the desk, as requests send it.
#[must_use]
pub fn list_value(desk: &DeskDefinition, list: &str, of: &Choice, language: Language) -> wire::ListValue {
    choice(of, desk.value_in(list, &of.id), language)
}

fn choice(of: &Choice, value: Value, language: Language) -> wire::ListValue {
    wire::ListValue {
        value,
        label: of.label.text(language).to_owned(),
        description: told(of.help.as_ref(), language),
        parent: of.parent.clone(),
        retired: of.retired,
    }
}

fn who(who: Who) -> wire::Side {
    match who {
        Who::Requester => wire::Side::Requester,
        Who::Agent => wire::Side::Agent,
        Who::Supplier => wire::Side::Supplier,
        Who::System => wire::Side::System,
    }
}
