//! HTTP/1.1 over a plain socket. It costs the machine little, which it shares with the server that is measured, and
//! it can be cut off anywhere.

use std::{io, net::SocketAddr};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// How much is read at once, bytes: more than any answer here.
const READ_BYTES: usize = 32 * 1024;

/// A connection that is kept open from request to request.
#[derive(Debug)]
pub struct Connection {
    address: SocketAddr,
    stream: TcpStream,
    read: Vec<u8>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// A whole request as it goes over the wire. `headers` end with `\r\n` each.
#[must_use]
pub fn request(method: &str, path: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("{method} {path} HTTP/1.1\r\nHost: guichet\r\n{headers}Content-Length: {length}\r\n\r\n{body}")
        .into_bytes()
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// The system's.
    pub async fn open(address: SocketAddr) -> io::Result<Connection> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Connection {
            address,
            stream,
            read: Vec::with_capacity(READ_BYTES),
        })
    }

    /// Sends a request and waits for its answer.
    ///
    /// # Errors
    /// The system's, and `UnexpectedEof` when the server closes before the answer is whole.
    pub async fn call(&mut self, request: &[u8]) -> io::Result<Reply> {
        self.stream.write_all(request).await?;
        loop {
            if let Some(reply) = self.whole()? {
                return Ok(reply);
            }
            self.read.reserve(READ_BYTES);
            if self.stream.read_buf(&mut self.read).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Sends a part of a request, hangs up without waiting for anything, and connects anew.
    ///
    /// # Errors
    /// The system's.
    pub async fn cut(&mut self, part: &[u8]) -> io::Result<()> {
        self.stream.write_all(part).await?;
        *self = Connection::open(self.address).await?;
        Ok(())
    }

    /// Takes an answer out of what was read, once all of it is there.
    fn whole(&mut self) -> io::Result<Option<Reply>> {
        let Some(end) = self.read.windows(4).position(|window| window == b"\r\n\r\n") else {
            return Ok(None);
        };
        let unreadable = || io::Error::from(io::ErrorKind::InvalidData);
        let head = std::str::from_utf8(&self.read[..end]).map_err(io::Error::other)?;
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .ok_or_else(unreadable)?;
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length")
                .then(|| value.trim().parse::<usize>().ok())?
        });
        let (from, to) = (end + 4, end + 4 + length.ok_or_else(unreadable)?);
        if self.read.len() < to {
            return Ok(None);
        }
        let body = self.read[from..to].to_vec();
        self.read.drain(..to);
        Ok(Some(Reply { status, body }))
    }
}
