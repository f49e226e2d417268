/* controlplane/db_tbl.h - every statement that the service writes with, prepared once a connection.
 *
 * STATEMENT(NAME, "SQL")
 */
/* clang-format off */
STATEMENT(BEGIN,     "BEGIN IMMEDIATE")
STATEMENT(COMMIT,    "COMMIT")
STATEMENT(META_SET,  "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value")
STATEMENT(META_GET,  "SELECT value FROM meta WHERE key = ?")

STATEMENT(SESSION_OPEN,
	"INSERT INTO sessions (id, peer, client, family, iss, sub, jti, token_expires, opened)"
	" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
STATEMENT(SESSION_END,
	"UPDATE sessions SET closed = ?, reason = ?, requests = ?, bytes_in = ?, bytes_out = ?"
	" WHERE session = ? AND closed IS NULL")
STATEMENT(SESSION_ID, "SELECT id FROM sessions WHERE session = ?")
STATEMENT(SESSIONS_CRASHED,
	"UPDATE sessions SET closed = ?, reason = 'crash' WHERE closed IS NULL")
STATEMENT(SESSIONS_FORGET,
	"DELETE FROM sessions WHERE session IN"
	" (SELECT session FROM sessions WHERE closed < ? ORDER BY closed LIMIT 10000)")

STATEMENT(AUDIT_APPEND,
	"INSERT INTO audit (seq, at, event, actor, subject, detail, prev_hash, hash)"
	" VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
STATEMENT(AUDIT_LAST,  "SELECT seq, hash, at FROM audit ORDER BY seq DESC LIMIT 1")
STATEMENT(AUDIT_FORGET, "DELETE FROM audit WHERE seq BETWEEN ? AND ?")

STATEMENT(SEGMENT_OPEN,   "INSERT INTO audit_segment (first_seq, anchor, opened) VALUES (?, ?, ?)")
STATEMENT(SEGMENT_CLOSE,
	"UPDATE audit_segment SET last_seq = ?, last_hash = ?, closed = ? WHERE last_seq IS NULL")
STATEMENT(SEGMENT_LAST,
	"SELECT segment, first_seq, opened, last_seq, last_hash FROM audit_segment"
	" ORDER BY segment DESC LIMIT 1")
STATEMENT(SEGMENT_OLDEST,
	"SELECT segment, first_seq, last_seq, last_hash FROM audit_segment"
	" WHERE retired IS NULL AND closed < ? ORDER BY segment LIMIT 1")
STATEMENT(SOMETHING_OLD,
	"SELECT 1 WHERE EXISTS (SELECT 1 FROM audit_segment WHERE retired IS NULL AND closed < ?)"
	" OR EXISTS (SELECT 1 FROM sessions WHERE closed < ?)")
STATEMENT(SEGMENT_RETIRE, "UPDATE audit_segment SET retired = ? WHERE segment = ?")

STATEMENT(BAN_ADD,    "INSERT OR REPLACE INTO bans (match, until, added, by, why) VALUES (?, ?, ?, ?, ?)")
STATEMENT(BAN_REMOVE, "DELETE FROM bans WHERE match = ?")
STATEMENT(BANS,       "SELECT match, until, added, by, why FROM bans ORDER BY match")
/* clang-format on */
