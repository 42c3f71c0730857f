//! Bodies made to a receiver's taste. In: a template and a notice; out: the body. Values are written as JSON, quotes
//! included, so that nothing from a log can break out of its place. It must not know where the body goes.
//!
//! The language is Jinja's (minijinja). A template names the fields of a notice: `{"what": {{ title }}}`. Beside them
//! there are `at` (RFC 3339), `resolved` (true for `recovered`) and `guru` (the version).

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context};

use crate::model::alert::{Notice, NoticeKind};

/// Steps that a template may take: a loop that never ends is stopped.
const FUEL: u64 = 100_000;
/// Longest body, bytes.
const LONGEST: usize = 256 * 1024;

/// The body without a template: the whole notice as JSON, with `at` and `resolved`.
pub fn plain(notice: &Notice) -> String {
    let mut json = serde_json::to_value(notice).unwrap_or_default();
    if let Some(fields) = json.as_object_mut() {
        fields.insert("at".into(), notice.at().rfc3339().into());
        fields.insert("resolved".into(), (notice.kind == NoticeKind::Recovered).into());
    }
    json.to_string()
}

/// Fills a template.
///
/// # Errors
/// What is wrong with the template, with its line.
pub fn fill(template: &str, json: bool, notice: &Notice) -> Result<String, String> {
    let mut env = Environment::new();
    env.set_auto_escape_callback(move |_| if json { AutoEscape::Json } else { AutoEscape::None });
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_fuel(Some(FUEL));
    let values = context! {
        at => notice.at().rfc3339(),
        resolved => notice.kind == NoticeKind::Recovered,
        guru => env!("CARGO_PKG_VERSION"),
        ..Value::from(Serde(notice))
    };
    let body = env.render_str(template, values).map_err(|e| {
        let line = e.line().map_or(String::new(), |l| format!(" in line {l}"));
        format!("the template cannot be filled{line}: {e}")
    })?;
    if body.len() > LONGEST { Err(format!("the template makes more than {LONGEST} bytes")) } else { Ok(body) }
}

/// Tries a template out on a notice with awkward characters.
///
/// # Errors
/// As [`fill`], and where JSON is wanted but the body is none.
pub fn check(template: &str, json: bool) -> Result<(), String> {
    let body = fill(template, json, &sample())?;
    if json && let Err(e) = serde_json::from_str::<serde_json::Value>(&body) {
        return Err(format!(
            "the template makes no JSON ({e}): values come with their quotes, so write {{{{ title }}}} and not \"{{{{ title }}}}\""
        ));
    }
    Ok(())
}

/// A notice to try things out with; [`sample`] is also what `guru alert test` sends, under another key.
pub fn sample() -> Notice {
    Notice {
        kind: NoticeKind::Opened,
        key: "test/opened".into(),
        group: "test".into(),
        incident: 0,
        severity: "info".into(),
        at_us: 0,
        title: "a test: \"quotes\", \\ and <tags> & more arrive as they are".into(),
        text: "Nothing is wrong.\nSomebody tried out whether calls for help get through.".into(),
        service: "test".into(),
        cause: "timeout.first_byte".into(),
        failures: 0,
        share: 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_json_and_cannot_break_out() {
        let mut notice = sample();
        notice.title = "\", \"admin\": true, \"x\": \"\u{2028}\n".into();
        let body = fill("{\"t\": {{ title }}, \"n\": {{ failures }}, \"r\": {{ resolved }}}", true, &notice).unwrap();
        let json: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!((json["t"].as_str(), json["r"].as_bool()), (Some(notice.title.as_str()), Some(false)));
        assert_eq!(json.as_object().unwrap().len(), 3);
    }

    #[test]
    fn wrong_templates_are_found_before_they_are_needed() {
        assert!(check("{\"t\": {{ title }}}", true).is_ok());
        assert!(check("{{ title }}: {{ text }}", false).is_ok());
        for (template, said) in [
            ("{\"t\": \"{{ title }}\"}", "not \"{{ title }}\""),
            ("{\"t\": {{ tittle }}}", "cannot be filled"),
            ("{{ title", "cannot be filled"),
            ("{% for a in range(10000) %}{% for b in range(10000) %}{% endfor %}{% endfor %}", "cannot be filled"),
        ] {
            let e = check(template, true).unwrap_err();
            assert!(e.contains(said), "{e}");
        }
    }

    #[test]
    fn without_a_template_the_whole_notice_is_sent() {
        let json: serde_json::Value = serde_json::from_str(&plain(&sample())).unwrap();
        assert_eq!(json["key"], "test/opened");
        assert_eq!(json["at"], "1970-01-01T00:00:00.000000Z");
    }
}
