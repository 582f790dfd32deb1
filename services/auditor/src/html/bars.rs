//! Events over time, as bars in SVG.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::{DateTime, Utc};

use super::text::{escaped, grouped, instant};
use crate::export::Statistics;

/// The drawing, in its own units.
const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 220.0;
/// Room above the bars for the marks, and below for the dates.
const TOP: f64 = 24.0;
const BOTTOM: f64 = 24.0;
/// Bars, at most: beyond, hours are put together.
const BARS_MAX: i64 = 240;
const HOUR_SECONDS: i64 = 3_600;

/// Events by time, with what else happened.
pub(super) fn timeline(statistics: &Statistics, epochs: &[u64], keys: &[u64]) -> String {
    let (Some((first, _)), Some((last, _))) = (
        statistics.hours.first_key_value(),
        statistics.hours.last_key_value(),
    ) else {
        return String::new();
    };
    let hours_each = hours_each(last - first + 1);
    let start = first.div_euclid(hours_each) * hours_each;
    let mut bars: BTreeMap<i64, u64> = BTreeMap::new();
    for (hour, count) in &statistics.hours {
        *bars.entry((hour - start) / hours_each).or_default() += count;
    }
    let count = (last - start) / hours_each + 1;
    let highest = bars.values().copied().max().unwrap_or(1).max(1);
    let scale = Scale {
        start: start * HOUR_SECONDS,
        seconds: count * hours_each * HOUR_SECONDS,
    };
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"Events over time\">\
         <line class=\"axis\" x1=\"0\" x2=\"{WIDTH}\" y1=\"{y}\" y2=\"{y}\"/>",
        y = HEIGHT - BOTTOM
    );
    let width = WIDTH / count as f64;
    for (index, events) in &bars {
        let height = (HEIGHT - TOP - BOTTOM) * *events as f64 / highest as f64;
        let from = instant_of((start + index * hours_each) * HOUR_SECONDS);
        // Writing to a string cannot fail.
        let _ = write!(
            svg,
            "<rect class=\"bar\" x=\"{:.2}\" y=\"{:.2}\" width=\"{:.2}\" height=\"{height:.2}\"><title>{} from {from}\
             </title></rect>",
            *index as f64 * width,
            HEIGHT - BOTTOM - height,
            (width * 0.86).max(0.5),
            grouped(*events)
        );
    }
    marks(&mut svg, statistics, epochs, keys, &scale);
    let _ = write!(
        svg,
        "<text x=\"0\" y=\"{y}\">{}</text><text x=\"{WIDTH}\" y=\"{y}\" text-anchor=\"end\">{}</text></svg>",
        instant_of(scale.start),
        instant_of(scale.start + scale.seconds),
        y = HEIGHT - 6.0
    );
    format!(
        "<h2>Timeline</h2><p class=\"soft\">Events for each {}; the highest bar is {}.</p>{svg}{LEGEND}",
        span_words(hours_each),
        grouped(highest)
    )
}

const LEGEND: &str = "<p class=\"legend soft\"><span><i style=\"background:#1c2430\"></i>epoch begins</span>\
     <span><i style=\"background:#b7791f\"></i>key enrolled</span>\
     <span><i style=\"background:#a61b1b\"></i>person erased</span>\
     <span><i style=\"background:#1a6b3c\"></i>checkpoint</span></p>";

struct Scale {
    start: i64,
    seconds: i64,
}

impl Scale {
    fn x(&self, at: DateTime<Utc>) -> f64 {
        let since = (at.timestamp() - self.start) as f64;
        WIDTH * (since / self.seconds.max(1) as f64).clamp(0.0, 1.0)
    }
}

fn marks(svg: &mut String, statistics: &Statistics, epochs: &[u64], keys: &[u64], scale: &Scale) {
    let mut mark = |class: &str, at: DateTime<Utc>, title: &str| {
        let x = scale.x(at);
        let _ = write!(
            svg,
            "<line class=\"{class}\" stroke-width=\"2\" x1=\"{x:.2}\" x2=\"{x:.2}\" y1=\"4\" y2=\"{}\"><title>{}, {}\
             </title></line>",
            HEIGHT - BOTTOM,
            escaped(title),
            instant(at)
        );
    };
    let at = |position: &u64| statistics.landmarks.get(position).copied();
    for at in epochs.iter().filter_map(at) {
        mark("epoch", at, "epoch begins");
    }
    for at in keys.iter().filter_map(at) {
        mark("key", at, "key enrolled");
    }
    for (position, at, _) in &statistics.erasures {
        mark("erasure", *at, &format!("person erased at position {position}"));
    }
    if let Some(at) = statistics.last_at {
        mark("checkpoint", at, "the checkpoint's last event");
    }
}

/// Hours under one bar: days as soon as that is enough for the eye.
fn hours_each(hours: i64) -> i64 {
    [1, 6, 24, 24 * 7, 24 * 30]
        .into_iter()
        .find(|each| hours / each < BARS_MAX)
        .unwrap_or(24 * 365)
}

fn span_words(hours: i64) -> String {
    match hours {
        1 => "hour".to_owned(),
        24 => "day".to_owned(),
        168 => "week".to_owned(),
        hours if hours % 24 == 0 => format!("{} days", hours / 24),
        hours => format!("{hours} hours"),
    }
}

fn instant_of(seconds: i64) -> String {
    DateTime::from_timestamp(seconds, 0).map_or_else(String::new, instant)
}
