-- The longest incidents
-- :most = 20   so many at most
SELECT id, service, cause, opened_at,
       round((julianday(closed_at) - julianday(opened_at)) * 1440, 1) AS minutes, failures, fix
FROM v_incidents
WHERE service <> 'scattered' AND state <> 'recurring'
ORDER BY minutes DESC
LIMIT :most;
