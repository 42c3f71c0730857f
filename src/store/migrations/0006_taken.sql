-- Version 6: when what must be read again was taken in, so that a run that goes on does not wait anew. JSON: [{o, l, w}],
-- byte, lines before it, wall clock in microseconds.
ALTER TABLE positions ADD COLUMN taken TEXT NOT NULL DEFAULT '[]';
