//! Fisher's exact test, one-sided. In: a table of four counts; out: how likely such a table is by chance. It must not
//! know what is counted.

/// Counts larger than this are scaled down: the test is sure long before.
const MOST: u64 = 4_000;

/// The probability that chance alone puts at least `a` of `a + c` cases among the `a + b` failing ones, where `a`:
/// failing with the value, `b`: failing without, `c`: healthy with, `d`: healthy without.
pub fn by_chance(a: u64, b: u64, c: u64, d: u64) -> f64 {
    let scale = ((a + b + c + d) / MOST).max(1);
    let (a, b, c, d) = (a / scale, b / scale, c / scale, d / scale);
    let (failing, with, all) = (a + b, a + c, a + b + c + d);
    let ln = LnFactorials::up_to(all);
    let constant = ln.of(failing) + ln.of(all - failing) + ln.of(with) + ln.of(all - with) - ln.of(all);
    let most = failing.min(with);
    let term = |x: u64| {
        let cells = ln.of(x) + ln.of(failing - x) + ln.of(with - x) + ln.of(all + x - failing - with);
        (constant - cells).exp()
    };
    (a..=most).map(term).sum::<f64>().min(1.0)
}

struct LnFactorials(Vec<f64>);

impl LnFactorials {
    fn up_to(n: u64) -> LnFactorials {
        let mut all = vec![0.0; n as usize + 1];
        for k in 1..all.len() {
            all[k] = all[k - 1] + (k as f64).ln();
        }
        LnFactorials(all)
    }

    fn of(&self, n: u64) -> f64 {
        self.0[n as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lady_tastes_tea() {
        // Fisher's own example: three of four right gives 17/70, four of four 1/70.
        assert!((by_chance(3, 1, 1, 3) - 17.0 / 70.0).abs() < 1e-9);
        assert!((by_chance(4, 0, 0, 4) - 1.0 / 70.0).abs() < 1e-9);
        assert!((by_chance(0, 4, 4, 0) - 1.0).abs() < 1e-9);
        assert!(by_chance(900_000, 0, 3, 900_000) < 1e-12);
    }
}
