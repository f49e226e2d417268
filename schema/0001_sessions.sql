-- Who was connected. Times are milliseconds since 1970, UTC.
BEGIN IMMEDIATE;

PRAGMA application_id = 0x77687464; -- "whtd"

-- What the service remembers of itself.
CREATE TABLE meta (
	key TEXT PRIMARY KEY,
	value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- One row for each client connection that was admitted.
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

-- The live ones.
CREATE VIEW tunnels AS
	SELECT session, id, peer, client, family, iss, sub, jti, token_expires, opened
	FROM sessions WHERE closed IS NULL;

PRAGMA user_version = 1;
COMMIT;
