//! Carrying out a command: files in, words, files and an exit code out.

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, IsTerminal as _, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

use crate::arguments::{
    Against, Api, Arguments, Bundle, BundleAgainst, Command, Export, Prove, Replay, Reports, Verify,
};
use crate::bundle::{self, AttachmentGiven};
use crate::export::{self, Depth, Expectations, KeptCheckpoint};
use crate::files::{Destination, check_apart};
use crate::kind::{HEAD_BYTES, Kind};
use crate::report::Verdict;
use crate::{fetch, html, print, replay};

/// Exit code when a fault was found.
const FAULTY: u8 = 1;
/// Exit code when nothing can be said: a file cannot be read, the server does not answer.
const UNREADABLE: u8 = 2;
/// Bytes of a bundle that are read, at most: many times what the largest ticket has.
const BUNDLE_BYTES_MAX: u64 = 256 * 1024 * 1024;
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
            // Nobody is left to be told that standard error cannot be written to.
            let _ = print::failure(&mut io::stderr(), &*failure);
            ExitCode::from(UNREADABLE)
        }
    }
}

fn verify(options: &Verify) -> Result<Verdict, Failure> {
    let written = Written::of(&options.against.reports, None)?;
    written.check(options.against.reads().chain([options.export.as_path()]))?;
    let (input, bytes): (Box<dyn Read + Send>, Option<u64>) = if options.export == Path::new("-") {
        (Box::new(io::stdin()), None)
    } else {
        let file = open(&options.export)?;
        let bytes = file.metadata().map(|metadata| metadata.len()).ok();
        (Box::new(file), bytes)
    };
    let input = export_input(input, &options.export)?;
    verify_input(Box::new(input), bytes, &options.against, &written)
}

/// What a command writes.
struct Written {
    output: Option<Destination>,
    report: Option<Destination>,
    html: Option<Destination>,
}

impl Written {
    fn of(reports: &Reports, output: Option<&Path>) -> Result<Written, Failure> {
        let destination = |flag, path: Option<&Path>| {
            path.map(|path| Destination::new(flag, path, reports.force))
                .transpose()
        };
        Ok(Written {
            output: destination("--output", output)?,
            report: destination("--report", reports.report.as_deref())?,
            html: destination("--html", reports.html.as_deref())?,
        })
    }

    fn all(&self) -> impl Iterator<Item = &Destination> {
        self.output.iter().chain(&self.report).chain(&self.html)
    }

    /// That nothing of it is what is read, before anything is read or fetched.
    fn check<'p>(&self, read: impl IntoIterator<Item = &'p Path>) -> Result<(), Failure> {
        let all: Vec<&Destination> = self.all().collect();
        Ok(check_apart(read, &all)?)
    }

    /// Where people read what was found: not among what programs read.
    fn words(&self) -> Box<dyn io::Write> {
        if self.all().any(Destination::is_standard_output) {
            Box::new(io::stderr())
        } else {
            Box::new(io::stdout())
        }
    }

    fn reports(&self, report: &impl serde::Serialize, page: impl FnOnce() -> String) -> Result<(), Failure> {
        if let Some(destination) = &self.report {
            let mut bytes = serde_json::to_vec_pretty(report)?;
            bytes.push(b'\n');
            destination.write(&bytes)?;
        }
        if let Some(destination) = &self.html {
            destination.write(page().as_bytes())?;
        }
        Ok(())
    }
}

impl Against {
    fn reads(&self) -> impl Iterator<Item = &Path> {
        self.checkpoint.iter().map(PathBuf::as_path)
    }
}

impl Api {
    fn reads(&self) -> impl Iterator<Item = &Path> {
        self.api_ca.iter().map(PathBuf::as_path)
    }
}

impl BundleAgainst {
    fn reads(&self) -> impl Iterator<Item = &Path> {
        self.attachment.iter().map(PathBuf::as_path)
    }
}

/// The same input, unless it is a bundle.
fn export_input<R: Read>(mut input: R, path: &Path) -> Result<impl Read + use<R>, Failure> {
    let mut head = Vec::new();
    input
        .by_ref()
        .take(HEAD_BYTES)
        .read_to_end(&mut head)
        .map_err(|error| unreadable(path, error))?;
    match Kind::of(&head) {
        Kind::Bundle => {
            let path = path.display();
            let text = format!("{path} is an evidence bundle: verify it with `guichet audit bundle {path}`");
            Err(text.into())
        }
        Kind::Export | Kind::Unknown => Ok(io::Cursor::new(head).chain(input)),
    }
}

fn verify_input(
    input: Box<dyn Read + Send>,
    bytes: Option<u64>,
    against: &Against,
    written: &Written,
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
    print::export(&mut written.words(), &report)?;
    written.reports(&report, || html::export_page(&report))?;
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
    let written = Written::of(&options.against.reports, None)?;
    written.check(options.against.reads().chain([options.file.as_path()]))?;
    let input: Box<dyn Read> = if options.file == Path::new("-") {
        Box::new(io::stdin())
    } else {
        Box::new(open(&options.file)?)
    };
    bundle_input(input, &options.file, &options.against, &written)
}

fn bundle_input(
    input: impl Read,
    path: &Path,
    against: &BundleAgainst,
    written: &Written,
) -> Result<Verdict, Failure> {
    let mut document = Vec::new();
    let read = input
        .take(BUNDLE_BYTES_MAX + 1)
        .read_to_end(&mut document)
        .map_err(|error| unreadable(path, error))?;
    if Kind::of(&document) == Kind::Export {
        let path = path.display();
        let text = format!("{path} is an export of the log: verify it with `guichet audit verify {path}`");
        return Err(text.into());
    }
    if read as u64 > BUNDLE_BYTES_MAX {
        return Err(format!("a bundle has at most {BUNDLE_BYTES_MAX} bytes").into());
    }
    let attachments = against.attachment.iter().map(|path| attachment(path));
    let attachments: Vec<AttachmentGiven> = attachments.collect::<Result<_, Failure>>()?;
    let report = bundle::verify(&document, &against.key, &attachments);
    print::bundle(&mut written.words(), &report)?;
    written.reports(&report, || html::bundle_page(&report))?;
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
    let file = export_input(open(&options.export)?, &options.export)?;
    let replayed = match &options.dir {
        Some(dir) => replay::replay(file, options.until, dir)?,
        None => {
            let dir = tempfile::tempdir()?;
            replay::replay(file, options.until, dir.path())?
        }
    };
    let (position, queue) = (replayed.position, &replayed.queue);
    let digest = serde_json::json!({"position": position, "queue": queue});
    print::line(&mut io::stdout(), &digest.to_string())?;
    if let Some(claimed) = replayed.claimed.filter(|claimed| claimed != queue) {
        print::failure(
            &mut io::stderr(),
            &*Failure::from(format!("the export names the digest {claimed}")),
        )?;
        return Ok(Verdict::Faulty);
    }
    Ok(Verdict::Verified)
}

fn prove(options: &Prove) -> Result<Verdict, Failure> {
    let path = options
        .output
        .clone()
        .unwrap_or_else(|| PathBuf::from(format!("{}.bundle.json", options.key)));
    let against = BundleAgainst {
        key: options.vkey.clone(),
        attachment: options.attachment.clone(),
        reports: options.reports.clone(),
    };
    let written = Written::of(&options.reports, Some(&path))?;
    written.check(against.reads().chain(options.api.reads()))?;
    let bundle = fetched(&written, |file| fetch::evidence(&options.api, &options.key, file))?;
    bundle_input(bundle, &path, &against, &written)
}

fn fetch_export(options: &Export) -> Result<Verdict, Failure> {
    let against = &options.against;
    let written = Written::of(&against.reports, Some(&options.output))?;
    written.check(against.reads().chain(options.api.reads()))?;
    let export = fetched(&written, |file| fetch::export(&options.api, file))?;
    let bytes = export.metadata().map(|metadata| metadata.len()).ok();
    let input = export_input(export, &options.output)?;
    verify_input(Box::new(input), bytes, against, &written)
}

/// What was fetched, once it is kept where it belongs: all of it, so that half an answer is never taken for one.
fn fetched(
    written: &Written,
    fetch: impl FnOnce(&mut NamedTempFile) -> Result<(), fetch::FetchError>,
) -> Result<File, Failure> {
    let Some(output) = &written.output else {
        return Err("what is fetched has no place".into());
    };
    let mut begun = output.begin()?;
    fetch(&mut begun)?;
    Ok(output.finish(begun)?)
}

fn open(path: &Path) -> Result<File, Failure> {
    File::open(path).map_err(|error| unreadable(path, error))
}

fn unreadable(path: &Path, error: io::Error) -> Failure {
    format!("{} cannot be read: {error}", path.display()).into()
}
