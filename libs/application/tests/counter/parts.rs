//! No module of the crate leads back to itself: what a part stands on does not know the part.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Item, UseTree};

/// A module by its path: `kernel`, `kernel::codec`; the root is empty.
type Name = Vec<String>;
/// The text of every module.
type Sources = BTreeMap<Name, String>;
/// Which modules a module names.
type Uses = BTreeMap<Name, BTreeSet<Name>>;

/// The modules of this crate, as they are.
fn sources() -> Sources {
    let mut found = Sources::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut left = vec![(root, Name::new())];
    while let Some((dir, above)) = left.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let own = [above.clone(), vec![stem.clone()]].concat();
            match (path.is_dir(), stem.as_str()) {
                (true, _) => left.push((path, own)),
                // Tests may know what they test.
                (false, "tests") => {}
                (false, "lib") => drop(found.insert(Name::new(), fs::read_to_string(path).unwrap())),
                (false, _) => drop(found.insert(own, fs::read_to_string(path).unwrap())),
            }
        }
    }
    found
}

/// Which other modules each one names.
fn uses(sources: &Sources) -> Uses {
    let mut uses = Uses::new();
    for (own, text) in sources {
        add(&mut uses, own, text, sources);
    }
    uses
}

/// Adds what a module names, in its imports or anywhere in its code. A file below a file of a part belongs to that.
fn add(uses: &mut Uses, own: &Name, text: &str, sources: &Sources) {
    let file = syn::parse_file(text).unwrap();
    let children: BTreeSet<String> = file.items.iter().filter_map(declared).collect();
    let mut paths = Vec::new();
    for item in file.items.iter().filter(|item| !is_test(item)) {
        if let Item::Use(item) = item {
            imported(&item.tree, Vec::new(), &mut paths);
        } else if declared(item).is_none() {
            named(item.to_token_stream(), &mut paths);
        }
    }
    for path in paths {
        let Some(absolute) = absolute(&path, own, &children) else {
            continue;
        };
        let mut above = (0..=absolute.len())
            .rev()
            .map(|length| absolute[..length].to_vec());
        let known = above.find(|name| sources.contains_key(name)).unwrap();
        let (from, to) = (folded(own), folded(&known));
        if from != to {
            uses.entry(from).or_default().insert(to);
        }
    }
}

fn folded(name: &Name) -> Name {
    name.iter().take(2).cloned().collect()
}

fn declared(item: &Item) -> Option<String> {
    let Item::Mod(item) = item else { return None };
    item.content.is_none().then(|| item.ident.to_string())
}

fn is_test(item: &Item) -> bool {
    let Item::Mod(item) = item else { return false };
    item.attrs.iter().any(|attribute| {
        attribute.path().is_ident("cfg") && attribute.to_token_stream().to_string().contains("test")
    })
}

/// The paths of an import.
fn imported(tree: &UseTree, mut above: Name, paths: &mut Vec<Name>) {
    match tree {
        UseTree::Path(path) => {
            above.push(path.ident.to_string());
            imported(&path.tree, above, paths);
        }
        UseTree::Group(group) => group
            .items
            .iter()
            .for_each(|tree| imported(tree, above.clone(), paths)),
        UseTree::Name(name) => paths.push([above, vec![name.ident.to_string()]].concat()),
        UseTree::Rename(name) => paths.push([above, vec![name.ident.to_string()]].concat()),
        UseTree::Glob(_) => paths.push([above, vec!["*".to_owned()]].concat()),
    }
}

/// The paths in code, within macros too.
fn named(code: TokenStream, paths: &mut Vec<Name>) {
    let (mut path, mut colons) = (Name::new(), 2);
    for token in code {
        match token {
            TokenTree::Ident(ident) => {
                if colons < 2 {
                    paths.push(std::mem::take(&mut path));
                }
                path.push(ident.to_string());
                colons = 0;
            }
            TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
            TokenTree::Punct(_) | TokenTree::Literal(_) => {
                paths.push(std::mem::take(&mut path));
                colons = 2;
            }
            TokenTree::Group(group) => {
                paths.push(std::mem::take(&mut path));
                colons = 2;
                named(group.stream(), paths);
            }
        }
    }
    paths.push(path);
}

/// Where a path leads, from the root on; `None` when it leads out of the crate, or names what an import has named.
fn absolute(path: &Name, own: &Name, children: &BTreeSet<String>) -> Option<Name> {
    let (first, rest) = path.split_first()?;
    let mut base = own.clone();
    match first.as_str() {
        // As in `pub(crate)`.
        _ if rest.is_empty() => return None,
        "crate" => base.clear(),
        "self" => {}
        "super" => drop(base.pop()),
        child if children.contains(child) => base.push(child.to_owned()),
        _ => return None,
    }
    Some([base, rest.to_vec()].concat())
}

/// A way from a module back to itself, if there is one.
fn circle(uses: &Uses) -> Option<String> {
    fn search(uses: &Uses, way: &mut Vec<Name>, done: &mut BTreeSet<Name>) -> Option<Vec<Name>> {
        let last = way.last()?.clone();
        for next in uses.get(&last).into_iter().flatten() {
            if let Some(begin) = way.iter().position(|known| known == next) {
                return Some([&way[begin..], std::slice::from_ref(next)].concat());
            }
            if done.contains(next) {
                continue;
            }
            way.push(next.clone());
            if let Some(found) = search(uses, way, done) {
                return Some(found);
            }
            way.pop();
        }
        done.insert(last);
        None
    }
    let mut done = BTreeSet::new();
    let found = uses
        .keys()
        .find_map(|start| search(uses, &mut vec![start.clone()], &mut done))?;
    let shown = |name: &Name| {
        if name.is_empty() {
            "crate".to_owned()
        } else {
            name.join("::")
        }
    };
    let names: Vec<String> = found.iter().map(shown).collect();
    Some(names.join(" -> "))
}

/// Every part, after those that it may stand on. The root, which names them all, comes last.
const ORDER: [&str; 12] = [
    "kernel",
    "identity",
    "people",
    "tickets",
    "proofs",
    "reactions",
    "keeping",
    "start",
    "loss",
    "several",
    "demo",
    "",
];

/// The same by parts alone.
fn of_parts(uses: &Uses) -> Uses {
    let part = |name: &Name| name.first().cloned().into_iter().collect::<Name>();
    let mut parts = Uses::new();
    for (from, to) in uses {
        let to = to.iter().map(part).filter(|to| *to != part(from));
        parts.entry(part(from)).or_default().extend(to);
    }
    parts
}

fn way(name: &str) -> Name {
    name.split("::").map(str::to_owned).collect()
}

fn circle_of_any(uses: &Uses) -> Option<String> {
    circle(uses).or_else(|| circle(&of_parts(uses)))
}

#[test]
fn every_part_stands_on_earlier_ones_and_no_module_leads_back_to_itself() {
    let sources = sources();
    let uses = uses(&sources);
    assert!(sources.len() > 60, "{} modules were read", sources.len());
    assert!(uses[&way("tickets::act")].contains(&way("kernel::writes")));
    assert!(uses[&way("start")].contains(&way("keeping::survey")));
    assert_eq!(circle_of_any(&uses), None);
    let place = |part: &Name| ORDER.iter().position(|known| *known == part.join("::")).unwrap();
    for (part, stands_on) in of_parts(&uses) {
        for below in &stands_on {
            assert!(place(below) < place(&part), "{part:?} stands on {below:?}");
        }
    }
}

#[test]
fn whoever_imports_back_is_named() {
    let sources = sources();
    let known = uses(&sources);
    let find = |module: &str, back: &str| {
        let (mut uses, name) = (known.clone(), way(module));
        add(&mut uses, &name, back, &sources);
        circle_of_any(&uses)
    };
    for (module, back) in [
        ("kernel::codec", "use crate::tickets::Tickets;"),
        ("kernel::codec", "use super::command::Decide;"),
        ("identity::guard", "fn back(people: &crate::people::People) {}"),
        (
            "people::names",
            "fn back() { drop(crate::start::Application::open); }",
        ),
        (
            "proofs::tree",
            "fn back() { println!(\"{}\", super::audit::TREE_WAIT_MS); }",
        ),
        ("keeping::settings", "use crate::Application;"),
        ("reactions::effect", "use super::*;"),
    ] {
        let found = find(module, back);
        let (part, _) = module.split_once("::").unwrap();
        assert!(
            found.as_ref().is_some_and(|way| way.contains(part)),
            "{module}: {back} {found:?}"
        );
    }
    for (module, harmless) in [
        ("kernel::codec", "// use crate::tickets::Tickets;"),
        (
            "kernel::codec",
            "#[cfg(test)] mod tests { use crate::tickets::Tickets; }",
        ),
        (
            "kernel::codec",
            "fn text() -> &'static str { \"crate::tickets::Tickets\" }",
        ),
    ] {
        assert_eq!(find(module, harmless), None, "{harmless}");
    }
}
