//! MB/s from files on disk, one core: chunks of plain and packed logs; beside it the count of newlines of the same
//! content in memory. MB/s of packed files refers to their content.

mod common;

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use common::input;
use guru::model::FileId;
use guru::source::{Chunks, Found, Settings};

fn at_newline(bytes: &[u8]) -> Option<usize> {
    memchr::memrchr(b'\n', bytes).map(|n| n + 1)
}

/// Reads a file to its end; the newlines in it.
fn newlines(path: &Path) -> u64 {
    let found = Found::file(path);
    match Chunks::open(&found, FileId(0), at_newline, &Settings::default()) {
        Ok(chunks) => chunks.filter_map(Result::ok).map(|chunk| chunk.newlines).sum(),
        Err(_) => 0,
    }
}

fn gzip(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut encoder = flate2::write::GzEncoder::new(File::create(path)?, flate2::Compression::default());
    encoder.write_all(bytes)?;
    encoder.finish().map(drop)
}

fn main() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let [plain, gz, zst] = ["plain.log", "a.gz", "a.zst"].map(|name| folder.path().join(name));
    common::headline();
    for (format, generate) in input::FORMATS {
        let bytes = generate(1, common::size());
        fs::write(&plain, &bytes)?;
        gzip(&gz, &bytes)?;
        zstd::stream::copy_encode(&bytes[..], File::create(&zst)?, 3)?;
        let expected = memchr::memchr_iter(b'\n', &bytes).count() as u64;
        for (packing, path) in [("plain", &plain), ("gzip", &gz), ("zstd", &zst)] {
            assert_eq!(newlines(path), expected, "{format} {packing} lost something");
            common::measure(&format!("chunks/{packing}/{format}"), &bytes, |_| newlines(path));
        }
    }
    Ok(())
}
