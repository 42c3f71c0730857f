//! What the first line of a record looks like. In: a mask from a format file; out: yes or no for a line. It must not
//! know any format.

/// A fixed prefix in which `9` stands for any digit and every other character for itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mask(Box<[u8]>);

impl Mask {
    /// The mask of such a text; `None` for an empty one, which would fit everything.
    pub fn new(text: &str) -> Option<Mask> {
        (!text.is_empty()).then(|| Mask(text.as_bytes().into()))
    }

    /// True when the line begins as the mask says.
    #[inline]
    pub fn fits(&self, line: &[u8]) -> bool {
        let same = |(m, b): (&u8, &u8)| if *m == b'9' { b.is_ascii_digit() } else { m == b };
        line.len() >= self.0.len() && self.0.iter().zip(line).all(same)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nine_is_any_digit() {
        let mask = Mask::new("9999/99/99 [").unwrap();
        assert!(mask.fits(b"2026/11/20 [error]"));
        assert!(!mask.fits(b"2026/11/2"));
        assert!(!mask.fits(b"2026-11-20 ["));
        assert_eq!(Mask::new(""), None);
    }
}
