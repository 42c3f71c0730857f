//! Binary Varnish logs (varnishlog -w) to records. In: a range of decompressed bytes and the layout in force where it
//! begins; out: records borrowed from it, counts, the places where bytes may be cut, and text as varnishlog prints it.
//! It must not know what a record means, nor keep any state from one range to the next: what a range must know of the
//! bytes before it is one number, which [`cut`] gives.
//!
//! Records count as lines: the law of lines holds for them, and a log counts the same as its `varnishlog -g raw` text.

use bumpalo::Bump;

use super::vsl_layout::Layout;
use super::vsl_tags::Printed;
use super::vsl_walk::{End, Step, Walk};
use crate::model::report::Lines;
use crate::model::{FileId, Locator, Side, Tag, VslItem, VslRecord};

const TORN: &[u8] = b"the file ends in the middle of this record";
const DAMAGE: &[u8] = b"no record is here; reading went on behind the damage";

/// A range of a binary log.
#[derive(Clone, Copy, Debug)]
pub struct Range<'c> {
    /// Its bytes.
    pub bytes: &'c [u8],
    /// What [`cut`] said of the end of the range before it; 0 at the beginning of a file.
    pub before: u8,
    /// True when the file ends with it.
    pub last: bool,
    /// The file.
    pub file: FileId,
    /// Where it lies in the file.
    pub offset: u64,
}

/// Keeps payloads that are printed otherwise than they lie, as long as their range is read.
#[derive(Debug, Default)]
pub struct Quotes(Bump);

/// The last safe place to cut a buffer: an exclusive end, and the number to give to the range that begins there. Safe
/// is the end of any whole record. `None` when there is no such place: read on.
///
/// `before` is the number for the buffer itself. A magic is left to the next range until the records behind it tell
/// their layout.
pub fn cut(bytes: &[u8], before: u8) -> Option<(usize, u8)> {
    let mut walk = Walk::new(bytes, Layout::of(before), End::Open);
    while walk.step().is_some() {}
    (walk.at > 0).then(|| (walk.at, walk.layout.map_or(0, Layout::code)))
}

/// Pushes the records of a range in their order, and counts them as lines.
///
/// A stretch of bytes that are no records, and a record that the end of the file cuts, count as one line each that was
/// not understood, and are pushed as rejected with a sentence about them. Payloads of `HttpGarbage` are pushed as
/// varnishlog prints them, from `quotes`; nothing else is allocated.
pub fn records<'c>(range: &Range<'c>, quotes: &'c Quotes, lines: &mut Lines, mut push: impl FnMut(VslItem<'c>)) {
    let end = if range.last { End::File } else { End::Cut };
    let mut walk = Walk::new(range.bytes, Layout::of(range.before), end);
    let mut begin = 0;
    while let Some(step) = walk.step() {
        let len = u32::try_from(walk.at - begin).unwrap_or(u32::MAX);
        let at = Locator { file: range.file, offset: range.offset + begin as u64, len, line: 0 };
        lines.read += u64::from(step != Step::Magic);
        match step {
            Step::Record(lying, layout) => {
                lines.parsed += 1;
                let entry = layout.entry(lying.number);
                let tag = entry.map_or(Tag::Other, |e| e.tag);
                let lies = &range.bytes[begin + lying.payload..begin + lying.payload + lying.len];
                let payload = match entry.map(|e| e.printed) {
                    Some(Printed::Quoted) if tag == Tag::HttpGarbage => quotes.quote(lies),
                    _ => to_nul(lies),
                };
                push(VslItem::Record(VslRecord { vxid: lying.vxid, tag, side: lying.side, payload, at }));
            }
            Step::Batch => lines.skipped += 1,
            Step::Magic => {}
            Step::Damage | Step::Torn => {
                lines.not_understood += 1;
                push(VslItem::Rejected(at, if step == Step::Torn { TORN } else { DAMAGE }));
            }
        }
        begin = walk.at;
    }
}

impl Quotes {
    fn quote<'c>(&'c self, payload: &[u8]) -> &'c [u8] {
        let mut text = Vec::with_capacity(payload.len() + 8);
        quoted(payload, &mut text);
        self.0.alloc_slice_copy(&text)
    }
}

/// The whole log as `varnishlog -r FILE -g raw` prints it; what is no record is left out.
pub fn dump(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() * 2);
    let mut walk = Walk::new(bytes, None, End::File);
    let mut begin = 0;
    while let Some(step) = walk.step() {
        if let Step::Record(lying, layout) = step {
            let entry = layout.entry(lying.number);
            let side = match lying.side {
                Side::Client => 'c',
                Side::Backend => 'b',
                Side::Neither => '-',
            };
            // A number of a later version stands for itself.
            let name = entry.map_or_else(|| lying.number.to_string(), |e| e.name.to_string());
            out.extend_from_slice(format!("{:10} {name:<14} {side} ", lying.vxid).as_bytes());
            let payload = &bytes[begin + lying.payload..begin + lying.payload + lying.len];
            match entry.map_or(Printed::Raw, |e| e.printed) {
                Printed::Raw => out.extend_from_slice(to_nul(payload)),
                Printed::Quoted => quoted(payload, &mut out),
                Printed::Hex => {
                    out.push(b'[');
                    payload.iter().for_each(|b| out.extend_from_slice(format!("{b:02x}").as_bytes()));
                    out.push(b']');
                }
            }
            out.push(b'\n');
        }
        begin = walk.at;
    }
    out
}

/// The record at the start of `bytes`, which may go on behind it, as one line of raw text without its line feed; empty
/// when the bytes end within it or none is there.
pub fn one_line(bytes: &[u8]) -> Vec<u8> {
    let mut text = dump(bytes);
    text.truncate(memchr::memchr(b'\n', &text).unwrap_or(text.len()));
    text
}

fn to_nul(payload: &[u8]) -> &[u8] {
    &payload[..memchr::memchr(0, payload).unwrap_or(payload.len())]
}

/// In double quotes, with `%xx` for what is not printable. The quotes and percent signs of the payload stay as they
/// are, as varnishlog has it.
fn quoted(payload: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for b in payload {
        match b {
            b' '..=b'~' => out.push(*b),
            _ => out.extend_from_slice(format!("%{b:02x}").as_bytes()),
        }
    }
    out.push(b'"');
}
