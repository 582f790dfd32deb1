//! The content of a directory, apart from any disk.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

#[derive(Debug)]
enum Entry {
    Directory(u32),
    File(u32, Vec<u8>),
    /// The same file as at another path, which comes first.
    Link(PathBuf),
}

/// Everything below a directory, by its path in it. Directories come before what is in them.
#[derive(Debug)]
pub(crate) struct Image {
    root: PathBuf,
    mode: u32,
    entries: BTreeMap<PathBuf, Entry>,
    links: Vec<PathBuf>,
}

impl Image {
    pub(crate) fn new(root: PathBuf, mode: u32) -> Image {
        Image {
            root,
            mode,
            entries: BTreeMap::new(),
            links: Vec::new(),
        }
    }

    pub(crate) fn directory(&mut self, path: PathBuf, mode: u32) {
        self.entries.insert(path, Entry::Directory(mode));
    }

    pub(crate) fn file(&mut self, path: PathBuf, mode: u32, content: Vec<u8>) {
        self.entries.insert(path, Entry::File(mode, content));
    }

    pub(crate) fn link(&mut self, first: PathBuf, path: PathBuf) {
        self.links.push(path.clone());
        self.entries.insert(path, Entry::Link(first));
    }

    /// Takes the place of what lies in its directory.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn restore(&self) -> io::Result<()> {
        fs::remove_dir_all(&self.root)?;
        self.write(&self.root)
    }

    /// Writes it to a directory that is not there yet.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn write(&self, to: &Path) -> io::Result<()> {
        let with_mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode));
        fs::create_dir_all(to)?;
        with_mode(to, self.mode)?;
        for (path, entry) in &self.entries {
            let path = to.join(path);
            match entry {
                Entry::Directory(mode) => {
                    fs::create_dir(&path)?;
                    with_mode(&path, *mode)?;
                }
                Entry::File(mode, content) => {
                    fs::write(&path, content)?;
                    with_mode(&path, *mode)?;
                }
                // The name that comes first in the order of directories need not come first in that of paths.
                Entry::Link(_) => {}
            }
        }
        for path in &self.links {
            if let Some(Entry::Link(first)) = self.entries.get(path) {
                fs::hard_link(to.join(first), to.join(path))?;
            }
        }
        Ok(())
    }

    /// In what the directory differs from this, leaving out files of some names.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn differences(&self, leave_out: &BTreeSet<OsString>) -> io::Result<Vec<String>> {
        let mut found = BTreeMap::new();
        list(&self.root, Path::new(""), &mut found)?;
        let mut differences = Vec::new();
        for (path, entry) in &self.entries {
            let content = match entry {
                Entry::Directory(_) => None,
                Entry::File(_, content) => Some(content),
                Entry::Link(first) => match self.entries.get(first) {
                    Some(Entry::File(_, content)) => Some(content),
                    Some(Entry::Directory(_) | Entry::Link(_)) | None => None,
                },
            };
            let left_out = path.file_name().is_some_and(|name| leave_out.contains(name));
            match found.remove(path) {
                None => differences.push(format!("{} is not there", path.display())),
                Some(_) if left_out => {}
                Some(there) if there.as_ref() == content => {}
                Some(there) => {
                    let bytes = |content: Option<&Vec<u8>>| content.map_or(0, Vec::len);
                    differences.push(format!(
                        "{} has {} bytes and should have {} of another content",
                        path.display(),
                        bytes(there.as_ref()),
                        bytes(content)
                    ));
                }
            }
        }
        let unknown = found
            .keys()
            .map(|path| format!("{} was not recorded", path.display()));
        differences.extend(unknown);
        Ok(differences)
    }
}

/// All files and directories below a path; a directory has no content.
fn list(root: &Path, inner: &Path, found: &mut BTreeMap<PathBuf, Option<Vec<u8>>>) -> io::Result<()> {
    for entry in fs::read_dir(root.join(inner))? {
        let entry = entry?;
        let (path, kind) = (inner.join(entry.file_name()), entry.file_type()?);
        if kind.is_dir() {
            found.insert(path.clone(), None);
            list(root, &path, found)?;
        } else if kind.is_file() {
            found.insert(path, Some(fs::read(entry.path())?));
        }
    }
    Ok(())
}
