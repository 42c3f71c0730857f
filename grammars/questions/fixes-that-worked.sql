-- Fixes that worked, by cause: what to try first the next time
-- :cause = ''   only this cause or family of causes, such as timeout
SELECT cause, fix, count(*) AS times, group_concat(DISTINCT service) AS services, max(closed_at) AS last_closed_at
FROM v_incidents
WHERE worked = 'yes' AND fix IS NOT NULL AND (:cause = '' OR cause = :cause OR cause LIKE :cause || '.%')
GROUP BY cause, fix
ORDER BY times DESC, last_closed_at DESC;
