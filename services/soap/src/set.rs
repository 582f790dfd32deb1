//! setTroubleTicketByValue: an operator acts on its ticket (seed 001, 3.2).

use crate::client::{CallError, Stamp};
use crate::exchange::Exchange;
use crate::fault::Fault;
use crate::fields::{FIELDS, OnCreate, Place};
use crate::operation::{Exception, Operation};
use crate::outcome::{Answer, Failure, ReturnCode};
use crate::refusal;
use crate::values::{Check, Faults, Values};
use crate::vocabulary::Vocabulary;
use api_types::{Fields, Transition};
use uuid::Uuid;

/// How often a set is tried again when somebody else changed the ticket between our reading and our writing.
pub const STALE_RETRIES_MAX: usize = 8;

/// Fields of the end customer that go with a new appointment, beside the appointment's own.
const CUSTOMER: [&str; 5] = [
    "customerLastName",
    "customerFirstName",
    "contactPhoneNumber1",
    "contactPhoneNumber2",
    "customerAccessibilityHours",
];

/// A set that passed every check of this door.
#[derive(Debug, PartialEq)]
pub(crate) struct Prepared {
    pub(crate) key: String,
    pub(crate) last_update: u64,
    pub(crate) service_provider: String,
    pub(crate) transition: Transition,
    pub(crate) stamp: Stamp,
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
    let token = &exchange.session.token;
    let request_id = exchange.caller.request_id;
    for _ in 0..=STALE_RETRIES_MAX {
        let ticket = match exchange
            .client
            .ticket(exchange.caller, token, &prepared.key)
            .await
        {
            Ok(ticket) => ticket,
            Err(error) => return refusal::answer(Operation::Set, request_id, &error),
        };
        if !exchange.is_of(&ticket, &organization.id) {
            return Ok(Answer::refused(ReturnCode::UnknownReference, "troubleTicketKey"));
        }
        // The operator acts on what it last saw of the supplier's work (seed 001, 3.3.2, lastUpdateVersionNumber).
        if ticket.supplier_updates != prepared.last_update {
            return Err(resync(ticket.supplier_updates).into());
        }
        let written = exchange
            .client
            .transition(
                exchange.caller,
                token,
                &prepared.stamp,
                (&prepared.key, ticket.version),
                &prepared.transition,
            )
            .await;
        match written {
            Ok(ticket) => return Ok(Answer::done(ticket.key)),
            // Changed since it was read: read again, and let the version number decide again.
            Err(CallError::Refused { status: 412, .. }) => {}
            Err(error) => return refusal::answer(Operation::Set, request_id, &error),
        }
    }
    let error = CallError::AlwaysStale(STALE_RETRIES_MAX + 1);
    Err(Fault::server(Some(Operation::Set), request_id, &error).into())
}

fn resync(now: u64) -> Fault {
    Fault::of_body(
        Operation::Set,
        Exception::ResyncRequired,
        format!("lastUpdateVersionNumber périmé : le ticket en est à {now}, à relire avant d'agir"),
    )
}

/// Turns the values into a transition of the API.
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
    let version = last_update.parse::<u64>().ok();
    if !last_update.is_empty() && version.is_none() {
        check.invalid("lastUpdateVersionNumber");
    }
    let sent_at = check.optional_text("interactionDate");
    let comment = check.optional_text("messageContent");
    let fields = appointment(&mut check);
    let chosen = action(&mut check, values, words);
    if check.faults.is_empty() && !is_ticket_key(&key) {
        return Err(Answer::refused(ReturnCode::UnknownReference, "troubleTicketKey"));
    }
    check.finish().map_err(|faults| Answer::faulty(&faults))?;
    let Some((action, with_fields)) = chosen else {
        return Err(Answer::refused(
            ReturnCode::ForbiddenTransition,
            "troubleTicketState",
        ));
    };
    let transition = Transition {
        action,
        comment,
        fields: with_fields.then_some(fields),
    };
    let stamp = Stamp {
        idempotency_key: sent_at
            .as_deref()
            .map(|sent_at| idempotency_key(&[&service_provider, &key, sent_at, &last_update], &transition)),
        sent_at,
        occurred_at: None,
    };
    Ok(Prepared {
        key,
        last_update: version.unwrap_or_default(),
        service_provider,
        transition,
        stamp,
    })
}

/// The desk's action, and whether it takes the appointment's fields; `None` for a state that an operator cannot ask
/// for. An order in troubleTicketState comes before a notification.
fn action(check: &mut Check<'_>, values: &Values, words: &Vocabulary) -> Option<(String, bool)> {
    let state = check.optional_text("troubleTicketState");
    let said = ["description", "messageType"].map(|name| (name, check.optional_text(name)));
    let notified = said.iter().any(|(_, text)| {
        text.as_deref()
            .is_some_and(|text| text.eq_ignore_ascii_case(&words.message_types.from_operator))
    });
    if let Some(order) = state.as_deref().and_then(|state| words.order(state))
        && !(notified && order.yields_to_notification)
    {
        return Some((order.action.clone(), false));
    }
    if state.as_deref().is_some_and(|state| !words.knows_state(state)) {
        check.invalid("troubleTicketState");
    }
    if notified {
        let replans = values_of_appointment().any(|name| values.has(name));
        let chosen = if replans {
            &words.notification.replan
        } else {
            &words.notification.inform
        };
        if !replans && !values.has("messageContent") {
            check.missing("messageContent");
        }
        return Some((chosen.clone(), replans));
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

fn values_of_appointment() -> impl Iterator<Item = &'static str> {
    FIELDS
        .iter()
        .filter(|field| field.on_create == OnCreate::Appointment)
        .map(|field| field.name)
}

/// The fields of a re-planned appointment, in the form the desk takes.
fn appointment(check: &mut Check<'_>) -> Fields {
    let mut fields = Fields::new();
    for field in FIELDS.iter().filter(|field| {
        field.place == Place::Form
            && (field.on_create == OnCreate::Appointment || CUSTOMER.contains(&field.name))
    }) {
        if let Some(value) = check.optional(field) {
            fields.insert(field.name.to_owned(), value);
        }
    }
    fields
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

/// The same message sent twice is one command. A set has no reference of the operator's own, so the time it was sent
/// tells two equal messages apart; without interactionDate there is no key, because nothing would.
fn idempotency_key(parts: &[&str], transition: &Transition) -> String {
    let protocol = Uuid::new_v5(&Uuid::NAMESPACE_URL, b"urn:guichet:soap:setTroubleTicketByValue");
    let content = serde_json::json!([parts, transition]).to_string();
    format!("soap:{}", Uuid::new_v5(&protocol, content.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::tests::values;
    use serde_json::json;

    const KEYS: &str = "<troubleTicketKey>SAV-1</troubleTicketKey>\
                        <lastUpdateVersionNumber>2</lastUpdateVersionNumber>\
                        <serviceProviderID>123456782</serviceProviderID>";
    const NOTIFICATION: &str = "<description>OC case information notification</description>";

    fn prepared(xml: &str) -> Result<Prepared, Answer> {
        prepare(&values(xml), &Vocabulary::load(None).unwrap(), Some("987654324"))
    }

    fn transition(xml: &str) -> serde_json::Value {
        serde_json::to_value(prepared(&format!("{KEYS}{xml}")).unwrap().transition).unwrap()
    }

    fn refusal_of(xml: &str) -> (ReturnCode, String) {
        let answer = prepared(xml).unwrap_err();
        (answer.code, answer.note)
    }

    #[test]
    fn closing_withdraws_with_the_message_as_comment() {
        let xml = "<troubleTicketState>CLOSED</troubleTicketState><messageContent>rétabli</messageContent>";
        assert_eq!(
            transition(xml),
            json!({"action": "withdraw", "comment": "rétabli"})
        );
        assert_eq!(
            transition(&format!(
                "<troubleTicketState>CLOSED</troubleTicketState>{NOTIFICATION}"
            )),
            json!({"action": "withdraw"})
        );
    }

    #[test]
    fn asking_for_cancellation_is_a_request_of_its_own() {
        let xml = "<troubleTicketState>OPENACTIVE.TO.BE.CANCELED</troubleTicketState>";
        assert_eq!(transition(xml), json!({"action": "request_cancellation"}));
    }

    #[test]
    fn a_notification_informs_whether_or_not_it_repeats_the_state() {
        for state in ["", "<troubleTicketState>OPENACTIVE</troubleTicketState>"] {
            let xml = format!("{state}{NOTIFICATION}<messageContent>accès par la cour</messageContent>");
            assert_eq!(
                transition(&xml),
                json!({"action": "inform", "comment": "accès par la cour"})
            );
        }
        let typed =
            "<messageType>OC CASE INFORMATION NOTIFICATION</messageType><messageContent>m</messageContent>";
        assert_eq!(transition(typed), json!({"action": "inform", "comment": "m"}));
    }

    #[test]
    fn a_notification_with_an_appointment_replans_it() {
        let xml = format!(
            "{NOTIFICATION}<SUAppointmentManagementId>RDV2</SUAppointmentManagementId>\
             <appointmentSuggestion1>2017-05-03T08:00:00</appointmentSuggestion1>\
             <customerLastName>NOM</customerLastName><offerId>not sent</offerId>"
        );
        assert_eq!(
            transition(&xml),
            json!({"action": "replan", "fields": {
                "SUAppointmentManagementId": "RDV2",
                "appointmentSuggestion1": "2017-05-03T08:00:00+02:00",
                "customerLastName": "NOM"
            }})
        );
    }

    #[test]
    fn open_without_a_notification_refuses_the_clearance() {
        let xml = "<troubleTicketState>OPENACTIVE</troubleTicketState><messageContent>toujours rien</messageContent>";
        assert_eq!(
            transition(xml),
            json!({"action": "refuse_clearance", "comment": "toujours rien"})
        );
    }

    #[test]
    fn everything_missing_is_named_at_once() {
        assert_eq!(
            refusal_of(""),
            (
                ReturnCode::Missing,
                "description, troubleTicketKey, lastUpdateVersionNumber, troubleTicketState, serviceProviderID".into()
            )
        );
        assert_eq!(
            refusal_of(&format!("{KEYS}{NOTIFICATION}")),
            (ReturnCode::Missing, "messageContent".into())
        );
    }

    #[test]
    fn bad_values_are_named_and_a_state_that_is_not_the_operators_is_forbidden() {
        let bad = "<troubleTicketKey>SAV-1</troubleTicketKey><serviceProviderID>1</serviceProviderID>\
                   <lastUpdateVersionNumber>deux</lastUpdateVersionNumber><supplierID>111222337</supplierID>\
                   <troubleTicketState>OPEN</troubleTicketState><description>BONJOUR</description>";
        assert_eq!(
            refusal_of(bad),
            (
                ReturnCode::Invalid,
                "description, lastUpdateVersionNumber, troubleTicketState, serviceProviderID, supplierID"
                    .into()
            )
        );
        let cleared = format!("{KEYS}<troubleTicketState>CLEARED</troubleTicketState>");
        assert_eq!(
            refusal_of(&cleared),
            (ReturnCode::ForbiddenTransition, "troubleTicketState".into())
        );
    }

    #[test]
    fn a_key_that_cannot_be_one_is_an_unknown_reference_and_never_a_path() {
        for key in ["..", "SAV-1/../../me", "SAV", "SAV-", "-1", "SAV-1?x", "SAV-é"] {
            let xml = KEYS.replace("SAV-1", key) + "<troubleTicketState>CLOSED</troubleTicketState>";
            assert_eq!(
                refusal_of(&xml),
                (ReturnCode::UnknownReference, "troubleTicketKey".into()),
                "{key}"
            );
        }
        assert!(is_ticket_key("sav-12"));
    }

    #[test]
    fn the_same_message_is_one_command_and_a_later_equal_one_is_another() {
        let message = |sent: &str| {
            let xml = format!("{KEYS}{NOTIFICATION}<messageContent>m</messageContent>{sent}");
            prepared(&xml).unwrap().stamp.idempotency_key
        };
        let first = message("<interactionDate>2017-05-02T09:30:00Z</interactionDate>");
        assert!(first.as_ref().unwrap().starts_with("soap:"));
        assert_eq!(
            first,
            message("<interactionDate>2017-05-02T09:30:00Z</interactionDate>")
        );
        assert_ne!(
            first,
            message("<interactionDate>2017-05-02T09:31:00Z</interactionDate>")
        );
        assert_eq!(message(""), None);
    }

    #[test]
    fn a_stale_version_number_is_a_resync_fault_that_tells_the_present_one() {
        let fault = resync(3);
        let detail = fault.detail.unwrap();
        assert_eq!(detail.exception, Exception::ResyncRequired);
        assert!(detail.message.contains("le ticket en est à 3"));
    }
}
