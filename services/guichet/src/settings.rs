//! Settings looked at as a whole before anything is opened: every faulty one is named.

mod files;
mod wrong;

use std::{net::SocketAddr, path::PathBuf};

use api::{AccountLimits, ApiConfig, oidc::IdentityProviders};
use application::{
    Settings, demo::SUPPLIER_SIREN as DEMO_SUPPLIER_SIREN, keeping::apart::lies_in, kernel::error::chain,
};
use courier::CourierConfig;
use soap::SoapConfig;

use self::files::{authorities_fault, directory_fault, file_fault};
pub(crate) use self::wrong::WrongSettings;
use crate::{
    arguments::{Api, Courier, Mail, Soap, Up},
    process_log,
    told::{BaseUrl, Key, Switch, Told},
};

/// Largest limit that can be set for an attachment, bytes.
const FILE_BYTES_MAX_MAX: u64 = 64 * 1024 * 1024 * 1024;
/// Most bytes that an account can be let send each day.
const WRITTEN_BYTES_MAX_MAX: u64 = 1024 * 1024 * 1024 * 1024;
/// Longest time that can be set for an answer to lie unread, s.
const WRITE_WAIT_S_MAX: u64 = 3_600;
/// Most threads that can be set to serve requests.
const WORKERS_MAX: usize = 512;
/// Longest beginning of a log's name, bytes; an id and an epoch follow it.
const AUDIT_NAME_BYTES_MAX: usize = 128;

/// What the REST door and the data behind it are opened with.
pub(crate) struct Rest {
    pub(crate) settings: Settings,
    pub(crate) config: ApiConfig,
    pub(crate) demo: bool,
}

/// What both doors are opened with. The SOAP door's own is told where the REST door is once that listens.
pub(crate) struct Both {
    pub(crate) rest: Rest,
    pub(crate) soap: SoapConfig,
    pub(crate) mail: Option<Mail>,
}

/// Checks the settings of `up`.
///
/// # Errors
/// All that is wrong.
pub(crate) fn up(options: Up) -> Result<Both, WrongSettings> {
    let mut wrong = WrongSettings::default();
    let Checked {
        rest,
        allow_plain_http,
    } = rest(&mut wrong, options.api, true);
    let name = "--soap-listen (GUICHET_SOAP_LISTEN)";
    let listen = wrong.listen(name, options.soap_listen);
    let tls = rest.config.tls.clone();
    wrong.clear(name, listen, tls.is_some(), allow_plain_http);
    if listen.port() != 0 && listen == rest.config.listen {
        wrong.add(name, format_args!("{listen} is where the REST door is to listen"));
    }
    if rest.demo {
        demo_in_public(&mut wrong, listen);
    }
    // Where the REST door is for this process is known once it listens.
    let mut soap = SoapConfig::new(listen, "http://127.0.0.1");
    soap.trusted_proxies = rest.config.trusted_proxies.clone();
    soap.public_url = wrong.url(
        "--soap-public-url (GUICHET_SOAP_PUBLIC_URL)",
        options.soap_public_url,
    );
    soap.tls = tls.map(|tls| soap::TlsFiles {
        cert: tls.certificate,
        key: tls.key,
    });
    options.protocol.set(&mut soap);
    if rest.demo && soap.supplier_siren.is_none() {
        soap.supplier_siren = Some(DEMO_SUPPLIER_SIREN.to_owned());
    }
    wrong.protocol(&mut soap);
    if let Some(mail) = &options.mail {
        wrong.mail(mail);
    }
    wrong.or(Both {
        rest,
        soap,
        mail: options.mail,
    })
}

/// Checks the settings of `api`.
///
/// # Errors
/// All that is wrong.
pub(crate) fn api(options: Api) -> Result<Rest, WrongSettings> {
    let mut wrong = WrongSettings::default();
    let rest = rest(&mut wrong, options, false).rest;
    wrong.or(rest)
}

/// Checks the settings of `soap`.
///
/// # Errors
/// All that is wrong.
pub(crate) fn soap(options: Soap) -> Result<SoapConfig, WrongSettings> {
    let mut wrong = WrongSettings::default();
    wrong.log_level();
    let plain = wrong.plain(options.plain);
    let name = "--soap-listen (GUICHET_SOAP_LISTEN)";
    let listen = wrong.listen(name, options.soap_listen);
    let tls = wrong.tls(options.tls);
    wrong.clear(name, listen, tls.is_some(), plain);
    let name = "--api-url (GUICHET_API_URL)";
    let api_url = wrong.good(name, options.api_url, BaseUrl(String::new())).0;
    wrong.clear_to(name, &api_url, plain);
    let mut config = SoapConfig::new(listen, api_url);
    if let Some(ca) = &options.api_ca {
        wrong.add_some("--api-ca (GUICHET_API_CA)", authorities_fault(ca));
    }
    config.api_ca = options.api_ca;
    config.public_url = wrong.url(
        "--soap-public-url (GUICHET_SOAP_PUBLIC_URL)",
        options.soap_public_url,
    );
    config.service_key = wrong.secret("--service-key (GUICHET_SERVICE_KEY)", options.service_key);
    config.trusted_proxies = wrong.list("--trusted-proxy (GUICHET_TRUSTED_PROXIES)", options.trusted_proxy);
    config.tls = tls.map(|(cert, key)| soap::TlsFiles { cert, key });
    options.protocol.set(&mut config);
    wrong.protocol(&mut config);
    wrong.or(config)
}

/// Checks the settings of `courier`.
///
/// # Errors
/// All that is wrong.
pub(crate) fn courier(options: Courier) -> Result<CourierConfig, WrongSettings> {
    let mut wrong = WrongSettings::default();
    wrong.log_level();
    wrong.mail(&options.mail);
    let plain = wrong.good(
        "--allow-plain-http (GUICHET_COURIER_ALLOW_PLAIN_HTTP)",
        options.allow_plain_http,
        Switch(false),
    );
    let name = "--api-url (GUICHET_API_URL)";
    let api_url = wrong.good(name, options.api_url, BaseUrl(String::new())).0;
    wrong.clear_to(name, &api_url, plain.0);
    if let Some(ca) = &options.api_ca {
        wrong.add_some("--api-ca (GUICHET_API_CA)", authorities_fault(ca));
    }
    let key = wrong.secret("--courier-key (GUICHET_COURIER_KEY)", Some(options.courier_key));
    let mail = options.mail;
    let mut config = CourierConfig::new(api_url, key.unwrap_or_default(), mail.smtp_url, mail.mail_from);
    config.api_ca = options.api_ca;
    config.smtp_ca = mail.smtp_ca;
    config.allow_plain_http = plain.0;
    wrong.or(config)
}

struct Checked {
    rest: Rest,
    allow_plain_http: bool,
}

fn rest(wrong: &mut WrongSettings, options: Api, with_inner: bool) -> Checked {
    wrong.log_level();
    let allow_plain_http = wrong.plain(options.plain);
    let name = "--api-listen (GUICHET_API_LISTEN)";
    let listen = wrong.listen(name, options.api_listen);
    let tls = wrong.tls(options.tls);
    wrong.clear(name, listen, tls.is_some(), allow_plain_http);
    if options.demo {
        demo_in_public(wrong, listen);
    }
    if options.log != "sled" {
        wrong.add(
            "--log (GUICHET_LOG)",
            format_args!("{:?} is not known; this version has sled", options.log),
        );
    }
    let (sign_in, limits) = wrong.sign_in(options.sign_in);
    let name = "--file-bytes-max (GUICHET_FILE_BYTES_MAX)";
    let file_bytes_max = wrong.good(name, options.file_bytes_max, 1);
    let settings = Settings {
        file_bytes_max: wrong.within(name, file_bytes_max, 1, FILE_BYTES_MAX_MAX),
        master_key: options.master_key,
        audit_name: options.audit_name,
        checkpoints_to: options.checkpoints_to,
        archive: options.archive,
        sign_in,
        public_url: wrong
            .good(
                "--public-url (GUICHET_PUBLIC_URL)",
                options.public_url,
                BaseUrl(String::new()),
            )
            .0,
        ..Settings::new(options.data)
    };
    places(wrong, &settings);
    let workers = options.workers.map(|told| workers(wrong, told));
    let (account_limits, write_wait_s) = held_off(
        wrong,
        options.writes_per_minute,
        options.written_bytes_per_day,
        options.write_wait_s,
    );
    let mut origins = wrong.list("--cors-origin (GUICHET_CORS_ORIGINS)", options.cors_origin);
    origins.dedup();
    let (service_key, courier_key) = inner_keys(wrong, options.service_key, options.courier_key);
    let config = ApiConfig {
        listen,
        tls: tls.map(|(certificate, key)| api::Tls { certificate, key }),
        cors: api::Cors {
            origins: origins.into_iter().map(|origin| origin.0).collect(),
        },
        service_key,
        courier_key,
        trusted_proxies: wrong.list("--trusted-proxy (GUICHET_TRUSTED_PROXIES)", options.trusted_proxy),
        identity_providers: providers(wrong, options.oidc_config),
        limits,
        account_limits,
        write_wait_s,
        workers,
        with_inner,
        process_log_lines_lost: process_log::lines_lost,
    };
    Checked {
        rest: Rest {
            settings,
            config,
            demo: options.demo,
        },
        allow_plain_http,
    }
}

fn workers(wrong: &mut WrongSettings, told: Told<usize>) -> usize {
    let name = "--workers (GUICHET_WORKERS)";
    let workers = wrong.good(name, told, 1);
    wrong.within(name, workers, 1, WORKERS_MAX)
}

/// How much accounts may write, and how long clients may leave answers unread.
fn held_off(
    wrong: &mut WrongSettings,
    writes: Told<u32>,
    bytes: Told<u64>,
    wait_s: Told<u64>,
) -> (AccountLimits, u64) {
    let name = "--writes-per-minute (GUICHET_WRITES_PER_MINUTE)";
    let writes = wrong.good(name, writes, 1);
    let writes_per_minute = wrong.within(name, writes, 1, u32::MAX);
    let name = "--written-bytes-per-day (GUICHET_WRITTEN_BYTES_PER_DAY)";
    let bytes = wrong.good(name, bytes, 1);
    let limits = AccountLimits {
        writes_per_minute,
        bytes_per_day: wrong.within(name, bytes, 1, WRITTEN_BYTES_MAX_MAX),
    };
    let name = "--write-wait-s (GUICHET_WRITE_WAIT_S)";
    let wait_s = wrong.good(name, wait_s, 1);
    (limits, wrong.within(name, wait_s, 1, WRITE_WAIT_S_MAX))
}

/// The keys of the SOAP door and of the courier, which must differ.
fn inner_keys(
    wrong: &mut WrongSettings,
    service_key: Option<Told<Key>>,
    courier_key: Option<Told<Key>>,
) -> (Option<String>, Option<String>) {
    let service_key = wrong.secret("--service-key (GUICHET_SERVICE_KEY)", service_key);
    let courier_key = wrong.secret("--courier-key (GUICHET_COURIER_KEY)", courier_key);
    if service_key.is_some() && service_key == courier_key {
        wrong.add(
            "--courier-key (GUICHET_COURIER_KEY)",
            "is the service key: a SOAP door has no business with one-time links",
        );
    }
    (service_key, courier_key)
}

fn providers(wrong: &mut WrongSettings, path: Option<PathBuf>) -> IdentityProviders {
    let Some(path) = path else {
        return IdentityProviders::default();
    };
    IdentityProviders::load(&path).unwrap_or_else(|error| {
        wrong.add("--oidc-config (GUICHET_OIDC_CONFIG):", chain(&error));
        IdentityProviders::default()
    })
}

fn demo_in_public(wrong: &mut WrongSettings, listen: SocketAddr) {
    if !listen.ip().is_loopback() {
        wrong.add(
            "--demo",
            format_args!("is for loopback addresses only, and {listen} is not one"),
        );
    }
}

fn places(wrong: &mut WrongSettings, settings: &Settings) {
    wrong.add_some("--data (GUICHET_DATA)", directory_fault(&settings.data));
    for (name, path) in [
        (
            "--checkpoints-to (GUICHET_CHECKPOINTS_TO)",
            &settings.checkpoints_to,
        ),
        ("--archive (GUICHET_ARCHIVE)", &settings.archive),
    ] {
        let Some(path) = path else { continue };
        let fault = directory_fault(path);
        if fault.is_none() && lies_in(path, &settings.data) {
            wrong.add(
                name,
                format_args!(
                    "{} lies in the data directory, and is lost with it",
                    path.display()
                ),
            );
        }
        wrong.add_some(name, fault);
    }
    // One that is not there yet is made beside a new log.
    let master = settings.master_key.as_deref().filter(|path| path.exists());
    wrong.add_some("--master-key (GUICHET_MASTER_KEY)", master.and_then(file_fault));
    wrong.add_some(
        "--audit-name (GUICHET_AUDIT_NAME)",
        audit_name_fault(&settings.audit_name),
    );
}

/// Why a log's name cannot begin so.
pub(crate) fn audit_name_fault(name: &str) -> Option<String> {
    let forbidden = |c: char| c.is_whitespace() || c.is_control() || c == '+';
    let is_good = !name.is_empty() && name.len() <= AUDIT_NAME_BYTES_MAX && !name.contains(forbidden);
    (!is_good).then(|| {
        format!("{name:?} is no name of 1 to {AUDIT_NAME_BYTES_MAX} bytes without blanks and plus signs")
    })
}
