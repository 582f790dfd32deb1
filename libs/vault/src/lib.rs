//! Privacy: per-person keys that seal personal values inside events; destroying a key erases the person.
//!
//! An event is kept for ever and its bytes are hashed, so a name cannot be blotted out of it later. It can be made
//! unreadable: every personal value is encrypted under a key of the person it is about, and forgetting that key
//! forgets the values in the log, in every backup and in every export at once, while all proofs still verify
//! (design §6.1).
//!
//! # What is stored, for ever
//!
//! This section is a specification: with it, RFC 5869 (HKDF), RFC 2104 (HMAC), RFC 8439 (ChaCha20-Poly1305) and
//! RFC 6901 (JSON Pointer) a second implementation can be written. One is: `tests/fixtures/second_implementation.py`
//! made the fixtures that `tests/fixtures.rs` reads. `‖` joins bytes; texts in quotes are their ASCII bytes; a UUID is
//! its 16 bytes in the order it is written (RFC 9562); *base64* is the standard alphabet without padding and with the
//! unused bits zero (RFC 4648 §4, §3.5).
//!
//! **Marks.** Inside an event's `data`, an object whose only key is `personal`, and whose value is an object with at
//! least one of the keys `subject`, `value`, `erased`, is a mark. Likewise `sealed` with `v`, `subject`, `commitment`,
//! `ciphertext`. Any other object with such a name (a form may well have a field called `personal`) is plain data.
//!
//! | where | form |
//! |---|---|
//! | given to [`Vault::seal_data`] | `{"personal":{"subject":"<uuid>","value":<any JSON>}}` |
//! | stored | `{"sealed":{"v":1,"subject":"<uuid>","commitment":"<base64>","ciphertext":"<base64>"}}` |
//! | opened | the first form again |
//! | opened, key destroyed | `{"personal":{"subject":"<uuid>","erased":true}}` |
//! | opened with its commitment | `{"personal":{"subject":"<uuid>","value":<any JSON>,"commitment":"<base64>"}}` |
//! | the same, key destroyed, or read without keys | `{"personal":{"subject":"<uuid>","erased":true,"commitment":"<base64>"}}` |
//!
//! The last two are for digests of what is made from events ([`Vault::open_data_committed`], [`erase_data`]):
//! `commitment` is copied from the stored form as it stands, so it says the same before an erasure, after it and to a
//! reader without keys.
//!
//! What lies inside a mark's `value` is opaque: it is never searched for further marks, neither when sealed nor when
//! opened. Text that a stranger wrote belongs inside a mark; JSON that a stranger wrote and that stays outside of one
//! could name a subject of its choosing.
//!
//! **Value key**, 32 bytes, of one value: `HKDF-SHA256(ikm = person key, salt = empty, info = "guichet/value/1" ‖ event
//! id ‖ pointer, length = 32)`. *pointer* is the RFC 6901 pointer of the marked object inside the **event**, so it
//! starts with `/data`, in UTF-8. A bundle for an outsider discloses value keys, never a person's key.
//!
//! **Two keys of it**, by HKDF-Expand with the value key as PRK: encryption key = `Expand(value key, "encrypt", 32)`,
//! commitment key = `Expand(value key, "commit", 32)`.
//!
//! **Plaintext**: `"t"` ‖ the UTF-8 of the text when the value is a JSON string, else `"j"` ‖ its compact JSON. (A long
//! text then does not grow by JSON escapes.) A reader takes the bytes as they are and never writes the JSON again to
//! compare it: the order of keys is the writer's.
//!
//! **Ciphertext**: ChaCha20-Poly1305 with the encryption key, a nonce of 12 zero bytes, and the subject's 16 bytes as
//! additional data; the 16-byte tag follows the encrypted bytes. The fixed nonce is sound because a key is used for
//! one value only: an event id is never used for a second event, and a pointer names one place in it. **Whoever decides
//! anew after a conflict must therefore take a new event id before sealing again.**
//!
//! **Commitment**: `HMAC-SHA256(commitment key, plaintext)`. Poly1305 does not commit to a key: two keys can be made
//! that open one ciphertext to two different texts, so one stored event could be shown to two auditors with two
//! meanings. With 32-byte keys HMAC-SHA256 is collision resistant in key and message together, so a disclosed value key
//! fits one plaintext only; and as the key is secret until disclosed, a redacted value cannot be guessed from its
//! commitment, not even a yes or no.
//!
//! Numbers come back as `serde_json` reads them, which is how every other part of an event is read too.
//!
//! # Where the keys lie
//!
//! The keys file is described at [`Vault`], the encryption of attachments at [`content`].
//!
//! # The erasure ledger
//!
//! A backup of the keys must not bring back who was erased since. So every erasure is also a line of a text file beside
//! the keys file, [`LEDGER_FILE_NAME`], mode 0600, which is only ever appended to. The line is on disk before the key
//! is overwritten. Opening a vault obeys it, and so does [`restore_keys`] with any number of copies of it. It holds
//! neither names nor keys. For ever:
//!
//! ```text
//! {"guichet_erasure":1,"subject":"<uuid>","at":"<RFC 3339>","crc32c":"<8 hexadecimal digits>"}
//! ```
//!
//! | part of a line | what |
//! |---|---|
//! | `guichet_erasure` | the form, 1; a reader refuses another one, whose line also ends in `crc32c` |
//! | `subject` | whose key was destroyed, lower-case with hyphens |
//! | `at` | when, as the caller of [`Vault::destroy`] said, in UTC with `Z` |
//! | `crc32c` | CRC-32C of the bytes of the line before `,"crc32c"`, lower-case |
//! | end | one line feed |
//!
//! The members stand in this order, without spaces. One subject may have several lines; lines are independent of each
//! other, so ledgers can be joined by concatenating them. A **last** line that has no checksum or does not fit it was
//! being written when the process died; nobody was told of its erasure; a reader leaves it out, and who appends cuts it
//! off ([`Vault::torn_ledger_bytes`]). A last line that lacks nothing but its line feed counts. Any other line that
//! does not fit is **damage**, and the ledger is refused: whom it named is not known. Why a checksum and not a chain of
//! digests: a chain would not notice a missing end either; that nobody took a line away is proven by the log, which has
//! an event for every erasure.

pub mod content;
mod digest_key;
mod draft;
mod keys_file;
mod ledger;
mod marks;
mod master_key;
mod recent_keys;
mod restore;
mod rotate;
mod secret_file;
mod value_key;
mod vault;

pub use digest_key::DigestKey;
pub use keys_file::{DamagedSlot, OpenKeysError, PERSONS_MAX, ReadKeyError};
pub use ledger::{LEDGER_FILE_NAME, LedgerError};
pub use marks::{DEPTH_MAX, SealError, UnsealError, erase_data, open_with_value_key};
pub use master_key::MasterKey;
pub use recent_keys::RECENT_KEYS_MAX;
pub use restore::{RestoreError, Restored, holds_nobody, restore_keys};
pub use rotate::{DamagedSlots, RotateError, Rotated, rotate_master};
pub use secret_file::{Created, SecretFileError};
pub use value_key::{PLAINTEXT_BYTES_MAX, ValueKey};
pub use vault::{BackedUp, BackupError, DestroyError, KeyState, MintError, Vault};
