-- Version 8: what people decided about incidents, so that no later run undoes it; and the hosts of incidents, so that
-- asking for a host does not read every failed fetch.

-- The name that people gave; NULL for the title that follows from the logs.
ALTER TABLE incidents ADD COLUMN name TEXT;

-- Decisions in order. A merge keeps incident_id one however far apart its failures are; the parts of a split are in
-- incident_parts and never become one by themselves.
CREATE TABLE decisions (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('merge', 'split', 'name')),
    incident_id INTEGER NOT NULL REFERENCES incidents (id),
    -- merge: the id that became an alias; split: cause, backend, host or url; name: the name
    what TEXT NOT NULL,
    decided_at_us INTEGER NOT NULL,
    decided_at TEXT GENERATED ALWAYS AS (strftime('%Y-%m-%dT%H:%M:%S', (decided_at_us - ((decided_at_us % 1000000) + 1000000) % 1000000) / 1000000, 'unixepoch') || printf('.%06dZ', ((decided_at_us % 1000000) + 1000000) % 1000000)) VIRTUAL
) STRICT;
CREATE INDEX decisions_by_incident ON decisions (incident_id, kind);

-- Which incident holds the failures of a split with that value.
CREATE TABLE incident_parts (
    split_id INTEGER NOT NULL REFERENCES decisions (id),
    value TEXT NOT NULL,
    incident_id INTEGER NOT NULL REFERENCES incidents (id),
    PRIMARY KEY (split_id, value, incident_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX incident_parts_by_incident ON incident_parts (incident_id);

CREATE TABLE incident_hosts (
    incident_id INTEGER NOT NULL REFERENCES incidents (id),
    -- empty where none was logged
    host TEXT NOT NULL,
    failures INTEGER NOT NULL,
    PRIMARY KEY (incident_id, host)
) STRICT, WITHOUT ROWID;
INSERT INTO incident_hosts (incident_id, host, failures)
SELECT incident_id, coalesce(host, ''), count(*) FROM failed_fetches
WHERE incident_id IS NOT NULL AND told_in IS NULL GROUP BY incident_id, coalesce(host, '');
