//! How the door is opened.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

use crate::oidc::IdentityProviders;

/// Largest JSON body, bytes: the longest text with everything around it, escaped.
pub const BODY_BYTES_MAX: usize = 256 * 1024;
/// How long a JSON body may take to arrive whole, and an upload to send its next part, s.
pub const BODY_WAIT_S: u64 = 30;
/// What a multipart body may hold beside its file, bytes.
pub const MULTIPART_EXTRA_BYTES_MAX: usize = 64 * 1024;
/// Longest idempotency key, characters.
pub const IDEMPOTENCY_KEY_CHARS_MAX: usize = 255;
/// How long a client may leave an answer unread before its connection is given up, s, unless the configuration says otherwise.
pub const WRITE_WAIT_S: u64 = 30;
/// How often an account may write each minute unless the configuration says otherwise.
pub const WRITES_PER_MINUTE: u32 = 1_200;
/// How many bytes an account may send each day in bodies and files unless the configuration says otherwise.
pub const WRITTEN_BYTES_PER_DAY: u64 = 2 * 1024 * 1024 * 1024;
/// How long a stop waits for requests that are under way, s.
pub const STOP_WAIT_S: u64 = 10;

/// The door's configuration.
#[derive(Debug, Clone)]
pub struct ApiConfig {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Certificate and key; plain HTTP without them.
    pub tls: Option<Tls>,
    /// Which web pages of other origins may call.
    pub cors: Cors,
    /// What the SOAP adapter shows to be believed (design §6).
    pub service_key: Option<String>,
    /// What the courier shows to be given mails with their one-time links. Another key than the adapter's, which may stand where
    /// strangers reach it and has no business with links.
    pub courier_key: Option<String>,
    /// Reverse proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// Identity providers that people may sign in through.
    pub identity_providers: IdentityProviders,
    /// How many requests an address may make of what nobody needs to be signed in for.
    pub limits: Limits,
    /// How much one account may write.
    pub account_limits: AccountLimits,
    /// How long a client may leave an answer unread before its connection is given up, s.
    pub write_wait_s: u64,
    /// How many threads serve requests; as many as there are processors when absent.
    pub workers: Option<usize>,
    /// Listen on a free loopback port too, in plain HTTP, for a door of the same process.
    pub with_inner: bool,
    /// How many lines of the process log could not be written.
    pub process_log_lines_lost: fn() -> u64,
}

/// How many requests one address may make of what nobody needs to be signed in for: signing in, links, forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// At once.
    pub burst: u32,
    /// And then each minute.
    pub per_minute: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            burst: 60,
            per_minute: 60,
        }
    }
}

/// How much one account may write, so that nobody alone fills the log and the disk. Whoever rests for a while may write it at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountLimits {
    /// How often each minute.
    pub writes_per_minute: u32,
    /// How many bytes each day, of bodies and files.
    pub bytes_per_day: u64,
}

impl Default for AccountLimits {
    fn default() -> Self {
        Self {
            writes_per_minute: WRITES_PER_MINUTE,
            bytes_per_day: WRITTEN_BYTES_PER_DAY,
        }
    }
}

/// PEM files of a certificate chain and its key.
#[derive(Debug, Clone)]
pub struct Tls {
    /// The chain.
    pub certificate: PathBuf,
    /// The key.
    pub key: PathBuf,
}

/// Cross-origin rules (Fetch standard, CORS protocol).
#[derive(Debug, Clone, Default)]
pub struct Cors {
    /// The origins that may call; none by default.
    pub origins: Vec<String>,
}
