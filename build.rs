//! Embeds the data files: every `grammars/*.toml`, `grammars/causes/*.toml` and `grammars/questions/*.sql` becomes an
//! entry of a table of (name, content). Adding a file is all it takes to add a format, a cause or a question.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

fn table(constant: &str, folder: &str, ending: &str) -> String {
    println!("cargo::rerun-if-changed={folder}");
    let mut names: Vec<String> = fs::read_dir(folder)
        .map(|entries| {
            entries.filter_map(|e| e.ok()?.file_name().into_string().ok()).filter(|n| n.ends_with(ending)).collect()
        })
        .unwrap_or_default();
    names.sort();
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let mut code = format!("/// Files of `{folder}`: name without ending, content.\n");
    let _ = writeln!(code, "pub const {constant}: &[(&str, &str)] = &[");
    for name in names {
        println!("cargo::rerun-if-changed={folder}/{name}");
        let path = Path::new(&root).join(folder).join(&name);
        let _ = writeln!(code, "    ({:?}, include_str!({path:?})),", name.trim_end_matches(ending));
    }
    code + "];\n"
}

fn main() {
    let out = env::var("OUT_DIR").expect("cargo sets it");
    for (file, constant, folder, ending) in [
        ("grammars.rs", "GRAMMARS", "grammars", ".toml"),
        ("causes.rs", "CAUSES", "grammars/causes", ".toml"),
        ("questions.rs", "QUESTIONS", "grammars/questions", ".sql"),
    ] {
        fs::write(Path::new(&out).join(file), table(constant, folder, ending)).expect("OUT_DIR is writable");
    }
}
