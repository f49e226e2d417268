-- Tunnel ids that may not register.
BEGIN IMMEDIATE;

CREATE TABLE bans (
	match TEXT PRIMARY KEY,      -- an id, or a glob as fnmatch(3) reads it
	until INTEGER NOT NULL,      -- milliseconds since 1970; 0: for ever
	added INTEGER NOT NULL,
	by TEXT NOT NULL,
	why TEXT NOT NULL
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 3;
COMMIT;
