//! Who asks, and how they have shown it: by the token of `Authorization`, or by a signed link, which is an address that was made by
//! somebody who had a token.

use std::borrow::Cow;

use actix_web::{
    HttpMessage, HttpRequest,
    http::{Method, header, uri::PathAndQuery},
};
use application::{Application, identity::actor::Actor};
use chrono::{DateTime, Utc};
use domain::{Fault, FaultText, Language};

use crate::{
    caller::{name, text},
    header::language,
    refusal::{self, Refusal},
    scopes,
};

/// How many links are made at once.
pub const LINKS_MAX: usize = 100;
/// Longest path of a link with its query, bytes: with its token it is an address that everything between takes.
pub const LINK_PATH_BYTES_MAX: usize = 1_000;
/// Where links may lead, by the patterns of the contract: what browsers ask for without a page's help.
pub(crate) const LINKABLE: [&str; 4] = [
    "/v1/accounts/{id}/avatar",
    "/v1/events",
    "/v1/tickets/{key}/attachments/{id}",
    "/v1/tickets/{key}/history",
];
/// The member of a query that is the token of a link, the last one.
pub(crate) const LINK: &str = "link";

/// Who asks.
pub(crate) struct Asking {
    pub(crate) actor: Actor,
    pub(crate) language: Language,
    /// The profile and the organization that the call is made in.
    pub(crate) acting_as: Option<String>,
    pub(crate) acting_in: Option<String>,
    /// When the link ends that it is asked by.
    pub(crate) link_ends_at: Option<DateTime<Utc>>,
}

/// The request is made by a signed link.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ByLink;

/// It is known who makes the request, so that its answer is theirs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Somebodys;

impl Asking {
    /// Reads who asks.
    ///
    /// # Errors
    /// [`Refusal`] when nobody is known by it, or a key does not open this.
    pub(crate) fn read(
        request: &HttpRequest,
        application: &Application,
        at: DateTime<Utc>,
    ) -> Result<Asking, Refusal> {
        let nobody = || Refusal::new(&refusal::UNAUTHENTICATED);
        let headers = request.headers();
        let link = link(request);
        if let Some(link) = link
            && !headers.contains_key(header::AUTHORIZATION)
        {
            let (path, token) = link.split().ok_or_else(nobody)?;
            let asks = application.identity.actor_of_link(token, path, at);
            let asks = asks.ok_or_else(nobody)?;
            request.extensions_mut().insert(ByLink);
            request.extensions_mut().insert(Somebodys);
            return Ok(Asking {
                actor: asks.actor,
                language: asks.language,
                acting_as: asks.acting_as,
                acting_in: asks.acting_in,
                link_ends_at: Some(asks.ends_at),
            });
        }
        let token = text(headers, "authorization")?.and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
        });
        let actor = token.and_then(|token| application.identity.actor(token, at));
        let actor = actor.ok_or_else(nobody)?;
        scopes::check(request, actor.scopes.as_ref())?;
        if link.is_some() {
            let fault = Fault::new(LINK, FaultText::LinkBesideToken);
            return Err(Refusal::faults(vec![fault]));
        }
        request.extensions_mut().insert(Somebodys);
        Ok(Asking {
            actor,
            language: language(headers),
            acting_as: text(headers, "guichet-profile")?.map(str::to_owned),
            acting_in: name(headers, "guichet-organization")?.map(Cow::into_owned),
            link_ends_at: None,
        })
    }
}

/// The address of a request that has a link in it, where one may be.
#[derive(Clone, Copy)]
struct Linked<'a>(&'a str);

impl<'a> Linked<'a> {
    /// The path with its query as they were signed, and the token, which stands last.
    fn split(self) -> Option<(&'a str, &'a str)> {
        let (path, last) = self.0.rsplit_once(['?', '&'])?;
        Some((path, last.strip_prefix(LINK)?.strip_prefix('=')?))
    }
}

/// HEAD comes as GET (see `boundary`).
fn link(request: &HttpRequest) -> Option<Linked<'_>> {
    let is_linkable = request.method() == Method::GET
        && request
            .match_pattern()
            .is_some_and(|pattern| LINKABLE.contains(&pattern.as_str()));
    let address = request.uri().path_and_query()?;
    (is_linkable && has_link(address)).then_some(Linked(address.as_str()))
}

fn has_link(address: &PathAndQuery) -> bool {
    let mut members = address.query().unwrap_or_default().split('&');
    members.any(|member| member.split('=').next() == Some(LINK))
}

/// Why a path cannot be signed; `None` when it can. What is there is not looked at: a link to nothing leads to nothing.
pub(crate) fn unlinkable(request: &HttpRequest, path: &str) -> Option<FaultText> {
    if path.len() > LINK_PATH_BYTES_MAX {
        return Some(FaultText::BytesMax {
            max: LINK_PATH_BYTES_MAX,
        });
    }
    let is_plain = path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
    let address = PathAndQuery::try_from(path).ok().filter(|_| is_plain);
    let is_linkable = address.is_some_and(|address| {
        let pattern = request.resource_map().match_pattern(address.path());
        pattern.is_some_and(|pattern| LINKABLE.contains(&pattern.as_str())) && !has_link(&address)
    });
    (!is_linkable).then_some(FaultText::NotToBeLinked)
}

/// The path with its query, and the token as its last member.
pub(crate) fn with_link(path: &str, token: &str) -> String {
    let joint = if path.contains('?') { '&' } else { '?' };
    format!("{path}{joint}{LINK}={token}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_that_can_be_linked_is_of_a_question_and_says_so() {
        let contract = serde_json::to_value(crate::openapi::contract()).unwrap();
        for path in LINKABLE {
            let security = &contract["paths"][path]["get"]["security"];
            assert!(security[1].get(LINK).is_some(), "{path}: {security}");
        }
        let paths = &contract["components"]["schemas"]["CreateLinks"]["properties"]["paths"];
        assert_eq!(paths["maxItems"], LINKS_MAX);
    }
}
