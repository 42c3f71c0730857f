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

/// The node of each path, in the same order. Depends on the set of logs, not on their order, nor on how many rotated
/// files of each there are: a node keeps its name when its log is rotated.
pub fn node_names(paths: &[&str]) -> Vec<String> {
    let keys: Vec<String> = paths.iter().map(|p| series_key(p).0).collect();
    let mut first: BTreeMap<&str, usize> = BTreeMap::new();
    let mut logs: Vec<&str> = Vec::new();
    for (key, path) in keys.iter().zip(paths) {
        first.entry(key.as_str()).or_insert_with(|| {
            logs.push(path);
            logs.len() - 1
        });
    }
    let names = names_of_logs(&logs);
    keys.iter().map(|key| names[first[key.as_str()]].clone()).collect()
}

/// The same of different logs.
fn names_of_logs(paths: &[&str]) -> Vec<String> {
    let names: Vec<Name> = paths.iter().map(|p| name(p)).collect();
    let shared = shared_folders(&names);
    let keys: Vec<Vec<&str>> = names.iter().map(|n| key(n.folders.get(shared..).unwrap_or_default())).collect();
    let shown = shortest(&keys);
    let mut groups: BTreeMap<&Vec<&str>, Vec<usize>> = BTreeMap::new();
    for (i, key) in keys.iter().enumerate() {
        groups.entry(key).or_default().push(i);
    }
    let mut nodes = vec![String::new(); paths.len()];
    for (key, members) in groups {
        let labels = labels_of(&names, &members, key.is_empty());
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
    if path == "-" {
        return Name { folders: Vec::new(), label: "stdin".to_string(), stem: "stdin".to_string() };
    }
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
    // Standard input has no folder, which says nothing about the others.
    let mut placed = names.iter().filter(|n| !n.folders.is_empty());
    let Some(first) = placed.next() else { return 0 };
    placed.fold(first.folders.len(), |most, n| {
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
fn labels_of(names: &[Name], members: &[usize], no_folder: bool) -> BTreeMap<usize, String> {
    let labels: BTreeSet<&str> = members.iter().map(|&i| names[i].label.as_str()).collect();
    let filled = labels.iter().filter(|l| !l.is_empty()).count();
    members
        .iter()
        .map(|&i| {
            let label = &names[i].label;
            let tells = is_program(label) || !labels.contains("");
            let needed = filled > 1 || no_folder || labels.contains("");
            (i, if tells && needed { label.clone() } else { String::new() })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn expect(layout: &[(&str, &str)]) {
        let paths: Vec<&str> = layout.iter().map(|(p, _)| *p).collect();
        let nodes: Vec<&str> = layout.iter().map(|(_, n)| *n).collect();
        assert_eq!(node_names(&paths), nodes);
        let backwards: Vec<&str> = paths.iter().rev().copied().collect();
        assert!(node_names(&backwards).iter().rev().eq(nodes.iter()), "depends on the order");
    }

    #[test]
    fn sibling_folders_tell_the_nodes() {
        expect(&[("web1/access.log", "web1"), ("web2/access.log", "web2"), ("web2/error.log", "web2")]);
        expect(&[
            ("logs/2026-W46/web1/nginx/access.log.1", "web1"),
            ("logs/2026-W46/web1/nginx/error.log", "web1"),
            ("logs/2026-W47/web2/nginx/access.log-20261116.gz", "web2"),
            ("logs/2026-W47/cache-1/varnish/varnishncsa.log", "cache-1"),
        ]);
        expect(&[
            ("sample-logs/cache-1/varnishlog.log", "cache-1"),
            ("sample-logs/web1/access.log", "web1"),
            ("sample-logs/web1/error.log", "web1"),
        ]);
        expect(&[("a/web1/x.log", "web1"), ("a/web2/x.log", "web2"), ("b/cache-1/y.log", "cache-1")]);
        expect(&[("ams/web1/x.log", "ams/web1"), ("fra/web1/x.log", "fra/web1"), ("fra/lb/x.log", "lb")]);
    }

    #[test]
    fn one_folder_with_a_node_in_each_name() {
        expect(&[
            ("storm/varnish-request.log", "varnish"),
            ("storm/nginx-access.log", "nginx"),
            ("storm/nginx-error.log", "nginx"),
            ("storm/nginx2-access.log", "nginx2"),
            ("storm/nginx2-error.log", "nginx2"),
            ("storm/varnishncsa-backend.log", "varnish"),
        ]);
        expect(&[
            ("logs/nginx/web1.access.log", "web1"),
            ("logs/nginx/web2-error.log", "web2"),
            ("logs/cache-1.log", "cache-1"),
        ]);
    }

    #[test]
    fn programs_are_names_when_there_is_nothing_better() {
        expect(&[
            ("/var/log/nginx/access.log", "nginx"),
            ("/var/log/nginx/error.log.1", "nginx"),
            ("/var/log/varnish/varnishncsa.log", "varnish"),
        ]);
        expect(&[("logs/access.log", "access"), ("logs/error.log", "access"), ("logs/varnish.log", "varnish")]);
        expect(&[("web1/varnish.log", "web1/varnish"), ("web1/access.log", "web1"), ("web2/access.log", "web2")]);
    }

    #[test]
    fn virtual_hosts_that_share_an_error_log_are_one_node() {
        expect(&[
            ("/var/log/nginx/shop.example.com-access.log", "nginx"),
            ("/var/log/nginx/blog_access.log", "nginx"),
            ("/var/log/nginx/error.log", "nginx"),
        ]);
        expect(&[
            ("/var/log/nginx/shop.example.com-access.log", "shop.example.com"),
            ("/var/log/nginx/shop.example.com-error.log", "shop.example.com"),
            ("/var/log/nginx/blog_access.log", "blog"),
        ]);
    }

    #[test]
    fn a_single_file_is_named_by_its_stem() {
        for (path, node) in [
            ("access.log", "access"),
            ("/tmp/somewhere/access.log.2.gz", "access"),
            ("web1/access.log", "web1"),
            ("/var/log/nginx/access.log", "nginx"),
            ("varnish-request.log", "varnish"),
            ("varnishlog.txt", "varnish"),
            ("/srv/x/shop.log", "shop"),
            ("-", "stdin"),
            ("", ""),
        ] {
            assert_eq!(node_names(&[path]), [node], "{path}");
        }
        assert!(node_names(&[]).is_empty());
    }

    #[test]
    fn access_and_error_log_of_one_server_share_a_node() {
        expect(&[("access.log", "access"), ("error.log", "access"), ("-", "stdin")]);
        expect(&[("x/access.log", "x"), ("x/error.log", "x")]);
        expect(&[("logs/web1-access.log", "web1"), ("logs/web1-error.log.1", "web1")]);
    }
}
