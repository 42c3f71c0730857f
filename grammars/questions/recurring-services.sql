-- Services that fail again and again, and what they cost
-- :times = 2   at least so many incidents
-- :since = ''   counted from this moment on
SELECT i.service, count(*) AS incidents, sum(i.failures) AS failures, max(i.opened_at) AS last_opened_at,
       (SELECT c.cause FROM v_incidents c WHERE c.service = i.service
        GROUP BY c.cause ORDER BY count(*) DESC, c.cause LIMIT 1) AS usual_cause,
       count(i.fix) AS with_fix
FROM v_incidents i
WHERE i.service <> 'scattered' AND i.opened_at >= :since
GROUP BY i.service HAVING count(*) >= :times
ORDER BY incidents DESC, failures DESC;
