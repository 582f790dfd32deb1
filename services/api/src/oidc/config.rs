//! The TOML file that names identity providers (`docs/operations.md`, "Identity providers").

use std::{
    collections::BTreeSet,
    env, fmt, fs,
    path::{Path, PathBuf},
    str::FromStr,
};

use domain::{
    DeskKey, Language, OrganizationId,
    policy::{Grant, Role},
};
use openidconnect::{ClientId, ClientSecret, IssuerUrl, PostLogoutRedirectUrl, RedirectUrl, url::Url};

use super::fields::{Fields, said};

/// Longest id of a provider, characters: it stands in paths.
pub const PROVIDER_ID_CHARS_MAX: usize = 32;
/// The claims that a profile is read from, unless told: user name, name, address, whether that is verified, language
/// (`OpenID` Connect Core 1.0 §5.1).
const CLAIMS_UNLESS_TOLD: [&str; 5] = ["preferred_username", "name", "email", "email_verified", "locale"];
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
    /// Where the provider sends the browser after signing out there; nowhere when absent.
    pub(crate) post_logout_redirect_uri: Option<PostLogoutRedirectUrl>,
    pub(crate) scopes: Vec<String>,
    pub(crate) create_accounts: bool,
    pub(crate) claims: ClaimNames,
    pub(crate) rules: Vec<Rule>,
}

/// From which claims a profile is read: names, or JSON Pointers (RFC 6901) when they begin with `/`.
#[derive(Debug, Clone)]
pub(crate) struct ClaimNames {
    /// The user name of a new account.
    pub(crate) username: String,
    /// The name that others see.
    pub(crate) name: String,
    /// The address, believed only when `email_verified` says so.
    pub(crate) email: String,
    /// Whether the address is verified.
    pub(crate) email_verified: String,
    /// The language.
    pub(crate) language: String,
}

/// What somebody is given whose claim has this value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) claim: String,
    pub(crate) value: String,
    pub(crate) grant: Option<Grant>,
    pub(crate) member_of: Option<OrganizationId>,
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
    let file: toml::Table = toml::from_str(text).map_err(|error| vec![said(&error)])?;
    let mut file = Fields::of(toml::Value::Table(file), "");
    let tables = file.each("provider");
    if tables.is_empty() {
        file.fault("there is no [[provider]]");
    }
    let (mut ids, mut issuers) = (BTreeSet::new(), BTreeSet::new());
    let mut settings = Vec::new();
    let mut faults = file.end();
    for mut table in tables {
        if let Some(id) = table.text("id") {
            let (place, first) = (format!("provider {id:?}"), ids.insert(id.to_owned()));
            table.stands(place);
            if !first {
                table.fault("id is another provider's already");
            }
        }
        if let Some(issuer) = table.text("issuer")
            && !issuers.insert(issuer.to_owned())
        {
            table.fault("issuer is another provider's already");
        }
        settings.extend(provider(table, &mut faults));
    }
    if faults.is_empty() {
        Ok(settings)
    } else {
        Err(faults)
    }
}

/// One provider; its faults are added.
fn provider(mut table: Fields, faults: &mut Vec<String>) -> Option<Settings> {
    let id: Option<String> = table.required("id");
    let id_char = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let is_id = |id: &String| (1..=PROVIDER_ID_CHARS_MAX).contains(&id.len()) && id.chars().all(id_char);
    if id.as_ref().is_some_and(|id| !is_id(id)) {
        table.fault(format!(
            "id is not 1 to {PROVIDER_ID_CHARS_MAX} of a to z, 0 to 9 and -"
        ));
    }
    let (name, client_id) = (filled(&mut table, "name"), filled(&mut table, "client_id"));
    if name.as_ref().is_some_and(|name| !text::is_name(name)) {
        table.fault("name is not one line, or turns the direction of writing");
    }
    let is_printable = |id: &String| id.chars().all(|c| c == ' ' || c.is_ascii_graphic());
    if client_id.as_ref().is_some_and(|id| !is_printable(id)) {
        table.fault("client_id holds other characters than printable ASCII (RFC 6749 A.1)");
    }
    let (issuer, redirect_uri) = (
        reachable(&mut table, "issuer"),
        reachable(&mut table, "redirect_uri"),
    );
    let after_sign_out = reachable_if_told(&mut table, "post_logout_redirect_uri");
    let client_secret = secret(&mut table);
    let create_accounts = table.required("create_accounts");
    let scopes: Option<Vec<String>> = table.optional("scopes");
    let is_token = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\\');
    let is_scope = |scope: &String| !scope.is_empty() && scope.chars().all(is_token);
    if scopes.iter().flatten().any(|scope| !is_scope(scope)) {
        table.fault("scopes holds one that is no scope token (RFC 6749 §3.3)");
    }
    let (mut below, mut rules, mut further) = (table.below("claims"), Vec::new(), Vec::new());
    let claims = claim_names(&mut below);
    further.extend(below.end());
    for mut rule in table.each("rule") {
        rules.extend(rule_of(&mut rule));
        further.extend(rule.end());
    }
    faults.extend(table.end());
    faults.extend(further);
    let scopes = scopes.unwrap_or_else(|| SCOPES_UNLESS_TOLD.map(str::to_owned).to_vec());
    Some(Settings {
        id: id?,
        name: name?,
        issuer: IssuerUrl::new(issuer?).ok()?,
        client_id: ClientId::new(client_id?),
        client_secret,
        redirect_uri: RedirectUrl::new(redirect_uri?).ok()?,
        post_logout_redirect_uri: after_sign_out.and_then(|text| PostLogoutRedirectUrl::new(text).ok()),
        // The client adds this one itself.
        scopes: scopes.into_iter().filter(|scope| scope != "openid").collect(),
        create_accounts: create_accounts?,
        claims,
        rules,
    })
}

/// The text of a key, with something in it.
fn filled(table: &mut Fields, key: &str) -> Option<String> {
    let text: String = table.required(key)?;
    if !text::is_filled_in(&text) {
        table.fault(format!("{key} is empty"));
    }
    Some(text)
}

/// The text of a key that is an address which secrets may be sent to.
fn reachable(table: &mut Fields, key: &str) -> Option<String> {
    let text: String = table.required(key)?;
    check_address(table, key, &text);
    Some(text)
}

/// The same of a key that may be absent.
fn reachable_if_told(table: &mut Fields, key: &str) -> Option<String> {
    let text: String = table.optional(key)?;
    check_address(table, key, &text);
    Some(text)
}

fn check_address(table: &mut Fields, key: &str, text: &str) {
    if let Err(why) = address(text) {
        table.fault(format!("{key} {why}"));
    }
}

fn secret(table: &mut Fields) -> Option<ClientSecret> {
    let file: Option<PathBuf> = table.optional("client_secret_file");
    let variable: Option<String> = table.optional("client_secret_env");
    let secret = match (file, variable) {
        (Some(_), Some(_)) => Err("client_secret_file and client_secret_env are both given".to_owned()),
        (Some(path), None) => secret_of_file(&path).map(Some),
        (None, Some(name)) => secret_of_environment(&name).map(Some),
        (None, None) => Ok(None),
    };
    secret.unwrap_or_else(|fault| {
        table.fault(fault);
        None
    })
}

fn claim_names(table: &mut Fields) -> ClaimNames {
    let mut told = |key: &str| table.optional::<String>(key);
    let [username, name, email, email_verified, language] =
        ["username", "name", "email", "email_verified", "language"].map(&mut told);
    // The flag speaks of the claim that it came with.
    if email.as_ref().is_some_and(|email| email != "email") && email_verified.is_none() {
        table.fault("email names another claim, and email_verified does not say which claim tells that it is verified");
    }
    let [of_username, of_name, of_email, of_verified, of_language] = CLAIMS_UNLESS_TOLD.map(str::to_owned);
    ClaimNames {
        username: username.unwrap_or(of_username),
        name: name.unwrap_or(of_name),
        email: email.unwrap_or(of_email),
        email_verified: email_verified.unwrap_or(of_verified),
        language: language.unwrap_or(of_language),
    }
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

fn rule_of(table: &mut Fields) -> Option<Rule> {
    let (claim, value) = (filled(table, "claim"), filled(table, "value"));
    let role_named: Option<String> = table.optional("role");
    let role = role_named.as_deref().map(Role::named).transpose();
    let role = role.unwrap_or_else(|wrong| {
        table.fault(format!("role {}", wrong.text(Language::En)));
        None
    });
    let desk: Option<DeskKey> = named(table, "desk");
    let within: Option<OrganizationId> = named(table, "organization");
    let member_of: Option<OrganizationId> = named(table, "member_of");
    if role_named.is_none() && (desk.is_some() || within.is_some()) {
        table.fault("desk and organization limit a role, and none is given");
    }
    if role_named.is_none() && member_of.is_none() {
        table.fault("gives neither role nor member_of");
    }
    Some(Rule {
        claim: claim?,
        value: value?,
        grant: role.map(|role| Grant {
            role,
            desk,
            organization: within,
        }),
        member_of,
    })
}

/// The name in a key, of something that is named by rules of its own.
fn named<T: FromStr<Err: fmt::Display>>(table: &mut Fields, key: &str) -> Option<T> {
    let text: String = table.optional(key)?;
    let name = text.parse();
    name.map_err(|error| table.fault(format!("{key}: {error}"))).ok()
}

#[cfg(test)]
mod tests;
