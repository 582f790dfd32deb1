//! What else the server does when it is killed: it sends an export, or it makes a backup.

use std::{
    cell::RefCell,
    io,
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use guichet_tests::home;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::writers::Door;

/// The answer of a program whose arguments are not understood (clap).
const USAGE_STATUS: i32 = 2;
/// How often it is asked whether a backup is done, ms.
const ASK_EVERY_MS: u64 = 2;
/// How long a backup may take to notice that its server is gone, s.
const NOTICE_S: u64 = 20;

/// How often something was done beside the load.
#[derive(Debug, Default)]
pub(crate) struct Beside {
    /// To its end.
    pub(crate) whole: u64,
    /// Cut off by a kill.
    pub(crate) cut_off: u64,
    /// Not offered by this server: the load was alone.
    pub(crate) absent: u64,
    /// What went wrong.
    pub(crate) faults: Vec<String>,
}

impl Beside {
    /// Adds what happened in another cycle.
    pub(crate) fn add(&mut self, more: Beside) {
        self.whole += more.whole;
        self.cut_off += more.cut_off;
        self.absent += more.absent;
        self.faults.extend(more.faults);
    }
}

/// Reads exports, one after the other, until the server is gone.
pub(crate) async fn export(door: &Door, tally: &RefCell<Beside>) {
    loop {
        match one_export(door).await {
            Ok((404, _)) => return tally.borrow_mut().absent += 1,
            Ok((200, true)) => tally.borrow_mut().whole += 1,
            Ok((200, false)) | Err(_) => {
                return ended_early(door, tally, "an export broke off").await;
            }
            Ok((status, _)) => {
                let fault = format!("an export was answered {status}");
                return tally.borrow_mut().faults.push(fault);
            }
        }
    }
}

/// The status of an export, and whether it came to its end.
async fn one_export(door: &Door) -> io::Result<(u16, bool)> {
    let mut stream = TcpStream::connect(door.address).await?;
    let token = &door.auditor;
    let asked = format!(
        "GET /v1/audit/export HTTP/1.1\r\nHost: guichet\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    stream.write_all(asked.as_bytes()).await?;
    let (mut head, mut end, mut buffer) = (Vec::new(), Vec::new(), vec![0; 64 * 1024]);
    loop {
        let read = stream.read(&mut buffer).await?;
        if read == 0 {
            break;
        }
        let new = &buffer[..read];
        // The status is at the beginning and the last chunk (RFC 9112, 7.1) at the end; what is between is only counted.
        head.extend_from_slice(&new[..read.min(64_usize.saturating_sub(head.len()))]);
        end.extend_from_slice(&new[read.saturating_sub(5)..]);
        end.drain(..end.len().saturating_sub(5));
    }
    if head.is_empty() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let status = std::str::from_utf8(&head)
        .ok()
        .and_then(|head| head.split(' ').nth(1));
    let status = status.and_then(|status| status.parse().ok()).unwrap_or(0);
    Ok((status, end == b"0\r\n\r\n"))
}

/// Makes backups of a data directory into another, one after the other, until the server is gone.
pub(crate) async fn backup(door: &Door, (data, to): (PathBuf, PathBuf), tally: &RefCell<Beside>) {
    loop {
        let started = Command::new(home::guichet())
            .args(["admin", "backup", "--data"])
            .arg(&data)
            .arg("--to")
            .arg(&to)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        let Some(ended) = ended(started.unwrap()).await else {
            let fault = "a backup did not notice that its server is gone";
            return tally.borrow_mut().faults.push(fault.to_owned());
        };
        match ended.status.code() {
            Some(0) => tally.borrow_mut().whole += 1,
            Some(USAGE_STATUS) => return tally.borrow_mut().absent += 1,
            Some(_) | None => {
                let why = String::from_utf8_lossy(&ended.stderr).trim().to_owned();
                return ended_early(door, tally, &format!("a backup failed: {why}")).await;
            }
        }
    }
}

/// Something was not done to its end: because the server is gone, or else that is a fault.
async fn ended_early(door: &Door, tally: &RefCell<Beside>, what: &str) {
    if TcpStream::connect(door.address).await.is_err() {
        tally.borrow_mut().cut_off += 1;
    } else {
        tally
            .borrow_mut()
            .faults
            .push(format!("{what}, and the server is there"));
    }
}

/// How a backup ended; `None` when it had to be ended.
async fn ended(mut backup: Child) -> Option<Output> {
    let deadline = Instant::now() + Duration::from_secs(NOTICE_S);
    while Instant::now() < deadline {
        if backup.try_wait().unwrap().is_some() {
            return backup.wait_with_output().ok();
        }
        tokio::time::sleep(Duration::from_millis(ASK_EVERY_MS)).await;
    }
    let _ = backup.kill();
    let _ = backup.wait();
    None
}
