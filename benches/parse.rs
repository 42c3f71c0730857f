//! MB/s of reading each format, one core, from bytes in memory; beside it the count of newlines in the same bytes.

mod common;

use common::input;

/// Lines one by one, looking at their ends only: what no parser of lines can be faster than.
fn lines(bytes: &[u8]) -> u64 {
    let mut sum = 0;
    let mut at = 0;
    for end in memchr::memchr_iter(b'\n', bytes) {
        sum += u64::from(bytes[at]) + (end - at) as u64;
        at = end + 1;
    }
    sum
}

fn main() {
    common::headline();
    for (format, generate) in input::FORMATS {
        let bytes = generate(1, common::size());
        common::measure(&format!("lines/{format}"), &bytes, lines);
    }
}
