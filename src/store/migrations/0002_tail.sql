-- Version 2: what a tail keeps beside the history: calls for help that are to be sent, where each log was read to, what
-- was counted, and who records.
--
-- These tables are guru's own; unlike the views of version 1 they are no contract.

-- Calls for help. A row is written before anything is sent, and stays after it: it is what makes a notice one notice.
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY,
    -- stable name of the notice: the same after a restart
    key TEXT NOT NULL,
    -- name of the sink in guru.toml
    sink TEXT NOT NULL,
    -- stable name of the incident; within it and its sink, notices are sent in order
    group_key TEXT NOT NULL,
    -- the notice as JSON
    notice TEXT NOT NULL,
    created_at_us INTEGER NOT NULL,
    created_at TEXT GENERATED ALWAYS AS (strftime('%Y-%m-%dT%H:%M:%S', (created_at_us - ((created_at_us % 1000000) + 1000000) % 1000000) / 1000000, 'unixepoch') || printf('.%06dZ', ((created_at_us % 1000000) + 1000000) % 1000000)) VIRTUAL,
    next_try_at_us INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    -- NULL until a receiver took it
    sent_at_us INTEGER,
    sent_at TEXT GENERATED ALWAYS AS (strftime('%Y-%m-%dT%H:%M:%S', (sent_at_us - ((sent_at_us % 1000000) + 1000000) % 1000000) / 1000000, 'unixepoch') || printf('.%06dZ', ((sent_at_us % 1000000) + 1000000) % 1000000)) VIRTUAL,
    -- 1 when it is tried no more
    gave_up INTEGER NOT NULL DEFAULT 0 CHECK (gave_up IN (0, 1)),
    -- what the last try said; NULL when it went well
    error TEXT,
    UNIQUE (key, sink)
) STRICT;
-- what is still to be sent: few rows, however long the history
CREATE INDEX outbox_unsent ON outbox (sink, group_key, id) WHERE sent_at_us IS NULL AND gave_up = 0;
CREATE INDEX outbox_by_time ON outbox (created_at_us);

-- Where each log was read to, committed together with what was read.
CREATE TABLE positions (
    path TEXT NOT NULL,
    device INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    -- hash of the first head_len bytes of the content, the signed number with the same 64 bits
    head INTEGER NOT NULL,
    head_len INTEGER NOT NULL,
    -- oldest byte that is still needed, and the lines before it
    low INTEGER NOT NULL,
    low_lines INTEGER NOT NULL,
    -- bytes whose lines are in the counters
    counted INTEGER NOT NULL,
    -- 1 when nothing will be appended any more
    finished INTEGER NOT NULL DEFAULT 0 CHECK (finished IN (0, 1)),
    -- wall clock when it was committed
    wall_us INTEGER NOT NULL,
    PRIMARY KEY (path, device, inode, head)
) STRICT, WITHOUT ROWID;

-- Traffic of one minute of one series, as the tail counted it.
CREATE TABLE tail_minutes (
    tier TEXT NOT NULL,
    node TEXT NOT NULL,
    series TEXT NOT NULL,
    minute_us INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    requests_5xx INTEGER NOT NULL,
    fetches INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    PRIMARY KEY (series, node, tier, minute_us)
) STRICT, WITHOUT ROWID;

-- The tail that records, if any: one row.
CREATE TABLE recorder (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    pid INTEGER NOT NULL,
    started_at_us INTEGER NOT NULL,
    -- last sign of life
    beat_at_us INTEGER NOT NULL,
    host TEXT NOT NULL,
    name TEXT NOT NULL
) STRICT;
