//! What people read: fits the screen, ends with what shows more, and nothing in a log acts on the terminal.

use unicode_width::UnicodeWidthStr;

use crate::place::Run;
use crate::{fetch, shop};

fn calm(run: &Run) {
    for line in run.out.lines() {
        assert!(line.width() <= 80, "{} columns: {line}", line.width());
        assert!(!line.chars().any(|c| c.is_control() || c == '\u{202e}'), "{line:?}");
    }
    let next = run.out.lines().rposition_of("Next");
    assert!(next.is_some_and(|n| run.out.lines().skip(n).all(|l| l.contains("guru "))), "{}", run.out);
}

trait Lines {
    fn rposition_of(self, word: &str) -> Option<usize>;
}

impl<'a, I: Iterator<Item = &'a str>> Lines for I {
    fn rposition_of(self, word: &str) -> Option<usize> {
        self.enumerate().filter(|(_, l)| l.starts_with(word)).last().map(|(n, _)| n)
    }
}

#[test]
fn stories_as_people_read_them() {
    let place = shop();
    let (late, cart, page) = (fetch("/search"), fetch("/cart"), fetch("/page"));
    let mut told = String::new();
    let mut tell = |what: &str, more: &[&str]| {
        let run = place.ask(&[&["lookup", what], more].concat()).code(0);
        calm(&run);
        told += &format!("$ guru lookup {what} {}\n{}\n", more.join(" "), run.out);
    };
    let logs = ["varnish.log", "access.log"];
    tell(&late.vxid.to_string(), &logs);
    tell(&page.url, &logs);
    tell(&format!("https://www.shop.example{}", cart.url), &logs);
    tell("192.0.2.7", &logs);
    tell("/nothing/here", &logs);
    tell("4711", &logs);
    tell("198.51.100.1", &logs);
    insta::assert_snapshot!(told);
}

#[test]
fn the_history_as_people_read_it() {
    let place = shop();
    place.analyze(&["varnish.log", "access.log"]).code(0);
    let mut told = String::new();
    let late = fetch("/search");
    for what in [&late.vxid.to_string(), "10.0.0.11", "4711", "198.51.100.1"] {
        let run = place.ask(&["lookup", what]).code(0);
        calm(&run);
        told += &format!("$ guru lookup {what}\n{}\n", run.out);
    }
    insta::assert_snapshot!(told);
}

#[test]
fn full_tells_every_story() {
    let place = shop();
    let run = place.ask(&["lookup", "192.0.2.7", "varnish.log", "access.log", "--full"]).code(0);
    assert_eq!(run.out.matches(" of 192.0.2.7: ").count(), 77, "{}", run.out);
    assert!(!run.out.contains("more"), "{}", run.out);
}

#[test]
fn hostile_bytes_and_secrets_stay_harmless() {
    let place = shop();
    let bad = fetch("/bad");
    for args in [&["--output", "table"][..], &["--output", "json"], &["--full"]] {
        let run = place.ask(&[&["lookup", &bad.url, "varnish.log"], args].concat()).code(0);
        assert!(!run.out.chars().any(|c| c != '\n' && c.is_control() || c == '\u{202e}'), "{:?}", run.out);
        assert!(run.out.contains("202e"), "what was there is still seen: {}", run.out);
        let run = place.ask(&[&["lookup", "/login?user=eve&token=abc123", "varnish.log"], args].concat()).code(0);
        assert!(!run.out.contains("abc123") && run.out.contains("redacted"), "{}", run.out);
    }
    place.analyze(&["varnish.log"]).code(0);
    for what in ["/login?user=eve&token=abc123", &bad.url] {
        let run = place.ask(&["lookup", what]).code(0);
        assert!(!run.out.contains("abc123") && !run.out.contains('\u{202e}'), "{}", run.out);
        assert!(!run.out.contains("nothing found"), "{}", run.out);
    }
}

#[test]
fn what_is_no_question_is_refused_with_examples() {
    let place = shop();
    place.ask(&["lookup", "cart", "varnish.log"]).code(2).says(&["\"cart\" is no XID", "guru lookup /cart"]);
    place.ask(&["lookup", "1", "gone.log"]).code(3).says(&["No file was found"]);
    place.ask(&["lookup", "1", "varnish.log", "gone.log"]).code(4).says(&["gone.log"]);
}
