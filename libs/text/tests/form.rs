//! What fills a field in, what is one line, what may be a name, what looks alike (faults B6, B7, S10).

use text::{
    fold, has_control, has_plain_marks, is_filled_in, is_name, is_one_line, keeps_direction, look_alike_keys,
};

#[test]
fn what_cannot_be_seen_does_not_fill_a_field_in() {
    for c in [
        '\u{200b}',
        '\u{200f}',
        '\u{2060}',
        '\u{2064}',
        '\u{feff}',
        '\u{ad}',
        '\u{34f}',
        '\u{180e}',
        '\u{fe00}',
        '\u{fe0f}',
        '\u{e0020}',
        '\u{3164}',
        '\u{115f}',
        '\u{1160}',
        '\u{ffa0}',
        '\u{202a}',
        '\u{202e}',
        '\u{2066}',
        '\u{2069}',
        '\u{2800}',
        '\u{a0}',
        '\u{3000}',
        '\u{2028}',
        '\u{85}',
        '\u{61c}',
        '\u{fff9}',
        '\u{1d159}',
        '\u{1d173}',
        '\u{17b4}',
        '\u{13430}',
        '\u{301}',
        '\u{20dd}',
        '\u{fffe}',
        '\u{fdd0}',
        '\u{fffc}',
        '\u{1107f}',
        '\u{16fe4}',
        '\t',
        '\u{7f}',
        '\0',
    ] {
        assert!(!is_filled_in(&format!(" {c}{c}\n")), "U+{:04X}", u32::from(c));
        assert!(is_filled_in(&format!("{c}a")), "U+{:04X}", u32::from(c));
    }
    assert!(!is_filled_in(""));
    for text in [
        "x",
        "é",
        "👩\u{200d}👧",
        "❤\u{fe0f}",
        "a\u{200b}b",
        "\u{200f}שלום",
        "\u{600}",
        "。",
        "\u{e000}",
    ] {
        assert!(is_filled_in(text), "{text:?}");
    }
}

#[test]
fn every_break_ends_a_line() {
    for c in [
        '\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}', '\t', '\0', '\u{9b}',
    ] {
        assert!(!is_one_line(&format!("a{c}b")), "U+{:04X}", u32::from(c));
    }
    assert!(is_one_line("a\u{a0}b\u{200b}c\u{3000}"));
    assert!(has_control("a\0") && has_control("\u{85}") && !has_control("a\tb\r\nc\u{2028}"));
}

#[test]
fn a_name_does_not_turn_its_neighbours() {
    for c in [
        '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}', '\u{2066}', '\u{2067}', '\u{2068}',
        '\u{2069}',
    ] {
        assert!(!is_name(&format!("a{c}b")), "U+{:04X}", u32::from(c));
        assert!(is_one_line(&format!("a{c}b")));
    }
    for c in ['\u{fff9}', '\u{fffb}', '\u{e0001}', '\u{e0041}', '\u{e007f}'] {
        assert!(!is_name(&format!("a{c}b")), "U+{:04X}", u32::from(c));
    }
    assert!(is_name("\u{200f}אבי") && is_name("Zoé 👩\u{200d}🔧") && !is_name("a\nb"));
}

#[test]
fn a_text_that_closes_its_directions_does_not_turn_what_follows() {
    for text in [
        "plain",
        "a \u{2067}אבי\u{2069} b",
        "\u{2068}a\u{2067}b\u{2069}c\u{2069}",
        "\u{202b}a\u{202c}",
        "\u{200f}a",
    ] {
        assert!(keeps_direction(text), "{text:?}");
    }
    for text in [
        "a\u{202e}b",
        "\u{202e}a\u{202c}",
        "\u{202d}a\u{202c}",
        "a\u{2066}b",
        "a\u{2069}b",
        "a\u{202c}b",
        "\u{2067}a\u{202c}",
        "\u{202a}a\u{2069}",
    ] {
        assert!(!keeps_direction(text), "{text:?}");
    }
}

/// Neighbours of fault S10: marks that are drawn over each other, or over the dot of an `i`.
#[test]
fn marks_that_cannot_be_told_apart_are_not_plain() {
    for text in [
        "admi\u{307}n",
        "j\u{307}ean",
        "\u{301}abc",
        "a \u{301}b",
        "á\u{301}gent",
        "a\u{300}\u{300}",
        "a\u{300}\u{301}\u{302}\u{303}\u{304}",
    ] {
        assert!(!has_plain_marks(text), "{text:?}");
    }
    for text in [
        "zoé",
        "zoe\u{301}",
        "Việt",
        "İstanbul",
        "ė",
        "נמס\u{5b0}ט\u{5b5}",
        "नमस्ते",
        "がぎ",
        "plain",
    ] {
        assert!(has_plain_marks(text), "{text:?}");
    }
}

#[test]
fn look_alikes_share_a_key() {
    let alike = |one, other| {
        let keys = look_alike_keys(other);
        look_alike_keys(one).iter().any(|key| keys.contains(key))
    };
    for (one, other) in [
        ("requester-1", "requester\u{2010}1"),
        ("requester-1", "requester\u{2011}1"),
        ("paypal", "pаypаl"),
        ("scope", "ѕсоре"),
        ("Agent", "agent"),
        ("ANNA", "ΑΝΝΑ"),
        ("anna", "ΑΝΝΑ"),
        ("IVAN", "іvan"),
    ] {
        assert!(alike(one, other), "{one:?} {other:?}");
    }
    for (one, other) in [
        ("agent", "agenda"),
        ("zoé", "zoe"),
        ("a1", "a2"),
        ("αννα", "anna"),
    ] {
        assert!(!alike(one, other), "{one:?} {other:?}");
    }
}

#[test]
fn folding_twice_changes_nothing() {
    let text = "Œuvre ẞ İstanbul ΐ ﬃ ㎏ Ǆ ŉ ΣΊΣΥΦΟΣ Йод مُحَمَّد שָׁלוֹם ｶﾞ ½ №";
    assert_eq!(fold(&fold(text)), fold(text));
}

/// Words are folded one by one; that is the same as folding the whole.
#[test]
fn a_text_is_folded_as_its_words_are() {
    let words = [
        "été",
        "plain",
        "\u{301}",
        "Œ\u{323}\u{301}",
        "ガ",
        "\u{3099}x",
        "한글",
        "\u{ad}",
        "№12",
    ];
    for one in words {
        for other in words {
            let both = format!("{one} {other}\n{one}");
            assert_eq!(
                fold(&both),
                format!("{} {}\n{}", fold(one), fold(other), fold(one)),
                "{both:?}"
            );
        }
    }
}

#[test]
fn texts_are_compared_without_case_accents_and_forms() {
    for (text, folded) in [
        ("Cœur", "coeur"),
        ("Lætitia", "laetitia"),
        ("STRAẞE Straße", "strasse strasse"),
        ("Iğdır İZMİR", "igdir izmir"),
        ("Καλημέρα ΣΊΣΥΦΟΣ σίσυφος", "καλημερα σισυφοσ σισυφοσ"),
        ("τῷ ᾼ\u{345}", "τω α"),
        ("Ёлка йогурт", "елка иогурт"),
        ("مُحَمَّد", "محمد"),
        ("שָׁלוֹם", "שלום"),
        (
            "ﬁn aﬀaire oﬃce Ｆｕｌｌ № ㎏ ² ĳ",
            "fin affaire office full no kg 2 ij",
        ),
        ("Łódź Ørsted Đuro Ħal", "lodz orsted duro hal"),
        ("im\u{ad}pri\u{200b}mante", "imprimante"),
        ("L’Ha\u{2011}Ha «\u{a0}d’ici\u{a0}»", "l'ha-ha \" d'ici \""),
    ] {
        assert_eq!(fold(text), folded, "{text:?}");
    }
}
