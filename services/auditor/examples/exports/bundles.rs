//! Evidence bundles with one thing wrong each, and where that must be found.

use serde_json::{Value, json};

use crate::made::{self, key};
use crate::readings;
use crate::table::{Tampered, log};

/// The whole table. The events of the bundle are those at 9 to 18; the internal note at 13 is left out.
pub(crate) fn bundles() -> Vec<Tampered> {
    let good = made::bundle(&log().made, "SUP-1");
    let mut cases = of_the_document(&good);
    cases.extend(of_entries(&good));
    cases.extend(readings::bundles(&good));
    cases.push(Tampered {
        keys: vec![key(7).verifier().to_string()],
        ..changed(&good, "bundle-another-key-given", Some((0, "trust")), &|_| {})
    });
    cases
}

fn changed(
    good: &Value,
    name: &'static str,
    expected: Option<(u64, &'static str)>,
    change: &dyn Fn(&mut Value),
) -> Tampered {
    let mut bundle = good.clone();
    change(&mut bundle);
    Tampered {
        name,
        file: bundle.to_string().into_bytes(),
        keys: vec![key(1).verifier().to_string()],
        checkpoints: Vec::new(),
        expected,
        needs_decoding: false,
    }
}

fn change_text(value: &mut Value, change: impl Fn(&str) -> String) {
    *value = change(value.as_str().unwrap()).into();
}

/// The base64 of 32 bytes that are no hash and no key of the log.
fn other_hash() -> Value {
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".into()
}

fn of_the_document(good: &Value) -> Vec<Tampered> {
    let case = |name, expected, change: &dyn Fn(&mut Value)| changed(good, name, expected, change);
    vec![
        case("bundle-untouched", None, &|_| {}),
        case("bundle-event-of-another-ticket", Some((9, "stream")), &|bundle| {
            bundle["ticket"] = "SUP-2".into();
        }),
        case(
            "bundle-without-first-key-event",
            Some((2, "version")),
            &|bundle| {
                bundle["keys"].as_array_mut().unwrap().remove(0);
            },
        ),
        case("bundle-of-another-origin", Some((0, "origin")), &|bundle| {
            bundle["origin"] = "guichet.example/other".into();
        }),
        case("bundle-changed-signature", Some((0, "signature")), &|bundle| {
            change_text(&mut bundle["checkpoint"], |note| {
                let place = note.len() - 20;
                let other = if &note[place..=place] == "A" { "B" } else { "A" };
                format!("{}{other}{}", &note[..place], &note[place + 1..])
            });
        }),
        case("bundle-unknown-member", Some((0, "header")), &|bundle| {
            bundle["more"] = 1.into();
        }),
    ]
}

fn of_entries(good: &Value) -> Vec<Tampered> {
    let case = |name, expected, change: &dyn Fn(&mut Value)| changed(good, name, expected, change);
    vec![
        case("bundle-changed-event", Some((14, "proof")), &|bundle| {
            change_text(&mut bundle["events"][5]["event"], |text| {
                text.replacen("\"channel\":\"rest\"", "\"channel\":\"soap\"", 1)
            });
        }),
        case("bundle-changed-proof", Some((11, "proof")), &|bundle| {
            bundle["events"][2]["proof"][1] = other_hash();
        }),
        case("bundle-other-value-key", Some((10, "value")), &|bundle| {
            bundle["events"][1]["values"]["/data/body"] = other_hash();
        }),
        case("bundle-value-key-for-nothing", Some((11, "value")), &|bundle| {
            bundle["events"][2]["values"] = json!({"/data/side": other_hash()});
        }),
        case("bundle-changed-leaf", Some((13, "proof")), &|bundle| {
            bundle["events"][4]["leaf"] = other_hash();
        }),
        case("bundle-missing-event", Some((12, "version")), &|bundle| {
            bundle["events"].as_array_mut().unwrap().remove(2);
        }),
        case(
            "bundle-missing-redacted-event",
            Some((14, "version")),
            &|bundle| {
                bundle["events"].as_array_mut().unwrap().remove(4);
            },
        ),
        case("bundle-user-name-disclosed", Some((5, "value")), &|bundle| {
            bundle["accounts"][0]["values"]["/data/username"] = other_hash();
        }),
        case("bundle-redacted-with-values", Some((13, "line")), &|bundle| {
            bundle["events"][4]["values"] = json!({});
        }),
    ]
}
