-- Incidents that are still on, or that nobody has dealt with, the newest first
SELECT id, opened_at, state, service, cause, failures, "trigger"
FROM v_incidents
WHERE state IN ('open', 'recovering', 'recurring')
ORDER BY state = 'open' DESC, opened_at DESC;
