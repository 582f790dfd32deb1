//! People: accounts, organizations, and the desks that they ask.

pub mod accounts;
pub mod avatars;
pub mod desks;
pub mod federation;
pub mod first_administrator;
pub(crate) mod names;
pub mod organizations;
pub mod pictures;
pub mod sign_up;

use std::sync::Arc;

use self::pictures::Decoding;
use crate::{identity::Identity, kernel::Kernel};

/// Accounts, organizations and desks. A cheap handle.
#[derive(Clone)]
pub struct People {
    pub(crate) kernel: Arc<Kernel>,
    pub(crate) identity: Identity,
    decoding: Decoding,
}

impl People {
    pub(crate) fn new(kernel: Arc<Kernel>, identity: Identity) -> People {
        People {
            kernel,
            identity,
            decoding: Decoding::default(),
        }
    }
}
