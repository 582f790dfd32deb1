//! Counters of the door, in the text format that Prometheus scrapes.

use std::{collections::BTreeMap, fmt::Write, time::Duration};

use actix_web::http::Method;
use parking_lot::Mutex;

/// Upper bounds of the histogram of answer times, seconds.
const BUCKETS_S: [f64; 9] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 5.0];

/// What has been counted. Labels are method, route pattern and status, never a path, a name, or anything else that a stranger
/// chooses: a label is kept for as long as the process lives.
#[derive(Debug, Default)]
pub struct Metrics {
    routes: Mutex<BTreeMap<(&'static str, String, u16), Times>>,
}

/// The method as metrics and log lines name it: one of RFC 9110 §9 and RFC 5789, or `other`.
#[must_use]
pub fn method_label(method: &Method) -> &'static str {
    const KNOWN: [&str; 9] = [
        "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE",
    ];
    KNOWN
        .into_iter()
        .find(|known| method.as_str() == *known)
        .unwrap_or("other")
}

#[derive(Debug, Default, Clone)]
struct Times {
    count: u64,
    sum_s: f64,
    within: [u64; BUCKETS_S.len()],
}

impl Metrics {
    /// Counts one request.
    pub fn request(&self, method: &'static str, route: &str, status: u16, elapsed: Duration) {
        let mut routes = self.routes.lock();
        let times = routes.entry((method, route.to_owned(), status)).or_default();
        let seconds = elapsed.as_secs_f64();
        times.count += 1;
        times.sum_s += seconds;
        for (within, bound) in times.within.iter_mut().zip(BUCKETS_S) {
            *within += u64::from(seconds <= bound);
        }
    }

    /// The text, with gauges of the caller's.
    #[must_use]
    pub fn text(&self, gauges: &[(&str, &str, u64)]) -> String {
        let mut text = String::new();
        for (name, help, value) in gauges {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}");
        }
        let name = "guichet_http_request_duration_seconds";
        let _ = writeln!(
            text,
            "# HELP {name} Time from request to answer.\n# TYPE {name} histogram"
        );
        for ((method, route, status), times) in self.routes.lock().iter() {
            let labels = format!("method=\"{method}\",route=\"{route}\",status=\"{status}\"");
            for (within, bound) in times.within.iter().zip(BUCKETS_S) {
                let _ = writeln!(text, "{name}_bucket{{{labels},le=\"{bound}\"}} {within}");
            }
            let _ = writeln!(text, "{name}_bucket{{{labels},le=\"+Inf\"}} {}", times.count);
            let _ = writeln!(text, "{name}_sum{{{labels}}} {}", times.sum_s);
            let _ = writeln!(text, "{name}_count{{{labels}}} {}", times.count);
        }
        text
    }
}
