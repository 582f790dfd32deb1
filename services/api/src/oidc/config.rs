//! The TOML file that names identity providers (`docs/operations.md`, "Identity providers").

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
};

use domain::{
    DeskKey, OrganizationId,
    policy::{Grant, Role},
};
use openidconnect::{ClientId, ClientSecret, IssuerUrl, RedirectUrl, url::Url};
use serde::Deserialize;

/// Longest id of a provider, characters: it stands in paths.
pub const PROVIDER_ID_CHARS_MAX: usize = 32;
/// The claims that a profile is read from, unless told: user name, name, address, language (`OpenID` Connect Core 1.0 §5.1).
pub const CLAIMS_UNLESS_TOLD: [&str; 4] = ["preferred_username", "name", "email", "locale"];
/// The scopes that are asked for, unless told; `openid` is always one of them.
const SCOPES_UNLESS_TOLD: [&str; 2] = ["profile", "email"];

/// Why a configuration is refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It cannot be read.
    #[error("the configuration of identity providers {} cannot be read", path.display())]
    Unreadable {
        /// Where it should be.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It has faults.
    #[error("the configuration of identity providers has {} fault(s): {}", faults.len(), faults.join("; "))]
    Faulty {
        /// Every fault, in words.
        faults: Vec<String>,
    },
    /// The HTTP client cannot be made.
    #[error("no HTTP client for identity providers")]
    Client(#[source] reqwest::Error),
}

/// One provider.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) issuer: IssuerUrl,
    pub(crate) client_id: ClientId,
    /// None of a public client.
    pub(crate) client_secret: Option<ClientSecret>,
    pub(crate) redirect_uri: RedirectUrl,
    pub(crate) scopes: Vec<String>,
    pub(crate) create_accounts: bool,
    pub(crate) claims: ClaimNames,
    pub(crate) rules: Vec<Rule>,
}

/// From which claims a profile is read: names, or JSON Pointers (RFC 6901) when they begin with `/`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClaimNames {
    /// The user name of a new account.
    pub username: String,
    /// The name that others see.
    pub name: String,
    /// The address, believed only beside `email_verified`.
    pub email: String,
    /// The language.
    pub language: String,
}

impl Default for ClaimNames {
    fn default() -> Self {
        let [username, name, email, language] = CLAIMS_UNLESS_TOLD.map(str::to_owned);
        Self {
            username,
            name,
            email,
            language,
        }
    }
}

/// What somebody is given whose claim has this value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) claim: String,
    pub(crate) value: String,
    pub(crate) grant: Option<Grant>,
    pub(crate) member_of: Option<OrganizationId>,
}

/// Providers and rules are read one by one, so that each tells its own fault of shape.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    provider: Vec<toml::Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProviderTable {
    id: String,
    name: String,
    issuer: String,
    client_id: String,
    client_secret_file: Option<PathBuf>,
    client_secret_env: Option<String>,
    redirect_uri: String,
    scopes: Option<Vec<String>>,
    create_accounts: bool,
    #[serde(default)]
    claims: ClaimNames,
    #[serde(default)]
    rule: Vec<toml::Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleTable {
    claim: String,
    value: String,
    role: Option<String>,
    desk: Option<String>,
    organization: Option<String>,
    member_of: Option<String>,
}

/// Reads the file.
pub(super) fn read(path: &Path) -> Result<Vec<Settings>, ConfigError> {
    let text = fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    parse(&text).map_err(|faults| ConfigError::Faulty { faults })
}

/// The providers of a text, or every fault of it.
pub(super) fn parse(text: &str) -> Result<Vec<Settings>, Vec<String>> {
    let file: File = toml::from_str(text).map_err(|error| vec![said(&error)])?;
    let mut faults = Vec::new();
    if file.provider.is_empty() {
        faults.push("there is no [[provider]]".to_owned());
    }
    let (mut ids, mut issuers) = (BTreeSet::new(), BTreeSet::new());
    let mut settings = Vec::new();
    for (index, table) in file.provider.into_iter().enumerate() {
        let named = table.get("id").and_then(toml::Value::as_str);
        let place = named.map_or_else(
            || format!("provider {}", index + 1),
            |id| format!("provider {id:?}"),
        );
        let table = match ProviderTable::deserialize(table) {
            Ok(table) => table,
            Err(error) => {
                faults.push(format!("{place}: {}", said(&error)));
                continue;
            }
        };
        let mut found = Vec::new();
        if !ids.insert(table.id.clone()) {
            found.push("id is another provider's already".to_owned());
        }
        if !issuers.insert(table.issuer.clone()) {
            found.push("issuer is another provider's already".to_owned());
        }
        settings.extend(checked(table, &mut found));
        faults.extend(found.into_iter().map(|fault| format!("{place}: {fault}")));
    }
    if faults.is_empty() {
        Ok(settings)
    } else {
        Err(faults)
    }
}

/// What the parser says, without the lines that it draws beneath.
fn said(error: &toml::de::Error) -> String {
    error.message().replace('\n', " ")
}

/// One provider; its faults are added.
fn checked(table: ProviderTable, faults: &mut Vec<String>) -> Option<Settings> {
    let id_char = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !(1..=PROVIDER_ID_CHARS_MAX).contains(&table.id.len()) || !table.id.chars().all(id_char) {
        faults.push(format!(
            "id is not 1 to {PROVIDER_ID_CHARS_MAX} of a to z, 0 to 9 and -"
        ));
    }
    for (field, text) in [("name", &table.name), ("client_id", &table.client_id)] {
        if text.trim().is_empty() {
            faults.push(format!("{field} is empty"));
        }
    }
    for (field, text) in [("issuer", &table.issuer), ("redirect_uri", &table.redirect_uri)] {
        if let Err(why) = address(text) {
            faults.push(format!("{field} {why}"));
        }
    }
    let client_secret = match (&table.client_secret_file, &table.client_secret_env) {
        (Some(_), Some(_)) => Err("client_secret_file and client_secret_env are both given".to_owned()),
        (Some(path), None) => secret_of_file(path).map(Some),
        (None, Some(name)) => secret_of_environment(name).map(Some),
        (None, None) => Ok(None),
    };
    let client_secret = client_secret.unwrap_or_else(|fault| {
        faults.push(fault);
        None
    });
    let mut rules = Vec::new();
    for (index, rule) in table.rule.into_iter().enumerate() {
        match RuleTable::deserialize(rule)
            .map_err(|error| vec![said(&error)])
            .and_then(rule_of)
        {
            Ok(rule) => rules.push(rule),
            Err(found) => {
                let place = index + 1;
                faults.extend(found.into_iter().map(|fault| format!("rule {place}: {fault}")));
            }
        }
    }
    let scopes = table
        .scopes
        .unwrap_or_else(|| SCOPES_UNLESS_TOLD.map(str::to_owned).to_vec());
    Some(Settings {
        id: table.id,
        name: table.name,
        issuer: IssuerUrl::new(table.issuer).ok()?,
        client_id: ClientId::new(table.client_id),
        client_secret,
        redirect_uri: RedirectUrl::new(table.redirect_uri).ok()?,
        // The client adds this one itself.
        scopes: scopes.into_iter().filter(|scope| scope != "openid").collect(),
        create_accounts: table.create_accounts,
        claims: table.claims,
        rules,
    })
}

/// An address that secrets may be sent to: HTTPS, or plain HTTP that does not leave the machine.
fn address(text: &str) -> Result<(), String> {
    let url = Url::parse(text).map_err(|error| format!("is no URL: {error}"))?;
    match url.scheme() {
        "https" if url.has_host() => Ok(()),
        "http" if is_loopback(&url) => Ok(()),
        "http" => Err("is plain http on an address that is not loopback".to_owned()),
        _ => Err("is neither https nor http".to_owned()),
    }
}

/// Whether nothing that is sent there leaves the machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    use openidconnect::url::Host;
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn secret_of_file(path: &Path) -> Result<ClientSecret, String> {
    let text =
        fs::read_to_string(path).map_err(|error| format!("client_secret_file cannot be read: {error}"))?;
    match text.trim() {
        "" => Err("client_secret_file is empty".to_owned()),
        secret => Ok(ClientSecret::new(secret.to_owned())),
    }
}

fn secret_of_environment(name: &str) -> Result<ClientSecret, String> {
    match env::var(name) {
        Ok(secret) if !secret.is_empty() => Ok(ClientSecret::new(secret)),
        Ok(_) | Err(_) => Err(format!("client_secret_env names {name}, which is not set")),
    }
}

fn rule_of(table: RuleTable) -> Result<Rule, Vec<String>> {
    let mut faults = Vec::new();
    let role = table.role.as_ref().and_then(|name| {
        let role = Role::ALL.into_iter().find(|role| role.as_str() == name);
        if role.is_none() {
            let known: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
            faults.push(format!("role is not one of: {}", known.join(", ")));
        }
        role
    });
    let desk = table.desk.as_ref().and_then(|text| {
        let desk = text.parse::<DeskKey>();
        desk.map_err(|error| faults.push(format!("desk: {error}"))).ok()
    });
    let mut organization = |field: &str, text: &Option<String>| {
        let id = text.as_ref()?.parse::<OrganizationId>();
        id.map_err(|error| faults.push(format!("{field}: {error}"))).ok()
    };
    let within = organization("organization", &table.organization);
    let member_of = organization("member_of", &table.member_of);
    if table.role.is_none() && (table.desk.is_some() || table.organization.is_some()) {
        faults.push("desk and organization limit a role, and none is given".to_owned());
    }
    if table.role.is_none() && table.member_of.is_none() {
        faults.push("gives neither role nor member_of".to_owned());
    }
    if table.claim.is_empty() || table.value.is_empty() {
        faults.push("claim and value are not empty".to_owned());
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    Ok(Rule {
        claim: table.claim,
        value: table.value,
        grant: role.map(|role| Grant {
            role,
            desk,
            organization: within,
        }),
        member_of,
    })
}

#[cfg(test)]
mod tests;
