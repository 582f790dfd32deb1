//! The log as its users see it: real files in a directory of their own, nothing replaced.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod appending;
mod archive;
mod damage;
mod drafts;
mod fixtures;
mod following;
mod limits;
mod loss;
mod model;
mod opening;
mod reading;
mod restoring;
