//! Going on after a loss that cannot be restored (design §4.5).

use std::fs;
use std::path::Path;

use crate::head_file::Head;
use crate::index::Index;
use crate::open::{self, OpenError, Options, io_error, store_error};
use crate::place::Position;
use crate::read::digest_at;
use crate::store::Store;

/// Blocks removed in one step.
const REMOVED_AT_ONCE: usize = 1000;

/// What was accepted. The first event of the new epoch should tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// The epoch that begins, one more than before.
    pub epoch: u32,
    /// Where the log ends now.
    pub head: Position,
    /// The first position that is lost: the one after the head.
    pub lost_from: Position,
    /// The last position of which anything is known; there may have been more. When it lies before `lost_from`, nothing is missing, and
    /// the log was another than the one that was seen.
    pub lost_to_at_least: Position,
}

/// Cuts off what cannot be read: the first damaged block and everything after it, back to the end of a group, since a command is there
/// as a whole or not at all. Then writes `HEAD` at the end that is left, with the next epoch. Every block and every event is read and
/// checked. To be run while nobody has the log open; afterwards it opens writable.
///
/// [`Options::floors`] count for what is told as lost only. A floor that belongs to an earlier epoch must not be given to
/// [`crate::EventLog::open`] any more. When `HEAD` cannot be understood, its epoch counts as 0 unless the text still tells it.
///
/// # Errors
/// See [`OpenError`]. A failure between leaves the log as read-only as it was; it can be run again. A database that sled itself cannot
/// read is not mended: restore the log from the archive.
pub fn accept_loss(dir: &Path, options: &Options) -> Result<Accepted, OpenError> {
    open::refuse_unfinished(dir)?;
    let store = open::database_alone(dir, options)?;
    let head_path = dir.join("HEAD");
    let (epoch, promised) = last_told(&head_path)?;
    let found = open::last_found(&store)?;
    let head = cut(dir, options, &store)?;
    let digest = digest_at(&store, head)?;
    let epoch = epoch.saturating_add(1);
    Head::new(epoch, head, digest)
        .write(&head_path)
        .map_err(io_error("write", &head_path))?;
    drop(store.close());
    let floors = options.floors.iter().map(|floor| floor.position);
    let accepted = Accepted {
        epoch,
        head,
        lost_from: Position(head.0 + 1),
        lost_to_at_least: floors.fold(promised.max(found), Position::max),
    };
    tracing::warn!(?accepted, "a loss at the end of the log was accepted");
    Ok(accepted)
}

/// The epoch and the position of `HEAD`, as far as they can be made out.
fn last_told(path: &Path) -> Result<(u32, Position), OpenError> {
    match Head::read(path) {
        Ok(head) => Ok(head.map_or((0, Position(0)), |head| (head.epoch, head.position))),
        Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
            // Its damage may be a byte that is no text; what stands beside it still tells.
            let text = fs::read(path).map_err(io_error("read", path))?;
            let text = String::from_utf8_lossy(&text);
            let number = |field: &str| {
                let (_, after) = text.split_once(&format!("\"{field}\":"))?;
                let digits = after.split(|c: char| !c.is_ascii_digit()).next()?;
                digits.parse::<u64>().ok()
            };
            let epoch = number("epoch").and_then(|epoch| u32::try_from(epoch).ok());
            tracing::error!(%error, ?epoch, "HEAD cannot be understood");
            Ok((epoch.unwrap_or(0), Position(number("position").unwrap_or(0))))
        }
        Err(error) => Err(io_error("read", path)(error)),
    }
}

/// Removes everything after the last group up to which all is well, and returns where that ends.
fn cut(dir: &Path, options: &Options, store: &Store) -> Result<Position, OpenError> {
    let index_dir = dir.join("index");
    forget_index(&index_dir)?;
    let index = Index::open(&index_dir, options.index_memory_entries, |_| false)
        .map_err(io_error("open", &index_dir))?;
    // Making the index anew reads every event there is.
    let head = open::whole_up_to(store, &index)?;
    let wrong = index.covered().position > head;
    index.close().map_err(io_error("write", &index_dir))?;
    drop(index);
    if wrong {
        forget_index(&index_dir)?;
    }
    let keys = store.keys_after(head)?;
    for keys in keys.chunks(REMOVED_AT_ONCE) {
        store.remove(keys).map_err(store_error("cut", dir))?;
    }
    Ok(head)
}

/// The index is made anew by the next opening.
fn forget_index(dir: &Path) -> Result<(), OpenError> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(io_error("remove", dir)(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}
