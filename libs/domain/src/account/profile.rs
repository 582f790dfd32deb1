//! A profile: its limits, and what is at fault with a change of it (seed 002, F78-F83).

use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr,
};

use serde_json::Value;
use unicode_normalization::UnicodeNormalization;
use unicode_security::{GeneralSecurityProfile, MixedScript};

use super::{Account, AccountEvent, AccountKind, ProfileChanged, ProfileField};
use crate::{
    fault::Fault,
    label::Language,
    messages::FaultText,
    personal::Personal,
    policy::{Role, Viewer},
    text_field,
};

/// Longest name, characters.
pub const NAME_CHARS_MAX: usize = 100;
/// Longest user name, characters.
pub const USERNAME_CHARS_MAX: usize = 100;
/// Longest mail address, characters (RFC 5321 §4.5.3.1.3).
pub const ADDRESS_CHARS_MAX: usize = 254;
/// Longest telephone number, characters.
pub const PHONE_CHARS_MAX: usize = 32;
/// How many preferences are kept.
pub const PREFERENCES_MAX: usize = 50;
/// All preferences together as JSON, bytes.
pub const PREFERENCES_BYTES_MAX: usize = 8 * 1024;
/// How many objects and arrays may lie inside each other in one preference.
pub const PREFERENCES_DEPTH_MAX: usize = 32;

/// The screens that may be shown first (seed 003, F175).
pub const DEFAULT_VIEWS: [&str; 5] = ["create_ticket", "my_tickets", "queue", "audit", "administration"];

/// Parts of addresses before the `@` that name a function, not a person (seed 002, F67).
const GENERIC: [&str; 32] = [
    "accueil",
    "admin",
    "administration",
    "assistance",
    "communication",
    "compta",
    "comptabilite",
    "contact",
    "direction",
    "dsi",
    "helpdesk",
    "hotline",
    "info",
    "informatique",
    "infos",
    "mairie",
    "no-reply",
    "noreply",
    "office",
    "postmaster",
    "reception",
    "rectorat",
    "root",
    "sales",
    "sav",
    "secretariat",
    "service",
    "support",
    "technique",
    "urbanisme",
    "vie-scolaire",
    "webmaster",
];

/// What is wanted of a profile; `Some(None)` takes a value away.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ProfileEdit {
    /// The name that others see.
    pub name: Option<String>,
    /// The language of messages.
    pub language: Option<Language>,
    /// The time zone, by its IANA name.
    pub time_zone: Option<Option<String>>,
    /// The telephone number.
    pub phone: Option<Option<String>>,
    /// The screen shown first.
    pub default_view: Option<Option<String>>,
    /// What frontends remember, whole.
    pub preferences: Option<BTreeMap<String, Value>>,
}

/// The screen that is shown first to who has chosen none: requesters land on the page where they ask (seed 003, F175).
#[must_use]
pub fn default_view(viewer: &Viewer) -> &'static str {
    let by_role = [
        (Role::Admin, "administration"),
        (Role::Auditor, "audit"),
        (Role::Agent, "queue"),
        (Role::LocalAdmin, "queue"),
        (Role::Supplier, "queue"),
        (Role::Operator, "my_tickets"),
    ];
    by_role
        .into_iter()
        .find(|(role, _)| viewer.has(*role))
        .map_or("create_ticket", |(_, view)| view)
}

/// A mail address names a function of an office and not a person (seed 002, F67).
#[must_use]
pub fn is_generic_address(address: &str) -> bool {
    let local = text::fold(address.split('@').next().unwrap_or_default());
    let local = local.split('+').next().unwrap_or_default();
    let is_generic = |name: &str| GENERIC.contains(&name) || GENERIC.iter().any(|of| looks_like(of, name));
    // `mairie.commune-a` and `mairie-commune-a`; some functions have a hyphen of their own, as `vie-scolaire.lycee-a`.
    let begins = |ends: &[char]| local.split(ends).next().is_some_and(is_generic);
    is_generic(local) || begins(&['.', '_']) || begins(&['.', '_', '-'])
}

/// Is the other one taken for this one, though it is written with letters of another script?
fn looks_like(one: &str, other: &str) -> bool {
    !other.is_ascii()
        && text::look_alike_keys(one)
            .iter()
            .any(|key| text::look_alike_keys(other).contains(key))
}

/// Letters, marks, ASCII digits and hyphens, those not at an end (RFC 5890 §2.3.2).
fn is_domain_label(label: &str) -> bool {
    let allowed =
        |c: char| c == '-' || c.is_ascii_digit() || (text::is_letter_mark_or_digit(c) && !c.is_numeric());
    !label.is_empty() && !label.starts_with('-') && !label.ends_with('-') && label.chars().all(allowed)
}

/// What is at fault with a mail address: its form, and for a person, that it is everybody's.
#[must_use]
pub fn address_faults(pointer: &str, address: &str, kind: AccountKind) -> Vec<Fault> {
    let well_formed = address.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && local.len() <= 64
            && domain.contains('.')
            && domain.split('.').all(is_domain_label)
    });
    let printable = address
        .chars()
        .all(|c| text::is_visible(c) && !"<>(),;:\\\"[]".contains(c));
    if !well_formed || !printable || address.chars().count() > ADDRESS_CHARS_MAX {
        return vec![Fault::new(
            pointer,
            FaultText::NotAnAddress {
                max: ADDRESS_CHARS_MAX,
            },
        )];
    }
    if kind == AccountKind::Person && is_generic_address(address) {
        return vec![Fault::new(pointer, FaultText::OfficeAddress)];
    }
    Vec::new()
}

/// What is at fault with the name that others see.
#[must_use]
pub fn name_faults(pointer: &str, name: &str) -> Vec<Fault> {
    text_field::name_faults(pointer, name, NAME_CHARS_MAX)
}

/// What people take for one user name though the characters differ: its look-alike keys (Unicode Technical Standard 39 §4).
/// Two names that share one of them are not both given, unless both are plain ASCII: `l` and `1` are told apart by those
/// who type them, and `m` and `rn` are not the same name.
#[must_use]
pub fn look_alike_keys(username: &str) -> BTreeSet<String> {
    let composed: String = username.nfkc().collect();
    let spaced = composed.split_whitespace().collect::<Vec<_>>().join(" ");
    text::look_alike_keys(&spaced).into()
}

/// Is this user name, as it is compared, of ASCII alone? No other name may look like it, and it like no other.
#[must_use]
pub fn is_plain_username(username: &str) -> bool {
    username_key(username).is_ascii()
}

/// User names are one whatever their case, the spaces around and between their parts, and the way their characters are
/// composed (Unicode Standard Annex 15, NFKC).
#[must_use]
pub fn username_key(username: &str) -> String {
    let composed: String = username.nfkc().collect();
    // Lower case may decompose what was composed.
    let lower: String = composed.to_lowercase().nfkc().collect();
    lower.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What is at fault with a user name. Two that look alike are one person's way to be taken for another: outside printable
/// ASCII it holds letters, marks and digits only, those that identifiers may hold, and letters of one script only (Unicode
/// Technical Standard 39 §3, §5.1).
#[must_use]
pub fn username_faults(pointer: &str, username: &str) -> Vec<Fault> {
    let mut faults = text_field::name_faults(pointer, username, USERNAME_CHARS_MAX);
    let of_words = |c: char| c.identifier_allowed() && text::is_letter_mark_or_digit(c);
    let readable = |c: char| c == ' ' || c.is_ascii_graphic() || of_words(c);
    if faults.is_empty() && !username.trim().chars().all(readable) {
        faults.push(Fault::new(pointer, FaultText::CharactersNotToldApart));
    }
    if faults.is_empty() && !text::has_plain_marks(username) {
        faults.push(Fault::new(pointer, FaultText::MarksNotToldApart));
    }
    if faults.is_empty() && !username.is_single_script() {
        faults.push(Fault::new(pointer, FaultText::SeveralScripts));
    }
    // An id names an account wherever a user name does.
    if faults.is_empty() && (uuid::Uuid::parse_str(username.trim()).is_ok() || username_key(username) == "me")
    {
        faults.push(Fault::new(pointer, FaultText::StandsForSomethingElse));
    }
    faults
}

impl ProfileEdit {
    /// The events of this edit, none when it changes nothing.
    ///
    /// # Errors
    /// Every fault of the edit; fields that are locked are at fault unless `administers`.
    pub fn decide(self, account: &Account, administers: bool) -> Result<Vec<AccountEvent>, Vec<Fault>> {
        let faults = self.faults(account, administers);
        if !faults.is_empty() {
            return Err(faults);
        }
        let person = account.id.person();
        let mut cleared = BTreeSet::new();
        let mut wanted = |field, value: Option<Option<String>>, today: &Option<String>| match value {
            Some(None) if today.is_some() => {
                cleared.insert(field);
                None
            }
            Some(Some(value)) if today.as_ref() != Some(&value) => Some(value),
            Some(_) | None => None,
        };
        let time_zone = wanted(ProfileField::TimeZone, self.time_zone, &account.time_zone);
        let phone = wanted(ProfileField::Phone, self.phone, &account.phone);
        let default_view = wanted(
            ProfileField::DefaultView,
            self.default_view,
            &account.default_view,
        );
        let changed = ProfileChanged {
            name: self
                .name
                .filter(|name| account.name.as_ref() != Some(name))
                .map(|name| Personal::new(person, name)),
            language: self.language.filter(|language| *language != account.language),
            time_zone,
            phone: phone.map(|phone| Personal::new(person, phone)),
            default_view,
            preferences: self
                .preferences
                .filter(|preferences| *preferences != account.preferences)
                .map(|preferences| Personal::new(person, preferences)),
            cleared,
        };
        if changed == ProfileChanged::default() {
            return Ok(Vec::new());
        }
        Ok(vec![AccountEvent::ProfileChanged(changed)])
    }

    fn faults(&self, account: &Account, administers: bool) -> Vec<Fault> {
        let mut faults = Vec::new();
        if let Some(name) = &self.name {
            faults.extend(name_faults("/name", name));
        }
        if let Some(Some(zone)) = &self.time_zone
            && chrono_tz::Tz::from_str(zone).is_err()
        {
            faults.push(Fault::new("/time_zone", FaultText::NotATimeZone));
        }
        if let Some(Some(phone)) = &self.phone {
            let digits = phone.chars().filter(char::is_ascii_digit).count();
            let allowed = phone.chars().all(|c| c.is_ascii_digit() || "+ .-()".contains(c));
            if !allowed || digits < 3 || phone.chars().count() > PHONE_CHARS_MAX {
                faults.push(Fault::new(
                    "/phone",
                    FaultText::NotAPhoneNumber { max: PHONE_CHARS_MAX },
                ));
            }
        }
        if let Some(Some(view)) = &self.default_view
            && !DEFAULT_VIEWS.contains(&view.as_str())
        {
            faults.push(Fault::new("/default_view", FaultText::one_of(DEFAULT_VIEWS)));
        }
        if let Some(preferences) = &self.preferences {
            faults.extend(preference_faults(preferences));
        }
        if !administers {
            faults.extend(
                self.touched()
                    .filter(|(field, _)| account.locked_fields.contains(field))
                    .map(|(_, pointer)| Fault::new(pointer, FaultText::ByAdministratorsOnly)),
            );
        }
        faults
    }

    /// The fields that this edit names.
    fn touched(&self) -> impl Iterator<Item = (ProfileField, &'static str)> {
        [
            (self.name.is_some(), ProfileField::Name, "/name"),
            (self.language.is_some(), ProfileField::Language, "/language"),
            (self.time_zone.is_some(), ProfileField::TimeZone, "/time_zone"),
            (self.phone.is_some(), ProfileField::Phone, "/phone"),
            (
                self.default_view.is_some(),
                ProfileField::DefaultView,
                "/default_view",
            ),
            (
                self.preferences.is_some(),
                ProfileField::Preferences,
                "/preferences",
            ),
        ]
        .into_iter()
        .filter_map(|(is, field, pointer)| is.then_some((field, pointer)))
    }
}

fn preference_faults(preferences: &BTreeMap<String, Value>) -> Vec<Fault> {
    let mut faults = Vec::new();
    if preferences.len() > PREFERENCES_MAX {
        faults.push(Fault::new(
            "/preferences",
            FaultText::PreferencesMax { max: PREFERENCES_MAX },
        ));
    }
    // Escapes count: six bytes for each control character, which a sum of lengths would not see.
    let bytes = serde_json::to_string(preferences).map_or(usize::MAX, |json| json.len());
    if bytes > PREFERENCES_BYTES_MAX {
        faults.push(Fault::new(
            "/preferences",
            FaultText::PreferencesBytesMax {
                max: PREFERENCES_BYTES_MAX,
            },
        ));
    }
    if preferences
        .values()
        .any(|value| !is_within(value, PREFERENCES_DEPTH_MAX))
    {
        faults.push(Fault::new(
            "/preferences",
            FaultText::PreferenceDepthMax {
                max: PREFERENCES_DEPTH_MAX,
            },
        ));
    }
    faults
}

/// Does nothing in it lie deeper than so many objects and arrays?
fn is_within(value: &Value, levels: usize) -> bool {
    let below = |inside: &Value| levels > 0 && is_within(inside, levels - 1);
    match value {
        Value::Object(members) => levels > 0 && members.values().all(below),
        Value::Array(items) => levels > 0 && items.iter().all(below),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}
