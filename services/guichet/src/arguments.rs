//! Commands, flags and environment variables (design §8).

use std::{net::IpAddr, path::PathBuf};

use api::{AccountLimits, Limits, config::WRITE_WAIT_S};
use application::identity::{HashingCost, rules::SignInRules};

use clap::{Args, Parser, Subcommand};
use soap::SoapConfig;

use crate::told::{BaseUrl, Key, Listen, Switch, Told, WebOrigin};

/// A ticketing service whose memory can be proven.
#[derive(Debug, Parser)]
#[command(name = "guichet", version)]
pub(crate) struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start the REST and the SOAP door in one process.
    Up(Box<Up>),
    /// Start the REST door alone.
    Api(Box<Api>),
    /// Start the SOAP door alone, before a REST door elsewhere.
    Soap(Soap),
    /// Start the courier alone, which sends the mails that wait.
    Courier(Courier),
    /// Administer a data directory.
    #[command(subcommand)]
    Admin(Admin),
    /// Verify exports and evidence bundles, offline.
    Audit(auditor::Arguments),
    /// Print the contract as YAML (OpenAPI 3.1).
    Openapi,
}

/// Options of `up`.
#[derive(Debug, Args)]
pub(crate) struct Up {
    /// The REST door.
    #[command(flatten)]
    pub(crate) api: Api,
    /// Where the SOAP door listens.
    #[arg(long, env = "GUICHET_SOAP_LISTEN", default_value = "127.0.0.1:8081")]
    pub(crate) soap_listen: Told<Listen>,
    /// How SOAP clients reach the door, for the address in the WSDL.
    #[arg(long, env = "GUICHET_SOAP_PUBLIC_URL")]
    pub(crate) soap_public_url: Option<Told<BaseUrl>>,
    /// The protocol as this supplier speaks it.
    #[command(flatten)]
    pub(crate) protocol: Protocol,
    /// The mail server; without one, mails wait for a day for a courier that runs elsewhere.
    #[command(flatten)]
    pub(crate) mail: Option<Mail>,
}

/// The mail server that mails are handed to.
#[derive(Debug, Clone, Args)]
pub(crate) struct Mail {
    /// Where it is: `smtps://user:password@host`, `smtp://host:25`, `smtp://host:587?tls=required`.
    #[arg(long, env = "GUICHET_SMTP_URL", hide_env_values = true, required = false)]
    pub(crate) smtp_url: String,
    /// PEM file of the authorities that its certificate is checked against; those of the system when absent.
    #[arg(long, env = "GUICHET_SMTP_CA", requires = "smtp_url")]
    pub(crate) smtp_ca: Option<PathBuf>,
    /// From whom mails come.
    #[arg(
        long,
        env = "GUICHET_MAIL_FROM",
        default_value = "Guichet <guichet@localhost.example>",
        requires = "smtp_url"
    )]
    pub(crate) mail_from: String,
}

/// Options of `courier`.
#[derive(Debug, Args)]
pub(crate) struct Courier {
    /// Where the REST door is.
    #[arg(long, env = "GUICHET_API_URL", default_value = "http://127.0.0.1:8080")]
    pub(crate) api_url: Told<BaseUrl>,
    /// PEM file of the authorities that the REST door's certificate is checked against; those of the system when
    /// absent.
    #[arg(long, env = "GUICHET_API_CA")]
    pub(crate) api_ca: Option<PathBuf>,
    /// What the REST door knows the courier by.
    #[arg(long, env = "GUICHET_COURIER_KEY", hide_env_values = true)]
    pub(crate) courier_key: Told<Key>,
    /// Speak to the REST door over plain HTTP on an address that is not loopback.
    #[arg(
        long,
        env = "GUICHET_COURIER_ALLOW_PLAIN_HTTP",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        default_value = "false"
    )]
    pub(crate) allow_plain_http: Told<Switch>,
    /// The mail server.
    #[command(flatten)]
    pub(crate) mail: Mail,
}

/// Options of `api`.
#[derive(Debug, Args)]
pub(crate) struct Api {
    /// The data directory.
    #[arg(long, env = "GUICHET_DATA", default_value = "./data")]
    pub(crate) data: PathBuf,
    /// Where the REST door listens; port 0 takes a free one.
    #[arg(long, env = "GUICHET_API_LISTEN", default_value = "127.0.0.1:8080")]
    pub(crate) api_listen: Told<Listen>,
    /// The event log: `sled`.
    #[arg(long, env = "GUICHET_LOG", default_value = "sled")]
    pub(crate) log: String,
    /// The file of the master key that wraps the keys of persons; in the data directory when absent, which is for
    /// trying out only.
    #[arg(long, env = "GUICHET_MASTER_KEY")]
    pub(crate) master_key: Option<PathBuf>,
    /// Load desks, organizations and accounts to try out; loopback addresses only.
    #[arg(long)]
    pub(crate) demo: bool,
    /// Largest attachment, bytes.
    #[arg(long, allow_negative_numbers = true, env = "GUICHET_FILE_BYTES_MAX", default_value_t = Told::Good(application::tickets::attachments::FILE_BYTES_MAX))]
    pub(crate) file_bytes_max: Told<u64>,
    /// How often an account may write each minute.
    #[arg(long, allow_negative_numbers = true, env = "GUICHET_WRITES_PER_MINUTE", default_value_t = Told::Good(AccountLimits::default().writes_per_minute))]
    pub(crate) writes_per_minute: Told<u32>,
    /// How many bytes an account may send each day, in bodies and files.
    #[arg(long, allow_negative_numbers = true, env = "GUICHET_WRITTEN_BYTES_PER_DAY", default_value_t = Told::Good(AccountLimits::default().bytes_per_day))]
    pub(crate) written_bytes_per_day: Told<u64>,
    /// How long a client may leave an answer unread before its connection is given up, s.
    #[arg(long, allow_negative_numbers = true, env = "GUICHET_WRITE_WAIT_S", default_value_t = Told::Good(WRITE_WAIT_S))]
    pub(crate) write_wait_s: Told<u64>,
    /// What the name of a new log begins with in its checkpoints: a host name of yours.
    #[arg(long, env = "GUICHET_AUDIT_NAME", default_value = application::keeping::settings::AUDIT_NAME)]
    pub(crate) audit_name: String,
    /// A directory, best of another machine, that every signed checkpoint is copied to.
    #[arg(long, env = "GUICHET_CHECKPOINTS_TO")]
    pub(crate) checkpoints_to: Option<PathBuf>,
    /// A directory, best of another machine, that sealed segments of the log are archived in.
    #[arg(long, env = "GUICHET_ARCHIVE")]
    pub(crate) archive: Option<PathBuf>,
    /// An origin whose web pages may call, such as `https://desk.example`; may be given several times, or with commas between.
    #[arg(long, env = "GUICHET_CORS_ORIGINS", value_delimiter = ',')]
    pub(crate) cors_origin: Vec<Told<WebOrigin>>,
    /// What a SOAP door elsewhere shows to be believed.
    #[arg(long, env = "GUICHET_SERVICE_KEY", hide_env_values = true)]
    pub(crate) service_key: Option<Told<Key>>,
    /// What a courier elsewhere shows to be given mails; not the key of a SOAP door.
    #[arg(long, env = "GUICHET_COURIER_KEY", hide_env_values = true)]
    pub(crate) courier_key: Option<Told<Key>>,
    /// Where links in mails lead: the address of the frontend.
    #[arg(long, env = "GUICHET_PUBLIC_URL", default_value = application::keeping::settings::PUBLIC_URL)]
    pub(crate) public_url: Told<BaseUrl>,
    /// A reverse proxy whose `X-Forwarded-For` is believed; may be given several times, or with commas
    /// between.
    #[arg(long, env = "GUICHET_TRUSTED_PROXIES", value_delimiter = ',')]
    pub(crate) trusted_proxy: Vec<Told<IpAddr>>,
    /// The TOML file of the identity providers that people may sign in through.
    #[arg(long, env = "GUICHET_OIDC_CONFIG")]
    pub(crate) oidc_config: Option<PathBuf>,
    /// How signing in is guarded.
    #[command(flatten)]
    pub(crate) sign_in: SignIn,
    /// How many threads serve requests; as many as processors when absent.
    #[arg(long, allow_negative_numbers = true, env = "GUICHET_WORKERS")]
    pub(crate) workers: Option<Told<usize>>,
    /// Whether plain HTTP is taken.
    #[command(flatten)]
    pub(crate) plain: Plain,
    /// TLS.
    #[command(flatten)]
    pub(crate) tls: Tls,
}

/// How signing in is guarded.
#[derive(Debug, Clone, Args)]
pub(crate) struct SignIn {
    /// Memory that a password hash takes, KiB (Argon2id). Raised without a reset: a password is hashed anew at its next use.
    #[arg(long, allow_negative_numbers = true, env = "GUICHET_ARGON2_MEMORY_KIB", default_value_t = Told::Good(HashingCost::default().memory_kib))]
    pub(crate) argon2_memory_kib: Told<u32>,
    /// Passes over that memory.
    #[arg(long, allow_negative_numbers = true, env = "GUICHET_ARGON2_ITERATIONS", default_value_t = Told::Good(HashingCost::default().iterations))]
    pub(crate) argon2_iterations: Told<u32>,
    /// Lanes of it.
    #[arg(long, allow_negative_numbers = true, env = "GUICHET_ARGON2_PARALLELISM", default_value_t = Told::Good(HashingCost::default().parallelism))]
    pub(crate) argon2_parallelism: Told<u32>,
    /// After so many failed tries of a name, a challenge comes before the next.
    #[arg(long, allow_negative_numbers = true, env = "GUICHET_CHALLENGE_AFTER", default_value_t = Told::Good(SignInRules::default().challenge_after))]
    pub(crate) challenge_after: Told<u32>,
    /// After so many failed tries of a name, none is taken for a while that doubles.
    #[arg(long, allow_negative_numbers = true, env = "GUICHET_LOCK_AFTER", default_value_t = Told::Good(SignInRules::default().lock_after))]
    pub(crate) lock_after: Told<u32>,
    /// How long at first, s.
    #[arg(long, allow_negative_numbers = true, env = "GUICHET_LOCK_FIRST_S", default_value_t = Told::Good(SignInRules::default().lock_first_s))]
    pub(crate) lock_first_s: Told<i64>,
    /// Requests that an address may make at once of what nobody needs to be signed in for.
    #[arg(long, allow_negative_numbers = true, env = "GUICHET_STRANGER_BURST", default_value_t = Told::Good(Limits::default().burst))]
    pub(crate) stranger_burst: Told<u32>,
    /// And then each minute.
    #[arg(long, allow_negative_numbers = true, env = "GUICHET_STRANGER_PER_MINUTE", default_value_t = Told::Good(Limits::default().per_minute))]
    pub(crate) stranger_per_minute: Told<u32>,
    /// Anybody may make themselves an account, once they have confirmed their address.
    #[arg(
        long,
        env = "GUICHET_SELF_SIGN_UP",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        default_value = "false"
    )]
    pub(crate) self_sign_up: Told<Switch>,
}

/// Options of `soap`.
#[derive(Debug, Args)]
pub(crate) struct Soap {
    /// Where the SOAP door listens.
    #[arg(long, env = "GUICHET_SOAP_LISTEN", default_value = "127.0.0.1:8081")]
    pub(crate) soap_listen: Told<Listen>,
    /// Where the REST door is.
    #[arg(long, env = "GUICHET_API_URL", default_value = "http://127.0.0.1:8080")]
    pub(crate) api_url: Told<BaseUrl>,
    /// PEM file of the authorities that the REST door's certificate is checked against; those of the system when
    /// absent.
    #[arg(long, env = "GUICHET_API_CA")]
    pub(crate) api_ca: Option<PathBuf>,
    /// How SOAP clients reach the door, for the address in the WSDL.
    #[arg(long, env = "GUICHET_SOAP_PUBLIC_URL")]
    pub(crate) soap_public_url: Option<Told<BaseUrl>>,
    /// The protocol as this supplier speaks it.
    #[command(flatten)]
    pub(crate) protocol: Protocol,
    /// What the REST door knows this adapter by.
    #[arg(long, env = "GUICHET_SERVICE_KEY", hide_env_values = true)]
    pub(crate) service_key: Option<Told<Key>>,
    /// A reverse proxy whose `X-Forwarded-For` is believed; may be given several times, or with commas
    /// between.
    #[arg(long, env = "GUICHET_TRUSTED_PROXIES", value_delimiter = ',')]
    pub(crate) trusted_proxy: Vec<Told<IpAddr>>,
    /// Whether plain HTTP is taken.
    #[command(flatten)]
    pub(crate) plain: Plain,
    /// TLS.
    #[command(flatten)]
    pub(crate) tls: Tls,
}

/// The protocol of the SOAP door as this supplier speaks it.
#[derive(Debug, Clone, Args)]
pub(crate) struct Protocol {
    /// SIREN of the supplier behind the SOAP door: a `supplierID` of anybody else is refused. Any is taken when absent; the
    /// demo has its own.
    #[arg(long, env = "GUICHET_SUPPLIER_SIREN")]
    pub(crate) supplier_siren: Option<String>,
    /// Namespace of the SOAP door's answers and of its WSDL.
    #[arg(long, env = "GUICHET_SOAP_NAMESPACE", default_value = soap::DEFAULT_NAMESPACE)]
    pub(crate) soap_namespace: String,
    /// The TOML file of return codes and their labels; those shipped when absent.
    #[arg(long, env = "GUICHET_SOAP_RETURN_CODES")]
    pub(crate) soap_return_codes: Option<PathBuf>,
    /// The TOML file of states, message types and actions; those shipped when absent.
    #[arg(long, env = "GUICHET_SOAP_VOCABULARY")]
    pub(crate) soap_vocabulary: Option<PathBuf>,
}

impl Protocol {
    /// Puts the settings where the door reads them.
    pub(crate) fn set(self, config: &mut SoapConfig) {
        config.supplier_siren = self.supplier_siren;
        config.namespace = self.soap_namespace;
        config.return_codes = self.soap_return_codes;
        config.vocabulary = self.soap_vocabulary;
    }
}

/// One rule for both doors.
#[derive(Debug, Clone, Args)]
pub(crate) struct Plain {
    /// Speak plain HTTP on, or to, an address that is not loopback: passwords and tokens cross the network in clear, unless a
    /// reverse proxy on the same machine or a private network keeps them.
    #[arg(
        long,
        env = "GUICHET_ALLOW_PLAIN_HTTP",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        default_value = "false"
    )]
    pub(crate) allow_plain_http: Told<Switch>,
}

/// PEM files; both or none.
#[derive(Debug, Clone, Args)]
pub(crate) struct Tls {
    /// The certificate chain.
    #[arg(long, env = "GUICHET_TLS_CERTIFICATE")]
    pub(crate) tls_certificate: Option<PathBuf>,
    /// Its key.
    #[arg(long, env = "GUICHET_TLS_KEY")]
    pub(crate) tls_key: Option<PathBuf>,
}

/// What can be administered. `backup`, `backup-keys`, `rotate-checkpoint-key`, `rotate-token-key` and `accept-clock` ask the running server; all others run
/// while it is stopped.
#[derive(Debug, Subcommand)]
pub(crate) enum Admin {
    /// Make an administrator where nobody who can sign in is one. The password is asked for on a terminal, or read from a file
    /// or standard input.
    Init {
        /// Where.
        #[command(flatten)]
        place: Place,
        /// The administrator's user name.
        #[arg(long, default_value = "admin")]
        username: String,
        /// A file whose first line is the password.
        #[arg(long)]
        password_file: Option<PathBuf>,
        /// What the name of the log begins with in its checkpoints, for ever: a host name of yours.
        #[arg(long, env = "GUICHET_AUDIT_NAME", default_value = application::keeping::settings::AUDIT_NAME)]
        audit_name: String,
    },
    /// Back up log, checkpoints and files of the running server, online; never keys.
    Backup {
        /// The data directory.
        #[arg(long, env = "GUICHET_DATA", default_value = "./data")]
        data: PathBuf,
        /// The directory of the backup; only what is new is written when it holds an older one.
        #[arg(long)]
        to: PathBuf,
    },
    /// Back up keys and erasure ledger of the running server; keep it apart from data and master key.
    BackupKeys {
        /// The data directory.
        #[arg(long, env = "GUICHET_DATA", default_value = "./data")]
        data: PathBuf,
        /// A directory without such a backup.
        #[arg(long)]
        to: PathBuf,
    },
    /// Sign checkpoints of the running server with a new key, endorsed by the old one.
    RotateCheckpointKey {
        /// The data directory.
        #[arg(long, env = "GUICHET_DATA", default_value = "./data")]
        data: PathBuf,
    },
    /// Sign access tokens of the running server with a new key. Nobody is signed out.
    RotateTokenKey {
        /// The data directory.
        #[arg(long, env = "GUICHET_DATA", default_value = "./data")]
        data: PathBuf,
        /// Refuse what the old key has signed at once, because it is no secret any more; clients take new tokens.
        #[arg(long)]
        compromised: bool,
    },
    /// Rebuild log, checkpoints and files from a backup or an archive; views and tree are made anew at the next start.
    Restore {
        /// The data directory, without a log in it.
        #[arg(long, env = "GUICHET_DATA", default_value = "./data")]
        data: PathBuf,
        /// The backup or the archive.
        #[arg(long)]
        from: PathBuf,
        /// When not all is whole, restore what is, and exit with 1 all the same; the log then takes no commands until the loss is
        /// accepted.
        #[arg(long)]
        partial: bool,
    },
    /// Rebuild the keys from a backup of them; whoever a ledger names stays erased.
    RestoreKeys {
        /// Where.
        #[command(flatten)]
        place: Place,
        /// The backup of the keys.
        #[arg(long)]
        from: PathBuf,
        /// Another erasure ledger to obey; may be given several times.
        #[arg(long)]
        ledger: Vec<PathBuf>,
    },
    /// Wrap the keys of persons by another master key.
    RotateMaster {
        /// Where.
        #[command(flatten)]
        place: Place,
        /// The file of the new master key; made when it is not there.
        #[arg(long)]
        new_master_key: PathBuf,
    },
    /// Take the clock of the running server as it is, though it has leapt or lies behind the log: an event tells auditors.
    AcceptClock {
        /// The data directory.
        #[arg(long, env = "GUICHET_DATA", default_value = "./data")]
        data: PathBuf,
        /// Why, for auditors.
        #[arg(long)]
        reason: String,
    },
    /// Go on without what is lost at the end of the log: a new epoch, of which the log and its checkpoints tell for ever.
    AcceptLoss {
        /// Where.
        #[command(flatten)]
        place: Place,
        /// Why, for auditors.
        #[arg(long)]
        reason: String,
    },
}

/// A data directory and the key to it.
#[derive(Debug, Clone, Args)]
pub(crate) struct Place {
    /// The data directory.
    #[arg(long, env = "GUICHET_DATA", default_value = "./data")]
    pub(crate) data: PathBuf,
    /// The file of the master key.
    #[arg(long, env = "GUICHET_MASTER_KEY")]
    pub(crate) master_key: Option<PathBuf>,
}
