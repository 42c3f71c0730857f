//! Written reports in a real browser: Chromium without a screen and without a network opens them as a phone and as a
//! desktop, dark and light, and prints them. What it measures is held against what a reader needs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

#[path = "support/logs.rs"]
mod logs;
#[path = "support/place.rs"]
mod place;

use logs::{
    Access, Clock, DAY, Fetch, HOUR, MIDNIGHT, MINUTE, SECOND, Went, access_log, sorted, traffic, trouble, varnishlog,
};
use place::Place;

/// The page that measures: the report in two frames, one as wide as a phone and one as wide as a desktop.
const HARNESS: &str = include_str!("html/harness.html");

/// A week of a shop with two backends: refused on Monday, slow on Tuesday, ill on Thursday, an error now and then.
fn week() -> Vec<Fetch> {
    let monday = MIDNIGHT + 3 * DAY;
    let api = |at: i64, n: usize| -> Vec<Fetch> {
        traffic(at, n, 4 * MINUTE).into_iter().map(|f| Fetch { took: f.took / 3, ..f }.backend("api")).collect()
    };
    let slow = trouble(monday + DAY + 3 * HOUR, 90, 9 * SECOND, "/catalogsearch/result", Went::Late(900_000));
    let now_and_then = (0..6)
        .flat_map(|d| trouble(monday + d * DAY + 11 * HOUR, 3, 40 * MINUTE, "/checkout/onepage", Went::Status(502)));
    sorted([
        traffic(monday, 5040, 2 * MINUTE),
        api(monday + 30 * SECOND, 2500),
        trouble(monday + 14 * HOUR, 40, 5 * SECOND, "/cart", Went::Refused),
        slow,
        trouble(monday + DAY + 3 * HOUR + 15 * MINUTE, 120, 3 * SECOND, "/women/tops.html", Went::Sick),
        trouble(monday + 3 * DAY + 20 * HOUR, 60, 8 * SECOND, "/api/stock", Went::Status(503)),
        now_and_then.collect(),
    ])
}

/// A history, and its report as a page.
fn page_of(logs: &[(&str, String)], extra: &[&str]) -> (Place, PathBuf) {
    let place = Place::new();
    logs.iter().for_each(|(name, text)| _ = place.write(name, text));
    let names: Vec<&str> = logs.iter().map(|(name, _)| *name).chain(extra.iter().copied()).collect();
    place.analyze(&names).code(0);
    place.ask(&["resolve", "1", "php-fpm restarted, import in batches of 500", "--worked", "yes"]).code(0);
    place.ask(&["report", "--html", "report.html"]).code(0);
    let page = place.path("report.html");
    (place, page)
}

/// Chromium on a page. What it wrote to both outputs.
fn chromium(folder: &Path, args: &[String]) -> (String, String) {
    let profile = folder.join("profile");
    let mut command = Command::new("timeout");
    command.args([
        "120",
        "chromium",
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        "--no-first-run",
    ]);
    command.args(["--disable-background-networking", "--disable-extensions", "--disable-dev-shm-usage"]);
    command.args(["--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr", "--v=0"]);
    command.arg(format!("--user-data-dir={}", profile.display())).args(args);
    let out = command.stdin(Stdio::null()).output().expect("chromium starts");
    let told = (String::from_utf8_lossy(&out.stdout).into_owned(), String::from_utf8_lossy(&out.stderr).into_owned());
    assert!(out.status.success(), "{}", told.1);
    let complaints: Vec<&str> = told.1.lines().filter(|l| l.contains("CONSOLE")).collect();
    assert!(complaints.is_empty(), "{complaints:?}");
    told
}

fn scheme(dark: bool) -> String {
    format!("--blink-settings=preferredColorScheme={}", if dark { 0 } else { 1 })
}

/// What the harness measures of a page: one object per frame.
fn measured(folder: &Path, page: &Path, dark: bool) -> Value {
    let text = fs::read_to_string(page).expect("the page is there");
    let quoted = text.replace('&', "&amp;").replace('"', "&quot;");
    let harness = folder.join("harness.html");
    fs::write(&harness, HARNESS.replace("REPORT", &quoted)).expect("it is written");
    let args =
        [scheme(dark), "--dump-dom".into(), "--window-size=1900,1200".into(), "--virtual-time-budget=10000".into()];
    let (dom, _) = chromium(folder, &[&args[..], &[format!("file://{}", harness.display())]].concat());
    let told = dom.split_once("<pre id=\"measured\">").and_then(|(_, rest)| rest.split_once("</pre>"));
    let told = told.unwrap_or_else(|| panic!("nothing was measured:\n{}", &dom[dom.len().saturating_sub(2000)..])).0;
    let plain = told.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    serde_json::from_str(&plain).unwrap_or_else(|e| panic!("{e}: {plain}"))
}

#[track_caller]
fn assert_readable(frame: &Value, dark: bool, charts: u64) {
    let (wide, name) = (frame["width"].as_u64().expect("a width"), frame.to_string());
    assert!(frame["overflow"].as_array().is_some_and(Vec::is_empty), "wider than the screen: {name}");
    assert_eq!(frame["scroll"], frame["width"], "{name}");
    assert!(frame["drawings"].as_u64() >= Some(charts), "{name}");
    assert!(frame["smallest_text"].as_f64() >= Some(9.0), "{name}");
    assert!(frame["faint"].as_array().is_some_and(Vec::is_empty), "too little contrast: {name}");
    assert_eq!(frame["dark"].as_bool(), Some(dark), "{name}");
    assert_eq!(frame["scripts"], 0);
    assert_eq!(frame["levels_skipped"], 0, "headings go down one level at a time");
    assert!(wide == 360 || wide == 1440);
}

/// No word of the page leads out of it.
fn assert_self_contained(page: &Path) {
    let text = fs::read_to_string(page).expect("the page is there");
    for (at, _) in text.match_indices("href=\"").chain(text.match_indices("url(")) {
        let target = text[at..].trim_start_matches("href=\"").trim_start_matches("url(");
        assert!(target.starts_with('#'), "{}", &text[at..at + 40]);
    }
    assert!(!text.contains(" src=") && !text.contains("@import") && !text.contains("<script"));
}

/// Pictures for people who want to look: in the folder that `GURU_SCREENSHOTS` names.
fn pictures(folder: &Path, page: &Path, name: &str) {
    let kept = std::env::var_os("GURU_SCREENSHOTS").map(PathBuf::from);
    let to = kept.clone().unwrap_or_else(|| folder.to_path_buf());
    fs::create_dir_all(&to).expect("a folder for pictures");
    let all = [
        ("phone", "360,6000", false),
        ("phone-dark", "360,6000", true),
        ("desk", "1440,6000", false),
        ("desk-dark", "1440,6000", true),
    ];
    // One is enough to see that it can be done.
    let wanted = if kept.is_some() { all.len() } else { 1 };
    for (screen, size, dark) in &all[..wanted] {
        let file = to.join(format!("{name}-{screen}.png"));
        let args = [scheme(*dark), format!("--window-size={size}"), format!("--screenshot={}", file.display())];
        chromium(folder, &[&args[..], &[format!("file://{}", page.display())]].concat());
        assert!(fs::metadata(&file).is_ok_and(|m| m.len() > 20_000), "{} is empty", file.display());
    }
    let paper = to.join(format!("{name}.pdf"));
    let args = [format!("--print-to-pdf={}", paper.display()), "--no-pdf-header-footer".into()];
    chromium(folder, &[&args[..], &[format!("file://{}", page.display())]].concat());
    let bytes = fs::read(&paper).expect("it was printed");
    assert!(bytes.starts_with(b"%PDF") && bytes.len() > 20_000);
}

fn check(place: &Place, page: &Path, charts: u64, name: &str) {
    assert_self_contained(page);
    for dark in [false, true] {
        let told = measured(&place.path(""), page, dark);
        let frames = told.as_array().expect("frames");
        assert_eq!(frames.len(), 2);
        frames.iter().for_each(|frame| assert_readable(frame, dark, charts));
    }
    pictures(&place.path(""), page, name);
}

#[test]
#[ignore = "needs chromium"]
fn the_sample_outage_is_readable_everywhere() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-logs").display().to_string();
    let (place, page) = page_of(&[], &[&samples]);
    check(&place, &page, 6, "sample");
}

#[test]
#[ignore = "needs chromium"]
fn a_week_is_readable_everywhere() {
    let fetches = week();
    let logs = [
        ("cache-1/varnish.log", varnishlog(&fetches)),
        ("web1/access.log", access_log(&fetches, Access::Rich, Clock::ahead(0.4))),
    ];
    let (place, page) = page_of(&logs, &[]);
    check(&place, &page, 6, "week");
}

#[test]
#[ignore = "needs chromium"]
fn a_report_of_nothing_is_readable_everywhere() {
    let place = Place::new();
    place.write("varnish.log", varnishlog(&traffic(MIDNIGHT, 100, SECOND)));
    place.analyze(&["varnish.log"]).code(0);
    place
        .ask(&["report", "--since", "2026-11-19T00:00:00Z", "--until", "2026-11-21T00:00:00Z", "--html", "report.html"])
        .code(0);
    check(&place, &place.path("report.html"), 1, "nothing");
}
