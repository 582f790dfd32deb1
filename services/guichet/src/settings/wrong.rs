//! What is wrong with settings, collected one by one.

use std::{env, fmt, net::SocketAddr, path::PathBuf};

use api::Limits;
use application::{
    identity::{HashingCost, rules::SignInRules},
    kernel::error::chain,
};
use courier::CourierConfig;
use soap::{Setting, SoapConfig};

use super::files::{authorities_fault, file_fault, pair_fault};
use crate::{
    arguments::{Mail, Plain, SignIn, Tls},
    logging,
    told::{BaseUrl, Key, Listen, Switch, Told},
};

/// Longest first lock-out that can be set, s: what it doubles to ends there.
const LOCK_FIRST_S_MAX: i64 = 3_600;

/// Everything that is wrong with the settings.
#[derive(Debug, Default)]
pub(crate) struct WrongSettings {
    faults: Vec<String>,
}

impl std::error::Error for WrongSettings {}

impl fmt::Display for WrongSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.faults.as_slice() {
            [one] => formatter.write_str(one),
            all => {
                write!(formatter, "{} settings cannot be used:", all.len())?;
                all.iter().try_for_each(|fault| write!(formatter, "\n  {fault}"))
            }
        }
    }
}

impl WrongSettings {
    /// One fault.
    pub(crate) fn of(fault: String) -> WrongSettings {
        WrongSettings { faults: vec![fault] }
    }

    /// What was checked, unless something is wrong.
    pub(super) fn or<T>(self, checked: T) -> Result<T, WrongSettings> {
        if self.faults.is_empty() {
            Ok(checked)
        } else {
            Err(self)
        }
    }

    pub(super) fn add(&mut self, name: &str, fault: impl fmt::Display) {
        self.faults.push(format!("{name} {fault}"));
    }

    pub(super) fn add_some(&mut self, name: &str, fault: Option<String>) {
        if let Some(fault) = fault {
            self.add(name, fault);
        }
    }

    /// The setting, or what stands for it until the fault is told.
    pub(super) fn good<T>(&mut self, name: &str, told: Told<T>, instead: T) -> T {
        match told {
            Told::Good(good) => good,
            Told::Faulty { text, fault } => {
                self.add(name, format_args!("{text:?}: {fault}"));
                instead
            }
        }
    }

    /// The same of a secret, which no message repeats.
    pub(super) fn secret(&mut self, name: &str, told: Option<Told<Key>>) -> Option<String> {
        match told? {
            Told::Good(key) => Some(key.0),
            Told::Faulty { fault, .. } => {
                self.add(name, fault);
                None
            }
        }
    }

    /// Those of a list that can be used; nothing between two commas is nothing.
    pub(super) fn list<T>(&mut self, name: &str, list: Vec<Told<T>>) -> Vec<T> {
        let mut good = Vec::new();
        for told in list {
            match told {
                Told::Good(item) => good.push(item),
                Told::Faulty { text, .. } if text.is_empty() => {}
                Told::Faulty { text, fault } => self.add(name, format_args!("{text:?}: {fault}")),
            }
        }
        good
    }

    pub(super) fn within<T: PartialOrd + fmt::Display>(
        &mut self,
        name: &str,
        value: T,
        least: T,
        most: T,
    ) -> T {
        if value < least || value > most {
            self.add(name, format_args!("{value} is not within {least} and {most}"));
        }
        value
    }

    pub(super) fn url(&mut self, name: &str, told: Option<Told<BaseUrl>>) -> Option<String> {
        told.map(|told| self.good(name, told, BaseUrl(String::new())).0)
    }

    pub(super) fn listen(&mut self, name: &str, told: Told<Listen>) -> SocketAddr {
        self.good(name, told, Listen(SocketAddr::from(([127, 0, 0, 1], 0))))
            .0
    }

    /// One rule for both doors: in clear on loopback, or when it was asked for.
    pub(super) fn clear(&mut self, name: &str, listen: SocketAddr, has_tls: bool, plain: bool) {
        if !(listen.ip().is_loopback() || has_tls || plain) {
            self.add(
                name,
                format_args!(
                    "{listen} is not loopback and there is no TLS: give --tls-certificate and --tls-key, or --allow-plain-http"
                ),
            );
        }
    }

    /// The same for a door that passes passwords on.
    pub(super) fn clear_to(&mut self, name: &str, url: &str, plain: bool) {
        let host = url::Url::parse(url).ok().filter(|url| url.scheme() == "http");
        let leaves = host.is_some_and(|url| match url.host() {
            Some(url::Host::Domain(name)) => name != "localhost",
            Some(url::Host::Ipv4(address)) => !address.is_loopback(),
            Some(url::Host::Ipv6(address)) => !address.is_loopback(),
            None => false,
        });
        if leaves && !plain {
            self.add(
                name,
                format_args!("{url} would be sent passwords in clear: use https, or --allow-plain-http"),
            );
        }
    }

    pub(super) fn plain(&mut self, plain: Plain) -> bool {
        let asked = self.good(
            "--allow-plain-http (GUICHET_ALLOW_PLAIN_HTTP)",
            plain.allow_plain_http,
            Switch(false),
        );
        // The name that it had before it was the flag of both doors.
        let before = env::var("GUICHET_SOAP_ALLOW_PLAIN_HTTP").unwrap_or_default();
        let before = before.trim().parse::<Switch>().is_ok_and(|switch| switch.0);
        asked.0 || before
    }

    pub(super) fn tls(&mut self, tls: Tls) -> Option<(PathBuf, PathBuf)> {
        let (certificate, key) = (
            "--tls-certificate (GUICHET_TLS_CERTIFICATE)",
            "--tls-key (GUICHET_TLS_KEY)",
        );
        match (tls.tls_certificate, tls.tls_key) {
            (None, None) => None,
            (Some(_), None) => {
                self.add(key, "is missing: certificate and key belong together");
                None
            }
            (None, Some(_)) => {
                self.add(certificate, "is missing: certificate and key belong together");
                None
            }
            (Some(chain), Some(own)) => {
                let faults = (file_fault(&chain), file_fault(&own));
                if faults == (None, None) {
                    self.add_some(certificate, pair_fault(&chain, &own));
                }
                self.add_some(certificate, faults.0);
                self.add_some(key, faults.1);
                Some((chain, own))
            }
        }
    }

    pub(super) fn sign_in(&mut self, told: SignIn) -> (SignInRules, Limits) {
        let (usual, limits) = (SignInRules::default(), Limits::default());
        let hashing = HashingCost {
            memory_kib: self.good(
                "--argon2-memory-kib (GUICHET_ARGON2_MEMORY_KIB)",
                told.argon2_memory_kib,
                usual.hashing.memory_kib,
            ),
            iterations: self.good(
                "--argon2-iterations (GUICHET_ARGON2_ITERATIONS)",
                told.argon2_iterations,
                usual.hashing.iterations,
            ),
            parallelism: self.good(
                "--argon2-parallelism (GUICHET_ARGON2_PARALLELISM)",
                told.argon2_parallelism,
                usual.hashing.parallelism,
            ),
        };
        if let Err(faults) = hashing.check() {
            self.add(
                "--argon2-memory-kib, --argon2-iterations, --argon2-parallelism:",
                faults,
            );
        }
        let mut at_least_one = |name: &str, told: Told<u32>, usual: u32| {
            let value = self.good(name, told, usual);
            self.within(name, value, 1, u32::MAX)
        };
        let rules = SignInRules {
            hashing,
            challenge_after: at_least_one(
                "--challenge-after (GUICHET_CHALLENGE_AFTER)",
                told.challenge_after,
                usual.challenge_after,
            ),
            lock_after: at_least_one(
                "--lock-after (GUICHET_LOCK_AFTER)",
                told.lock_after,
                usual.lock_after,
            ),
            ..usual
        };
        let limits = Limits {
            burst: at_least_one(
                "--stranger-burst (GUICHET_STRANGER_BURST)",
                told.stranger_burst,
                limits.burst,
            ),
            per_minute: at_least_one(
                "--stranger-per-minute (GUICHET_STRANGER_PER_MINUTE)",
                told.stranger_per_minute,
                limits.per_minute,
            ),
        };
        let lock = "--lock-first-s (GUICHET_LOCK_FIRST_S)";
        let lock_first_s = self.good(lock, told.lock_first_s, rules.lock_first_s);
        let rules = SignInRules {
            lock_first_s: self.within(lock, lock_first_s, 1, LOCK_FIRST_S_MAX),
            self_sign_up: self
                .good(
                    "--self-sign-up (GUICHET_SELF_SIGN_UP)",
                    told.self_sign_up,
                    Switch(false),
                )
                .0,
            ..rules
        };
        (rules, limits)
    }

    /// The mail server, asked piece by piece, so that each fault is told.
    pub(super) fn mail(&mut self, mail: &Mail) {
        const NOWHERE: &str = "http://127.0.0.1:1";
        let pieces = |url: &str, from: &str| CourierConfig::new(NOWHERE, "key", url, from);
        let (url, from) = ("smtps://mail.example", "Guichet <guichet@localhost.example>");
        let fault = |config| courier::new(config).err().map(|error| chain(&error));
        self.add_some(
            "--smtp-url (GUICHET_SMTP_URL):",
            fault(pieces(&mail.smtp_url, from)),
        );
        self.add_some(
            "--mail-from (GUICHET_MAIL_FROM):",
            fault(pieces(url, &mail.mail_from)),
        );
        if let Some(ca) = &mail.smtp_ca {
            self.add_some("--smtp-ca (GUICHET_SMTP_CA)", authorities_fault(ca));
        }
    }

    /// What the SOAP door itself finds: it is asked about what nothing above has told of.
    pub(super) fn protocol(&mut self, config: &mut SoapConfig) {
        // The rule of plain HTTP was asked above.
        config.allow_plain_http = true;
        let protocol = SoapConfig {
            tls: None,
            api_ca: None,
            service_key: None,
            public_url: None,
            api_url: "http://127.0.0.1".to_owned(),
            ..config.clone()
        };
        for fault in protocol.faults() {
            self.add(flag(fault.setting), chain(&fault.error));
        }
    }

    pub(super) fn log_level(&mut self) {
        self.add_some("GUICHET_LOG_LEVEL", logging::level_fault());
        self.add_some("GUICHET_LOG_FORMAT", logging::format_fault());
    }
}

/// The flag and variable of a setting of the SOAP door.
const fn flag(setting: Setting) -> &'static str {
    match setting {
        Setting::Listen => "--soap-listen (GUICHET_SOAP_LISTEN):",
        Setting::PublicUrl => "--soap-public-url (GUICHET_SOAP_PUBLIC_URL):",
        Setting::SupplierSiren => "--supplier-siren (GUICHET_SUPPLIER_SIREN):",
        Setting::Namespace => "--soap-namespace (GUICHET_SOAP_NAMESPACE):",
        Setting::ReturnCodes => "--soap-return-codes (GUICHET_SOAP_RETURN_CODES):",
        Setting::Vocabulary => "--soap-vocabulary (GUICHET_SOAP_VOCABULARY):",
        Setting::Api => "--api-url (GUICHET_API_URL):",
        Setting::Tls => "--tls-certificate (GUICHET_TLS_CERTIFICATE):",
    }
}
