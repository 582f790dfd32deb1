//! Keys of the derived index.

use sha2::{Digest, Sha256};

use crate::name::StreamName;
use crate::place::CommandId;

/// The first half of SHA-256 of a tag and a name, as a big-endian number, so that numeric order is byte order.
pub(crate) type Key = u128;

/// Value of a key: two numbers whose meaning the tag gives.
pub(crate) type Value = (u64, u64);

fn key(tag: u8, name: &[u8]) -> Key {
    let digest = Sha256::new().chain_update([tag]).chain_update(name).finalize();
    digest
        .iter()
        .take(16)
        .fold(0, |key, byte| key << 8 | Key::from(*byte))
}

/// Key of a stream; its value is the stream's version and the position of its last event.
pub(crate) fn stream(name: &str) -> Key {
    key(b'S', name.as_bytes())
}

/// Key of a category; its value is how many events it has and the position of the last.
pub(crate) fn category(name: &str) -> Key {
    key(b'C', name.as_bytes())
}

/// Key of a prefix; its value is the largest number in use, and 0.
pub(crate) fn prefix(name: &str) -> Key {
    key(b'P', name.as_bytes())
}

/// Key of a command; its value is the position of its first event and how many there are.
pub(crate) fn command(id: CommandId) -> Key {
    key(b'I', id.0.as_bytes())
}

/// All keys that an event of one stream touches, save that of its command.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StreamKeys {
    pub(crate) stream: Key,
    pub(crate) category: Key,
    /// Key of the prefix and the stream's number, for a stream that a prefix could have allotted.
    pub(crate) numbered: Option<(Key, u64)>,
}

impl StreamKeys {
    pub(crate) fn of(name: &StreamName) -> StreamKeys {
        StreamKeys {
            stream: stream(name.as_str()),
            category: category(name.category()),
            numbered: name
                .numbered()
                .map(|(allotted_by, number)| (prefix(allotted_by.as_str()), number)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_first_half_of_the_digest_for_ever() {
        // printf 'SSUP-1' | sha256sum
        let digest = Sha256::digest(b"SSUP-1");
        assert_eq!(stream("SUP-1").to_be_bytes(), digest[..16]);
        assert_ne!(stream("SUP"), category("SUP"));
        assert_ne!(category("SUP"), prefix("SUP"));
    }
}
