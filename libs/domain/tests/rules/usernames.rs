//! User names that people cannot tell apart.

use std::collections::BTreeSet;

use domain::account::profile::{is_plain_username, look_alike_keys, username_faults, username_key};

/// Two names of which one may not be given where the other is held.
fn conflict(one: &str, other: &str) -> bool {
    let keys = |name: &str| -> BTreeSet<String> { look_alike_keys(name) };
    let plain = is_plain_username(one) && is_plain_username(other);
    username_key(one) == username_key(other) || (!plain && !keys(one).is_disjoint(&keys(other)))
}

/// Fault S10: signs that look like a hyphen, a dot or a figure stood in user names.
#[test]
fn outside_ascii_a_user_name_holds_letters_marks_and_digits_only() {
    for name in [
        "requester\u{2010}1",
        "requester\u{b7}1",
        "requester\u{2019}1",
        "requester\u{5f3}1",
        "requester\u{30fb}1",
        "zo\u{200d}e",
        "zo\u{200c}e",
        "zoe\u{2460}",
        "zoe\u{b2}",
        "zoe\u{bd}",
        "zoe\u{2713}",
        "zoe\u{1f600}",
        "zoe\u{ff0d}1",
        "a\u{a0}b",
        "admi\u{307}n",
        "\u{301}abc",
        "á\u{301}gent",
        "ME",
        " Me ",
    ] {
        assert!(!username_faults("/username", name).is_empty(), "{name:?}");
    }
    for name in [
        "zoé",
        "zoe\u{301}",
        "марія",
        "μαρία",
        "משה",
        "李明",
        "さくら",
        "नमस्ते",
        "o'brien-1_x.y@z (2)",
        "Anne Marie",
    ] {
        assert_eq!(username_faults("/username", name), [], "{name:?}");
    }
}

/// Fault S10: names of one script that look like names of another (Unicode Technical Standard 39 §4).
#[test]
fn a_name_that_looks_like_another_conflicts_with_it() {
    for (one, other) in [
        ("coc", "\u{441}\u{43e}\u{441}"),
        ("COC", "\u{421}\u{41e}\u{421}"),
        ("pac", "\u{440}\u{430}\u{441}"),
        ("ABE", "\u{391}\u{392}\u{395}"),
        ("abe", "\u{391}\u{392}\u{395}"),
        ("o o", "\u{43e}  \u{43e}"),
        ("zoé", "zoe\u{301}"),
        ("ZOÉ", "zoé"),
        ("\u{3bf}\u{3bd}", "ov"),
        ("\u{43e}\u{43e}", "\u{3bf}\u{3bf}"),
    ] {
        assert!(conflict(one, other) && conflict(other, one), "{one:?} {other:?}");
    }
}

/// Fault S10: plain names are typed, and who types them tells `l` from `1`; accents and letters make other names.
#[test]
fn names_that_people_can_tell_apart_do_not_conflict() {
    for (one, other) in [
        ("paul1", "paull"),
        ("barn", "bam"),
        ("requester-1", "requester-2"),
        ("zoe", "zoé"),
        ("лев", "lev"),
        ("李明", "李朋"),
    ] {
        assert!(!conflict(one, other), "{one:?} {other:?}");
    }
}
