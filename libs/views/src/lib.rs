//! Screens: the queue with its filters and search on SQLite, and the history of a ticket in words.
//!
//! A view holds nothing of its own: it is folded from the log, deleted without loss and rebuilt by the same fold
//! (design §3.5, N3). It knows no vault: whoever opens it says how personal values are put back ([`Open`]).
//!
//! | room | holds |
//! |---|---|
//! | [`Views`] | the handle: opening, catching up, waiting for a position |
//! | [`queue`] | the list of tickets: what can be asked, and the page that answers |
//! | [`digest`] | what two readers compare to find out whether they show the same; specified |
//! | [`history`] | what happened to one ticket, in French and in English; pure, without SQLite |

pub mod collate;
mod cursor;
pub mod digest;
mod dump;
mod fold;
pub mod history;
mod open;
mod place;
mod pool;
pub mod queue;
mod read_event;
mod rebuild;
mod renew;
mod schema;
mod search;
mod store;
mod tables;
mod write;

pub use open::{Open, OpenError, OpenViewsError, Options, Views, floor};
pub use queue::{AssigneeFilter, QueueError, QueuePage, QueueQuery, Row, SERIES_DAYS_MAX, Series, Sort};
pub use renew::Renewal;
