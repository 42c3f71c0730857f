-- What broke, month by month
-- :since = ''   counted from this moment on
SELECT strftime('%Y-%m', opened_at) AS month, cause, count(*) AS incidents, sum(failures) AS failures
FROM v_incidents
WHERE opened_at >= :since
GROUP BY month, cause
ORDER BY month DESC, failures DESC;
