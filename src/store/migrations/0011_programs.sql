-- Version 11: which program made a fetch and whose word its cause is, for advice that fits; how many others were open when
-- it began.
ALTER TABLE failed_fetches ADD COLUMN program TEXT;
ALTER TABLE failed_fetches ADD COLUMN broke_at TEXT;
ALTER TABLE failed_fetches ADD COLUMN open_beside INTEGER;
