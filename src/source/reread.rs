//! Evidence is read again after linking. In: places in a file; out: the bytes there. It must not redact: who shows
//! or stores them does that.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use super::decode::Compression;
use super::open::{Content, open};
use super::spec::{Found, Place};
use super::spool::SpoolReader;

/// The most bytes of one quote.
pub const LONGEST_QUOTE: u32 = 4096;

/// The bytes at each wanted (offset, length) of the decompressed content, in the order asked for; at most
/// [`LONGEST_QUOTE`] each. `None` where the file ends before the offset or cannot be read (any more); a quote that the
/// end of the file cuts is given as far as it goes. A plain file is read in place, an archive in one pass that stops
/// after the last place.
pub fn reread(found: &Found, wanted: &[(u64, u32)]) -> Vec<Option<Vec<u8>>> {
    let mut quotes = vec![None; wanted.len()];
    let Ok((content, compression)) = open(found, None) else { return quotes };
    let mut order: Vec<usize> = (0..wanted.len()).filter(|&i| wanted[i].1 > 0).collect();
    order.sort_by_key(|&i| wanted[i].0);
    if compression == Compression::Plain {
        in_place(found, wanted, &order, &mut quotes);
    } else {
        in_one_pass(content, wanted, &order, &mut quotes);
    }
    quotes
}

fn length((_, len): (u64, u32)) -> u64 {
    u64::from(len.min(LONGEST_QUOTE))
}

fn quote(stream: impl Read, len: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    stream.take(len).read_to_end(&mut bytes)?;
    Ok((!bytes.is_empty()).then_some(bytes))
}

fn in_place(found: &Found, wanted: &[(u64, u32)], order: &[usize], quotes: &mut [Option<Vec<u8>>]) {
    match &found.place {
        Place::File(path) => {
            let Ok(mut file) = File::open(path) else { return };
            for &i in order {
                if file.seek(SeekFrom::Start(wanted[i].0)).is_ok() {
                    quotes[i] = quote(&file, length(wanted[i])).unwrap_or(None);
                }
            }
        }
        Place::Spool(spool) => {
            for &i in order {
                let reader = SpoolReader::new(spool.clone(), wanted[i].0);
                quotes[i] = quote(reader, length(wanted[i])).unwrap_or(None);
            }
        }
    }
}

/// Streams once; every block is copied into the quotes that overlap it.
fn in_one_pass(mut content: Content, wanted: &[(u64, u32)], order: &[usize], quotes: &mut [Option<Vec<u8>>]) {
    let mut buffer = vec![0; 64 * 1024];
    let mut at = 0_u64;
    let mut open: Vec<usize> = Vec::new();
    let mut waiting = order.iter().copied().peekable();
    while waiting.peek().is_some() || !open.is_empty() {
        let Ok(n @ 1..) = content.read(&mut buffer) else { return };
        let end = at + n as u64;
        while let Some(i) = waiting.next_if(|&i| wanted[i].0 < end) {
            open.push(i);
        }
        open.retain(|&i| {
            let (from, to) = (wanted[i].0, wanted[i].0.saturating_add(length(wanted[i])));
            let piece = &buffer[(from.max(at) - at) as usize..(to.min(end) - at) as usize];
            quotes[i].get_or_insert_with(Vec::new).extend_from_slice(piece);
            to > end
        });
        at = end;
    }
}
