//! getTroubleTicketByKey: an operator reads its ticket, or all tickets of one line (seed 001, 3.3).

use crate::client::CallError;
use crate::dates;
use crate::exchange::Exchange;
use crate::fault::Fault;
use crate::fields::{FIELDS, Field};
use crate::operation::{Exception, Operation};
use crate::outcome::{Answer, Failure};
use crate::set::is_ticket_key;
use crate::values::{Check, Values};
use crate::vocabulary::{ReturnCodes, Vocabulary};
use crate::write::Block;
use api_types::{Side, Ticket, TicketQuery};

/// Most tickets answered for one line, oldest first.
pub const TICKETS_MAX: usize = 100;
/// Rows asked of the API at a time.
const PAGE_ROWS: u32 = 50;

/// What a get asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    Key(String),
    Line(String),
}

/// Checks, reads, answers; there is no return code here, so whatever is wrong is a fault.
pub(crate) async fn run(exchange: &Exchange<'_>, values: &Values) -> Result<Vec<Block>, Failure> {
    let (wanted, service_provider) = prepare(values, exchange.return_codes, exchange.supplier_siren)?;
    let Some(organization) = exchange.session.organization(&service_provider) else {
        return Err(argument("serviceProviderID n'est pas celui de cet identifiant").into());
    };
    let keys = match wanted {
        Wanted::Key(key) => vec![key],
        Wanted::Line(line) => find(exchange, &line).await?,
    };
    let mut blocks = Vec::new();
    for key in keys {
        let ticket = match exchange
            .client
            .ticket(exchange.caller, &exchange.session.token, &key)
            .await
        {
            Ok(ticket) => ticket,
            Err(CallError::Refused { status: 404, .. }) => continue,
            Err(error) => return Err(failure(exchange, &error)),
        };
        if exchange.is_of(&ticket, &organization.id) {
            blocks.push(block(&ticket, exchange.vocabulary));
        }
    }
    if blocks.is_empty() {
        return Err(Fault::of_body(Operation::Get, Exception::ObjectNotFound, "ticket inconnu").into());
    }
    Ok(blocks)
}

fn argument(message: impl Into<String>) -> Fault {
    Fault::of_body(Operation::Get, Exception::IllegalArgument, message)
}

/// What is asked for, and by which SIREN. A key decides alone; a line is only looked at without one.
pub(crate) fn prepare(
    values: &Values,
    codes: &ReturnCodes,
    supplier_siren: Option<&str>,
) -> Result<(Wanted, String), Fault> {
    let mut check = Check::of(values);
    let key = check.optional_text("troubleTicketKey");
    let line = check.optional_text("technicalId");
    if !values.has("troubleTicketKey") && !values.has("technicalId") {
        check.missing("troubleTicketKey");
        check.missing("technicalId");
    }
    let service_provider = check.mandatory_text("serviceProviderID");
    let supplier = check.mandatory_text("supplierID");
    if !supplier.is_empty() && supplier_siren.is_some_and(|siren| siren != supplier) {
        check.invalid("supplierID");
    }
    check
        .finish()
        .map_err(|faults| argument(Answer::faulty(&faults).label(codes)))?;
    let wanted = match (key, line) {
        (Some(key), _) if is_ticket_key(&key) => Wanted::Key(key),
        (None, Some(line)) => Wanted::Line(line),
        (Some(_) | None, _) => {
            return Err(Fault::of_body(
                Operation::Get,
                Exception::ObjectNotFound,
                "ticket inconnu",
            ));
        }
    };
    Ok((wanted, service_provider))
}

/// The keys of the line's tickets, oldest first.
async fn find(exchange: &Exchange<'_>, line: &str) -> Result<Vec<String>, Failure> {
    let mut query = TicketQuery {
        desk: Some(exchange.vocabulary.desk.clone()),
        technical_id: Some(line.to_owned()),
        sort: Some("created_at".to_owned()),
        limit: Some(PAGE_ROWS),
        ..TicketQuery::default()
    };
    let mut keys = Vec::new();
    loop {
        let page = exchange
            .client
            .tickets(exchange.caller, &exchange.session.token, &query)
            .await
            .map_err(|error| failure(exchange, &error))?;
        let ended = page.items.is_empty();
        keys.extend(page.items.into_iter().map(|row| row.key));
        if ended || keys.len() >= TICKETS_MAX || page.next_cursor.is_none() {
            keys.truncate(TICKETS_MAX);
            return Ok(keys);
        }
        query.cursor = page.next_cursor;
    }
}

fn failure(exchange: &Exchange<'_>, error: &CallError) -> Failure {
    match error {
        CallError::Refused { status: 401, .. } => Failure::SignedOut,
        CallError::Refused { status: 403, .. } => Fault::not_permitted().into(),
        CallError::Refused { .. }
        | CallError::Unanswered(_)
        | CallError::Unreadable(_)
        | CallError::AlwaysStale(_) => {
            Fault::server(Some(Operation::Get), exchange.caller.request_id, error).into()
        }
    }
}

/// A ticket in the protocol's three blocks (seed 001, 3.3.2), elements with a value only, in the order of the schema.
pub(crate) fn block(ticket: &Ticket, words: &Vocabulary) -> Block {
    FIELDS
        .iter()
        .filter(|field| field.in_answer)
        .filter_map(|field| value(field, ticket, words).map(|value| (field.name, value)))
        .collect()
}

fn value(field: &Field, ticket: &Ticket, words: &Vocabulary) -> Option<String> {
    let message = ticket.last_message.as_ref();
    let value = match field.name {
        "troubleTicketKey" => Some(ticket.key.clone()),
        "lastUpdateVersionNumber" => Some(ticket.supplier_updates.to_string()),
        "interactionDateComplete" => ticket.closed_at.map(dates::write_in_paris),
        "messageType" => Some(words.message_type(message.map(side_of)).to_owned()),
        "messageContent" => message.and_then(|message| message.body.clone()),
        "troubleTicketState" => Some(words.state(&ticket.status).to_owned()),
        "troubleDescription" => ticket.description.clone(),
        name => ticket
            .fields
            .get(name)
            .and_then(|value| field.kind.write(value))
            .or_else(|| {
                // The one who treats the ticket is the supplier's contact unless the supplier named another.
                (name == "supplierName")
                    .then(|| ticket.assignee.as_ref()?.name.clone())
                    .flatten()
            }),
    };
    value.filter(|value| !value.trim().is_empty())
}

fn side_of(message: &api_types::LastMessage) -> Side {
    message.side
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::tests::values;
    use serde_json::json;

    fn asked(xml: &str) -> Result<(Wanted, String), Fault> {
        prepare(&values(xml), &ReturnCodes::load(None).unwrap(), Some("987654324"))
    }

    const BOTH_SIRENS: &str =
        "<supplierID>987654324</supplierID><serviceProviderID>123456782</serviceProviderID>";

    fn ticket() -> Ticket {
        let person =
            json!({"id": "0198c0de-7000-7000-8000-000000000001", "username": "oc", "name": "OC Alpha"});
        let mut ticket = json!({
            "key": "SAV-7", "desk": "SAV", "type": "signalisation", "summary": "s", "description": "pas de <lumière>",
            "status": {"id": "closed", "label": "Clos", "category": "done", "response_required": false},
            "requester": person, "created_by": person, "private": false, "shared_with": [], "notify": true,
            "assignee": {"id": "0198c0de-7000-7000-8000-000000000002", "username": "oi", "name": "Correspondant OI"},
            "created_at": "2026-03-02T09:29:00Z", "updated_at": "2026-03-02T09:30:00Z",
            "closed_at": "2026-07-02T09:30:00.5Z", "version": 9, "event_count": 9, "supplier_updates": 3,
            "position": 43, "allowed_actions": [],
            "last_message": {"type": "comment", "body": "clos", "at": "2026-03-02T09:30:00Z", "side": "supplier"}
        });
        ticket["fields"] = json!({
            "troubleTicketType": 1, "alreadyOperated": false, "technicalId": "CO-ABCD-1234", "offerId": "  ",
            "serviceProviderID": "123456782", "supplierID": "987654324",
            "serviceRestoredTime": "2026-07-02T09:00:00Z", "supplierPlannedActionDate": "bientôt",
            "appointmentSuggestion1": "2026-07-02T09:00:00Z", "closureDuration": "PT4H",
            "troubleTicketClosureCode": "RET01", "internal": "not of the protocol"
        });
        serde_json::from_value(ticket).unwrap()
    }

    #[test]
    fn a_ticket_is_told_in_the_order_of_the_schema_with_values_only() {
        let words = Vocabulary::load(None).unwrap();
        let told: Vec<(&str, String)> = block(&ticket(), &words);
        let told: Vec<(&str, &str)> = told.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(
            told,
            [
                ("interactionDateComplete", "2026-07-02T11:30:00+02:00"),
                ("messageType", "OI CASE INFORMATION NOTIFICATION"),
                ("troubleTicketKey", "SAV-7"),
                ("lastUpdateVersionNumber", "3"),
                ("troubleTicketState", "CLOSED"),
                ("troubleDescription", "pas de <lumière>"),
                ("serviceProviderID", "123456782"),
                ("supplierID", "987654324"),
                ("troubleTicketType", "1"),
                ("technicalId", "CO-ABCD-1234"),
                ("alreadyOperated", "false"),
                ("serviceRestoredTime", "2026-07-02T09:00:00+00:00"),
                ("supplierName", "Correspondant OI"),
                ("messageContent", "clos"),
                ("troubleTicketClosureCode", "RET01"),
                ("closureDuration", "PT4H"),
            ]
        );
    }

    #[test]
    fn the_message_type_tells_which_side_spoke_last() {
        let words = Vocabulary::load(None).unwrap();
        let mut ticket = ticket();
        let told = |ticket: &Ticket| {
            block(ticket, &words)
                .into_iter()
                .find(|(name, _)| *name == "messageType")
                .map(|(_, value)| value)
        };
        ticket.last_message.as_mut().unwrap().side = Side::Requester;
        assert_eq!(told(&ticket).unwrap(), "OC CASE INFORMATION NOTIFICATION");
        ticket.last_message = None;
        assert_eq!(told(&ticket).unwrap(), "CASE CREATE REQUEST");
    }

    #[test]
    fn a_key_decides_alone_and_a_line_is_looked_for_without_one() {
        let key = "<troubleTicketKey>SAV-7</troubleTicketKey>";
        let line = "<technicalId>CO-ABCD-1234</technicalId>";
        let siren = || "123456782".to_owned();
        assert_eq!(
            asked(&format!("{BOTH_SIRENS}{key}{line}")).unwrap(),
            (Wanted::Key("SAV-7".into()), siren())
        );
        assert_eq!(
            asked(&format!("{BOTH_SIRENS}{line}")).unwrap(),
            (Wanted::Line("CO-ABCD-1234".into()), siren())
        );
    }

    #[test]
    fn what_is_missing_or_wrong_is_an_illegal_argument_that_names_it() {
        let message = |xml: &str| {
            let detail = asked(xml).unwrap_err().detail.unwrap();
            assert_eq!(detail.exception, Exception::IllegalArgument);
            detail.message
        };
        assert_eq!(
            message(""),
            "champ obligatoire non renseigné : troubleTicketKey, serviceProviderID, supplierID, technicalId"
        );
        let wrong = "<troubleTicketKey>SAV-7</troubleTicketKey><supplierID>111222337</supplierID>\
                     <serviceProviderID>x</serviceProviderID>";
        assert_eq!(
            message(wrong),
            "format ou valeur incorrecte : serviceProviderID, supplierID"
        );
    }

    #[test]
    fn a_key_that_cannot_be_one_is_not_found() {
        let fault = asked(&format!(
            "{BOTH_SIRENS}<troubleTicketKey>../me</troubleTicketKey>"
        ))
        .unwrap_err();
        assert_eq!(fault.detail.unwrap().exception, Exception::ObjectNotFound);
    }
}
