//! What happens to an account, for ever: each variant is a stored form (design §3).

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::AccountKind;
use crate::{
    ids::{ApiKeyId, OrganizationId},
    label::Language,
    named::named,
    personal::Personal,
    policy::{Grant, KeyScope},
};

/// What happened to an account. One stream per account, named `account-<uuid>`. What is secret (hashes, the second
/// factor) is sealed and is never opened for a reader; [`AccountEvent::SECRET`] lists where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum AccountEvent {
    /// `account-created.v1`
    Created(AccountCreated),
    /// `account-password-set.v1`: by whoever made the account. The Argon2id hash in PHC form, sealed.
    PasswordSet {
        /// The hash.
        hash: Personal<String>,
    },
    /// `account-password-changed.v1`: by its holder, who knew the one before (seed 002, F84).
    PasswordChanged {
        /// The hash.
        hash: Personal<String>,
    },
    /// `account-password-reset.v1`: through a one-time link (seed 002, F73).
    PasswordReset {
        /// The hash.
        hash: Personal<String>,
    },
    /// `account-password-rehashed.v1`: the same password under a higher cost.
    PasswordRehashed {
        /// The hash.
        hash: Personal<String>,
    },
    /// `account-role-granted.v1`
    RoleGranted {
        /// What was granted.
        grant: Grant,
    },
    /// `account-role-revoked.v1`
    RoleRevoked {
        /// What was taken back.
        grant: Grant,
    },
    /// `account-joined.v1`: became a member of an organization.
    Joined {
        /// Which one.
        organization: OrganizationId,
    },
    /// `account-left.v1`: is no longer a member of an organization.
    Left {
        /// Which one.
        organization: OrganizationId,
    },
    /// `account-profile-changed.v1`
    ProfileChanged(ProfileChanged),
    /// `account-fields-locked.v1`: which fields only an administrator changes (seed 002, F83), the whole list.
    FieldsLocked {
        /// These, and no others.
        fields: BTreeSet<ProfileField>,
    },
    /// `account-address-set.v1`: where notifications go (seed 002, F76, F81).
    AddressSet {
        /// The mail address.
        address: Personal<String>,
        /// Its holder has shown that mail to it arrives. An administrator's word does not show that.
        confirmed: bool,
    },
    /// `account-address-removed.v1`: no notifications are sent any more.
    AddressRemoved {},
    /// `account-address-refused.v1`: a mail server refused the address for good (seed 002, F76).
    AddressRefused {},
    /// `account-avatar-set.v1` (seed 002, F80)
    AvatarSet(AvatarSet),
    /// `account-avatar-removed.v1`
    AvatarRemoved {},
    /// `account-disabled.v1`: nobody signs in with it any more.
    Disabled {
        /// Why, in the words of who did it and sealed for them.
        reason: Personal<String>,
    },
    /// `account-enabled.v1`
    Enabled {},
    /// `account-locked.v1`: too many failed tries (seed 002, F72).
    Locked {
        /// How many tries in a row had failed.
        failures: u32,
        /// Until when no try is taken.
        until: DateTime<Utc>,
    },
    /// `account-unlocked.v1`: by an administrator, before that time.
    Unlocked {},
    /// `account-signed-out-everywhere.v1`: every sign-in of it was ended.
    SignedOutEverywhere {},
    /// `account-second-factor-enrolled.v1`: TOTP (RFC 6238).
    SecondFactorEnrolled(SecondFactor),
    /// `account-second-factor-removed.v1`
    SecondFactorRemoved {},
    /// `account-recovery-code-used.v1`: in place of a code of the second factor.
    RecoveryCodeUsed {
        /// Which of the list, from 0.
        index: u32,
    },
    /// `account-identity-linked.v1`: signs in through an identity provider (`OpenID` Connect Core §2, `iss` and `sub`).
    IdentityLinked(Identity),
    /// `account-identity-unlinked.v1`
    IdentityUnlinked {
        /// The issuer.
        issuer: String,
    },
    /// `account-api-key-issued.v1`
    ApiKeyIssued(ApiKeyIssued),
    /// `account-api-key-revoked.v1`
    ApiKeyRevoked {
        /// Which one.
        key: ApiKeyId,
    },
}

impl AccountEvent {
    /// The types whose sealed values no reader is ever shown, auditors included.
    pub const SECRET: [&'static str; 6] = [
        "account-password-set.v1",
        "account-password-changed.v1",
        "account-password-reset.v1",
        "account-password-rehashed.v1",
        "account-second-factor-enrolled.v1",
        "account-api-key-issued.v1",
    ];

    /// Every sign-in must end that began before: its holder, or an administrator, no longer trusts what was shown then.
    #[must_use]
    pub fn ends_sign_ins(&self) -> bool {
        match self {
            AccountEvent::PasswordChanged { .. }
            | AccountEvent::PasswordReset { .. }
            | AccountEvent::Disabled { .. }
            | AccountEvent::SignedOutEverywhere {}
            | AccountEvent::IdentityUnlinked { .. } => true,
            AccountEvent::Created(_)
            | AccountEvent::PasswordSet { .. }
            | AccountEvent::PasswordRehashed { .. }
            | AccountEvent::RoleGranted { .. }
            | AccountEvent::RoleRevoked { .. }
            | AccountEvent::Joined { .. }
            | AccountEvent::Left { .. }
            | AccountEvent::ProfileChanged(_)
            | AccountEvent::FieldsLocked { .. }
            | AccountEvent::AddressSet { .. }
            | AccountEvent::AddressRemoved {}
            | AccountEvent::AddressRefused {}
            | AccountEvent::AvatarSet(_)
            | AccountEvent::AvatarRemoved {}
            | AccountEvent::Enabled {}
            | AccountEvent::Locked { .. }
            | AccountEvent::Unlocked {}
            | AccountEvent::SecondFactorEnrolled(_)
            | AccountEvent::SecondFactorRemoved {}
            | AccountEvent::RecoveryCodeUsed { .. }
            | AccountEvent::IdentityLinked(_)
            | AccountEvent::ApiKeyIssued(_)
            | AccountEvent::ApiKeyRevoked { .. } => false,
        }
    }
}

/// The data of `account-created.v1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountCreated {
    /// Person, operator or service.
    pub kind: AccountKind,
    /// The name used to sign in.
    pub username: Personal<String>,
    /// The name that others see.
    pub name: Personal<String>,
    /// The language of messages.
    pub language: Language,
}

/// The data of `account-profile-changed.v1`: what is there was changed, the rest was not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileChanged {
    /// The name that others see.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<Personal<String>>,
    /// The language of messages.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub language: Option<Language>,
    /// The time zone, by its name in the IANA database.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub time_zone: Option<String>,
    /// A telephone number.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub phone: Option<Personal<String>>,
    /// The screen shown first.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub default_view: Option<String>,
    /// What frontends remember for the person, whole.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub preferences: Option<Personal<BTreeMap<String, Value>>>,
    /// These have no value any more.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pub cleared: BTreeSet<ProfileField>,
}

/// A field of a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProfileField {
    /// The name that others see.
    Name,
    /// The language of messages.
    Language,
    /// The time zone.
    TimeZone,
    /// The telephone number.
    Phone,
    /// The screen shown first.
    DefaultView,
    /// What frontends remember.
    Preferences,
    /// The address of notifications.
    Address,
    /// The picture.
    Avatar,
}

named!(ProfileField {
    Name = "name",
    Language = "language",
    TimeZone = "time_zone",
    Phone = "phone",
    DefaultView = "default_view",
    Preferences = "preferences",
    Address = "address",
    Avatar = "avatar",
});

/// The data of `account-avatar-set.v1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AvatarSet {
    /// The picture as the server encoded it anew, base64: at most 16 KiB, so that it lies within the event.
    pub picture: Personal<String>,
    /// Its media type.
    pub media_type: String,
}

/// The data of `account-second-factor-enrolled.v1`: HMAC-SHA-1, six digits, steps of 30 s (RFC 6238, the only form that
/// every authenticator knows). Secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecondFactor {
    /// The shared secret, base32.
    pub secret: Personal<String>,
    /// SHA-256 of each recovery code, hexadecimal.
    pub recovery: Personal<Vec<String>>,
}

/// The data of `account-identity-linked.v1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// The provider's issuer identifier, a URL.
    pub issuer: String,
    /// Who this is there.
    pub subject: Personal<String>,
}

/// The data of `account-api-key-issued.v1`. Secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiKeyIssued {
    /// Its id.
    pub key: ApiKeyId,
    /// What it is for. Words of an administrator, so sealed like all free text (design §6.1).
    pub label: Personal<String>,
    /// SHA-256 of the key, hexadecimal.
    pub hash: Personal<String>,
    /// What it opens, of what its account may.
    pub scopes: BTreeSet<KeyScope>,
    /// From when it no longer holds.
    pub expires_at: DateTime<Utc>,
}
