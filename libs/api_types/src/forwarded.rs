//! From where a request comes that a reverse proxy hands on: read alike by every door.

use std::net::{IpAddr, SocketAddr};

/// The address that a connection comes from; behind trusted proxies, the last one that none of them is (`X-Forwarded-For`, read
/// from its end: what stands before may be anybody's invention). `forwarded` are the header's lines, in their order.
#[must_use]
pub fn client_address<'a>(
    peer: Option<IpAddr>,
    forwarded: impl Iterator<Item = &'a [u8]>,
    trusted: &[IpAddr],
) -> Option<IpAddr> {
    let mut address = peer?.to_canonical();
    // Split as bytes: what a client has written before must not make the proxy's own word unreadable.
    let mut chain: Vec<&[u8]> = forwarded
        .flat_map(|line| line.split(|byte| *byte == b','))
        .collect();
    while trusted.iter().any(|proxy| proxy.to_canonical() == address) {
        let Some(before) = chain.pop().and_then(read) else {
            break;
        };
        address = before;
    }
    Some(address)
}

/// An address, with or without a port.
fn read(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    let address = bare.parse().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|with_port| with_port.ip());
    address
        .or_else(with_port)
        .map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(peer: &str, forwarded: &[&[u8]], trusted: &[&str]) -> String {
        let trusted: Vec<IpAddr> = trusted.iter().map(|text| text.parse().unwrap()).collect();
        client_address(peer.parse().ok(), forwarded.iter().copied(), &trusted)
            .unwrap()
            .to_string()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed_and_only_its_own_word() {
        let proxy = ["10.0.0.1"];
        assert_eq!(address("192.0.2.1", &[b"198.51.100.7"], &[]), "192.0.2.1");
        assert_eq!(address("10.0.0.1", &[b"198.51.100.7"], &proxy), "198.51.100.7");
        assert_eq!(
            address("10.0.0.1", &[b"203.0.113.9, 198.51.100.7"], &proxy),
            "198.51.100.7"
        );
        assert_eq!(
            address(
                "10.0.0.1",
                &[b"198.51.100.7", b"10.0.0.2"],
                &["10.0.0.1", "10.0.0.2"]
            ),
            "198.51.100.7"
        );
        assert_eq!(address("10.0.0.1", &[b"nonsense"], &proxy), "10.0.0.1");
    }

    #[test]
    fn no_writing_of_an_address_hides_the_client() {
        let proxy = ["10.0.0.1"];
        assert_eq!(
            address("::ffff:10.0.0.1", &[b"198.51.100.7"], &proxy),
            "198.51.100.7"
        );
        assert_eq!(
            address("10.0.0.1", &[b"198.51.100.7"], &["::ffff:10.0.0.1"]),
            "198.51.100.7"
        );
        assert_eq!(
            address("10.0.0.1", &["é, 198.51.100.7".as_bytes()], &proxy),
            "198.51.100.7"
        );
        assert_eq!(
            address("10.0.0.1", &[b"198.51.100.7:4711"], &proxy),
            "198.51.100.7"
        );
        assert_eq!(
            address("10.0.0.1", &[b"[2001:db8::7]:4711"], &proxy),
            "2001:db8::7"
        );
        assert_eq!(address("10.0.0.1", &[b"[2001:db8::7]"], &proxy), "2001:db8::7");
    }
}
