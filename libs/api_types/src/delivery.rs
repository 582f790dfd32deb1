//! What the courier is to deliver. For services only: it is asked with the service key, not with a person's token.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A page of deliveries that wait, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "items": [{
        "id": 17, "recipient": "0192f0c1-7a3b-7c4d-8e5f-000000000007", "channel": "mail",
        "effect": "password-reset", "attempts": 0, "due_at": "2026-11-25T08:00:00Z"
    }],
    "next_after": 17
}))]
pub struct DeliveryPage {
    /// The deliveries.
    pub items: Vec<Delivery>,
    /// Give it as `after` for the next page.
    pub next_after: u64,
}

/// One delivery that waits: ids only, nothing of what it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": 17, "recipient": "0192f0c1-7a3b-7c4d-8e5f-000000000007", "channel": "mail",
    "effect": "password-reset", "attempts": 0, "due_at": "2026-11-25T08:00:00Z"
}))]
pub struct Delivery {
    /// Its number.
    pub id: u64,
    /// The account it is for; `null` for somebody who has none yet.
    #[schema(required = true)]
    pub recipient: Option<Uuid>,
    /// How it goes.
    pub channel: String,
    /// Why it goes.
    pub effect: String,
    /// How often it was tried before.
    pub attempts: u32,
    /// From when it may be tried.
    pub due_at: DateTime<Utc>,
}

/// A delivery that was claimed, with what it says. Claimed again after `claimed_until`, it says the same under the same `message_id`; once a
/// one-time link in it has served, the delivery is gone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": 17,
    "message_id": "0192f0c1-7a3b-7c4d-8e5f-000000000017",
    "to": "requester-1@example.org",
    "subject": "Votre mot de passe",
    "text": "Bonjour,\n…\n",
    "language": "fr",
    "claimed_until": "2026-11-25T08:01:00Z"
}))]
pub struct ClaimedDelivery {
    /// Its number.
    pub id: u64,
    /// What the `Message-ID` of the mail is to be made of, so that a mail that goes twice is known as the same.
    pub message_id: Uuid,
    /// The address.
    pub to: String,
    /// The subject line.
    pub subject: String,
    /// The text, lines ended by `\n`.
    pub text: String,
    /// The language of the text.
    pub language: String,
    /// Until when nobody else is given it.
    pub claimed_until: DateTime<Utc>,
}

/// What became of a claimed delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"outcome": "delivered"}))]
pub struct SettleDelivery {
    /// What became of it.
    pub outcome: Outcome,
    /// What the mail server said, at most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The mail server took it.
    Delivered,
    /// The mail server refused it for good: the address is stale.
    Refused,
    /// It could not be handed over now; it is tried again, later each time, for a day.
    Failed,
}
