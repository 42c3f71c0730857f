//! Enforces the house rules: who may import whom, that every module says what it is, and that files stay small.

use std::fs;
use std::path::{Path, PathBuf};

const ROOMS: [&str; 12] = [
    "source", "frame", "grammar", "varnish", "classify", "link", "incident", "trigger", "store", "view", "alert",
    "change",
];

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("src is readable") {
        let path = entry.expect("entry is readable").path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

fn source_files() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&root, &mut files);
    files.sort();
    files
        .into_iter()
        .map(|f| {
            let text = fs::read_to_string(&f).expect("source is UTF-8");
            (f.strip_prefix(&root).expect("below src").to_path_buf(), text)
        })
        .collect()
}

/// The room a file belongs to: its first folder, or its own name at the top.
fn room_of(file: &Path) -> String {
    let first = file.components().next().expect("a path has a part").as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_string()
}

/// Every module named after `crate::` outside comments.
fn imports(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in text.lines().map(|l| l.split("//").next().unwrap_or("")) {
        for (at, _) in line.match_indices("crate::") {
            let name: String = line[at + 7..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            if name.is_empty() && line[at + 7..].starts_with('{') {
                let inner = line[at + 8..].split('}').next().unwrap_or("");
                found.extend(inner.split(',').map(|p| p.trim().split("::").next().unwrap_or("").to_string()));
            } else {
                found.push(name);
            }
        }
    }
    found
}

fn may_import(from: &str, to: &str) -> bool {
    if from == to || matches!(to, "model" | "error") {
        return true;
    }
    match from {
        "cli" | "main" | "lib" => true,
        "pipeline" => ROOMS.contains(&to) && !matches!(to, "store" | "view" | "alert" | "change"),
        _ => false,
    }
}

#[test]
fn no_room_has_a_door_into_another_room() {
    let mut wrong = Vec::new();
    for (file, text) in source_files() {
        let from = room_of(&file);
        for to in imports(&text) {
            if !may_import(&from, &to) {
                wrong.push(format!("{} imports crate::{to}", file.display()));
            }
        }
        for line in text.lines() {
            let code = line.split("//").next().unwrap_or("");
            if code.contains("use super::super::super") {
                wrong.push(format!("{} climbs out of its room: {code}", file.display()));
            }
            if code.contains("use crate::*") || (code.contains("pub use ") && code.contains("::*")) {
                wrong.push(format!("{} imports everything: {code}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_module_begins_with_a_paragraph_about_itself() {
    let silent: Vec<String> = source_files()
        .into_iter()
        .filter(|(_, text)| !text.starts_with("//!"))
        .map(|(file, _)| file.display().to_string())
        .collect();
    assert!(silent.is_empty(), "no //! paragraph in {}", silent.join(", "));
}

#[test]
fn no_file_needs_a_table_of_contents() {
    let long: Vec<String> = source_files()
        .into_iter()
        .filter(|(_, text)| text.lines().count() > 400)
        .map(|(file, text)| format!("{} has {} lines", file.display(), text.lines().count()))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn the_checker_sees_what_it_checks() {
    assert_eq!(imports("use crate::model::Text; // crate::store\nlet x = crate::view::f();"), ["model", "view"]);
    assert_eq!(imports("use crate::{model, store::Db};"), ["model", "store"]);
    assert!(!may_import("link", "classify") && !may_import("pipeline", "store") && may_import("cli", "store"));
}
