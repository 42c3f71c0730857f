-- Hours of the day (UTC) in which most fetches fail
-- :since = ''   counted from this moment on
SELECT strftime('%H', minute) || ':00' AS hour_utc, sum(failures) AS failures,
       count(DISTINCT incident_id) AS incidents, count(DISTINCT date(minute)) AS days
FROM incident_minutes
WHERE minute >= :since
GROUP BY hour_utc
ORDER BY failures DESC;
