//! Digests of files beside their bytes (RFC 9530), so that who keeps a file can tell that it is whole.

use actix_web::http::header::{self, EntityTag, HeaderName};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};

/// Bytes of a SHA-256.
const DIGEST_BYTES: usize = 32;

/// A digest that is kept in hexadecimal.
pub(super) fn digest_of_hex(text: &str) -> Option<[u8; DIGEST_BYTES]> {
    hex::decode(text).ok()?.try_into().ok()
}

/// `Content-Digest: sha-256=:…:`.
pub(super) fn content_digest(sha256: &[u8; DIGEST_BYTES]) -> (HeaderName, String) {
    let digest = STANDARD.encode(sha256);
    (
        HeaderName::from_static("content-digest"),
        format!("sha-256=:{digest}:"),
    )
}

/// The digest as the tag of a file, which never changes.
pub(super) fn digest_tag(sha256: &[u8; DIGEST_BYTES]) -> (HeaderName, EntityTag) {
    (
        header::ETAG,
        EntityTag::new_strong(URL_SAFE_NO_PAD.encode(sha256)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_written_as_its_rfc_has_it() {
        // The SHA-256 of `{"hello": "world"}` and a line feed (RFC 9530, appendix B.1).
        let hex = "5f8f04f6a3a892aaabbddb6cf273894493773960d4a325b105fee46eef4304f1";
        let digest = digest_of_hex(hex).unwrap();
        let (_, field) = content_digest(&digest);
        assert_eq!(field, "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:");
        for wrong in ["", "5f", &hex[1..], &format!("{hex}00"), &hex.replace('f', "g")] {
            assert_eq!(digest_of_hex(wrong), None, "{wrong}");
        }
    }
}
