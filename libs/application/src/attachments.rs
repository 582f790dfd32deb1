//! Files: sealed while they stream, durable in a content store before their event is appended (design §6.1).
//!
//! A file's bytes are sealed under the key of one person, the key of the value `/content` of the attachment's id.
//! They lie in the store under a random name; what no event refers to is only an orphan.

use std::sync::Arc;

use bytes::Bytes;
use domain::{
    AccountId, AttachmentId, Fault, PersonId, TicketKey,
    fault::FaultCode,
    policy::{self, Operation, Side},
    ticket::{
        Action, State,
        command::Attach,
        document::AttachedFile,
    },
};
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use object_store::{ObjectStore, ObjectStoreExt, WriteMultipart, path::Path};
use sha2::{Digest, Sha256};
use uuid::Uuid;
use vault::content::{Decryptor, Encryptor};

use crate::{
    call::Call,
    error::{ExecuteError, ReadError},
    execute::Done,
    start::Application,
};

/// Largest file unless the configuration says otherwise, bytes.
pub const FILE_BYTES_MAX: u64 = 25 * 1024 * 1024;
/// Longest file name, characters; what is longer is cut.
pub const FILE_NAME_CHARS_MAX: usize = 255;
/// How much of a file is looked at to tell its type, bytes.
const SNIFFED_BYTES: usize = 8 * 1024;
/// How much is written to the store at once, bytes.
const PART_BYTES: usize = 1024 * 1024;

/// The pointer under which the key of a file's bytes is derived.
const CONTENT: &str = "/content";

/// A file that lies sealed in the store and has no event yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    attach: Attach,
}

impl Stored {
    /// SHA-256 of the uploaded file, hex: the part of it that identifies the request.
    #[must_use]
    pub fn content_sha256(&self) -> &str {
        &self.attach.content_sha256
    }
}

impl Application {
    /// Takes a file in, sealed, and makes it durable; nothing refers to it yet. Who may not attach to the ticket is
    /// refused before a byte is read.
    ///
    /// # Errors
    /// See [`ExecuteError`]; nothing stays in the store then.
    pub async fn store_file(
        &self,
        call: &Call,
        key: &TicketKey,
        name: &str,
        mut file: impl Stream<Item = Result<Bytes, ExecuteError>> + Unpin,
    ) -> Result<Stored, ExecuteError> {
        let loaded = self.tickets().load(key)?;
        if !policy::may(&call.viewer, Operation::Read, &loaded.state.scope()) {
            return Err(ExecuteError::NotFound);
        }
        if !policy::may(&call.viewer, Operation::Comment, &loaded.state.scope()) {
            let what = "attaching a file to this ticket";
            return Err(domain::ticket::Rejection::NotPermitted { what }.into());
        }
        let id = AttachmentId(Uuid::now_v7());
        let subject = subject(call, &loaded.state);
        self.mint(vec![subject.0]).await?;
        let value_key = self.vault().value_key(subject.0, id.0, CONTENT).ok_or(ExecuteError::NotFound)?;

        let blob = Uuid::new_v4().to_string();
        let path = Path::from(blob.clone());
        let upload = self.files().put_multipart(&path).await.map_err(ExecuteError::internal)?;
        let mut writing = Writing {
            upload: WriteMultipart::new_with_chunk_size(upload, PART_BYTES),
            encryptor: Encryptor::new(value_key),
            sealed: Sha256::new(),
            content: Sha256::new(),
            head: Vec::new(),
            size: 0,
        };
        match writing.all(&mut file, self.file_bytes_max()).await {
            Ok(()) => {}
            Err(error) => {
                // Best effort: an orphan is collected later, the caller's error matters more.
                let _ = writing.upload.abort().await;
                return Err(error);
            }
        }
        let (size, media_type, content_sha256, blob_sha256) = writing.finish().await?;
        Ok(Stored {
            attach: Attach {
                id,
                subject,
                name: plain_name(name),
                size,
                media_type,
                content_sha256,
                blob,
                blob_sha256,
            },
        })
    }

    /// Attaches a stored file; when that is refused or was done before, the stored bytes are taken away again.
    ///
    /// # Errors
    /// See [`ExecuteError`].
    pub async fn attach(&self, call: Call, key: TicketKey, stored: Stored) -> Result<Done, ExecuteError> {
        let path = Path::from(stored.attach.blob.clone());
        let done = self.act(call, key, vec![Action::Attach(Box::new(stored.attach))]).await;
        let is_unused = match &done {
            Ok(done) => done.repeated,
            // The outcome may be unknown: the bytes stay.
            Err(ExecuteError::Unavailable { .. } | ExecuteError::Internal(_)) => false,
            Err(_) => true,
        };
        if is_unused && let Err(error) = self.files().delete(&path).await {
            tracing::warn!(%error, "an unused file stays in the store");
        }
        done
    }

    /// The bytes of an attached file, opened while they stream.
    ///
    /// # Errors
    /// [`ReadError::NotFound`] when the person it was sealed for was erased, or the store has lost it;
    /// [`ReadError::Internal`].
    pub async fn file(
        &self,
        file: &AttachedFile,
    ) -> Result<impl Stream<Item = Result<Bytes, ReadError>> + use<>, ReadError> {
        let value_key =
            self.vault().value_key(file.subject.0, file.id.0, CONTENT).ok_or(ReadError::NotFound)?;
        let found = self.files().get(&Path::from(file.blob.clone())).await.map_err(ReadError::internal)?;
        let sealed = found.into_stream().map_err(ReadError::internal).map(|part| part.map(Some));
        // The end of the stream must be seen to know that the file is whole.
        let sealed = Box::pin(sealed.chain(stream::once(async { Ok(None) })));
        let opened = stream::try_unfold((sealed, Some(Decryptor::new(value_key))), |(mut sealed, state)| async {
            let Some(mut decryptor) = state else {
                return Ok::<_, ReadError>(None);
            };
            match sealed.next().await.transpose()?.flatten() {
                Some(part) => {
                    let plain = decryptor.push(&part).map_err(ReadError::internal)?;
                    Ok(Some((Bytes::from(plain), (sealed, Some(decryptor)))))
                }
                None => {
                    let plain = decryptor.finish().map_err(ReadError::internal)?;
                    Ok(Some((Bytes::from(plain), (sealed, None))))
                }
            }
        });
        Ok(opened.try_filter(|bytes| std::future::ready(!bytes.is_empty())))
    }
}

/// What the requester's side attaches is its own; what others attach, the requester's.
fn subject(call: &Call, state: &State) -> PersonId {
    let owner: AccountId = match policy::side(&call.viewer, &state.scope()) {
        Side::Requester => call.viewer.account,
        Side::Agent | Side::Supplier | Side::System => state.requester,
    };
    owner.person()
}

/// A file on its way into the store.
struct Writing {
    upload: WriteMultipart,
    encryptor: Encryptor,
    sealed: Sha256,
    content: Sha256,
    head: Vec<u8>,
    size: u64,
}

impl Writing {
    async fn all(
        &mut self,
        file: &mut (impl Stream<Item = Result<Bytes, ExecuteError>> + Unpin),
        max_bytes: u64,
    ) -> Result<(), ExecuteError> {
        while let Some(part) = file.next().await {
            let part = part?;
            self.size += part.len() as u64;
            if self.size > max_bytes {
                return Err(ExecuteError::FileTooLarge { max_bytes });
            }
            let wanted = SNIFFED_BYTES.saturating_sub(self.head.len()).min(part.len());
            self.head.extend_from_slice(&part[..wanted]);
            self.content.update(&part);
            let sealed = self.encryptor.push(&part);
            self.sealed.update(&sealed);
            self.upload.wait_for_capacity(2).await.map_err(ExecuteError::internal)?;
            self.upload.write(&sealed);
        }
        if self.size == 0 {
            return Err(ExecuteError::invalid(vec![Fault::new("/file", FaultCode::Length, "is empty")]));
        }
        Ok(())
    }

    async fn finish(mut self) -> Result<(u64, String, String, String), ExecuteError> {
        let sealed = self.encryptor.finish();
        self.sealed.update(&sealed);
        self.upload.write(&sealed);
        self.upload.finish().await.map_err(ExecuteError::internal)?;
        Ok((self.size, media_type(&self.head).to_owned(), hex(&self.content.finalize()), hex(&self.sealed.finalize())))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The type of a file, told from its first bytes and never from what the client says of it.
fn media_type(head: &[u8]) -> &'static str {
    if let Some(kind) = infer::get(head) {
        return kind.mime_type();
    }
    // The cut may fall inside a character.
    let is_text = match std::str::from_utf8(head) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none() && head.len() == SNIFFED_BYTES,
    };
    if is_text && !head.contains(&0) { "text/plain" } else { "application/octet-stream" }
}

/// A name without path or control characters.
fn plain_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String = last.chars().filter(|c| !c.is_control()).take(FILE_NAME_CHARS_MAX).collect();
    if plain.trim().is_empty() { "file".to_owned() } else { plain }
}

/// The store of sealed bytes.
pub type Files = Arc<dyn ObjectStore>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_loses_its_path_and_its_control_characters() {
        assert_eq!(plain_name("../../etc/passwd"), "passwd");
        assert_eq!(plain_name("C:\\Users\\a\\écran\u{7}.png"), "écran.png");
        assert_eq!(plain_name(".."), "..");
        assert_eq!(plain_name("a/"), "file");
    }

    #[test]
    fn the_type_is_told_from_the_content() {
        assert_eq!(media_type(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), "image/png");
        assert_eq!(media_type("déjà vu".as_bytes()), "text/plain");
        assert_eq!(media_type(b"\0\x01\x02\xff"), "application/octet-stream");
    }
}
