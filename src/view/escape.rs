//! Untrusted text inside Markdown. In: text of a log or a person; out: the same text, which neither Markdown nor the
//! HTML that it becomes acts on. It must not know what stands around it.

use super::plain::Plain;

/// The text on one line, with all signs that Markdown or HTML would act on escaped.
pub(super) fn escaped(text: impl AsRef<str>) -> String {
    let mut safe = String::new();
    for c in Plain::of(text.as_ref()).as_str().chars() {
        match c {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '!' => safe.extend(['\\', c]),
            c => safe.push(c),
        }
    }
    defused(&safe)
}

/// Addresses that many renderers make links of although nobody asked: a zero-width sign would be invisible, so the colon
/// and the `@` become entities.
fn defused(text: &str) -> String {
    text.replace("://", "&#58;//").replace("www.", "www&#46;").replace('@', "&#64;")
}

/// A text as a code span; backticks in it cannot end it.
pub(super) fn code(text: &str) -> String {
    let text = Plain::of(text);
    let (mut longest, mut run) = (0, 0);
    for c in text.as_str().chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest + 1);
    let pad = if text.as_str().starts_with(['`', ' ']) || text.as_str().ends_with(['`', ' ']) { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Lines as a block of code; no line of it can end it.
pub(super) fn block(lines: &[String]) -> String {
    let lines: Vec<String> = lines.iter().map(|l| format!("    {}\n", Plain::of(l))).collect();
    lines.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_cannot_be_injected() {
        assert_eq!(escaped("a|b <img> [x](y) `c`"), "a\\|b &lt;img&gt; \\[x\\](y) \\`c\\`");
        assert_eq!(escaped("see http://a.example/ me@x"), "see http&#58;//a.example/ me&#64;x");
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(block(&["```\n# x".to_string()]), "    ```\\n# x\n");
    }
}
