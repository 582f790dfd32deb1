//! Who is calling: a login and a password in every request (seed 001, 2.2), exchanged for a token of the API.

use crate::client::{CallError, Caller, Client};
use crate::envelope::{self, OWN_HEADER, WSSE};
use crate::fault::{Fault, TooMany};
use crate::limits::{self, Limits, LoginId};
use crate::tree::{self, Element};
use api_types::{CreateToken, Me, MyOrganization};
use base64::Engine as _;
use hmac::{Hmac, KeyInit, Mac};
use parking_lot::Mutex;
use sha2::Sha256;
use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};
use uuid::Uuid;

/// How long a successful sign-in is kept, seconds. Failures are never kept, and the API checks at each call whether
/// the sign-in was revoked.
pub const SIGN_IN_KEPT_S: u64 = 300;
/// Most sign-ins kept at once; beyond it the whole lot is forgotten, which costs one exchange each.
pub const SIGN_INS_MAX: usize = 10_000;
/// Longest login and longest password, bytes of UTF-8.
pub const CREDENTIAL_BYTES_MAX: usize = 1_024;
/// A token is not used in its last seconds, so that it does not expire on its way.
const TOKEN_MARGIN_S: u64 = 30;

/// A login and a password. Not printable, and nothing of it is ever logged.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    login: String,
    password: String,
}

impl Credentials {
    /// Finds the credentials of a request: the protocol's own header block, then a `wsse:UsernameToken` with its
    /// password as text, then HTTP Basic. Of each kind there is one at most; blocks for another node are not ours to read.
    pub(crate) fn find(header: &[Element], authorization: Option<&str>) -> Result<Credentials, Fault> {
        let ours = || header.iter().filter(|block| envelope::is_for_us(block));
        let own = one(OWN_HEADER, ours().filter(|block| block.name == OWN_HEADER))?;
        let is_security = |block: &&Element| block.name == "Security" && block.namespace == WSSE;
        let security = one("Security", ours().filter(is_security))?;
        if let Some(block) = own {
            return Credentials::pair(one_child(block, "LoginName")?, one_child(block, "Password")?);
        }
        let token = match security {
            Some(security) => one_child(security, "UsernameToken")?,
            None => None,
        };
        if let Some(token) = token {
            let password = one_child(token, "Password")?;
            let digest = password
                .and_then(|password| password.attribute("", "Type"))
                .is_some_and(|kind| !tree::trim(kind).ends_with("#PasswordText"));
            if digest {
                return Err(Fault::client(
                    "Seul un mot de passe de type PasswordText est accepté",
                ));
            }
            return Credentials::pair(one_child(token, "Username")?, password);
        }
        authorization
            .and_then(Credentials::basic)
            .ok_or_else(Fault::credentials)
    }

    fn pair(login: Option<&Element>, password: Option<&Element>) -> Result<Credentials, Fault> {
        let login = login.map(|login| tree::trim(&login.text)).unwrap_or_default();
        // A password may begin or end with a space; line ends around it come from pretty printers.
        let password = password
            .map(|password| password.text.trim_matches(['\r', '\n']))
            .unwrap_or_default();
        Credentials::new(login, password).ok_or_else(Fault::credentials)
    }

    /// Reads an `Authorization: Basic` header (RFC 7617, UTF-8).
    fn basic(authorization: &str) -> Option<Credentials> {
        let (scheme, encoded) = authorization.trim().split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(encoded.trim())
            .ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let (login, password) = text.split_once(':')?;
        Credentials::new(login, password)
    }

    fn new(login: &str, password: &str) -> Option<Credentials> {
        let fits = |text: &str| !text.is_empty() && text.len() <= CREDENTIAL_BYTES_MAX;
        (fits(login) && fits(password)).then(|| Credentials {
            login: login.to_owned(),
            password: password.to_owned(),
        })
    }
}

/// The only one of its name, or none.
fn one<'e>(name: &str, mut found: impl Iterator<Item = &'e Element>) -> Result<Option<&'e Element>, Fault> {
    match (found.next(), found.next()) {
        (first, None) => Ok(first),
        (_, Some(_)) => Err(Fault::doubled_credentials(name)),
    }
}

fn one_child<'e>(parent: &'e Element, name: &str) -> Result<Option<&'e Element>, Fault> {
    one(name, parent.children.iter().filter(|child| child.name == name))
}

/// A sign-in at the API, and who it is.
pub(crate) struct Session {
    pub(crate) token: String,
    me: Me,
    until: Instant,
}

impl Session {
    /// The organization of the login that has this SIREN; `None` when the SIREN is somebody else's.
    pub(crate) fn organization(&self, siren: &str) -> Option<&MyOrganization> {
        self.me
            .organizations
            .iter()
            .find(|organization| organization.siren.as_deref() == Some(siren))
    }
}

/// One login's place. Whoever holds the lock exchanges the credentials; those who come meanwhile wait for the result,
/// so that a burst after a quiet time costs the API one password hash and not one per request.
type Slot = Arc<tokio::sync::Mutex<Option<Arc<Session>>>>;

/// The sign-ins that are kept, by the HMAC of their credentials under a key that dies with the process: a memory dump
/// gives no password to guess at.
pub(crate) struct SignIns {
    key: [u8; 64],
    slots: Mutex<HashMap<[u8; 32], Slot>>,
    limits: Limits,
}

/// What signs a request in, or forgets that it did.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct SignInId([u8; 32]);

impl SignIns {
    pub(crate) fn new() -> SignIns {
        let mut key = [0; 64];
        for part in key.as_chunks_mut::<16>().0 {
            *part = *Uuid::new_v4().as_bytes();
        }
        SignIns {
            key,
            slots: Mutex::new(HashMap::new()),
            limits: Limits::new(),
        }
    }

    pub(crate) fn id(&self, credentials: &Credentials) -> SignInId {
        SignInId(self.mac(&credentials.login, &credentials.password))
    }

    /// What the sign-ins of a login from a network are counted by. Elsewhere it is counted apart, so that a stranger holds
    /// nobody up.
    fn login_id(&self, login: &str, caller: Caller) -> LoginId {
        let network = caller.address.map(limits::network);
        let network = network.map(|network| network.to_string()).unwrap_or_default();
        self.mac(login, &format!(" {network}"))
    }

    fn mac(&self, first: &str, second: &str) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new(&self.key.into());
        // The length keeps `ab`, `c` apart from `a`, `bc`.
        mac.update(&(first.len() as u64).to_be_bytes());
        mac.update(first.as_bytes());
        mac.update(second.as_bytes());
        mac.finalize().into_bytes().into()
    }

    /// The session of these credentials: the one kept, or a new one.
    pub(crate) async fn session(
        &self,
        client: &Client,
        caller: Caller,
        credentials: Credentials,
    ) -> Result<Arc<Session>, Fault> {
        let id = self.id(&credentials);
        let slot = self.slot(id);
        let mut kept = slot.lock().await;
        if let Some(session) = kept.as_ref().filter(|session| session.until > Instant::now()) {
            return Ok(Arc::clone(session));
        }
        let login = self.login_id(&credentials.login, caller);
        let exchanged = match self.limits.count(login, caller.address) {
            Ok(()) => exchange(client, caller, credentials).await,
            Err(soon) => Err(Fault::too_many(
                caller.request_id,
                soon.of,
                Some(soon.retry_after_s),
            )),
        };
        match exchanged {
            Ok(session) => {
                self.limits.signed_in(login);
                let session = Arc::new(session);
                *kept = Some(Arc::clone(&session));
                Ok(session)
            }
            Err(fault) => {
                *kept = None;
                self.forget(id);
                Err(fault)
            }
        }
    }

    /// Forgets a sign-in that the API no longer takes.
    pub(crate) fn forget(&self, id: SignInId) {
        self.slots.lock().remove(&id.0);
    }

    fn slot(&self, id: SignInId) -> Slot {
        let mut slots = self.slots.lock();
        if slots.len() >= SIGN_INS_MAX && !slots.contains_key(&id.0) {
            slots.clear();
        }
        Arc::clone(slots.entry(id.0).or_default())
    }
}

async fn exchange(client: &Client, caller: Caller, credentials: Credentials) -> Result<Session, Fault> {
    let request = CreateToken {
        username: credentials.login,
        password: credentials.password,
        code: None,
        stay_signed_in: None,
        challenge: None,
    };
    let answer = client
        .token(caller, &request)
        .await
        .map_err(|error| fault_of_sign_in(caller, &error))?;
    let kept_s = SIGN_IN_KEPT_S.min(answer.expires_in.saturating_sub(TOKEN_MARGIN_S));
    let until = Instant::now() + Duration::from_secs(kept_s);
    let me = client
        .me(caller, &answer.access_token)
        .await
        .map_err(|error| fault_of_sign_in(caller, &error))?;
    Ok(Session {
        token: answer.access_token,
        me,
        until,
    })
}

/// What the API calls the limit of an address.
const TOO_MANY_REQUESTS: &str = "too-many-requests";
/// What it calls a name of which too many tries failed.
const SIGN_IN_LOCKED: &str = "sign-in-locked";
/// What it calls a right password without the code that belongs to it.
const SECOND_FACTOR_REQUIRED: &str = "second-factor-required";

/// Every refusal of credentials looks the same. What is none must not look like one: a locked login, the limit of an address,
/// which a stranger behind the same proxy may have reached, a technical error.
fn fault_of_sign_in(caller: Caller, error: &CallError) -> Fault {
    let problem = match error {
        CallError::Refused { problem, .. } => problem.as_ref(),
        CallError::Unanswered(_) | CallError::Unreadable(_) | CallError::AlwaysStale(_) => None,
    };
    let request_id = caller.request_id;
    let retry_after_s = problem.and_then(|problem| problem.retry_after_s);
    match (error, problem.map(|problem| problem.code.as_str())) {
        (_, Some(SIGN_IN_LOCKED)) => Fault::locked(request_id, retry_after_s),
        (_, Some(TOO_MANY_REQUESTS)) => Fault::too_many(request_id, TooMany::Address, retry_after_s),
        (_, Some(SECOND_FACTOR_REQUIRED)) => Fault::second_factor(request_id),
        (
            CallError::Refused {
                status: 400 | 401 | 403 | 422,
                ..
            },
            _,
        ) => Fault::credentials(),
        (
            CallError::Refused { .. }
            | CallError::Unanswered(_)
            | CallError::Unreadable(_)
            | CallError::AlwaysStale(_),
            _,
        ) => Fault::server(None, request_id, error),
    }
}

#[cfg(test)]
mod tests;
