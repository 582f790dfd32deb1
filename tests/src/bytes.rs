//! One exchange by the bytes: what is sent is what stands in a test, and what came back is looked at as it came.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use serde_json::Value;

/// How long the other side may be silent, s.
const SILENCE_S: u64 = 30;

/// An answer as it came over the wire.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The head, its lines as they came.
    pub head: String,
    /// What followed the head until the connection was closed, as it came.
    pub body: Vec<u8>,
}

/// Sends bytes and reads until the other side closes: the request asks for that (`Connection: close`, or HTTP/1.0).
///
/// # Panics
/// When there is no answer.
#[must_use]
#[track_caller]
pub fn exchange(url: &str, request: &[u8]) -> Reply {
    let address = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(SILENCE_S)))
        .unwrap();
    stream.write_all(request).unwrap();
    let mut came = Vec::new();
    stream.read_to_end(&mut came).unwrap();
    let mut left = &came[..];
    loop {
        let end = memchr::memmem::find(left, b"\r\n\r\n")
            .unwrap_or_else(|| panic!("no head in {:?}", String::from_utf8_lossy(&came)));
        let head = String::from_utf8(left[..end].to_vec()).unwrap();
        left = &left[end + 4..];
        let status: Option<u16> = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        // What comes before the answer itself (100 Continue) is none.
        if let Some(status) = status.filter(|status| *status >= 200) {
            return Reply {
                status,
                head,
                body: left.to_vec(),
            };
        }
    }
}

impl Reply {
    /// The values of a header, one for each of its lines.
    #[must_use]
    pub fn header(&self, name: &str) -> Vec<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        let of_name = lines.filter(|(own, _)| own.eq_ignore_ascii_case(name));
        of_name.map(|(_, value)| value.trim()).collect()
    }

    /// The body without its chunks, where it came in some.
    #[must_use]
    #[track_caller]
    pub fn content(&self) -> Vec<u8> {
        if self.header("transfer-encoding").is_empty() {
            return self.body.clone();
        }
        let (mut content, mut left) = (Vec::new(), &self.body[..]);
        loop {
            let end = memchr::memmem::find(left, b"\r\n").unwrap();
            let size = std::str::from_utf8(&left[..end]).unwrap();
            let size = usize::from_str_radix(size, 16).unwrap();
            if size == 0 {
                return content;
            }
            content.extend_from_slice(&left[end + 2..end + 2 + size]);
            left = &left[end + 4 + size..];
        }
    }

    /// The body as JSON, once the status is the one expected.
    #[must_use]
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        let content = self.content();
        let text = String::from_utf8_lossy(&content);
        assert_eq!(self.status, status, "{}\n{text}", self.head);
        serde_json::from_slice(&content).unwrap_or_else(|error| panic!("{error}: {text}"))
    }
}
