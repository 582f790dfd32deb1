//! The second reader of the log: offline, and sharing no writing code with the application (design §2).
//!
//! It reads what `docs/audit-format.md` specifies, decodes every event with the rules of [`domain`], folds them, and
//! says where something is not as it was signed. What it cannot check is said too: that nobody vouches for the first
//! key of a log but the log itself ([`trust::TrustedBy`]), and what a bundle cannot show.
//!
//! | room | holds |
//! |---|---|
//! | [`export`] | verifying an export: lines on all processors, their order after that |
//! | [`bundle`] | verifying the evidence of one ticket, and telling what happened in words |
//! | [`trust`] | which key the log had when, and why one is believed |
//! | [`fault`] | what can be wrong, by position |
//! | [`report`], [`html`], [`mod@print`] | what was found, for programs, as a page and for a terminal |
//! | [`replay`] | rebuilding every view from an export with the real code |
//! | [`fetch`] | getting exports and bundles from a server |

pub mod arguments;
pub mod bundle;
pub mod export;
pub mod fault;
pub mod fetch;
mod files;
pub mod html;
mod kind;
mod opener;
pub mod print;
pub mod replay;
pub mod report;
mod run;
mod scan;
mod sealed;
pub mod trust;

pub use arguments::Arguments;
pub use run::run;
