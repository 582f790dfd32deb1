//! How many live streams an account has open: each looks at what is written, whoever writes it.

use std::{collections::HashMap, sync::Arc};

use domain::AccountId;
use parking_lot::Mutex;

/// How many live streams an account may have open at once.
pub const LIVE_STREAMS_MAX: usize = 100;

/// The streams of each account that has some.
#[derive(Clone, Default)]
pub(crate) struct Streams(Arc<Mutex<HashMap<AccountId, usize>>>);

/// A stream that is open until this is dropped.
pub(crate) struct OpenStream {
    streams: Streams,
    account: AccountId,
}

impl Streams {
    /// Opens one; `None` when the account has as many as it may.
    pub(crate) fn open(&self, account: AccountId) -> Option<OpenStream> {
        let mut open = self.0.lock();
        let count = open.entry(account).or_default();
        if *count >= LIVE_STREAMS_MAX {
            return None;
        }
        *count += 1;
        drop(open);
        Some(OpenStream {
            streams: self.clone(),
            account,
        })
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        let mut open = self.streams.0.lock();
        let Some(count) = open.get_mut(&self.account) else {
            return;
        };
        *count -= 1;
        if *count == 0 {
            open.remove(&self.account);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_so_many_open_and_another_as_many() {
        let streams = Streams::default();
        let account = |number| AccountId(uuid::Uuid::from_u128(number));
        let mut open: Vec<_> = (0..LIVE_STREAMS_MAX).map(|_| streams.open(account(1))).collect();
        assert!(open.iter().all(Option::is_some) && streams.open(account(1)).is_none());
        assert!(streams.open(account(2)).is_some());
        drop(open.pop());
        assert!(streams.open(account(1)).is_some());
        drop(open);
        assert!(streams.0.lock().is_empty(), "who has none takes no memory");
    }
}
