//! The one follower of the log that drives every view: opening, catching up, making files anew, lending them to readers.

pub(crate) mod erase;
pub(crate) mod follower;
pub(crate) mod found;
pub(crate) mod place;
pub(crate) mod pool;
mod rebuild;
pub(crate) mod renew;
pub(crate) mod store;
pub(crate) mod work;
