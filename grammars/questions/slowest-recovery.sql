-- How long it takes until it works again, by cause: average and worst, in minutes
-- :since = ''   counted from this moment on
SELECT cause, count(*) AS incidents,
       round(avg((julianday(closed_at) - julianday(opened_at)) * 1440), 1) AS average_minutes,
       round(max((julianday(closed_at) - julianday(opened_at)) * 1440), 1) AS worst_minutes
FROM v_incidents
WHERE state IN ('closed', 'resolved') AND service <> 'scattered' AND opened_at >= :since
GROUP BY cause
ORDER BY average_minutes DESC;
