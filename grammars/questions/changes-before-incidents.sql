-- What had changed shortly before each incident opened; nearness in time, not proof
-- :minutes = 30   so long before at most
-- :since = ''   incidents from this moment on
SELECT i.id, i.service, i.opened_at, round((i.opened_at_us - c.at_us) / 60000000.0, 1) AS minutes_before,
       c.kind, c.node, c.text AS change
FROM incidents i
JOIN changes c ON c.at_us BETWEEN i.opened_at_us - :minutes * 60000000 AND i.opened_at_us
WHERE NOT i.scattered AND i.opened_at >= :since
ORDER BY i.opened_at DESC, minutes_before;
