//! Where something is written: never over what is read, over another of the same command, or, unasked, over what stands there.
//!
//! A file comes to be whole or not at all: it is written beside its place and moved there. A device or a pipe is written
//! to, for moving something there would replace it.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read as _, Seek as _, Write};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// What may be done with a new file, before the process's own mask.
const MODE: u32 = 0o666;
/// Bytes copied at once.
const COPY_BYTES: usize = 1024 * 1024;

/// Why nothing is written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlaceError {
    #[error("{flag} {path} stands there already: name another file, or overwrite it with --force")]
    Taken { flag: &'static str, path: String },
    #[error("{flag} {path} is a directory")]
    Directory { flag: &'static str, path: String },
    #[error("{flag} {path} is a link to nothing: name the file itself")]
    LinkToNothing { flag: &'static str, path: String },
    #[error("{flag} {path} would overwrite {other}")]
    Same {
        flag: &'static str,
        path: String,
        other: String,
    },
    #[error("{flag} {path} cannot be written")]
    Write {
        flag: &'static str,
        path: String,
        #[source]
        source: io::Error,
    },
}

/// What a path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Target {
    StandardOutput,
    /// Neither a file nor a directory.
    Special,
    /// A file that stands there, by device and number: links of both kinds lead to the same.
    There {
        file: PathBuf,
        device: u64,
        number: u64,
    },
    /// No file yet: its directory without links, and its name.
    Free(PathBuf),
}

impl Target {
    /// Whether writing to one loses what stands at the other.
    fn is_same(&self, other: &Target) -> bool {
        match (self, other) {
            (
                Target::There { device, number, .. },
                Target::There {
                    device: other_device,
                    number: other_number,
                    ..
                },
            ) => device == other_device && number == other_number,
            (Target::StandardOutput, Target::StandardOutput) => true,
            (Target::Free(path), Target::Free(other)) => path == other,
            (Target::StandardOutput | Target::Special | Target::There { .. } | Target::Free(_), _) => false,
        }
    }
}

/// Something that a command writes.
#[derive(Debug)]
pub(crate) struct Destination {
    flag: &'static str,
    path: PathBuf,
    place: Target,
    force: bool,
}

impl Destination {
    /// The destination that `flag` names; `-` is standard output.
    pub(crate) fn new(flag: &'static str, path: &Path, force: bool) -> Result<Destination, PlaceError> {
        let told = || path.display().to_string();
        let failed = |source| PlaceError::Write {
            flag,
            path: told(),
            source,
        };
        let place = if is_standard_output(path) {
            Target::StandardOutput
        } else {
            match fs::metadata(path) {
                Ok(found) if found.is_dir() => return Err(PlaceError::Directory { flag, path: told() }),
                Ok(found) if !found.is_file() => Target::Special,
                Ok(_) if !force => return Err(PlaceError::Taken { flag, path: told() }),
                Ok(found) => Target::There {
                    file: fs::canonicalize(path).map_err(failed)?,
                    device: found.dev(),
                    number: found.ino(),
                },
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    if fs::symlink_metadata(path).is_ok() {
                        return Err(PlaceError::LinkToNothing { flag, path: told() });
                    }
                    Target::Free(free(path).map_err(failed)?)
                }
                Err(error) => return Err(failed(error)),
            }
        };
        Ok(Destination {
            flag,
            path: path.to_owned(),
            place,
            force,
        })
    }

    /// Whether what is written goes to standard output, where nothing else may stand then.
    pub(crate) fn is_standard_output(&self) -> bool {
        self.place == Target::StandardOutput
    }

    /// A file that is not there yet: beside the place that it will have, or in the system's directory for such files when it
    /// will be copied.
    pub(crate) fn begin(&self) -> Result<NamedTempFile, PlaceError> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(".guichet-audit-").suffix(".part");
        let begun = match &self.place {
            Target::StandardOutput | Target::Special => builder.tempfile(),
            Target::There { file, .. } | Target::Free(file) => builder
                .permissions(Permissions::from_mode(MODE))
                .tempfile_in(file.parent().unwrap_or(Path::new("/"))),
        };
        begun.map_err(|source| self.failed(source))
    }

    /// Puts what was written where it belongs; the file is given back to be read from its beginning.
    pub(crate) fn finish(&self, mut begun: NamedTempFile) -> Result<File, PlaceError> {
        let failed = |source| self.failed(source);
        begun.rewind().map_err(failed)?;
        let file = match &self.place {
            Target::StandardOutput => {
                copy(begun.as_file_mut(), &mut io::stdout().lock()).map_err(failed)?;
                begun.into_file()
            }
            Target::Special => {
                let mut special = OpenOptions::new().write(true).open(&self.path).map_err(failed)?;
                copy(begun.as_file_mut(), &mut special).map_err(failed)?;
                begun.into_file()
            }
            Target::There { file, .. } | Target::Free(file) => {
                begun.as_file().sync_all().map_err(failed)?;
                // What came to stand there meanwhile is not overwritten either.
                let moved = if self.force {
                    begun.persist(file)
                } else {
                    begun.persist_noclobber(file)
                };
                moved.map_err(|error| {
                    if error.error.kind() == io::ErrorKind::AlreadyExists {
                        PlaceError::Taken {
                            flag: self.flag,
                            path: self.path.display().to_string(),
                        }
                    } else {
                        self.failed(error.error)
                    }
                })?
            }
        };
        (&file).rewind().map_err(failed)?;
        Ok(file)
    }

    /// Writes all of it.
    pub(crate) fn write(&self, bytes: &[u8]) -> Result<(), PlaceError> {
        let mut begun = self.begin()?;
        begun.write_all(bytes).map_err(|source| self.failed(source))?;
        self.finish(begun).map(|_file| ())
    }

    fn failed(&self, source: io::Error) -> PlaceError {
        PlaceError::Write {
            flag: self.flag,
            path: self.path.display().to_string(),
            source,
        }
    }
}

/// That no destination is a file that is read, or that of another; `-` among what is read is standard input.
pub(crate) fn check_apart<'p>(
    read: impl IntoIterator<Item = &'p Path>,
    destinations: &[&Destination],
) -> Result<(), PlaceError> {
    let read: Vec<(&Path, Target)> = read
        .into_iter()
        .filter_map(|path| Some((path, read_from(path)?)))
        .collect();
    for (index, destination) in destinations.iter().enumerate() {
        let of_reading = read
            .iter()
            .find(|(_, place)| place.is_same(&destination.place))
            .map(|(path, _)| format!("{}, which is read", path.display()));
        let of_writing = destinations[..index]
            .iter()
            .find(|other| other.place.is_same(&destination.place))
            .map(|other| format!("{} {}", other.flag, other.path.display()));
        if let Some(other) = of_reading.or(of_writing) {
            return Err(PlaceError::Same {
                flag: destination.flag,
                path: destination.path.display().to_string(),
                other,
            });
        }
    }
    Ok(())
}

/// The file that is read; `None` when it is none, or not there, which reading it will tell.
fn read_from(path: &Path) -> Option<Target> {
    let path = if path == Path::new("-") {
        Path::new("/dev/stdin")
    } else {
        path
    };
    let found = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    Some(Target::There {
        file: path.to_owned(),
        device: found.dev(),
        number: found.ino(),
    })
}

/// `-`, and the names that the system has for it: what they lead to is the process's own.
fn is_standard_output(path: &Path) -> bool {
    ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"]
        .iter()
        .any(|name| path == Path::new(name))
}

fn free(path: &Path) -> io::Result<PathBuf> {
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "it is not the name of a file"))?;
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    Ok(fs::canonicalize(parent.unwrap_or(Path::new(".")))?.join(name))
}

fn copy(from: &mut File, to: &mut impl Write) -> io::Result<()> {
    let mut buffer = vec![0; COPY_BYTES];
    loop {
        match from.read(&mut buffer)? {
            0 => return to.flush(),
            read => to.write_all(&buffer[..read])?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(read: &[&Path], destinations: &[&Destination]) -> String {
        check_apart(read.iter().copied(), destinations)
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn links_of_both_kinds_and_detours_lead_to_the_same_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        let evidence = path("export.ndjson");
        fs::write(&evidence, "evidence").unwrap();
        fs::hard_link(&evidence, path("hard")).unwrap();
        std::os::unix::fs::symlink(&evidence, path("soft")).unwrap();
        fs::create_dir(path("sub")).unwrap();
        for name in ["export.ndjson", "hard", "soft", "sub/../export.ndjson"] {
            let same = Destination::new("--report", &path(name), true).unwrap();
            assert!(
                refusal(&[&evidence], &[&same]).contains("which is read"),
                "{name}"
            );
            let unasked = Destination::new("--report", &path(name), false).unwrap_err();
            assert!(matches!(unasked, PlaceError::Taken { .. }), "{unasked}");
        }
        let report = Destination::new("--report", &path("new"), false).unwrap();
        let page = Destination::new("--html", &path("sub/../new"), false).unwrap();
        assert!(refusal(&[], &[&report, &page]).contains("overwrite --report"));
        let other = Destination::new("--html", &path("sub/new"), false).unwrap();
        check_apart([evidence.as_path()], &[&report, &other]).unwrap();
        let output = |name: &str| Destination::new("--output", Path::new(name), false).unwrap();
        assert!(refusal(&[], &[&output("-"), &output("/dev/stdout")]).contains("overwrite --output -"));
    }

    #[test]
    fn a_file_is_whole_or_not_there_and_overwritten_only_when_asked() {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join("report.json");
        let unasked = Destination::new("--report", &place, false).unwrap();
        let begun = unasked.begin().unwrap();
        assert!(!place.exists());
        // It came to stand there meanwhile.
        fs::write(&place, "other").unwrap();
        assert!(matches!(
            unasked.finish(begun).unwrap_err(),
            PlaceError::Taken { .. }
        ));
        assert_eq!(fs::read_to_string(&place).unwrap(), "other");
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(&place, &link).unwrap();
        let asked = Destination::new("--report", &link, true).unwrap();
        asked.write(b"report").unwrap();
        assert_eq!(fs::read_to_string(&place).unwrap(), "report");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(
            fs::read_dir(dir.path()).unwrap().count(),
            2,
            "nothing is left over"
        );
    }

    #[test]
    fn a_pipe_is_written_to_and_stays_one() {
        use std::os::unix::fs::FileTypeExt as _;
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(&pipe, &link).unwrap();
        for path in [&pipe, &link] {
            let end = pipe.clone();
            let reader = std::thread::spawn(move || fs::read_to_string(end).unwrap());
            let destination = Destination::new("--output", path, false).unwrap();
            destination.write(b"evidence").unwrap();
            assert_eq!(reader.join().unwrap(), "evidence");
            assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
        }
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }

    #[test]
    fn neither_a_directory_nor_a_link_to_nothing_is_written_to() {
        let dir = tempfile::tempdir().unwrap();
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(dir.path().join("nothing"), &link).unwrap();
        let refused = |path: &Path| Destination::new("--html", path, true).unwrap_err();
        assert!(matches!(refused(dir.path()), PlaceError::Directory { .. }));
        assert!(matches!(refused(&link), PlaceError::LinkToNothing { .. }));
        assert!(matches!(
            refused(&dir.path().join("absent/report")),
            PlaceError::Write { .. }
        ));
    }
}
