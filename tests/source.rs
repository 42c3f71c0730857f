//! The `source` room from outside: chunks, archives, damage, folders, standard input, evidence.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use guru::model::FileId;
use guru::source::{
    Chunk, Chunks, Compression, Found, LONGEST_QUOTE, PathSpec, Progress, Settings, Trouble, head, reread, resolve,
};
use proptest::prelude::*;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zst(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// What is read again, by place in `wanted`.
fn quoted(found: &Found, wanted: &[(u64, u32)]) -> Vec<Option<Vec<u8>>> {
    let mut quotes = vec![None; wanted.len()];
    reread(found, wanted, |n, text| assert_eq!(quotes[n].replace(text.to_vec()), None, "given twice"));
    quotes
}

fn at_newline(bytes: &[u8]) -> Option<usize> {
    memchr::memrchr(b'\n', bytes).map(|n| n + 1)
}

/// Records of varnishlog's request grouping end at a blank line.
fn at_blank_line(bytes: &[u8]) -> Option<usize> {
    memchr::memmem::rfind(bytes, b"\n\n").map(|n| n + 2)
}

struct Scratch(tempfile::TempDir);

impl Scratch {
    fn new() -> Scratch {
        Scratch(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_string()
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Found {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        Found::file(path)
    }
}

fn small(chunk: usize, cap: usize) -> Settings {
    Settings { chunk, cap, ..Settings::default() }
}

fn read_with(
    found: &Found,
    cut: fn(&[u8]) -> Option<usize>,
    settings: &Settings,
) -> Result<(Vec<Chunk>, Option<Trouble>), Trouble> {
    let (mut chunks, mut trouble) = (Vec::new(), None);
    for item in Chunks::open(found, FileId(7), cut, settings)? {
        match item {
            Ok(chunk) => chunks.push(chunk),
            Err(t) => assert!(trouble.replace(t).is_none(), "one trouble at most"),
        }
    }
    Ok((chunks, trouble))
}

fn read(found: &Found) -> (Vec<u8>, Option<Trouble>) {
    let (chunks, trouble) = read_with(found, at_newline, &small(1000, 100_000)).unwrap();
    (chunks.iter().flat_map(|c| c.bytes.clone()).collect(), trouble)
}

/// Lines that compress neither too well nor too badly.
fn log(lines: usize) -> Vec<u8> {
    let mut seed = 1_u64;
    let mut text = Vec::new();
    for n in 0..lines {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        writeln!(text, "192.0.2.{} - - \"GET /p/{n}?v={:x} HTTP/1.1\" 200 {}", seed >> 56, seed >> 20, seed >> 50)
            .unwrap();
    }
    text
}

#[test]
fn the_packing_is_recognised_by_content_whatever_the_name() {
    let scratch = Scratch::new();
    let text = log(50);
    for (name, bytes, packing) in [
        ("plain.gz", text.clone(), Compression::Plain),
        ("gzip.log", gzip(&text), Compression::Gzip),
        ("zstd.1", zst(&text), Compression::Zstd),
    ] {
        let found = scratch.write(name, &bytes);
        let start = head(&found, 100).unwrap();
        assert_eq!((start.compression, &start.bytes[..], start.whole), (packing, &text[..100], false), "{name}");
        assert!(head(&found, text.len()).unwrap().whole, "{name}");
        assert_eq!(read(&found), (text.clone(), None), "{name}");
    }
}

#[test]
fn members_and_frames_that_were_concatenated_are_all_read() {
    let scratch = Scratch::new();
    let (a, b) = (log(30), log(70));
    let both = [a.clone(), b.clone()].concat();
    let tape = [gzip(&a), gzip(b""), gzip(&b), vec![0; 700]].concat();
    assert_eq!(read(&scratch.write("a.gz", &tape)), (both.clone(), None));
    let frames = [zst(&a), zst(b""), zst(&b)].concat();
    assert_eq!(read(&scratch.write("a.zst", &frames)), (both.clone(), None));
    // A skippable frame first, as seekable writers put it.
    let skippable = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3][..], &zst(&both)].concat();
    assert_eq!(read(&scratch.write("b.zst", &skippable)), (both, None));
}

#[test]
fn a_gzip_header_with_every_optional_field_is_read() {
    let text = log(5);
    let mut encoder = flate2::GzBuilder::new()
        .filename("access.log")
        .comment("kept")
        .extra(vec![1, 2, 3])
        .mtime(1)
        .write(Vec::new(), flate2::Compression::best());
    encoder.write_all(&text).unwrap();
    let scratch = Scratch::new();
    assert_eq!(read(&scratch.write("a", &encoder.finish().unwrap())), (text, None));
}

#[test]
fn an_archive_cut_off_anywhere_gives_what_was_before_the_cut() {
    let scratch = Scratch::new();
    let text = log(40);
    for (name, packed) in [("a.gz", gzip(&text)), ("a.zst", zst(&text))] {
        // The first bytes decide what it is; an archive cut within them is text.
        for end in 6..packed.len() {
            let (kept, trouble) = read(&scratch.write(name, &packed[..end]));
            assert!(text.starts_with(&kept), "{name} cut at {end}");
            let trouble = trouble.unwrap_or_else(|| panic!("{name} cut at {end} was not noticed"));
            let lines = memchr::memchr_iter(b'\n', &kept).count();
            assert!(trouble.why.contains("is cut off"), "{trouble:?}");
            assert!(
                trouble.why.contains(&format!("at byte {} of its content; {lines} lines", kept.len())),
                "{trouble:?}"
            );
        }
    }
}

#[test]
fn damage_in_a_late_block_costs_no_earlier_block() {
    let scratch = Scratch::new();
    let text = log(20_000);
    for (name, packed, block) in [("a.gz", gzip(&text), 70_000), ("a.zst", zst(&text), 140_000)] {
        let mut damaged = packed.clone();
        let middle = packed.len() / 2;
        damaged[middle..middle + 200].fill(0xff);
        // One read call may span many blocks here: none of them may be lost with the damaged one.
        let (chunks, trouble) = read_with(&scratch.write(name, &damaged), at_newline, &Settings::default()).unwrap();
        let kept: Vec<u8> = chunks.iter().flat_map(|c| c.bytes.clone()).collect();
        assert!(trouble.is_some(), "{name}");
        let same = kept.iter().zip(&text).take_while(|(a, b)| a == b).count();
        assert!(same + block > text.len() / 2, "{name}: only {same} of {} bytes", text.len());
    }
}

#[test]
fn what_follows_an_archive_is_reported_and_costs_nothing() {
    let scratch = Scratch::new();
    let text = log(10);
    for packed in [gzip(&text), zst(&text)] {
        let (kept, trouble) = read(&scratch.write("a", &[packed, b"no archive at all".to_vec()].concat()));
        assert_eq!(kept, text);
        assert!(trouble.unwrap().why.contains("10 lines before that were kept"));
    }
}

#[test]
fn a_wrong_checksum_is_reported() {
    let scratch = Scratch::new();
    let text = log(10);
    let mut packed = gzip(&text);
    let crc = packed.len() - 8;
    packed[crc] ^= 1;
    let (kept, trouble) = read(&scratch.write("a.gz", &packed));
    assert_eq!(kept, text);
    assert!(trouble.unwrap().why.contains("checksum"));
}

#[test]
fn an_empty_file_has_one_empty_last_chunk() {
    let scratch = Scratch::new();
    for bytes in [Vec::new(), gzip(b""), zst(b"")] {
        let (chunks, trouble) = read_with(&scratch.write("a", &bytes), at_newline, &Settings::default()).unwrap();
        assert_eq!(chunks.len(), 1);
        assert!(chunks[0].last && chunks[0].bytes.is_empty() && trouble.is_none());
    }
}

#[test]
fn a_line_of_ten_megabytes_is_kept_whole() {
    let scratch = Scratch::new();
    let mut text = b"first\n".to_vec();
    text.resize(10 << 20, b'x');
    text.extend_from_slice(b"\r\nlast, without newline");
    let (chunks, _) = read_with(&scratch.write("a", &text), at_newline, &Settings::default()).unwrap();
    assert!(chunks.iter().any(|c| c.bytes.len() > 9 << 20));
    assert_eq!(chunks.iter().flat_map(|c| c.bytes.clone()).collect::<Vec<u8>>(), text);
    assert_eq!(chunks.iter().map(|c| c.overlong).sum::<u64>(), 0);
}

#[test]
fn a_line_longer_than_the_cap_is_dropped_and_counted_and_offsets_stay_true() {
    let scratch = Scratch::new();
    let long = "x".repeat(300);
    let text = format!("a\nb\n{long}\nc\n{long}\n{long}\nd\n");
    let (chunks, trouble) = read_with(&scratch.write("a", text.as_bytes()), at_newline, &small(16, 64)).unwrap();
    let mut lines = 0;
    for chunk in &chunks {
        let at = chunk.offset as usize;
        assert_eq!(&text.as_bytes()[at..at + chunk.bytes.len()], &chunk.bytes[..]);
        lines += chunk.overlong;
        assert_eq!(lines as usize, text[..at].matches('\n').count(), "line number at {at}");
        lines += chunk.newlines;
    }
    let kept: Vec<u8> = chunks.iter().flat_map(|c| c.bytes.clone()).collect();
    assert_eq!(kept, b"a\nb\nc\nd\n");
    assert_eq!((lines, trouble), (7, None));
}

#[test]
fn a_file_without_any_newline_is_one_line() {
    let scratch = Scratch::new();
    let (chunks, _) = read_with(&scratch.write("a", &[b'x'; 50]), at_newline, &small(16, 64)).unwrap();
    assert_eq!((chunks.len(), chunks[0].bytes.len(), chunks[0].overlong), (1, 50, 0));
    let (chunks, _) = read_with(&scratch.write("a", &[0; 5000]), at_newline, &small(16, 64)).unwrap();
    let last = chunks.last().unwrap();
    assert_eq!((chunks.len(), last.bytes.len(), last.overlong, last.last), (1, 0, 1, true));
}

#[test]
fn a_record_beyond_the_cap_is_cut_at_a_newline() {
    let scratch = Scratch::new();
    let text = "line of a record\n".repeat(100);
    let (chunks, _) = read_with(&scratch.write("a", text.as_bytes()), at_blank_line, &small(16, 64)).unwrap();
    assert!(chunks.len() > 20);
    assert!(chunks.iter().all(|c| c.bytes.len() <= 64 && c.bytes.ends_with(b"\n")));
    assert_eq!(chunks.iter().flat_map(|c| c.bytes.clone()).collect::<Vec<u8>>(), text.as_bytes());
}

#[test]
fn progress_counts_bytes_on_disk() {
    let scratch = Scratch::new();
    let packed = gzip(&log(1000));
    let progress = Progress::new();
    let settings = Settings { progress: Some(progress.clone()), ..small(500, 5000) };
    read_with(&scratch.write("a.gz", &packed), at_newline, &settings).unwrap();
    assert_eq!(progress.read(), packed.len() as u64);
}

#[test]
fn evidence_is_read_again_from_any_packing_in_the_order_asked_for() {
    let scratch = Scratch::new();
    let text = log(5000);
    let end = text.len() as u64;
    let wanted = [
        (200_000, 80),
        (0, 10),
        (65_530, 100),
        (200_010, 5),
        (end - 3, 50),
        (end, 4),
        (end + 9, 4),
        (7, 0),
        (0, u32::MAX),
        (u64::MAX, 1),
    ];
    for bytes in [text.clone(), gzip(&text), zst(&text)] {
        let quotes = quoted(&scratch.write("a", &bytes), &wanted);
        for (&(offset, len), quote) in wanted.iter().zip(quotes) {
            let from = (offset.min(end)) as usize;
            let to = (from + len.min(LONGEST_QUOTE) as usize).min(text.len());
            assert_eq!(quote.as_deref(), (from < to).then(|| &text[from..to]), "{offset}+{len}");
        }
    }
    assert_eq!(quoted(&Found::file(scratch.path("gone")), &[(0, 1)]), [None]);
}

#[test]
fn a_folder_gives_its_logs_in_order_and_says_what_it_passed_over() {
    let scratch = Scratch::new();
    for name in [
        "logs/b.log",
        "logs/a.log.1",
        "logs/web/access.log",
        "logs/.hidden",
        "logs/.git/x.log",
        "logs/README.md",
        "logs/guru.db",
    ] {
        scratch.write(name, b"x\n");
    }
    let resolved = resolve(&[PathSpec::parse(&format!("origin={}", scratch.text("logs")))]);
    let names: Vec<&str> = resolved.files.iter().map(|f| f.path.rsplit_once("logs/").unwrap().1).collect();
    assert_eq!(names, ["a.log.1", "b.log", "web/access.log"]);
    assert!(resolved.files.iter().all(|f| f.role == Some(guru::model::Tier::Origin) && f.size == 2));
    assert_eq!(resolved.skipped.len(), 4);
    assert!(resolved.troubles.is_empty());
}

#[test]
fn a_file_found_twice_counts_once_and_keeps_what_was_said_of_it() {
    let scratch = Scratch::new();
    scratch.write("a.log", b"x\n");
    scratch.write("b.log", b"x\n");
    let (folder, file) = (scratch.text(""), scratch.text("a.log"));
    let node = PathSpec::parse_node(&format!("web9=cache={file}")).unwrap();
    let resolved =
        resolve(&[PathSpec::parse(&format!("{folder}*.log")), node, PathSpec::parse(&format!("{folder}./"))]);
    assert_eq!(resolved.files.len(), 2);
    assert_eq!(resolved.files[0].role, Some(guru::model::Tier::Cache));
    assert_eq!(resolved.files[0].node.as_deref(), Some("web9"));
    assert_eq!(resolve(&[PathSpec::parse("-"), PathSpec::parse("-")]).files.len(), 1);
}

#[test]
fn paths_that_lead_to_nothing_are_troubles() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.path("empty")).unwrap();
    for (path, words) in
        [("missing.log", "no such file"), ("*.nothing", "matches no file"), ("[", "glob"), ("empty", "without logs")]
    {
        let resolved = resolve(&[PathSpec::parse(&scratch.text(path))]);
        assert!(resolved.files.is_empty());
        assert!(resolved.troubles[0].why.contains(words), "{:?}", resolved.troubles);
    }
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::os::unix::net::UnixListener;
    use std::process::Command;

    use super::*;

    #[test]
    fn folders_that_link_to_each_other_end() {
        let scratch = Scratch::new();
        scratch.write("a/x.log", b"x\n");
        scratch.write("b/y.log", b"y\n");
        symlink(scratch.path("b"), scratch.path("a/to-b")).unwrap();
        symlink(scratch.path("a"), scratch.path("b/to-a")).unwrap();
        symlink(scratch.path("a"), scratch.path("a/self")).unwrap();
        let resolved = resolve(&[PathSpec::parse(&scratch.text("a"))]);
        assert_eq!(resolved.files.len(), 2);
        assert!(resolved.troubles.is_empty());
        assert!(resolved.skipped.iter().all(|s| s.why.contains("read already")));
        symlink(scratch.path("loop"), scratch.path("loop")).unwrap();
        assert_eq!(resolve(&[PathSpec::parse(&scratch.text("loop"))]).troubles.len(), 1);
    }

    #[test]
    fn pipes_sockets_and_devices_in_a_folder_are_left_alone() {
        let scratch = Scratch::new();
        scratch.write("a.log", b"x\n");
        let _socket = UnixListener::bind(scratch.path("b.log")).unwrap();
        assert!(Command::new("mkfifo").arg(scratch.path("c.log")).status().unwrap().success());
        symlink("/dev/zero", scratch.path("d.log")).unwrap();
        let resolved = resolve(&[PathSpec::parse(&scratch.text(""))]);
        assert_eq!((resolved.files.len(), resolved.skipped.len(), resolved.troubles.len()), (1, 3, 0));
        for (name, words) in [("b.log", "socket"), ("d.log", "device")] {
            let named = resolve(&[PathSpec::parse(&scratch.text(name))]);
            assert!(named.troubles[0].why.contains(words), "{named:?}");
        }
    }

    #[test]
    fn a_pipe_that_was_named_is_read_and_can_be_read_again() {
        let scratch = Scratch::new();
        let path = scratch.path("pipe");
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        let text = log(2000);
        for bytes in [text.clone(), gzip(&text)] {
            let resolved = resolve(&[PathSpec::parse(path.to_str().unwrap())]);
            let found = &resolved.files[0];
            let writer = std::thread::spawn({
                let path = path.clone();
                move || fs::write(path, bytes).unwrap()
            });
            assert_eq!(head(found, 30).unwrap().bytes, &text[..30]);
            assert_eq!(read(found), (text.clone(), None));
            assert_eq!(quoted(found, &[(90_000, 20)]), [Some(text[90_000..90_020].to_vec())]);
            writer.join().unwrap();
        }
    }

    #[test]
    fn a_file_that_may_not_be_read_is_a_trouble_with_a_remedy() {
        let scratch = Scratch::new();
        let found = scratch.write("closed.log", b"x\n");
        fs::set_permissions(scratch.path("closed.log"), fs::Permissions::from_mode(0o000)).unwrap();
        match head(&found, 10) {
            Err(trouble) => assert!(trouble.hint.unwrap().contains("usermod -aG adm")),
            Ok(head) => assert_eq!(head.bytes, b"x\n", "root reads everything"),
        }
    }
}

fn is_sample(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "log" || e == "gz")
}

#[test]
fn the_sample_logs_are_all_found() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-logs");
    let resolved = resolve(&[PathSpec::parse(folder.to_str().unwrap())]);
    assert!(resolved.troubles.is_empty() && resolved.files.len() >= 4, "{:?}", resolved.files);
    for found in &resolved.files {
        assert!(is_sample(Path::new(&found.path)), "{}", found.path);
        assert!(head(found, 100).unwrap().damaged.is_none());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn chunks_are_the_file_and_end_at_edges(
        text in "([a-z]{0,9}\r?\n{1,2}){0,60}[a-z]{0,5}",
        chunk in 1_usize..200,
        records in any::<bool>(),
    ) {
        let scratch = Scratch::new();
        let cut = if records { at_blank_line } else { at_newline };
        let (chunks, trouble) = read_with(&scratch.write("a", text.as_bytes()), cut, &small(chunk, 1 << 20)).unwrap();
        prop_assert!(trouble.is_none());
        let mut offset = 0;
        for (n, c) in chunks.iter().enumerate() {
            prop_assert_eq!((c.offset, c.number as usize, c.file), (offset, n, FileId(7)));
            prop_assert_eq!(c.last, n + 1 == chunks.len());
            let at_edge = cut(&c.bytes) == Some(c.bytes.len());
            prop_assert!(c.last || at_edge);
            prop_assert_eq!(c.newlines as usize, c.bytes.iter().filter(|b| **b == b'\n').count());
            offset += c.bytes.len() as u64;
        }
        let all: Vec<u8> = chunks.iter().flat_map(|c| c.bytes.clone()).collect();
        prop_assert_eq!(all, text.as_bytes());
    }

    #[test]
    fn a_flipped_bit_never_panics_and_never_goes_on_for_ever(flip in any::<prop::sample::Index>(), bit in 0..8_u32, gz in any::<bool>()) {
        let scratch = Scratch::new();
        let text = log(30);
        let mut packed = if gz { gzip(&text) } else { zst(&text) };
        let at = flip.index(packed.len());
        packed[at] ^= 1 << bit;
        let (kept, trouble) = match read_with(&scratch.write("a", &packed), at_newline, &small(1000, 100_000)) {
            Ok((chunks, trouble)) => (chunks.iter().flat_map(|c| c.bytes.clone()).collect::<Vec<u8>>(), trouble),
            Err(trouble) => (Vec::new(), Some(trouble)),
        };
        // Flips in the magic make it text; some header fields (time, system) do not matter; the rest is noticed.
        prop_assert!(trouble.is_some() || kept == text || kept == packed);
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..3000), magic in 0..3) {
        let scratch = Scratch::new();
        let start: &[u8] = [&b""[..], b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd"][magic as usize];
        let found = scratch.write("a", &[start, &bytes].concat());
        if let Ok((chunks, _)) = read_with(&found, at_newline, &small(100, 1000)) {
            prop_assert_eq!(chunks.iter().filter(|c| c.last).count(), 1);
        }
    }
}
