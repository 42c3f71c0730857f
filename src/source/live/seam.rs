//! Where the live log goes on from what the ring held. In: the end of the one, the beginning of the other; out: how many
//! bytes both have. It must not know what the lines say.
//!
//! Both are printed by the same program from the same ring, so what both have is the same byte for byte: nothing has to
//! be guessed from times or transaction numbers.

use memchr::memmem;

/// The beginning of a live log, until its place is found.
#[derive(Debug, Default)]
pub(super) struct Seam {
    begun: Vec<u8>,
    /// The place was found; so many bytes are still to be left out.
    left: Option<usize>,
}

impl Seam {
    /// Takes what comes next of the live log, and gives what is new of it; nothing as long as its place is not known.
    pub fn take(&mut self, mut bytes: Vec<u8>) -> Vec<u8> {
        let Some(left) = &mut self.left else {
            self.begun.extend(bytes);
            return Vec::new();
        };
        let known = (*left).min(bytes.len());
        *left -= known;
        bytes.drain(..known);
        bytes
    }

    /// True when something has come and its place is not known.
    pub fn is_open(&self) -> bool {
        self.left.is_none() && !self.begun.is_empty()
    }

    /// True when its place can be found: one line alone may stand in many places.
    pub fn is_ready(&self) -> bool {
        self.is_open() && memchr::memchr_iter(b'\n', &self.begun).take(2).count() == 2
    }

    /// Finds its place in the end of what the ring held. What has come so far: what is new of it, or as an error all
    /// of it when it does not go on from there.
    pub fn close(&mut self, held: &[u8]) -> Result<Vec<u8>, Vec<u8>> {
        let begun = std::mem::take(&mut self.begun);
        let both = both(held, &begun);
        self.left = Some(both.unwrap_or(0));
        let new = self.take(begun);
        if both.is_some() { Ok(new) } else { Err(new) }
    }
}

/// How many bytes the end of `held` and the live log that begins so have in common.
fn both(held: &[u8], live: &[u8]) -> Option<usize> {
    let line = &live[..=memchr::memchr(b'\n', live)?];
    let begins = |at: &usize| *at == 0 || held[at - 1] == b'\n';
    let goes_on = |at: &usize| {
        let most = (held.len() - at).min(live.len());
        held[*at..at + most] == live[..most]
    };
    memmem::find_iter(held, line).filter(begins).find(goes_on).map(|at| held.len() - at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(held: &str, begun: &str, later: &str) -> Option<String> {
        let mut seam = Seam::default();
        assert!(seam.take(begun.into()).is_empty() && seam.is_open());
        let mut new = seam.close(held.as_bytes()).ok()?;
        new.extend(seam.take(later.into()));
        Some(String::from_utf8(new).unwrap())
    }

    #[test]
    fn what_both_have_is_given_once() {
        assert_eq!(new("1 a\n2 b\n3 c\n", "2 b\n3 c\n4 d\n", "5 e\n").unwrap(), "4 d\n5 e\n");
        assert_eq!(new("1 a\n2 b\n3 c\n4 d\n", "2 b\n3 c\n", "4 d\n5 e\n").unwrap(), "5 e\n");
        assert_eq!(new("1 a\n", "1 a\n2 b\n", "").unwrap(), "2 b\n");
    }

    #[test]
    fn lines_that_come_again_and_again_are_told_apart_by_what_follows() {
        let held = "0 Rd ping\n0 Wr PONG 1\n0 Rd ping\n0 Wr PONG 4\n0 Rd ping\n";
        assert_eq!(new(held, "0 Rd ping\n0 Wr PONG 4\n0 Rd ping\n", "0 Wr PONG 7\n").unwrap(), "0 Wr PONG 7\n");
    }

    #[test]
    fn a_log_that_does_not_go_on_from_there_has_no_place() {
        assert_eq!(new("1 a\n2 b\n", "7 x\n8 y\n", ""), None);
        assert_eq!(new("1 a\n2 b\n", "2 b\n", "").as_deref(), Some(""));
        assert_eq!(new("12 b\n", "2 b\n3 c\n", ""), None, "not within a line");
    }

    #[test]
    fn two_lines_are_enough_to_find_it() {
        let mut seam = Seam::default();
        assert!(!seam.is_ready());
        seam.take(b"1 a\n2".to_vec());
        assert!(!seam.is_ready());
        seam.take(b" b\n".to_vec());
        assert!(seam.is_ready());
    }
}
