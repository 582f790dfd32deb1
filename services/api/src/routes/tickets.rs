//! Tickets: opening, listing, reading, changing, reopening.

use actix_web::{HttpRequest, HttpResponse, get, http::header, patch, post, web::Path};
use api_types::{CreateTicket, EditTicket, ReopenTicket, Ticket, TicketPage, TicketQuery};
use application::{
    Position,
    tickets::{AssigneeFilter, LIMIT_DEFAULT, QueueQuery, Sort, open::NewTicket},
};
use domain::{
    AccountId, CommentId, Fault, FaultText, OrganizationId, PersonId, TicketKey,
    policy::Viewer,
    ticket::{Action, Edit, Text},
};
use serde_json::Value;
use uuid::Uuid;

use super::{account_named, close, etag, key, only_as_of, ticket_answer, ticket_json, ticket_response};
use crate::{
    answer,
    body::{Body, Raw},
    caller::Caller,
    parameters::Parameters,
    refusal::Refusal,
};

/// Open a ticket.
///
/// The answer comes once the ticket is on disk. All faults are named at once, those of the desk's form included.
#[utoipa::path(
    operation_id = "create_ticket", tag = "tickets",
    request_body = CreateTicket,
    responses((status = 201, description = "Opened.", body = Ticket)),
)]
#[post("/tickets")]
pub(crate) async fn create_ticket(caller: Caller, raw: Raw<CreateTicket>) -> Result<HttpResponse, Refusal> {
    let body = match raw.shaped {
        Ok(body) => body,
        Err(faults) => return Err(all_faults(&caller, faults, &raw.json)),
    };
    let call = caller.call("POST /v1/tickets", &body.canonical)?;
    let asked = body.value;
    let new = NewTicket {
        desk: asked.desk,
        request_type: asked.request_type,
        summary: asked.summary,
        description: asked.description,
        priority: asked.priority,
        urgency: asked.urgency,
        organization: asked.organization,
        on_behalf_of: asked
            .on_behalf_of
            .or_else(|| caller.on_behalf_of().map(|account| account.to_string())),
        private: asked.private.unwrap_or(false),
        share_with: asked.share_with.unwrap_or_default(),
        notify: asked.notify.unwrap_or(true),
        fields: asked.fields.unwrap_or_default(),
    };
    let done = caller.application.tickets.open_ticket(call, new).await;
    let done = done.map_err(|error| caller.refusal(error))?;
    let ticket = ticket_json(&caller, &done.loaded)?;
    Ok(HttpResponse::Created()
        .insert_header((header::LOCATION, format!("/v1/tickets/{}", ticket.key)))
        .insert_header(etag(ticket.version))
        .json(ticket))
}

/// The faults of the shape, and beside them those that the rules find in what can be read all the same.
fn all_faults(caller: &Caller, mut faults: Vec<Fault>, json: &Value) -> Refusal {
    let text = |name: &str| json[name].as_str().map(str::to_owned);
    let readable = NewTicket {
        desk: text("desk").unwrap_or_default(),
        request_type: text("type").unwrap_or_default(),
        summary: text("summary").unwrap_or_default(),
        description: text("description").unwrap_or_default(),
        priority: text("priority"),
        urgency: text("urgency"),
        organization: text("organization"),
        on_behalf_of: text("on_behalf_of"),
        fields: json["fields"].as_object().cloned().unwrap_or_default(),
        ..NewTicket::default()
    };
    let told = |faults: &[Fault], pointer: &str| {
        faults
            .iter()
            .any(|fault| pointer.starts_with(fault.pointer.as_str()))
    };
    let call = match caller.call("(faults)", b"") {
        Ok(call) => call,
        Err(refusal) => return refusal,
    };
    for fault in caller.application.tickets.faults_of(&call, readable) {
        if !told(&faults, &fault.pointer) {
            faults.push(fault);
        }
    }
    Refusal::faults(faults)
}

/// List tickets.
///
/// What the caller may not see is neither listed nor counted. `status` may be given several times. Pages follow each
/// other by cursor. `total` is exact, but for a search for words that very many tickets hold, and for the past: counting
/// then stops at 10,001, and `total_exact` is false.
#[utoipa::path(
    operation_id = "list_tickets", tag = "tickets",
    params(TicketQuery),
    responses((status = 200, description = "A page.", body = TicketPage)),
)]
#[get("/tickets")]
pub(crate) async fn list_tickets(caller: Caller, request: HttpRequest) -> Result<HttpResponse, Refusal> {
    let mut parameters = Parameters::read(&request)?;
    let query = queue_query(&caller, &mut parameters);
    let at_least: Option<u64> = parameters.parsed("at_least", FaultText::NotAPosition);
    let as_of = parameters.as_of(caller.application.head());
    parameters.faults(query.faults());
    parameters.end()?;
    let with_fields = !query.fields.is_empty();
    let page = caller
        .application
        .tickets
        .queue(
            caller.viewer(),
            caller.sign_in(),
            query,
            at_least.map(Position),
            as_of,
        )
        .await?;
    let directory = caller.application.directory();
    let (next_cursor, total, total_exact) = (page.next_cursor.clone(), page.total, page.total_exact);
    let rows = page.map(|page| page.rows).into_iter();
    Ok(HttpResponse::Ok().json(TicketPage {
        items: rows
            .map(|row| answer::row(directory, row, with_fields, caller.language))
            .collect(),
        next_cursor,
        total,
        total_exact,
    }))
}

fn queue_query(caller: &Caller, parameters: &mut Parameters) -> QueueQuery {
    let assignee = match parameters.text("assignee") {
        Some(none) if none == "none" => Some(AssigneeFilter::Nobody),
        Some(named) => Some(AssigneeFilter::Account(account_named(caller, &named))),
        None => None,
    };
    let mut account = |name: &'static str| {
        let named = parameters.text(name)?;
        Some(account_named(caller, &named))
    };
    let (requester, created_by) = (account("requester"), account("created_by"));
    let sort = parameters.value("sort");
    let is_empty = |column: &str| column.trim().is_empty();
    if sort.as_deref().is_some_and(|sort| sort.split(',').any(is_empty)) {
        let column = String::new();
        parameters.fault("sort", FaultText::NotAColumn { column });
    }
    let fields = parameters.text("fields").unwrap_or_default();
    QueueQuery {
        desk: parameters.parsed("desk", FaultText::NotADeskKey),
        status: parameters.all("status"),
        category: None,
        q: parameters.text("q"),
        requester,
        created_by,
        assignee,
        organization: parameters.parsed("organization", FaultText::NotAnOrganizationId),
        request_type: parameters.text("type"),
        priority: parameters.text("priority"),
        private: None,
        created_after: parameters.instant("created_after"),
        created_before: parameters.instant("created_before"),
        updated_after: parameters.instant("updated_after"),
        response_required: parameters.parsed("response_required", FaultText::NotTrueOrFalse),
        lookup: parameters.text("lookup"),
        fields: fields
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect(),
        sort: sort.as_deref().map(Sort::list).unwrap_or_default(),
        limit: parameters
            .parsed("limit", FaultText::NotAWholeNumber)
            .unwrap_or(LIMIT_DEFAULT),
        cursor: parameters.text("cursor"),
        as_of: None,
    }
}

/// Read a ticket.
///
/// Another's ticket does not exist. `allowed_actions`, `allowed_operations` and `editable` are those of this caller; the past allows none. With `as_of` the
/// ticket is shown as it stood then to those who may read it today.
#[utoipa::path(
    operation_id = "get_ticket", tag = "tickets",
    params(
        ("key" = String, Path, description = "The ticket's key, in any case.", example = "SUP-12"),
        ("as_of" = Option<String>, Query, description = "The ticket as it stood after this position, or at this RFC 3339 time."),
    ),
    responses((status = 200, description = "The ticket.", body = Ticket)),
)]
#[get("/tickets/{key}")]
pub(crate) async fn get_ticket(
    caller: Caller,
    path: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Refusal> {
    let (as_of, key) = (only_as_of(&caller, &request)?, key(&path)?);
    let ticket = caller.asks(move |caller, reader| {
        let loaded = reader.tickets().ticket_as_of(caller.viewer(), &key, as_of)?;
        let mut ticket = ticket_json(caller, &loaded)?;
        if as_of.is_some() {
            close(&mut ticket);
            if !reader.tickets().sight(caller.viewer(), &key)?.reads_internal() {
                ticket.event_count = loaded.document.public_events;
            }
        }
        Ok(ticket)
    });
    Ok(ticket_response(ticket.await?))
}

/// Change a ticket: only the members given.
///
/// `assignee: null` takes the assignee away, a field with `null` is taken away. What does not change makes no event.
#[utoipa::path(
    operation_id = "edit_ticket", tag = "tickets",
    params(("key" = String, Path, description = "The ticket's key.", example = "SUP-12")),
    request_body = EditTicket,
    responses((status = 200, description = "The ticket.", body = Ticket)),
)]
#[patch("/tickets/{key}")]
pub(crate) async fn edit_ticket(
    caller: Caller,
    path: Path<String>,
    body: Body<EditTicket>,
) -> Result<HttpResponse, Refusal> {
    let key = key(&path)?;
    let call = caller.call(&format!("PATCH /v1/tickets/{key}"), &body.canonical)?;
    let actions = edit_actions(&caller, &key, body.value, "/share_with").await?;
    let done = caller.application.tickets.act(call, key.clone(), actions).await;
    let done = caller.told(&key, done).await?;
    ticket_answer(&caller, &done.loaded)
}

/// The commands that one PATCH asks for; names that name nothing are faults, all listed.
pub(super) async fn edit_actions(
    caller: &Caller,
    key: &TicketKey,
    asked: EditTicket,
    share_pointer: &str,
) -> Result<Vec<Action>, Refusal> {
    let mut faults = Vec::new();
    // Whoever reads a ticket knows with whom it is shared, and may say so again.
    let key = key.clone();
    let ticket = caller.asks(move |caller, reader| Ok(reader.tickets().ticket(caller.viewer(), &key)?));
    let ticket = ticket.await?;
    let shared = |id: &OrganizationId| ticket.state.shared_with.contains(id);
    let directory = caller.application.directory();
    let mut organization = |pointer: String, name: &String| {
        let found = directory
            .organization_seen(caller.viewer(), name)
            .map(|organization| organization.id.clone())
            .or_else(|| name.parse().ok().filter(shared));
        if found.is_none() {
            faults.push(Fault::new(pointer, FaultText::NamesNoOrganization));
        }
        found
    };
    let share: Option<Vec<_>> = asked.share_with.map(|names| {
        let named = names.iter().enumerate();
        named
            .filter_map(|(index, name)| organization(format!("{share_pointer}/{index}"), name))
            .collect()
    });
    let moved = asked
        .organization
        .as_ref()
        .and_then(|name| organization("/organization".to_owned(), name));
    let customer = PersonId(Uuid::now_v7());
    let mut actions = vec![Action::Edit(Box::new(Edit {
        summary: asked.summary,
        description: asked.description,
        priority: asked.priority,
        urgency: asked.urgency,
        request_type: asked.request_type,
        organization: moved,
        private: asked.private,
        notify: asked.notify,
        fields: asked.fields.unwrap_or_default(),
        customer,
    }))];
    if let Some(assignee) = asked.assignee {
        let named = assignee.as_ref();
        let account = named.map(|named| directory.account_seen(caller.viewer(), named));
        let viewer = |account: AccountId| directory.viewer(account).map(|viewer| Viewer::clone(&viewer));
        match account.map(|account| account.and_then(|account| viewer(account.id))) {
            Some(None) => faults.push(Fault::new("/assignee", FaultText::NamesNoAccount)),
            Some(Some(viewer)) => actions.push(Action::Assign {
                assignee: Some(Box::new(viewer)),
            }),
            None => actions.push(Action::Assign { assignee: None }),
        }
    }
    actions.extend(share.map(|organizations| Action::Share {
        organizations: organizations.into_iter().collect(),
    }));
    if matches!(&actions[0], Action::Edit(edit) if **edit == Edit::nothing(customer)) && actions.len() > 1 {
        actions.remove(0);
    }
    if faults.is_empty() {
        Ok(actions)
    } else {
        Err(Refusal::faults(faults))
    }
}

/// Open a closed ticket again, with a reason.
///
/// The reason is kept as a public comment.
#[utoipa::path(
    operation_id = "reopen_ticket", tag = "tickets",
    params(("key" = String, Path, description = "The ticket's key.", example = "SUP-12")),
    request_body = ReopenTicket,
    responses((status = 200, description = "The ticket.", body = Ticket)),
)]
#[post("/tickets/{key}/reopen")]
pub(crate) async fn reopen_ticket(
    caller: Caller,
    path: Path<String>,
    body: Body<ReopenTicket>,
) -> Result<HttpResponse, Refusal> {
    let key = key(&path)?;
    let call = caller.call(&format!("POST /v1/tickets/{key}/reopen"), &body.canonical)?;
    let reason = Text {
        id: CommentId(Uuid::now_v7()),
        body: body.value.reason,
    };
    let done = caller
        .application
        .tickets
        .act(call, key.clone(), vec![Action::Reopen { reason }])
        .await;
    let done = caller.told(&key, done).await?;
    ticket_answer(&caller, &done.loaded)
}
