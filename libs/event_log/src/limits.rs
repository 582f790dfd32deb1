//! Every limit of the log, each with its unit in its name (design §3 and §4).

/// Largest block record in bytes, header and table included. A leaf of sled splits by count and holds up to 17 records, so 48 KiB
/// keeps every node below a quarter of [`SEGMENT_BYTES`] and no record ever becomes a blob, which sled never syncs (design §4.2).
pub const RECORD_BYTES_MAX: usize = 48 * 1024;

/// Segment size of the sled database in bytes (design §4.2).
pub const SEGMENT_BYTES: usize = 4 * 1024 * 1024;

/// Most events in one commit, over all its streams (design §3).
pub const COMMIT_EVENTS_MAX: usize = 1000;

/// Most bytes in one commit: the sum of its stored events (design §3).
pub const COMMIT_BYTES_MAX: usize = 1024 * 1024;

/// Longest text in bytes that a door may accept, so that a text which stands alone in its event, sealed and in base64, still
/// fits a record (design §4.3). The log knows no texts: this is enforced by whoever accepts them.
pub const TEXT_BYTES_MAX: usize = 24 * 1024;

/// How far, in milliseconds, an event's `at` may lie behind the running maximum of the log before the write is refused
/// (design §3, Time).
pub const CLOCK_BEHIND_MAX_MS: i64 = 5000;

/// How many answered events the `HEAD` file may lack (design §4.5).
pub const HEAD_LAG_EVENTS_MAX: u64 = 1000;

/// How long, in milliseconds, the `HEAD` file may lack an answered event (design §4.5).
pub const HEAD_LAG_MS_MAX: u64 = 1000;

/// Most commits that wait for the writer; one more is refused as busy.
pub const QUEUE_COMMITS_MAX: usize = 8192;

/// Most bytes of encoded events that wait for the writer; a commit that would pass it is refused as busy.
pub const QUEUE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Most bytes of encoded events the writer takes into one group, unless the first commit alone is larger. It bounds the sled batch
/// and the time the first of a group waits for the last.
pub const GROUP_BYTES_MAX: usize = 2 * 1024 * 1024;

/// Space in bytes that must stay free on the file system of the log; below it commits are refused, since sled does not survive a full
/// disk well. It leaves room for what is under way: a group, its index, `HEAD`, and what others write there between two looks.
pub const DISK_RESERVE_BYTES: u64 = 64 * 1024 * 1024;

/// Space in bytes that must be free for a log to be opened: below it, what is written while opening might not fit.
pub const OPEN_FREE_BYTES_MIN: u64 = 4 * 1024 * 1024;

/// How long, in milliseconds, a look at the free space is trusted.
pub const SPACE_CHECK_MS: u64 = 1000;

/// How many bytes of blocks may be written before the free space is looked at again.
pub const SPACE_CHECK_BYTES: u64 = 4 * 1024 * 1024;

/// Most events that [`crate::Tail::next`] returns at once.
pub const TAIL_EVENTS_MAX: usize = 1024;

/// Of every how many events of a stream it is kept in memory where they lie, once they were passed: so many links at most are followed
/// to the beginning of what is read.
pub const WAYPOINT_VERSIONS: u64 = 64;

/// Most such places that are kept, of all streams.
pub const WAYPOINTS_MAX: u64 = 65_536;

/// Longest name of a stream in bytes.
pub const STREAM_NAME_BYTES_MAX: usize = 120;

/// Longest prefix of ticket keys in bytes.
pub const PREFIX_BYTES_MAX: usize = 10;

/// Largest number that a prefix allots. A stream whose number is larger is an ordinary stream and moves no counter.
pub const KEY_NUMBER_MAX: u64 = 999_999_999_999_999;
