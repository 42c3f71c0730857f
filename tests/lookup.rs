//! `guru lookup`: one request's whole story, asked for by XID, URL or address, out of logs and out of the history.

#[path = "lookup/history.rs"]
mod history;
#[path = "support/logs.rs"]
mod logs;
#[path = "lookup/logs.rs"]
mod of_logs;
#[path = "support/place.rs"]
mod place;
#[path = "lookup/shown.rs"]
mod shown;

use logs::{Access, Clock, Fetch, MIDNIGHT, SECOND, Went, access_log, sorted, traffic, trouble, varnishlog};
use place::Place;
use serde_json::Value;

/// Ten minutes of a shop: healthy pages, a search that is too slow, a cart whose backend is down.
fn minutes() -> Vec<Fetch> {
    sorted([
        traffic(MIDNIGHT, 60, 10 * SECOND),
        trouble(MIDNIGHT + 125 * SECOND, 3, 40 * SECOND, "/search", Went::Late(400_000)),
        trouble(MIDNIGHT + 305 * SECOND + 3_000, 12, SECOND, "/cart", Went::Refused),
        vec![
            Fetch::at(MIDNIGHT + 400 * SECOND + 7_000, "/login?user=eve&token=abc123").went(Went::Refused),
            Fetch::at(MIDNIGHT + 410 * SECOND + 7_000, "/bad\u{1b}[31m\u{202e}/x").went(Went::Refused),
        ],
    ])
}

/// Their logs: the cache's, and the origin's, whose clock is ahead.
fn shop() -> Place {
    let place = Place::new();
    place.write("varnish.log", varnishlog(&minutes()));
    place.write("access.log", access_log(&minutes(), Access::Rich, Clock::ahead(1.2)));
    place
}

/// The first fetch below that path.
fn fetch(path: &str) -> Fetch {
    minutes().into_iter().find(|f| f.url.starts_with(path)).expect("it was made")
}

impl Place {
    /// What a lookup in the logs finds, as JSON.
    #[track_caller]
    fn found(&self, args: &[&str]) -> Value {
        let run = self.ask(&[&["lookup", "--output", "json"], args].concat()).code(0);
        serde_json::from_str(&run.out).unwrap_or_else(|e| panic!("{e} in {}", run.out))
    }
}

/// The steps of the only request that was found.
#[track_caller]
fn steps(found: &Value) -> &[Value] {
    let all = found["requests"].as_array().expect("requests are a list");
    assert_eq!(all.len(), 1, "{found:#}");
    all[0]["steps"].as_array().expect("steps are a list")
}
