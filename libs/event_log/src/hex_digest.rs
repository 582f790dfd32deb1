//! Digests of 32 bytes as 64 lower-case hexadecimal digits.

use serde::{Deserialize, Deserializer, Serializer};

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Appends the 64 digits of a digest.
pub(crate) fn push(digest: &[u8; 32], out: &mut Vec<u8>) {
    for byte in digest {
        out.push(DIGITS[usize::from(byte >> 4)]);
        out.push(DIGITS[usize::from(byte & 15)]);
    }
}

/// The 64 digits of a digest.
pub(crate) fn text(digest: &[u8; 32]) -> String {
    digest
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect()
}

/// The digest that 64 digits stand for; `None` for anything else, capital digits included, since equal digests are equal bytes.
pub(crate) fn parse(text: &str) -> Option<[u8; 32]> {
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    if text.len() != 64 {
        return None;
    }
    let mut digest = [0; 32];
    for (byte, pair) in digest.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = value(pair[0])? << 4 | value(pair[1])?;
    }
    Some(digest)
}

/// For `#[serde(with = …)]`.
pub(crate) fn serialize<S: Serializer>(digest: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&text(digest))
}

/// For `#[serde(with = …)]`.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 32], D::Error> {
    let digits = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
    parse(&digits).ok_or_else(|| serde::de::Error::custom("a digest is 64 lower-case hexadecimal digits"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_survives_its_digits() {
        let digest: [u8; 32] = std::array::from_fn(|index| u8::try_from(index * 8).unwrap());
        assert_eq!(parse(&text(&digest)), Some(digest));
        let mut pushed = Vec::new();
        push(&digest, &mut pushed);
        assert_eq!(pushed, text(&digest).into_bytes());
    }

    #[test]
    fn other_digits_are_refused() {
        assert_eq!(parse(&"A0".repeat(32)), None);
        assert_eq!(parse(&"a0".repeat(31)), None);
        assert_eq!(parse(&"g0".repeat(32)), None);
    }
}
