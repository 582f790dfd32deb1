//! Signed notes, checkpoints, keys and endorsements. The fixtures were written by `fixtures/second_implementation.py`.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use transparency::{
    Checkpoint, CheckpointTextError, EndorsementError, Hash, NoteTextError, OpenCheckpointError,
    OpenNoteError, Origin, OriginError, SigningKey, VerifierKey, VerifierKeyError, countersign, endorse,
    leaf_hash, open_note, sign_note, verify_endorsement,
};

/// The key and the note in the documentation of Go's `golang.org/x/mod/sumdb/note`.
const GO_VERIFIER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const GO_SECRET: &str = "810a1402d5146c8d84f2443330f54080ebf98ee17d9c74f6252fc5d5c7283173";
const GO_TEXT: &str =
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const GO_SIGNATURE: &str = "\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

fn key(name: &str, secret: u8) -> SigningKey {
    SigningKey::new(name.parse().unwrap(), &[secret; 32])
}

fn checkpoint() -> Checkpoint {
    Checkpoint {
        origin: "guichet.example/log".parse().unwrap(),
        size: 1234,
        root: leaf_hash(b"a root"),
    }
}

#[test]
fn the_note_that_go_documents_comes_out_and_opens() {
    let secret: Vec<u8> = (0..64)
        .step_by(2)
        .map(|at| u8::from_str_radix(&GO_SECRET[at..at + 2], 16).unwrap())
        .collect();
    let key = SigningKey::new(
        "PeterNeumann".parse().unwrap(),
        secret.as_slice().try_into().unwrap(),
    );
    assert_eq!(key.verifier().to_string(), GO_VERIFIER);
    let note = sign_note(GO_TEXT, &key).unwrap();
    assert_eq!(note, format!("{GO_TEXT}\n{GO_SIGNATURE}"));
    let opened = open_note(&note, &[GO_VERIFIER.parse().unwrap()]).unwrap();
    assert_eq!(opened.text, GO_TEXT);
    assert_eq!(opened.signed_by, [key.verifier().clone()]);
}

#[test]
fn the_forms_of_another_implementation_are_ours() {
    let log_key = key("guichet.example/log", 7);
    let next_key = key("guichet.example/log", 8);
    let line = |text: &str| text.trim_end().to_owned();
    assert_eq!(
        log_key.verifier().to_string(),
        line(include_str!("fixtures/verifier-key-v1.txt"))
    );
    assert_eq!(
        next_key.verifier().to_string(),
        line(include_str!("fixtures/next-verifier-key-v1.txt"))
    );
    assert_eq!(
        checkpoint().sign(&log_key).unwrap(),
        include_str!("fixtures/checkpoint-v1.txt")
    );
    let endorsement = line(include_str!("fixtures/endorsement-v1.txt"));
    assert_eq!(endorse(&log_key, next_key.verifier()), endorsement);
    verify_endorsement(log_key.verifier(), next_key.verifier(), &endorsement).unwrap();
}

#[test]
fn a_checkpoint_opens_by_its_key_beside_signatures_of_strangers() {
    let (log_key, witness) = (key("guichet.example/log", 7), key("witness.example/w", 9));
    let note = countersign(&checkpoint().sign(&log_key).unwrap(), &witness).unwrap();
    let opened = Checkpoint::open(&note, &[log_key.verifier().clone()]).unwrap();
    assert_eq!(opened.checkpoint, checkpoint());
    assert_eq!(opened.signed_by, [log_key.verifier().clone()]);
    assert_eq!(
        Checkpoint::open(&note, &[witness.verifier().clone()]),
        Err(OpenCheckpointError::OtherLog {
            origin: checkpoint().origin,
            signer: "witness.example/w".parse().unwrap()
        })
    );
    assert_eq!(Checkpoint::read_unverified(&note), Ok(checkpoint()));
    assert!(checkpoint().sign(&witness).is_err());
}

#[test]
fn a_checkpoint_by_an_unknown_key_is_refused() {
    let note = checkpoint().sign(&key("guichet.example/log", 7)).unwrap();
    let other = key("guichet.example/log", 8).verifier().clone();
    let Err(OpenCheckpointError::Note(OpenNoteError::UnknownKey { names })) =
        Checkpoint::open(&note, &[other])
    else {
        panic!("opened by a key that did not sign it");
    };
    assert_eq!(names.len(), 1);
    assert!(names[0].starts_with("guichet.example/log+"), "{names:?}");
}

#[test]
fn no_bit_of_a_signed_checkpoint_may_change() {
    let log_key = key("guichet.example/log", 7);
    let keys = [log_key.verifier().clone()];
    let note = checkpoint().sign(&log_key).unwrap();
    for bit in 0..note.len() * 8 {
        let mut bytes = note.clone().into_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        if let Ok(changed) = String::from_utf8(bytes) {
            assert!(Checkpoint::open(&changed, &keys).is_err(), "bit {bit}: {changed}");
        }
    }
}

#[test]
fn a_false_signature_spoils_the_note_even_beside_a_true_one() {
    let log_key = key("guichet.example/log", 7);
    let keys = [log_key.verifier().clone()];
    let true_note = checkpoint().sign(&log_key).unwrap();
    let other = Checkpoint {
        size: 1235,
        ..checkpoint()
    }
    .sign(&log_key)
    .unwrap();
    let stolen = other.split_once("\n\n").unwrap().1;
    let refused = Checkpoint::open(&format!("{true_note}{stolen}"), &keys);
    assert_eq!(
        refused,
        Err(OpenCheckpointError::Note(OpenNoteError::BadSignature {
            key: keys[0].to_string()
        }))
    );
}

#[test]
fn what_is_not_a_note_is_refused_by_its_reason() {
    let log_key = key("guichet.example/log", 7);
    let keys = [log_key.verifier().clone()];
    let note = sign_note("a\n\nb\n", &log_key).unwrap();
    assert_eq!(open_note(&note, &keys).unwrap().text, "a\n\nb\n");
    let line = note.rsplit("\n\n").next().unwrap();
    let refused = |text: &str| match open_note(text, &keys) {
        Err(OpenNoteError::Text(reason)) => reason,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(""), NoteTextError::Parts);
    assert_eq!(refused("text\n"), NoteTextError::Parts);
    assert_eq!(refused("text\n\n"), NoteTextError::Parts);
    assert_eq!(refused(&format!("\n\n{line}")), NoteTextError::Parts);
    assert_eq!(refused(&format!("a\r\n\n{line}")), NoteTextError::Control('\r'));
    assert_eq!(refused(&format!("a\n\n{}", line.trim_end())), NoteTextError::End);
    assert_eq!(
        refused(&format!("a\n\n{line}- x AAAAAAA=\n")),
        NoteTextError::SignatureLine(2)
    );
    assert_eq!(
        refused("a\n\n\u{2014} x AAAAAA==\n"),
        NoteTextError::SignatureLine(1)
    );
    assert_eq!(
        refused(&format!("a\n\n{}", line.repeat(65))),
        NoteTextError::TooManySignatures
    );
    assert_eq!(refused(&"a".repeat(65_537)), NoteTextError::TooLong(65_537));
    assert_eq!(sign_note("no end", &log_key), Err(NoteTextError::End));
}

#[test]
fn what_is_not_a_checkpoint_is_refused_by_its_reason() {
    let text = checkpoint().to_string();
    assert_eq!(text.parse(), Ok(checkpoint()));
    assert_eq!(format!("{text}an extension\n").parse(), Ok(checkpoint()));
    let refused = |text: &str| text.parse::<Checkpoint>().unwrap_err();
    assert_eq!(refused("a\n1\n"), CheckpointTextError::Lines);
    assert_eq!(refused(text.trim_end()), CheckpointTextError::Lines);
    assert_eq!(refused(&format!("{text}\n")), CheckpointTextError::Lines);
    for size in ["01", "+1", "-1", "1 ", "18446744073709551616"] {
        let changed = text.replace("\n1234\n", &format!("\n{size}\n"));
        assert_eq!(refused(&changed), CheckpointTextError::Size(size.to_owned()));
    }
    assert!(matches!(
        refused("a b\n1\nAAAA\n"),
        CheckpointTextError::Origin(_)
    ));
    assert!(matches!(refused("a\n1\nAAAA\n"), CheckpointTextError::Root(_)));
}

#[test]
fn what_is_not_a_verifier_key_is_refused_by_its_reason() {
    let refused = |text: &str| text.parse::<VerifierKey>().unwrap_err();
    assert_eq!(refused("PeterNeumann+c74f20a3"), VerifierKeyError::Form);
    assert_eq!(
        refused(&GO_VERIFIER.replace("c74f20a3", "c74f20a4")),
        VerifierKeyError::Id {
            expected: "c74f20a3".to_owned(),
            found: "c74f20a4".to_owned()
        }
    );
    assert!(matches!(
        refused(&GO_VERIFIER.replace("c74f", "C74F")),
        VerifierKeyError::Id { .. }
    ));
    assert!(matches!(
        refused(&GO_VERIFIER.replace("+AR", "+*R")),
        VerifierKeyError::Base64(_)
    ));
    assert_eq!(
        refused(&GO_VERIFIER.replace("+AR", "+BR")),
        VerifierKeyError::Algorithm
    );
    assert_eq!(
        refused(&GO_VERIFIER.replace("+ARpc", "+ARpcAAAA")),
        VerifierKeyError::Algorithm
    );
    assert_eq!(
        refused(&GO_VERIFIER.replace("Peter", "Peter ")),
        VerifierKeyError::Name(OriginError::Forbidden(' '))
    );
}

#[test]
fn an_origin_has_no_spaces_of_any_kind_and_no_plus() {
    assert_eq!("".parse::<Origin>(), Err(OriginError::Empty));
    assert_eq!(
        "a".repeat(201).parse::<Origin>(),
        Err(OriginError::TooLong { bytes: 201 })
    );
    for forbidden in [' ', '+', '\n', '\u{a0}', '\u{2003}', '\u{7f}'] {
        let name = format!("a{forbidden}b");
        assert_eq!(name.parse::<Origin>(), Err(OriginError::Forbidden(forbidden)));
    }
    assert_eq!(
        "établissement.example/journal"
            .parse::<Origin>()
            .unwrap()
            .as_str()
            .len(),
        30
    );
}

#[test]
fn an_endorsement_holds_for_one_pair_of_keys_only() {
    let (first, second, third) = (key("a.example", 1), key("a.example", 2), key("a.example", 3));
    let renamed = key("b.example", 2);
    let word = endorse(&first, second.verifier());
    assert_eq!(
        verify_endorsement(first.verifier(), second.verifier(), &word),
        Ok(())
    );
    for (by, new) in [
        (&second, &second),
        (&first, &third),
        (&first, &renamed),
        (&second, &first),
    ] {
        let refused = verify_endorsement(by.verifier(), new.verifier(), &word);
        assert!(
            matches!(refused, Err(EndorsementError::False { .. })),
            "{refused:?}"
        );
    }
    let cut = verify_endorsement(first.verifier(), second.verifier(), &word[..word.len() - 1]);
    assert!(matches!(cut, Err(EndorsementError::Base64(_))));
}

#[test]
fn a_secret_is_not_shown() {
    let shown = format!("{:?}", key("a.example", 200));
    assert!(
        shown.starts_with("SigningKey(a.example+") && shown.ends_with("…)"),
        "{shown}"
    );
    assert!(!shown.contains("200"), "{shown}");
}

#[test]
fn a_hash_reads_back_from_its_text_only() {
    let hash = leaf_hash(b"leaf");
    let text = hash.to_string();
    assert_eq!(text.len(), 44);
    assert_eq!(text.parse(), Ok(hash));
    assert!(text.trim_end_matches('=').parse::<Hash>().is_err());
    assert!("AAAA".parse::<Hash>().is_err());
    assert_eq!(Hash::list(&[0; 33]), None);
    assert_eq!(Hash::list(&[0; 64]), Some(vec![Hash([0; 32]); 2]));
}
