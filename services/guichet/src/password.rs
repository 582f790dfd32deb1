//! A new password, told so that no history of a shell keeps it.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, IsTerminal, Read},
    path::{Path, PathBuf},
};

/// Longest line that is taken for a password, bytes. What passwords may be is said elsewhere.
const LINE_BYTES_MAX: u64 = 4_096;

/// Why there is no password.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PasswordError {
    #[error("the password cannot be read from {path}")]
    File { path: PathBuf, source: io::Error },
    #[error("the password cannot be read")]
    Input(#[source] io::Error),
    #[error("the two passwords differ")]
    Differ,
}

/// Asks for it twice on a terminal, or reads the first line of a file or of standard input.
pub(crate) fn new_password(username: &str, file: Option<&Path>) -> Result<String, PasswordError> {
    if let Some(path) = file {
        let read = File::open(path).and_then(first_line);
        return read.map_err(|source| PasswordError::File {
            path: path.to_owned(),
            source,
        });
    }
    if !io::stdin().is_terminal() {
        return first_line(io::stdin()).map_err(PasswordError::Input);
    }
    let ask = |prompt: String| rpassword::prompt_password(prompt).map_err(PasswordError::Input);
    let password = ask(format!("Password of the new administrator {username}: "))?;
    if ask("Once more: ".to_owned())? == password {
        Ok(password)
    } else {
        Err(PasswordError::Differ)
    }
}

fn first_line(input: impl Read) -> io::Result<String> {
    let mut line = String::new();
    BufReader::new(input.take(LINE_BYTES_MAX)).read_line(&mut line)?;
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}
