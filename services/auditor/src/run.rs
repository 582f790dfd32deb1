//! Carrying out a command: files in, words, files and an exit code out.

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, IsTerminal as _, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use sha2::{Digest as _, Sha256};

use crate::arguments::{
    Against, Arguments, Bundle, BundleAgainst, Command, Export, Prove, Replay, Reports, Verify,
};
use crate::bundle::{self, AttachmentGiven, Told};
use crate::export::{self, Depth, Expectations, KeptCheckpoint};
use crate::fault::Fault;
use crate::report::{BundleReport, Check, ExportReport, Verdict};
use crate::trust::{Trust, TrustedBy};
use crate::{fetch, html, replay};

/// Exit code when a fault was found.
const FAULTY: u8 = 1;
/// Exit code when nothing can be said: a file cannot be read, the server does not answer.
const UNREADABLE: u8 = 2;
/// Bytes of a bundle that are read, at most: many times what the largest ticket has.
const BUNDLE_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Faults that are printed, at most; the reports list more.
const PRINTED_FAULTS_MAX: usize = 20;
/// How often progress is drawn, milliseconds.
const DRAW_MS: u64 = 100;

/// Why a command came to no verdict; told with its chain of causes.
type Failure = Box<dyn Error + Send + Sync>;

/// Carries out a command. The exit code is 0 when all is verified, 1 when something is wrong, and 2 when nothing can be
/// said.
#[must_use]
pub fn run(arguments: Arguments) -> ExitCode {
    let done = match arguments.command {
        Command::Verify(options) => verify(&options),
        Command::Bundle(options) => read_bundle(&options),
        Command::Replay(options) => rebuild(&options),
        Command::Prove(options) => prove(&options),
        Command::Export(options) => fetch_export(&options),
    };
    match done {
        Ok(Verdict::Verified) => ExitCode::SUCCESS,
        Ok(Verdict::Faulty) => ExitCode::from(FAULTY),
        Err(failure) => {
            let mut text = failure.to_string();
            let mut cause = failure.source();
            while let Some(error) = cause {
                text.push_str(&format!(": {error}"));
                cause = error.source();
            }
            eprintln!("guichet audit: {text}");
            ExitCode::from(UNREADABLE)
        }
    }
}

fn verify(options: &Verify) -> Result<Verdict, Failure> {
    let (input, bytes): (Box<dyn Read + Send>, Option<u64>) = if options.export == Path::new("-") {
        (Box::new(io::stdin()), None)
    } else {
        let file = open(&options.export)?;
        let bytes = file.metadata().map(|metadata| metadata.len()).ok();
        (Box::new(file), bytes)
    };
    verify_input(input, bytes, &options.against)
}

fn verify_input(
    input: Box<dyn Read + Send>,
    bytes: Option<u64>,
    against: &Against,
) -> Result<Verdict, Failure> {
    let mut checkpoints = Vec::with_capacity(against.checkpoint.len());
    for path in &against.checkpoint {
        let note = fs::read_to_string(path).map_err(|error| unreadable(path, error))?;
        checkpoints.push(KeptCheckpoint {
            name: path.display().to_string(),
            note,
        });
    }
    let expectations = Expectations {
        keys: against.key.clone(),
        checkpoints,
        depth: if against.quick { Depth::Quick } else { Depth::Full },
    };
    let progress = progress(bytes, against.no_progress);
    let report = export::verify(input, &expectations, |read| progress.inc(read))?;
    progress.finish_and_clear();
    print_export(&report)?;
    write_reports(&against.reports, &report, || html::export_page(&report))?;
    Ok(report.verdict)
}

/// On a terminal only.
fn progress(bytes: Option<u64>, is_unwanted: bool) -> ProgressBar {
    if is_unwanted || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = bytes.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
    let style = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {binary_bytes_per_sec} {eta}");
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(DRAW_MS));
    bar
}

fn read_bundle(options: &Bundle) -> Result<Verdict, Failure> {
    let input: Box<dyn Read> = if options.file == Path::new("-") {
        Box::new(io::stdin())
    } else {
        Box::new(open(&options.file)?)
    };
    let mut document = Vec::new();
    let read = input
        .take(BUNDLE_BYTES_MAX + 1)
        .read_to_end(&mut document)
        .map_err(|error| unreadable(&options.file, error))?;
    if read as u64 > BUNDLE_BYTES_MAX {
        return Err(format!("a bundle has at most {BUNDLE_BYTES_MAX} bytes").into());
    }
    verify_bundle(&document, &options.against)
}

fn verify_bundle(document: &[u8], against: &BundleAgainst) -> Result<Verdict, Failure> {
    let attachments = against.attachment.iter().map(|path| attachment(path));
    let attachments: Vec<AttachmentGiven> = attachments.collect::<Result<_, Failure>>()?;
    let report = bundle::verify(document, &against.key, &attachments);
    print_bundle(&report)?;
    write_reports(&against.reports, &report, || html::bundle_page(&report))?;
    Ok(report.verdict)
}

fn attachment(path: &Path) -> Result<AttachmentGiven, Failure> {
    let mut hash = Sha256::new();
    io::copy(&mut open(path)?, &mut HashWriter(&mut hash)).map_err(|error| unreadable(path, error))?;
    Ok(AttachmentGiven {
        path: path.to_owned(),
        sha256: hex::encode(hash.finalize()),
    })
}

struct HashWriter<'h>(&'h mut Sha256);

impl io::Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn rebuild(options: &Replay) -> Result<Verdict, Failure> {
    let file = open(&options.export)?;
    let replayed = match &options.dir {
        Some(dir) => replay::replay(file, options.until, dir)?,
        None => {
            let dir = tempfile::tempdir()?;
            replay::replay(file, options.until, dir.path())?
        }
    };
    let (position, queue) = (replayed.position, &replayed.queue);
    say(&serde_json::json!({"position": position, "queue": queue}).to_string())?;
    if let Some(claimed) = replayed.claimed.filter(|claimed| claimed != queue) {
        eprintln!("guichet audit: the export names the digest {claimed}");
        return Ok(Verdict::Faulty);
    }
    Ok(Verdict::Verified)
}

fn prove(options: &Prove) -> Result<Verdict, Failure> {
    let path = options
        .output
        .clone()
        .unwrap_or_else(|| PathBuf::from(format!("{}.bundle.json", options.key)));
    fetch::evidence(&options.api, &options.key, &path)?;
    let bundle = Bundle {
        file: path,
        against: BundleAgainst {
            key: options.vkey.clone(),
            attachment: options.attachment.clone(),
            reports: options.reports.clone(),
        },
    };
    read_bundle(&bundle)
}

fn fetch_export(options: &Export) -> Result<Verdict, Failure> {
    fetch::export(&options.api, &options.output)?;
    verify(&Verify {
        export: options.output.clone(),
        against: options.against.clone(),
    })
}

fn open(path: &Path) -> Result<File, Failure> {
    File::open(path).map_err(|error| unreadable(path, error))
}

fn unreadable(path: &Path, error: io::Error) -> Failure {
    format!("{} cannot be read: {error}", path.display()).into()
}

fn write_reports(
    reports: &Reports,
    report: &impl serde::Serialize,
    page: impl FnOnce() -> String,
) -> Result<(), Failure> {
    let write = |path: &Path, bytes: Vec<u8>| -> Result<(), Failure> {
        fs::write(path, bytes)
            .map_err(|error| format!("{} cannot be written: {error}", path.display()).into())
    };
    if let Some(path) = &reports.report {
        let mut bytes = serde_json::to_vec_pretty(report)?;
        bytes.push(b'\n');
        write(path, bytes)?;
    }
    if let Some(path) = &reports.html {
        write(path, page().into_bytes())?;
    }
    Ok(())
}

fn say(line: &str) -> Result<(), Failure> {
    writeln!(io::stdout(), "{line}").map_err(Failure::from)
}

fn print_export(report: &ExportReport) -> Result<(), Failure> {
    let origin = report.origin.as_deref().unwrap_or("-");
    match report.verdict {
        Verdict::Verified => say(&format!(
            "verified: {origin}, {} events, root {}",
            report.size, report.root
        ))?,
        Verdict::Faulty => say(&format!("faulty: {origin}, {} events", report.size))?,
    }
    print_common(
        &report.checks,
        report.trust.as_ref(),
        &report.faults,
        report.faults_left_out,
    )?;
    say(&format!(
        "  {:.2} s, {:.0} events a second, {:.0} MB a second",
        report.timing.seconds,
        report.timing.events_per_second,
        report.timing.bytes_per_second / 1e6
    ))
}

fn print_bundle(report: &BundleReport) -> Result<(), Failure> {
    let word = match report.verdict {
        Verdict::Verified => "verified",
        Verdict::Faulty => "faulty",
    };
    say(&format!("{word}: {} of {}", report.ticket, report.origin))?;
    print_common(
        &report.checks,
        report.trust.as_ref(),
        &report.faults,
        report.faults_left_out,
    )?;
    for told in &report.history {
        print_told(told)?;
    }
    for file in &report.attachments {
        let place = file.position.map_or_else(
            || "is not shown to have been attached".to_owned(),
            |position| format!("was attached at position {position}"),
        );
        say(&format!("  {} {place}", file.path.display()))?;
    }
    Ok(())
}

fn print_told(told: &Told) -> Result<(), Failure> {
    let at = told.at.map_or_else(String::new, |at| {
        at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
    });
    let by = told.by.as_deref().unwrap_or_default();
    say(&format!("{:>8}  {at}  {by} {}", told.position, told.text))?;
    for value in told.values.iter().filter(|value| value.sealed) {
        let name = value.pointer.strip_prefix("/data/").unwrap_or(&value.pointer);
        let text = value.value.as_ref().map_or_else(
            || "not disclosed: withheld, or erased".to_owned(),
            |value| {
                value
                    .as_str()
                    .map_or_else(|| value.to_string(), ToOwned::to_owned)
            },
        );
        // Words of strangers must not steer the terminal.
        let text: String = text
            .chars()
            .map(|character| {
                if character.is_control() && character != '\n' {
                    '\u{fffd}'
                } else {
                    character
                }
            })
            .collect();
        say(&format!(
            "          {name}: {}",
            text.replace('\n', "\n            ")
        ))?;
    }
    Ok(())
}

fn print_common(
    checks: &[Check],
    trust: Option<&Trust>,
    faults: &[Fault],
    left_out: u64,
) -> Result<(), Failure> {
    for fault in faults.iter().take(PRINTED_FAULTS_MAX) {
        say(&format!(
            "position {}: {}: {}",
            fault.position,
            fault.code.as_str(),
            fault.detail
        ))?;
    }
    let more = left_out + faults.len().saturating_sub(PRINTED_FAULTS_MAX) as u64;
    if more > 0 {
        say(&format!("… and {more} more faults"))?;
    }
    for check in checks {
        let mark = if check.holds { "ok" } else { "WRONG" };
        say(&format!("  {mark:5}  {:>10}  {}", check.count, check.what))?;
    }
    let Some(trust) = trust else {
        return Ok(());
    };
    let why = match trust.how {
        TrustedBy::Pinned => "given from outside",
        TrustedBy::EndorsedByPinned => "reached by endorsements from the given key",
        TrustedBy::FirstInLog => "the first in the log: trust on first use, give --key to pin it",
        TrustedBy::EndorsedByFirstInLog => {
            "reached by endorsements from the first in the log: trust on first use, give --key to pin it"
        }
    };
    say(&format!("  key {}: {why}", trust.signing_key))
}
