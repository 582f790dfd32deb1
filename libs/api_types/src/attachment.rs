//! Attachments: files on a ticket.

use crate::ticket::AccountRef;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// The bytes of a file, as they are: no JSON.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, format = Binary)]
pub struct FileBytes(pub Vec<u8>);

/// A file to attach, as `multipart/form-data` with one part named `file`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"file": "capture.png"}))]
pub struct CreateAttachment {
    /// The file itself; its name is the part's `filename`, its type is told from the content.
    #[schema(value_type = String, format = Binary)]
    pub file: String,
}

/// A file on a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "0198c0de-7000-7000-8000-000000000031",
    "name": "capture.png",
    "size": 48213,
    "media_type": "image/png",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "at": "2026-03-02T09:31:00Z",
    "by": {"id": "0198c0de-7000-7000-8000-000000000001", "username": "requester-1", "name": "Requester 1"},
    "position": 44
}))]
pub struct Attachment {
    /// Identity of the file, used to fetch it.
    pub id: Uuid,
    /// The name it was uploaded under, without any path; `null` once the person it belongs to is erased.
    #[schema(required = true)]
    pub name: Option<String>,
    /// Size in bytes, as uploaded.
    pub size: u64,
    /// Media type told from the content, never from the name.
    pub media_type: String,
    /// SHA-256 of the file as uploaded, 64 hexadecimal digits; `null` once the person it belongs to is erased.
    #[schema(required = true)]
    pub sha256: Option<String>,
    /// When it was recorded.
    pub at: DateTime<Utc>,
    /// Who attached it.
    pub by: AccountRef,
    /// Place in the whole log.
    pub position: u64,
}

/// All files of a ticket, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"items": []}))]
pub struct AttachmentList {
    /// The files.
    pub items: Vec<Attachment>,
}
