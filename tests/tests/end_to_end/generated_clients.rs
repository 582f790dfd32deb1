//! What frontend teams do first: they generate a client from the contract and send a file. Four generators, each client compiled in its
//! strictest mode and tried against a started server: a picture comes back byte for byte.

use std::{fs, os::unix::fs::symlink, path::Path, process::Command};

use guichet_tests::{
    command::said,
    home::{guichet, root},
    server::Server,
};
use image::{DynamicImage, ImageFormat};
use serde_json::json;
use tempfile::TempDir;

/// A directory with the contract, the programs that try the clients, and a picture.
fn workshop() -> TempDir {
    let workshop = tempfile::Builder::new().prefix("generated-").tempdir().unwrap();
    let programs = fs::read_dir(root().join("tests/generated")).unwrap();
    for program in programs {
        let program = program.unwrap();
        let _ = fs::copy(program.path(), workshop.path().join(program.file_name())).unwrap();
    }
    let contract = Command::new(guichet()).arg("openapi").output().unwrap();
    fs::write(workshop.path().join("guichet.yaml"), contract.stdout).unwrap();
    fs::write(workshop.path().join("package.json"), "{\"type\":\"module\"}").unwrap();
    let picture = DynamicImage::new_rgb8(3, 2);
    picture
        .save_with_format(workshop.path().join("dot.png"), ImageFormat::Png)
        .unwrap();
    workshop
}

/// Runs a program in the workshop; answers what it said.
fn run(workshop: &Path, program: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(program);
    let command = command
        .args(arguments)
        .current_dir(workshop)
        .env("PYTHONPATH", ".");
    // The Python generator formats what it has written with a program that lies beside it.
    let beside = root().join(".venv/bin").display().to_string();
    let path = std::env::var("PATH").unwrap_or_default();
    said(command.env("PATH", format!("{beside}:{path}")))
}

/// What the programs are started with: where, as whom, on which ticket, with which file.
fn tried(server: &Server) -> [String; 4] {
    let requester = server.client("requester-1");
    let ticket = requester.open(&json!({
        "desk": "SUP", "type": "question", "summary": "Une image", "description": "En pièce jointe.",
    }));
    let key = ticket["key"].as_str().unwrap();
    [server.api(), requester.token(), key, "dot.png"].map(str::to_owned)
}

/// Fault U5: files were lists of integers in the contract, and generated clients failed on a download.
#[test]
fn the_clients_of_three_typescript_generators_compile_and_exchange_a_file() {
    let (workshop, server) = (workshop(), Server::start());
    let workshop = workshop.path();
    symlink(root().join("node_modules"), workshop.join("node_modules")).unwrap();
    let installed = |name: &str| root().join("node_modules/.bin").join(name);
    for (generator, arguments) in [
        ("openapi-typescript", &["guichet.yaml", "-o", "types.ts"][..]),
        ("openapi-ts", &["-f", "hey.config.mjs"]),
        ("orval", &["--config", "orval.config.cjs"]),
        ("tsc", &["-p", "."]),
    ] {
        let _ = run(workshop, &installed(generator), arguments);
    }
    let tried = tried(&server);
    for program in ["with_openapi_fetch", "with_hey_api", "with_orval"] {
        let built = format!("built/{program}.js");
        let [base, token, key, file] = tried.each_ref().map(String::as_str);
        let said = run(workshop, Path::new("node"), &[&built, base, token, key, file]);
        assert!(said.ends_with("the same\n"), "{program}: {said}");
    }
}

#[test]
fn the_client_of_a_python_generator_is_typed_and_exchanges_a_file() {
    let (workshop, server) = (workshop(), Server::start());
    let workshop = workshop.path();
    let installed = |name: &str| root().join(".venv/bin").join(name);
    let generated = [
        "generate",
        "--path",
        "guichet.yaml",
        "--output-path",
        "guichet_client",
        "--overwrite",
        "--meta",
        "none",
    ];
    let _ = run(workshop, &installed("openapi-python-client"), &generated);
    let _ = run(workshop, &installed("mypy"), &["--strict", "with_python.py"]);
    let tried = tried(&server);
    let [base, token, key, file] = tried.each_ref().map(String::as_str);
    let said = run(
        workshop,
        &installed("python"),
        &["with_python.py", base, token, key, file],
    );
    assert!(said.ends_with("the same\n"), "{said}");
}
