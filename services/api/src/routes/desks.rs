//! Desks as data that a frontend renders.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, get, post, web::Path};
use api_types::{
    DeskList, FormSchema, ListChange, ListValuePage, ListValueQuery, NewListValue, SetListValues,
};
use domain::{
    DeskKey, FaultText, Label, StatusId,
    desk::{
        Desk, FormDefinition,
        definition::Choice,
        schema::{self, Ordered},
    },
};

use super::{
    listed::{Page, Sought},
    me,
};
use crate::{
    answer,
    body::Body,
    caller::Caller,
    parameters::Parameters,
    refusal::{NOT_FOUND, Refusal},
};

fn key_in(text: &str) -> Result<DeskKey, Refusal> {
    let key = text.to_ascii_uppercase().parse();
    key.map_err(|error: domain::ids::NameError| Refusal::new(&NOT_FOUND).cause(error))
}

fn desk(caller: &Caller, key: &str) -> Result<Arc<Desk>, Refusal> {
    let desk = caller.application.directory().desk(&key_in(key)?);
    desk.filter(|desk| caller.viewer().may_see_desk(&desk.definition().key))
        .ok_or_else(|| Refusal::new(&NOT_FOUND))
}

/// The desks that the caller has anything to do with.
///
/// A desk is listed when any role of the caller holds on it.
#[utoipa::path(
    operation_id = "list_desks", tag = "desks",
    responses((status = 200, description = "The desks.", body = DeskList)),
)]
#[get("/desks")]
pub(crate) async fn list_desks(caller: Caller) -> HttpResponse {
    HttpResponse::Ok().json(DeskList {
        items: me::desks(&caller),
    })
}

/// One desk: statuses, actions, request types, value lists, in the caller's language.
///
/// Labels are in the language of `Accept-Language`; ids are what requests name.
#[utoipa::path(
    operation_id = "get_desk", tag = "desks",
    params(("key" = String, Path, description = "The desk's key.", example = "SUP")),
    responses((status = 200, description = "The desk.", body = api_types::Desk)),
)]
#[get("/desks/{key}")]
pub(crate) async fn get_desk(caller: Caller, path: Path<String>) -> Result<HttpResponse, Refusal> {
    let desk = desk(&caller, &path)?;
    Ok(HttpResponse::Ok().json(answer::desk(&desk, caller.language)))
}

/// The form of a request type, as JSON Schema 2020-12 of the member `fields`.
///
/// Frontends render it; the server checks `fields` against the same schema.
#[utoipa::path(
    operation_id = "get_form", tag = "desks",
    params(
        ("key" = String, Path, description = "The desk's key.", example = "SUP"),
        ("type" = String, Path, description = "The request type.", example = "question"),
    ),
    responses((status = 200, description = "The schema.", body = FormSchema, content_type = "application/schema+json")),
)]
#[get("/desks/{key}/types/{type}/schema")]
pub(crate) async fn get_form(caller: Caller, path: Path<(String, String)>) -> Result<HttpResponse, Refusal> {
    let (key, request_type) = path.into_inner();
    let desk = desk(&caller, &key)?;
    let of = desk.definition().request_type(&request_type);
    let of = of.ok_or_else(|| Refusal::new(&NOT_FOUND))?;
    Ok(form(&caller, &desk, &of.form, (&of.label, of.help.as_ref())))
}

/// The form of an action, as JSON Schema 2020-12 of the member `fields`.
///
/// Ids of actions are unique within the statuses that they start from: `from` tells apart those of one id.
#[utoipa::path(
    operation_id = "get_transition_form", tag = "desks",
    params(
        ("key" = String, Path, description = "The desk's key.", example = "SUP"),
        ("id" = String, Path, description = "The action.", example = "resolve"),
        ("from" = Option<String>, Query, description = "A status that it starts from; the first action of that id unless given.", example = "open"),
    ),
    responses((status = 200, description = "The schema.", body = FormSchema, content_type = "application/schema+json")),
)]
#[get("/desks/{key}/transitions/{id}/schema")]
pub(crate) async fn get_transition_form(
    caller: Caller,
    path: Path<(String, String)>,
    request: HttpRequest,
) -> Result<HttpResponse, Refusal> {
    let (key, action) = path.into_inner();
    let mut parameters = Parameters::read(&request)?;
    let from: Option<StatusId> = parameters.parsed("from", FaultText::NotAStatus);
    parameters.end()?;
    let desk = desk(&caller, &key)?;
    let mut named = desk
        .definition()
        .transitions
        .iter()
        .filter(|of| of.id == action && from.as_ref().is_none_or(|from| of.from.contains(from)));
    let found = named.next().and_then(|of| Some((of, of.form.as_ref()?)));
    let (of, of_action) = found.ok_or_else(|| Refusal::new(&NOT_FOUND))?;
    Ok(form(&caller, &desk, of_action, (&of.label, of.help.as_ref())))
}

fn form(caller: &Caller, desk: &Desk, form: &FormDefinition, told: (&Label, Option<&Label>)) -> HttpResponse {
    let served: Ordered = schema::served(desk.definition(), form, told, caller.language);
    HttpResponse::Ok()
        .content_type("application/schema+json")
        .json(served)
}

/// The values of a list that fields choose from, page by page.
///
/// In the order in which people see them. Lists of more than 50 values stand apart from the desk and are only here.
#[utoipa::path(
    operation_id = "list_values", tag = "desks",
    params(
        ("key" = String, Path, description = "The desk's key.", example = "SUP"),
        ("list" = String, Path, description = "The list's name.", example = "location"),
        ListValueQuery,
    ),
    responses((status = 200, description = "A page.", body = ListValuePage)),
)]
#[get("/desks/{key}/lists/{list}/values")]
pub(crate) async fn list_values(
    caller: Caller,
    path: Path<(String, String)>,
    request: HttpRequest,
) -> Result<HttpResponse, Refusal> {
    let (key, list) = path.into_inner();
    let mut parameters = Parameters::read(&request)?;
    let q = Sought::take(&mut parameters);
    let parent = parameters.text("parent");
    let top = parameters
        .parsed("top", FaultText::NotTrueOrFalse)
        .unwrap_or(false);
    let state = parameters.named("state", state).unwrap_or(State::Current);
    let page = Page::<usize>::take(&mut parameters, FaultText::NotACursor);
    parameters.end()?;
    let desk = desk(&caller, &key)?;
    let values = desk.values(&list).ok_or_else(|| Refusal::new(&NOT_FOUND))?;
    let is_sought = |of: &Choice| {
        let has_state = match state {
            State::Current => !of.retired,
            State::Retired => of.retired,
            State::All => true,
        };
        let names = [of.id.as_str(), &of.label.fr, &of.label.en];
        has_state
            && (!top || of.parent.is_none())
            && parent
                .as_ref()
                .is_none_or(|parent| of.parent.as_ref() == Some(parent))
            && q.as_ref().is_none_or(|q| q.is_in(names))
    };
    let found: Vec<(usize, &Choice)> = values
        .iter()
        .enumerate()
        .filter(|(_, of)| is_sought(of))
        .collect();
    let (found, total, next_cursor) = page.cut(found, |(place, _)| *place);
    let value = |(_, of)| answer::list_value(desk.definition(), &list, of, caller.language);
    Ok(HttpResponse::Ok().json(ListValuePage {
        items: found.into_iter().map(value).collect(),
        next_cursor,
        total,
    }))
}

/// Which values are listed.
#[derive(Clone, Copy)]
enum State {
    Current,
    Retired,
    All,
}

/// Which values of a list may be asked for.
pub const STATES: [&str; 3] = ["current", "retired", "all"];

fn state(name: &str) -> Result<State, FaultText> {
    match name {
        "current" => Ok(State::Current),
        "retired" => Ok(State::Retired),
        "all" => Ok(State::All),
        _ => Err(FaultText::one_of(STATES)),
    }
}

/// Add or change values of a list that stands apart from its desk.
///
/// For administrators of the desk. Values that are not named stay as they are; a value is never taken away, but retired: what has it
/// keeps it. A list has at most 10,000 values, and a tree at most ten levels above a value.
#[utoipa::path(
    operation_id = "set_list_values", tag = "desks",
    params(
        ("key" = String, Path, description = "The desk's key.", example = "SUP"),
        ("list" = String, Path, description = "The list's name.", example = "location"),
    ),
    request_body = SetListValues,
    responses((status = 200, description = "What was changed.", body = ListChange)),
)]
#[post("/desks/{key}/lists/{list}/values")]
pub(crate) async fn set_list_values(
    caller: Caller,
    path: Path<(String, String)>,
    body: Body<SetListValues>,
) -> Result<HttpResponse, Refusal> {
    let (key, list) = path.into_inner();
    let key = key_in(&key)?;
    let call = caller.call(
        &format!("POST /v1/desks/{key}/lists/{list}/values"),
        &body.canonical,
    )?;
    let values = body.value.values.into_iter().map(choice).collect();
    let changed = caller
        .application
        .people
        .change_list(call, &key, &list, values)
        .await;
    let changed = changed.map_err(|error| caller.refusal(error))?;
    Ok(HttpResponse::Ok().json(ListChange {
        changed: changed.map_or(0, |(_, count)| count as u64),
        position: changed.map(|(position, _)| position.0),
    }))
}

fn choice(of: NewListValue) -> Choice {
    let label = |of: api_types::Label| Label { fr: of.fr, en: of.en };
    Choice {
        id: of.value,
        label: label(of.label),
        help: of.description.map(label),
        parent: of.parent,
        retired: of.retired.unwrap_or(false),
    }
}
