//! What can be wrong with an export or a bundle.

use serde::Serialize;

/// Faults that are told one by one, at most. A file whose first fault shifts everything after it would otherwise bury
/// that first one; those beyond are counted.
pub const FAULTS_MAX: usize = 1_000;

/// Characters of the text of a fault, at most: the file chooses some of its words.
pub const FAULT_CHARS_MAX: usize = 1_000;

/// The kind of a fault, as a word for machines. Where several lie at one position they are told in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// The first line is not the header of an export, or the document not a bundle.
    Header,
    /// A line is not one of an export.
    Line,
    /// A position is missing, comes twice or comes out of order.
    Position,
    /// The stored bytes are not an event: a member is missing, unknown or of another form.
    Envelope,
    /// A version of a stream is missing, comes twice or comes out of order.
    Version,
    /// The id of an event was used before.
    EventId,
    /// The event was recorded more than 5 s before an event that stands before it.
    Clock,
    /// A sealed value has not the form of one.
    Sealed,
    /// The data does not have the shape of the event's type.
    Data,
    /// The event does not belong into its stream, or not there.
    Stream,
    /// A key was enrolled, or an epoch begun, in another form than that of a key or an origin.
    Enrolment,
    /// A key is said to be endorsed by another and is not.
    Endorsement,
    /// A proof does not lead to the checkpoint's root.
    Proof,
    /// A disclosed key does not open its value, or the value does not fit its commitment.
    Value,
    /// The last line is missing or is not one.
    Ending,
    /// There are more or fewer events than the header or the checkpoint say.
    Size,
    /// The root over the events is not that of the checkpoint.
    Root,
    /// The checkpoint is of another log.
    Origin,
    /// The checkpoint is not signed by the newest key that the log had enrolled.
    Signature,
    /// No chain of endorsements leads from the trusted key to the one that signed.
    Trust,
    /// An older checkpoint speaks of another history.
    OlderCheckpoint,
    /// The digest of a view is not the one that the events give.
    Digest,
    /// A file is not one of those that the bundle speaks of.
    Attachment,
}

impl Code {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Code::Header => "header",
            Code::Line => "line",
            Code::Position => "position",
            Code::Envelope => "envelope",
            Code::Version => "version",
            Code::EventId => "event-id",
            Code::Clock => "clock",
            Code::Sealed => "sealed",
            Code::Data => "data",
            Code::Stream => "stream",
            Code::Enrolment => "enrolment",
            Code::Endorsement => "endorsement",
            Code::Proof => "proof",
            Code::Value => "value",
            Code::Ending => "ending",
            Code::Size => "size",
            Code::Root => "root",
            Code::Origin => "origin",
            Code::Signature => "signature",
            Code::Trust => "trust",
            Code::OlderCheckpoint => "older-checkpoint",
            Code::Digest => "digest",
            Code::Attachment => "attachment",
        }
    }
}

/// Something that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The position in the log that it concerns: 0 for the first line and for what was given from outside, one more than
    /// the last for the last line, and for a wrong root the first at which the difference may lie
    /// (docs/audit-format.md §4).
    pub position: u64,
    /// Its kind.
    pub code: Code,
    /// What was found and what should have been, in a sentence without anything that cannot be seen.
    pub detail: String,
}

/// The faults found so far.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// Each with where reading had come to.
    listed: Vec<(Place, Fault)>,
    left_out: u64,
    step: u64,
}

/// Where reading had come to: the step, and within it the position.
type Place = (u64, u64);

impl Faults {
    /// What is found from here on is told after all that was found before.
    pub(crate) fn begin_step(&mut self, step: u64) {
        self.step = step;
    }

    /// Adds a fault found where it lies, while there are fewer than [`FAULTS_MAX`].
    pub(crate) fn push(&mut self, position: u64, code: Code, detail: impl Into<String>) {
        if self.listed.len() < FAULTS_MAX {
            self.push_found_at(position, position, code, detail);
        } else {
            self.left_out += 1;
        }
    }

    /// Adds a fault of the whole, of which there are few, with where it was found out.
    pub(crate) fn push_found_at(
        &mut self,
        found_at: u64,
        position: u64,
        code: Code,
        detail: impl Into<String>,
    ) {
        let fault = Fault {
            position,
            code,
            detail: text::shown(&detail.into(), FAULT_CHARS_MAX),
        };
        if !self.listed.iter().any(|(_, listed)| *listed == fault) {
            self.listed.push(((self.step, found_at), fault));
        }
    }

    /// In the order in which a reader meets them, and how many were left out.
    pub(crate) fn finish(mut self) -> (Vec<Fault>, u64) {
        self.listed
            .sort_by_key(|(found_at, fault)| (*found_at, fault.code, fault.position));
        (
            self.listed.into_iter().map(|(_, fault)| fault).collect(),
            self.left_out,
        )
    }
}
