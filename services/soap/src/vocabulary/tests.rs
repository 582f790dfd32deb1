use super::*;

fn status(id: &str, category: StatusCategory) -> Status {
    Status {
        id: id.into(),
        label: id.into(),
        category,
        response_required: false,
    }
}

#[test]
fn the_shipped_files_are_read_and_hold_the_seeds_codes() {
    let codes = ReturnCodes::load(None).unwrap();
    let pairs = [
        (ReturnCode::Ok, "0", "OK"),
        (ReturnCode::Missing, "1", "champ obligatoire non renseigné"),
        (ReturnCode::Invalid, "2", "format ou valeur incorrecte"),
        (ReturnCode::UnknownReference, "3", "référence inconnue"),
        (
            ReturnCode::ForbiddenTransition,
            "4",
            "transition d'état interdite",
        ),
        (ReturnCode::Other, "9", "autre"),
    ];
    for (code, number, label) in pairs {
        assert_eq!(
            (codes.of(code).code.as_str(), codes.of(code).label.as_str()),
            (number, label)
        );
    }
}

#[test]
fn every_status_has_a_state_of_the_protocol() {
    let words = Vocabulary::load(None).unwrap();
    for (id, state) in [
        ("queued", "QUEUED"),
        ("open_active", "OPENACTIVE"),
        ("to_be_cancelled", "OPENACTIVE.TO.BE.CANCELED"),
        ("cleared", "CLEARED"),
        ("deferred", "DEFERRED"),
        ("closed", "CLOSED"),
    ] {
        assert_eq!(words.state(&status(id, StatusCategory::New)), state);
        assert!(words.knows_state(state));
    }
    assert_eq!(
        words.state(&status("on_site", StatusCategory::Active)),
        "OPENACTIVE"
    );
    assert_eq!(words.state(&status("archived", StatusCategory::Done)), "CLOSED");
}

#[test]
fn an_operator_replaces_the_labels_and_a_broken_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("codes.toml");
    std::fs::write(&path, SHIPPED_RETURN_CODES.replace("\"OK\"", "\"Accepté\"")).unwrap();
    assert_eq!(
        ReturnCodes::load(Some(&path)).unwrap().of(ReturnCode::Ok).label,
        "Accepté"
    );
    std::fs::write(&path, "ok = 1").unwrap();
    let error = ReturnCodes::load(Some(&path)).unwrap_err().to_string();
    assert!(error.contains("codes.toml"), "{error}");
}

/// Fault P6: a file of one's own is looked at before anybody calls.
#[test]
fn a_word_that_cannot_be_one_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("words.toml");
    let fault = |text: String| {
        std::fs::write(&path, text).unwrap();
        let codes = ReturnCodes::load(Some(&path)).map(drop);
        let words = Vocabulary::load(Some(&path)).map(drop);
        [codes, words].into_iter().find_map(|loaded| match loaded {
            Err(error @ LoadVocabularyError::Word { .. }) => Some(error.to_string()),
            Err(_) | Ok(()) => None,
        })
    };
    let changed = |shipped: &str, from: &str, to: &str| {
        assert!(shipped.contains(from), "{from}");
        shipped.replacen(from, to, 1)
    };
    for (text, what) in [
        (
            changed(SHIPPED_RETURN_CODES, "\"OK\"", "\" \""),
            "ok.label is not one filled-in line",
        ),
        (
            changed(SHIPPED_RETURN_CODES, "code = \"9\"", "code = \"\u{200b}\""),
            "other.code is not one filled-in line",
        ),
        (
            changed(SHIPPED_RETURN_CODES, "code = \"9\"", "code = \"0\""),
            "other has the code of success",
        ),
        (
            changed(SHIPPED_VOCABULARY, "desk = \"SAV\"", "desk = \"\""),
            "desk is not one filled-in line",
        ),
        (
            changed(SHIPPED_VOCABULARY, "queued = \"QUEUED\"", "queued = \"A\\nB\""),
            "states.queued is not one filled-in line",
        ),
        (
            changed(
                SHIPPED_VOCABULARY,
                "OC CASE INFORMATION NOTIFICATION",
                "Case Create Request",
            ),
            "message_types.create and message_types.from_operator are the same",
        ),
        (
            changed(SHIPPED_VOCABULARY, "state = \"CLOSED\"", "state = \"OPENACTIVE\""),
            "the state \"OPENACTIVE\" has two orders",
        ),
    ] {
        assert_eq!(
            fault(text),
            Some(format!("in the file {}, {what}", path.display()))
        );
    }
}
