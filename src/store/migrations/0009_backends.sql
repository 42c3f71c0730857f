-- Version 9: how backends did, by hour and by the node that fetched from them. The same hour read again: the row with
-- more fetches stays, as a whole.
CREATE TABLE backend_hours (
    tier TEXT NOT NULL,
    node TEXT NOT NULL,
    backend TEXT NOT NULL,
    hour_us INTEGER NOT NULL,
    hour TEXT GENERATED ALWAYS AS (strftime('%Y-%m-%dT%H:%M:%S', (hour_us - ((hour_us % 1000000) + 1000000) % 1000000) / 1000000, 'unixepoch') || printf('.%06dZ', ((hour_us % 1000000) + 1000000) % 1000000)) VIRTUAL,
    fetches INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    -- failed while the client got stale content
    hidden INTEGER NOT NULL,
    -- from sending the request to the first byte of the answer, or to giving up; NULL when times were not logged
    p50_ms REAL,
    p95_ms REAL,
    p99_ms REAL,
    -- most bytes of headers of an answer; 0 when not logged
    header_bytes INTEGER NOT NULL,
    -- good fetches that took a second connection
    saved INTEGER NOT NULL,
    PRIMARY KEY (tier, node, backend, hour_us)
) STRICT, WITHOUT ROWID;
CREATE INDEX backend_hours_by_time ON backend_hours (hour_us);
