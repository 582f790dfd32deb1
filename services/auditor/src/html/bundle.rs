//! The page of an evidence bundle.

use serde_json::Value;

use super::text::{escaped, escaped_lines, grouped, instant};
use super::{checkpoint, checks, faults, landmarks, page, verdict};
use crate::bundle::{Disclosed, Told};
use crate::report::{BundleReport, Verdict};

/// The report of an evidence bundle as a page that stands alone.
#[must_use]
pub fn bundle_page(report: &BundleReport) -> String {
    let ticket = if report.ticket.is_empty() {
        "no ticket"
    } else {
        &report.ticket
    };
    let sentence = match report.verdict {
        Verdict::Verified => {
            "Every event below is proven to stand in the log that the checkpoint is over, as it was recorded, and every \
             value shown is the one that was sealed there."
        }
        Verdict::Faulty => "What is wrong is listed below.",
    };
    let body = [
        format!(
            "<h1>{}</h1><p class=\"soft\">Evidence from {}.</p>",
            escaped(ticket),
            escaped(&report.origin)
        ),
        verdict(report.verdict, sentence),
        if report.faults.is_empty() {
            String::new()
        } else {
            faults(&report.faults, report.faults_left_out)
        },
        history(&report.history),
        files(report),
        checks(&report.checks),
        checkpoint(report.checkpoint.as_ref(), report.trust.as_ref()),
        landmarks(&report.keys, &report.epochs, |_| String::new()),
        LIMITS.to_owned(),
    ]
    .concat();
    page(&format!("Evidence of {ticket}"), &body)
}

const LIMITS: &str = "<h2>What a bundle cannot show</h2><p>That nothing happened to the ticket after its last entry; that \
     an event left out is of this ticket rather than of another; that no newer key was enrolled before the checkpoint. An \
     export of the whole log shows all three.</p>";

fn history(history: &[Told]) -> String {
    let items: String = history.iter().map(told).collect();
    format!("<h2>What happened</h2><ol class=\"history\">{items}</ol>")
}

fn told(told: &Told) -> String {
    let place = format!("position {}", grouped(told.position));
    let Some(by) = &told.by else {
        return format!(
            "<li class=\"redacted\"><div class=\"when\">{place}</div><em>{}</em></li>",
            escaped(&told.text)
        );
    };
    let when = told.at.map_or_else(String::new, instant);
    let happened = told
        .occurred_at
        .map_or_else(String::new, |at| format!(", happened {}", instant(at)));
    let for_whom = told
        .on_behalf_of
        .as_ref()
        .map_or_else(String::new, |account| format!(", for {},", escaped(account)));
    let values: String = told.values.iter().map(value).collect();
    format!(
        "<li><div class=\"when\">{when}{happened} · {place} · version {} · <code>{}</code></div>\
         <strong>{}</strong>{for_whom} {}{values}</li>",
        told.version.unwrap_or_default(),
        escaped(told.event_type.as_deref().unwrap_or_default()),
        escaped(by),
        escaped(&told.text)
    )
}

fn value(value: &Disclosed) -> String {
    let name = value.pointer.strip_prefix("/data/").unwrap_or(&value.pointer);
    match (&value.value, value.sealed) {
        (None, _) => format!(
            "<blockquote><span class=\"name\">{}</span> <em>not disclosed: withheld, or erased</em></blockquote>",
            escaped(name)
        ),
        (Some(shown), true) => format!(
            "<blockquote><span class=\"name\">{}</span> {}</blockquote>",
            escaped(name),
            escaped_lines(&plain(shown))
        ),
        (Some(shown), false) => format!(
            "<div class=\"name\">{}: <code>{}</code></div>",
            escaped(name),
            escaped_lines(&plain(shown))
        ),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            value.to_string()
        }
    }
}

fn files(report: &BundleReport) -> String {
    if report.attachments.is_empty() {
        return String::new();
    }
    let rows: String = report
        .attachments
        .iter()
        .map(|file| {
            let result = match file.position {
                Some(position) => format!(
                    "<td class=\"good\">✓ attached at position {}</td>",
                    grouped(position)
                ),
                None => "<td class=\"bad\">✗ not shown to have been attached</td>".to_owned(),
            };
            format!(
                "<tr><td>{}</td><td><code>{}</code></td>{result}</tr>",
                escaped(&file.path.display().to_string()),
                escaped(&file.sha256)
            )
        })
        .collect();
    format!(
        "<h2>Files</h2><table><thead><tr><th>File</th><th>SHA-256</th><th>Result</th></tr></thead><tbody>{rows}</tbody>\
         </table>"
    )
}
