//! How long stale copies go on hiding that fetches fail. In: hidden failures; out: when the copies run out. It must not
//! know how they are shown.

use std::collections::HashMap;
use std::hash::Hash;

use serde::Serialize;

use super::incident::as_rfc3339;
use super::stamp::Stamp;

/// The stale copies that hid an incident from clients. Grace runs down with the clock: a copy that is not renewed by
/// then gives way to an error page.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Grace {
    /// Objects (host and URL) whose background fetch failed while clients got a stale copy.
    pub objects: u64,
    /// When the first of these copies runs out.
    #[serde(serialize_with = "as_rfc3339")]
    pub first_ends_at: Stamp,
    /// When the last one does.
    #[serde(serialize_with = "as_rfc3339")]
    pub last_ends_at: Stamp,
    /// The least grace that was left when a fetch began, milliseconds.
    pub least_left_ms: f64,
}

impl Grace {
    /// What hidden failures say: object, when the fetch began, grace left then in milliseconds. Of an object the last
    /// copy counts. `None` of none.
    pub fn of<K: Hash + Eq>(hidden: impl Iterator<Item = (K, Stamp, f64)>) -> Option<Grace> {
        let mut ends: HashMap<K, Stamp> = HashMap::new();
        let mut least = f64::INFINITY;
        for (object, began, left_ms) in hidden.filter(|(_, began, _)| began.is_known()) {
            let end = began + (left_ms * 1000.0) as i64;
            let known = ends.entry(object).or_insert(end);
            *known = (*known).max(end);
            least = least.min(left_ms);
        }
        Some(Grace {
            objects: ends.len() as u64,
            first_ends_at: *ends.values().min()?,
            last_ends_at: *ends.values().max()?,
            least_left_ms: least,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::stamp::SECOND;

    #[test]
    fn of_an_object_the_last_copy_counts() {
        let at = |s: i64| Stamp(s * SECOND);
        let hidden =
            [("/a", at(0), 60_000.0), ("/a", at(20), 40_000.0), ("/a", at(70), 50_000.0), ("/b", at(5), 95_000.0)];
        let grace = Grace::of(hidden.into_iter()).unwrap();
        assert_eq!((grace.objects, grace.first_ends_at, grace.last_ends_at), (2, at(100), at(120)));
        assert_eq!(grace.least_left_ms, 40_000.0);
        assert_eq!(Grace::of(std::iter::empty::<(u8, Stamp, f64)>()), None);
    }
}
