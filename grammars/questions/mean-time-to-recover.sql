-- Mean time to recover, month by month, in minutes: does it get better?
-- :service = ''   only this service
SELECT strftime('%Y-%m', opened_at) AS month, count(*) AS incidents,
       round(avg((julianday(closed_at) - julianday(opened_at)) * 1440), 1) AS mean_minutes,
       sum(failures) AS failures
FROM v_incidents
WHERE state IN ('closed', 'resolved') AND service <> 'scattered' AND (:service = '' OR service = :service)
GROUP BY month
ORDER BY month DESC;
