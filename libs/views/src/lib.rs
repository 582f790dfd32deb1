//! Screens: the queue with its filters and search on SQLite, daily counts, and the history of a ticket in words.
//!
//! A view holds nothing of its own: it is folded from the log, deleted without loss and rebuilt by the same fold
//! (design §3.5, N3). It knows no vault: whoever opens it says how personal values are put back ([`Open`]).
//!
//! | room | holds |
//! |---|---|
//! | [`Views`] | the handle: opening, catching up, waiting for a position, asking |
//! | [`view`] | what a view is; each is one folder and one line in [`view::all`] |
//! | [`queue`] | the list of tickets: what can be asked, and the page that answers |
//! | [`series`] | how many tickets were in each status at the end of each day |
//! | [`digest`] | what two readers compare to find out whether they show the same; specified |
//! | [`history`] | what happened to one ticket, in French and in English; pure, without SQLite |

pub mod collate;
mod desks;
mod dump;
pub mod event;
mod follow;
pub mod history;
mod numbers;
pub mod queue;
mod scope;
pub mod series;
mod sql;
pub mod view;
mod views;

pub use follow::{found::floor, work::Work};
pub use queue::{AssigneeFilter, QueueError, QueuePage, QueueQuery, Row, Sort, digest};
pub use series::{SERIES_DAYS_MAX, Series};
pub use views::{Open, OpenError, OpenViewsError, Options, ViewState, Views};
