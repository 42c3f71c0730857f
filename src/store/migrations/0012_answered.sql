-- Version 12: parts of sites (a hash of host and URL group) whose fetches got a whole answer, and when last. A director
-- that gives no backend is told from one that never had any by what it gave at other times, read by whichever run.
CREATE TABLE answered_parts (
    part INTEGER PRIMARY KEY,
    last_at_us INTEGER NOT NULL
) STRICT;
