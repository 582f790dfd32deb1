//! An account that is signed in, and calls the REST door.

use reqwest::{
    Method,
    blocking::{self, RequestBuilder, multipart},
};
use serde_json::{Value, json};

use crate::{answer::Answer, home::DEMO_PASSWORD};

/// A caller of one server.
#[derive(Debug, Clone)]
pub struct Client {
    http: blocking::Client,
    base: String,
    token: Option<String>,
    headers: Vec<(String, String)>,
}

impl Client {
    /// Signs in with the password of the demo world.
    #[must_use]
    #[track_caller]
    pub fn sign_in(http: &blocking::Client, base: &str, username: &str) -> Client {
        let nobody = Client::unknown(http, base);
        let body = json!({"username": username, "password": DEMO_PASSWORD});
        let answer = nobody.post("/v1/auth/token", &body).expect(200);
        nobody.with_token(answer["access_token"].as_str().unwrap())
    }

    /// Somebody who is not signed in.
    #[must_use]
    pub fn unknown(http: &blocking::Client, base: &str) -> Client {
        Client {
            http: http.clone(),
            base: base.to_owned(),
            token: None,
            headers: Vec::new(),
        }
    }

    /// The same caller with this access token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Client {
        Client {
            token: Some(token.to_owned()),
            ..self.clone()
        }
    }

    /// The access token.
    ///
    /// # Panics
    /// When nobody is signed in.
    #[must_use]
    pub fn token(&self) -> &str {
        self.token.as_deref().unwrap()
    }

    /// The same caller, with a header more in every request.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Client {
        let mut client = self.clone();
        client.headers.push((name.to_owned(), value.to_owned()));
        client
    }

    /// A request to a path, to be completed and sent.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request
    }

    /// GET.
    #[must_use]
    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path).send())
    }

    /// POST of JSON.
    #[must_use]
    #[track_caller]
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        Answer::of(self.request(Method::POST, path).json(body).send())
    }

    /// PATCH of JSON.
    #[must_use]
    #[track_caller]
    pub fn patch(&self, path: &str, body: &Value) -> Answer {
        Answer::of(self.request(Method::PATCH, path).json(body).send())
    }

    /// POST of bytes under a media type.
    #[must_use]
    #[track_caller]
    pub fn post_bytes(&self, path: &str, content_type: &str, body: Vec<u8>) -> Answer {
        Answer::of(
            self.request(Method::POST, path)
                .header("content-type", content_type)
                .body(body)
                .send(),
        )
    }

    /// POST of a file as the part `file` of a form.
    #[must_use]
    #[track_caller]
    pub fn attach(&self, key: &str, name: &str, content: &[u8]) -> Answer {
        let part = multipart::Part::bytes(content.to_vec()).file_name(name.to_owned());
        let form = multipart::Form::new().part("file", part);
        Answer::of(
            self.request(Method::POST, &format!("/v1/tickets/{key}/attachments"))
                .multipart(form)
                .send(),
        )
    }

    /// Opens a ticket; answers it.
    #[must_use]
    #[track_caller]
    pub fn open(&self, body: &Value) -> Value {
        self.post("/v1/tickets", body).expect(201)
    }

    /// A ticket as this caller sees it.
    #[must_use]
    #[track_caller]
    pub fn ticket(&self, key: &str) -> Value {
        self.get(&format!("/v1/tickets/{key}")).expect(200)
    }

    /// The ids of the actions that this caller may follow now.
    #[must_use]
    #[track_caller]
    pub fn actions(&self, key: &str) -> Vec<String> {
        let actions = self.ticket(key)["allowed_actions"].as_array().unwrap().clone();
        actions
            .iter()
            .map(|action| action["id"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Comments on a ticket; answers the comment.
    #[must_use]
    #[track_caller]
    pub fn comment(&self, key: &str, body: &str, visibility: &str) -> Value {
        let comment = json!({"body": body, "visibility": visibility});
        self.post(&format!("/v1/tickets/{key}/comments"), &comment)
            .expect(201)
    }

    /// Follows an action; answers the ticket.
    #[must_use]
    #[track_caller]
    pub fn follow(&self, key: &str, transition: &Value) -> Value {
        self.post(&format!("/v1/tickets/{key}/transitions"), transition)
            .expect(200)
    }

    /// The whole history of a ticket as this caller sees it.
    #[must_use]
    #[track_caller]
    pub fn history(&self, key: &str) -> Value {
        self.get(&format!("/v1/tickets/{key}/history?limit=1000"))
            .expect(200)
    }

    /// All events of a stream, from the change feed.
    #[must_use]
    #[track_caller]
    pub fn feed(&self, stream: &str) -> Value {
        Value::Array(
            self.get(&format!("/v1/events?limit=1000&stream={stream}"))
                .lines(),
        )
    }

    /// The keys on a page of the list.
    #[must_use]
    #[track_caller]
    pub fn listed(&self, query: &str) -> Vec<String> {
        let page = self.get(&format!("/v1/tickets?{query}")).expect(200);
        page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["key"].as_str().unwrap().to_owned())
            .collect()
    }
}
