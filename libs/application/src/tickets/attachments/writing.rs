//! A file on its way into the store: sealed, measured and typed while it streams.

use bytes::Bytes;
use domain::{Fault, FaultText};
use futures_util::{Stream, StreamExt};
use object_store::WriteMultipart;
use sha2::{Digest, Sha256};
use vault::{ValueKey, content::Encryptor};

use crate::kernel::error::ExecuteError;

/// How much of a file is looked at to tell its type, bytes.
const SNIFFED_BYTES: usize = 8 * 1024;

/// A file on its way into the store.
pub(super) struct Writing {
    upload: WriteMultipart,
    encryptor: Encryptor,
    sealed: Sha256,
    content: Sha256,
    head: Vec<u8>,
    size: u64,
}

/// What is known of a file once it lies in the store.
pub(super) struct Written {
    /// Bytes of the file as uploaded.
    pub(super) size: u64,
    pub(super) media_type: String,
    /// SHA-256 of the file as uploaded, hex.
    pub(super) content_sha256: String,
    /// SHA-256 of the sealed bytes, hex.
    pub(super) blob_sha256: String,
}

impl Writing {
    pub(super) fn new(upload: WriteMultipart, key: ValueKey) -> Writing {
        Writing {
            upload,
            encryptor: Encryptor::new(key),
            sealed: Sha256::new(),
            content: Sha256::new(),
            head: Vec::new(),
            size: 0,
        }
    }

    /// Writes the whole file, durable when this returns.
    pub(super) async fn write(
        mut self,
        file: &mut (impl Stream<Item = Result<Bytes, ExecuteError>> + Unpin),
        max_bytes: u64,
    ) -> Result<Written, ExecuteError> {
        match self.all(file, max_bytes).await {
            Ok(()) => self.finish().await,
            Err(error) => {
                // Best effort: what stays is collected later, and the caller's error matters more.
                let _ = self.upload.abort().await;
                Err(error)
            }
        }
    }

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
            self.upload
                .wait_for_capacity(2)
                .await
                .map_err(ExecuteError::internal)?;
            self.upload.write(&sealed);
        }
        if self.size == 0 {
            return Err(ExecuteError::invalid(vec![Fault::new(
                "/file",
                FaultText::EmptyFile,
            )]));
        }
        Ok(())
    }

    async fn finish(mut self) -> Result<Written, ExecuteError> {
        let sealed = self.encryptor.finish();
        self.sealed.update(&sealed);
        self.upload.write(&sealed);
        self.upload.finish().await.map_err(ExecuteError::internal)?;
        Ok(Written {
            size: self.size,
            media_type: media_type(&self.head).to_owned(),
            content_sha256: hex::encode(self.content.finalize()),
            blob_sha256: hex::encode(self.sealed.finalize()),
        })
    }
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
    if is_text && !head.contains(&0) {
        "text/plain"
    } else {
        "application/octet-stream"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_is_told_from_the_content() {
        assert_eq!(media_type(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), "image/png");
        assert_eq!(media_type("déjà vu".as_bytes()), "text/plain");
        assert_eq!(media_type(b"\0\x01\x02\xff"), "application/octet-stream");
    }
}
