//! Verifying an evidence bundle (docs/audit-format.md §5) and telling what it shows.

mod attachment;
mod form;
mod tell;
mod verify;

pub use attachment::AttachmentChecked;
pub use tell::{Disclosed, Told};
pub use verify::{AttachmentGiven, verify};
