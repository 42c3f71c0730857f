//! The packings that the tests write, and what is read of them.

use std::io::Write;

use guru::model::FileId;
use guru::source::{Chunks, Compression, Found, Settings, head, reread};

use crate::logs::{Fetch, MIDNIGHT, SECOND, Went, sorted, traffic, trouble, varnishlog};
use crate::place::Place;

/// A packing: its name as an ending, what it is recognised as, and its encoder.
pub type Packing = (&'static str, Compression, fn(&[u8]) -> Vec<u8>);

/// All of them.
pub const PACKINGS: [Packing; 5] = [
    ("", Compression::Plain, |text| text.to_vec()),
    (".gz", Compression::Gzip, gzip),
    (".zst", Compression::Zstd, zst),
    (".bz2", Compression::Bzip2, bzip2),
    (".xz", Compression::Xz, xz),
];

pub fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

/// With a checksum, as the zstd command writes it.
pub fn zst(text: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 3).expect("memory takes it");
    encoder.include_checksum(true).expect("a known option");
    encoder.write_all(text).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

/// In blocks of 100 kB, so that a small log has several.
pub fn bzip2(text: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(text).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

pub fn xz(text: &[u8]) -> Vec<u8> {
    let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 1);
    encoder.write_all(text).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

/// Lines that compress neither too well nor too badly.
pub fn lines(count: usize) -> Vec<u8> {
    let mut seed = 1_u64;
    let mut line = |n| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        format!("192.0.2.{} - - \"GET /p/{n}?v={:x} HTTP/1.1\" 200 {}\n", seed >> 56, seed >> 20, seed >> 50)
    };
    (0..count).flat_map(|n| line(n).into_bytes()).collect()
}

/// The content of a file as far as it can be read, and what is wrong with it.
pub fn content(place: &Place, name: &str) -> (Vec<u8>, Option<String>) {
    let newline = |bytes: &[u8]| memchr::memrchr(b'\n', bytes).map(|n| n + 1);
    let settings = Settings { chunk: 1000, cap: 100_000, ..Settings::default() };
    let (mut text, mut wrong) = (Vec::new(), None);
    match Chunks::open(&Found::file(place.path(name)), FileId(0), newline, &settings) {
        Ok(chunks) => chunks.for_each(|chunk| match chunk {
            Ok(chunk) => text.extend_from_slice(&chunk.bytes),
            Err(t) => assert!(wrong.replace(t.why).is_none(), "one trouble at most"),
        }),
        Err(t) => wrong = Some(t.why),
    }
    (text, wrong)
}

/// A minute of traffic with five refused fetches.
pub fn outage() -> Vec<Fetch> {
    let broken = trouble(MIDNIGHT + 20 * SECOND + 500_000, 5, SECOND, "/cart", Went::Refused);
    sorted([traffic(MIDNIGHT, 40, SECOND), broken])
}

#[test]
fn every_packing_is_known_by_its_content_whatever_the_name() {
    let text = lines(3000);
    for (ending, compression, pack) in PACKINGS {
        for name in ["x.log".to_string(), "x.gz".into(), "x".into(), format!("x{ending}")] {
            let place = Place::new();
            place.write(&name, pack(&text));
            let start = head(&Found::file(place.path(&name)), 100).expect("it can be read");
            assert_eq!((start.compression, &start.bytes[..]), (compression, &text[..100]), "{ending} as {name}");
            assert_eq!(content(&place, &name), (text.clone(), None), "{ending} as {name}");
        }
    }
}

#[test]
fn streams_that_were_concatenated_are_all_read_and_padding_is_passed_over() {
    let (a, b) = (lines(300), lines(700));
    let both = [a.clone(), b.clone()].concat();
    for (ending, _, pack) in PACKINGS {
        let place = Place::new();
        place.write("one", [pack(&a), pack(b""), pack(&b)].concat());
        assert_eq!(content(&place, "one"), (both.clone(), None), "{ending}");
        if matches!(ending, ".gz" | ".bz2" | ".xz") {
            // Zeros as a tape leaves them after an archive; in xz also between streams, in fours.
            place.write("tape", [pack(&both), vec![0; 1024]].concat());
            assert_eq!(content(&place, "tape"), (both.clone(), None), "{ending}");
        }
    }
    let place = Place::new();
    place.write("padded", [xz(&a), vec![0; 8], xz(&b), vec![0; 4]].concat());
    assert_eq!(content(&place, "padded"), (both, None));
}

#[test]
fn lines_are_quoted_from_every_packing() {
    let text = lines(5000);
    for (ending, _, pack) in PACKINGS {
        let place = Place::new();
        place.write("x", pack(&text));
        let mut quotes = vec![Vec::new(); 2];
        reread(&Found::file(place.path("x")), &[(200_000, 60), (7, 10)], |n, bytes| quotes[n] = bytes.to_vec());
        assert_eq!(quotes, [text[200_000..200_060].to_vec(), text[7..17].to_vec()], "{ending}");
    }
}

#[test]
fn an_outage_is_the_same_in_every_packing() {
    let log = varnishlog(&outage());
    for (ending, _, pack) in PACKINGS {
        let place = Place::new();
        let name = format!("varnish.log{ending}");
        place.write(&name, pack(log.as_bytes()));
        let report = place.report(&[&name, "--no-store"]);
        assert_eq!((report.failed(), report.not_understood(&name)), (5, 0), "{name}");
        let piped = place.piped(&["analyze", "-", "--no-store", "--output", "json"], &pack(log.as_bytes())).code(0);
        assert_eq!(crate::place::Report::of(&piped).failed(), 5, "{name} on standard input");
    }
}

#[test]
fn containers_are_refused_in_one_sentence_with_the_way_around() {
    let header = [vec![b'v'; 257], b"ustar\x0000".to_vec(), vec![0; 248]].concat();
    let tar = [header, varnishlog(&outage()).into_bytes()].concat();
    let place = Place::new();
    place.write("a.tar", &tar).write("b.log", gzip(&tar)).write("c", xz(&tar)).write("d.log", b"PK\x03\x04rest");
    place.write("e.lz4", b"\x04\x22\x4d\x18rest").write("f.log.br", b"\x1b\x00\x00\x24").write("g.log", b"PAR1\x15");
    place.write("varnish.log", varnishlog(&outage()));
    for (name, what, command) in [
        ("a.tar", "is a tar archive, which guru does not unpack", "tar -xf 'a.tar'"),
        ("b.log", "is a tar archive", "tar -xf 'b.log'"),
        ("c", "is a tar archive", "tar -xf 'c'"),
        ("d.log", "is a zip archive", "unzip -d unpacked 'd.log'"),
        ("e.lz4", "is packed with lz4", "lz4 -dc 'e.lz4' | guru analyze -"),
        ("f.log.br", "is packed with brotli", "brotli -dc 'f.log.br' | guru analyze -"),
        ("g.log", "is a Parquet table", "duckdb"),
    ] {
        place.analyze(&[name]).code(3).says(&[name, what, command]);
        assert_eq!(place.report_with(&[name, "varnish.log", "--no-store"], 4).failed(), 5, "{name}");
    }
    // In a folder they are no fault of the user's, but they are named: there may be logs in them.
    place.analyze(&["."]).code(0).says(&["a.tar", "tar -xf", "d.log", "unzip"]).shows(&["5 failed"]);
}
