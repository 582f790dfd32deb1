//! Who is calling: a login and a password in every request (seed 001, 2.2), exchanged for a token of the API.

use crate::client::{CallError, Caller, Client};
use crate::envelope::{OWN_HEADER, WSSE};
use crate::fault::Fault;
use crate::tree::Element;
use api_types::{Me, MyOrganization, TokenRequest};
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
    /// password as text, then HTTP Basic.
    pub(crate) fn find(header: &[Element], authorization: Option<&str>) -> Result<Credentials, Fault> {
        if let Some(block) = header.iter().find(|block| block.name == OWN_HEADER) {
            return Credentials::pair(block.child("LoginName"), block.child("Password"));
        }
        let security = header
            .iter()
            .find(|block| block.name == "Security" && block.namespace == WSSE);
        if let Some(token) = security.and_then(|block| block.child("UsernameToken")) {
            let password = token.child("Password");
            let digest = password
                .and_then(|password| password.attribute("", "Type"))
                .is_some_and(|kind| !kind.trim().ends_with("#PasswordText"));
            if digest {
                return Err(Fault::client(
                    "Seul un mot de passe de type PasswordText est accepté",
                ));
            }
            return Credentials::pair(token.child("Username"), password);
        }
        authorization
            .and_then(Credentials::basic)
            .ok_or_else(Fault::credentials)
    }

    fn pair(login: Option<&Element>, password: Option<&Element>) -> Result<Credentials, Fault> {
        let login = login.map(|login| login.text.trim()).unwrap_or_default();
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
        }
    }

    pub(crate) fn id(&self, credentials: &Credentials) -> SignInId {
        let mut mac = Hmac::<Sha256>::new(&self.key.into());
        // The length keeps `ab`, `c` apart from `a`, `bc`.
        mac.update(&(credentials.login.len() as u64).to_be_bytes());
        mac.update(credentials.login.as_bytes());
        mac.update(credentials.password.as_bytes());
        SignInId(mac.finalize().into_bytes().into())
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
        match exchange(client, caller, credentials).await {
            Ok(session) => {
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
    let request = TokenRequest {
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

/// Every refusal of credentials looks the same, a locked name too; what is no refusal is a technical error, and so is the limit of
/// an address, which a stranger behind the same proxy may have reached: a right password must not be called wrong for that.
fn fault_of_sign_in(caller: Caller, error: &CallError) -> Fault {
    let code = match error {
        CallError::Refused { problem, .. } => problem.as_ref().map(|problem| problem.code.as_str()),
        CallError::Unanswered(_) | CallError::Unreadable(_) | CallError::AlwaysStale(_) => None,
    };
    match error {
        CallError::Refused {
            status: 400 | 401 | 403 | 422 | 423 | 429,
            ..
        } if code != Some(TOO_MANY_REQUESTS) => Fault::credentials(),
        CallError::Refused { .. }
        | CallError::Unanswered(_)
        | CallError::Unreadable(_)
        | CallError::AlwaysStale(_) => Fault::server(None, caller.request_id, error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree;

    fn header(xml: &str) -> Vec<Element> {
        tree::read(&format!("<h xmlns:w='{WSSE}'>{xml}</h>"))
            .unwrap()
            .children
    }

    fn found(xml: &str, authorization: Option<&str>) -> Option<(String, String)> {
        Credentials::find(&header(xml), authorization)
            .ok()
            .map(|found| (found.login, found.password))
    }

    fn pair(login: &str, password: &str) -> Option<(String, String)> {
        Some((login.to_owned(), password.to_owned()))
    }

    #[test]
    fn the_own_header_is_read_whatever_its_namespace() {
        let xml = "<v:TroubleTicketHeaderRequest xmlns:v='urn:v'><v:LoginName> oc </v:LoginName>\
                   <v:Password> p&amp;w </v:Password></v:TroubleTicketHeaderRequest>";
        assert_eq!(found(xml, None), pair("oc", " p&w "));
    }

    #[test]
    fn a_username_token_is_read_and_a_digest_is_refused_by_name() {
        let token = |kind: &str| {
            format!(
                "<w:Security><w:UsernameToken><w:Username>oc</w:Username>\
                 <w:Password{kind}>pw</w:Password></w:UsernameToken></w:Security>"
            )
        };
        assert_eq!(found(&token(""), None), pair("oc", "pw"));
        assert_eq!(
            found(&token(" Type='urn:profile-1.0#PasswordText'"), None),
            pair("oc", "pw")
        );
        let digest = header(&token(" Type='urn:profile-1.0#PasswordDigest'"));
        let fault = Credentials::find(&digest, None).err().unwrap();
        assert_eq!(
            fault.text,
            "Seul un mot de passe de type PasswordText est accepté"
        );
    }

    #[test]
    fn http_basic_is_read_with_colons_in_the_password() {
        // oc:p:é
        assert_eq!(found("", Some("Basic b2M6cDrDqQ==")), pair("oc", "p:é"));
        assert_eq!(found("", Some("basic b2M6cDrDqQ==")), pair("oc", "p:é"));
        assert_eq!(found("", Some("Bearer b2M6cDrDqQ==")), None);
        assert_eq!(found("", Some("Basic ???")), None);
    }

    #[test]
    fn missing_empty_and_endless_credentials_are_all_the_same_fault() {
        let long = "x".repeat(CREDENTIAL_BYTES_MAX + 1);
        let own = |login: &str, password: &str| {
            format!(
                "<{OWN_HEADER}><LoginName>{login}</LoginName><Password>{password}</Password></{OWN_HEADER}>"
            )
        };
        for xml in [
            String::new(),
            own("", "p"),
            own("l", ""),
            own(&long, "p"),
            own("l", &long),
            format!("<{OWN_HEADER}/>"),
        ] {
            let fault = Credentials::find(&header(&xml), None).err().unwrap();
            assert_eq!(fault, Fault::credentials());
            assert_eq!(fault.detail, None);
        }
    }

    #[test]
    fn a_sign_in_is_known_by_both_halves_and_by_this_process_alone() {
        let sign_ins = SignIns::new();
        let id = |login: &str, password: &str| sign_ins.id(&Credentials::new(login, password).unwrap());
        assert!(id("oc", "pw") == id("oc", "pw"));
        assert!(id("oc", "pw") != id("oc", "pX"));
        assert!(id("oc", "pw") != id("o", "cpw"));
        assert!(SignIns::new().id(&Credentials::new("oc", "pw").unwrap()) != id("oc", "pw"));
    }

    #[test]
    fn the_sign_ins_kept_are_bounded() {
        let sign_ins = SignIns::new();
        for number in 0..=SIGN_INS_MAX {
            let mut id = [0; 32];
            id[..8].copy_from_slice(&(number as u64).to_be_bytes());
            sign_ins.slot(SignInId(id));
            assert!(sign_ins.slots.lock().len() <= SIGN_INS_MAX);
        }
        assert_eq!(sign_ins.slots.lock().len(), 1);
    }

    #[test]
    fn a_locked_account_looks_like_a_wrong_password_and_a_broken_api_does_not() {
        let caller = Caller {
            address: None,
            request_id: Uuid::nil(),
        };
        let fault = |status| {
            fault_of_sign_in(
                caller,
                &CallError::Refused {
                    status,
                    problem: None,
                },
            )
        };
        assert_eq!(fault(401), Fault::credentials());
        assert_eq!(fault(429), Fault::credentials());
        let limited: api_types::Problem = serde_json::from_value(serde_json::json!({
            "type": "/docs/errors#too-many-requests", "title": "", "status": 429, "code": "too-many-requests",
            "request_id": Uuid::nil(),
        }))
        .unwrap();
        let limited = CallError::Refused {
            status: 429,
            problem: Some(Box::new(limited)),
        };
        assert_eq!(fault_of_sign_in(caller, &limited).text, "Erreur technique");
        assert_eq!(fault(503).text, "Erreur technique");
        assert_eq!(fault(503).detail, None);
    }
}
