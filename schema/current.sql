-- The schema that a new database has: what schema/0*.sql lead to. Not read by any program; a test
-- compares it with what the migrations make. For readers, and for whoever changes the schema:
--   cat schema/0*.sql | sqlite3 new.db
--   sqlite3 new.db "SELECT sql || ';' FROM sqlite_schema WHERE sql NOT NULL AND name NOT LIKE 'sqlite%' ORDER BY rowid"
CREATE TABLE meta (
	key TEXT PRIMARY KEY,
	value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE sessions (
	session INTEGER PRIMARY KEY AUTOINCREMENT,
	id TEXT NOT NULL,            -- of the tunnel
	peer TEXT NOT NULL,          -- address and port of the client
	client TEXT NOT NULL,        -- what it calls itself
	family TEXT NOT NULL CHECK (family IN ('webhooktunnel', 'websocktunnel')), -- of its header names
	iss TEXT NOT NULL,           -- claims of its token; '' where it had none
	sub TEXT NOT NULL,
	jti TEXT NOT NULL,
	token_expires INTEGER NOT NULL,
	opened INTEGER NOT NULL,
	closed INTEGER,              -- NULL: it is live
	reason TEXT,
	requests INTEGER NOT NULL DEFAULT 0,
	bytes_in INTEGER NOT NULL DEFAULT 0,  -- from the client
	bytes_out INTEGER NOT NULL DEFAULT 0, -- to the client
	CHECK ((closed IS NULL) = (reason IS NULL))
) STRICT;
CREATE INDEX sessions_by_id ON sessions (id, opened);
CREATE INDEX sessions_by_opened ON sessions (opened);
CREATE INDEX sessions_by_closed ON sessions (closed) WHERE closed IS NOT NULL;
CREATE INDEX sessions_live ON sessions (id) WHERE closed IS NULL;
CREATE VIEW tunnels AS
	SELECT session, id, peer, client, family, iss, sub, jti, token_expires, opened
	FROM sessions WHERE closed IS NULL;
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
CREATE TABLE bans (
	match TEXT PRIMARY KEY,      -- an id, or a glob as fnmatch(3) reads it
	until INTEGER NOT NULL,      -- milliseconds since 1970; 0: for ever
	added INTEGER NOT NULL,
	by TEXT NOT NULL,
	why TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE VIEW v_audit AS
	SELECT seq, strftime('%Y-%m-%dT%H:%M:%fZ', at / 1000.0, 'unixepoch') AS at,
		event, actor, subject, detail
	FROM audit;
CREATE VIEW v_sessions AS
	SELECT session, id,
		strftime('%Y-%m-%dT%H:%M:%fZ', opened / 1000.0, 'unixepoch') AS opened,
		strftime('%Y-%m-%dT%H:%M:%fZ', closed / 1000.0, 'unixepoch') AS closed,
		(closed - opened) / 1000.0 AS seconds, reason, requests, bytes_in, bytes_out,
		peer, client, family, iss, sub, jti,
		strftime('%Y-%m-%dT%H:%M:%SZ', token_expires / 1000.0, 'unixepoch') AS token_expires
	FROM sessions;
CREATE VIEW v_tunnels AS
	SELECT session, id,
		strftime('%Y-%m-%dT%H:%M:%fZ', opened / 1000.0, 'unixepoch') AS opened,
		peer, client, family, iss, sub, jti,
		strftime('%Y-%m-%dT%H:%M:%SZ', token_expires / 1000.0, 'unixepoch') AS token_expires
	FROM tunnels;
CREATE VIEW v_audit_chain AS
	SELECT seq,
		length(CAST(seq AS TEXT)) || ':' || seq || ',' ||
		length(CAST(at AS TEXT)) || ':' || at || ',' ||
		length(CAST(event AS BLOB)) || ':' || event || ',' ||
		length(CAST(actor AS BLOB)) || ':' || actor || ',' ||
		length(CAST(subject AS BLOB)) || ':' || subject || ',' ||
		length(CAST(detail AS BLOB)) || ':' || detail || ',' ||
		length(CAST(prev_hash AS BLOB)) || ':' || prev_hash || ',' AS hashed,
		hash
	FROM audit;
