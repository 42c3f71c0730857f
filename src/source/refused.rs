//! Containers that hold logs but are not read: what they are, by content, and what to run instead. In: the first bytes
//! of a file's decompressed content; out: a [`Trouble`] or nothing. It must not open files.
//!
//! Why are they not read? A tar or zip holds many files, whose names and formats matter to guru as much as their bytes:
//! unpacked into a folder they are read as what they are. The others are rare beside logs.

use super::spec::Trouble;

/// Where the magic of tar stands (POSIX.1-1988 and GNU tar).
const TAR: (usize, &[u8]) = (257, b"ustar");

/// The magic at the start of a file, what it is, and the command that makes logs of it; `FILE` stands for its path.
const MAGIC: &[(&[u8], &str, &str)] = &[
    (b"PK\x03\x04", "a zip archive", "unzip -d unpacked FILE && guru analyze unpacked"),
    (b"PK\x05\x06", "an empty zip archive", "unzip -l FILE"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "7z x -ounpacked FILE && guru analyze unpacked"),
    (b"\x04\x22\x4d\x18", "packed with lz4", "lz4 -dc FILE | guru analyze -"),
    (b"\x02\x21\x4c\x18", "packed with lz4", "lz4 -dc FILE | guru analyze -"),
    (b"\x1f\x9d", "packed with compress", "gzip -dc FILE | guru analyze -"),
    (b"\xff\x06\0\0sNaPpY", "packed with snappy", "snzip -dc FILE | guru analyze -"),
    (b"PAR1", "a Parquet table", "duckdb -c \"COPY (FROM FILE) TO '/dev/stdout' (FORMAT json)\" | guru analyze -"),
    (b"LPKSHHRH", "a binary journal", "journalctl --file FILE | guru analyze -"),
];

/// What is wrong with a file that begins so, when it is a container that is not read. brotli has no magic: a file is
/// taken for it when its name says so and it is no text.
pub(super) fn refused(path: &str, start: &[u8]) -> Option<Trouble> {
    let (at, magic) = TAR;
    let (what, command) = if start.get(at..).is_some_and(|rest| rest.starts_with(magic)) {
        ("a tar archive", "mkdir unpacked && tar -xf FILE -C unpacked && guru analyze unpacked")
    } else if path.ends_with(".br") && !is_text(start) {
        ("packed with brotli", "brotli -dc FILE | guru analyze -")
    } else {
        MAGIC.iter().find(|(magic, ..)| start.starts_with(magic)).map(|(_, what, command)| (*what, *command))?
    };
    let name = if path == "-" { "FILE".to_string() } else { format!("'{path}'") };
    Some(Trouble::new(path, format!("is {what}, which guru does not unpack")).hint(command.replace("FILE", &name)))
}

/// True when there are no control bytes that a log would not hold.
fn is_text(start: &[u8]) -> bool {
    let odd = |b: &u8| b.is_ascii_control() && !matches!(b, b'\t' | b'\n' | b'\r' | 0x1b);
    !start[..start.len().min(512)].iter().any(odd)
        && std::str::from_utf8(&start[..start.len().min(512)]).map_or_else(|e| e.error_len().is_none(), |_| true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_container_is_named_with_a_command_for_its_path() {
        let tar = [vec![b'a'; 257], b"ustar\x0000".to_vec(), vec![0; 300]].concat();
        for (start, what) in [
            (&tar[..], "tar"),
            (b"PK\x03\x04\x14", "zip"),
            (b"\x04\x22\x4d\x18\x64", "lz4"),
            (b"PAR1\x15", "Parquet"),
            (b"\x1f\x9d\x90", "compress"),
        ] {
            let trouble = refused("logs/x.log", start).unwrap();
            assert!(trouble.why.contains(what), "{trouble:?}");
            assert!(trouble.hint.unwrap().contains("'logs/x.log'"));
        }
        assert!(refused("-", &tar).unwrap().hint.unwrap().contains("-xf FILE"));
    }

    #[test]
    fn a_text_is_no_container_whatever_its_name() {
        assert_eq!(refused("a.br", b"192.0.2.7 - - \xc3\xa9\n"), None);
        assert_eq!(refused("a.zip", b"PARIS 1\nPK\n"), None);
        assert!(refused("a.br", b"\x1b\x2f\x00\xf8\x8d").unwrap().why.contains("brotli"));
        assert!(refused("a.br", b"\x8b\xff\xfe\x88").unwrap().hint.unwrap().starts_with("brotli -dc 'a.br'"));
        assert_eq!(refused("a.log", b"\x8b\xff\xfe\x88"), None);
    }
}
