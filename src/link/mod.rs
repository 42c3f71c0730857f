//! Failed fetches to the next tier's requests: keys, clocks, assignment, verdicts.
