//! Anchored globs over bytes: `backend *: fail errno 111 *`. In: a pattern from a cause file; out: yes or no.
//! `*` is any run of bytes and the only special character, so the leftmost place for each piece is always right:
//! matching never goes back and costs one pass over the text.

use memchr::memmem::Finder;

/// A compiled glob.
#[derive(Clone, Debug)]
pub struct Glob {
    prefix: Box<[u8]>,
    middle: Vec<Finder<'static>>,
    /// What must stand at the end; `None` when the pattern has no star and is the whole text.
    suffix: Option<Box<[u8]>>,
}

impl Glob {
    /// Compiles a pattern.
    pub fn new(pattern: &str) -> Glob {
        let mut pieces = pattern.split('*').map(str::as_bytes);
        let prefix = pieces.next().unwrap_or_default().into();
        let mut rest: Vec<&[u8]> = pieces.collect();
        let suffix = rest.pop().map(Box::from);
        let middle = rest.into_iter().filter(|p| !p.is_empty()).map(|p| Finder::new(p).into_owned()).collect();
        Glob { prefix, middle, suffix }
    }

    /// True when the whole text fits.
    pub fn fits(&self, text: &[u8]) -> bool {
        let Some(mut rest) = text.strip_prefix(&*self.prefix) else { return false };
        let Some(suffix) = &self.suffix else { return rest.is_empty() };
        for piece in &self.middle {
            match piece.find(rest) {
                Some(at) => rest = &rest[at + piece.needle().len()..],
                None => return false,
            }
        }
        rest.ends_with(suffix)
    }
}

/// True when the list is empty or one of it fits.
pub fn any_fits(globs: &[Glob], text: &[u8]) -> bool {
    globs.is_empty() || globs.iter().any(|g| g.fits(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The obvious definition, exponential and therefore only for tests.
    fn slow(pattern: &[u8], text: &[u8]) -> bool {
        match pattern {
            [] => text.is_empty(),
            [b'*', rest @ ..] => (0..=text.len()).any(|n| slow(rest, &text[n..])),
            [c, rest @ ..] => text.first() == Some(c) && slow(rest, &text[1..]),
        }
    }

    #[test]
    fn a_glob_is_anchored_at_both_ends() {
        assert!(Glob::new("timeout").fits(b"timeout"));
        assert!(!Glob::new("timeout").fits(b"first byte timeout"));
        assert!(Glob::new("* timeout").fits(b"first byte timeout"));
        assert!(Glob::new("backend *: fail errno 111 *").fits(b"backend web: fail errno 111 (Connection refused)"));
        assert!(!Glob::new("a*a").fits(b"a"));
        assert!(Glob::new("*").fits(b""));
    }

    proptest! {
        #[test]
        fn it_agrees_with_the_definition(pattern in "[ab*]{0,6}", text in "[ab]{0,9}") {
            prop_assert_eq!(Glob::new(&pattern).fits(text.as_bytes()), slow(pattern.as_bytes(), text.as_bytes()));
        }
    }
}
