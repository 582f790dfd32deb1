//! Files: sealed while they stream, durable in a content store before their event is appended (design §6.1).
//!
//! A file's bytes are sealed under the key of one person, the key of the value `/content` of the attachment's id.
//! They lie in the store under a random name.
//!
//! A file comes in as `incoming/<random name>.<ticket key>` and gets its own name once its event is on disk. So whatever
//! breaks off in between, [`Tickets::collect_orphans`] looks at what came in and did not arrive, and at nothing else,
//! and knows from the name which ticket to ask. Until it has its own name, an attached file is read from where it came in.

mod writing;

use std::time::Instant;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    AttachmentId, Detail, TicketKey,
    policy::{self, Operation, Shown},
    ticket::{self, Action, Context, command::Attach, document::AttachedFile},
};
use futures_util::{
    Stream, StreamExt, TryStreamExt,
    stream::{self, BoxStream},
};
use object_store::{GetResult, ObjectStore, ObjectStoreExt, WriteMultipart, path::Path};
use uuid::Uuid;
use vault::content::Decryptor;

use self::writing::Writing;
use crate::{
    kernel::{
        call::Call,
        error::{ExecuteError, ReadError},
        room::Room,
        task::own_task,
    },
    tickets::{Tickets, act::Done},
};

/// Largest file unless the configuration says otherwise, bytes.
pub const FILE_BYTES_MAX: u64 = 25 * 1024 * 1024;
/// How much is written to the store at once, bytes.
const PART_BYTES: usize = 1024 * 1024;

/// How much of a file is opened at once, bytes.
const OPENED_BYTES: usize = 256 * 1024;

/// The pointer under which the key of a file's bytes is derived.
const CONTENT: &str = "/content";

/// Where files come in.
pub(crate) const INCOMING: &str = "incoming";
/// How long a file may lie in the store without an event, hours (design §6.1).
pub const ORPHAN_HOURS: i64 = 24;

/// A file that lies sealed in the store and has no event yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    attach: Attach,
    /// When its command was stamped, by the door's clock and by one that only goes on.
    begun: (DateTime<Utc>, Instant),
}

/// What was done about files that came in and did not arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Collected {
    /// Files that an event refers to: they got their name.
    pub kept: usize,
    /// Files that no event refers to: they are gone.
    pub removed: usize,
}

impl Stored {
    /// SHA-256 of the uploaded file, hex: the part of it that identifies the request.
    #[must_use]
    pub fn content_sha256(&self) -> &str {
        &self.attach.content_sha256
    }

    /// The name that it is kept under.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.attach.name
    }
}

impl Tickets {
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
        let begun = (call.at, Instant::now());
        let loaded = self.kernel.load_ticket(key).await?;
        if !policy::may(&call.viewer, Operation::Read, &loaded.state.scope()) {
            return Err(ExecuteError::NotFound);
        }
        if !policy::may(&call.viewer, Operation::Comment, &loaded.state.scope()) {
            let why = Detail::MayNotAttach;
            return Err(ticket::Rejection::NotPermitted { why }.into());
        }
        let id = AttachmentId(Uuid::now_v7());
        let desk = self.desk_of(&loaded)?;
        let subject = ticket::subject(
            &Context {
                viewer: &call.viewer,
                desk: &desk,
                at: call.at,
            },
            &loaded.state,
        );
        self.kernel.mint(vec![subject.0]).await?;
        let value_key = self
            .kernel
            .vault
            .value_key(subject.0, id.0, CONTENT)
            .ok_or(ExecuteError::NotFound)?;

        let blob = Uuid::new_v4().to_string();
        let upload = self
            .files
            .put_multipart(&incoming(&blob, key))
            .await
            .map_err(ExecuteError::internal)?;
        let upload = WriteMultipart::new_with_chunk_size(upload, PART_BYTES);
        let written = Writing::new(upload, value_key)
            .write(&mut file, self.file_bytes_max)
            .await?;
        Ok(Stored {
            attach: Attach {
                id,
                subject,
                name: text::file_name(name),
                size: written.size,
                media_type: written.media_type,
                content_sha256: written.content_sha256,
                blob,
                blob_sha256: written.blob_sha256,
            },
            begun,
        })
    }

    /// Attaches a stored file; when that is refused or was done before, the stored bytes are taken away again. Runs as
    /// its own task: a client that hangs up cancels nothing.
    ///
    /// # Errors
    /// See [`ExecuteError`].
    pub async fn attach(&self, mut call: Call, key: TicketKey, stored: Stored) -> Result<Done, ExecuteError> {
        // The call was stamped before the file came, which may take longer than the log lets a clock lie behind.
        let (at, instant) = stored.begun;
        let elapsed = TimeDelta::from_std(instant.elapsed()).map_err(ExecuteError::internal)?;
        call.at = call.at.max(at + elapsed);
        own_task(self, |this| async move {
            let blob = stored.attach.blob.clone();
            let action = Action::Attach(Box::new(stored.attach));
            let done = this.act(call, key.clone(), vec![action]).await;
            let is_unused = match &done {
                Ok(done) => done.repeated,
                // The outcome may be unknown: the bytes stay until they are collected.
                Err(
                    ExecuteError::Unavailable { .. } | ExecuteError::Clock(_) | ExecuteError::Internal(_),
                ) => {
                    return done;
                }
                Err(_) => true,
            };
            let from = incoming(&blob, &key);
            let moved = match is_unused {
                true => this.files.delete(&from).await,
                false => this.files.rename(&from, &Path::from(blob)).await,
            };
            if let Err(error) = moved {
                tracing::warn!(%error, "a file stays among those that come in");
            }
            done
        })
        .await
    }

    /// Takes a stored file away that nothing will refer to.
    pub async fn discard(&self, key: &TicketKey, stored: Stored) {
        if let Err(error) = self.files.delete(&incoming(&stored.attach.blob, key)).await {
            tracing::warn!(%error, "a file stays among those that come in");
        }
    }

    /// Takes away what came in more than [`ORPHAN_HOURS`] ago and no event refers to. Costs what lies among the incoming
    /// files, however many files there are. To be run now and then.
    ///
    /// # Errors
    /// [`ReadError::Internal`] when the store or the log fails; what was looked at before is done.
    pub async fn collect_orphans(&self, now: DateTime<Utc>) -> Result<Collected, ReadError> {
        let before = now - TimeDelta::hours(ORPHAN_HOURS);
        let mut collected = Collected::default();
        let found = self.files.list(Some(&Path::from(INCOMING)));
        let found: Vec<_> = found.try_collect().await.map_err(ReadError::internal)?;
        for file in found.into_iter().filter(|file| file.last_modified < before) {
            let name = file.location.filename().and_then(|name| name.split_once('.'));
            let Some((blob, Ok(key))) = name.map(|(blob, key)| (blob, TicketKey::from_typed(key))) else {
                tracing::warn!(file = %file.location, "this is no file that came in; it stays");
                continue;
            };
            let is_attached = match self.kernel.load_ticket(&key).await {
                Ok(loaded) => loaded
                    .document
                    .attachments
                    .iter()
                    .any(|attached| attached.blob == blob),
                Err(ReadError::NotFound) => false,
                Err(error) => return Err(error),
            };
            if is_attached {
                let named = self.files.rename(&file.location, &Path::from(blob)).await;
                named.map_err(ReadError::internal)?;
                collected.kept += 1;
            } else {
                self.files
                    .delete(&file.location)
                    .await
                    .map_err(ReadError::internal)?;
                collected.removed += 1;
            }
        }
        Ok(collected)
    }

    /// The bytes of an attached file, opened while they stream.
    ///
    /// # Errors
    /// [`ReadError::NotFound`] when the person it was sealed for was erased; [`ReadError::Internal`], also when the store
    /// has lost it. An error within the stream says that the file was tampered with: what came before is authentic, but
    /// not the whole.
    pub async fn file(
        &self,
        file: &Shown<&AttachedFile>,
    ) -> Result<impl Stream<Item = Result<Bytes, ReadError>> + use<>, ReadError> {
        let value_key = self
            .kernel
            .vault
            .value_key(file.subject.0, file.id.0, CONTENT)
            .ok_or(ReadError::NotFound)?;
        let found = self.stored(&file.blob).await.map_err(ReadError::internal)?;
        let coming = Coming {
            room: self.kernel.room.clone(),
            sealed: found.into_stream(),
            decryptor: Some(Decryptor::new(value_key)),
        };
        let opened = stream::try_unfold(coming, Coming::next);
        Ok(opened.try_filter(|bytes| std::future::ready(!bytes.is_empty())))
    }

    /// The sealed bytes, under their own name or where they came in.
    async fn stored(&self, blob: &str) -> Result<GetResult, object_store::Error> {
        let own = Path::from(blob);
        let missing = match self.files.get(&own).await {
            Err(missing @ object_store::Error::NotFound { .. }) => missing,
            found => return found,
        };
        let mut incoming = self.files.list(Some(&Path::from(INCOMING)));
        while let Some(file) = incoming.try_next().await? {
            if file
                .location
                .filename()
                .is_some_and(|name| name.starts_with(blob))
            {
                return match self.files.get(&file.location).await {
                    // It got its name meanwhile.
                    Err(object_store::Error::NotFound { .. }) => self.files.get(&own).await,
                    found => found,
                };
            }
        }
        // Between the two looks it may have got its name as well.
        match self.files.get(&own).await {
            Err(object_store::Error::NotFound { .. }) => Err(missing),
            found => found,
        }
    }
}

/// A file on its way out.
struct Coming {
    room: Room,
    sealed: BoxStream<'static, Result<Bytes, object_store::Error>>,
    /// Until the end has been seen, which tells that the file is whole.
    decryptor: Option<Decryptor>,
}

impl Coming {
    async fn next(mut self) -> Result<Option<(Bytes, Coming)>, ReadError> {
        let Some(mut decryptor) = self.decryptor.take() else {
            return Ok(None);
        };
        let (mut parts, mut bytes, mut is_end) = (Vec::new(), 0, false);
        while bytes < OPENED_BYTES && !is_end {
            match self
                .sealed
                .next()
                .await
                .transpose()
                .map_err(ReadError::internal)?
            {
                Some(part) => {
                    bytes += part.len();
                    parts.push(part);
                }
                None => is_end = true,
            }
        }
        let opened = self.room.read((), move |_| {
            let mut plain = Vec::with_capacity(bytes);
            for part in parts {
                plain.extend(decryptor.push(&part).map_err(ReadError::internal)?);
            }
            if is_end {
                plain.extend(decryptor.finish().map_err(ReadError::internal)?);
                return Ok((plain, None));
            }
            Ok::<_, ReadError>((plain, Some(decryptor)))
        });
        let (plain, decryptor) = opened.await?;
        self.decryptor = decryptor;
        Ok(Some((Bytes::from(plain), self)))
    }
}

/// Where a file for a ticket comes in.
fn incoming(blob: &str, key: &TicketKey) -> Path {
    Path::from_iter([INCOMING.to_owned(), format!("{blob}.{key}")])
}
