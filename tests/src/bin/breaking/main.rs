//! `breaking FILE…`: compares the contract of the binary with released ones, and fails on what breaks their clients.

use std::{env, path::PathBuf, process::ExitCode};

use guichet_tests::{breaking::breaking, contract::Contract};

fn main() -> ExitCode {
    let new = Contract::printed();
    let mut found = 0;
    for file in env::args().skip(1).map(PathBuf::from) {
        let changes = breaking(&Contract::read(&file), &new);
        println!("breaking: {} changes since {}", changes.len(), file.display());
        changes.iter().for_each(|change| println!("{change}"));
        found += changes.len();
    }
    if found == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
