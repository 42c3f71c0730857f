//! What a log shipper has put around the lines of a log. In: lines of a file; out: the layers that most of them share,
//! and for each line what is inside and whether it is of the log that is read. It must not know what is logged.

use super::layer::{Layer, Sender};
use super::lines::{self, without_newline};

/// More shippers than this do not stand around each other.
const DEEPEST: usize = 3;
/// How many lines are looked at for layers.
const LINES: usize = 400;

/// Buffers for lines that must be decoded, one per layer.
pub(super) type Buffers = [Vec<u8>; DEEPEST];

/// How to get at the lines of one log inside a file. A file may hold several logs: one per sender.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wrap {
    /// What is around every line, outermost first.
    pub layers: Vec<Layer>,
    /// How many of the layers are around the lines of every sender; they tell who it is.
    pub shared: usize,
    /// How many layers are taken off.
    pub depth: usize,
    /// Keys of the senders whose lines are of this log, sorted.
    pub own: Vec<u64>,
    /// Keys of the senders whose lines are of another log that is read too, sorted.
    pub others: Vec<u64>,
    /// Keys of the senders whose lines are of no known log, sorted.
    pub strangers: Vec<u64>,
    /// True for the log of each file that takes the lines that nobody else does.
    pub first: bool,
    /// True for one log of each file: it counts what is of no log.
    pub tells: bool,
}

/// What a line is to a log.
#[derive(Clone, Copy, Debug)]
pub(super) enum Line<'t> {
    /// Its own: the text inside, and whether the next line goes on with it.
    Own(&'t [u8], bool),
    /// Of a sender whose log is not known.
    Passed,
    /// Another log's.
    Other,
}

impl Wrap {
    /// The layers that most lines of a head share, outermost first; empty when there are none.
    pub fn layers(head: &[u8]) -> Vec<Layer> {
        let mut wrap = Wrap { first: true, ..Wrap::default() };
        while wrap.layers.len() < DEEPEST {
            let fits = |layer: &Layer| {
                let mut longer = wrap.clone();
                longer.layers.push(*layer);
                longer.fits(head)
            };
            let Some(layer) = Layer::ALL.into_iter().find(fits) else { break };
            wrap.layers.push(layer);
        }
        wrap.layers
    }

    /// True when the last layer is around most of the lines that are inside the others, inner layers around nearly
    /// all: they are no message that happens to look so.
    fn fits(&self, head: &[u8]) -> bool {
        let mut buffers = Buffers::default();
        let (mut lines, mut fitting) = (0, 0);
        let (last, outer) = self.layers.split_last().map_or((Layer::Stamped, &[][..]), |(l, o)| (*l, o));
        for line in head.split(|b| *b == b'\n').take(LINES).map(without_newline).filter(|l| !l.is_empty()) {
            let [first, second, third] = &mut buffers;
            let mut sender = Sender::default();
            let Some(text) = outer.iter().zip([first, second]).try_fold(line, |text, (layer, buffer)| {
                layer.strip(text, buffer, &mut sender).map(|inside| inside.text)
            }) else {
                continue;
            };
            if !text.is_empty() {
                lines += 1;
                fitting += usize::from(last.strip(text, third, &mut Sender::default()).is_some_and(|inside| {
                    // A docker log holds whole lines; where nearly none is, each member is a line by itself.
                    last != Layer::Docker || !inside.partial
                }));
            }
        }
        if outer.is_empty() { fitting * 2 > lines } else { fitting * 10 > lines * 9 }
    }

    /// Calls `each` for every whole line that has all shared layers, with its sender and what is inside these.
    pub fn senders<'c>(&self, bytes: &'c [u8], mut each: impl FnMut(Sender<'_>, &'c [u8], &[u8])) {
        let mut buffers = Buffers::default();
        lines::each_line(bytes, Default::default(), 0, |line, _| {
            if let Some((sender, text, _)) = self.strip(line, self.shared, &mut buffers) {
                each(sender, line, text);
            }
        });
    }

    /// Takes layers off; `None` when a shared one is missing. Also the text at `depth` and whether it goes on.
    fn strip<'t>(
        &self,
        line: &'t [u8],
        depth: usize,
        buffers: &'t mut Buffers,
    ) -> Option<(Sender<'t>, &'t [u8], bool)> {
        // Who wrote a line is told by the layers that all lines have.
        let (mut sender, mut further) = (Sender::default(), Sender::default());
        let (mut text, mut partial) = (line, false);
        let (mut inside, mut inside_partial) = (line, false);
        let layers = &self.layers[..self.layers.len().min(depth.max(self.shared))];
        for (n, (layer, buffer)) in layers.iter().zip(buffers).enumerate() {
            match layer.strip(text, buffer, if n < self.shared { &mut sender } else { &mut further }) {
                Some(stripped) => (text, partial) = (stripped.text, partial | stripped.partial),
                None if n < self.shared => return None,
                None => break,
            }
            if n < depth {
                (inside, inside_partial) = (text, partial);
            }
        }
        Some((sender, inside, inside_partial))
    }

    /// What the line is.
    #[inline]
    pub(super) fn line<'t>(&self, line: &'t [u8], buffers: &'t mut Buffers) -> Line<'t> {
        match self.strip(line, self.depth, buffers) {
            None if self.first => Line::Own(line, false),
            None => Line::Other,
            Some((_, text, partial)) if self.takes_all() => Line::Own(text, partial),
            Some((sender, text, partial)) => {
                let key = sender.key();
                if self.own.binary_search(&key).is_ok() {
                    Line::Own(text, partial)
                } else if !self.first || self.others.binary_search(&key).is_ok() {
                    Line::Other
                } else if self.strangers.binary_search(&key).is_ok() {
                    if self.tells { Line::Passed } else { Line::Other }
                } else {
                    Line::Own(text, partial)
                }
            }
        }
    }

    fn takes_all(&self) -> bool {
        self.first && self.others.is_empty() && self.strangers.is_empty()
    }

    /// True when the text of a line may stand in the file otherwise than its program wrote it.
    pub fn decodes(&self) -> bool {
        self.layers[..self.depth.min(self.layers.len())].iter().any(|l| l.decodes())
    }

    /// True when a line of the log may stand in several lines of the file.
    pub(super) fn divides(&self) -> bool {
        self.layers[..self.depth.min(self.layers.len())].iter().any(|l| l.divides())
    }

    /// The names of the layers that are taken off, from the inside out: `CRI inside kubectl logs --prefix`.
    pub fn words(&self) -> String {
        let names: Vec<&str> =
            self.layers[..self.depth.min(self.layers.len())].iter().rev().map(|l| l.name()).collect();
        names.join(" inside ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_are_found_up_to_three_deep() {
        let access = "127.0.0.1 - - [20/Nov/2026:17:48:34 +0000] \"GET / HTTP/1.1\" 200 1 \"-\" \"-\"\n";
        let stamp = "2026-11-20T17:58:24.123456789Z ";
        for (prefix, layers) in [
            ("".to_string(), vec![]),
            ("[pod/web/nginx] ".to_string(), vec![Layer::Kubectl]),
            (format!("[pod/web/nginx] {stamp}"), vec![Layer::Kubectl, Layer::Stamped]),
            (format!("{stamp}stdout F "), vec![Layer::Cri]),
            (format!("web-1  | {stamp}"), vec![Layer::Compose, Layer::Stamped]),
            (
                "<30>Nov 20 17:58:24 h docker[1]: web-1  | Nov 20 17:58:24 h nginx: ".to_string(),
                vec![Layer::Syslog, Layer::Compose, Layer::Syslog],
            ),
        ] {
            let head = format!("cut\n{}cut", format!("{prefix}{access}").repeat(5));
            assert_eq!(Wrap::layers(head.as_bytes()), layers, "{prefix}");
        }
    }

    #[test]
    fn lines_go_to_the_log_of_their_sender_and_the_rest_to_the_first() {
        let line = |stream: &str| format!("2026-11-20T17:58:24Z {stream} F text");
        let key = |stream: &'static str| Sender { stream: stream.as_bytes(), ..Sender::default() }.key();
        let wrap = |first: bool| Wrap {
            layers: vec![Layer::Cri],
            shared: 1,
            depth: 1,
            own: vec![key("stdout")],
            strangers: vec![key("stderr")],
            first,
            tells: first,
            ..Wrap::default()
        };
        for (first, text, expected) in [
            (true, line("stdout"), "own text"),
            (false, line("stdout"), "own text"),
            (true, line("stderr"), "passed"),
            (false, line("stderr"), "other"),
            (true, "junk".to_string(), "own junk"),
            (false, "junk".to_string(), "other"),
        ] {
            let mut buffers = Buffers::default();
            let said = match wrap(first).line(text.as_bytes(), &mut buffers) {
                Line::Own(text, _) => format!("own {}", String::from_utf8_lossy(text)),
                Line::Passed => "passed".to_string(),
                Line::Other => "other".to_string(),
            };
            assert_eq!(said, expected, "{first} {text}");
        }
    }
}
