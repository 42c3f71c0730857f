-- Backends by failed fetches, with their most frequent cause
-- :since = ''   counted from this moment on
WITH by_cause AS (
    SELECT coalesce(backend, backend_addr, '(none reached)') AS backend, tier, cause, count(*) AS failures,
           max(started_at) AS last_failed_at
    FROM v_failed_fetches
    WHERE told_in IS NULL AND started_at >= :since
    GROUP BY 1, 2, 3
)
-- In SQLite the other columns are those of the row with the maximum.
SELECT backend, tier, sum(failures) AS failures, cause AS most_frequent_cause, max(failures) AS of_that_cause,
       (SELECT max(l.last_failed_at) FROM by_cause l WHERE l.backend = b.backend AND l.tier = b.tier) AS last_failed_at
FROM by_cause b
GROUP BY backend, tier
ORDER BY failures DESC;
