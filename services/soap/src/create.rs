//! createTroubleTicketByValue: an operator reports a trouble (seed 001, 3.1).

use crate::client::Stamp;
use crate::exchange::Exchange;
use crate::fields::{FIELDS, OnCreate, Place};
use crate::operation::Operation;
use crate::outcome::{Answer, Failure};
use crate::refusal;
use crate::values::{Check, Faults, Values};
use crate::vocabulary::Vocabulary;
use api_types::{CreateTicket, Fields};
use serde_json::Value;
use uuid::Uuid;

/// Longest summary that this door makes, characters.
const SUMMARY_CHARS_MAX: usize = 120;

/// Fields that are not asked for, but may say what they must.
const TOLD_OF_NEW: [&str; 2] = ["messageType", "lastUpdateVersionNumber"];

/// A create that passed every check of this door.
#[derive(Debug, PartialEq)]
pub(crate) struct Prepared {
    pub(crate) ticket: CreateTicket,
    pub(crate) stamp: Stamp,
    pub(crate) service_provider: String,
}

/// Checks, creates, answers.
pub(crate) async fn run(exchange: &Exchange<'_>, values: &Values) -> Result<Answer, Failure> {
    let mut prepared = match prepare(values, exchange.vocabulary, exchange.supplier_siren) {
        Ok(prepared) => prepared,
        Err(faults) => return Ok(Answer::faulty(&faults)),
    };
    // A SIREN that is not the login's own is a bad value: the sender named somebody else.
    let Some(organization) = exchange.session.organization(&prepared.service_provider) else {
        return Ok(Answer::faulty(&Faults {
            missing: vec![],
            invalid: vec!["serviceProviderID".to_owned()],
        }));
    };
    prepared.ticket.organization = Some(organization.id.clone());
    let created = exchange
        .client
        .create(
            exchange.caller,
            &exchange.session.token,
            &prepared.stamp,
            &prepared.ticket,
        )
        .await;
    match created {
        Ok(ticket) => Ok(Answer::done(ticket.key)),
        Err(error) => refusal::answer(Operation::Create, exchange.caller.request_id, &error),
    }
}

/// Turns the values into a request of the API; the organization is filled in once the sign-in is known to have it.
pub(crate) fn prepare(
    values: &Values,
    words: &Vocabulary,
    supplier_siren: Option<&str>,
) -> Result<Prepared, Faults> {
    let mut check = Check::of(values);
    let fields = check_fields(&mut check, values);
    let only = |check: &mut Check<'_>, name: &str, wanted: &str| {
        if values.text(name).is_some_and(|given| given != wanted) {
            check.invalid(name);
        }
    };
    only(&mut check, "description", &words.message_types.create);
    only(&mut check, "troubleTicketState", &words.create_state);
    // What a get of the new ticket would answer.
    only(&mut check, "messageType", &words.message_types.create);
    only(&mut check, "lastUpdateVersionNumber", "0");
    if let Some(siren) = supplier_siren {
        only(&mut check, "supplierID", siren);
    }
    check.finish()?;
    let text = |name: &str| {
        fields
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let service_provider = text("serviceProviderID");
    let stamp = Stamp {
        idempotency_key: Some(idempotency_key(
            &service_provider,
            &text("serviceProviderTroubleTicketKey"),
        )),
        sent_at: Some(text("interactionDate")),
        occurred_at: Some(text("troubleDetectionTime")),
    };
    let ticket = CreateTicket {
        desk: words.desk.clone(),
        request_type: words.request_type.clone(),
        summary: summary(
            &text("serviceProviderTroubleTicketKey"),
            &text("defectDescription"),
        ),
        description: text("troubleDescription"),
        priority: None,
        urgency: None,
        organization: None,
        on_behalf_of: None,
        private: None,
        share_with: None,
        notify: None,
        fields: Some(only_form(&fields)),
    };
    Ok(Prepared {
        ticket,
        stamp,
        service_provider,
    })
}

/// Reads every field of the table that a create uses, and notes all that is missing or of another form.
fn check_fields(check: &mut Check<'_>, values: &Values) -> Fields {
    let appointment = FIELDS
        .iter()
        .any(|field| field.on_create == OnCreate::Appointment && values.has(field.name));
    let referenced = FIELDS
        .iter()
        .any(|field| field.on_create == OnCreate::OneReference && values.has(field.name));
    let mut read = Fields::new();
    for field in &FIELDS {
        let value = match field.on_create {
            OnCreate::Foreign => {
                let is_of_the_new_ticket =
                    check.optional(field).is_some() && TOLD_OF_NEW.contains(&field.name);
                if values.has(field.name) && !is_of_the_new_ticket {
                    check.invalid(field.name);
                }
                None
            }
            OnCreate::Mandatory => check.mandatory(field),
            OnCreate::OneReference if !referenced => check.mandatory(field),
            OnCreate::WithAppointment if appointment => check.mandatory(field),
            OnCreate::OneReference
            | OnCreate::WithAppointment
            | OnCreate::Appointment
            | OnCreate::Optional => check.optional(field),
        };
        if let Some(value) = value {
            read.insert(field.name.to_owned(), value);
        }
    }
    read
}

fn only_form(fields: &Fields) -> Fields {
    FIELDS
        .iter()
        .filter(|field| field.place == Place::Form)
        .filter_map(|field| {
            fields
                .get(field.name)
                .map(|value| (field.name.to_owned(), value.clone()))
        })
        .collect()
}

/// One line for lists. It holds the operator's own reference and the code of the defect, and nothing of the end
/// customer: the line's reference belongs to a person who may be erased, and a summary would outlive that.
fn summary(reference: &str, defect: &str) -> String {
    format!("Signalisation {reference} (défaut {defect})")
        .chars()
        .take(SUMMARY_CHARS_MAX)
        .collect()
}

/// The same report of the same operator is one command, however often it is sent (design 3; peers N5).
///
/// The key is UUIDv5 of the operator's own reference in a namespace of the operator's, which is UUIDv5 of its SIREN in
/// a namespace of this protocol's. Each step is one name in one namespace, so that no two pairs share a key.
pub(crate) fn idempotency_key(service_provider: &str, reference: &str) -> String {
    let protocol = Uuid::new_v5(
        &Uuid::NAMESPACE_URL,
        b"urn:guichet:soap:createTroubleTicketByValue",
    );
    let operator = Uuid::new_v5(&protocol, service_provider.as_bytes());
    format!("soap:{}", Uuid::new_v5(&operator, reference.as_bytes()))
}

#[cfg(test)]
mod tests;
