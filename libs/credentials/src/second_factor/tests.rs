use chrono::TimeDelta;

use super::*;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

fn secret() -> Secret {
    Secret::from_base32("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").unwrap()
}

/// The code of the step at this second.
fn code(seconds: u64) -> String {
    totp(Algorithm::SHA1, CODE_DIGITS, &secret().0)
        .unwrap()
        .generate(seconds)
        .to_string()
}

#[test]
fn codes_are_those_of_rfc_6238_appendix_b() {
    // Time, then the code of SHA-1, SHA-256 and SHA-512.
    let vectors = [
        (59, "94287082", "46119246", "90693936"),
        (1_111_111_109, "07081804", "68084774", "25091201"),
        (1_111_111_111, "14050471", "67062674", "99943326"),
        (1_234_567_890, "89005924", "91819424", "93441116"),
        (2_000_000_000, "69279037", "90698825", "38618901"),
        (20_000_000_000, "65353130", "77737706", "47863826"),
    ];
    // The RFC's seeds are the digits again and again, as long as the hash (its erratum 2866).
    let seed = |bytes| totp_rs::Secret::from(b"1234567890".repeat(7)[..bytes].to_vec());
    for (seconds, sha1, sha256, sha512) in vectors {
        for (algorithm, bytes, code) in [
            (Algorithm::SHA1, 20, sha1),
            (Algorithm::SHA256, 32, sha256),
            (Algorithm::SHA512, 64, sha512),
        ] {
            let made = totp(algorithm, 8, &seed(bytes))
                .unwrap()
                .generate(seconds)
                .to_string();
            assert_eq!(made, code, "{algorithm:?} at {seconds}");
        }
        // Our six digits are the last ones of the RFC's eight.
        let step = secret().matching_step(&sha1[2..], at(seconds as i64));
        assert_eq!(step, Some(seconds / 30), "{seconds}");
    }
}

#[test]
fn the_code_of_the_step_before_and_after_is_taken_and_no_other() {
    let now = 1_800_000_015;
    let step = now as u64 / 30;
    let matching = |seconds: i64| secret().matching_step(&code(seconds as u64), at(now));
    assert_eq!(matching(now), Some(step));
    assert_eq!(matching(now - 30), Some(step - 1));
    assert_eq!(matching(now + 30), Some(step + 1));
    assert_eq!(matching(now - 60), None);
    assert_eq!(matching(now + 60), None);
    // By the second: the last of the step after, the first of the step before, and those beyond.
    assert_eq!(matching(now + 44), Some(step + 1));
    assert_eq!(matching(now + 45), None);
    assert_eq!(matching(now - 45), Some(step - 1));
    assert_eq!(matching(now - 46), None);
}

#[test]
fn a_code_is_six_digits_and_spaces_do_not_matter() {
    let now = 59;
    assert_eq!(code(now), "287082");
    let matching = |typed: &str| secret().matching_step(typed, at(now as i64));
    for typed in ["287082", "287 082", " 28 70 82 "] {
        assert_eq!(matching(typed), Some(1), "{typed}");
    }
    for other in [
        "",
        "28708",
        "2870820",
        "94287082",
        "+87082",
        "-87082",
        "28708a",
        "287-082",
        "287\u{a0}082",
        "２８７０８２",
        "287082\n",
        "287083",
    ] {
        assert_eq!(matching(other), None, "{other:?}");
    }
    assert_eq!(matching(&format!("287082{}", " ".repeat(100))), None);
}

#[test]
fn a_leading_zero_is_a_digit() {
    let seconds = (0..)
        .map(|step| step * 30)
        .find(|seconds| code(*seconds).starts_with('0'))
        .unwrap();
    assert_eq!(code(seconds).len(), 6);
    let shorter = code(seconds).trim_start_matches('0').to_owned();
    assert_eq!(
        secret().matching_step(&code(seconds), at(seconds as i64)),
        Some(seconds / 30)
    );
    assert_eq!(secret().matching_step(&shorter, at(seconds as i64)), None);
}

#[test]
fn no_code_fits_before_1970() {
    let before = DateTime::UNIX_EPOCH - TimeDelta::seconds(1);
    assert_eq!(secret().matching_step(&code(0), before), None);
    assert_eq!(secret().matching_step(&code(0), DateTime::UNIX_EPOCH), Some(0));
    assert_eq!(secret().matching_step("000000", DateTime::<Utc>::MAX_UTC), None);
}

#[test]
fn a_secret_is_160_bits_and_reads_back_from_base32() {
    let made = Secret::generate();
    let text = made.to_base32();
    assert_eq!(text.expose().len(), 32);
    assert_eq!(Secret::from_base32(text.expose()), Ok(made.clone()));
    assert_ne!(Secret::generate(), made);
    let grouped = "gezd gnbv gy3t qojq-gezd gnbv gy3t qojq====";
    assert_eq!(Secret::from_base32(grouped), Ok(secret()));
}

#[test]
fn a_text_that_is_no_secret_is_refused() {
    for text in [
        "",
        "not base32!",
        // 120 bits; and 520.
        &"A".repeat(24),
        &"A".repeat(104),
        // 0, 1, 8 and 9 are not in the alphabet of RFC 4648.
        "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJ0",
        // An unused bit that is not zero: 128 bits take 26 characters, the last with two unused bits.
        "AAAAAAAAAAAAAAAAAAAAAAAAAB",
        // A length that no bytes have.
        &"A".repeat(33),
        "ÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄ",
        &"A".repeat(100_000),
    ] {
        assert_eq!(Secret::from_base32(text), Err(SecretError), "{text}");
    }
    assert!(Secret::from_base32("AAAAAAAAAAAAAAAAAAAAAAAAAA").is_ok());
    assert!(Secret::from_base32(&format!("{}B", "A".repeat(102))).is_err());
    assert!(Secret::from_base32(&"A".repeat(103)).is_ok());
}

#[test]
fn the_url_names_issuer_and_account_and_nothing_breaks_out_of_it() {
    let url = secret().url("Guichet", "marie@example.org").unwrap();
    assert_eq!(
        url.expose(),
        "otpauth://totp/Guichet:marie%40example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Guichet"
    );
    let url = secret().url("Préfecture & co", "a?secret=B/#é").unwrap();
    assert_eq!(
        url.expose(),
        "otpauth://totp/Pr%C3%A9fecture%20%26%20co:a%3Fsecret%3DB%2F%23%C3%A9?\
         secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Pr%C3%A9fecture%20%26%20co"
    );
}

#[test]
fn a_name_without_a_place_in_the_url_is_refused() {
    let long = "a".repeat(NAME_CHARACTERS_MAX + 1);
    for name in ["", "a:b", "a\nb", &long] {
        assert_eq!(secret().url(name, "marie"), Err(UrlError::Issuer), "{name:?}");
        assert_eq!(
            secret().url("Guichet", name),
            Err(UrlError::AccountName),
            "{name:?}"
        );
    }
    assert!(secret().url("Guichet", &long[1..]).is_ok());
}

#[test]
fn debug_prints_nothing_of_a_secret() {
    assert_eq!(format!("{:?}", secret()), "Secret(..)");
    assert_eq!(format!("{:?}", secret().url("a", "b").unwrap()), "SecretText(..)");
}
