//! The table of texts for callers, against the sources that use it.

use std::{fs, path::PathBuf};

use domain::{Detail, FaultText};

/// All sources of our crates but the table itself.
fn sources() -> String {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut folders = vec![root.join("libs"), root.join("services")];
    let mut sources = String::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("messages") && !path.ends_with("tests") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                sources.push_str(&fs::read_to_string(path).unwrap());
            }
        }
    }
    sources
}

/// A row that nothing tells is deleted. The compiler does not see it, because the table is for other crates too.
#[test]
fn each_row_of_the_table_is_told_somewhere() {
    let sources = sources();
    let faults = FaultText::samples()
        .into_iter()
        .map(|(name, _)| format!("FaultText::{name}"));
    let details = Detail::samples()
        .into_iter()
        .map(|(name, _)| format!("Detail::{name}"));
    for row in faults.chain(details) {
        let is_whole = |at: usize| !sources[at + row.len()..].starts_with(|c: char| c.is_alphanumeric());
        assert!(sources.match_indices(&row).any(|(at, _)| is_whole(at)), "{row}");
    }
}
