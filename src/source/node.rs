//! What the nodes are called. In: all paths of a run; out: for each the part of it that tells its machine or server
//! from its siblings. It must not look at the files: a name is all it has, and `--node NAME=PATH` overrules it.
//!
//! Folders decide first: those that do not all share, that are no dates and that do not just name a program. Where
//! folders do not tell, what is left of the file's name does, once words like `access` and `error` are taken out of
//! it, because the access and the error log of one server must get the same node.

use std::collections::{BTreeMap, BTreeSet};

use super::series::{series_key, strip_folders};

/// Words of a file name that say what kind of log it is, not whose.
const KINDS: &[&str] = &[
    "access", "error", "errors", "err", "log", "logs", "txt", "json", "jsonl", "ndjson", "csv", "out", "vsl", "bin",
    "combined", "request", "requests", "raw", "vxid", "session", "backend", "backends", "client", "rich", "slow",
    "ssl", "current", "main", "common", "extended", "custom", "full",
];

/// Folders that never tell a machine.
const PLACES: &[&str] = &[
    "", ".", "..", "log", "logs", "var", "tmp", "home", "root", "srv", "opt", "usr", "local", "mnt", "data", "archive",
    "archives", "private",
];

/// Programs: a weak name for a node, taken when there is no better.
const PROGRAMS: &[&str] = &[
    "nginx",
    "varnish",
    "apache",
    "apache2",
    "httpd",
    "haproxy",
    "php",
    "fpm",
    "php-fpm",
    "envoy",
    "traefik",
    "caddy",
    "squid",
    "openresty",
    "hitch",
    "access",
    "error",
];

/// Spellings of one program.
const SPELLINGS: &[(&str, &str)] = &[("varnishlog", "varnish"), ("varnishncsa", "varnish"), ("varnishd", "varnish")];

struct Name<'p> {
    folders: Vec<&'p str>,
    /// What is left of the file's name; may be empty.
    label: String,
    /// The file's name without rotation and ending.
    stem: String,
}

/// The node of each path, in the same order. Depends on the set of paths, not on their order.
pub fn node_names(paths: &[&str]) -> Vec<String> {
    let names: Vec<Name> = paths.iter().map(|p| name(p)).collect();
    let shared = shared_folders(&names);
    let keys: Vec<Vec<&str>> = names.iter().map(|n| key(&n.folders[shared..])).collect();
    let shown = shortest(&keys);
    let mut groups: BTreeMap<&Vec<&str>, Vec<usize>> = BTreeMap::new();
    for (i, key) in keys.iter().enumerate() {
        groups.entry(key).or_default().push(i);
    }
    let mut nodes = vec![String::new(); paths.len()];
    for (key, members) in groups {
        let labels = labels_of(&names, &members);
        for &i in &members {
            let label = &labels[&i];
            nodes[i] = match (shown[key].as_str(), label.as_str()) {
                ("", "") => fallback(&names[i], names.len() == 1),
                (folder, "") => folder.to_string(),
                ("", label) => label.to_string(),
                (folder, label) => format!("{folder}/{label}"),
            };
        }
    }
    agree(&names, &mut nodes);
    nodes
}

fn name(path: &str) -> Name<'_> {
    let (folders, _) = path.rsplit_once('/').unwrap_or(("", path));
    let (stem_path, _) = series_key(path);
    let file = stem_path.rsplit('/').next().unwrap_or_default();
    let stem = match file.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() && KINDS.contains(&ending) => stem,
        _ => file,
    };
    Name { folders: strip_folders(folders).0, label: label(file), stem: stem.to_string() }
}

/// A file name without the words that say what kind of log it is.
fn label(file: &str) -> String {
    let separator = |c: char| matches!(c, '-' | '_' | '.');
    let mut kept = String::new();
    let mut rest = file;
    while !rest.is_empty() {
        let end = rest.find(separator).unwrap_or(rest.len());
        let word = &rest[..end];
        let lower = word.to_ascii_lowercase();
        if !word.is_empty() && !KINDS.contains(&lower.as_str()) {
            if !kept.is_empty() {
                // The separator before this word, so that `shop.example.com` stays as it is.
                kept.push_str(&file[file.len() - rest.len() - 1..file.len() - rest.len()]);
            }
            kept.push_str(SPELLINGS.iter().find(|(from, _)| *from == lower).map_or(word, |(_, to)| to));
        }
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    kept
}

/// How many leading folders all paths share.
fn shared_folders(names: &[Name]) -> usize {
    let Some(first) = names.first() else { return 0 };
    names.iter().skip(1).fold(first.folders.len(), |most, n| {
        first.folders.iter().zip(&n.folders).take(most).take_while(|(a, b)| a == b).count()
    })
}

/// The folders that may tell a machine.
fn key<'p>(folders: &[&'p str]) -> Vec<&'p str> {
    let telling = |f: &&str| !PLACES.contains(f) && !PROGRAMS.contains(&f.to_ascii_lowercase().as_str());
    folders.iter().copied().filter(telling).collect()
}

/// For each list of folders its last one, or all of them where that would give two lists one name.
fn shortest<'k, 'p>(keys: &'k [Vec<&'p str>]) -> BTreeMap<&'k Vec<&'p str>, String> {
    let distinct: BTreeSet<&Vec<&str>> = keys.iter().collect();
    let mut ends: BTreeMap<Option<&&str>, usize> = BTreeMap::new();
    for key in &distinct {
        *ends.entry(key.last()).or_default() += 1;
    }
    let name = |key: &Vec<&str>| match key.last() {
        Some(last) if ends[&Some(last)] == 1 => last.to_string(),
        _ => key.join("/"),
    };
    distinct.into_iter().map(|key| (key, name(key))).collect()
}

/// A label that names a program, perhaps with a number: `nginx2`.
fn is_program(label: &str) -> bool {
    let lower = label.to_ascii_lowercase();
    PROGRAMS.contains(&lower.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '-' | '_' | '.')))
        || PROGRAMS.contains(&lower.as_str())
}

/// The labels that tell apart the files of one folder: none when they all have the same, and those of virtual hosts
/// not when a plain `error.log` lies beside them, because it is theirs too.
fn labels_of(names: &[Name], members: &[usize]) -> BTreeMap<usize, String> {
    let labels: BTreeSet<&str> = members.iter().map(|&i| names[i].label.as_str()).collect();
    let filled = labels.iter().filter(|l| !l.is_empty()).count();
    let everyone_in_one = members.len() == names.len();
    members
        .iter()
        .map(|&i| {
            let label = &names[i].label;
            let tells = is_program(label) || !labels.contains("");
            let needed = filled > 1 || everyone_in_one || labels.contains("");
            (i, if tells && (needed || names[i].folders.is_empty()) { label.clone() } else { String::new() })
        })
        .collect()
}

/// A name when neither folders nor words tell: the nearest folder that says anything, else the file's stem.
fn fallback(name: &Name, alone: bool) -> String {
    let folder = name.folders.iter().rev().find(|f| !PLACES.contains(f) && !f.starts_with('.'));
    let machine = |f: &str| is_program(f) || f.ends_with(|c: char| c.is_ascii_digit());
    match folder {
        Some(f) if !alone || machine(f) => f.to_string(),
        _ => name.stem.clone(),
    }
}

/// Files without folders and labels (`access.log`, `error.log`) belong to one server: they get one name.
fn agree(names: &[Name], nodes: &mut [String]) {
    let bare: Vec<usize> =
        (0..names.len()).filter(|&i| names[i].label.is_empty() && nodes[i] == names[i].stem).collect();
    if let Some(first) = bare.iter().map(|&i| nodes[i].clone()).min() {
        for i in bare {
            nodes[i] = first.clone();
        }
    }
}
