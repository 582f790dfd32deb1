//! The desk's rules as sentences, and as tables written by hand.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(
    clippy::disallowed_methods,
    reason = "the fixtures are files; the rules read none"
)]

mod accounts;
mod actions;
mod administration;
mod approvals;
mod blame;
mod contracts;
mod declarations;
mod definitions;
mod editing;
mod editions;
mod erasure;
mod folds;
mod given;
mod histories;
mod holders;
mod keys;
mod limits;
mod lists;
mod long_lists;
mod narrowing;
mod new_accounts;
mod opening;
mod organizations;
mod permissions;
mod profiles;
mod random;
mod records;
mod rights;
mod stored;
mod texts;
mod thread;
mod transitions;
mod tree;
mod usernames;
mod values;
