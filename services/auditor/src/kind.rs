//! What a file is, by how it begins: an export is easily given to the command for bundles, and the other way round.

/// Bytes that are looked at.
pub(crate) const HEAD_BYTES: u64 = 64 * 1024;
/// What an export begins with.
const EXPORT: &[u8] = b"{\"guichet_export\"";
/// The name of a member of a bundle.
const BUNDLE: &[u8] = b"\"guichet_bundle\"";

/// What a file seems to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An export of the log.
    Export,
    /// An evidence bundle.
    Bundle,
    /// Neither: who reads it says what is wrong.
    Unknown,
}

impl Kind {
    /// Looks at the first bytes of a file.
    pub(crate) fn of(head: &[u8]) -> Kind {
        let length = head.len().min(HEAD_BYTES as usize);
        let head = head[..length].trim_ascii_start();
        if head.starts_with(EXPORT) {
            Kind::Export
        } else if memchr::memmem::find(head, BUNDLE).is_some() {
            Kind::Bundle
        } else {
            Kind::Unknown
        }
    }
}
