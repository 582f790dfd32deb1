//! Codes on paper, each good once.

use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize as _, Zeroizing};

use crate::secret_text::SecretText;

/// How many codes are made at a time.
pub const RECOVERY_CODES: usize = 10;
/// The random bits of a code. Too many to try, so a plain SHA-256 of it can be kept.
pub const RECOVERY_CODE_BITS: usize = 80;

/// Crockford's alphabet: no I, L, O, which are read as 1 and 0, and no U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CHARACTERS: usize = RECOVERY_CODE_BITS / 5;
const GROUP_CHARACTERS: usize = 4;
/// Nobody types more for 16 characters; a longer text is not worth reading.
const TYPED_BYTES_MAX: usize = 64;

/// Codes that were just made.
#[derive(Debug)]
pub struct RecoveryCodes {
    /// What is shown, once: [`RECOVERY_CODES`] of four groups like `7K3M-0XWB-91TE-HQ5C`, in Crockford's base32.
    pub codes: Vec<SecretText>,
    /// What is kept: the [`recovery_digest`] of each, in the same order.
    pub digests: Vec<String>,
}

impl RecoveryCodes {
    /// Makes [`RECOVERY_CODES`] codes of [`RECOVERY_CODE_BITS`] random bits each.
    #[must_use]
    pub fn generate() -> RecoveryCodes {
        let (codes, digests) = (0..RECOVERY_CODES)
            .map(|_| {
                let bits = Zeroizing::new(rand::random::<[u8; RECOVERY_CODE_BITS / 8]>());
                let plain = write(&bits);
                (SecretText::new(grouped(&plain)), digest_of(&plain))
            })
            .unzip();
        RecoveryCodes { codes, digests }
    }
}

/// What is kept of a recovery code: the SHA-256 of its 16 characters, upper case and without hyphens, in lower-case
/// hexadecimal. Case, hyphens and spaces do not matter, nor does a letter O for 0, I or L for 1. `None` when what was
/// typed has not the shape of a code.
#[must_use]
pub fn recovery_digest(code: &str) -> Option<String> {
    if code.len() > TYPED_BYTES_MAX {
        return None;
    }
    let mut plain = Zeroizing::new(String::with_capacity(TYPED_BYTES_MAX));
    let typed = code.chars().filter(|typed| !matches!(typed, '-' | ' '));
    plain.extend(typed.map(|typed| match typed.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    }));
    let known = plain.bytes().all(|byte| ALPHABET.contains(&byte));
    (plain.len() == CHARACTERS && known).then(|| digest_of(&plain))
}

fn digest_of(plain: &str) -> String {
    hex::encode(Sha256::digest(plain.as_bytes()))
}

/// Five bits a character, the highest first.
fn write(bits: &[u8; RECOVERY_CODE_BITS / 8]) -> Zeroizing<String> {
    let mut number = bits
        .iter()
        .fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
    let plain = (0..CHARACTERS)
        .rev()
        .filter_map(|place| ALPHABET.get((number >> (5 * place)) as usize % ALPHABET.len()))
        .map(|byte| char::from(*byte))
        .collect();
    number.zeroize();
    Zeroizing::new(plain)
}

fn grouped(plain: &str) -> String {
    let mut code = String::with_capacity(CHARACTERS + CHARACTERS / GROUP_CHARACTERS);
    for (place, character) in plain.chars().enumerate() {
        if place > 0 && place % GROUP_CHARACTERS == 0 {
            code.push('-');
        }
        code.push(character);
    }
    code
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ten_codes_of_80_bits_fit_the_digests_kept_of_them() {
        let made = RecoveryCodes::generate();
        assert_eq!((made.codes.len(), made.digests.len()), (10, 10));
        for (code, kept) in made.codes.iter().zip(&made.digests) {
            assert_eq!(recovery_digest(code.expose()).as_ref(), Some(kept));
            let groups: Vec<_> = code.expose().split('-').map(str::len).collect();
            assert_eq!(groups, [4, 4, 4, 4]);
        }
        assert_eq!(made.digests.iter().collect::<BTreeSet<_>>().len(), 10);
    }

    #[test]
    fn bits_are_written_five_a_character() {
        assert_eq!(*write(&[0; 10]), "0".repeat(16));
        assert_eq!(*write(&[0xff; 10]), "Z".repeat(16));
        // 00000 00001 … 01111 in a row.
        let counting = [0x00, 0x44, 0x32, 0x14, 0xc7, 0x42, 0x54, 0xb6, 0x35, 0xcf];
        assert_eq!(*write(&counting), "0123456789ABCDEF");
        assert_eq!(grouped("0123456789ABCDEF"), "0123-4567-89AB-CDEF");
    }

    #[test]
    fn case_hyphens_and_letters_read_as_digits_do_not_matter() {
        let kept = recovery_digest("0123-4567-89AB-CDEF").unwrap();
        // By another implementation of SHA-256, of the 16 characters "0123456789ABCDEF".
        assert_eq!(
            kept,
            "2125b2c332b1113aae9bfc5e9f7e3b4c91d828cb942c2df1eeb02502eccae9e9"
        );
        for typed in [
            "0123456789ABCDEF",
            "0123-4567-89ab-cdef",
            " 0123 4567 89ab cdef ",
            "o12345678-9ABCDEF",
            "OI23-4567-89AB-CDEF",
            "ol23-4567-89AB-CDEF",
        ] {
            assert_eq!(recovery_digest(typed), Some(kept.clone()), "{typed}");
        }
        for other in [
            "",
            "0123",
            "0123-4567-89AB-CDEU",
            "0123-4567-89AB-CDEF-0",
            "0123-4567-89AB-CDEé",
        ] {
            assert_eq!(recovery_digest(other), None, "{other}");
        }
        assert_eq!(
            recovery_digest(&format!("{}0123456789ABCDEF", "-".repeat(60))),
            None
        );
        assert_ne!(recovery_digest("1123-4567-89AB-CDEF"), Some(kept));
    }

    #[test]
    fn debug_prints_no_code() {
        let made = RecoveryCodes::generate();
        let printed = format!("{made:?}");
        assert!(made.codes.iter().all(|code| !printed.contains(code.expose())));
    }
}
