-- Version 3: a failed fetch that a tail has seen, but whose judgement may still change because the next tier's line may
-- come. What is not settled gives way to any later judgement.
ALTER TABLE failed_fetches ADD COLUMN settled INTEGER NOT NULL DEFAULT 1 CHECK (settled IN (0, 1));
