//! Encryption of attachments, as a stream.
//!
//! # Form, for ever
//!
//! | what | bytes |
//! |---|---|
//! | magic `GUICHATT` | 0..8 |
//! | version: 1 | 8 |
//! | salt, random | 9..41 |
//! | segments | 41.. |
//!
//! The plaintext is cut into segments of [`SEGMENT_BYTES`]; the last one has what is left, at least one byte, unless
//! the plaintext is empty: then it is one empty segment. Each is encrypted with ChaCha20-Poly1305 (RFC 8439) and
//! followed by its 16-byte tag. Key: HKDF-Expand(value key, `"content"` ‖ salt, 32), with SHA-256. Nonce: 3 zero bytes ‖
//! number of the segment from 0, `u64` big-endian ‖ 1 for the last segment, else 0. Additional data: the 41 bytes of the
//! header. This is the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár: *Online Authenticated-Encryption and
//! its Nonce-Reuse Misuse-Resistance*, 2015): a segment that is changed, moved, repeated or left out is refused, and so
//! is an end that is not the end.
//!
//! The salt makes the key of one upload, so an upload that is tried again under the same value key is safe. The
//! commitment to the content is its SHA-256, sealed in the event beside its name (design §6.1).

use chacha20poly1305::aead::Aead as _;
use chacha20poly1305::aead::Payload;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit as _, Nonce};

use crate::value_key::ValueKey;

/// The plaintext bytes of every segment but the last: 64 KiB.
pub const SEGMENT_BYTES: usize = 64 * 1024;

/// The bytes before the first segment.
pub const HEADER_BYTES: usize = 41;

const TAG_BYTES: usize = 16;
const SEALED_SEGMENT_BYTES: usize = SEGMENT_BYTES + TAG_BYTES;
const SALT_BYTES: usize = 32;
const MAGIC: &[u8; 8] = b"GUICHATT";
const VERSION: u8 = 1;

type Header = [u8; HEADER_BYTES];

/// Why content could not be decrypted. What was given out before is authentic, but it is not the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// It does not start as encrypted content does.
    #[error("this is not encrypted content")]
    NotContent,
    /// A later version of Guichet encrypted it.
    #[error("encrypted content of the unknown version {0}")]
    UnknownVersion(u8),
    /// A segment does not fit: another key, other bytes, another order, or an end that is not the end.
    #[error("segment {segment} of the encrypted content is not what was written there")]
    Refused {
        /// Its number, from 0.
        segment: u64,
    },
    /// It ends within the header.
    #[error("the encrypted content is cut off in its header")]
    CutOff,
}

/// The length of the ciphertext of a plaintext of so many bytes.
#[must_use]
pub const fn sealed_bytes(plaintext_bytes: u64) -> u64 {
    let segments = plaintext_bytes.div_ceil(SEGMENT_BYTES as u64);
    let segments = if segments == 0 { 1 } else { segments };
    HEADER_BYTES as u64 + plaintext_bytes + segments * TAG_BYTES as u64
}

/// Encrypts a stream. Holds at most one segment.
pub struct Encryptor {
    segments: Segments,
    /// Not yet given out; before the first push, the header is not either.
    is_header_due: bool,
    plain: Vec<u8>,
}

impl Encryptor {
    /// Starts a stream under the value key of the attachment.
    #[must_use]
    pub fn new(value_key: ValueKey) -> Encryptor {
        Encryptor::with_salt(&value_key, rand::random())
    }

    fn with_salt(value_key: &ValueKey, salt: [u8; SALT_BYTES]) -> Encryptor {
        let mut header = [0; HEADER_BYTES];
        header[..8].copy_from_slice(MAGIC);
        header[8] = VERSION;
        header[9..].copy_from_slice(&salt);
        Encryptor {
            segments: Segments::new(value_key, header),
            is_header_due: true,
            plain: Vec::new(),
        }
    }

    /// Takes more of the plaintext and gives what can be written of the ciphertext, possibly nothing.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut sealed = self.header_if_due();
        let mut rest = bytes;
        // A full segment waits until more comes, because only then it is known not to be the last.
        while self.plain.len() + rest.len() > SEGMENT_BYTES {
            let (now, later) = rest.split_at(SEGMENT_BYTES - self.plain.len());
            self.plain.extend_from_slice(now);
            rest = later;
            sealed.extend(self.segments.seal(&self.plain, false));
            self.plain.clear();
        }
        self.plain.extend_from_slice(rest);
        sealed
    }

    /// Ends the stream and gives the rest of the ciphertext. Without it, what was written is refused as cut off.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        let mut sealed = self.header_if_due();
        sealed.extend(self.segments.seal(&self.plain, true));
        sealed
    }

    fn header_if_due(&mut self) -> Vec<u8> {
        if std::mem::take(&mut self.is_header_due) {
            self.segments.header.to_vec()
        } else {
            Vec::new()
        }
    }
}

/// Decrypts a stream. Holds at most one segment.
pub struct Decryptor {
    value_key: ValueKey,
    state: Decrypting,
    sealed: Vec<u8>,
}

enum Decrypting {
    Header,
    Segments(Segments),
    Failed(ContentError),
}

impl Decryptor {
    /// Starts with the value key that the content was encrypted under.
    #[must_use]
    pub fn new(value_key: ValueKey) -> Decryptor {
        Decryptor {
            value_key,
            state: Decrypting::Header,
            sealed: Vec::new(),
        }
    }

    /// Takes more of the ciphertext and gives what is proven of the plaintext, possibly nothing.
    ///
    /// # Errors
    /// See [`ContentError`]; after an error every call gives it again.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<u8>, ContentError> {
        let mut plain = Vec::new();
        let mut rest = bytes;
        loop {
            let wanted = match &self.state {
                Decrypting::Failed(error) => return Err(*error),
                Decrypting::Header => HEADER_BYTES,
                // One byte more than a segment tells that it is not the last.
                Decrypting::Segments(_) => SEALED_SEGMENT_BYTES + 1,
            };
            let (now, later) = rest.split_at(rest.len().min(wanted.saturating_sub(self.sealed.len())));
            self.sealed.extend_from_slice(now);
            rest = later;
            if self.sealed.len() < wanted {
                return Ok(plain);
            }
            if let Err(error) = self.advance(&mut plain) {
                self.state = Decrypting::Failed(error);
                return Err(error);
            }
        }
    }

    /// Ends the stream and gives the rest of the plaintext. Only now it is known to be whole.
    ///
    /// # Errors
    /// See [`ContentError`].
    pub fn finish(self) -> Result<Vec<u8>, ContentError> {
        match self.state {
            Decrypting::Failed(error) => Err(error),
            Decrypting::Header => Err(ContentError::CutOff),
            Decrypting::Segments(mut segments) => segments.open(&self.sealed, true),
        }
    }

    /// Reads the header, or a segment that another byte follows.
    fn advance(&mut self, plain: &mut Vec<u8>) -> Result<(), ContentError> {
        match &mut self.state {
            Decrypting::Failed(error) => return Err(*error),
            Decrypting::Header => {
                let header = read_header(&self.sealed)?;
                self.state = Decrypting::Segments(Segments::new(&self.value_key, header));
                self.sealed.clear();
            }
            Decrypting::Segments(segments) => {
                plain.extend(segments.open(&self.sealed[..SEALED_SEGMENT_BYTES], false)?);
                self.sealed.drain(..SEALED_SEGMENT_BYTES);
            }
        }
        Ok(())
    }
}

fn read_header(bytes: &[u8]) -> Result<Header, ContentError> {
    let Ok(header) = Header::try_from(bytes) else {
        return Err(ContentError::CutOff);
    };
    if &header[..8] != MAGIC {
        return Err(ContentError::NotContent);
    }
    if header[8] != VERSION {
        return Err(ContentError::UnknownVersion(header[8]));
    }
    Ok(header)
}

/// The cipher of one stream and the number of its next segment.
struct Segments {
    cipher: ChaCha20Poly1305,
    header: Header,
    next: u64,
}

impl Segments {
    fn new(value_key: &ValueKey, header: Header) -> Segments {
        let key = value_key.expand(&[b"content", &header[9..]]);
        Segments {
            cipher: ChaCha20Poly1305::new((&*key).into()),
            header,
            next: 0,
        }
    }

    fn seal(&mut self, plain: &[u8], is_last: bool) -> Vec<u8> {
        let nonce = self.nonce(is_last);
        let Ok(sealed) = self.cipher.encrypt(
            &nonce,
            Payload {
                msg: plain,
                aad: &self.header,
            },
        ) else {
            unreachable!("a segment is far below the 256 GiB of the cipher");
        };
        self.next += 1;
        sealed
    }

    fn open(&mut self, sealed: &[u8], is_last: bool) -> Result<Vec<u8>, ContentError> {
        let nonce = self.nonce(is_last);
        let segment = self.next;
        let Ok(plain) = self.cipher.decrypt(
            &nonce,
            Payload {
                msg: sealed,
                aad: &self.header,
            },
        ) else {
            return Err(ContentError::Refused { segment });
        };
        self.next += 1;
        Ok(plain)
    }

    fn nonce(&self, is_last: bool) -> Nonce {
        let mut nonce = [0; 12];
        nonce[3..11].copy_from_slice(&self.next.to_be_bytes());
        nonce[11] = u8::from(is_last);
        nonce.into()
    }
}

#[cfg(test)]
mod tests;
