//! A way to ask an operation: when, about what, with which request, and what is looked for in the answer.

use guichet_tests::{answer::Answer, client::Client};
use reqwest::blocking::{
    RequestBuilder,
    multipart::{Form, Part},
};
use serde_json::Value;

use super::{cast::Acts, contract::Operation, scene::Scene, subject::State, target::About};

/// What a live stream is asked for with.
pub(super) const LIVE: &str = "text/event-stream";
/// A name that no account, no organization and no identity provider has.
pub(super) const NOBODY: &str = "nobody-of-that-name";
/// A number that no ticket of any desk has.
const NO_TICKET: u32 = 99_999_999;

/// When the cells of a row are played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// One by one, before anything else: what is counted must not change meanwhile.
    Alone,
    /// Several at once.
    Crowd,
    /// One by one, after all others: what is asked touches more than its own ticket.
    Last,
}

/// How what is looked for is found in an answer.
#[derive(Clone, Copy)]
pub(super) enum Look {
    /// The internal note where the relation is that, the ticket's key otherwise, byte by byte.
    Bytes,
    /// As this says, or that the answer contradicts itself.
    By(fn(&Scene<'_>, &Answer) -> Result<bool, String>),
    /// This number rises by one with a new ticket that stands so.
    Count(fn(&Value) -> u64),
    /// It answers otherwise, if only by a byte, than the same with this name of nobody.
    Apart(fn(&Scene<'_>, &str) -> Asked),
}

/// A way to ask an operation.
#[derive(Clone, Copy)]
pub(super) struct Row {
    pub(super) operation: &'static str,
    /// What the file calls it; empty when there is one way.
    pub(super) case: &'static str,
    pub(super) turn: Turn,
    pub(super) about: About,
    /// By which of those who play a role.
    pub(super) acts: Acts,
    /// What it is about is changed, so that each cell has one of its own.
    pub(super) changes: bool,
    /// How far the ticket must be.
    pub(super) state: State,
    pub(super) ask: fn(&Scene<'_>) -> Asked,
    pub(super) look: Look,
}

impl Row {
    /// A request that leaves the ticket as it is, so that cells can share one.
    pub(super) fn reads(operation: &'static str, case: &'static str, ask: fn(&Scene<'_>) -> Asked) -> Row {
        Row {
            operation,
            case,
            turn: Turn::Crowd,
            about: About::Tickets,
            acts: Acts::Tickets,
            changes: false,
            state: State::Opened,
            ask,
            look: Look::Bytes,
        }
    }

    /// A command on a ticket in a state.
    pub(super) fn changes(
        operation: &'static str,
        case: &'static str,
        state: State,
        ask: fn(&Scene<'_>) -> Asked,
    ) -> Row {
        Row {
            changes: true,
            state,
            ..Row::reads(operation, case, ask)
        }
    }

    /// A request about an account, an organization or nothing, that leaves it as it is.
    pub(super) fn asks(
        operation: &'static str,
        case: &'static str,
        about: About,
        ask: fn(&Scene<'_>) -> Asked,
    ) -> Row {
        Row {
            about,
            acts: Acts::People,
            ..Row::reads(operation, case, ask)
        }
    }

    /// A command on an account or an organization.
    pub(super) fn orders(
        operation: &'static str,
        case: &'static str,
        about: About,
        ask: fn(&Scene<'_>) -> Asked,
    ) -> Row {
        Row {
            changes: true,
            ..Row::asks(operation, case, about, ask)
        }
    }
}

/// The body of a request.
#[derive(Debug, Clone)]
enum Body {
    Nothing,
    Json(Value),
    File(&'static [u8]),
    Bytes(&'static [u8]),
}

/// A request, but for the method and path that the contract gives.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    parameters: Vec<(&'static str, String)>,
    query: String,
    headers: Vec<(&'static str, String)>,
    body: Body,
    /// By whom, when it is not the caller as they are signed in.
    by: Option<Client>,
}

impl Asked {
    /// A request without anything.
    pub(super) fn plain() -> Asked {
        Asked {
            parameters: Vec::new(),
            query: String::new(),
            headers: Vec::new(),
            body: Body::Nothing,
            by: None,
        }
    }

    /// A request on the ticket of a scene.
    pub(super) fn ticket(scene: &Scene<'_>) -> Asked {
        Asked::plain().with("key", &scene.subject.key)
    }

    /// A request on the account or organization of a scene.
    pub(super) fn target(scene: &Scene<'_>) -> Asked {
        Asked::plain().with("id", &scene.target().name)
    }

    /// The same request of a ticket, an account or an organization that does not exist; `None` when it is about none.
    pub(super) fn of_nothing(&self) -> Option<Asked> {
        let mut asked = self.clone();
        let (name, value) = asked.parameters.first_mut()?;
        match *name {
            "id" => NOBODY.clone_into(value),
            "key" => *value = format!("{}-{NO_TICKET}", value.split('-').next()?),
            _ => return None,
        }
        Some(asked)
    }

    /// With a parameter of the path.
    pub(super) fn with(mut self, name: &'static str, value: &str) -> Asked {
        self.parameters.push((name, value.to_owned()));
        self
    }

    /// With a query string.
    pub(super) fn query(mut self, query: String) -> Asked {
        self.query = format!("?{query}");
        self
    }

    /// With a parameter more in the query string.
    pub(super) fn and(mut self, parameter: &str) -> Asked {
        self.query = format!("{}&{parameter}", self.query);
        self
    }

    /// Under another sign-in.
    pub(super) fn by(mut self, client: Client) -> Asked {
        self.by = Some(client);
        self
    }

    /// With a header.
    pub(super) fn header(mut self, name: &'static str, value: &str) -> Asked {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// With a body of JSON.
    pub(super) fn json(mut self, body: Value) -> Asked {
        self.body = Body::Json(body);
        self
    }

    /// With a file as the part `file` of a form.
    pub(super) fn file(mut self, content: &'static [u8]) -> Asked {
        self.body = Body::File(content);
        self
    }

    /// With bytes as the body.
    pub(super) fn bytes(mut self, content: &'static [u8]) -> Asked {
        self.body = Body::Bytes(content);
        self
    }

    /// The answer does not end by itself.
    pub(super) fn is_live(&self) -> bool {
        self.headers.iter().any(|(_, value)| value == LIVE)
    }

    /// The request on its way to where the contract has the operation.
    pub(super) fn request(&self, place: &Operation, caller: &Client) -> RequestBuilder {
        let path = format!("{}{}", place.filled(&self.parameters), self.query);
        let client = self.by.as_ref().unwrap_or(caller);
        let mut request = client.request(place.method.clone(), &path);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        match &self.body {
            Body::Nothing => request,
            Body::Json(body) => request.json(body),
            Body::File(content) => {
                let part = Part::bytes(*content).file_name("note.txt");
                request.multipart(Form::new().part("file", part))
            }
            Body::Bytes(content) => request.body(*content),
        }
    }
}
