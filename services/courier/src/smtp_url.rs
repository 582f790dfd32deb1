//! The mail server's URL, in the form that lettre's own transport takes, but for its reading of `smtp://` as port 25.

use percent_encoding::percent_decode_str;
use reqwest::Url;
use std::net::IpAddr;

/// Port of submission over TLS from the start (RFC 8314, 3.3).
const SUBMISSIONS_PORT: u16 = 465;
/// Port of submission (RFC 6409), where TLS is asked for by STARTTLS.
const SUBMISSION_PORT: u16 = 587;
/// Port of a relay.
const SMTP_PORT: u16 = 25;

/// Why the mail server's URL cannot be used. No message repeats the URL, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SmtpUrlError {
    /// It is no URL.
    #[error("it is no URL")]
    NotAUrl,
    /// It names no host.
    #[error("it names no host")]
    NoHost,
    /// Its scheme is another one.
    #[error("its scheme is {0}, not smtp or smtps")]
    Scheme(String),
    /// It has another parameter than `tls`, or another value for it than its scheme takes.
    #[error("its only parameter is tls=required or tls=opportunistic, after smtp:// alone")]
    Parameter,
    /// Only one of user and password is there, or they are not UTF-8.
    #[error("it must hold both user and password, percent-encoded UTF-8, or neither")]
    Credentials,
    /// The password would cross a network in clear.
    #[error("it would send the password in clear to a host that is not loopback: use smtps or tls=required")]
    PlainPassword,
    /// Its path is no host name.
    #[error(
        "its path, the name to greet with, holds other characters than letters, digits, dots and hyphens"
    )]
    Hello,
}

/// When TLS begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Security {
    /// Never.
    Plain,
    /// By STARTTLS if the server offers it: no protection against somebody on the way.
    Opportunistic,
    /// By STARTTLS, or no mail is sent.
    Required,
    /// With the connection.
    FromTheStart,
}

/// What the URL says.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SmtpServer {
    /// A name or an address, without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) security: Security,
    /// User and password.
    pub(crate) credentials: Option<(String, String)>,
    /// The name to greet with.
    pub(crate) hello: Option<String>,
}

impl SmtpServer {
    pub(crate) fn parse(url: &str) -> Result<SmtpServer, SmtpUrlError> {
        // The parser's error says no more than that.
        let url = Url::parse(url).ok().ok_or(SmtpUrlError::NotAUrl)?;
        let (security, port) = security(&url)?;
        let host = url
            .host_str()
            .filter(|host| !host.is_empty())
            .ok_or(SmtpUrlError::NoHost)?;
        let host = unbracketed(host).to_owned();
        let credentials = credentials(&url)?;
        let may_be_read = matches!(security, Security::Plain | Security::Opportunistic);
        if credentials.is_some() && may_be_read && !is_loopback(&host) {
            return Err(SmtpUrlError::PlainPassword);
        }
        Ok(SmtpServer {
            host,
            port: url.port().unwrap_or(port),
            security,
            credentials,
            hello: hello(&url)?,
        })
    }
}

/// Whether nothing sent to this host leaves the machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || unbracketed(host)
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// An IPv6 address without the brackets that a URL puts around it.
fn unbracketed(host: &str) -> &str {
    host.strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host)
}

fn security(url: &Url) -> Result<(Security, u16), SmtpUrlError> {
    let parameters: Vec<_> = url.query_pairs().collect();
    let tls = match parameters.as_slice() {
        [] => None,
        [(name, value)] if name == "tls" => Some(value.as_ref()),
        [..] => return Err(SmtpUrlError::Parameter),
    };
    match (url.scheme(), tls) {
        ("smtps", None) => Ok((Security::FromTheStart, SUBMISSIONS_PORT)),
        ("smtp", None) => Ok((Security::Plain, SMTP_PORT)),
        ("smtp", Some("opportunistic")) => Ok((Security::Opportunistic, SUBMISSION_PORT)),
        ("smtp", Some("required")) => Ok((Security::Required, SUBMISSION_PORT)),
        ("smtp" | "smtps", Some(_)) => Err(SmtpUrlError::Parameter),
        (scheme, _) => Err(SmtpUrlError::Scheme(scheme.to_owned())),
    }
}

fn credentials(url: &Url) -> Result<Option<(String, String)>, SmtpUrlError> {
    let decoded = |text: &str| {
        let text = percent_decode_str(text).decode_utf8().ok();
        text.map(|text| text.into_owned())
            .ok_or(SmtpUrlError::Credentials)
    };
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        (user, Some(password)) if !user.is_empty() => Ok(Some((decoded(user)?, decoded(password)?))),
        (_, _) => Err(SmtpUrlError::Credentials),
    }
}

fn hello(url: &Url) -> Result<Option<String>, SmtpUrlError> {
    let name = url.path().trim_matches('/');
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-';
    if !name.bytes().all(is_name) {
        return Err(SmtpUrlError::Hello);
    }
    Ok((!name.is_empty()).then(|| name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> SmtpServer {
        SmtpServer::parse(url).unwrap_or_else(|error| panic!("{url}: {error}"))
    }

    fn fault(url: &str) -> SmtpUrlError {
        SmtpServer::parse(url)
            .err()
            .unwrap_or_else(|| panic!("{url} was taken"))
    }

    #[test]
    fn the_scheme_and_its_parameter_choose_tls_and_port() {
        for (url, security, port) in [
            ("smtps://mail.example.org", Security::FromTheStart, 465),
            ("smtp://mail.example.org?tls=required", Security::Required, 587),
            (
                "smtp://mail.example.org?tls=opportunistic",
                Security::Opportunistic,
                587,
            ),
            ("smtp://mail.example.org", Security::Plain, 25),
            ("smtp://mail.example.org:2525", Security::Plain, 2525),
        ] {
            let server = read(url);
            assert_eq!((server.security, server.port), (security, port), "{url}");
            assert_eq!(server.host, "mail.example.org", "{url}");
        }
    }

    #[test]
    fn an_ipv6_address_loses_its_brackets() {
        assert_eq!(read("smtp://[::1]:2525").host, "::1");
        assert_eq!(read("smtp://127.0.0.1:2525").host, "127.0.0.1");
    }

    #[test]
    fn user_and_password_are_decoded() {
        let server = read("smtps://guichet%40example.org:p%C3%A2%3Ass%2F@mail.example.org/desk.example.org");
        assert_eq!(
            server.credentials,
            Some(("guichet@example.org".into(), "pâ:ss/".into()))
        );
        assert_eq!(server.hello.as_deref(), Some("desk.example.org"));
    }

    #[test]
    fn a_password_in_clear_needs_loopback() {
        assert_eq!(fault("smtp://u:p@mail.example.org"), SmtpUrlError::PlainPassword);
        assert_eq!(
            fault("smtp://u:p@mail.example.org?tls=opportunistic"),
            SmtpUrlError::PlainPassword
        );
        assert_eq!(fault("smtp://u:p@192.0.2.1"), SmtpUrlError::PlainPassword);
        for url in [
            "smtp://u:p@127.0.0.1",
            "smtp://u:p@[::1]",
            "smtp://u:p@localhost",
            "smtp://u:p@mail.example.org?tls=required",
        ] {
            assert!(read(url).credentials.is_some(), "{url}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused_by_name() {
        for (url, expected) in [
            ("mail.example.org", SmtpUrlError::NotAUrl),
            ("smtp:", SmtpUrlError::NoHost),
            ("http://mail.example.org", SmtpUrlError::Scheme("http".into())),
            ("smtp://mail.example.org?tls=yes", SmtpUrlError::Parameter),
            ("smtps://mail.example.org?tls=required", SmtpUrlError::Parameter),
            (
                "smtp://mail.example.org?tls=required&x=1",
                SmtpUrlError::Parameter,
            ),
            ("smtps://u@mail.example.org", SmtpUrlError::Credentials),
            ("smtps://:p@mail.example.org", SmtpUrlError::Credentials),
            ("smtps://%FF:p@mail.example.org", SmtpUrlError::Credentials),
            ("smtp://mail.example.org/a%0D%0Ab", SmtpUrlError::Hello),
        ] {
            assert_eq!(fault(url), expected, "{url}");
        }
    }
}
