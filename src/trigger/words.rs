//! Figures in the words of candidates. In: numbers; out: text. It must not know what they are of.

use crate::model::stamp::{MINUTE, SECOND};

/// `12 s`, `4 min`, `3 h`, `2 days`.
pub fn lasting(us: i64) -> String {
    match us {
        us if us < 2 * MINUTE => format!("{} s", us / SECOND),
        us if us < 120 * MINUTE => format!("{} min", us / MINUTE),
        us if us < 48 * 60 * MINUTE => format!("{} h", us / (60 * MINUTE)),
        us => format!("{} days", us / (24 * 60 * MINUTE)),
    }
}

/// `38 %`, `0.4 %`.
pub fn percent(share: f64) -> String {
    match share * 100.0 {
        p if p >= 9.95 || p == 0.0 => format!("{p:.0} %"),
        p => format!("{p:.1} %"),
    }
}
