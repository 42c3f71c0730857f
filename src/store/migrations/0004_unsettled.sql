-- Version 4: what is not settled is found without reading a day of failed fetches.
CREATE INDEX failed_fetches_unsettled ON failed_fetches (started_at_us) WHERE settled = 0;
