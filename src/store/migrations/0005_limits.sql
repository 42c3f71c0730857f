-- Version 5: figures that tell what another limit would have spared.
ALTER TABLE failed_fetches ADD COLUMN header_lines INTEGER;
ALTER TABLE failed_fetches ADD COLUMN origin_header_bytes INTEGER;
ALTER TABLE failed_fetches ADD COLUMN learnt_limit_ms REAL;
