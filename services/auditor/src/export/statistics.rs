//! What a person wants to see of a log beside the verdict.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

/// Erasures that are listed one by one, at most.
const ERASURES_MAX: usize = 500;

/// Counts and landmarks of a log.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Statistics {
    /// When the first event was recorded.
    pub first_at: Option<DateTime<Utc>>,
    /// When the last event was recorded.
    pub last_at: Option<DateTime<Utc>>,
    /// Events by their type.
    pub types: BTreeMap<String, u64>,
    /// Streams that exist.
    pub streams: u64,
    /// The streams with most events.
    pub largest_streams: Vec<(String, u64)>,
    /// Events by the hour in which they were recorded, in hours since 1970.
    #[serde(skip)]
    pub hours: BTreeMap<i64, u64>,
    /// When persons were erased: position, instant, person.
    pub erasures: Vec<(u64, DateTime<Utc>, String)>,
    /// Erasures beyond those listed.
    pub erasures_left_out: u64,
    /// When epochs began and keys were enrolled, by position.
    #[serde(skip)]
    pub landmarks: BTreeMap<u64, DateTime<Utc>>,
}

/// Counting while going through.
#[derive(Debug, Default)]
pub(super) struct Counting {
    statistics: Statistics,
    hour: i64,
    in_hour: u64,
    types: Vec<(Box<str>, u64)>,
}

impl Counting {
    pub(super) fn take(&mut self, position: u64, event_type: &str, stream: &str, at: DateTime<Utc>) {
        self.statistics.first_at.get_or_insert(at);
        self.statistics.last_at = self.statistics.last_at.max(Some(at));
        let hour = at.timestamp().div_euclid(3_600);
        if hour != self.hour {
            self.end_hour();
            self.hour = hour;
        }
        self.in_hour += 1;
        // There are a few dozen types, and those that come often stand in front.
        match self.types.iter().position(|(known, _)| **known == *event_type) {
            Some(index) => {
                self.types[index].1 += 1;
                if index > 0 && self.types[index].1 > self.types[index - 1].1 {
                    self.types.swap(index, index - 1);
                }
            }
            None => self.types.push((event_type.into(), 1)),
        }
        if event_type.starts_with("log-") {
            self.statistics.landmarks.insert(position, at);
        }
        if event_type == "person-erased.v1" {
            if self.statistics.erasures.len() < ERASURES_MAX {
                let person = stream.strip_prefix("person-").unwrap_or(stream).to_owned();
                self.statistics.erasures.push((position, at, person));
            } else {
                self.statistics.erasures_left_out += 1;
            }
        }
    }

    fn end_hour(&mut self) {
        if self.in_hour > 0 {
            *self.statistics.hours.entry(self.hour).or_default() += self.in_hour;
            self.in_hour = 0;
        }
    }

    pub(super) fn finish(mut self) -> Statistics {
        self.end_hour();
        for (event_type, count) in self.types {
            self.statistics.types.insert(event_type.into(), count);
        }
        self.statistics
    }
}
