use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::json;

use super::*;
use crate::scan::json;
use crate::sealed::{ValueKeys, put_back};

/// The other way.
fn slowly(data: &str) -> Option<(Value, u64)> {
    json::check(data.as_bytes(), json::DATA_DEPTH_MAX).ok()?;
    let mut value = serde_json::from_str(data).ok()?;
    let counted = put_back(&mut value, &ValueKeys::new(), &mut Vec::new()).ok()?;
    Some((value, counted.sealed))
}

fn mark() -> Value {
    json!({"sealed": {
        "ciphertext": "Zkzo34bn6vRdkh/K7p8k0QAA",
        "commitment": "q0F2VmmqtR2/QQf+7DIQUFZJitVa6QbJRrpSx1xj60E",
        "subject": "01900000-0000-7000-8000-000000000ada",
        "v": 1,
    }})
}

/// A mark with one member changed, or none.
fn any_mark() -> impl Strategy<Value = String> {
    let other = prop_oneof![
        Just(json!(1)),
        Just(json!(1.0)),
        Just(json!(null)),
        Just(json!("Zkzo"))
    ];
    let changed = ("v|subject|commitment|ciphertext|more", other).prop_map(|(name, other)| {
        let mut mark = mark();
        mark["sealed"][name] = other;
        mark.to_string()
    });
    let escaped = Just(mark().to_string().replace("h/K", r"h\/K"));
    let listed = Just(r#"{"sealed":[1,"01900000-0000-7000-8000-000000000ada","a","b"]}"#.to_owned());
    prop_oneof![5 => Just(mark().to_string()), 3 => changed, 1 => escaped, 1 => listed]
}

/// JSON as text, so that a name can stand twice.
fn any_json() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|value| value.to_string()),
        any::<i64>().prop_map(|value| value.to_string()),
        any::<u64>().prop_map(|value| value.to_string()),
        any::<f64>().prop_map(|value| json!(value).to_string()),
        any::<String>().prop_map(|value| Value::from(value).to_string()),
        Just("1e999".to_owned()),
        Just("123456789012345678901234567890".to_owned()),
        any_mark(),
    ];
    scalar.prop_recursive(6, 48, 5, |inner| {
        let name = r"sealed|v|subject|\\u0073ealed|a|b/c|\$serde_json::private::RawValue";
        let member = (name, inner.clone()).prop_map(|(name, value)| format!("\"{name}\":{value}"));
        prop_oneof![
            prop::collection::vec(inner, 0..5).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec(member, 0..5).prop_map(|members| format!("{{{}}}", members.join(","))),
        ]
    })
}

/// Fault M11: what is read in one go is counted, and so is what both ways refuse, so that neither can be all there was.
#[test]
fn what_is_read_in_one_go_is_what_the_other_way_reads() {
    const CASES: u32 = 1_024;
    let mut runner = TestRunner::new_with_rng(
        Config {
            failure_persistence: None,
            ..Config::with_cases(CASES)
        },
        TestRng::deterministic_rng(RngAlgorithm::ChaCha),
    );
    let cut = prop::option::weighted(0.1, 0_usize..40);
    let (at_once, marks, slow, refused) = (Cell::new(0), Cell::new(0), Cell::new(0), Cell::new(0));
    let add = |count: &Cell<u32>| count.set(count.get() + 1);
    let outcome = runner.run(&(any_json(), cut), |(data, cut)| {
        let data = match cut {
            Some(cut) => data.chars().take(cut).collect(),
            None => data,
        };
        match (read(&data, &mut Vec::new()), slowly(&data)) {
            (Some(read), slowly) => {
                add(&at_once);
                if read.1 > 0 {
                    add(&marks);
                }
                prop_assert_eq!(Some(read), slowly);
            }
            // Only what our writer does not write is left to the other way.
            (None, Some(_)) => {
                add(&slow);
                prop_assert!(data.contains('\\') || data.contains("sealed"), "{}", data);
            }
            (None, None) => add(&refused),
        }
        Ok(())
    });
    assert!(outcome.is_ok(), "{outcome:?}");
    let counts = [&at_once, &marks, &slow, &refused].map(Cell::get);
    assert!(
        counts
            .iter()
            .zip([400, 20, 20, 100])
            .all(|(found, least)| *found >= least),
        "read at once, with marks, the other way, refused: {counts:?}"
    );
}

#[test]
fn what_our_writer_writes_is_read_in_one_go() {
    let data =
        json!({"body": mark(), "fields": {"a": mark(), "b": ["x", 1, null, true]}, "sealed": {"other": 1}});
    let (value, sealed) = read(&data.to_string(), &mut Vec::new()).unwrap();
    assert_eq!(sealed, 2);
    assert_eq!(
        value["fields"]["a"],
        json!({"personal": {
            "subject": "01900000-0000-7000-8000-000000000ada",
            "erased": true,
            "commitment": "q0F2VmmqtR2/QQf+7DIQUFZJitVa6QbJRrpSx1xj60E",
        }})
    );
    assert_eq!(Some((value, sealed)), slowly(&data.to_string()));
}

#[test]
fn what_lies_too_deep_is_left_to_the_other_way() {
    let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(
        read(&nested(DEPTH_MAX + 1), &mut Vec::new()),
        slowly(&nested(DEPTH_MAX + 1))
    );
    assert!(read(&nested(DEPTH_MAX + 1), &mut Vec::new()).is_some());
    assert_eq!(read(&nested(DEPTH_MAX + 2), &mut Vec::new()), None);
}
