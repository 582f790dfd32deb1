use super::*;

/// The least that Argon2 takes: what is tested here does not depend on how long it takes.
const CHEAP: HashingCost = HashingCost {
    memory_kib: 8,
    iterations: 1,
    parallelism: 1,
};
const FITS: Checked = Checked {
    fits: true,
    outdated: false,
};
const DOES_NOT_FIT: Checked = Checked {
    fits: false,
    outdated: false,
};

fn cheap() -> Passwords {
    Passwords::new(CHEAP).unwrap()
}

#[test]
fn a_password_fits_its_hash_and_no_other() {
    let passwords = Passwords::new(HashingCost::default()).unwrap();
    let hash = passwords.hash("brouette violon").unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    assert_eq!(passwords.check("brouette violon", Some(&hash)), FITS);
    for other in ["brouette violo", "brouette violon ", "Brouette violon", ""] {
        assert_eq!(passwords.check(other, Some(&hash)), DOES_NOT_FIT, "{other}");
    }
}

#[test]
fn two_hashes_of_one_password_differ() {
    let passwords = cheap();
    assert_ne!(passwords.hash("a").unwrap(), passwords.hash("a").unwrap());
}

#[test]
fn without_a_hash_nothing_fits_and_the_work_is_that_of_todays_hash() {
    let passwords = Passwords::new(HashingCost::default()).unwrap();
    assert_eq!(passwords.check("", None), DOES_NOT_FIT);
    let (nobodys, real) = (passwords.nobodys_hash.clone(), passwords.hash("a").unwrap());
    let (nobodys, real) = (
        PasswordHash::new(&nobodys).unwrap(),
        PasswordHash::new(&real).unwrap(),
    );
    assert_eq!(nobodys.algorithm, real.algorithm);
    assert_eq!(nobodys.version, real.version);
    assert_eq!(nobodys.params, real.params);
    let bytes = |hash: &PasswordHash| {
        (
            hash.salt.as_ref().map(|salt| salt.len()),
            hash.hash.as_ref().map(|output| output.len()),
        )
    };
    assert_eq!(bytes(&nobodys), (Some(16), Some(32)));
    assert_eq!(bytes(&nobodys), bytes(&real));
}

#[test]
fn each_process_has_a_nobody_of_its_own() {
    assert_ne!(cheap().nobodys_hash, cheap().nobodys_hash);
}

#[test]
fn a_hash_that_cannot_be_read_fits_nothing() {
    let passwords = cheap();
    let real = passwords.hash("a").unwrap();
    for hash in [
        "",
        "a",
        "$argon2id$",
        "$argon2id$v=19$m=8,t=1,p=1",
        "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
        "$scrypt$ln=4,r=8,p=1$c29tZXNhbHQ$c29tZWhhc2g",
        &real.replace("argon2id", "argon2x"),
        &real.replace("p=1", "p=x"),
        &real[..real.len() - 5],
    ] {
        let checked = passwords.check("a", Some(hash));
        assert!(!checked.fits, "{hash}");
    }
}

#[test]
fn a_hash_of_another_cost_or_algorithm_still_fits_and_is_outdated() {
    let outdated = Checked {
        fits: true,
        outdated: true,
    };
    let passwords = cheap();
    for other in [
        HashingCost {
            memory_kib: 16,
            ..CHEAP
        },
        HashingCost {
            iterations: 2,
            ..CHEAP
        },
        HashingCost {
            memory_kib: 16,
            parallelism: 2,
            ..CHEAP
        },
    ] {
        let hash = Passwords::new(other).unwrap().hash("a").unwrap();
        assert_eq!(passwords.check("a", Some(&hash)), outdated, "{other:?}");
        assert!(!passwords.check("b", Some(&hash)).fits);
    }
    let made = |algorithm, version, bytes| {
        let params = Params::new(8, 1, 1, Some(bytes)).unwrap();
        let hash = Argon2::new(algorithm, version, params)
            .hash_password(b"a")
            .unwrap();
        passwords.check("a", Some(&hash.to_string()))
    };
    assert_eq!(made(Algorithm::Argon2i, Version::V0x13, 32), outdated);
    assert_eq!(made(Algorithm::Argon2d, Version::V0x13, 32), outdated);
    assert_eq!(made(Algorithm::Argon2id, Version::V0x10, 32), outdated);
    assert_eq!(made(Algorithm::Argon2id, Version::V0x13, 16), outdated);
    assert_eq!(made(Algorithm::Argon2id, Version::V0x13, 32), FITS);
}

#[test]
fn two_keyboards_agree_on_an_accent() {
    let passwords = cheap();
    let hash = passwords.hash("\u{e9}t\u{e9} \u{ac00}").unwrap();
    let decomposed = "e\u{301}te\u{301} \u{1100}\u{1161}";
    assert_eq!(passwords.check(decomposed, Some(&hash)), FITS);
    let hash = passwords.hash(decomposed).unwrap();
    assert_eq!(passwords.check("\u{e9}t\u{e9} \u{ac00}", Some(&hash)), FITS);
    assert_eq!(passwords.check("ete \u{ac00}", Some(&hash)), DOES_NOT_FIT);
}

#[test]
fn normalizing_never_outgrows_its_buffer() {
    // The characters that grow most in UTF-8, three times each, and one that grows less.
    for worst in ["\u{1d160}", "\u{1d15f}", "\u{fb2c}"] {
        let password = worst.repeat(100);
        let normal = normal(&password);
        assert!(normal.len() <= 3 * password.len());
        assert_eq!(normal.capacity(), 3 * password.len());
    }
}

#[test]
fn a_password_that_is_too_long_is_not_hashed_and_fits_nothing() {
    let passwords = cheap();
    let longest = "a".repeat(PASSWORD_BYTES_MAX);
    let hash = passwords.hash(&longest).unwrap();
    assert_eq!(passwords.check(&longest, Some(&hash)), FITS);
    let longer = longest + "a";
    assert!(matches!(passwords.hash(&longer), Err(HashError::TooLong)));
    assert_eq!(passwords.check(&longer, Some(&hash)), DOES_NOT_FIT);
    assert_eq!(
        passwords.check(&longer, Some(&passwords.hash("").unwrap())),
        DOES_NOT_FIT
    );
}

#[test]
fn a_cost_outside_of_its_limits_is_refused_with_every_fault() {
    let cost = HashingCost {
        memory_kib: 1,
        iterations: 21,
        parallelism: 1,
    };
    let Err(PasswordsError::Cost(error)) = Passwords::new(cost) else {
        panic!("the cost was taken");
    };
    assert_eq!(error.faults.len(), 2);
}

#[test]
fn a_hash_of_the_reference_implementation_fits() {
    // The vector of the reference implementation's tests: Argon2id, 19, 2 passes, 64 MiB, "password", "somesalt".
    let hash = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    assert!(cheap().check("password", Some(hash)).fits);
    assert!(!cheap().check("passwore", Some(hash)).fits);
}

#[test]
fn debug_prints_no_hash() {
    assert_eq!(format!("{:?}", cheap()), "Passwords { .. }");
}
