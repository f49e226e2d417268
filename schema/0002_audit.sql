-- Who did what, in a chain of hashes: docs/audit.md says how to verify it.
BEGIN IMMEDIATE;

-- hash = SHA-256 over the other columns, in the order in which they stand here; hexadecimal.
CREATE TABLE audit (
	seq INTEGER PRIMARY KEY,     -- 1, 2, 3, ... without holes
	at INTEGER NOT NULL,         -- milliseconds since 1970, UTC
	event TEXT NOT NULL,
	actor TEXT NOT NULL,
	subject TEXT NOT NULL,
	detail TEXT NOT NULL CHECK (json_valid(detail)),
	prev_hash TEXT NOT NULL CHECK (length(prev_hash) = 64),
	hash TEXT NOT NULL CHECK (length(hash) = 64)
) STRICT;

CREATE INDEX audit_by_at ON audit (at);
CREATE INDEX audit_by_event ON audit (event, seq);
CREATE INDEX audit_by_subject ON audit (subject, seq);
CREATE INDEX audit_by_actor ON audit (actor, seq);

-- Old rows go by whole segments; their segment stays and holds the chain together.
CREATE TABLE audit_segment (
	segment INTEGER PRIMARY KEY,
	first_seq INTEGER NOT NULL,
	anchor TEXT NOT NULL CHECK (length(anchor) = 64),    -- prev_hash of its first row
	opened INTEGER NOT NULL,
	last_seq INTEGER,                                    -- NULL: it is being written
	last_hash TEXT CHECK (length(last_hash) = 64),
	closed INTEGER,
	retired INTEGER,                                     -- when its rows were deleted
	CHECK ((last_seq IS NULL) = (last_hash IS NULL) AND (last_seq IS NULL) = (closed IS NULL)),
	CHECK (retired IS NULL OR closed IS NOT NULL)
) STRICT;

-- These stop a slip of the hand. Who means to forge is found by the chain.
CREATE TRIGGER audit_is_not_edited BEFORE UPDATE ON audit
BEGIN
	SELECT raise(ABORT, 'the audit is append-only');
END;

CREATE TRIGGER audit_goes_by_segments BEFORE DELETE ON audit
WHEN NOT EXISTS (SELECT 1 FROM audit_segment
	WHERE retired IS NOT NULL AND old.seq BETWEEN first_seq AND last_seq)
BEGIN
	SELECT raise(ABORT, 'the audit is deleted by whole segments only');
END;

PRAGMA user_version = 2;
COMMIT;
