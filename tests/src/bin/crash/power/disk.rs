//! A directory as the disk below it holds it: built from what lay there at first and the journal of what came after.
//!
//! What is promised after a power cut, and by whom:
//!
//! * A file holds what the last sync of it covered that had returned (POSIX `fsync`, `fdatasync`).
//! * A name (creation, rename, link, removal) is there once its *directory* was synced. ext4 and XFS also keep the name of
//!   a new file that is synced itself; POSIX does not ask it, and nothing here relies on it.
//! * A rename is one step: no journaling file system keeps half of it. So is each other change of a name, and a sync of
//!   one of the directories that it touches covers it in the other too.
//! * `sync_file_range` promises nothing.
//!
//! At worst that is all that is there. Otherwise more has reached the disk by itself: changes of names in their order,
//! because file systems write those to a journal of their own, and contents in any order ([`Content::torn`]).

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ffi::OsString,
    fs, io,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use guichet_tests::chance::Chance;

use super::{content::Content, image::Image, journal::Record};

/// The place of a file or directory in [`Disk::all`].
type Id = usize;
/// Where the watched directory itself is.
const ROOT: Id = 0;

/// How much of what no sync covered is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Harm {
    /// All of it.
    Worst,
    /// Any of it.
    Torn,
    /// Nothing: what the kernel has, as after a kill.
    None,
}

#[derive(Debug)]
enum Kind {
    File(Content),
    Directory(Entries),
    /// Of no use without the process that made it.
    Node,
}

#[derive(Debug, Default)]
struct Entries {
    now: BTreeMap<OsString, Id>,
    /// What the disk has, and the change that put it there; a name that was taken away has no file.
    synced: BTreeMap<OsString, (usize, Option<Id>)>,
}

#[derive(Debug)]
struct Item {
    kind: Kind,
    mode: u32,
    mapped: bool,
}

/// One step on names: each is afterwards what it says, in all directories at once.
#[derive(Debug)]
struct Step {
    number: usize,
    names: Vec<(Id, OsString, Option<Id>)>,
}

#[derive(Debug)]
enum Sync {
    File(Id, usize),
    Names(Id, usize),
    Everything(Vec<(Id, usize)>, usize),
}

/// A directory and all below it.
#[derive(Debug)]
pub(crate) struct Disk {
    root: PathBuf,
    all: Vec<Item>,
    by_inode: HashMap<u64, Id>,
    steps: Vec<Step>,
    steps_ever: usize,
    syncs: HashMap<u64, Sync>,
}

impl Disk {
    /// What lies in a directory now, all of it taken as synced.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn of(root: &Path) -> io::Result<Disk> {
        let mut disk = Disk {
            root: root.to_owned(),
            all: Vec::new(),
            by_inode: HashMap::new(),
            steps: Vec::new(),
            steps_ever: 0,
            syncs: HashMap::new(),
        };
        disk.load(root)?;
        Ok(disk)
    }

    fn load(&mut self, path: &Path) -> io::Result<Id> {
        let found = fs::symlink_metadata(path)?;
        if let Some(known) = self.by_inode.get(&found.ino()) {
            return Ok(*known);
        }
        let mode = found.permissions().mode() & 0o7777;
        if !found.is_dir() {
            let kind = if found.is_file() {
                Kind::File(Content::of(fs::read(path)?))
            } else {
                Kind::Node
            };
            return Ok(self.add(Some(found.ino()), mode, kind));
        }
        let id = self.add(Some(found.ino()), mode, Kind::Directory(Entries::default()));
        for entry in fs::read_dir(path)? {
            let name = entry?.file_name();
            let child = self.load(&path.join(&name))?;
            if let Kind::Directory(entries) = &mut self.all[id].kind {
                entries.synced.insert(name.clone(), (0, Some(child)));
                entries.now.insert(name, child);
            }
        }
        Ok(id)
    }

    /// An inode's number is given to another file once the first is gone, so a new file takes it over.
    fn add(&mut self, inode: Option<u64>, mode: u32, kind: Kind) -> Id {
        let (id, mapped) = (self.all.len(), false);
        self.all.push(Item { kind, mode, mapped });
        if let Some(inode) = inode {
            self.by_inode.insert(inode, id);
        }
        id
    }

    /// Carries out what the journal says.
    ///
    /// # Errors
    /// `InvalidData` when it speaks of what is not there: then the recorder has missed something.
    pub(crate) fn apply(&mut self, record: Record) -> io::Result<()> {
        match record {
            Record::Begun => {}
            Record::Created { inode, mode, path } => {
                let file = self.add(Some(inode), mode, Kind::File(Content::default()));
                self.set(vec![(&path, Some(file))])?;
            }
            Record::Directory { inode, mode, path } => {
                let directory = self.add(Some(inode), mode, Kind::Directory(Entries::default()));
                self.set(vec![(&path, Some(directory))])?;
            }
            Record::Node { path } => {
                let node = self.add(None, 0, Kind::Node);
                self.set(vec![(&path, Some(node))])?;
            }
            Record::Written { inode, at, data } => self.content(inode)?.write(at as usize, data),
            Record::Resized { inode, bytes } => self.content(inode)?.resize(bytes as usize),
            Record::Grown { inode, bytes } => self.content(inode)?.grow(bytes as usize),
            Record::Renamed { from, to } => {
                let moved = self.at(&from)?;
                // Two names of one file stay as they are: POSIX `rename`.
                if self.at(&to).ok() != Some(moved) {
                    self.set(vec![(&from, None), (&to, Some(moved))])?;
                }
            }
            Record::Linked { from, to } => {
                let file = self.at(&from)?;
                self.set(vec![(&to, Some(file))])?;
            }
            Record::Removed { path } => {
                self.at(&path)?;
                self.set(vec![(&path, None)])?;
            }
            Record::SyncBegun { inode, number } => {
                let sync = self.sync_of(inode)?;
                self.syncs.insert(number, sync);
            }
            Record::SyncDone { number } => match self.syncs.remove(&number) {
                Some(sync) => self.cover(sync),
                None => return missing("a sync that did not begin"),
            },
            Record::Mapped { inode } => {
                let id = self.id(inode)?;
                self.all[id].mapped = true;
            }
        }
        Ok(())
    }

    fn id(&self, inode: u64) -> io::Result<Id> {
        match self.by_inode.get(&inode) {
            Some(id) => Ok(*id),
            None => missing(&format!("inode {inode}")),
        }
    }

    fn content(&mut self, inode: u64) -> io::Result<&mut Content> {
        let id = self.id(inode)?;
        match &mut self.all[id].kind {
            Kind::File(content) => Ok(content),
            Kind::Directory(_) | Kind::Node => missing(&format!("a file of inode {inode}")),
        }
    }

    /// What a path names now.
    fn at(&self, path: &Path) -> io::Result<Id> {
        let Ok(inner) = path.strip_prefix(&self.root) else {
            return missing(&path.display().to_string());
        };
        let mut id = ROOT;
        for name in inner {
            let next = match &self.all[id].kind {
                Kind::Directory(entries) => entries.now.get(name),
                Kind::File(_) | Kind::Node => None,
            };
            match next {
                Some(next) => id = *next,
                None => return missing(&path.display().to_string()),
            }
        }
        Ok(id)
    }

    /// Takes one step on names.
    fn set(&mut self, changes: Vec<(&Path, Option<Id>)>) -> io::Result<()> {
        let mut names = Vec::new();
        for (path, file) in changes {
            let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
                return missing(&path.display().to_string());
            };
            let directory = self.at(parent)?;
            match &mut self.all[directory].kind {
                Kind::Directory(entries) => match file {
                    Some(file) => drop(entries.now.insert(name.to_owned(), file)),
                    None => drop(entries.now.remove(name)),
                },
                Kind::File(_) | Kind::Node => return missing(&parent.display().to_string()),
            }
            names.push((directory, name.to_owned(), file));
        }
        self.steps_ever += 1;
        let number = self.steps_ever;
        self.steps.push(Step { number, names });
        Ok(())
    }

    fn sync_of(&self, inode: Option<u64>) -> io::Result<Sync> {
        let Some(inode) = inode else {
            let contents = self.all.iter().enumerate();
            let contents = contents.filter_map(|(id, item)| match &item.kind {
                Kind::File(content) => Some((id, content.changes())),
                Kind::Directory(_) | Kind::Node => None,
            });
            return Ok(Sync::Everything(contents.collect(), self.steps_ever));
        };
        let id = self.id(inode)?;
        match &self.all[id].kind {
            Kind::File(content) => Ok(Sync::File(id, content.changes())),
            Kind::Directory(_) => Ok(Sync::Names(id, self.steps_ever)),
            Kind::Node => missing("a sync of a socket"),
        }
    }

    fn cover(&mut self, sync: Sync) {
        match sync {
            Sync::File(id, changes) => self.cover_content(id, changes),
            Sync::Names(id, number) => self.cover_names(number, Some(id)),
            Sync::Everything(contents, number) => {
                for (id, changes) in contents {
                    self.cover_content(id, changes);
                }
                self.cover_names(number, None);
            }
        }
    }

    fn cover_content(&mut self, id: Id, changes: usize) {
        if let Kind::File(content) = &mut self.all[id].kind {
            content.cover(changes);
        }
    }

    /// The steps up to a number are on the disk, or those of them that touch one directory.
    fn cover_names(&mut self, number: usize, directory: Option<Id>) {
        let touches = |step: &Step| match directory {
            Some(directory) => step.names.iter().any(|(of, ..)| *of == directory),
            None => true,
        };
        let covered = self
            .steps
            .extract_if(.., |step| step.number <= number && touches(step));
        for step in covered {
            for (directory, name, file) in step.names {
                if let Kind::Directory(entries) = &mut self.all[directory].kind {
                    let known = entries.synced.entry(name).or_default();
                    // A later step on the same name may have been covered by a sync of another directory.
                    if known.0 <= step.number {
                        *known = (step.number, file);
                    }
                }
            }
        }
    }

    /// What is found after the power is back.
    pub(crate) fn after(mut self, harm: Harm, chance: &mut Chance) -> Image {
        let names_reached = match harm {
            Harm::Worst => 0,
            Harm::Torn => chance.below(self.steps.len() as u64 + 1) as usize,
            Harm::None => self.steps.len(),
        };
        // Names are written in their order: the first of those that no sync has covered, and none behind them.
        if let Some(last) = names_reached.checked_sub(1).map(|index| self.steps[index].number) {
            self.cover_names(last, None);
        }
        let mut image = Image::new(self.root.clone(), self.all[ROOT].mode);
        let mut placed = BTreeMap::new();
        self.place(ROOT, Path::new(""), (harm, chance), &mut placed, &mut image);
        image
    }

    fn place(
        &self,
        directory: Id,
        path: &Path,
        (harm, chance): (Harm, &mut Chance),
        placed: &mut BTreeMap<Id, PathBuf>,
        image: &mut Image,
    ) {
        let Kind::Directory(entries) = &self.all[directory].kind else {
            return;
        };
        for (name, (_, file)) in &entries.synced {
            let Some(id) = *file else { continue };
            let path = path.join(name);
            if let Some(first) = placed.get(&id) {
                image.link(first.clone(), path);
                continue;
            }
            let item = &self.all[id];
            match &item.kind {
                Kind::File(content) => {
                    let bytes = match harm {
                        Harm::Worst => content.at_worst(),
                        Harm::Torn => content.torn(chance),
                        Harm::None => content.at_best(),
                    };
                    placed.insert(id, path.clone());
                    image.file(path, item.mode, bytes);
                }
                Kind::Directory(_) => {
                    placed.insert(id, path.clone());
                    image.directory(path.clone(), item.mode);
                    self.place(id, &path, (harm, &mut *chance), placed, image);
                }
                Kind::Node => {}
            }
        }
    }

    /// How many changes have come since it was as it lay there first.
    pub(crate) fn changes(&self) -> usize {
        let contents = self.all.iter().map(|item| match &item.kind {
            Kind::File(content) => content.changes(),
            Kind::Directory(_) | Kind::Node => 0,
        });
        contents.sum::<usize>() + self.steps_ever
    }

    /// The names of the files that are written through memory too: their content is not known.
    pub(crate) fn mapped(&self) -> BTreeSet<OsString> {
        let entries = self.all.iter().filter_map(|item| match &item.kind {
            Kind::Directory(entries) => Some(&entries.now),
            Kind::File(_) | Kind::Node => None,
        });
        entries
            .flatten()
            .filter(|(_, id)| self.all[**id].mapped)
            .map(|(name, _)| name.clone())
            .collect()
    }
}

fn missing<T>(what: &str) -> io::Result<T> {
    let why = format!("the journal speaks of {what}, which is not there: something was not recorded");
    Err(io::Error::new(io::ErrorKind::InvalidData, why))
}
