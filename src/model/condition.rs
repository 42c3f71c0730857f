//! Conditions on facts: `wait_ms >= 20`, `header_received % 1024 == 0`, `linked_upstream unknown`. In: a line of a
//! cause file; out: whether it holds. A comparison with a fact that is not known does not hold, whichever it is.

use super::facts::{Fact, Facts};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Test {
    Known(bool),
    Compare { modulo: Option<f64>, op: Op, number: f64 },
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Op {
    Equal,
    Differs,
    Less,
    AtMost,
    More,
    AtLeast,
}

/// A compiled condition.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Condition {
    fact: Fact,
    test: Test,
}

impl Condition {
    /// Reads `NAME OP NUMBER`, `NAME % NUMBER OP NUMBER`, `NAME known` or `NAME unknown`; the error says what is wrong.
    pub fn parse(line: &str) -> Result<Condition, String> {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let name = words.first().copied().unwrap_or_default();
        let fact = Fact::parse(name).ok_or_else(|| format!("{line:?}: there is no fact {name:?}"))?;
        let number = |word: &str| {
            word.parse::<f64>().ok().filter(|n| n.is_finite()).ok_or_else(|| format!("{line:?}: {word:?} is no number"))
        };
        let test = match words[1..] {
            ["known"] => Test::Known(true),
            ["unknown"] => Test::Known(false),
            [op, n] => Test::Compare { modulo: None, op: Op::parse(op, line)?, number: number(n)? },
            ["%", m, op, n] => {
                let modulo = Some(number(m)?).filter(|&m| m >= 1.0);
                if modulo.is_none() {
                    return Err(format!("{line:?}: the number after % must be at least 1"));
                }
                Test::Compare { modulo, op: Op::parse(op, line)?, number: number(n)? }
            }
            _ => return Err(format!("{line:?}: expected NAME OP NUMBER, or NAME known, or NAME unknown")),
        };
        Ok(Condition { fact, test })
    }

    /// Whether it holds of these facts.
    pub fn holds(&self, facts: &Facts) -> bool {
        match (facts.get(self.fact), self.test) {
            (value, Test::Known(wanted)) => value.is_some() == wanted,
            (None, Test::Compare { .. }) => false,
            (Some(v), Test::Compare { modulo, op, number }) => op.holds(modulo.map_or(v, |m| v % m), number),
        }
    }
}

impl Op {
    fn parse(word: &str, line: &str) -> Result<Op, String> {
        Ok(match word {
            "==" => Op::Equal,
            "!=" => Op::Differs,
            "<" => Op::Less,
            "<=" => Op::AtMost,
            ">" => Op::More,
            ">=" => Op::AtLeast,
            _ => return Err(format!("{line:?}: {word:?} is none of == != < <= > >=")),
        })
    }

    fn holds(self, a: f64, b: f64) -> bool {
        match self {
            Op::Equal => a == b,
            Op::Differs => a != b,
            Op::Less => a < b,
            Op::AtMost => a <= b,
            Op::More => a > b,
            Op::AtLeast => a >= b,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(line: &str, facts: &Facts) -> bool {
        Condition::parse(line).unwrap().holds(facts)
    }

    #[test]
    fn conditions_compare_what_is_known() {
        let mut x = Facts::default();
        x.set(Fact::HeaderReceived, 32768.0);
        assert!(holds("header_received >= 32767", &x) && holds("header_received % 1024 == 0", &x));
        assert!(holds("header_received != 7", &x) && !holds("header_received < 9", &x));
        assert!(holds("header_received known", &x) && holds("wait_ms unknown", &x));
        assert!(!holds("wait_ms != 5", &x) && !holds("wait_ms < 5", &x));
    }

    #[test]
    fn a_wrong_condition_says_what_is_wrong() {
        for (line, word) in [
            ("speed > 3", "no fact \"speed\""),
            ("wait_ms => 3", "\"=>\" is none of"),
            ("wait_ms > x", "\"x\" is no number"),
            ("wait_ms > inf", "no number"),
            ("wait_ms % 0 == 0", "at least 1"),
            ("wait_ms", "expected NAME OP NUMBER"),
            ("", "no fact"),
        ] {
            let error = Condition::parse(line).unwrap_err();
            assert!(error.contains(word), "{line}: {error}");
        }
    }
}
