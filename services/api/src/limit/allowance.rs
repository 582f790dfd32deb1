//! How much of a limit is left, as answers say it (draft-ietf-httpapi-ratelimit-headers-10).

use std::sync::Arc;

use actix_web::http::header::HeaderName;
use parking_lot::Mutex;

/// Of what part of a limit less must be left for an answer to tell of it.
const TOLD_PART: u64 = 10;

/// A limit: so much in so many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Policy {
    pub(super) name: &'static str,
    /// What is counted; requests when absent.
    pub(super) unit: Option<&'static str>,
    pub(super) quota: u64,
    pub(super) window_s: u64,
}

/// What is left of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    policy: Policy,
    left: u64,
    /// When there is more again, s.
    pub(crate) more_in_s: u64,
}

impl Policy {
    /// Nothing is left for so many seconds.
    pub(super) fn spent(self, more_in_s: u64) -> Allowance {
        Allowance {
            policy: self,
            left: 0,
            more_in_s,
        }
    }

    /// So much is left, when it is little.
    pub(super) fn nearly_spent(self, left: u64) -> Option<Allowance> {
        let is_little = left.saturating_mul(TOLD_PART) < self.quota;
        is_little.then(|| Allowance {
            policy: self,
            left,
            more_in_s: self.window_s.div_ceil(self.quota.max(1)).max(1),
        })
    }
}

/// `RateLimit-Policy` and `RateLimit`, of all of these.
pub(crate) fn fields(allowances: &[Allowance]) -> [(HeaderName, String); 2] {
    let policy = |Allowance { policy, .. }: &Allowance| {
        let unit = policy
            .unit
            .map(|unit| format!(";qu=\"{unit}\""))
            .unwrap_or_default();
        format!(
            "\"{}\";q={}{unit};w={}",
            policy.name, policy.quota, policy.window_s
        )
    };
    let left = |allowance: &Allowance| {
        let Allowance {
            policy,
            left,
            more_in_s,
        } = allowance;
        format!("\"{}\";r={left};t={more_in_s}", policy.name)
    };
    let policies: Vec<String> = allowances.iter().map(policy).collect();
    let left: Vec<String> = allowances.iter().map(left).collect();
    [
        (HeaderName::from_static("ratelimit-policy"), policies.join(", ")),
        (HeaderName::from_static("ratelimit"), left.join(", ")),
    ]
}

/// What the answer to a request will tell of limits that are nearly reached.
#[derive(Debug, Clone, Default)]
pub(crate) struct ToTell(Arc<Mutex<Vec<Allowance>>>);

impl ToTell {
    pub(crate) fn note(&self, allowance: Option<Allowance>) {
        let Some(allowance) = allowance else { return };
        let mut noted = self.0.lock();
        // A file is counted piece by piece: the last one counts.
        noted.retain(|before| before.policy != allowance.policy);
        noted.push(allowance);
    }

    pub(crate) fn noted(&self) -> Vec<Allowance> {
        self.0.lock().clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_are_written_as_their_draft_has_them() {
        let writes = Policy {
            name: "writes",
            unit: None,
            quota: 1_200,
            window_s: 60,
        };
        let bytes = Policy {
            name: "bytes",
            unit: Some("content-bytes"),
            quota: 2_048,
            window_s: 86_400,
        };
        let told = fields(&[writes.spent(3), bytes.nearly_spent(100).unwrap()]);
        assert_eq!(
            told[0].1,
            "\"writes\";q=1200;w=60, \"bytes\";q=2048;qu=\"content-bytes\";w=86400"
        );
        assert_eq!(told[1].1, "\"writes\";r=0;t=3, \"bytes\";r=100;t=43");
        assert_eq!(writes.nearly_spent(120), None);
        assert!(writes.nearly_spent(119).is_some());
        let to_tell = ToTell::default();
        for left in [119, 7, 5_000] {
            to_tell.note(writes.nearly_spent(left));
        }
        assert_eq!(fields(&to_tell.noted())[1].1, "\"writes\";r=7;t=1");
    }
}
