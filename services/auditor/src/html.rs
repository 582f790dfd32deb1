//! Reports as one page that a person reads: nothing is loaded from elsewhere, and no script runs.

mod bars;
mod bundle;
mod export;
mod text;

pub use bundle::bundle_page;
pub use export::export_page;

use crate::fault::Fault;
use crate::report::{Check, CheckpointSaid, Verdict};
use crate::trust::{Enrolled, Epoch, Trust, TrustedBy};
use text::{escaped, escaped_lines, grouped};

/// Colours are few, so that the page prints.
const STYLE: &str = include_str!("html/style.css");

/// A whole page.
fn page(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
         <title>{}</title><style>{STYLE}</style></head><body><main>{body}</main></body></html>\n",
        escaped(title)
    )
}

/// The verdict, large, with a sentence under it.
fn verdict(verdict: Verdict, sentence: &str) -> String {
    let (class, word) = match verdict {
        Verdict::Verified => ("good", "Verified"),
        Verdict::Faulty => ("bad", "Not as it should be"),
    };
    format!(
        "<section class=\"verdict {class}\"><strong>{word}</strong><p>{}</p></section>",
        escaped(sentence)
    )
}

/// What was looked at.
fn checks(checks: &[Check]) -> String {
    let rows: String = checks
        .iter()
        .map(|check| {
            let (class, mark) = if check.holds {
                ("good", "✓ holds")
            } else {
                ("bad", "✗ does not hold")
            };
            format!(
                "<tr><td>{}</td><td class=\"number\">{}</td><td class=\"{class}\">{mark}</td></tr>",
                escaped(&check.what),
                grouped(check.count)
            )
        })
        .collect();
    format!(
        "<h2>What was checked</h2><table><thead><tr><th>What</th><th class=\"number\">How many</th><th>Result</th>\
         </tr></thead><tbody>{rows}</tbody></table>"
    )
}

/// The faults, or that there are none.
fn faults(faults: &[Fault], left_out: u64) -> String {
    if faults.is_empty() {
        return "<h2>Faults</h2><p>None.</p>".to_owned();
    }
    let rows: String = faults
        .iter()
        .map(|fault| {
            format!(
                "<tr><td class=\"number\">{}</td><td><code>{}</code></td><td>{}</td></tr>",
                grouped(fault.position),
                escaped(fault.code.as_str()),
                escaped(&fault.detail)
            )
        })
        .collect();
    let more = match left_out {
        0 => String::new(),
        more => format!("<p>{} more are not listed.</p>", grouped(more)),
    };
    format!(
        "<h2>Faults</h2><table><thead><tr><th class=\"number\">Position</th><th>Kind</th><th>What is wrong</th></tr>\
         </thead><tbody>{rows}</tbody></table>{more}"
    )
}

/// The checkpoint, and on what it rests that it is believed.
fn checkpoint(checkpoint: Option<&CheckpointSaid>, trust: Option<&Trust>) -> String {
    let Some(said) = checkpoint else {
        return "<h2>Checkpoint</h2><p>None could be read.</p>".to_owned();
    };
    let why = match trust {
        None => "The key that signed it is <strong>not</strong> one to be believed.".to_owned(),
        Some(trust) => {
            let why = match trust.how {
                TrustedBy::Pinned => "It was given from outside.",
                TrustedBy::EndorsedByPinned => {
                    "A chain of endorsements leads to it from the key that was given from outside:"
                }
                TrustedBy::FirstInLog => {
                    "It is the first key that the log names. Nobody outside vouches for it (trust on first use): \
                     another log, made up as a whole, would look the same. Compare the key below with one that you \
                     have from elsewhere."
                }
                TrustedBy::EndorsedByFirstInLog => {
                    "A chain of endorsements leads to it from the first key that the log names. Nobody outside \
                     vouches for that one (trust on first use):"
                }
            };
            format!("{why} <code>{}</code>", escaped(&trust.believed_key))
        }
    };
    let signer = trust.map_or_else(String::new, |trust| {
        format!(
            "<dt>Signed by</dt><dd><code>{}</code></dd>",
            escaped(&trust.signing_key)
        )
    });
    format!(
        "<h2>Checkpoint</h2><dl><dt>Log</dt><dd><code>{}</code></dd><dt>Events</dt><dd>{}</dd><dt>Root</dt>\
         <dd><code>{}</code></dd>{signer}<dt>Why the key is believed</dt><dd>{why}</dd></dl>\
         <details open><summary>The signed note, worth keeping: later exports can be held against it</summary>\
         <pre>{}</pre></details>",
        escaped(&said.origin),
        grouped(said.size),
        escaped(&said.root),
        escaped_lines(&said.note)
    )
}

/// Keys and epochs, in the order of the log.
fn landmarks(keys: &[Enrolled], epochs: &[Epoch], at: impl Fn(u64) -> String) -> String {
    let mut rows: Vec<(u64, String)> = Vec::new();
    for epoch in epochs {
        let mut what = format!(
            "Epoch {} begins: <code>{}</code>",
            epoch.epoch,
            escaped(&epoch.origin)
        );
        if let Some((from, to)) = epoch.lost {
            what.push_str(&format!(
                ". <strong>Positions {} to {} of the epoch before were lost.</strong>",
                grouped(from),
                grouped(to)
            ));
        }
        if let Some(reason) = &epoch.reason {
            what.push_str(&format!(" Reason: {}", escaped_lines(reason)));
        }
        rows.push((epoch.position, what));
    }
    for key in keys {
        let endorsed = if key.is_endorsed {
            ", endorsed by the key before it"
        } else {
            ""
        };
        let what = format!("Key enrolled{endorsed}: <code>{}</code>", escaped(&key.key));
        rows.push((key.position, what));
    }
    rows.sort();
    let rows: String = rows
        .into_iter()
        .map(|(position, what)| {
            format!(
                "<tr><td class=\"number\">{}</td><td>{}</td><td>{what}</td></tr>",
                grouped(position),
                at(position)
            )
        })
        .collect();
    format!(
        "<h2>Epochs and keys</h2><table><thead><tr><th class=\"number\">Position</th><th>When (UTC)</th><th>What</th>\
         </tr></thead><tbody>{rows}</tbody></table>"
    )
}
