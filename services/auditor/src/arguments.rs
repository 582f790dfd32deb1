//! The command line: `guichet audit …`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use transparency::VerifierKey;

/// Verify the log from the outside: exports, evidence bundles, replays. Needs no server.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 verified; 1 something is wrong; 2 nothing can be said (a file cannot be read, the \
                        server does not answer, a bundle was given as an export or an export as a bundle)."
)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Verify an export of the whole log.
    Verify(Verify),
    /// Verify an evidence bundle and tell what it shows.
    Bundle(Bundle),
    /// Rebuild every view from an export with the server's own code, and print the digest.
    Replay(Replay),
    /// Fetch the evidence bundle of a ticket, verify it, and keep it.
    Prove(Prove),
    /// Fetch an export of the whole log, verify it, and keep it.
    Export(Export),
}

/// Options of `verify`.
#[derive(Debug, Args)]
pub struct Verify {
    /// The export; `-` for standard input.
    pub export: PathBuf,
    /// How it is verified.
    #[command(flatten)]
    pub against: Against,
}

/// What an export is held against, and where the report goes.
#[derive(Debug, Clone, Args)]
pub struct Against {
    /// A verifier key of the log, known from elsewhere; without one the first that the log names is believed.
    #[arg(long, value_name = "VKEY")]
    pub key: Vec<VerifierKey>,
    /// A signed checkpoint of the log, kept from earlier; may be given several times.
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Vec<PathBuf>,
    /// Hash the data of events without reading it, and fold nothing.
    #[arg(long)]
    pub quick: bool,
    /// Where reports go.
    #[command(flatten)]
    pub reports: Reports,
    /// Show no progress.
    #[arg(long)]
    pub no_progress: bool,
}

/// Where reports go.
#[derive(Debug, Clone, Args)]
pub struct Reports {
    /// Write what was found as JSON; `-` for standard output.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Write what was found as a page for people, one file with nothing loaded from elsewhere; `-` for standard output.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Overwrite files that stand where something is written. What is read is never overwritten.
    #[arg(long)]
    pub force: bool,
}

/// Options of `bundle`.
#[derive(Debug, Args)]
pub struct Bundle {
    /// The bundle; `-` for standard input.
    pub file: PathBuf,
    /// How it is verified.
    #[command(flatten)]
    pub against: BundleAgainst,
}

/// What a bundle is held against, and where the report goes.
#[derive(Debug, Clone, Args)]
pub struct BundleAgainst {
    /// A verifier key of the log, known from elsewhere; without one the first that the bundle names is believed.
    #[arg(long, value_name = "VKEY")]
    pub key: Vec<VerifierKey>,
    /// A file that the ticket is said to have been given; may be given several times.
    #[arg(long, value_name = "PATH")]
    pub attachment: Vec<PathBuf>,
    /// Where reports go.
    #[command(flatten)]
    pub reports: Reports,
}

/// Options of `replay`.
#[derive(Debug, Args)]
pub struct Replay {
    /// The export. Verify it first: a replay reads it, but checks no proof.
    pub export: PathBuf,
    /// Stop after this position.
    #[arg(long, value_name = "POSITION")]
    pub until: Option<u64>,
    /// An empty or new directory for the rebuilt log and views, which are kept; a temporary one when absent.
    #[arg(long)]
    pub dir: Option<PathBuf>,
}

/// Where the server is, and who asks.
#[derive(Debug, Clone, Args)]
pub struct Api {
    /// Where the server's REST door is.
    #[arg(long = "api", value_name = "URL", env = "GUICHET_API_URL")]
    pub url: String,
    /// PEM file of the authorities that the server's certificate is checked against; those of the system when absent.
    #[arg(long, value_name = "FILE", env = "GUICHET_API_CA")]
    pub api_ca: Option<PathBuf>,
    /// Send the password over plain HTTP to an address that is not loopback.
    #[arg(long)]
    pub allow_plain_http: bool,
    /// Who asks. The password is taken from GUICHET_PASSWORD, or read as a line from standard input.
    #[arg(long, env = "GUICHET_USERNAME", default_value = "auditor")]
    pub username: String,
}

/// Options of `prove`.
#[derive(Debug, Args)]
pub struct Prove {
    /// The ticket.
    pub key: domain::TicketKey,
    /// The server.
    #[command(flatten)]
    pub api: Api,
    /// Where the bundle is written, `-` for standard output; `<KEY>.bundle.json` when absent.
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// A verifier key of the log, known from elsewhere; without one the first that the bundle names is believed.
    #[arg(long = "vkey", value_name = "VKEY")]
    pub vkey: Vec<VerifierKey>,
    /// A file that the ticket is said to have been given; may be given several times.
    #[arg(long, value_name = "PATH")]
    pub attachment: Vec<PathBuf>,
    /// Where reports go.
    #[command(flatten)]
    pub reports: Reports,
}

/// Options of `export`.
#[derive(Debug, Args)]
pub struct Export {
    /// The server.
    #[command(flatten)]
    pub api: Api,
    /// Where the export is written; `-` for standard output.
    #[arg(long, value_name = "FILE")]
    pub output: PathBuf,
    /// How it is verified.
    #[command(flatten)]
    pub against: Against,
}
