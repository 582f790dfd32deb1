//! The one place where errors become status, code and problem (RFC 9457), and keep their cause for the log.

use std::fmt;

use actix_web::{
    HttpResponse, ResponseError,
    http::{StatusCode, header},
};
use api_types::{AllowedAction, Challenge, FieldError, HistoryEntry, Problem};
use application::{ExecuteError, ReadError, identity::error::SignInError, kernel::error::is_disk_full};
use chrono::Utc;
use domain::{Detail, Fault, FaultText, Label, Language, ticket::Rejection};

use crate::{
    answer,
    limit::{Allowance, Exceeded, fields},
};

/// Longest cause in the log, characters.
pub(crate) const CAUSE_CHARS_MAX: usize = 1_000;
/// How many faults one answer lists.
pub(crate) const FAULTS_MAX: usize = 50;
/// Longest pointer or name of a parameter that is told, characters: what is longer ends in `…`.
pub(crate) const POINTER_CHARS_MAX: usize = 200;

/// A refusal on its way out. The boundary gives it the request's id and the caller's language.
#[derive(Debug)]
pub struct Refusal {
    kind: &'static Kind,
    /// In a box, so that a result stays small.
    detail: Option<Box<Detail>>,
    faults: Vec<Fault>,
    /// What few refusals have; apart, so that a result stays small.
    more: Option<Box<More>>,
    /// What only we may know; logged once at the boundary.
    cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

#[derive(Debug, Default)]
struct More {
    missed: Option<Vec<HistoryEntry>>,
    next_cursor: Option<String>,
    allowed: Option<Vec<AllowedAction>>,
    challenge: Option<Challenge>,
    retry_after_s: Option<u64>,
    spent: Option<Allowance>,
    allow: Option<String>,
}

/// A kind of refusal: its code is for programs and for ever (docs/errors has a page for each).
#[derive(Debug)]
pub struct Kind {
    /// The HTTP status.
    pub status: u16,
    /// The code.
    pub code: &'static str,
    /// The title, French and English.
    pub title: (&'static str, &'static str),
    /// When to come back, s.
    pub retry_after_s: Option<u64>,
    /// The page that explains it (Markdown).
    pub page: &'static str,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $status:literal $code:literal $fr:literal $en:literal $(after $retry:literal)?;)*) => {
        $(
            $(#[$doc])*
            pub static $name: Kind = Kind {
                status: $status,
                code: $code,
                title: ($fr, $en),
                retry_after_s: kinds!(@retry $($retry)?),
                page: include_str!(concat!("../../../docs/errors/", $code, ".md")),
            };
        )*
        /// Every kind, for the documentation and its test.
        pub static KINDS: &[&Kind] = &[$(&$name),*];
    };
    (@retry $retry:literal) => { Some($retry) };
    (@retry) => { None };
}

kinds! {
    /// The body is not JSON, or a header or parameter cannot be read.
    MALFORMED = 400 "malformed-request" "La requête est illisible" "The request cannot be read";
    /// No token, or one that does not hold.
    UNAUTHENTICATED = 401 "unauthenticated" "Authentification requise" "Sign in first";
    /// Wrong name or password.
    WRONG_CREDENTIALS = 401 "wrong-credentials" "Identifiant ou mot de passe incorrect" "Wrong user name or password";
    /// So many tries failed that a challenge must be solved first.
    CHALLENGE_REQUIRED = 401 "challenge-required" "Un défi doit d'abord être résolu" "Solve the challenge first";
    /// Name and password are right; a code must come with them.
    SECOND_FACTOR_REQUIRED = 401 "second-factor-required" "Un code de vérification est demandé" "A verification code is required";
    /// So many tries failed that none is taken for a while.
    SIGN_IN_LOCKED = 429 "sign-in-locked" "Trop de tentatives, réessayez plus tard" "Too many tries, come back later";
    /// Too many requests from this address.
    TOO_MANY_REQUESTS = 429 "too-many-requests" "Trop de requêtes depuis cette adresse" "Too many requests from this address";
    /// The account has as many live streams open as it may.
    TOO_MANY_STREAMS = 429 "too-many-streams" "Trop de flux en direct pour ce compte" "Too many live streams of this account" after 30;
    /// The account has written all that it may for now.
    TOO_MUCH_WRITTEN = 429 "too-much-written" "Ce compte a trop écrit, réessayez plus tard" "This account has written too much, come back later";
    /// The profile or organization named in a header is not one of the caller's.
    PROFILE_NOT_HELD = 403 "profile-not-held" "Ce profil n'est pas le vôtre" "Not a profile of yours";
    /// The API key does not open this.
    SCOPE_MISSING = 403 "scope-missing" "La clé d'API n'ouvre pas cette opération" "The API key does not open this";
    /// No contract of the organization holds today.
    CONTRACT_NOT_VALID = 409 "contract-not-valid" "Le contrat d'assistance n'est pas en cours de validité" "The support contract is not valid today";
    /// The contract that holds is not about this.
    CONTRACT_NOT_COVERED = 409 "contract-not-covered" "Le contrat d'assistance ne couvre pas cette demande" "The support contract does not cover this";
    /// The identity provider cannot be reached, or answers what cannot be believed.
    PROVIDER_FAILED = 502 "identity-provider-failed" "Le fournisseur d'identité n'a pas répondu comme attendu" "The identity provider did not answer as expected";
    /// One may read it, but not do this.
    FORBIDDEN = 403 "not-permitted" "Action non autorisée" "Not permitted";
    /// No such thing, or another's.
    NOT_FOUND = 404 "not-found" "Introuvable" "Not found";
    /// No such method on this path.
    METHOD_NOT_ALLOWED = 405 "method-not-allowed" "Méthode non autorisée" "Method not allowed";
    /// The ticket's status does not allow the action.
    WRONG_STATUS = 409 "ticket-wrong-status" "Action impossible dans l'état du ticket" "The ticket's status does not allow this";
    /// The approval is decided or withdrawn.
    APPROVAL_NOT_PENDING = 409 "approval-not-pending" "L'approbation n'est plus en attente" "The approval is no longer pending";
    /// What the ticket declares is fixed at creation.
    DECLARATION_FROZEN = 409 "declaration-frozen" "La déclaration ne change plus après la création" "The declaration does not change after creation";
    /// The ticket holds as many as it may.
    TICKET_FULL = 409 "ticket-full" "Le ticket a atteint une limite" "The ticket has reached a limit";
    /// The account is disabled already; the reason given is not kept.
    ALREADY_DISABLED = 409 "already-disabled" "Le compte est déjà désactivé" "The account is disabled already";
    /// Nobody who can sign in would administer everything after it.
    LAST_ADMINISTRATOR = 409 "last-administrator" "Le dernier administrateur doit le rester" "The last administrator stays one";
    /// The version named in If-Match is not the newest.
    STALE = 412 "stale-version" "La ressource a changé entre-temps" "It has changed meanwhile";
    /// The body or file is larger than the limit.
    TOO_LARGE = 413 "too-large" "La requête est trop volumineuse" "The request is too large";
    /// The body's media type is not the one taken here.
    WRONG_MEDIA_TYPE = 415 "wrong-media-type" "Format de requête non pris en charge" "Unsupported media type";
    /// Fields at fault, all of them listed.
    INVALID = 422 "invalid" "La demande est incomplète ou incorrecte" "The request is incomplete or incorrect";
    /// The same idempotency key with another request.
    KEY_REUSED = 422 "idempotency-key-reused" "Clé d'idempotence déjà utilisée" "Idempotency key used for another request";
    /// Something of ours failed.
    INTERNAL = 500 "internal" "Erreur interne" "Internal error";
    /// No commands are taken now.
    UNAVAILABLE = 503 "unavailable" "Service momentanément indisponible" "Temporarily unavailable" after 5;
    /// The clock cannot be believed, so that no event can be stamped.
    CLOCK = 503 "clock" "L'horloge du serveur n'est pas fiable" "The server's clock cannot be believed" after 5;
    /// The view has not reached the position asked for.
    VIEW_BEHIND = 503 "view-behind" "La vue n'est pas encore à jour" "The view is not up to date yet" after 1;
}

impl Refusal {
    /// A refusal of a kind.
    #[must_use]
    pub fn new(kind: &'static Kind) -> Self {
        Self {
            kind,
            detail: None,
            faults: Vec::new(),
            more: None,
            cause: None,
        }
    }

    /// A refusal for this reason: the kind is that of its code.
    #[must_use]
    pub fn of(detail: Detail) -> Self {
        let kind = KINDS.iter().find(|kind| kind.code == detail.code());
        Self {
            detail: Some(Box::new(detail)),
            ..Self::new(kind.unwrap_or(&&INTERNAL))
        }
    }

    /// With the fields at fault. What a stranger sent is neither copied whole nor listed without end.
    #[must_use]
    pub fn faults(mut faults: Vec<Fault>) -> Self {
        let detail = match faults.len() {
            count @ 0..=FAULTS_MAX => Detail::FaultsListed { count },
            _ => Detail::FaultsCut { max: FAULTS_MAX },
        };
        faults.truncate(FAULTS_MAX);
        Self {
            faults,
            ..Self::of(detail)
        }
    }

    fn more(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }

    /// With the actions that are allowed instead.
    #[must_use]
    pub fn allowed(mut self, allowed: Vec<AllowedAction>) -> Self {
        self.more().allowed = Some(allowed);
        self
    }

    /// With the events that the caller missed, and where the history goes on when there are more.
    #[must_use]
    pub fn missed(mut self, missed: Vec<HistoryEntry>, next_cursor: Option<String>) -> Self {
        let more = self.more();
        (more.missed, more.next_cursor) = (Some(missed), next_cursor);
        self
    }

    /// With a challenge to be solved.
    #[must_use]
    pub fn challenge(mut self, challenge: Challenge) -> Self {
        self.more().challenge = Some(challenge);
        self
    }

    /// With when to come back, s.
    #[must_use]
    pub fn retry_after_s(mut self, seconds: u64) -> Self {
        self.more().retry_after_s = Some(seconds);
        self
    }

    /// Because nothing is left of a limit.
    #[must_use]
    pub fn spent(mut self, spent: Allowance) -> Self {
        self.more().spent = Some(spent);
        self.retry_after_s(spent.more_in_s)
    }

    /// With the methods that the path has.
    #[must_use]
    pub fn allow(mut self, methods: String) -> Self {
        self.more().allow = Some(methods);
        self
    }

    /// What kind it is.
    #[must_use]
    pub fn kind(&self) -> &'static Kind {
        self.kind
    }

    /// With what only the log may know. It is logged for failures of ours only: what is wrong with a request says itself what its
    /// sender wrote.
    #[must_use]
    pub fn cause(mut self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// Logs it at once: it breaks off an answer that is under way, and nobody else can tell.
    #[must_use]
    pub fn logged(self) -> Self {
        let causes = text::shown(&self.causes().unwrap_or_default(), CAUSE_CHARS_MAX);
        tracing::error!(code = self.kind.code, causes, "an answer broke off");
        self
    }

    /// The problem for this request and language.
    #[must_use]
    pub fn problem(&self, request_id: &str, language: Language) -> Problem {
        let more = self.more.as_ref();
        let (fr, en) = self.kind.title;
        let title = Label {
            fr: fr.to_owned(),
            en: en.to_owned(),
        };
        Problem {
            problem_type: format!("/docs/errors/{}", self.kind.code),
            title: title.text(language).to_owned(),
            status: self.kind.status,
            detail: self.detail.as_ref().map(|detail| detail.text(language)),
            code: self.kind.code.to_owned(),
            request_id: request_id.to_owned(),
            errors: self
                .faults
                .iter()
                .map(|fault| field_error(fault, language))
                .collect(),
            missed: more.and_then(|more| more.missed.clone()),
            next_cursor: more.and_then(|more| more.next_cursor.clone()),
            allowed: more.and_then(|more| more.allowed.clone()),
            challenge: more.and_then(|more| more.challenge.clone()),
            retry_after_s: more
                .and_then(|more| more.retry_after_s)
                .or(self.kind.retry_after_s),
        }
    }

    /// The chain of causes, for the log.
    #[must_use]
    pub fn causes(&self) -> Option<String> {
        let cause = self.cause.as_deref();
        let mut next = cause.map(|cause| -> &dyn std::error::Error { cause });
        let mut chain = Vec::new();
        while let Some(error) = next {
            chain.push(error.to_string());
            next = error.source();
        }
        (!chain.is_empty()).then(|| chain.join(": "))
    }
}

fn field_error(fault: &Fault, language: Language) -> FieldError {
    FieldError {
        pointer: match fault.pointer.char_indices().nth(POINTER_CHARS_MAX) {
            None => fault.pointer.clone(),
            Some((end, _)) => format!("{}…", &fault.pointer[..end]),
        },
        code: fault.code().as_str().to_owned(),
        detail: fault.text.text(language),
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.code)
    }
}

// A stream of bytes that breaks off must be able to say why.
impl std::error::Error for Refusal {}

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        if let Some(allow) = self.more.as_ref().and_then(|more| more.allow.clone()) {
            response.insert_header((header::ALLOW, allow));
        }
        if let Some(spent) = self.more.as_ref().and_then(|more| more.spent) {
            for field in fields(&[spent]) {
                response.insert_header(field);
            }
        }
        if self.kind.code == WRONG_MEDIA_TYPE.code {
            // Which codings are taken instead (RFC 9110 §12.5.3).
            response.insert_header((header::ACCEPT_ENCODING, "identity"));
        }
        response.finish()
    }
}

impl From<ReadError> for Refusal {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::NotFound => Refusal::new(&NOT_FOUND),
            // A question's parameters are named, not pointed to.
            ReadError::Invalid(faults) => Refusal::faults(faults.into_iter().map(of_parameter).collect()),
            ReadError::Behind => Refusal::new(&VIEW_BEHIND),
            internal @ ReadError::Internal(_) => of_failure(internal),
        }
    }
}

impl From<Exceeded> for Refusal {
    fn from(exceeded: Exceeded) -> Self {
        match exceeded {
            Exceeded::ForNow { why, spent } => Refusal::of(why).spent(*spent),
            Exceeded::Ever { bytes_per_day } => Refusal::of(Detail::DayBytesMax { bytes: bytes_per_day }),
        }
    }
}

pub(crate) fn of_parameter(fault: Fault) -> Fault {
    let pointer = fault.pointer.strip_prefix('/').map(str::to_owned);
    Fault {
        pointer: pointer.unwrap_or(fault.pointer),
        ..fault
    }
}

impl From<SignInError> for Refusal {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Refused => Refusal::new(&WRONG_CREDENTIALS),
            SignInError::SecondFactorRequired => Refusal::new(&SECOND_FACTOR_REQUIRED),
            SignInError::ChallengeRequired(challenge) => {
                Refusal::new(&CHALLENGE_REQUIRED).challenge(answer::challenge(challenge))
            }
            SignInError::Locked { until } => {
                let seconds = (until - Utc::now()).num_seconds().max(0) + 1;
                Refusal::new(&SIGN_IN_LOCKED).retry_after_s(seconds.unsigned_abs())
            }
            internal @ SignInError::Internal(_) => of_failure(internal),
        }
    }
}

/// The refusal of a command, in the caller's language where it lists actions. What the caller missed is added where
/// the ticket is known.
#[must_use]
pub fn of_command(error: ExecuteError, language: Language) -> Refusal {
    match error {
        ExecuteError::NotFound => Refusal::new(&NOT_FOUND),
        ExecuteError::Rejected(rejection) => of_rejection(rejection, language),
        ExecuteError::Stale { actual, .. } => stale(actual.0),
        ExecuteError::Absent { why } => Refusal::of(why),
        ExecuteError::AlreadyDisabled => Refusal::new(&ALREADY_DISABLED),
        ExecuteError::LastAdministrator => Refusal::new(&LAST_ADMINISTRATOR),
        ExecuteError::KeyReused => Refusal::new(&KEY_REUSED),
        ExecuteError::TooLarge { why } => Refusal::of(why),
        ExecuteError::FileTooLarge { max_bytes } => Refusal::of(Detail::FileMax { bytes: max_bytes }),
        broken @ ExecuteError::Upload(_) => Refusal::of(Detail::UploadBroken).cause(broken),
        ExecuteError::Unavailable { reason } => Refusal::new(&UNAVAILABLE).cause(reason),
        ExecuteError::Clock(fault) => Refusal::of(fault.detail()).cause(fault),
        internal @ ExecuteError::Internal(_) => of_failure(internal),
    }
}

/// A failure of ours. A full disk is one that ends: come back later.
fn of_failure(error: impl std::error::Error + Send + Sync + 'static) -> Refusal {
    let kind = if is_disk_full(&error) {
        &UNAVAILABLE
    } else {
        &INTERNAL
    };
    Refusal::new(kind).cause(error)
}

/// What `If-Match` names is not what is there.
#[must_use]
pub fn stale(actual: u64) -> Refusal {
    Refusal::of(Detail::VersionIs { version: actual })
}

fn of_rejection(rejection: Rejection, language: Language) -> Refusal {
    match rejection {
        Rejection::Invalid(faults) => Refusal::faults(faults),
        Rejection::Contract(refusal) => Refusal::of(refusal.detail()),
        Rejection::NotPermitted { why } => Refusal::of(why),
        Rejection::WrongStatus { label, allowed, .. } => Refusal::of(Detail::ActionNotAllowed {
            status: label.text(language).to_owned(),
        })
        .allowed(
            allowed
                .iter()
                .map(|action| answer::allowed_action(action, language))
                .collect(),
        ),
        Rejection::DeclarationFrozen { fields } => {
            let fixed = |pointer| Fault::new(pointer, FaultText::FixedAtCreation);
            Refusal {
                kind: &DECLARATION_FROZEN,
                ..Refusal::faults(fields.into_iter().map(fixed).collect())
            }
        }
        Rejection::UnknownApproval => Refusal::of(Detail::NoSuchApproval),
        Rejection::NotShared => Refusal::of(Detail::NotShared),
        Rejection::ApprovalNotPending => Refusal::new(&APPROVAL_NOT_PENDING),
        Rejection::Full { why } => Refusal::of(why),
    }
}

#[cfg(test)]
mod tests {
    use domain::FaultText;
    use serde_json::{Value, json};
    use utoipa::PartialSchema;

    use super::*;

    #[test]
    fn each_reason_has_a_kind_of_its_code_and_each_kind_a_title_in_both_languages() {
        for (name, detail) in Detail::samples() {
            let code = detail.code();
            assert_eq!(Refusal::of(detail).kind.code, code, "{name}");
        }
        for kind in KINDS {
            let (fr, en) = kind.title;
            assert!(!fr.is_empty() && !en.is_empty() && fr != en, "{}", kind.code);
        }
    }

    #[test]
    fn the_example_of_the_contract_is_what_is_answered() {
        let faults = vec![
            Fault::required("/summary"),
            Fault::new("/organization", FaultText::NamesNoOrganization),
        ];
        let id = "0198c0de-7000-7000-8000-0000000000ff";
        let answered = Refusal::faults(faults).problem(id, Language::Fr);
        let schema = serde_json::to_value(Problem::schema()).unwrap();
        let example: &Value = &schema["example"];
        assert_eq!(json!(answered), *example, "{schema}");
    }
}
