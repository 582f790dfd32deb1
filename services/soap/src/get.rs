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
use crate::write::{Block, Found};
use api_types::{LastMessage, MyOrganization, Side, Ticket, TicketQuery, TicketRow};

/// Most tickets answered for one line, newest first.
pub const TICKETS_MAX: usize = 100;
/// Most rows of a line looked at, whoever's they are: a login that sees several operators' tickets is told its own.
pub const ROWS_MAX: usize = 1_000;
/// Rows asked of the API at a time.
const PAGE_ROWS: u32 = 50;

/// What a get asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    Key(String),
    Line(String),
}

/// Checks, reads, answers; there is no return code here, so whatever is wrong is a fault.
pub(crate) async fn run(exchange: &Exchange<'_>, values: &Values) -> Result<Found, Failure> {
    let (wanted, service_provider) = prepare(values, exchange.return_codes, exchange.supplier_siren)?;
    let Some(organization) = exchange.session.organization(&service_provider) else {
        return Err(argument("serviceProviderID n'est pas celui de cet identifiant").into());
    };
    let found = match wanted {
        Wanted::Key(key) => Found {
            tickets: told(exchange, organization, &key).await?.into_iter().collect(),
            more: false,
        },
        Wanted::Line(line) => find(exchange, organization, &line).await?,
    };
    if found.tickets.is_empty() {
        return Err(Fault::of_body(Operation::Get, Exception::ObjectNotFound, "ticket inconnu").into());
    }
    Ok(found)
}

/// The ticket of that key, if it is one of the organization's.
async fn told(
    exchange: &Exchange<'_>,
    organization: &MyOrganization,
    key: &str,
) -> Result<Option<Block>, Failure> {
    let read = exchange
        .client
        .ticket(exchange.caller, &exchange.session.token, key)
        .await;
    match read {
        Ok(ticket) if exchange.is_of(&ticket, &organization.id) => {
            Ok(Some(block(&ticket, exchange.vocabulary)))
        }
        Ok(_) | Err(CallError::Refused { status: 404, .. }) => Ok(None),
        Err(error) => Err(failure(exchange, &error)),
    }
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

/// The line's tickets, newest first.
async fn find(exchange: &Exchange<'_>, organization: &MyOrganization, line: &str) -> Result<Found, Failure> {
    let mut query = TicketQuery {
        desk: Some(exchange.vocabulary.desk.clone()),
        lookup: Some(line.to_owned()),
        sort: Some("-created_at".to_owned()),
        limit: Some(PAGE_ROWS),
        ..TicketQuery::default()
    };
    let mut found = Found::default();
    let mut looked_at = 0;
    loop {
        let page = exchange
            .client
            .tickets(exchange.caller, &exchange.session.token, &query)
            .await
            .map_err(|error| failure(exchange, &error))?;
        let ended = page.items.is_empty() || page.next_cursor.is_none();
        for TicketRow { key, .. } in page.items {
            let Some(block) = told(exchange, organization, &key).await? else {
                continue;
            };
            if found.tickets.len() == TICKETS_MAX {
                found.more = true;
                return Ok(found);
            }
            found.tickets.push(block);
        }
        looked_at += PAGE_ROWS as usize;
        if ended {
            return Ok(found);
        }
        if looked_at >= ROWS_MAX {
            found.more = true;
            return Ok(found);
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

/// The message that is told: the supplier's last information until the supplier writes again (seed 001, 3.3.2), whoever
/// acted since; before there is any, the last message of all.
fn message(ticket: &Ticket) -> Option<&LastMessage> {
    ticket
        .last_supplier_message
        .as_ref()
        .or(ticket.last_message.as_ref())
}

/// What is told of one field.
pub(crate) fn value(field: &Field, ticket: &Ticket, words: &Vocabulary) -> Option<String> {
    let message = message(ticket);
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
    value.filter(|value| text::is_filled_in(value))
}

fn side_of(message: &LastMessage) -> Side {
    message.side
}

#[cfg(test)]
pub(crate) mod tests;
