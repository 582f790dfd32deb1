//! What lies on disk: every file below a directory, and every form under which a text could lie in it.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use rusqlite::{Connection, OpenFlags};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Every file below a directory, with its bytes; what is compressed, decompressed beside.
///
/// # Panics
/// When something cannot be read.
#[must_use]
pub fn files(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if !fs::symlink_metadata(&path).unwrap().is_file() {
            // A socket holds nothing.
        } else {
            let bytes = fs::read(&path).unwrap();
            if path.extension().is_some_and(|extension| extension == "zst") {
                found.push((
                    path.with_extension("decompressed"),
                    zstd::decode_all(&bytes[..]).unwrap(),
                ));
            }
            found.push((path, bytes));
        }
    }
    found
}

/// The forms under which a text could lie in a file: its bytes, escaped as JSON, and in base64 at each of the three
/// places where it can begin within a group.
#[must_use]
pub fn forms(text: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = vec![text.to_vec()];
    if let Ok(text) = std::str::from_utf8(text) {
        let escaped = text.encode_utf16().map(|unit| match u8::try_from(unit) {
            Ok(byte) if byte.is_ascii() => char::from(byte).to_string(),
            Ok(_) | Err(_) => format!("\\u{unit:04x}"),
        });
        forms.push(escaped.collect::<String>().into_bytes());
    }
    for before in 0..3 {
        let padded = [vec![0; before], text.to_vec()].concat();
        let encoded = STANDARD_NO_PAD.encode(padded).into_bytes();
        // The groups at both ends depend on the neighbours.
        forms.push(encoded[4..encoded.len() - 4].to_vec());
    }
    forms
}

/// Do these bytes lie somewhere in those?
#[must_use]
pub fn holds(bytes: &[u8], sought: &[u8]) -> bool {
    memchr::memmem::find(bytes, sought).is_some()
}

/// Letters without case and accents.
#[must_use]
pub fn folded(text: &str) -> String {
    text.nfd()
        .filter(|letter| !is_combining_mark(*letter))
        .flat_map(char::to_lowercase)
        .collect()
}

/// Where a text lies below some directories, whatever its case and accents: the files that hold it (free pages and
/// write-ahead logs of databases are parts of files), and the full-text tables that know one of its words.
///
/// # Panics
/// When something cannot be read.
#[must_use]
pub fn places_of(text: &str, directories: &[&Path]) -> BTreeSet<String> {
    let mut places = BTreeSet::new();
    let sought = folded(text);
    for directory in directories {
        for (path, bytes) in files(directory) {
            let plain = forms(text.as_bytes()).iter().any(|form| holds(&bytes, form));
            let whatever_case = holds(
                folded(&String::from_utf8_lossy(&bytes)).as_bytes(),
                sought.as_bytes(),
            );
            if plain || whatever_case {
                places.insert(path.display().to_string());
            }
            if bytes.starts_with(b"SQLite format 3\0") {
                places.extend(terms(&path, &sought));
            }
        }
    }
    places
}

/// The full-text tables of a database that know a word of a folded text.
fn terms(path: &Path, sought: &str) -> Vec<String> {
    let words: Vec<&str> = sought
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| word.chars().count() > 3)
        .collect();
    let database = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
    let tables: Vec<String> = database
        .prepare("SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL TABLE%fts5(%' OR sql LIKE 'CREATE VIRTUAL TABLE%fts5 (%'")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let mut found = Vec::new();
    for table in tables {
        let vocabulary =
            format!("CREATE VIRTUAL TABLE temp.words_of_{table} USING fts5vocab(main, {table}, row)");
        database.execute_batch(&vocabulary).unwrap();
        for word in &words {
            let known: bool = database
                .prepare(&format!("SELECT 1 FROM temp.words_of_{table} WHERE term = ?1"))
                .unwrap()
                .exists([word])
                .unwrap();
            if known {
                found.push(format!("{} {table} {word}", path.display()));
            }
        }
    }
    found
}
