//! Who calls, in which language, under which idempotency key: read once, before anything is done.

use std::{borrow::Cow, future::Ready, sync::Arc};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    http::header::{self, HeaderMap, HeaderValue},
    web::Data,
};
use application::{
    Application, Call, Channel, ExecuteError, Reader,
    identity::actor::Actor,
    kernel::call::{ExpectedVersion, command_id},
    tickets::threads::Start,
};
use chrono::{DateTime, Utc};
use domain::{
    AccountId, Detail, Fault, FaultText, Language, TicketKey,
    policy::{KeyScope, Profile, Viewer},
};
use uuid::Uuid;

use crate::{
    asking::Asking,
    boundary::RequestId,
    config::{ApiConfig, IDEMPOTENCY_KEY_CHARS_MAX},
    header::{self as fields, NoTags, Tags},
    limit::{Exceeded, LIVE_STREAMS_MAX, Limiter, OpenStream, ToTell},
    refusal::{self, Refusal},
    routes::paged,
    times,
};

/// How many events that a caller missed a refusal tells.
pub(crate) const MISSED_MAX: usize = 50;

/// Names whom a command is for, when somebody else gives it (complaint C17).
const ON_BEHALF_OF: &str = "guichet-on-behalf-of";

/// Who calls a `/v1` operation. Being one means that the token held when the request came.
#[derive(Clone)]
pub struct Caller {
    /// The counter.
    pub application: Data<Application>,
    /// The language of labels and titles.
    pub language: Language,
    /// When the request came.
    pub at: DateTime<Utc>,
    actor: Actor,
    request_id: Uuid,
    idempotency_key: Option<String>,
    expected_version: Option<ExpectedVersion>,
    channel: Channel,
    acting_as: Option<String>,
    acting_in: Option<String>,
    link_ends_at: Option<DateTime<Utc>>,
    on_behalf_of: Option<AccountId>,
    sent_at: Option<DateTime<Utc>>,
    occurred_at: Option<DateTime<Utc>>,
    limiter: Data<Limiter>,
    to_tell: ToTell,
}

impl FromRequest for Caller {
    type Error = Refusal;
    type Future = Ready<Result<Self, Refusal>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(Caller::read(request))
    }
}

/// The only line of a field that is no list. Of two, one program takes the first and another the last.
pub(crate) fn only<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a HeaderValue>, Refusal> {
    let mut lines = headers.get_all(name);
    let value = lines.next();
    if lines.next().is_some() {
        let detail = Detail::HeaderTwice {
            name: name.to_owned(),
        };
        return Err(Refusal::of(detail));
    }
    Ok(value)
}

pub(crate) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Refusal> {
    let Some(value) = only(headers, name)? else {
        return Ok(None);
    };
    match value.to_str() {
        Ok(text) => Ok(Some(text.trim())),
        Err(error) => Err(Refusal::of(Detail::HeaderUnreadable {
            name: name.to_owned(),
        })
        .cause(error)),
    }
}

/// The name of an account or organization, which may hold any letter.
pub(crate) fn name<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<Cow<'a, str>>, Refusal> {
    let value = only(headers, name)?;
    Ok(value.map(|value| fields::text(value.as_bytes().trim_ascii())))
}

impl Caller {
    fn read(request: &HttpRequest) -> Result<Caller, Refusal> {
        let missing = || Refusal::new(&refusal::INTERNAL).cause("the door lacks its application data");
        let application = request
            .app_data::<Data<Application>>()
            .ok_or_else(missing)?
            .clone();
        let config = request.app_data::<Data<ApiConfig>>().ok_or_else(missing)?;
        let limiter = request.app_data::<Data<Limiter>>().ok_or_else(missing)?.clone();
        let (headers, to_tell) = (request.headers(), ToTell::default());
        request.extensions_mut().insert(to_tell.clone());
        // The clock is read here and in `call`, and nowhere deeper (design §3.1).
        let at = Utc::now();
        let asking = Asking::read(request, &application, at)?;
        let mut actor = asking.actor;
        let (acting_as, acting_in) = (asking.acting_as, asking.acting_in);
        let believed = is_believed(&application, config, headers);
        actor.viewer = narrowed(
            &application,
            actor.viewer,
            acting_as.as_deref(),
            acting_in.as_deref(),
        )?;
        let clock = |name: &str| -> Result<Option<DateTime<Utc>>, Refusal> {
            let Some(value) = text(headers, name)?.filter(|_| believed) else {
                return Ok(None);
            };
            let unreadable = || {
                let name = name.to_owned();
                Refusal::of(Detail::HeaderNotAnInstant { name })
            };
            times::instant(value).map(Some).ok_or_else(unreadable)
        };
        let channel = match text(headers, "guichet-channel")?.filter(|_| believed) {
            Some("soap") => Channel::Soap,
            Some("courier") => Channel::Courier,
            Some(_) | None => Channel::Rest,
        };
        Ok(Caller {
            language: asking.language,
            link_ends_at: asking.link_ends_at,
            at,
            request_id: request
                .extensions()
                .get::<RequestId>()
                .map_or_else(Uuid::now_v7, |id| id.0),
            idempotency_key: idempotency_key(headers)?,
            expected_version: expected_version(request)?,
            channel,
            on_behalf_of: on_behalf_of(&application, &actor.viewer, headers)?,
            acting_as,
            acting_in,
            sent_at: clock("guichet-sent-at")?,
            occurred_at: clock("guichet-occurred-at")?,
            application,
            actor,
            limiter,
            to_tell,
        })
    }

    /// The account.
    #[must_use]
    pub fn account(&self) -> &Arc<domain::account::Account> {
        &self.actor.account
    }

    /// Its rights today.
    #[must_use]
    pub fn viewer(&self) -> &Viewer {
        &self.actor.viewer
    }

    /// Do the scopes of the call's key open commands on tickets? Who has signed in has none, and may ask for everything.
    #[must_use]
    pub fn writes(&self) -> bool {
        let scopes = self.actor.scopes.as_ref();
        scopes.is_none_or(|scopes| scopes.contains(&KeyScope::Write))
    }

    /// For whom the call is made, when its header names somebody else.
    #[must_use]
    pub fn on_behalf_of(&self) -> Option<AccountId> {
        self.on_behalf_of
    }

    /// The profile and the organization that the call is made in, as its headers name them.
    #[must_use]
    pub fn acting(&self) -> (Option<&str>, Option<&str>) {
        (self.acting_as.as_deref(), self.acting_in.as_deref())
    }

    /// The sign-in.
    #[must_use]
    pub fn sign_in(&self) -> Uuid {
        self.actor.sign_in
    }

    /// How long an answer to this call may be kept that may be kept for so long, s: not beyond the link that it was asked by.
    #[must_use]
    pub fn kept_s(&self, seconds: u64) -> u64 {
        let left = self.link_ends_at.map(|ends_at| ends_at - Utc::now());
        left.map_or(seconds, |left| {
            seconds.min(left.num_seconds().max(0).unsigned_abs())
        })
    }

    /// The token of a link to a path with its query, and when it ends.
    ///
    /// # Errors
    /// [`Refusal`] when it cannot be signed.
    pub fn link(&self, path: &str, at: DateTime<Utc>) -> Result<(String, DateTime<Utc>), Refusal> {
        let identity = &self.application.identity;
        Ok(identity.sign_link(&self.actor, self.acting(), self.language, path, at)?)
    }

    /// Until when the token or the key of this call holds.
    #[must_use]
    pub fn until(&self) -> DateTime<Utc> {
        self.actor.until
    }

    /// The command of this request. `what` and `asked` tell one request from another under the same key: the
    /// operation with its path, and the canonical body. It counts as a write of this account.
    ///
    /// Clock and rights are read anew: a body that came slowly must neither make the stamp older than the log nor carry out what
    /// its sender may no longer do.
    ///
    /// # Errors
    /// [`Refusal`] when the sign-in, the key or the profile does not hold any more, or the account has written too much.
    pub fn call(&self, what: &str, asked: &[u8]) -> Result<Call, Refusal> {
        let account = self.viewer().account;
        self.to_tell.note(self.limiter.count_write(account)?);
        self.to_tell.note(self.limiter.count_bytes(account, asked.len())?);
        self.call_of_reader(what, asked)
    }

    /// The same of a question that leaves a trace now and then, and is no write.
    ///
    /// # Errors
    /// [`Refusal`] when the sign-in, the key or the profile does not hold any more.
    pub fn call_of_reader(&self, what: &str, asked: &[u8]) -> Result<Call, Refusal> {
        if self.until() <= Utc::now() {
            return Err(Refusal::new(&refusal::UNAUTHENTICATED));
        }
        self.call_after_upload(what, asked)
    }

    /// The same caller with the rights of now, for what goes on longer than a request; `None` when the sign-in, the account or the
    /// profile does not hold any more.
    #[must_use]
    pub fn today(&self) -> Option<Caller> {
        let today = self
            .application
            .identity
            .viewer_of(self.viewer().account, self.sign_in())?;
        let (acting_as, acting_in) = self.acting();
        let mut caller = self.clone();
        caller.actor.viewer = narrowed(&self.application, today, acting_as, acting_in).ok()?;
        Some(caller)
    }

    /// A live stream of this account, open until what is answered is dropped.
    pub(crate) fn open_stream(&self) -> Result<OpenStream, Refusal> {
        let open = self.limiter.streams.open(self.viewer().account);
        open.ok_or_else(|| {
            Refusal::of(Detail::StreamsMax {
                max: LIVE_STREAMS_MAX,
            })
        })
    }

    /// Refuses, before it comes, what is more than an account may send in a day.
    ///
    /// # Errors
    /// [`Exceeded`].
    pub fn may_send(&self, bytes: u64) -> Result<(), Exceeded> {
        self.limiter.may_ever_send(bytes)
    }

    /// Counts bytes of a file that this account sends, after so many others of it.
    ///
    /// # Errors
    /// [`Exceeded`] when it has sent as many as it may.
    pub fn sends(&self, before: u64, bytes: usize) -> Result<(), Exceeded> {
        let account = self.viewer().account;
        let counted = self.limiter.count_more_bytes(account, before, bytes as u64);
        self.to_tell.note(counted?);
        Ok(())
    }

    /// The same once a file has come, which may take longer than the token holds that it was begun with.
    ///
    /// # Errors
    /// [`Refusal`] when the sign-in, the key or the profile does not hold any more.
    pub fn call_after_upload(&self, what: &str, asked: &[u8]) -> Result<Call, Refusal> {
        let (account, at): (AccountId, _) = (self.viewer().account, Utc::now());
        let today = self.application.identity.viewer_of(account, self.sign_in());
        let today = today.ok_or_else(|| Refusal::new(&refusal::UNAUTHENTICATED))?;
        let (acting_as, acting_in) = self.acting();
        let viewer = narrowed(&self.application, today, acting_as, acting_in)?;
        Ok(Call {
            viewer: Viewer::clone(&viewer),
            on_behalf_of: self.on_behalf_of,
            at,
            occurred_at: self.occurred_at,
            sent_at: self.sent_at,
            channel: self.channel,
            command_id: command_id(account, self.channel, what, self.idempotency_key.as_deref()),
            command_digest: self.digest(what, asked),
            correlation_id: self.request_id,
            expected_version: self.expected_version.clone(),
            sign_in: Some(self.sign_in()),
            scopes: self.actor.scopes.clone(),
        })
    }

    /// What tells one request from another under the same key. Whom it is for is part of it, when it is for somebody else.
    fn digest(&self, what: &str, asked: &[u8]) -> [u8; 32] {
        let other = self.on_behalf_of.map(|account| account.0);
        let mut parts: Vec<&[u8]> = vec![b"command", what.as_bytes(), asked];
        parts.extend(other.as_ref().map(|other| other.as_bytes().as_slice()));
        self.application.identity.keyed_digest(&parts)
    }

    /// The refusal of a command, in the caller's language.
    #[must_use]
    pub fn refusal(&self, error: ExecuteError) -> Refusal {
        refusal::of_command(error, self.language)
    }

    /// Answers a question of this caller in the reading room, aside of the threads that serve requests.
    ///
    /// # Errors
    /// Those of the question.
    pub async fn asks<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Caller, &Reader<'_, Application>) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let caller = self.clone();
        self.application
            .read(move |reader| question(&caller, reader))
            .await
    }

    /// What a command on a ticket came to.
    ///
    /// # Errors
    /// Its refusal, in the caller's language.
    pub async fn told<T>(&self, key: &TicketKey, done: Result<T, ExecuteError>) -> Result<T, Refusal> {
        match done {
            Ok(done) => Ok(done),
            Err(error) => Err(self.refused(key, error).await),
        }
    }

    /// The refusal of a command on a ticket; a stale one carries the events that the caller missed (N6), a page of them.
    pub async fn refused(&self, key: &TicketKey, error: ExecuteError) -> Refusal {
        let since = match &error {
            ExecuteError::Stale { expected, .. } => Some(*expected),
            ExecuteError::NotFound
            | ExecuteError::Rejected(_)
            | ExecuteError::Absent { .. }
            | ExecuteError::AlreadyDisabled
            | ExecuteError::LastAdministrator
            | ExecuteError::KeyReused
            | ExecuteError::TooLarge { .. }
            | ExecuteError::FileTooLarge { .. }
            | ExecuteError::Upload(_)
            | ExecuteError::Unavailable { .. }
            | ExecuteError::Clock(_)
            | ExecuteError::Internal(_) => None,
        };
        let refusal = self.refusal(error);
        let Some(since) = since else {
            return refusal;
        };
        let key = key.clone();
        let missed = self.asks(move |caller, reader| {
            let loaded = reader.tickets().ticket(caller.viewer(), &key)?;
            let missed = (Start::After(since), MISSED_MAX);
            paged::history(caller, reader, &loaded, missed)
        });
        match missed.await {
            Ok(page) => refusal.missed(page.items, page.next_cursor),
            Err(error) => refusal.cause(error),
        }
    }
}

/// For whom the caller acts, as `Guichet-On-Behalf-Of` names them.
fn on_behalf_of(
    application: &Application,
    viewer: &Viewer,
    headers: &HeaderMap,
) -> Result<Option<AccountId>, Refusal> {
    let Some(named) = name(headers, ON_BEHALF_OF)? else {
        return Ok(None);
    };
    let known = application.directory().account_seen(viewer, &named);
    let unknown = || Refusal::faults(vec![Fault::new(ON_BEHALF_OF, FaultText::NamesNoAccount)]);
    let account = known.ok_or_else(unknown)?.id;
    Ok(Some(account).filter(|account| *account != viewer.account))
}

/// The request shows the key of our own doors (design §6).
pub(crate) fn is_believed(application: &Application, config: &ApiConfig, headers: &HeaderMap) -> bool {
    shows(application, headers, config.service_key.as_deref())
}

/// The request shows this key.
pub(crate) fn shows(application: &Application, headers: &HeaderMap, key: Option<&str>) -> bool {
    key.is_some_and(|key| {
        let shown = headers.get("guichet-service-key").map(|shown| shown.as_bytes());
        shown.is_some_and(|shown| same(application, shown, key.as_bytes()))
    })
}

/// The caller in one profile or one organization only (seed 004, F203).
fn narrowed(
    application: &Application,
    viewer: Arc<Viewer>,
    profile: Option<&str>,
    organization: Option<&str>,
) -> Result<Arc<Viewer>, Refusal> {
    let not_held = |detail| Refusal::of(detail);
    let mut viewer = viewer;
    if let Some(profile) = profile {
        let wanted = profile
            .parse::<Profile>()
            .ok()
            .and_then(|profile| viewer.in_profile(&profile));
        viewer = Arc::new(wanted.ok_or_else(|| not_held(Detail::ProfileNotHeld))?);
    }
    if let Some(named) = organization {
        let directory = application.directory();
        let wanted = directory.organization_named(named).and_then(|organization| {
            viewer.in_entity(&organization.id, &directory.tree().within(&organization.id))
        });
        viewer = Arc::new(wanted.ok_or_else(|| not_held(Detail::OrganizationNotHeld))?);
    }
    Ok(viewer)
}

/// Compares secrets by their keyed digests, so that the time it takes tells nothing.
fn same(application: &Application, shown: &[u8], known: &[u8]) -> bool {
    let digest = |secret: &[u8]| application.identity.keyed_digest(&[b"service-key", secret]);
    digest(shown) == digest(known)
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let Some(key) = text(headers, "idempotency-key")? else {
        return Ok(None);
    };
    if key.is_empty() || key.chars().count() > IDEMPOTENCY_KEY_CHARS_MAX {
        let detail = Detail::IdempotencyKeyLength {
            max: IDEMPOTENCY_KEY_CHARS_MAX,
        };
        return Err(Refusal::of(detail));
    }
    Ok(Some(key.to_owned()))
}

/// `If-Match`: the versions as their `ETag`s had them, weak or strong; `*` asks for nothing. `If-None-Match` on a change would
/// have to be looked at too (RFC 9110 §13.2.1): it is refused, not passed over.
fn expected_version(request: &HttpRequest) -> Result<Option<ExpectedVersion>, Refusal> {
    let headers = request.headers();
    if !request.method().is_safe() && headers.contains_key(header::IF_NONE_MATCH) {
        return Err(Refusal::of(Detail::IfNoneMatchOnChange));
    }
    let tags = Tags::read(headers, &header::IF_MATCH).map_err(|NoTags| no_tags())?;
    Ok(tags.and_then(|tags| tags.versions()))
}

/// `If-Match` cannot be read.
pub(crate) fn no_tags() -> Refusal {
    Refusal::of(Detail::IfMatchUnreadable)
}
