//! Commands, flags and environment variables (design §8).

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};

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
    Up(Up),
    /// Start the REST door alone.
    Api(Api),
    /// Start the SOAP door alone, before a REST door elsewhere.
    Soap(Soap),
    /// Administer a data directory.
    #[command(subcommand)]
    Admin(Admin),
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
    pub(crate) soap_listen: SocketAddr,
    /// How SOAP clients reach the door, for the address in the WSDL.
    #[arg(long, env = "GUICHET_SOAP_PUBLIC_URL")]
    pub(crate) soap_public_url: Option<String>,
}

/// Options of `api`.
#[derive(Debug, Args)]
pub(crate) struct Api {
    /// The data directory.
    #[arg(long, env = "GUICHET_DATA", default_value = "./data")]
    pub(crate) data: PathBuf,
    /// Where the REST door listens; port 0 takes a free one.
    #[arg(long, env = "GUICHET_API_LISTEN", default_value = "127.0.0.1:8080")]
    pub(crate) api_listen: SocketAddr,
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
    #[arg(long, env = "GUICHET_FILE_BYTES_MAX", default_value_t = application::attachments::FILE_BYTES_MAX)]
    pub(crate) file_bytes_max: u64,
    /// An origin whose web pages may call; may be given several times.
    #[arg(long, env = "GUICHET_CORS_ORIGINS", value_delimiter = ',')]
    pub(crate) cors_origin: Vec<String>,
    /// What a SOAP door elsewhere shows to be believed.
    #[arg(long, env = "GUICHET_SERVICE_KEY", hide_env_values = true)]
    pub(crate) service_key: Option<String>,
    /// How many threads serve requests; as many as processors when absent.
    #[arg(long, env = "GUICHET_WORKERS")]
    pub(crate) workers: Option<usize>,
    /// TLS.
    #[command(flatten)]
    pub(crate) tls: Tls,
}

/// Options of `soap`.
#[derive(Debug, Args)]
pub(crate) struct Soap {
    /// Where the SOAP door listens.
    #[arg(long, env = "GUICHET_SOAP_LISTEN", default_value = "127.0.0.1:8081")]
    pub(crate) soap_listen: SocketAddr,
    /// Where the REST door is.
    #[arg(long, env = "GUICHET_API_URL", default_value = "http://127.0.0.1:8080")]
    pub(crate) api_url: String,
    /// PEM file of the authorities that the REST door's certificate is checked against; those of the system when
    /// absent.
    #[arg(long, env = "GUICHET_API_CA")]
    pub(crate) api_ca: Option<PathBuf>,
    /// How SOAP clients reach the door, for the address in the WSDL.
    #[arg(long, env = "GUICHET_SOAP_PUBLIC_URL")]
    pub(crate) soap_public_url: Option<String>,
    /// What the REST door knows this adapter by.
    #[arg(long, env = "GUICHET_SERVICE_KEY", hide_env_values = true)]
    pub(crate) service_key: Option<String>,
    /// Take clear passwords over plain HTTP on an address that is not loopback.
    #[arg(long, env = "GUICHET_SOAP_ALLOW_PLAIN_HTTP")]
    pub(crate) allow_plain_http: bool,
    /// TLS.
    #[command(flatten)]
    pub(crate) tls: Tls,
}

/// PEM files; both or none.
#[derive(Debug, Clone, Args)]
pub(crate) struct Tls {
    /// The certificate chain.
    #[arg(long, env = "GUICHET_TLS_CERTIFICATE", requires = "tls_key")]
    pub(crate) tls_certificate: Option<PathBuf>,
    /// Its key.
    #[arg(long, env = "GUICHET_TLS_KEY", requires = "tls_certificate")]
    pub(crate) tls_key: Option<PathBuf>,
}

/// What can be administered.
#[derive(Debug, Subcommand)]
pub(crate) enum Admin {
    /// Make the first administrator, while the server is stopped. The password is read from standard input.
    Init {
        /// The data directory.
        #[arg(long, env = "GUICHET_DATA", default_value = "./data")]
        data: PathBuf,
        /// The file of the master key.
        #[arg(long, env = "GUICHET_MASTER_KEY")]
        master_key: Option<PathBuf>,
        /// The administrator's user name.
        #[arg(long, default_value = "admin")]
        username: String,
    },
}
