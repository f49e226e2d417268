-- The same for people: times that can be read.
BEGIN IMMEDIATE;

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

-- What is hashed, for whoever wants to verify with nothing but sqlite3 and sha256sum: each column as
-- its length in bytes, a colon, the bytes, a comma.
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

PRAGMA user_version = 4;
COMMIT;
