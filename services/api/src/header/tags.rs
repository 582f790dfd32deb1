//! Entity tags: what `If-Match` and `If-None-Match` name (RFC 9110 §8.8.3, §13.1).

use std::str::FromStr;

use actix_web::http::header::{EntityTag, HeaderMap, HeaderName};
use application::{Version, kernel::call::ExpectedVersion};

use super::{Escapes, members};

/// How much of the SHA-256 of a body is its tag, bytes: two bodies that somebody may be answered in turn do not share so much of it.
pub(crate) const TAG_BYTES: usize = 16;
/// The same in base64url without padding, characters.
const TAG_CHARS: usize = (TAG_BYTES * 8).div_ceil(6);

/// The tags that a condition names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Tags {
    /// `*`: whatever is there.
    Any,
    /// One of these.
    These(Vec<EntityTag>),
}

impl Tags {
    /// Reads a condition; `None` when there is none.
    ///
    /// # Errors
    /// When it is no list of tags in quotes.
    pub(crate) fn read(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Tags>, NoTags> {
        if !headers.contains_key(name) {
            return Ok(None);
        }
        let members = members(headers.get_all(name), Escapes::None);
        if members == ["*"] {
            return Ok(Some(Tags::Any));
        }
        let tags: Result<Vec<EntityTag>, _> = members.iter().map(|tag| EntityTag::from_str(tag)).collect();
        match tags {
            Ok(tags) if !tags.is_empty() => Ok(Some(Tags::These(tags))),
            Ok(_) | Err(_) => Err(NoTags),
        }
    }

    /// Is this one of them? Byte by byte; a tag that something in between has made weak still names its version. A tag that is nothing
    /// but a version is named by every tag of that version.
    pub(crate) fn hold(&self, tag: &EntityTag) -> bool {
        let is_version = |named: &EntityTag| {
            !tag.tag().contains('.') && version(named).is_some_and(|of| Some(of) == version(tag))
        };
        match self {
            Tags::Any => true,
            Tags::These(tags) => tags.iter().any(|named| named.weak_eq(tag) || is_version(named)),
        }
    }

    /// The versions that they name; `None` for any. A tag that is none of ours names none.
    pub(crate) fn versions(&self) -> Option<ExpectedVersion> {
        match self {
            Tags::Any => None,
            Tags::These(tags) => Some(tags.iter().filter_map(version).collect()),
        }
    }
}

/// The version that a tag of ours is made of: `"3"` of an answer to a command, `"3.…"` of one to a question; not `"03"` or `"+3"`.
fn version(tag: &EntityTag) -> Option<Version> {
    let told = match tag.tag().split_once('.') {
        Some((version, bytes)) if bytes.len() == TAG_CHARS => version,
        Some(_) => return None,
        None => tag.tag(),
    };
    let version: u64 = told.parse().ok()?;
    (version.to_string() == told).then_some(Version(version))
}

/// The condition is no list of tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoTags;
