//! How somebody proves who they are (design §6): passwords, access tokens and their keys, second factors, challenges and
//! secrets that mean nothing by themselves.
//!
//! It knows no accounts, no log and no HTTP. Whose password it is, how often it was tried and what was spent already is
//! for the caller to remember. Times are arguments; randomness is its own, because it makes secrets. Everything blocks,
//! [`passwords`] for tens of milliseconds and [`challenge::solve`] for as long as was asked, so an async caller gives
//! those a thread of their own.
//!
//! | module | what somebody shows | what is kept of it |
//! |---|---|---|
//! | [`passwords`] | what they know | an Argon2id hash (RFC 9106) |
//! | [`tokens`] | that they signed in a moment ago | nothing; the key that signed (RFC 7519, RFC 8037) |
//! | [`second_factor`] | what they have | the secret shared with it (RFC 6238), digests of recovery codes |
//! | [`challenge`] | that they took their time | the key that made it, and what was spent |
//! | [`opaque`] | an API key, a one-time link | its SHA-256 |
//!
//! No `Debug` here prints a secret, and no error repeats what it was given.
//!
//! # Randomness
//!
//! Secrets come from the thread's generator of the crate `rand`, a ChaCha that the operating system seeds. It panics
//! when the operating system gives no random bytes at its first use, which leaves nothing that a caller could do.

pub mod challenge;
pub mod opaque;
pub mod passwords;
pub mod second_factor;
pub mod tokens;

mod secret_text;

pub use secret_text::SecretText;
