-- Incidents that are over and of which nobody has written what helped, the largest first
-- :failures = 1   with at least so many failed fetches
SELECT i.id, i.opened_at, i.service, i.cause, i.failures, n.visitors_5xx, i."trigger"
FROM v_incidents i
JOIN incidents n ON n.id = i.id
WHERE i.fix IS NULL AND i.state = 'closed' AND i.service <> 'scattered' AND i.failures >= :failures
ORDER BY n.visitors_5xx DESC, i.failures DESC;
