//! A way to ask an operation: when, of which ticket, with which request, and what is looked for in the answer.

use guichet_tests::{answer::Answer, client::Client};
use reqwest::blocking::{
    RequestBuilder,
    multipart::{Form, Part},
};
use serde_json::Value;

use super::{contract::Operation, scene::Scene, subject::State};

/// What a live stream is asked for with.
pub(super) const LIVE: &str = "text/event-stream";

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
}

/// A way to ask an operation.
#[derive(Clone, Copy)]
pub(super) struct Row {
    pub(super) operation: &'static str,
    /// What the file calls it; empty when there is one way.
    pub(super) case: &'static str,
    pub(super) turn: Turn,
    /// The ticket is changed, so that each cell has one of its own.
    pub(super) changes: bool,
    /// How far the ticket must be.
    pub(super) state: State,
    /// The request; `None` when nobody can ask that.
    pub(super) ask: fn(&Scene<'_>) -> Option<Asked>,
    pub(super) look: Look,
}

impl Row {
    /// A request that leaves the ticket as it is, so that cells can share one.
    pub(super) fn reads(
        operation: &'static str,
        case: &'static str,
        ask: fn(&Scene<'_>) -> Option<Asked>,
    ) -> Row {
        Row {
            operation,
            case,
            turn: Turn::Crowd,
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
        ask: fn(&Scene<'_>) -> Option<Asked>,
    ) -> Row {
        Row {
            changes: true,
            state,
            ..Row::reads(operation, case, ask)
        }
    }
}

/// The body of a request.
#[derive(Debug, Clone)]
enum Body {
    Nothing,
    Json(Value),
    File(&'static [u8]),
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
        }
    }
}
