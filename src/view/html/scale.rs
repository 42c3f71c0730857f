//! Milliseconds on a scale of powers of ten: answers take from one millisecond to minutes, and both ends matter. In:
//! values; out: pixels, ticks and words. It must not know what waited.

/// A scale.
pub(super) struct LogScale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl LogScale {
    /// A scale that holds these values, from one pixel to another, in whole powers of ten.
    pub fn of(values: impl Iterator<Item = f64>, pixels: (f64, f64)) -> LogScale {
        let (mut least, mut most) = (f64::INFINITY, 0f64);
        for v in values.filter(|v| v.is_finite()) {
            least = least.min(v.max(1.0));
            most = most.max(v);
        }
        let low = if least.is_finite() { least.log10().floor() } else { 0.0 };
        // A little room above the highest value, for its word.
        let high = (most.max(1.0) * 1.3).log10().ceil().max(low + 1.0);
        LogScale { low, high, from: pixels.0, to: pixels.1 }
    }

    /// Where a value is.
    pub fn at(&self, ms: f64) -> f64 {
        let part = (ms.max(1.0).log10() - self.low) / (self.high - self.low);
        self.from + (self.to - self.from) * part.clamp(0.0, 1.0)
    }

    /// Values to name, and where they are.
    pub fn ticks(&self) -> Vec<(f64, f64)> {
        let whole = (self.low as i32)..=(self.high as i32);
        whole.map(|power| 10f64.powi(power)).map(|ms| (ms, self.at(ms))).collect()
    }
}

/// `8 ms`, `0.1 s`, `1.73 s`, `60 s`.
pub(super) fn time(ms: f64) -> String {
    match ms {
        ms if !ms.is_finite() => "unknown".to_string(),
        ms if ms < 100.0 => format!("{ms:.0} ms"),
        ms => {
            let text = format!("{:.2}", ms / 1000.0);
            format!("{} s", text.trim_end_matches('0').trim_end_matches('.'))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_holds_its_values_between_whole_powers() {
        let scale = LogScale::of([3.0, 15_000.0].into_iter(), (100.0, 0.0));
        assert_eq!(scale.ticks().iter().map(|(ms, _)| *ms).collect::<Vec<_>>(), [1.0, 10.0, 100.0, 1e3, 1e4, 1e5]);
        assert_eq!((scale.at(1.0), scale.at(1e5)), (100.0, 0.0));
        let empty = LogScale::of(std::iter::empty(), (100.0, 0.0));
        assert_eq!(empty.ticks().len(), 2);
    }

    #[test]
    fn times_are_short() {
        let told = [8.0, 100.0, 1732.0, 60_000.0, f64::NAN].map(time);
        assert_eq!(told, ["8 ms", "0.1 s", "1.73 s", "60 s", "unknown"]);
    }
}
