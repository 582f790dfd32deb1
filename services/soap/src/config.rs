//! What the people who run the door can set.

use crate::door::{self, SettingFault};
use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

/// Namespace of the protocol's elements. The real one is not public; this is that of OSS/J's trouble ticket 1.2,
/// which the sample of seed 001 points to by its prefix `v1`.
pub const DEFAULT_NAMESPACE: &str = "http://ossj.org/xml/TroubleTicket/v1-2";

/// A certificate chain and its key, both PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The chain, the server's own certificate first.
    pub cert: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// Settings of the door. Not printable, because it holds the service key.
#[derive(Clone)]
pub struct SoapConfig {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where the REST API is, such as `http://127.0.0.1:8080`, without `/v1`.
    pub api_url: String,
    /// PEM file of the authorities that the API's certificate is checked against; those of the system when absent.
    pub api_ca: Option<PathBuf>,
    /// How clients reach this door, such as `https://ws.example.org`, for the address in the WSDL; without it, the
    /// `Host` that was asked. Set it when TLS ends at a proxy in front.
    pub public_url: Option<String>,
    /// What makes the API believe the channel, the dates and the client's address that this door tells.
    pub service_key: Option<String>,
    /// The reverse proxies whose `X-Forwarded-For` is believed. Behind one that is not named here, all operators have one address
    /// and share its limits.
    pub trusted_proxies: Vec<IpAddr>,
    /// Namespace of answers and of the WSDL; requests are read whatever their namespace.
    pub namespace: String,
    /// TLS of this door's own.
    pub tls: Option<TlsFiles>,
    /// Takes passwords in clear on an address that is not loopback and has neither `tls` nor an https `public_url`
    /// (seed 001, 2.3 offers plain http; it is off unless asked for).
    pub allow_plain_http: bool,
    /// SIREN of the supplier behind this door; when set, a `supplierID` that names another one is a bad value. Without it any
    /// SIREN is taken.
    pub supplier_siren: Option<String>,
    /// Replaces the return codes and labels shipped (`data/return_codes.toml`).
    pub return_codes: Option<PathBuf>,
    /// Replaces the states, message types and actions shipped (`data/vocabulary.toml`).
    pub vocabulary: Option<PathBuf>,
    /// Number of worker threads; one per core unless set.
    pub workers: Option<usize>,
}

impl SoapConfig {
    /// Settings for a door on `listen` before the API at `api_url`, everything else as shipped.
    #[must_use]
    pub fn new(listen: SocketAddr, api_url: impl Into<String>) -> SoapConfig {
        SoapConfig {
            listen,
            api_url: api_url.into(),
            api_ca: None,
            public_url: None,
            service_key: None,
            trusted_proxies: Vec::new(),
            namespace: DEFAULT_NAMESPACE.to_owned(),
            tls: None,
            allow_plain_http: false,
            supplier_siren: None,
            return_codes: None,
            vocabulary: None,
            workers: None,
        }
    }

    /// All that is wrong with the settings, without listening anywhere: files are read, texts are looked at.
    #[must_use]
    pub fn faults(&self) -> Vec<SettingFault> {
        door::load(self).err().unwrap_or_default()
    }

    /// Whether passwords would cross a network in clear without anybody having asked for it.
    pub(crate) fn exposes_passwords(&self) -> bool {
        let behind_tls = self
            .public_url
            .as_ref()
            .is_some_and(|url| url.starts_with("https://"));
        !(self.listen.ip().is_loopback() || self.tls.is_some() || behind_tls || self.allow_plain_http)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fault B7: every setting that cannot be used is told at once.
    #[test]
    fn all_faulty_settings_are_told() {
        use crate::door::Setting;
        let mut config = SoapConfig::new("0.0.0.0:0".parse().unwrap(), "http://127.0.0.1:8080");
        config.supplier_siren = Some("12".to_owned());
        config.namespace = "a b".to_owned();
        config.public_url = Some("ws.example.org".to_owned());
        config.return_codes = Some("/nowhere/codes.toml".into());
        config.vocabulary = Some("/nowhere/words.toml".into());
        config.api_ca = Some("/nowhere/ca.pem".into());
        config.tls = Some(TlsFiles {
            cert: "/nowhere/cert.pem".into(),
            key: "/nowhere/key.pem".into(),
        });
        let settings: Vec<Setting> = config.faults().iter().map(|fault| fault.setting).collect();
        assert_eq!(
            settings,
            [
                Setting::SupplierSiren,
                Setting::Namespace,
                Setting::PublicUrl,
                Setting::Api,
                Setting::ReturnCodes,
                Setting::Vocabulary,
                Setting::Tls,
            ]
        );
        config.tls = None;
        assert_eq!(config.faults()[0].setting, Setting::Listen);
        let sound = SoapConfig::new("127.0.0.1:0".parse().unwrap(), "http://127.0.0.1:8080");
        assert!(sound.faults().is_empty());
    }

    #[test]
    fn passwords_in_clear_need_loopback_or_an_explicit_word() {
        let config = |listen: &str| SoapConfig::new(listen.parse().unwrap(), "http://127.0.0.1:8080");
        assert!(!config("127.0.0.1:0").exposes_passwords());
        assert!(!config("[::1]:0").exposes_passwords());
        assert!(config("0.0.0.0:8081").exposes_passwords());
        assert!(config("192.0.2.1:8081").exposes_passwords());
        let mut asked = config("0.0.0.0:80");
        asked.allow_plain_http = true;
        assert!(!asked.exposes_passwords());
        let mut behind_proxy = config("0.0.0.0:8081");
        behind_proxy.public_url = Some("https://ws.example.org".into());
        assert!(!behind_proxy.exposes_passwords());
    }
}
