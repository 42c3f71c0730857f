-- Version 1: the history of one machine.
--
-- Times are microseconds since 1970-01-01 UTC in columns that end in _us; the column of the same name without _us is
-- the same moment as ISO 8601 text. NULL is "not known" or "none". Every text has been redacted before it came here.
-- The views v_incidents and v_failed_fetches are a contract; the tables may change with the version.

CREATE TABLE incidents (
    id INTEGER PRIMARY KEY,
    opened_at_us INTEGER,
    opened_at TEXT GENERATED ALWAYS AS (strftime('%Y-%m-%dT%H:%M:%S', (opened_at_us - ((opened_at_us % 1000000) + 1000000) % 1000000) / 1000000, 'unixepoch') || printf('.%06dZ', ((opened_at_us % 1000000) + 1000000) % 1000000)) VIRTUAL,
    closed_at_us INTEGER,
    closed_at TEXT GENERATED ALWAYS AS (strftime('%Y-%m-%dT%H:%M:%S', (closed_at_us - ((closed_at_us % 1000000) + 1000000) % 1000000) / 1000000, 'unixepoch') || printf('.%06dZ', ((closed_at_us % 1000000) + 1000000) % 1000000)) VIRTUAL,
    -- the state that the logs show; what people did is in resolved_at
    logged_state TEXT NOT NULL CHECK (logged_state IN ('open', 'recovering', 'recurring', 'closed')),
    -- 1 for the row that lone failures are folded into
    scattered INTEGER NOT NULL DEFAULT 0 CHECK (scattered IN (0, 1)),
    service TEXT NOT NULL,
    title TEXT NOT NULL,
    cause TEXT NOT NULL,
    -- the cause of the whole when it differs from that of its fetches
    root TEXT,
    in_short TEXT NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0,
    visitors_5xx INTEGER NOT NULL DEFAULT 0,
    crawlers_5xx INTEGER NOT NULL DEFAULT 0,
    -- 0 to 1, of the service's fetches while it lasted
    share_failed REAL,
    rate_per_hour REAL,
    -- what people wrote
    "trigger" TEXT,
    fix TEXT,
    worked TEXT CHECK (worked IN ('yes', 'no', 'unknown')),
    resolved_at_us INTEGER,
    resolved_at TEXT GENERATED ALWAYS AS (strftime('%Y-%m-%dT%H:%M:%S', (resolved_at_us - ((resolved_at_us % 1000000) + 1000000) % 1000000) / 1000000, 'unixepoch') || printf('.%06dZ', ((resolved_at_us % 1000000) + 1000000) % 1000000)) VIRTUAL,
    -- failures after the resolution open it again
    state TEXT GENERATED ALWAYS AS (
        CASE WHEN resolved_at_us IS NULL THEN logged_state
             WHEN closed_at_us > resolved_at_us THEN 'open'
             ELSE 'resolved' END) VIRTUAL
) STRICT;
CREATE INDEX incidents_by_time ON incidents (opened_at_us);
CREATE INDEX incidents_by_service ON incidents (service, cause, opened_at_us);

-- An id once shown always resolves: ids of incidents that were found to be part of another.
CREATE TABLE incident_aliases (
    alias INTEGER PRIMARY KEY,
    incident_id INTEGER NOT NULL REFERENCES incidents (id)
) STRICT;
CREATE INDEX incident_aliases_by_incident ON incident_aliases (incident_id);

CREATE TABLE failed_fetches (
    -- order of arrival: rows are appended, so that only one small index is filled at random
    number INTEGER PRIMARY KEY,
    -- the signed number with the same 64 bits as the identity; id shows it as reports do
    identity INTEGER NOT NULL UNIQUE,
    id TEXT GENERATED ALWAYS AS (printf('%016x', identity)) VIRTUAL,
    incident_id INTEGER REFERENCES incidents (id),
    tier TEXT NOT NULL CHECK (tier IN ('edge', 'cache', 'origin', 'app')),
    node TEXT NOT NULL,
    vxid INTEGER,
    parent_vxid INTEGER,
    reason TEXT NOT NULL,
    started_at_us INTEGER,
    started_at TEXT GENERATED ALWAYS AS (strftime('%Y-%m-%dT%H:%M:%S', (started_at_us - ((started_at_us % 1000000) + 1000000) % 1000000) / 1000000, 'unixepoch') || printf('.%06dZ', ((started_at_us % 1000000) + 1000000) % 1000000)) VIRTUAL,
    gave_up_at_us INTEGER,
    gave_up_at TEXT GENERATED ALWAYS AS (strftime('%Y-%m-%dT%H:%M:%S', (gave_up_at_us - ((gave_up_at_us % 1000000) + 1000000) % 1000000) / 1000000, 'unixepoch') || printf('.%06dZ', ((gave_up_at_us % 1000000) + 1000000) % 1000000)) VIRTUAL,
    ended_at_us INTEGER,
    ended_at TEXT GENERATED ALWAYS AS (strftime('%Y-%m-%dT%H:%M:%S', (ended_at_us - ((ended_at_us % 1000000) + 1000000) % 1000000) / 1000000, 'unixepoch') || printf('.%06dZ', ((ended_at_us % 1000000) + 1000000) % 1000000)) VIRTUAL,
    method TEXT,
    host TEXT,
    url TEXT,
    backend TEXT,
    backend_addr TEXT,
    status INTEGER,
    origin_status INTEGER,
    outcome TEXT NOT NULL,
    retried INTEGER NOT NULL,
    -- what linking compares: hashes, sizes in bytes, durations in microseconds
    link_key INTEGER NOT NULL,
    sent_at_us INTEGER,
    sent_at TEXT GENERATED ALWAYS AS (strftime('%Y-%m-%dT%H:%M:%S', (sent_at_us - ((sent_at_us % 1000000) + 1000000) % 1000000) / 1000000, 'unixepoch') || printf('.%06dZ', ((sent_at_us % 1000000) + 1000000) % 1000000)) VIRTUAL,
    wait_us INTEGER,
    whole_us INTEGER,
    earlier_us INTEGER NOT NULL,
    body_received INTEGER,
    header_received INTEGER,
    header_sent INTEGER,
    body_sent INTEGER,
    agent_hash INTEGER NOT NULL,
    host_hash INTEGER NOT NULL,
    backend_hash INTEGER NOT NULL,
    link_vxid INTEGER,
    link_status INTEGER NOT NULL,
    backend_port INTEGER NOT NULL,
    local_port INTEGER NOT NULL,
    link_flags INTEGER NOT NULL,
    travelled_id INTEGER,
    -- what only other lines tell: filled in when known
    client_vxid INTEGER,
    impact TEXT NOT NULL,
    told_in INTEGER,
    -- the judgement: replaced as a whole by a stronger one
    verdict TEXT NOT NULL,
    cause TEXT NOT NULL,
    confidence REAL,
    alternative_cause TEXT,
    alternative_confidence REAL,
    origin_cause TEXT,
    candidates INTEGER NOT NULL,
    -- the next tier's line
    origin_file TEXT,
    origin_line INTEGER,
    origin_text TEXT,
    origin_line_status INTEGER,
    origin_duration_us INTEGER,
    origin_ended_at_us INTEGER,
    origin_ended_at TEXT GENERATED ALWAYS AS (strftime('%Y-%m-%dT%H:%M:%S', (origin_ended_at_us - ((origin_ended_at_us % 1000000) + 1000000) % 1000000) / 1000000, 'unixepoch') || printf('.%06dZ', ((origin_ended_at_us % 1000000) + 1000000) % 1000000)) VIRTUAL,
    origin_late_us INTEGER,
    origin_method TEXT CHECK (origin_method IN ('id', 'address', 'time')),
    origin_confidence REAL,
    origin_offset_us INTEGER,
    -- the next tier's error-log message
    origin_error_cause TEXT,
    origin_error_confidence REAL,
    origin_error_at_us INTEGER,
    origin_error_at TEXT GENERATED ALWAYS AS (strftime('%Y-%m-%dT%H:%M:%S', (origin_error_at_us - ((origin_error_at_us % 1000000) + 1000000) % 1000000) / 1000000, 'unixepoch') || printf('.%06dZ', ((origin_error_at_us % 1000000) + 1000000) % 1000000)) VIRTUAL,
    origin_error_file TEXT,
    origin_error_line INTEGER,
    origin_error_text TEXT
) STRICT;
CREATE INDEX failed_fetches_by_time ON failed_fetches (started_at_us);
CREATE INDEX failed_fetches_by_incident ON failed_fetches (incident_id, cause, started_at_us);
CREATE INDEX failed_fetches_by_vxid ON failed_fetches (vxid) WHERE vxid IS NOT NULL;

-- The records of the tier that fetched, deciding one first.
CREATE TABLE evidence (
    failure_id INTEGER NOT NULL REFERENCES failed_fetches (number),
    ordinal INTEGER NOT NULL,
    -- the record's own word, such as FetchError
    kind TEXT NOT NULL,
    file TEXT NOT NULL,
    line INTEGER,
    text TEXT NOT NULL,
    PRIMARY KEY (failure_id, ordinal)
) STRICT, WITHOUT ROWID;

-- Tallies over the failed fetches of an incident; those told in another failure are left out.
CREATE TABLE incident_causes (
    incident_id INTEGER NOT NULL REFERENCES incidents (id),
    cause TEXT NOT NULL,
    failures INTEGER NOT NULL,
    -- 'came first', 'consequence' or empty
    role TEXT NOT NULL DEFAULT '',
    first_at_us INTEGER,
    first_at TEXT GENERATED ALWAYS AS (strftime('%Y-%m-%dT%H:%M:%S', (first_at_us - ((first_at_us % 1000000) + 1000000) % 1000000) / 1000000, 'unixepoch') || printf('.%06dZ', ((first_at_us % 1000000) + 1000000) % 1000000)) VIRTUAL,
    PRIMARY KEY (incident_id, cause)
) STRICT, WITHOUT ROWID;
CREATE TABLE incident_verdicts (
    incident_id INTEGER NOT NULL REFERENCES incidents (id),
    verdict TEXT NOT NULL,
    failures INTEGER NOT NULL,
    PRIMARY KEY (incident_id, verdict)
) STRICT, WITHOUT ROWID;
CREATE TABLE incident_impacts (
    incident_id INTEGER NOT NULL REFERENCES incidents (id),
    impact TEXT NOT NULL,
    failures INTEGER NOT NULL,
    PRIMARY KEY (incident_id, impact)
) STRICT, WITHOUT ROWID;
CREATE TABLE incident_nodes (
    incident_id INTEGER NOT NULL REFERENCES incidents (id),
    node TEXT NOT NULL,
    failures INTEGER NOT NULL,
    PRIMARY KEY (incident_id, node)
) STRICT, WITHOUT ROWID;
CREATE TABLE incident_minutes (
    incident_id INTEGER NOT NULL REFERENCES incidents (id),
    minute_us INTEGER NOT NULL,
    minute TEXT GENERATED ALWAYS AS (strftime('%Y-%m-%dT%H:%M:%S', (minute_us - ((minute_us % 1000000) + 1000000) % 1000000) / 1000000, 'unixepoch') || printf('.%06dZ', ((minute_us % 1000000) + 1000000) % 1000000)) VIRTUAL,
    failures INTEGER NOT NULL,
    PRIMARY KEY (incident_id, minute_us)
) STRICT, WITHOUT ROWID;
CREATE TABLE incident_urls (
    incident_id INTEGER NOT NULL REFERENCES incidents (id),
    -- without the query
    path TEXT NOT NULL,
    failures INTEGER NOT NULL,
    PRIMARY KEY (incident_id, path)
) STRICT, WITHOUT ROWID;

-- Visitors who got a 5xx, per stretch of log in which they were counted. The stretches of an incident never overlap.
CREATE TABLE incident_harm (
    incident_id INTEGER NOT NULL REFERENCES incidents (id),
    first_at_us INTEGER NOT NULL,
    first_at TEXT GENERATED ALWAYS AS (strftime('%Y-%m-%dT%H:%M:%S', (first_at_us - ((first_at_us % 1000000) + 1000000) % 1000000) / 1000000, 'unixepoch') || printf('.%06dZ', ((first_at_us % 1000000) + 1000000) % 1000000)) VIRTUAL,
    last_at_us INTEGER NOT NULL,
    last_at TEXT GENERATED ALWAYS AS (strftime('%Y-%m-%dT%H:%M:%S', (last_at_us - ((last_at_us % 1000000) + 1000000) % 1000000) / 1000000, 'unixepoch') || printf('.%06dZ', ((last_at_us % 1000000) + 1000000) % 1000000)) VIRTUAL,
    visitors_5xx INTEGER NOT NULL,
    crawlers_5xx INTEGER NOT NULL,
    PRIMARY KEY (incident_id, first_at_us)
) STRICT, WITHOUT ROWID;

CREATE TABLE incident_examples (
    incident_id INTEGER NOT NULL REFERENCES incidents (id),
    ordinal INTEGER NOT NULL,
    at_us INTEGER,
    at TEXT GENERATED ALWAYS AS (strftime('%Y-%m-%dT%H:%M:%S', (at_us - ((at_us % 1000000) + 1000000) % 1000000) / 1000000, 'unixepoch') || printf('.%06dZ', ((at_us % 1000000) + 1000000) % 1000000)) VIRTUAL,
    request TEXT NOT NULL,
    verdict TEXT NOT NULL,
    PRIMARY KEY (incident_id, ordinal)
) STRICT, WITHOUT ROWID;

-- Quoted lines: of example number `example`, or the origin's proof (example IS NULL).
CREATE TABLE incident_quotes (
    incident_id INTEGER NOT NULL REFERENCES incidents (id),
    example INTEGER,
    role TEXT NOT NULL CHECK (role IN ('own', 'origin', 'origin_error', 'proof')),
    ordinal INTEGER NOT NULL,
    file TEXT NOT NULL,
    line INTEGER,
    text TEXT NOT NULL
) STRICT;
CREATE INDEX incident_quotes_by_incident ON incident_quotes (incident_id, example, role, ordinal);

-- Candidates for what set it off (began) and for what ended it (ended_by). Correlation only.
CREATE TABLE incident_candidates (
    incident_id INTEGER NOT NULL REFERENCES incidents (id),
    side TEXT NOT NULL CHECK (side IN ('began', 'ended_by')),
    ordinal INTEGER NOT NULL,
    kind TEXT NOT NULL,
    at_us INTEGER,
    at TEXT GENERATED ALWAYS AS (strftime('%Y-%m-%dT%H:%M:%S', (at_us - ((at_us % 1000000) + 1000000) % 1000000) / 1000000, 'unixepoch') || printf('.%06dZ', ((at_us % 1000000) + 1000000) % 1000000)) VIRTUAL,
    text TEXT NOT NULL,
    PRIMARY KEY (incident_id, side, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE notes (
    id INTEGER PRIMARY KEY,
    incident_id INTEGER NOT NULL REFERENCES incidents (id),
    written_at_us INTEGER,
    written_at TEXT GENERATED ALWAYS AS (strftime('%Y-%m-%dT%H:%M:%S', (written_at_us - ((written_at_us % 1000000) + 1000000) % 1000000) / 1000000, 'unixepoch') || printf('.%06dZ', ((written_at_us % 1000000) + 1000000) % 1000000)) VIRTUAL,
    text TEXT NOT NULL
) STRICT;
CREATE INDEX notes_by_incident ON notes (incident_id, id);

-- Traffic per minute and node; a minute that is read again merges by maximum.
CREATE TABLE traffic (
    tier TEXT NOT NULL,
    node TEXT NOT NULL,
    minute_us INTEGER NOT NULL,
    minute TEXT GENERATED ALWAYS AS (strftime('%Y-%m-%dT%H:%M:%S', (minute_us - ((minute_us % 1000000) + 1000000) % 1000000) / 1000000, 'unixepoch') || printf('.%06dZ', ((minute_us % 1000000) + 1000000) % 1000000)) VIRTUAL,
    requests INTEGER NOT NULL,
    requests_5xx INTEGER NOT NULL,
    fetches INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    PRIMARY KEY (tier, node, minute_us)
) STRICT, WITHOUT ROWID;

CREATE TABLE changes (
    at_us INTEGER NOT NULL,
    at TEXT GENERATED ALWAYS AS (strftime('%Y-%m-%dT%H:%M:%S', (at_us - ((at_us % 1000000) + 1000000) % 1000000) / 1000000, 'unixepoch') || printf('.%06dZ', ((at_us % 1000000) + 1000000) % 1000000)) VIRTUAL,
    kind TEXT NOT NULL,
    node TEXT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (at_us, kind, node, text)
) STRICT, WITHOUT ROWID;

-- The clock of one node against that of the node that fetches from it, per day of log; more pairs win.
CREATE TABLE clock_offsets (
    from_node TEXT NOT NULL,
    to_node TEXT NOT NULL,
    day TEXT NOT NULL,
    offset_ms REAL,
    error_ms REAL,
    drift_ppm REAL,
    pairs INTEGER NOT NULL,
    enough INTEGER NOT NULL CHECK (enough IN (0, 1)),
    zone_mistake TEXT,
    PRIMARY KEY (from_node, to_node, day)
) STRICT, WITHOUT ROWID;

CREATE VIEW v_incidents AS
SELECT id, opened_at, closed_at, state, service, cause, failures,
       coalesce("trigger", (SELECT c.text FROM incident_candidates c
                            WHERE c.incident_id = incidents.id AND c.side = 'began' AND c.ordinal = 0)) AS "trigger",
       fix, worked
FROM incidents;

CREATE VIEW v_failed_fetches AS
SELECT id, CASE WHEN told_in IS NOT NULL THEN printf('%016x', told_in) END AS told_in, tier, node, vxid, client_vxid, reason, started_at, ended_at,
       method, host, url, backend, backend_addr, status, origin_status, impact, cause, confidence,
       CASE WHEN alternative_cause IS NULL THEN '[]'
            ELSE json_array(json_object('cause', alternative_cause, 'confidence', alternative_confidence))
       END AS alternatives,
       (SELECT json_group_array(json_object('file', e.file, 'line', e.line, 'text', e.text))
        FROM (SELECT file, line, text FROM evidence WHERE failure_id = number ORDER BY ordinal) e) AS evidence,
       verdict, origin_cause, origin_file, origin_line, origin_line_status,
       CAST(round(origin_duration_us / 1000.0) AS INTEGER) AS origin_duration_ms,
       CAST(round(origin_late_us / 1000.0) AS INTEGER) AS origin_late_by_ms,
       origin_method, origin_confidence,
       CAST(round(origin_offset_us / 1000.0) AS INTEGER) AS origin_clock_offset_ms,
       origin_error_file, origin_error_line, origin_error_text, incident_id AS incident
FROM failed_fetches;
