//! The first edition of desk definitions (`desk-published.v1`), read for ever: its forms were JSON Schemas with French titles, its value
//! lists repeated what forms checked, and what the product reads in a field was told by the field's name.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    definition::{self, ApprovalRule, FormDefinition, ReopenRule, Status, ValueList, Who},
    field::{Field, Meaning, Whose},
};
use crate::{
    ids::{DeskKey, StatusId},
    label::Label,
};

/// A definition as its event had it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeskDefinition {
    key: DeskKey,
    version: u32,
    label: Label,
    initial_status: StatusId,
    priorities: Vec<Choice>,
    default_priority: String,
    urgencies: Vec<Choice>,
    default_urgency: String,
    statuses: Vec<Status>,
    transitions: Vec<Transition>,
    #[serde(default)]
    approval: Option<ApprovalRule>,
    #[serde(default)]
    reopen: Option<ReopenRule>,
    types: Vec<RequestType>,
    #[serde(default)]
    value_lists: BTreeMap<String, Vec<Choice>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Choice {
    id: String,
    label: Label,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Transition {
    id: String,
    label: Label,
    from: BTreeSet<StatusId>,
    #[serde(default)]
    to: Option<StatusId>,
    who: BTreeSet<Who>,
    #[serde(default)]
    requires_comment: bool,
    #[serde(default)]
    form: Option<Value>,
    #[serde(default)]
    assigns_actor: bool,
    #[serde(default)]
    clears: BTreeSet<String>,
    #[serde(default)]
    automatic_comment: Option<Label>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestType {
    id: String,
    label: Label,
    form: Value,
}

/// What a published event of the first edition holds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Published {
    definition: DeskDefinition,
}

impl From<Published> for definition::DeskDefinition {
    fn from(Published { definition: first }: Published) -> definition::DeskDefinition {
        let mut fields = Fields::new(&first.value_lists);
        let types = first.types.into_iter().map(|of| definition::RequestType {
            form: fields.form(&of.form),
            id: of.id,
            label: of.label,
            help: None,
        });
        let types = types.collect();
        let transitions = first.transitions.into_iter().map(|of| definition::Transition {
            form: of.form.map(|form| fields.form(&form)),
            id: of.id,
            label: of.label,
            help: None,
            from: of.from,
            to: of.to,
            who: of.who,
            requires_comment: of.requires_comment,
            assigns_actor: of.assigns_actor,
            clears: of.clears,
            automatic_comment: of.automatic_comment,
        });
        let transitions = transitions.collect();
        let fields = fields.fields;
        let lists = first.value_lists.into_iter().map(|(name, values)| {
            let list = ValueList {
                values: choices(values),
                apart: false,
            };
            (name, list)
        });
        definition::DeskDefinition {
            key: first.key,
            version: first.version,
            label: first.label,
            help: None,
            initial_status: first.initial_status,
            priorities: choices(first.priorities),
            default_priority: first.default_priority,
            urgencies: choices(first.urgencies),
            default_urgency: first.default_urgency,
            statuses: first.statuses,
            transitions,
            approval: first.approval,
            reopen: first.reopen,
            types,
            fields,
            value_lists: lists.collect(),
        }
    }
}

fn choices(values: Vec<Choice>) -> Vec<definition::Choice> {
    let choice = |Choice { id, label }| definition::Choice {
        id,
        label,
        help: None,
        parent: None,
        retired: false,
    };
    values.into_iter().map(choice).collect()
}

/// The fields of the forms read so far.
struct Fields<'d> {
    lists: &'d BTreeMap<String, Vec<Choice>>,
    fields: BTreeMap<String, Field>,
}

impl<'d> Fields<'d> {
    fn new(lists: &'d BTreeMap<String, Vec<Choice>>) -> Fields<'d> {
        Fields {
            lists,
            fields: BTreeMap::new(),
        }
    }

    /// A form of the first edition. Its fields become the desk's; they stood in no order but that of their names.
    fn form(&mut self, schema: &Value) -> FormDefinition {
        let mut rules = schema.as_object().cloned().unwrap_or_default();
        for word in ["$schema", "type", "title", "description", "additionalProperties"] {
            rules.remove(word);
        }
        let properties = rules.remove("properties");
        let required = rules.remove("required");
        let declared = rules.remove("x-declared");
        let fields = properties
            .as_ref()
            .and_then(Value::as_object)
            .into_iter()
            .flatten();
        let required = required.as_ref().and_then(Value::as_array).into_iter().flatten();
        FormDefinition {
            fields: fields.map(|(name, property)| self.key(name, property)).collect(),
            required: required
                .filter_map(|name| name.as_str().map(str::to_owned))
                .collect(),
            rules,
            declares_description: declared.is_some(),
        }
    }

    /// The key of a field: its name, or another one where two forms asked for the same in two ways.
    fn key(&mut self, name: &str, property: &Value) -> String {
        let field = self.field(name, property);
        let mut key = name.to_owned();
        let mut variants = 1;
        while let Some(known) = self.fields.get(&key) {
            let same = Field {
                name: None,
                ..known.clone()
            } == field;
            if same {
                return key;
            }
            variants += 1;
            key = format!("{name}_{variants}");
        }
        let name = (key != name).then(|| name.to_owned());
        self.fields.insert(key.clone(), Field { name, ..field });
        key
    }

    fn field(&self, name: &str, property: &Value) -> Field {
        let property = property.as_object();
        let word = |keyword: &str| property.and_then(|property| property.get(keyword));
        let text = |keyword: &str| word(keyword).and_then(Value::as_str);
        let holds = |keyword: &str| word(keyword).and_then(Value::as_bool).unwrap_or(false);
        let label = |text: &str| Label {
            fr: text.to_owned(),
            en: text.to_owned(),
        };
        let list = self.lists.contains_key(name).then(|| name.to_owned());
        let told = |word: &String| word == "title" || word == "description" || word.starts_with("x-");
        let mut schema: Map<String, Value> = property.cloned().unwrap_or_default();
        schema.retain(|word, _| !told(word));
        if list.is_some() {
            schema.remove("enum");
        }
        Field {
            name: None,
            title: label(
                text("title")
                    .filter(|title| text::is_filled_in(title))
                    .unwrap_or(name),
            ),
            help: text("description")
                .filter(|help| text::is_filled_in(help))
                .map(label),
            widget: None,
            schema,
            format_help: None,
            list,
            personal: match text("x-personal") {
                Some("requester") => Some(Whose::Requester),
                Some("customer") => Some(Whose::Customer),
                Some(_) | None => None,
            },
            open: holds("x-open"),
            declared: holds("x-declared"),
            lookup: name == "technicalId",
            meaning: match name {
                "serviceProviderID" => Some(Meaning::OrganizationSiren),
                "resolution" => Some(Meaning::Resolution),
                _ => None,
            },
        }
    }
}
