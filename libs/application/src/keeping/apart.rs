//! Places that must lie apart: a data directory, its backups, and what is written elsewhere. Links are followed, and a mount of
//! the same directory in another place is the same.

use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

/// Whether a path is, or lies in, a directory. A path that does not exist yet counts by the place where it would be made.
#[must_use]
pub fn lies_in(inner: &Path, outer: &Path) -> bool {
    let (inner, outer) = (resolved(inner), resolved(outer));
    let Some(place) = identity(&outer) else {
        return inner.starts_with(&outer);
    };
    inner
        .ancestors()
        .any(|above| above == outer || identity(above) == Some(place))
}

/// Whether one of two is, or lies in, the other.
#[must_use]
pub fn overlap(one: &Path, other: &Path) -> bool {
    lies_in(one, other) || lies_in(other, one)
}

/// What tells a directory that is there from every other.
fn identity(path: &Path) -> Option<(u64, u64)> {
    let found = fs::metadata(path).ok()?;
    Some((found.dev(), found.ino()))
}

/// Where a path leads once links are followed, though its end may not be there yet.
fn resolved(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    for there in path.ancestors() {
        if let (Ok(found), Ok(rest)) = (there.canonicalize(), path.strip_prefix(there)) {
            // A slash behind the name of nothing more would make a file of it a directory.
            return if rest.as_os_str().is_empty() {
                found
            } else {
                found.join(rest)
            };
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_link_leads_to_the_same_place_and_a_name_that_begins_alike_does_not() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir_all(at("data/log")).unwrap();
        fs::create_dir(at("data-2")).unwrap();
        symlink(at("data"), at("link")).unwrap();
        for (inner, outer, lies) in [
            ("data", "data", true),
            ("data/log", "data", true),
            ("data/not/there", "data", true),
            ("link", "data", true),
            ("link/not/there", "data", true),
            ("data/log/../backup", "data", true),
            ("data", "link", true),
            ("data", "data/log", false),
            ("data-2", "data", false),
            ("not/there", "not", true),
            ("not/there", "data", false),
        ] {
            assert_eq!(lies_in(&at(inner), &at(outer)), lies, "{inner} {outer}");
        }
        assert!(overlap(&at("data"), &at("link/log")));
    }
}
