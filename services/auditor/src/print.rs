//! What was found, as lines for a terminal. Every line goes through [`line()`], which lets nothing out that moves the
//! cursor or turns the direction of writing: files are written by strangers.

use std::error::Error;
use std::io::{self, Write};

use crate::bundle::Told;
use crate::fault::Fault;
use crate::report::{BundleReport, Check, ExportReport, Verdict};
use crate::trust::{Trust, TrustedBy};

/// Faults that are printed, at most; the reports list more.
const PRINTED_FAULTS_MAX: usize = 20;
/// Characters of a name out of a file, at most.
pub const NAME_CHARS_MAX: usize = 200;
/// Characters of a line, at most: what a text of a ticket can have.
pub const LINE_CHARS_MAX: usize = 24 * 1024;

/// Writes one line, whatever stands in `text`.
///
/// # Errors
///
/// Writing failed.
pub fn line(out: &mut impl Write, text: &str) -> io::Result<()> {
    writeln!(out, "{}", text::shown(text, LINE_CHARS_MAX))
}

/// Writes why a command came to no verdict, with the causes.
///
/// # Errors
///
/// Writing failed.
pub fn failure(out: &mut impl Write, failure: &(dyn Error + 'static)) -> io::Result<()> {
    let mut text = format!("guichet audit: {failure}");
    let mut cause = failure.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    line(out, &text)
}

/// Writes what was found in an export.
///
/// # Errors
///
/// Writing failed.
pub fn export(out: &mut impl Write, report: &ExportReport) -> io::Result<()> {
    let origin = name(report.origin.as_deref().unwrap_or("-"));
    let first = match report.verdict {
        Verdict::Verified => format!("verified: {origin}, {} events, root {}", report.size, report.root),
        Verdict::Faulty => format!("faulty: {origin}, {} events", report.size),
    };
    line(out, &first)?;
    common(
        out,
        &report.checks,
        report.trust.as_ref(),
        &report.faults,
        report.faults_left_out,
    )?;
    let timing = &report.timing;
    line(
        out,
        &format!(
            "  {:.2} s, {:.0} events a second, {:.0} MB a second",
            timing.seconds,
            timing.events_per_second,
            timing.bytes_per_second / 1e6
        ),
    )
}

/// Writes what was found in a bundle, and what it tells.
///
/// # Errors
///
/// Writing failed.
pub fn bundle(out: &mut impl Write, report: &BundleReport) -> io::Result<()> {
    let word = match report.verdict {
        Verdict::Verified => "verified",
        Verdict::Faulty => "faulty",
    };
    let of = match (report.ticket.as_str(), report.origin.as_str()) {
        ("", "") => "no evidence bundle".to_owned(),
        (ticket, origin) => format!("{} of {}", name(ticket), name(origin)),
    };
    line(out, &format!("{word}: {of}"))?;
    common(
        out,
        &report.checks,
        report.trust.as_ref(),
        &report.faults,
        report.faults_left_out,
    )?;
    for event in &report.history {
        told(out, event)?;
    }
    for file in &report.attachments {
        let place = file.position.map_or_else(
            || "is not shown to have been attached".to_owned(),
            |position| format!("was attached at position {position}"),
        );
        line(out, &format!("  {} {place}", file.path.display()))?;
    }
    Ok(())
}

fn name(text: &str) -> String {
    text::shown(text, NAME_CHARS_MAX)
}

fn told(out: &mut impl Write, told: &Told) -> io::Result<()> {
    let at = told.at.map_or_else(String::new, |at| {
        at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
    });
    let by = name(told.by.as_deref().unwrap_or_default());
    line(out, &format!("{:>8}  {at}  {by} {}", told.position, told.text))?;
    for value in told.values.iter().filter(|value| value.sealed) {
        let place = name(value.pointer.strip_prefix("/data/").unwrap_or(&value.pointer));
        let text = value.value.as_ref().map_or_else(
            || "not disclosed: withheld, or erased".to_owned(),
            |value| {
                value
                    .as_str()
                    .map_or_else(|| value.to_string(), ToOwned::to_owned)
            },
        );
        // The words of a stranger never begin a line of the terminal.
        let mut lead = format!("          {place}: ");
        for words in text.lines() {
            line(out, &format!("{lead}{}", words.replace('\t', "    ")))?;
            " ".repeat(12).clone_into(&mut lead);
        }
        if text.is_empty() {
            line(out, lead.trim_end())?;
        }
    }
    Ok(())
}

fn common(
    out: &mut impl Write,
    checks: &[Check],
    trust: Option<&Trust>,
    faults: &[Fault],
    left_out: u64,
) -> io::Result<()> {
    for fault in faults.iter().take(PRINTED_FAULTS_MAX) {
        let text = format!(
            "position {}: {}: {}",
            fault.position,
            fault.code.as_str(),
            fault.detail
        );
        line(out, &text)?;
    }
    let more = left_out + faults.len().saturating_sub(PRINTED_FAULTS_MAX) as u64;
    if more > 0 {
        line(out, &format!("… and {more} more faults"))?;
    }
    for check in checks {
        let mark = if check.holds { "ok" } else { "WRONG" };
        line(out, &format!("  {mark:5}  {:>10}  {}", check.count, check.what))?;
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
    line(out, &format!("  key {}: {why}", trust.signing_key))
}
