//! For the tests: what each operation was seen to answer, one line for each kind of answer, in a file of the process's own. When all
//! tests have run, `make answers` compares the lines with the contract. Compiled where debug assertions are (docs/adr/0021).

use std::{
    collections::BTreeSet,
    env,
    fs::{File, OpenOptions},
    io::Write,
    path::PathBuf,
    process,
    sync::LazyLock,
};

use actix_web::{body::BoxBody, dev::ServiceResponse, http::header};
use parking_lot::Mutex;

use crate::methods::plain;

/// Names the directory that the files go into; nothing is recorded without it.
const DIRECTORY: &str = "GUICHET_RECORD_ANSWERS";

struct Recording {
    file: File,
    lines: BTreeSet<String>,
}

static RECORDING: LazyLock<Option<Mutex<Recording>>> = LazyLock::new(|| {
    let directory = PathBuf::from(env::var_os(DIRECTORY)?);
    let path = directory.join(format!("{}.tsv", process::id()));
    // Process ids come again.
    let file = OpenOptions::new().create(true).append(true).open(path);
    let file = file
        .inspect_err(|error| tracing::error!(%error, "answers cannot be recorded"))
        .ok()?;
    let lines = BTreeSet::new();
    Some(Mutex::new(Recording { file, lines }))
});

/// Records an answer: method, path, status, media type, names of header fields, code of the problem.
pub(crate) fn record(response: &ServiceResponse<BoxBody>, method: &str, route: &str, code: &str) {
    let Some(recording) = &*RECORDING else { return };
    let media_type = response.headers().get(header::CONTENT_TYPE);
    let media_type = media_type
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default();
    let names: BTreeSet<&str> = response
        .headers()
        .keys()
        .map(header::HeaderName::as_str)
        .collect();
    let names = names.into_iter().collect::<Vec<_>>().join(",");
    let (path, status) = (plain(route), response.status().as_u16());
    let line = format!("{method}\t{path}\t{status}\t{media_type}\t{names}\t{code}\n");
    let mut recording = recording.lock();
    if recording.lines.contains(&line) {
        return;
    }
    // At once: the process may be killed.
    if let Err(error) = recording.file.write_all(line.as_bytes()) {
        tracing::error!(%error, "an answer cannot be recorded");
    }
    recording.lines.insert(line);
}
