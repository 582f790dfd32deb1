//! setTroubleTicketByValue: an operator acts on its ticket (seed 001, 3.2).

use crate::client::{CallError, Stamp};
use crate::dates;
use crate::exchange::Exchange;
use crate::fault::Fault;
use crate::fields::{FIELDS, Field, Kind, OnCreate, Place, field};
use crate::get;
use crate::operation::{Exception, Operation};
use crate::outcome::{Answer, Failure, ReturnCode};
use crate::refusal;
use crate::values::{Check, Faults, Values};
use crate::vocabulary::Vocabulary;
use api_types::{CreateTransition, Fields, Ticket};
use serde_json::{Value, json};
use uuid::Uuid;

/// How often a set is tried again when somebody else changed the ticket between our reading and our writing.
pub const STALE_RETRIES_MAX: usize = 8;

/// A version that no ticket has: the first event makes version 1.
const NO_VERSION: u64 = 0;

/// Fields of the end customer that go with a new appointment, beside the appointment's own.
const CUSTOMER: [&str; 5] = [
    "customerLastName",
    "customerFirstName",
    "contactPhoneNumber1",
    "contactPhoneNumber2",
    "customerAccessibilityHours",
];

/// Fields that say which ticket, when, and what is to be done; all others are content.
const ADDRESS: [&str; 9] = [
    "interactionDate",
    "description",
    "messageType",
    "troubleTicketKey",
    "lastUpdateVersionNumber",
    "troubleTicketState",
    "serviceProviderID",
    "supplierID",
    "messageContent",
];

/// A set that passed every check that needs no ticket.
#[derive(Debug, PartialEq)]
pub(crate) struct Prepared {
    pub(crate) key: String,
    pub(crate) last_update: u64,
    pub(crate) service_provider: String,
    asked: Asked,
    comment: Option<String>,
    given: Vec<Given>,
    /// What a notification says of the ticket beside what it is: its state, another type. It must be so.
    beside: Vec<(&'static str, String)>,
    pub(crate) stamp: Stamp,
}

/// What the operator wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Asked {
    /// The desk's action for a state.
    Order(String),
    /// To inform, or to change the appointment.
    Notification,
}

/// One field that is filled in, in the form the API takes.
#[derive(Debug, Clone, PartialEq)]
struct Given {
    field: &'static Field,
    value: Value,
}

/// Checks, acts, answers.
pub(crate) async fn run(exchange: &Exchange<'_>, values: &Values) -> Result<Answer, Failure> {
    let prepared = match prepare(values, exchange.vocabulary, exchange.supplier_siren) {
        Ok(prepared) => prepared,
        Err(answer) => return Ok(answer),
    };
    let Some(organization) = exchange.session.organization(&prepared.service_provider) else {
        return Ok(Answer::faulty(&Faults {
            missing: vec![],
            invalid: vec!["serviceProviderID".to_owned()],
        }));
    };
    let request_id = exchange.caller.request_id;
    for _ in 0..=STALE_RETRIES_MAX {
        let read = exchange
            .client
            .ticket(exchange.caller, &exchange.session.token, &prepared.key)
            .await;
        let ticket = match read {
            Ok(ticket) => ticket,
            Err(error) => return refusal::answer(Operation::Set, request_id, &error),
        };
        if !exchange.is_of(&ticket, &organization.id) {
            return Ok(Answer::refused(ReturnCode::UnknownReference, "troubleTicketKey"));
        }
        // The operator acts on what it last saw of the supplier's work (seed 001, 3.3.2, lastUpdateVersionNumber).
        if ticket.supplier_updates != prepared.last_update {
            return match carried_out(exchange, &prepared).await? {
                true => Ok(Answer::done(ticket.key)),
                false => Err(resync(ticket.supplier_updates).into()),
            };
        }
        let transition = match prepared.settle(&ticket, exchange.vocabulary) {
            Ok(transition) => transition,
            Err(answer) => {
                return match carried_out(exchange, &prepared).await? {
                    true => Ok(Answer::done(ticket.key)),
                    false => Ok(answer),
                };
            }
        };
        match follow(exchange, &prepared, ticket.version, &transition).await {
            Ok(()) => return Ok(Answer::done(ticket.key)),
            // Changed since it was read: read again, and let the version number decide again.
            Err(CallError::Refused { status: 412, .. }) => {}
            Err(error) => return refusal::answer(Operation::Set, request_id, &error),
        }
    }
    let error = CallError::AlwaysStale(STALE_RETRIES_MAX + 1);
    Err(Fault::server(Some(Operation::Set), request_id, &error).into())
}

/// Follows the transition, once: a key is made of the whole message, so one that the API knows is this message again, even
/// where the ticket has made another transition of it meanwhile.
async fn follow(
    exchange: &Exchange<'_>,
    prepared: &Prepared,
    version: u64,
    transition: &CreateTransition,
) -> Result<(), CallError> {
    let followed = exchange
        .client
        .transition(
            exchange.caller,
            &exchange.session.token,
            &prepared.stamp,
            (&prepared.key, version),
            transition,
        )
        .await;
    match followed {
        Ok(_) => Ok(()),
        Err(error) if is_known_key(&error) && prepared.stamp.idempotency_key.is_some() => Ok(()),
        Err(error) => Err(error),
    }
}

fn is_known_key(error: &CallError) -> bool {
    matches!(error, CallError::Refused { problem: Some(problem), .. } if problem.code == refusal::KEY_REUSED)
}

/// Whether this very message was carried out before and only its answer was lost. It is asked with a version that no ticket
/// has, so that nothing happens now.
async fn carried_out(exchange: &Exchange<'_>, prepared: &Prepared) -> Result<bool, Failure> {
    if prepared.stamp.idempotency_key.is_none() {
        return Ok(false);
    }
    let transition = CreateTransition {
        action: match &prepared.asked {
            Asked::Order(action) => action.clone(),
            Asked::Notification => exchange.vocabulary.notification.inform.clone(),
        },
        comment: prepared.comment.clone(),
        fields: None,
    };
    match follow(exchange, prepared, NO_VERSION, &transition).await {
        Ok(()) => Ok(true),
        Err(CallError::Refused { status: 401, .. }) => Err(Failure::SignedOut),
        Err(CallError::Refused { status, .. }) if status < 500 && status != 429 => Ok(false),
        Err(error) => Err(Fault::server(Some(Operation::Set), exchange.caller.request_id, &error).into()),
    }
}

fn resync(now: u64) -> Fault {
    Fault::of_body(
        Operation::Set,
        Exception::ResyncRequired,
        format!("lastUpdateVersionNumber périmé : le ticket en est à {now}, à relire avant d'agir"),
    )
}

/// Checks all that can be checked without the ticket.
///
/// Annex R6, which says what each action needs, is not public. This door asks for what no action can do without: the
/// ticket, the version number that the seed wants recalled, and the operator; what an action needs beyond that the
/// desk says.
pub(crate) fn prepare(
    values: &Values,
    words: &Vocabulary,
    supplier_siren: Option<&str>,
) -> Result<Prepared, Answer> {
    let mut check = Check::of(values);
    let key = check.mandatory_text("troubleTicketKey");
    let last_update = check.mandatory_text("lastUpdateVersionNumber");
    let service_provider = check.mandatory_text("serviceProviderID");
    let supplier = check.optional_text("supplierID");
    if supplier.is_some() && supplier_siren.is_some() && supplier.as_deref() != supplier_siren {
        check.invalid("supplierID");
    }
    // `parse` would take a sign.
    let is_number = last_update.bytes().all(|byte| byte.is_ascii_digit());
    let version = last_update.parse::<u64>().ok().filter(|_| is_number);
    if !last_update.is_empty() && version.is_none() {
        check.invalid("lastUpdateVersionNumber");
    }
    let sent_at = check.optional_text("interactionDate");
    let comment = check.optional_text("messageContent");
    let given = given(&mut check);
    let asked = asked(&mut check, values, words);
    let beside = beside(&mut check, words);
    if asked == Some(Asked::Notification)
        && !values.has("messageContent")
        && !given.iter().any(Given::may_change)
    {
        check.missing("messageContent");
    }
    if check.faults.is_empty() && !is_ticket_key(&key) {
        return Err(Answer::refused(ReturnCode::UnknownReference, "troubleTicketKey"));
    }
    check.finish().map_err(|faults| Answer::faulty(&faults))?;
    let Some(asked) = asked else {
        return Err(Answer::refused(
            ReturnCode::ForbiddenTransition,
            "troubleTicketState",
        ));
    };
    let stamp = Stamp {
        idempotency_key: sent_at.as_deref().map(|sent_at| {
            idempotency_key(
                &[
                    &service_provider,
                    &key.to_ascii_uppercase(),
                    &one_spelling(sent_at),
                ],
                &asked,
                comment.as_deref(),
                &given,
            )
        }),
        sent_at,
        occurred_at: None,
    };
    Ok(Prepared {
        key,
        last_update: version.unwrap_or_default(),
        service_provider,
        asked,
        comment,
        given,
        beside,
        stamp,
    })
}

impl Prepared {
    /// The transition that the message asks for on this ticket. What it fills in beside is what the ticket says already, or
    /// belongs to a new appointment; anything else is refused by name, never dropped in silence: what the operator declared
    /// does not change (seed 001, 3.3.2, second block), and the supplier's fields are the supplier's.
    fn settle(&self, ticket: &Ticket, words: &Vocabulary) -> Result<CreateTransition, Answer> {
        let notifies = self.asked == Asked::Notification;
        let differing = || self.given.iter().filter(|given| !given.is_told(ticket, words));
        let kept = |given: &Given| notifies && given.may_change();
        let contradicting = self
            .beside
            .iter()
            .filter(|(name, text)| notifies && !is_said(name, text, ticket, words))
            .map(|(name, _)| *name);
        let refused: Vec<String> = differing()
            .filter(|given| !kept(given))
            .map(|given| given.field.name)
            .chain(contradicting)
            .map(str::to_owned)
            .collect();
        if !refused.is_empty() {
            let faults = Faults {
                missing: vec![],
                invalid: refused,
            };
            return Err(Answer::faulty(&faults.sorted()));
        }
        let replans = self.given.iter().any(kept) && (differing().any(kept) || self.comment.is_none());
        let fields: Fields = self
            .given
            .iter()
            .filter(|given| replans && given.may_change())
            .map(|given| (given.field.name.to_owned(), given.value.clone()))
            .collect();
        let action = match &self.asked {
            Asked::Order(action) => action,
            Asked::Notification if replans => &words.notification.replan,
            Asked::Notification => &words.notification.inform,
        };
        Ok(CreateTransition {
            action: action.clone(),
            comment: self.comment.clone(),
            fields: replans.then_some(fields),
        })
    }
}

impl Given {
    /// Name and value for the key of the message.
    fn of_key(&self) -> (&'static str, Value) {
        let value = match (self.field.kind, &self.value) {
            (Kind::DateTime, Value::String(text)) => one_spelling(text).into(),
            (_, value) => value.clone(),
        };
        (self.field.name, value)
    }

    /// Whether a notification may change the field: the appointment, and how the end customer is reached for it.
    fn may_change(&self) -> bool {
        self.field.place == Place::Form
            && (self.field.on_create == OnCreate::Appointment || CUSTOMER.contains(&self.field.name))
    }

    /// Whether the ticket says this already.
    fn is_told(&self, ticket: &Ticket, words: &Vocabulary) -> bool {
        let told = if self.field.in_answer {
            get::value(self.field, ticket, words)
        } else {
            let stored = ticket.fields.get(self.field.name);
            stored.and_then(|value| self.field.kind.write(value))
        };
        let given = self.field.kind.write(&self.value);
        match (told, given) {
            (Some(told), Some(given)) if self.field.kind == Kind::DateTime => {
                dates::read(&told) == dates::read(&given)
            }
            // XML turns every line end into a line feed on its way (XML 1.0, 2.11).
            (Some(told), Some(given)) => told.trim().replace("\r\n", "\n") == given.replace("\r\n", "\n"),
            (told, given) => told == given,
        }
    }
}

/// What is to be done; `None` for a state that an operator cannot ask for. An order in troubleTicketState comes before a
/// notification.
fn asked(check: &mut Check<'_>, values: &Values, words: &Vocabulary) -> Option<Asked> {
    let state = check.optional_text("troubleTicketState");
    let said = ["description", "messageType"].map(|name| (name, check.optional_text(name)));
    let notified = said.iter().any(|(_, text)| {
        text.as_deref()
            .is_some_and(|text| text.eq_ignore_ascii_case(&words.message_types.from_operator))
    });
    if let Some(order) = state.as_deref().and_then(|state| words.order(state))
        && !(notified && order.yields_to_notification)
    {
        return Some(Asked::Order(order.action.clone()));
    }
    if state.as_deref().is_some_and(|state| !words.knows_state(state)) {
        check.invalid("troubleTicketState");
    }
    if notified {
        return Some(Asked::Notification);
    }
    for (name, _) in said.iter().filter(|(_, text)| text.is_some()) {
        check.invalid(name);
    }
    if !["troubleTicketState", "description", "messageType"]
        .iter()
        .any(|name| values.has(name))
    {
        check.missing("troubleTicketState");
        check.missing("description");
    }
    None
}

/// What a notification says beside that it is one: the state, and a type or description of another word. An order says its state
/// itself, and what its description is called is for annex R6, which is not public.
fn beside(check: &mut Check<'_>, words: &Vocabulary) -> Vec<(&'static str, String)> {
    ["description", "messageType", "troubleTicketState"]
        .into_iter()
        .filter_map(|name| check.optional_text(name).map(|text| (name, text)))
        .filter(|(name, text)| {
            *name == "troubleTicketState" || !text.eq_ignore_ascii_case(&words.message_types.from_operator)
        })
        .collect()
}

/// Whether the ticket says so of itself. What an answer calls messageType a request calls description (seed 001, 3.1.1 and 3.3.2).
fn is_said(name: &str, text: &str, ticket: &Ticket, words: &Vocabulary) -> bool {
    let told = match name {
        "troubleTicketState" => field(name),
        _description_or_type => field("messageType"),
    };
    let told = told.and_then(|told| get::value(told, ticket, words));
    told.as_deref() == Some(text)
}

/// Every field that is filled in beside those that say which ticket and what is to be done, in the order of the table.
fn given(check: &mut Check<'_>) -> Vec<Given> {
    FIELDS
        .iter()
        .filter(|field| !ADDRESS.contains(&field.name))
        .filter_map(|field| check.optional(field).map(|value| Given { field, value }))
        .collect()
}

/// Whether a text can be a ticket's key: letters and digits, a hyphen, a number. Anything else names no ticket, and
/// must not become part of a path.
pub(crate) fn is_ticket_key(text: &str) -> bool {
    text.split_once('-').is_some_and(|(desk, number)| {
        !desk.is_empty()
            && desk.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && !number.is_empty()
            && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// A date in UTC: the same instant in every zone.
fn one_spelling(date: &str) -> String {
    dates::read(date).map_or_else(
        || date.to_owned(),
        |date| dates::write(&date.to_utc().fixed_offset()),
    )
}

/// The same message sent twice is one command. A set has no reference of the operator's own, so the time it was sent
/// tells two equal messages apart; without interactionDate there is no key, because nothing would. Dates count as
/// instants, whatever zone they are written in, and a ticket's key in capitals. The version number is not part of it: who lost an answer and reads the ticket sends the same message with a newer number.
fn idempotency_key(parts: &[&str], asked: &Asked, comment: Option<&str>, given: &[Given]) -> String {
    let protocol = Uuid::new_v5(&Uuid::NAMESPACE_URL, b"urn:guichet:soap:setTroubleTicketByValue");
    let asked = match asked {
        Asked::Order(action) => json!({"order": action}),
        Asked::Notification => json!("notification"),
    };
    let given: Vec<(&str, Value)> = given.iter().map(Given::of_key).collect();
    let content = json!([parts, asked, comment, given]).to_string();
    format!("soap:{}", Uuid::new_v5(&protocol, content.as_bytes()))
}

#[cfg(test)]
mod tests;
