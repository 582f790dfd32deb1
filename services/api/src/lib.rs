//! The REST door (design §7): everything under `/v1`, one registration per handler for serving and documenting.
//!
//! | room | holds |
//! |---|---|
//! | [`config`], [`door`] | how the door is opened: address, TLS, CORS |
//! | [`openapi`] | the contract, collected from the handlers |
//! | [`routes`] | one file per resource, one function per operation |
//! | [`oidc`] | identity providers that people sign in through |
//! | [`asking`], [`caller`] | who calls: token or signed link, language, idempotency key, expected version |
//! | [`compression`], `conditional` | how an answer is sent: shorter, or not again to who has it |
//! | `live` | streams of events that go on |
//! | `header`, `times`, `upload` | reading header fields, times and forms by their RFCs |
//! | [`body`] | reading a JSON body with every fault named at once |
//! | [`refusal`] | the one place where errors become status, code and log line |
//! | [`answer`] | from what readers see to the wire |
//! | [`boundary`] | request id, log line, security headers |

pub mod answer;
pub mod asking;
pub mod body;
pub mod boundary;
pub mod caller;
mod client;
pub mod compression;
mod conditional;
pub mod config;
mod docs;
pub mod door;
mod header;
pub mod limit;
mod live;
mod methods;
pub mod metrics;
pub mod oidc;
pub mod openapi;
pub mod parameters;
#[cfg(debug_assertions)]
mod recording;
pub mod refusal;
pub mod routes;
mod scopes;
mod times;
mod upload;

pub use config::{AccountLimits, ApiConfig, Cors, Limits, Tls};
pub use door::{BindError, Bound, bind};
