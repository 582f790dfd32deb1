//! A data directory on disk, beside the output of the process that serves it.

use std::{
    env,
    fs::File,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use tempfile::TempDir;

use crate::server::{Server, Starting};

/// What every account of the demo world signs in with (design §8).
pub const DEMO_PASSWORD: &str = "Guichet-demo-1";

/// A directory of its own that goes away with this value, and how a server is started on it.
#[derive(Debug)]
pub struct Home {
    directory: TempDir,
    environment: Vec<(String, String)>,
    wrapper: Vec<String>,
    logs_to: Option<File>,
    demo: bool,
}

impl Home {
    /// An empty directory.
    #[must_use]
    pub fn new() -> Home {
        let directory = tempfile::Builder::new().prefix("guichet-").tempdir().unwrap();
        Home {
            directory,
            environment: Vec::new(),
            wrapper: Vec::new(),
            logs_to: None,
            demo: true,
        }
    }

    /// The same for who writes as much as the server takes, all under one account.
    #[must_use]
    pub fn for_load() -> Home {
        Home::new()
            .with("GUICHET_WRITES_PER_MINUTE", "4294967295")
            .with("GUICHET_WRITTEN_BYTES_PER_DAY", "1099511627776")
    }

    /// With an environment variable for the server.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Home {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Without an environment variable that [`Home::with`] gave.
    #[must_use]
    pub fn without(mut self, name: &str) -> Home {
        self.environment.retain(|(given, _)| given != name);
        self
    }

    /// With a program that starts the server in its place, such as a tracer: its name and arguments.
    #[must_use]
    pub fn under(mut self, wrapper: &[&str]) -> Home {
        self.wrapper = wrapper.iter().map(|word| (*word).to_owned()).collect();
        self
    }

    /// With another standard error for the servers than the file that [`Home::log_lines`] reads.
    #[must_use]
    pub fn logging_to(mut self, stderr: File) -> Home {
        // The file is there, and stays empty.
        let _ = File::create(self.path().join("stderr")).unwrap();
        self.logs_to = Some(stderr);
        self
    }

    /// Without the demo world: whoever is to sign in was made before.
    #[must_use]
    pub fn in_earnest(mut self) -> Home {
        self.demo = false;
        self
    }

    /// The whole directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// What the server is given as its data directory.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    /// What the servers of this directory wrote to standard error so far.
    ///
    /// # Panics
    /// When it cannot be read: no search in it may pass because there was nothing to search.
    #[must_use]
    #[track_caller]
    pub fn log_lines(&self) -> String {
        let file = self.path().join("stderr");
        let bytes = std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Asserts that none of these texts stands in what the servers of this directory logged.
    ///
    /// # Panics
    /// When one does, or when nothing was logged at all.
    #[track_caller]
    pub fn assert_not_logged(&self, texts: &[&str]) {
        let lines = self.log_lines();
        assert!(
            !lines.trim().is_empty(),
            "the server logged nothing, so nothing was searched"
        );
        for text in texts {
            assert!(!lines.contains(text), "{text:?} stands in the log lines");
        }
    }

    /// Starts a server and waits until both doors listen.
    #[must_use]
    pub fn start(self) -> Server {
        self.spawn().ready()
    }

    /// Starts a server without waiting for it.
    #[must_use]
    pub fn spawn(self) -> Starting {
        let binary = guichet();
        let mut command = match self.wrapper.split_first() {
            None => Command::new(&binary),
            Some((program, arguments)) => {
                let mut command = Command::new(program);
                command.args(arguments).arg(&binary);
                command
            }
        };
        let stderr = match &self.logs_to {
            Some(stderr) => stderr.try_clone(),
            None => File::options()
                .create(true)
                .append(true)
                .open(self.path().join("stderr")),
        }
        .unwrap();
        command
            .arg("up")
            .args(self.demo.then_some("--demo"))
            .env("GUICHET_DATA", self.data())
            .env("GUICHET_API_LISTEN", "127.0.0.1:0")
            .env("GUICHET_SOAP_LISTEN", "127.0.0.1:0")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(stderr);
        let started = command.spawn();
        let child = started.unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        Starting::of(self, child)
    }
}

impl Default for Home {
    fn default() -> Home {
        Home::new()
    }
}

/// The directory of the whole project.
///
/// # Panics
/// When it is gone.
#[must_use]
pub fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.join("..").canonicalize().unwrap()
}

/// The binary: `GUICHET_BIN`, or the one built beside this program.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn guichet() -> PathBuf {
    if let Some(path) = env::var_os("GUICHET_BIN") {
        let path = PathBuf::from(path);
        assert!(
            path.is_file(),
            "GUICHET_BIN names {}, which is no file",
            path.display()
        );
        return path;
    }
    let own = env::current_exe().unwrap();
    // Tests lie in `deps`, one directory below the binaries.
    let found = own
        .ancestors()
        .skip(1)
        .take(2)
        .map(|directory| directory.join("guichet"))
        .find(|path| path.is_file());
    found.unwrap_or_else(|| {
        panic!(
            "there is no guichet beside {}: run `cargo build -p guichet`",
            own.display()
        )
    })
}
