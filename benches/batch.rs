//! The whole run over files on disk, plain and packed, with one thread and with two, and the events of the plain ones
//! written as JSON into a sink; beside it the count of newlines of the same content in memory. MB/s of packed files
//! refers to their content.

mod common;

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use common::input::{FAILING, FORMATS, Format};
use guru::classify::Rules;
use guru::grammar::Library;
use guru::model::{Event, Logged, Stamp};
use guru::pipeline::{History, Job, run, stream};
use guru::source::Found;
use guru::view;

fn job<'a>(paths: &[PathBuf], jobs: usize, library: &'a Library) -> Job<'a> {
    Job {
        files: paths.iter().map(Found::file).collect(),
        formats: Vec::new(),
        known: library,
        rules: Rules::embedded(),
        since: Stamp::NONE,
        until: Stamp::NONE,
        gap_us: 300_000_000,
        jobs,
        chunk: 4 << 20,
        log_zones: Vec::new(),
        offsets: Vec::new(),
        progress: None,
        history: &|_| History::default(),
    }
}

/// Reads, links, classifies and groups; how many lines were read.
fn analyse(paths: &[PathBuf], jobs: usize, library: &Library) -> u64 {
    run(&job(paths, jobs, library)).report.totals.lines.read
}

/// Writes every event as JSON to nowhere; how many lines were read.
fn events(paths: &[PathBuf], jobs: usize, library: &Library) -> io::Result<u64> {
    let job = Job { chunk: 1 << 20, ..job(paths, jobs, library) };
    let encode = |event: &Event<'_>, logged: &Logged<'_>, out: &mut Vec<u8>| view::event(event, logged, out);
    let read = stream(&job, |_| {}, &encode, &mut io::sink())?;
    Ok(read.sources.iter().map(|s| s.lines.read).sum())
}

fn gzip(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut encoder = flate2::write::GzEncoder::new(File::create(path)?, flate2::Compression::default());
    encoder.write_all(bytes)?;
    encoder.finish().map(drop)
}

/// Measures logs that are read together, given by name and content.
fn logs(folder: &Path, name: &str, logs: &[(&str, &[u8])], library: &Library) -> io::Result<()> {
    let all: Vec<u8> = logs.iter().flat_map(|(_, bytes)| bytes.iter().copied()).collect();
    let (mut plain, mut packed) = (Vec::new(), Vec::new());
    for (file, bytes) in logs {
        plain.push(folder.join(format!("{file}.log")));
        fs::write(folder.join(format!("{file}.log")), bytes)?;
        packed.push(folder.join(format!("{file}.log.gz")));
        gzip(&folder.join(format!("{file}.log.gz")), bytes)?;
    }
    assert_eq!(events(&plain, 2, library)?, common::newlines(&all) as u64, "{name} events: lines were lost");
    for jobs in [1, 2] {
        common::measure(&format!("{name}/events/{jobs}"), &all, |_| events(&plain, jobs, library).unwrap_or(0));
    }
    for (packing, paths) in [("plain", plain), ("gzip", packed)] {
        assert_eq!(analyse(&paths, 2, library), common::newlines(&all) as u64, "{name} {packing}: lines were lost");
        for jobs in [1, 2] {
            common::measure(&format!("{name}/{packing}/{jobs}"), &all, |_| analyse(&paths, jobs, library));
        }
        paths.iter().try_for_each(fs::remove_file)?;
    }
    Ok(())
}

fn main() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let library = Library::embedded();
    common::headline();
    for format in FORMATS.iter().filter(|f| common::wanted(f.name)) {
        logs(folder.path(), format.name, &[(format.name, &format.generate(1, common::size(), FAILING))], &library)?;
    }
    if common::wanted("cache-and-origin") {
        // The same requests as both ends logged them: 5 KB of varnishlog for each line of nginx.
        let requests = common::size() / 5_000;
        let of = |name: &str| Format::named(name).of_requests(1, requests, FAILING);
        let (cache, origin) = (of("varnishlog-request"), of("nginx-rich"));
        logs(folder.path(), "cache-and-origin", &[("cache", &cache), ("origin", &origin)], &library)?;
    }
    Ok(())
}
