-- Version 7: whether answer times climbed towards the limit with load, and how much grace hid a failure.
ALTER TABLE failed_fetches ADD COLUMN climbing INTEGER;
ALTER TABLE failed_fetches ADD COLUMN grace_left_ms REAL;
