//! What flags and environment variables say. Reading one never fails by itself, so that every fault of all of them is named at
//! once, before anything is opened.

use std::{
    convert::Infallible,
    fmt,
    net::{SocketAddr, ToSocketAddrs},
    str::FromStr,
};

use url::Url;

/// A setting as it was read.
#[derive(Debug, Clone)]
pub(crate) enum Told<T> {
    /// It can be used.
    Good(T),
    /// It cannot.
    Faulty {
        /// What was written.
        text: String,
        /// What is wrong with it.
        fault: String,
    },
}

impl<T> FromStr for Told<T>
where
    T: FromStr,
    T::Err: fmt::Display,
{
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        // A blank after a comma, and a line end of a file that a variable was filled from, mean nothing.
        let text = text.trim();
        Ok(match text.parse() {
            Ok(good) => Told::Good(good),
            Err(fault) => Told::Faulty {
                text: text.to_owned(),
                fault: fault.to_string(),
            },
        })
    }
}

impl<T: fmt::Display> fmt::Display for Told<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Told::Good(good) => good.fmt(formatter),
            Told::Faulty { text, .. } => text.fmt(formatter),
        }
    }
}

/// Yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Switch(pub(crate) bool);

impl FromStr for Switch {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Ok(Switch(true)),
            "false" | "0" | "no" | "off" | "" => Ok(Switch(false)),
            _ => Err("is neither true nor false"),
        }
    }
}

/// Where to listen: an address or a name of this machine, and a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Listen(pub(crate) SocketAddr);

impl FromStr for Listen {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FAULT: &str = "is no address and port, such as 127.0.0.1:8080 or localhost:8080";
        if let Ok(address) = text.parse() {
            return Ok(Listen(address));
        }
        let found: Vec<SocketAddr> = text.to_socket_addrs().ok().ok_or(FAULT)?.collect();
        // A name often means both loopback addresses; whoever writes it asks for the older one as well.
        let first = found
            .iter()
            .find(|address| address.is_ipv4())
            .or_else(|| found.first());
        first.copied().map(Listen).ok_or(FAULT)
    }
}

/// An origin of web pages as browsers send it (RFC 6454, section 6.2): scheme, host, and the port unless it is the scheme's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WebOrigin(pub(crate) String);

impl FromStr for WebOrigin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "*" {
            return Err("would let every web page call: name the origins that may".to_owned());
        }
        let url =
            web_url(text).map_err(|fault| format!("{fault}; an origin is written https://desk.example"))?;
        let origin = url.origin().ascii_serialization();
        let after_scheme = text.split_once("://").map_or("", |(_, after)| after);
        if after_scheme.contains(['/', '\\', '?', '#']) {
            return Err(format!(
                "says more than an origin: write {origin}, without anything behind it"
            ));
        }
        Ok(WebOrigin(origin))
    }
}

/// An http or https URL that paths are put behind; without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BaseUrl(pub(crate) String);

impl FromStr for BaseUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let url = web_url(text)?;
        if url.query().is_some() || url.fragment().is_some() {
            return Err("has a query or a fragment, and paths are put behind it".to_owned());
        }
        Ok(BaseUrl(url.as_str().trim_end_matches('/').to_owned()))
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// An http or https URL with a host and nobody's password.
fn web_url(text: &str) -> Result<Url, String> {
    // The parser takes line ends and tabs away, and a scheme without slashes for one with them.
    if !text.contains("://") || text.contains(char::is_whitespace) || text.contains(char::is_control) {
        return Err("is no URL".to_owned());
    }
    let url = Url::parse(text).map_err(|error| format!("is no URL ({error})"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!(
            "begins with {}://, not with http:// or https://",
            url.scheme()
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("holds a user name or a password".to_owned());
    }
    match url.host_str() {
        Some(host) if !host.contains('*') => Ok(url),
        Some(_) => Err("holds a *, and no host has one in its name".to_owned()),
        None => Err("names no host".to_owned()),
    }
}

/// What is shown to be believed: what can stand in a header.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Key(pub(crate) String);

impl FromStr for Key {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "" => Err("is empty"),
            text if text.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(Key(text.to_owned())),
            _ => Err("holds other characters than visible ASCII"),
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Key(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fault U2: an origin is one as browsers send it.
    #[test]
    fn origins_are_normal_or_refused() {
        for (text, origin) in [
            ("https://desk.example", "https://desk.example"),
            ("HTTPS://Desk.Example", "https://desk.example"),
            ("https://desk.example:443", "https://desk.example"),
            ("http://desk.example:80", "http://desk.example"),
            ("http://localhost:5173", "http://localhost:5173"),
            ("http://[::1]:5173", "http://[::1]:5173"),
            ("https://büro.example", "https://xn--bro-hoa.example"),
        ] {
            assert_eq!(text.parse(), Ok(WebOrigin(origin.to_owned())), "{text}");
        }
        for text in [
            "*",
            "",
            "null",
            "not an origin",
            "desk.example",
            "https:desk.example",
            "https://",
            "https://desk.example/",
            "https://desk.example/app",
            "https://desk.example?x",
            "https://desk.example#x",
            "https://desk.example\\",
            "https://*.example",
            "https://user@desk.example",
            "https://desk.example:99999",
            "https://desk .example",
            "https://desk\t.example",
            "ftp://desk.example",
            "file:///etc",
        ] {
            assert!(text.parse::<WebOrigin>().is_err(), "{text}");
        }
    }

    #[test]
    fn addresses_to_listen_on_may_be_names() {
        let listen = |text: &str| text.parse::<Listen>().ok().map(|listen| listen.0.to_string());
        assert_eq!(listen("localhost:8080").as_deref(), Some("127.0.0.1:8080"));
        assert_eq!(listen("[::1]:0").as_deref(), Some("[::1]:0"));
        for text in [
            "localhost",
            "8080",
            ":8080",
            "127.0.0.1:port",
            "127.0.0.1:65536",
            "",
        ] {
            assert_eq!(listen(text), None, "{text}");
        }
    }

    #[test]
    fn a_base_url_is_without_what_paths_cannot_be_put_behind() {
        let base = |text: &str| text.parse::<BaseUrl>().ok().map(|base| base.0);
        assert_eq!(
            base("https://desk.example/").as_deref(),
            Some("https://desk.example")
        );
        assert_eq!(
            base("http://127.0.0.1:8080/api/").as_deref(),
            Some("http://127.0.0.1:8080/api")
        );
        for text in [
            "desk.example",
            "https://desk.example?a=b",
            "https://u:p@desk.example",
            "smtp://desk.example",
            " ",
        ] {
            assert_eq!(base(text), None, "{text}");
        }
    }
}
