//! Words of a shell command. In: a template and what to put into it; out: a command in which whatever came from a log is
//! one harmless word. It must not know what the command does.

/// Fills `{name}` in each word of a template; a word that then holds anything a shell would act upon is quoted. `None`
/// when a name is not known, or when a word would be taken for an option or cannot be shown.
pub fn fill(template: &str, value: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let words: Option<Vec<String>> = template.split(' ').map(|word| fill_word(word, value)).collect();
    words.map(|words| words.join(" "))
}

fn fill_word(word: &str, value: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let (mut out, mut rest, mut foreign) = (String::new(), word, false);
    while let Some((before, after)) = rest.split_once('{') {
        let (name, behind) = after.split_once('}')?;
        let put = value(name).filter(|v| !v.is_empty() && !v.chars().any(char::is_control))?;
        if before.is_empty() && out.is_empty() && put.starts_with('-') {
            return None;
        }
        out += before;
        out += &put;
        (rest, foreign) = (behind, true);
    }
    out += rest;
    Some(if foreign { quoted(&out) } else { out })
}

/// A word as a POSIX shell reads it back.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%,+".contains(c);
    if word.chars().all(plain) { word.to_string() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::{prop_assert_eq, proptest};

    use super::*;

    #[test]
    fn what_cannot_be_filled_gives_no_command() {
        assert_eq!(fill("dig {host}", &|_| None), None);
        assert_eq!(fill("dig {host}", &|_| Some(String::new())), None);
        assert_eq!(fill("dig {host}", &|_| Some("-f/etc/passwd".into())), None);
        assert_eq!(fill("dig {host}", &|_| Some("a\nb".into())), None);
        assert_eq!(fill("varnishadm backend.list", &|_| None).as_deref(), Some("varnishadm backend.list"));
        assert_eq!(fill("curl http://{host}/a", &|_| Some("x".into())).as_deref(), Some("curl http://x/a"));
    }

    proptest! {
        #[test]
        fn a_shell_reads_one_word_whatever_a_log_holds(value in "[ -~äß’]{1,40}") {
            let Some(line) = fill("printf %s x{it}", &|_| Some(value.clone())) else { return Ok(()) };
            let ran = Command::new("sh").args(["-c", &line]).output().expect("a shell");
            prop_assert_eq!(String::from_utf8_lossy(&ran.stdout).into_owned(), format!("x{value}"));
        }
    }
}
