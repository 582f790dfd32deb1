//! What is found out once all entries are read: the files, and the report.

use std::time::Instant;

use serde_json::Value;

use super::{AttachmentGiven, Verifying};
use crate::bundle::{AttachmentChecked, Told};
use crate::fault::Code;
use crate::report::{BundleReport, Check, Checks, Timing, Verdict};

impl Verifying {
    pub(super) fn attachments(
        &mut self,
        history: &[Told],
        given: &[AttachmentGiven],
    ) -> Vec<AttachmentChecked> {
        let position_of = |sha256: &str| {
            let told = history.iter().find(|told| {
                told.values.iter().any(|value| {
                    let is_hash = value.pointer == "/data/content_sha256";
                    is_hash && value.value.as_ref().and_then(Value::as_str) == Some(sha256)
                })
            });
            told.map(|told| told.position)
        };
        let mut checked = Vec::with_capacity(given.len());
        for file in given {
            let position = position_of(&file.sha256);
            if position.is_none() {
                let detail = format!(
                    "{} (SHA-256 {}) is not a file that the bundle shows to have been attached",
                    file.path.display(),
                    file.sha256
                );
                self.faults.push(0, Code::Attachment, detail);
            }
            checked.push(AttachmentChecked {
                path: file.path.clone(),
                sha256: file.sha256.clone(),
                position,
            });
        }
        checked
    }

    pub(super) fn report(self, started: Instant, bytes: usize) -> BundleReport {
        let mut report = self.report.unwrap_or_else(BundleReport::empty);
        let (faults, faults_left_out) = self.faults.finish();
        let checks = Checks::new(&faults);
        let shown = report.history.len() as u64 - self.redacted;
        let done = [
            checks.of("form", 1, &[Code::Header, Code::Line]),
            checks.of("inclusion proofs", self.proofs, &[Code::Proof]),
            checks.of(
                "keys and epochs",
                (self.keyring.keys().len() + self.keyring.epochs().len()) as u64,
                &[Code::Enrolment, Code::Endorsement, Code::Trust],
            ),
            checks.of(
                "checkpoint",
                u64::from(report.checkpoint.is_some()),
                &[Code::Origin, Code::Signature],
            ),
            checks.of(
                "events shown",
                shown,
                &[
                    Code::Envelope,
                    Code::Data,
                    Code::Stream,
                    Code::Position,
                    Code::Version,
                ],
            ),
            checks.of("events left out", self.redacted, &[Code::Version]),
            checks.of("sealed values", self.counted.sealed, &[Code::Sealed]),
            checks.of("values disclosed", self.counted.opened, &[Code::Value]),
            checks.of("files", report.attachments.len() as u64, &[Code::Attachment]),
        ];
        report.checks = done.into_iter().filter(Check::is_worth_telling).collect();
        report.verdict = Verdict::of(&faults);
        report.keys = self.keyring.keys();
        report.epochs = self.keyring.epochs().to_vec();
        report.faults = faults;
        report.faults_left_out = faults_left_out;
        report.timing = Timing::since(started, shown, bytes as u64);
        report
    }
}
