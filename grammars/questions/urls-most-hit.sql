-- Paths with most failed fetches
-- :host = ''   only incidents with failed fetches for this host
-- :most = 25   so many at most
SELECT u.path, sum(u.failures) AS failures, count(DISTINCT u.incident_id) AS incidents,
       max(i.opened_at) AS last_opened_at
FROM incident_urls u
JOIN incidents i ON i.id = u.incident_id
WHERE :host = '' OR EXISTS (SELECT 1 FROM incident_hosts h WHERE h.incident_id = u.incident_id AND h.host = :host)
GROUP BY u.path
ORDER BY failures DESC, u.path
LIMIT :most;
