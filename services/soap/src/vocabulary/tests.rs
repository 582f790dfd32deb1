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
        std::fs::write(&path, &text).unwrap();
        let loaded = if text.contains("request_type") {
            Vocabulary::load(Some(&path)).map(drop)
        } else {
            ReturnCodes::load(Some(&path)).map(drop)
        };
        match loaded {
            Err(error @ LoadVocabularyError::Word { .. }) => Some(error.to_string()),
            Err(_) | Ok(()) => None,
        }
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

/// Fault B7: all that is wrong with a file is told at once.
#[test]
fn every_fault_of_a_file_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("words.toml");
    let write = |text: &str| std::fs::write(&path, text).unwrap();
    let file = format!("in the file {}, ", path.display());
    let words = |text: &str| {
        write(text);
        Vocabulary::load(Some(&path)).unwrap_err().to_string()
    };
    let codes = |text: &str| {
        write(text);
        ReturnCodes::load(Some(&path)).unwrap_err().to_string()
    };
    assert_eq!(
        codes(
            "ok = 1\nmore = 2\n[missing]\ncode = \"1\"\nlabel = 2\n[invalid]\ncode = \"2\"\n[other]\ncode = \"9\"\nlabel = \"a\""
        ),
        format!(
            "{file}forbidden_transition is missing; invalid.label is missing; missing.label is no string; ok is no table; \
             unknown_reference is missing; more is not known"
        )
    );
    let twice = SHIPPED_RETURN_CODES
        .replace("code = \"9\"", "code = \"0\"")
        .replace("code = \"2\"", "code = \"0\"")
        .replace("\"OK\"", "\" \"");
    assert_eq!(
        codes(&twice),
        format!(
            "{file}ok.label is not one filled-in line; invalid has the code of success; other has the code of success"
        )
    );
    let changed = SHIPPED_VOCABULARY
        .replace("desk = \"SAV\"", "")
        .replace("queued = \"QUEUED\"", "queued = 1")
        .replace("action = \"withdraw\"", "act = \"withdraw\"")
        .replace(
            "yields_to_notification = true",
            "yields_to_notification = \"yes\"",
        );
    assert_eq!(
        words(&changed),
        format!(
            "{file}desk is missing; orders 1: action is missing; orders 1: act is not known; \
             orders 3: yields_to_notification is no boolean; states.queued is no string"
        )
    );
    // Statuses are the desk's own, and what need not be there may be left out.
    write(
        &SHIPPED_VOCABULARY
            .replace("queued = \"QUEUED\"", "other = \"QUEUED\"")
            .replace("yields_to_notification = true", ""),
    );
    assert!(Vocabulary::load(Some(&path)).is_ok());
    // What is no TOML at all is told with its line.
    assert!(words("desk = ").contains("does not have the form"));
}
