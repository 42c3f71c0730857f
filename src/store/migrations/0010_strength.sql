-- Version 10: how strong the evidence for a candidate is, 0 to 1, and what later logs say of a fix.
ALTER TABLE incident_candidates ADD COLUMN strength REAL NOT NULL DEFAULT 0.5;
-- whether the error page that the client got carried Retry-After
ALTER TABLE failed_fetches ADD COLUMN error_retry_after INTEGER;
-- 'yes' or 'no' where the logs tell; what people claimed stays in worked
ALTER TABLE incidents ADD COLUMN measured TEXT;

DROP VIEW v_incidents;
CREATE VIEW v_incidents AS
SELECT id, opened_at, closed_at, state, service, cause, failures,
       coalesce("trigger", (SELECT c.text FROM incident_candidates c
                            WHERE c.incident_id = incidents.id AND c.side = 'began' AND c.ordinal = 0)) AS "trigger",
       fix, CASE WHEN worked IN ('yes', 'no') THEN worked ELSE coalesce(measured, worked) END AS worked
FROM incidents;
CREATE INDEX traffic_by_minute ON traffic (minute_us);
