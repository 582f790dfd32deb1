//! Signed notes (C2SP signed-note): a text and signatures of it, in one text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::key::{SigningKey, VerifierKey};

/// Bytes of a note that are read, at most.
pub const NOTE_BYTES_MAX: usize = 64 * 1024;

/// Signatures of a note that are read, at most. C2SP asks for 16 at least.
pub const NOTE_SIGNATURES_MAX: usize = 64;

/// What a signature line starts with: an em dash and a space.
const LINE_PREFIX: &str = "\u{2014} ";

/// Bytes of a key's id, which stand before its signature.
const ID_BYTES: usize = 4;

/// Why a text is not a signed note, or cannot become one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteTextError {
    /// It is longer than [`NOTE_BYTES_MAX`].
    #[error("a note of {0} bytes is longer than {NOTE_BYTES_MAX}")]
    TooLong(usize),
    /// A control character other than the line feed stands in it.
    #[error("a note has no control characters, but this one has {0:?}")]
    Control(char),
    /// No blank line parts the text from its signatures, or there is no text before it.
    #[error("a note is a text, a blank line and signatures")]
    Parts,
    /// The text, or the last signature, does not end with a line feed.
    #[error("a note ends with a line feed, and so does its text")]
    End,
    /// A line after the blank one is not a signature: em dash, space, name, space, base64 of at least 5 bytes.
    #[error("signature line {0} of the note is not one")]
    SignatureLine(usize),
    /// There are more signatures than [`NOTE_SIGNATURES_MAX`].
    #[error("a note of more than {NOTE_SIGNATURES_MAX} signatures is not read")]
    TooManySignatures,
}

/// Why a note is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenNoteError {
    /// It is not a note.
    #[error(transparent)]
    Text(#[from] NoteTextError),
    /// None of its signatures is by a key that was given.
    #[error("no signature is by a known key; there are some by {}", names.join(", "))]
    UnknownKey {
        /// The keys it is signed by, each as `name+id`.
        names: Vec<String>,
    },
    /// A signature that names a known key is not by it.
    #[error("the signature that names {key} is false")]
    BadSignature {
        /// The verifier key.
        key: String,
    },
}

/// Why a signature cannot be added to a note.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CountersignError {
    /// It is not a note.
    #[error(transparent)]
    Text(#[from] NoteTextError),
}

/// A note of which at least one signature was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedNote<'n> {
    /// The signed text, with its last line feed.
    pub text: &'n str,
    /// The keys that signed it, of those that were given, in the order of the note.
    pub signed_by: Vec<VerifierKey>,
}

struct SignatureLine<'n> {
    name: &'n str,
    id: [u8; ID_BYTES],
    signature: Vec<u8>,
}

/// Signs a text, which must end with a line feed and have no other control character.
///
/// # Errors
///
/// [`NoteTextError`].
pub fn sign_note(text: &str, key: &SigningKey) -> Result<String, NoteTextError> {
    check_characters(text)?;
    if !text.ends_with('\n') {
        return Err(NoteTextError::End);
    }
    Ok(format!("{text}\n{}", signature_line(text, key)))
}

/// Adds the signature of one more key to a note, after those it has.
///
/// # Errors
///
/// [`CountersignError`].
pub fn countersign(note: &str, key: &SigningKey) -> Result<String, CountersignError> {
    let (text, _) = parts(note)?;
    Ok(format!("{note}{}", signature_line(text, key)))
}

/// Opens a note: each signature that names one of `keys` is checked, and one at least must be there. Signatures of
/// others are passed over.
///
/// # Errors
///
/// [`OpenNoteError`]; a false signature that names a known key spoils the whole note (C2SP signed-note, Signatures).
pub fn open_note<'n>(note: &'n str, keys: &[VerifierKey]) -> Result<OpenedNote<'n>, OpenNoteError> {
    let (text, lines) = parts(note)?;
    let mut signed_by: Vec<VerifierKey> = Vec::new();
    for line in &lines {
        let named = |key: &&VerifierKey| key.name().as_str() == line.name && key.id() == line.id;
        let Some(key) = keys.iter().find(named) else {
            continue;
        };
        if !key.signed(text.as_bytes(), &line.signature) {
            return Err(OpenNoteError::BadSignature { key: key.to_string() });
        }
        if !signed_by.contains(key) {
            signed_by.push(key.clone());
        }
    }
    if signed_by.is_empty() {
        let names = lines
            .iter()
            .map(|line| format!("{}+{:08x}", line.name, u32::from_be_bytes(line.id)))
            .collect();
        return Err(OpenNoteError::UnknownKey { names });
    }
    Ok(OpenedNote { text, signed_by })
}

/// The text of a note, nothing of it checked.
pub(crate) fn unverified_text(note: &str) -> Result<&str, NoteTextError> {
    parts(note).map(|(text, _)| text)
}

fn signature_line(text: &str, key: &SigningKey) -> String {
    let mut signature = key.verifier().id().to_vec();
    signature.extend_from_slice(&key.sign_bytes(text.as_bytes()));
    format!(
        "{LINE_PREFIX}{} {}\n",
        key.verifier().name(),
        STANDARD.encode(signature)
    )
}

fn check_characters(text: &str) -> Result<(), NoteTextError> {
    if text.len() > NOTE_BYTES_MAX {
        return Err(NoteTextError::TooLong(text.len()));
    }
    match text.chars().find(|c| *c < ' ' && *c != '\n') {
        Some(control) => Err(NoteTextError::Control(control)),
        None => Ok(()),
    }
}

/// The text and the signatures. The last blank line parts them: the text may have some of its own.
fn parts(note: &str) -> Result<(&str, Vec<SignatureLine<'_>>), NoteTextError> {
    check_characters(note)?;
    let Some(blank) = note.rfind("\n\n") else {
        return Err(NoteTextError::Parts);
    };
    let (text, signatures) = (&note[..=blank], &note[blank + 2..]);
    if text == "\n" || signatures.is_empty() {
        return Err(NoteTextError::Parts);
    }
    let Some(signatures) = signatures.strip_suffix('\n') else {
        return Err(NoteTextError::End);
    };
    let mut lines = Vec::new();
    for (index, line) in signatures.split('\n').enumerate() {
        if index == NOTE_SIGNATURES_MAX {
            return Err(NoteTextError::TooManySignatures);
        }
        match signature_of(line) {
            Some(line) => lines.push(line),
            None => return Err(NoteTextError::SignatureLine(index + 1)),
        }
    }
    Ok((text, lines))
}

fn signature_of(line: &str) -> Option<SignatureLine<'_>> {
    let (name, signature) = line.strip_prefix(LINE_PREFIX)?.split_once(' ')?;
    if name.is_empty() || name.chars().any(|c| c.is_whitespace() || c == '+') {
        return None;
    }
    let bytes = STANDARD.decode(signature).ok()?;
    let (id, signature) = bytes.split_first_chunk::<ID_BYTES>()?;
    if signature.is_empty() {
        return None;
    }
    Some(SignatureLine {
        name,
        id: *id,
        signature: signature.to_vec(),
    })
}
