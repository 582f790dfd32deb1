//! The SOAP 1.1 door: a client of the REST API.
//!
//! It speaks the trouble-ticket protocol of seed 001 (SAV FTTH v2.1) to operators' machines and turns each call into
//! calls of the REST contract, so that what the API forbids no channel allows. It keeps nothing but sign-ins, for five
//! minutes. One exchange goes `port` (HTTP) → `exchange` → `envelope` (reading) → `credentials` → `create`, `set` or
//! `get` (checks, then the REST call by `client`) → `write` or `fault`.
//!
//! The real WSDL and the annexes R1 to R9 are not public: field names are the seed's, the XML around them is a
//! reconstruction that the common SOAP client stacks accept, and every list of values is data under `data/`.

mod client;
mod config;
mod create;
mod credentials;
mod dates;
mod door;
mod envelope;
mod exchange;
mod fault;
mod fields;
mod get;
mod limits;
mod operation;
mod outcome;
mod port;
mod refusal;
mod set;
mod tree;
mod values;
mod vocabulary;
mod write;
mod wsdl;

pub use config::{DEFAULT_NAMESPACE, SoapConfig, TlsFiles};
pub use credentials::{CREDENTIAL_BYTES_MAX, SIGN_IN_KEPT_S, SIGN_INS_MAX};
pub use door::{BindError, Bound, RunError, Setting, SettingFault, bind};
pub use envelope::ReadEnvelopeError;
pub use get::{ROWS_MAX, TICKETS_MAX};
pub use limits::{ADDRESS_SIGN_INS, LOGIN_SIGN_INS};
pub use port::{BODY_BYTES_MAX, BODY_READ_TIMEOUT_MS, PATH};
pub use set::STALE_RETRIES_MAX;
pub use tree::{
    ATTRIBUTES_MAX, Counted, DEPTH_MAX, ELEMENTS_MAX, Forbidden, Misfit, NAMESPACES_MAX, ReadTreeError,
};
pub use vocabulary::LoadVocabularyError;
pub use wsdl::wsdl;
