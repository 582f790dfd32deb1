//! The page of an export.

use super::text::{escaped, grouped, instant};
use super::{bars, checkpoint, checks, faults, landmarks, page, verdict};
use crate::export::Depth;
use crate::report::{ExportReport, Verdict};

/// The report of an export as a page that stands alone.
#[must_use]
pub fn export_page(report: &ExportReport) -> String {
    let origin = report.origin.as_deref().unwrap_or("a log without a name");
    let statistics = &report.statistics;
    let span = match (statistics.first_at, statistics.last_at) {
        (Some(first), Some(last)) => format!(", recorded from {} to {}", instant(first), instant(last)),
        _nothing => String::new(),
    };
    let sentence = match report.verdict {
        Verdict::Verified => {
            "Every event stands where it was recorded, none was changed, removed or put in between, and the signed \
             checkpoint is over just these."
        }
        Verdict::Faulty => "What is wrong is listed below, in the order in which a reader meets it.",
    };
    let at = |position: u64| {
        let at = statistics.landmarks.get(&position);
        at.map_or_else(String::new, |at| instant(*at))
    };
    let epochs: Vec<u64> = report.epochs.iter().map(|epoch| epoch.position).collect();
    let keys: Vec<u64> = report.keys.iter().map(|key| key.position).collect();
    let body = [
        format!(
            "<h1>Audit of {}</h1><p class=\"soft\">{} events in {} streams{}.</p>",
            escaped(origin),
            grouped(report.size),
            grouped(statistics.streams),
            escaped(&span)
        ),
        verdict(report.verdict, sentence),
        if report.faults.is_empty() {
            String::new()
        } else {
            faults(&report.faults, report.faults_left_out)
        },
        checks(&report.checks),
        depth(report),
        checkpoint(report.checkpoint.as_ref(), report.trust.as_ref()),
        older(report),
        bars::timeline(statistics, &epochs, &keys),
        landmarks(&report.keys, &report.epochs, at),
        erasures(report),
        streams(report),
        types(report),
        if report.faults.is_empty() {
            faults(&[], 0)
        } else {
            String::new()
        },
        took(report),
    ]
    .concat();
    page(&format!("Audit of {origin}"), &body)
}

fn depth(report: &ExportReport) -> String {
    let depth = match report.depth {
        Depth::Full => "The data of every event was decoded and folded by the rules.",
        Depth::Quick => "Quick: the data of events was hashed, but not read; nothing was folded.",
    };
    let queue = match &report.queue {
        Some(queue) => match (&queue.claimed, &queue.computed) {
            (Some(claimed), Some(computed)) if claimed == computed => format!(
                " The queue, folded here from the events, has the digest that the server names: <code>{}</code>.",
                escaped(computed)
            ),
            (Some(claimed), Some(computed)) => format!(
                " The queue, folded here, has the digest <code>{}</code>, but the server names <code>{}</code>.",
                escaped(computed),
                escaped(claimed)
            ),
            (Some(_), None) => " The digest of the queue was not computed.".to_owned(),
            (None, Some(computed)) => format!(
                " The queue has the digest <code>{}</code>; the server names none.",
                escaped(computed)
            ),
            (None, None) => String::new(),
        },
        None => String::new(),
    };
    format!("<p>{depth}{queue}</p>")
}

fn older(report: &ExportReport) -> String {
    if report.older_checkpoints.is_empty() {
        return String::new();
    }
    let rows: String = report
        .older_checkpoints
        .iter()
        .map(|older| {
            let (class, word) = if older.holds {
                ("good", "✓ this log goes on from it")
            } else {
                ("bad", "✗ another history")
            };
            format!(
                "<tr><td>{}</td><td class=\"number\">{}</td><td><code>{}</code></td><td class=\"{class}\">{word}</td></tr>",
                escaped(&older.name),
                grouped(older.size),
                escaped(&older.root)
            )
        })
        .collect();
    format!(
        "<h2>Checkpoints kept from earlier</h2><table><thead><tr><th>From</th><th class=\"number\">Events</th>\
         <th>Root</th><th>Result</th></tr></thead><tbody>{rows}</tbody></table>"
    )
}

fn erasures(report: &ExportReport) -> String {
    let erasures = &report.statistics.erasures;
    if erasures.is_empty() {
        return "<h2>Erasures</h2><p>No person was erased.</p>".to_owned();
    }
    let rows: String = erasures
        .iter()
        .map(|(position, at, person)| {
            format!(
                "<tr><td class=\"number\">{}</td><td>{}</td><td><code>{}</code></td></tr>",
                grouped(*position),
                instant(*at),
                escaped(person)
            )
        })
        .collect();
    let more = match report.statistics.erasures_left_out {
        0 => String::new(),
        more => format!("<p>{} more are not listed.</p>", grouped(more)),
    };
    format!(
        "<h2>Erasures</h2><p class=\"soft\">Their values cannot be read by anybody any more; their events stand, and \
         every proof still holds.</p><table><thead><tr><th class=\"number\">Position</th><th>When (UTC)</th>\
         <th>Person</th></tr></thead><tbody>{rows}</tbody></table>{more}"
    )
}

fn streams(report: &ExportReport) -> String {
    let rows = report.statistics.largest_streams.iter();
    counted(
        "Streams with most events",
        "Stream",
        rows.map(|(name, events)| (name.as_str(), *events)),
    )
}

fn types(report: &ExportReport) -> String {
    let mut rows: Vec<(&str, u64)> = report
        .statistics
        .types
        .iter()
        .map(|(name, events)| (name.as_str(), *events))
        .collect();
    rows.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    counted("Events by type", "Type", rows.into_iter())
}

fn counted<'r>(title: &str, what: &str, rows: impl Iterator<Item = (&'r str, u64)>) -> String {
    let rows: String = rows
        .map(|(name, events)| {
            format!(
                "<tr><td><code>{}</code></td><td class=\"number\">{}</td></tr>",
                escaped(name),
                grouped(events)
            )
        })
        .collect();
    format!(
        "<h2>{title}</h2><table><thead><tr><th>{what}</th><th class=\"number\">Events</th></tr></thead>\
         <tbody>{rows}</tbody></table>"
    )
}

fn took(report: &ExportReport) -> String {
    format!(
        "<p class=\"soft\">{} bytes read in {:.2} s: {} events a second, {:.0} MB a second.</p>",
        grouped(report.bytes),
        report.timing.seconds,
        grouped(report.timing.events_per_second as u64),
        report.timing.bytes_per_second / 1e6
    )
}
