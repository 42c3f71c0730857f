//! What stays of a URL that is rewritten on its way. In: a method and a URL as one tier logged it; out: hashes of its
//! parts, so that the two ends can be compared where proxies normalise, strip or sort a query, or put a path before it.
//! It must not know which rewrite is in force.
//!
//! Normalised as RFC 3986 section 6.2.2 has it, and further: every escape but that of the slash is decoded, slashes in a
//! row are one, what follows `#` is left out, and the order of a query does not matter.

use bytemuck::{Pod, Zeroable};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::row::KEY_URL;

/// Hashes of the parts of a URL, with the method; 0 where there is no such part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Pod, Zeroable)]
#[repr(C)]
pub struct Shape {
    /// The path.
    pub path: u32,
    /// The path without its first segment.
    pub less_one: u32,
    /// The path without its first two segments.
    pub less_two: u32,
    /// The query.
    pub query: u32,
}

impl Shape {
    /// The shape of a URL, of which only so much counts as the key looks at too.
    pub fn of(method: &[u8], url: &[u8]) -> Shape {
        let url = &url[..url.len().min(KEY_URL)];
        let url = &url[..memchr::memchr(b'#', url).unwrap_or(url.len())];
        let (path, query) = match memchr::memchr(b'?', url) {
            Some(at) => (&url[..at], &url[at + 1..]),
            None => (url, &b""[..]),
        };
        let mut buffer = [0; KEY_URL];
        let len = normalised(without_origin(path), &mut buffer);
        let path = &buffer[..len];
        let method = if method.is_empty() { &b"GET"[..] } else { method };
        let seed = xxh3_64_with_seed(method, 2);
        let less_one = without_segment(path);
        let less_two = without_segment(less_one);
        Shape {
            path: hash(path, seed),
            less_one: hash(less_one, seed),
            less_two: hash(less_two, seed),
            query: of_query(query),
        }
    }
}

/// Never 0 but for the empty text.
fn hash(text: &[u8], seed: u64) -> u32 {
    if text.is_empty() { 0 } else { (xxh3_64_with_seed(text, seed) as u32).max(1) }
}

/// The sum of the hashes of its pairs, so that their order does not matter.
fn of_query(query: &[u8]) -> u32 {
    let mut buffer = [0; KEY_URL];
    let pairs = query.split(|b| *b == b'&').filter(|pair| !pair.is_empty());
    let sum = pairs.fold(0_u32, |sum, pair| {
        let len = decoded(pair, &mut buffer);
        sum.wrapping_add(hash(&buffer[..len], 3))
    });
    if query.is_empty() { 0 } else { sum.max(1) }
}

/// Path of an absolute URL.
fn without_origin(url: &[u8]) -> &[u8] {
    let rest = url.strip_prefix(b"http://").or_else(|| url.strip_prefix(b"https://"));
    rest.map_or(url, |rest| &rest[memchr::memchr(b'/', rest).unwrap_or(rest.len())..])
}

/// A path from its second slash on; empty when it has none.
fn without_segment(path: &[u8]) -> &[u8] {
    let Some(rest) = path.get(1..) else { return &[] };
    memchr::memchr(b'/', rest).map_or(&[], |at| &rest[at..])
}

/// Writes a path decoded and with single slashes; tells how long it is.
fn normalised(path: &[u8], out: &mut [u8; KEY_URL]) -> usize {
    let len = decoded(path, out);
    let mut kept = 0;
    for n in 0..len {
        if out[n] == b'/' && kept > 0 && out[kept - 1] == b'/' {
            continue;
        }
        out[kept] = out[n];
        kept += 1;
    }
    kept
}

/// Writes a text with its escapes decoded; tells how long it is. What is no escape stays.
fn decoded(text: &[u8], out: &mut [u8; KEY_URL]) -> usize {
    let digit = |b: u8| char::from(b).to_digit(16).map(|n| n as u8);
    let (mut from, mut to) = (0, 0);
    while from < text.len() && to < out.len() {
        let escape = (text[from] == b'%').then(|| text.get(from + 1..from + 3)).flatten();
        let byte = escape.and_then(|two| Some(digit(two[0])? << 4 | digit(two[1])?)).filter(|b| *b != b'/');
        out[to] = byte.unwrap_or(text[from]);
        from += if byte.is_some() { 3 } else { 1 };
        to += 1;
    }
    to
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(url: &str) -> Shape {
        Shape::of(b"GET", url.as_bytes())
    }

    #[test]
    fn spellings_of_one_url_have_one_shape() {
        for other in ["/a/%62/c?x=1&y=%322", "//a/b//c?y=22&x=1", "http://h.example/a/b/c?x=1&y=22#top"] {
            assert_eq!(shape(other), shape("/a/b/c?x=1&y=22"), "{other}");
        }
        assert_ne!(shape("/a/b%2Fc").path, shape("/a/b/c").path, "an escaped slash separates nothing");
        assert_ne!(shape("/a?x=1").query, shape("/a?x=2").query);
        assert_eq!(shape("/a").query, 0);
        assert_ne!(Shape::of(b"GET", b"/a").path, Shape::of(b"POST", b"/a").path);
        assert_eq!(Shape::of(b"", b"/a"), Shape::of(b"GET", b"/a"));
    }

    #[test]
    fn parts_of_a_path_are_the_paths_that_a_proxy_would_make() {
        let base = shape("/app/v1/cart/7");
        assert_eq!((base.less_one, base.less_two), (shape("/v1/cart/7").path, shape("/cart/7").path));
        assert_eq!((shape("/cart").less_one, shape("/").less_one), (0, 0));
        assert_eq!(shape("/app/").less_one, shape("/").path);
        assert_eq!(shape("/cart/7").less_two, 0);
    }

    #[test]
    fn no_text_is_too_odd() {
        for odd in ["", "%", "%2", "/%zz", "?", "/?&&&", "///", "http://", "/%00\u{ff}"] {
            let _ = shape(odd);
        }
        let long = vec![b'%'; 2_000];
        let _ = Shape::of(b"GET", &long);
    }
}
