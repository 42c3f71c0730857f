-- Version 13: what did not fail yet when a log was read, once per concern, place and moment.
CREATE TABLE early_warnings (
    kind TEXT NOT NULL,
    node TEXT NOT NULL,
    -- empty for none
    backend TEXT NOT NULL,
    at_us INTEGER NOT NULL,
    at TEXT GENERATED ALWAYS AS (strftime('%Y-%m-%dT%H:%M:%S', (at_us - ((at_us % 1000000) + 1000000) % 1000000) / 1000000, 'unixepoch') || printf('.%06dZ', ((at_us % 1000000) + 1000000) % 1000000)) VIRTUAL,
    -- the cause that it becomes when it goes on; empty for none
    cause TEXT NOT NULL,
    text TEXT NOT NULL,
    advice TEXT NOT NULL,
    -- the figure that was seen and the limit it is measured against, in unit
    seen REAL NOT NULL,
    "limit" REAL,
    unit TEXT NOT NULL,
    PRIMARY KEY (kind, node, backend, at_us)
) STRICT, WITHOUT ROWID;
CREATE INDEX early_warnings_by_time ON early_warnings (at_us);
