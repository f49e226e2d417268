/* controlplane/audit_event_tbl.h - what is put on record, and what each row says.
 *
 * AUDIT_EVENT(NAME, "event", "what happened", "its subject", "its detail")
 * The commands of the operator are events too: "admin." and the words of controlplane/admin_tbl.h.
 */
/* clang-format off */
AUDIT_EVENT(SERVER_START,    "server.start",           "whtd started",                              "-",         "version, workers, tls")
AUDIT_EVENT(SERVER_STOP,     "server.stop",            "whtd ended as it was told to",              "-",         "")
AUDIT_EVENT(CRASH_RECOVERED, "server.crash_recovered", "the last whtd did not end well; its sessions are closed", "-", "sessions, last_row_at")
AUDIT_EVENT(TUNNEL_OPEN,     "tunnel.open",            "a client was admitted",                     "tunnel id", "session, worker, peer, client, family, window, rst, iss, sub, jti, token_expires")
AUDIT_EVENT(TUNNEL_CLOSE,    "tunnel.close",           "a session ended",                           "tunnel id", "session, reason, requests, bytes_in, bytes_out")
AUDIT_EVENT(TUNNEL_REPLACED, "tunnel.replaced",        "a session ended: its id registered again",  "tunnel id", "as tunnel.close")
AUDIT_EVENT(TUNNEL_KILLED,   "tunnel.killed",          "an operator ended a session, by a kill or a ban", "tunnel id", "as tunnel.close")
AUDIT_EVENT(AUTH_REFUSED,    "auth.refused",           "registrations were refused",                "tunnel id of the first", "reason, fault, peer of the first, count")
AUDIT_EVENT(BAN_ADDED,       "ban.added",              "ids may not register",                      "id or glob", "until, why")
AUDIT_EVENT(BAN_REMOVED,     "ban.removed",            "they may again",                            "id or glob", "why, where it expired")
AUDIT_EVENT(CONFIG_RELOADED, "config.reloaded",        "the configuration was read again",          "-",         "lua_sha256, where there is a script")
AUDIT_EVENT(CONFIG_REFUSED,  "config.refused",         "it had errors; the old one stays",          "-",         "errors")
AUDIT_EVENT(HOOK_FAILED,     "hook.failed",            "an operator's script failed",               "tunnel id", "phase, count since the last such row, text")
AUDIT_EVENT(AUDIT_GAP,       "audit.gap",              "rows could not be written for a while",     "-",         "since, ms, refused, dropped, why")
AUDIT_EVENT(AUDIT_RETIRED,   "audit.retired",          "a segment outlived the retention; its rows are deleted", "-", "segment, first_seq, last_seq, last_hash")
AUDIT_EVENT(AUDIT_MISMATCH,  "audit.mismatch",         "at start the last row was not the last that whtd wrote", "-", "expected, found")
/* clang-format on */
