//! Where some events of long streams lie. Events of a stream are linked from the last to the first, so without these who reads one from
//! its beginning would follow every link for every page. They are gathered on the way and kept in memory; what is not kept is walked.

use moka::sync::Cache;

use crate::key::Key;
use crate::limits::{WAYPOINT_VERSIONS, WAYPOINTS_MAX};
use crate::place::{Position, Version};

/// An event of a stream: its version, and where it lies.
pub(crate) type Place = (Version, Position);

/// Places by stream, each [`WAYPOINT_VERSIONS`]th.
#[derive(Debug)]
pub(crate) struct Waypoints(Cache<(Key, u64), u64>);

impl Default for Waypoints {
    fn default() -> Waypoints {
        Waypoints(Cache::new(WAYPOINTS_MAX))
    }
}

impl Waypoints {
    /// Keeps a place that was passed, if it is one that is kept.
    pub(crate) fn note(&self, stream: Key, (version, position): Place) {
        if version.0.is_multiple_of(WAYPOINT_VERSIONS) && !self.0.contains_key(&(stream, version.0)) {
            self.0.insert((stream, version.0), position.0);
        }
    }

    /// The nearest place known at a version or after it. `newest` is the last of the stream.
    pub(crate) fn at_or_after(&self, stream: Key, version: Version, newest: Place) -> Place {
        let first = version.0.next_multiple_of(WAYPOINT_VERSIONS);
        let kept = (first..newest.0.0).step_by(WAYPOINT_VERSIONS as usize);
        let found = kept.filter_map(|version| self.get(stream, version)).next();
        found.unwrap_or(newest)
    }

    /// The earliest place known that lies after a position. `newest` is the last of the stream, and lies after it.
    pub(crate) fn first_after(&self, stream: Key, position: Position, newest: Place) -> Place {
        let last = newest.0.0 / WAYPOINT_VERSIONS;
        let kept = (1..=last)
            .rev()
            .filter_map(|nth| self.get(stream, nth * WAYPOINT_VERSIONS));
        let after = kept.take_while(|(_, lies)| *lies > position);
        after.last().unwrap_or(newest)
    }

    fn get(&self, stream: Key, version: u64) -> Option<Place> {
        let position = self.0.get(&(stream, version))?;
        Some((Version(version), Position(position)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: Key = 7;

    /// A stream whose events lie ten apart.
    fn place(version: u64) -> Place {
        (Version(version), Position(version * 10))
    }

    #[test]
    fn what_was_passed_is_begun_from_and_what_was_not_is_walked_to_from_the_end() {
        let (waypoints, newest) = (Waypoints::default(), place(1_000));
        let from = |version| waypoints.at_or_after(STREAM, Version(version), newest);
        let after = |position| waypoints.first_after(STREAM, Position(position), newest);
        assert_eq!((from(1), after(0)), (newest, newest));
        for version in 129..=1_000 {
            waypoints.note(STREAM, place(version));
        }
        assert_eq!(
            (from(1), from(192), from(193)),
            (place(192), place(192), place(256))
        );
        assert_eq!((from(960), from(961), from(1_000)), (place(960), newest, newest));
        assert_eq!(
            (after(0), after(1_919), after(1_920)),
            (place(192), place(192), place(256))
        );
        assert_eq!((after(9_599), after(9_600)), (place(960), newest));
        assert_eq!(waypoints.at_or_after(STREAM + 1, Version(1), newest), newest);
    }
}
