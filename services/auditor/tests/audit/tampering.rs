//! Every row of the tables of tamperings, found and named where it lies.

use auditor::bundle::{self, AttachmentGiven};
use auditor::export::{Depth, Expectations, KeptCheckpoint, verify};
use auditor::fault::Fault;
use auditor::html;
use auditor::report::{ExportReport, Verdict};
use auditor::trust::TrustedBy;
use sha2::{Digest as _, Sha256};
use transparency::VerifierKey;

use crate::table::Tampered;
use crate::{bundles, made, table};

fn keys(case: &Tampered) -> Vec<VerifierKey> {
    case.keys.iter().map(|key| key.parse().unwrap()).collect()
}

fn audited(case: &Tampered, depth: Depth) -> ExportReport {
    let checkpoints = case
        .checkpoints
        .iter()
        .enumerate()
        .map(|(number, note)| KeptCheckpoint {
            name: format!("checkpoint {number}"),
            note: note.clone(),
        });
    let expectations = Expectations {
        keys: keys(case),
        checkpoints: checkpoints.collect(),
        depth,
    };
    verify(case.file.as_slice(), &expectations, |_| {}).unwrap()
}

fn first(faults: &[Fault]) -> Option<(u64, &'static str)> {
    faults.first().map(|fault| (fault.position, fault.code.as_str()))
}

#[test]
fn every_tampering_of_an_export_is_named_where_it_lies() {
    let table = table::table();
    assert!(table.len() > 35);
    for case in &table {
        let report = audited(case, Depth::Full);
        assert_eq!(
            first(&report.faults),
            case.expected,
            "{}: {:#?}",
            case.name,
            report.faults
        );
        let verdict = if case.expected.is_none() {
            Verdict::Verified
        } else {
            Verdict::Faulty
        };
        assert_eq!(report.verdict, verdict, "{}", case.name);
        assert_eq!(
            report.checks.iter().all(|check| check.holds),
            case.expected.is_none(),
            "{}",
            case.name
        );
    }
}

#[test]
fn a_quick_look_finds_all_that_needs_no_decoding() {
    for case in table::table() {
        let report = audited(&case, Depth::Quick);
        let expected = case.expected.filter(|_| !case.needs_decoding);
        assert_eq!(
            first(&report.faults),
            expected,
            "{}: {:#?}",
            case.name,
            report.faults
        );
    }
}

#[test]
fn every_tampering_of_a_bundle_is_named_where_it_lies() {
    for case in bundles::bundles() {
        let report = bundle::verify(&case.file, &keys(&case), &[]);
        assert_eq!(
            first(&report.faults),
            case.expected,
            "{}: {:#?}",
            case.name,
            report.faults
        );
    }
}

#[test]
fn the_digest_computed_here_is_the_one_of_the_views() {
    let case = &table::table()[0];
    let report = audited(case, Depth::Full);
    let queue = report.queue.unwrap();
    assert_eq!(queue.computed, queue.claimed);
    assert_eq!(queue.computed.unwrap().len(), 64);
}

#[test]
fn a_report_says_on_what_its_trust_rests() {
    let table = table::table();
    let how = |name: &str| {
        let case = table.iter().find(|case| case.name == name).unwrap();
        audited(case, Depth::Quick).trust.unwrap().how
    };
    assert_eq!(how("untouched"), TrustedBy::FirstInLog);
    assert_eq!(how("untouched-with-key-and-checkpoints"), TrustedBy::Pinned);
    assert_eq!(how("untouched-with-two-keys"), TrustedBy::EndorsedByPinned);
}

#[test]
fn an_export_is_read_alike_however_it_is_cut() {
    struct Drops<'f>(&'f [u8]);
    impl std::io::Read for Drops<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let length = buffer.len().min(7).min(self.0.len());
            buffer[..length].copy_from_slice(&self.0[..length]);
            self.0 = &self.0[length..];
            Ok(length)
        }
    }
    let case = &table::table()[0];
    let report = verify(Drops(&case.file), &Expectations::default(), |_| {}).unwrap();
    assert_eq!((report.verdict, report.size), (Verdict::Verified, 38));
    assert_eq!(report.bytes, case.file.len() as u64);
}

#[test]
fn a_bundle_tells_the_disclosed_words_and_what_it_leaves_out() {
    let case = &bundles::bundles()[0];
    let report = bundle::verify(&case.file, &[], &[]);
    assert_eq!(report.history.len(), 10);
    let opened = &report.history[0];
    assert_eq!(opened.by.as_deref(), Some("Ada Requester"));
    let summary = opened
        .values
        .iter()
        .find(|value| value.pointer == "/data/summary")
        .unwrap();
    assert_eq!(summary.value, Some("Imprimante 1 muette".into()));
    let redacted = &report.history[4];
    assert_eq!(
        (redacted.position, redacted.version, redacted.values.len()),
        (13, None, 0)
    );
    assert_eq!(report.history[3].text, "followed take: open → in_progress");
}

#[test]
fn a_value_whose_key_is_withheld_is_said_to_be() {
    let mut bundle: serde_json::Value = serde_json::from_slice(&bundles::bundles()[0].file).unwrap();
    bundle["events"][0]["values"] = serde_json::json!({});
    let report = bundle::verify(bundle.to_string().as_bytes(), &[], &[]);
    assert_eq!(report.verdict, Verdict::Verified, "{:#?}", report.faults);
    let withheld = report.history[0]
        .values
        .iter()
        .filter(|value| value.value.is_none());
    assert_eq!(withheld.count(), 2);
}

#[test]
fn a_file_is_held_against_the_hash_that_the_ticket_has_of_it() {
    let case = &bundles::bundles()[0];
    let given = |bytes: &[u8]| AttachmentGiven {
        path: "facture.pdf".into(),
        sha256: hex::encode(Sha256::digest(bytes)),
    };
    let right = bundle::verify(&case.file, &[], &[given(made::ATTACHED)]);
    assert_eq!(
        (right.verdict, right.attachments[0].position),
        (Verdict::Verified, Some(15))
    );
    let wrong = bundle::verify(&case.file, &[], &[given(b"another bill")]);
    assert_eq!(first(&wrong.faults), Some((0, "attachment")));
}

#[test]
fn pages_load_nothing_and_escape_what_strangers_wrote() {
    let mut maker = made::Maker::new();
    let mut events = made::beginning(&mut maker);
    let body = made::personal(1, "<script>alert(1)</script>");
    events.extend(made::ticket(&mut maker, 1));
    events.push(maker.event(
        "SUP-1",
        "ticket-commented.v1",
        made::account(1),
        serde_json::json!({
            "side": "requester", "comment": made::account(77), "visibility": "public", "body": body,
        }),
    ));
    let bundle = made::bundle(&events, "SUP-1").to_string();
    let page = html::bundle_page(&bundle::verify(bundle.as_bytes(), &[], &[]));
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    let export = html::export_page(&audited(&table::table()[0], Depth::Full));
    for page in [page, export] {
        assert!(!page.contains("<script"));
        assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("url("));
    }
}

#[test]
fn a_replay_by_the_real_views_gives_the_digest_of_the_export() {
    let case = &table::table()[0];
    let dir = tempfile::tempdir().unwrap();
    let whole = auditor::replay::replay(case.file.as_slice(), None, &dir.path().join("whole")).unwrap();
    assert_eq!(whole.position, 38);
    assert_eq!(Some(&whole.queue), whole.claimed.as_ref());
    let part = auditor::replay::replay(case.file.as_slice(), Some(20), &dir.path().join("part")).unwrap();
    let log = table::log();
    assert_eq!(
        part.queue,
        made::queue_digest(log.events[..20].iter().map(String::as_str))
    );
    assert_eq!((part.position, part.claimed), (20, None));
}

#[test]
fn the_table_can_be_given_to_other_verifiers() {
    let cases: Vec<(String, Tampered)> = table::table()
        .into_iter()
        .map(|case| (case.name.to_owned(), case))
        .collect();
    let described = table::described(&cases);
    assert_eq!(described[0]["position"], serde_json::Value::Null);
    assert_eq!(described[3]["position"], 1);
    assert_eq!(described[3]["code"], "root");
}

/// What was not compared is not told to have been found in order.
#[test]
fn a_digest_that_nobody_names_is_not_told_to_hold() {
    let told = |file: &[u8]| {
        let report = verify(file, &Expectations::default(), |_| {}).unwrap();
        let lines = report
            .checks
            .iter()
            .map(|check| (check.what.clone(), check.count));
        lines.collect::<std::collections::BTreeMap<_, _>>()
    };
    assert_eq!(told(b"").get("digest of the queue"), None);
    let table = table::table();
    let of = |name: &str| told(&table.iter().find(|case| case.name == name).unwrap().file);
    assert_eq!(of("untouched").get("digest of the queue"), Some(&1));
    let passed_over = of("type-that-is-not-known");
    assert_eq!(passed_over.get("digest of the queue"), None);
    assert_eq!(passed_over.get("events of unknown types passed over"), Some(&1));
}

#[test]
fn what_is_no_bundle_is_told_in_words() {
    let mut out = Vec::new();
    auditor::print::bundle(&mut out, &bundle::verify(b"{}", &[], &[])).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.starts_with("faulty: no evidence bundle\n"), "{text}");
}
