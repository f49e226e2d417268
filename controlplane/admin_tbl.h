/* controlplane/admin_tbl.h - every command of the operator: what it is called here and there, what
 * it takes, who may give it, and whether it is put on record.
 *
 * Compiled into whtd, whose dispatcher checks method, role and arguments and writes the audit row
 * before the command acts, and into whtctl, which makes its command line, its help and its
 * completion of the same rows. docs/admin-api.md is printed from them. A reader defines the macros
 * that it wants and includes this; the others are empty, and none is left defined.
 *
 * ADMIN(NAME, METHOD, "path", "words", ROLE, AUDIT, "answer", "help")
 *   path    {name} stands for an argument whose place is PATH, percent-encoded
 *   words   what whtctl calls it. A noun alone means its "list": whtctl audit is whtctl audit list
 *   ROLE    the least that the peer must have: VIEW, OPERATE (end and ban tunnels), ADMIN
 *   AUDIT   RECORDED: a row "admin." + words with dots, with the peer's uid and pid, is on disk
 *           before the command acts; or UNRECORDED
 *   answer  the shape of the JSON answer; text/plain where it is no JSON. Where it says tunnel:
 *           {id, url, worker, session, peer, agent, label (of the operator's script),
 *           family (webhooktunnel or websocktunnel), window, rst, iss, sub, jti, token_expires_at,
 *           opened_at, requests, bytes_in, bytes_out, rtt_ms (null: not measured yet), held_bytes,
 *           streams, stalled}.
 *           Names that end in _at are times, 2026-11-22T14:13:33.042Z, or null.
 *           Every error: {error: word, message: sentence, hint: what to do}
 * ADMIN_ARG(NAME, name, PLACE, TYPE, NEED, "help")
 *   PLACE   PATH, QUERY, or BODY: a member of the JSON object that the request carries
 *   TYPE    a row of ADMIN_TYPE
 *   NEED    REQUIRED: for whtctl a word in its place, in the order of the rows; OPTIONAL: --name
 * ADMIN_TYPE(TYPE, "expected")
 */
#ifndef ADMIN
#define ADMIN(...)
#endif
#ifndef ADMIN_ARG
#define ADMIN_ARG(...)
#endif
#ifndef ADMIN_TYPE
#define ADMIN_TYPE(...)
#endif
/* clang-format off */
ADMIN_TYPE(ID,       "a tunnel id: 1 to 128 of the characters A-Z a-z 0-9 _ ~ . % -")
ADMIN_TYPE(GLOB,     "a tunnel id, or a pattern of ids with * ? and [a-z]; 128 characters at most")
ADMIN_TYPE(TEXT,     "text without control characters, 200 bytes at most")
ADMIN_TYPE(COUNT,    "a whole number")
ADMIN_TYPE(DURATION, "a whole number and s, m, h or d: 90s, 15m, 2h, 7d")
ADMIN_TYPE(MOMENT,   "a time such as 2026-11-22T14:13:33Z, or how long ago: 2h")
ADMIN_TYPE(LEVEL,    "debug, info, warn or error")
ADMIN_TYPE(SORT,     "id, opened, requests, bytes, streams, stalled, held or rtt")
ADMIN_TYPE(REQUEST,  "a request id, as x-request-id shows it: 64 characters at most")

ADMIN(STATUS,       GET,    "/v1/status",        "status",        VIEW,    UNRECORDED, "{version, state, started_at, uptime_s, pid, workers, workers_silent, tls, public_url, tunnels, streams, viewers, held_bytes, held_max_bytes, certificate_expires_at, log_level, ledger: {troubled, trouble, queued, dropped, commits, rows, last_commit_us, slowest_commit_us, wal_bytes}}", "how the service is")
ADMIN(TUNNEL_LIST,  GET,    "/v1/tunnels",       "tunnel list",   VIEW,    UNRECORDED, "{tunnels: [tunnel], total, next: offset or null}", "live tunnels")
ADMIN_ARG(TUNNEL_LIST,  match,  QUERY, GLOB,     OPTIONAL, "only those")
ADMIN_ARG(TUNNEL_LIST,  sort,   QUERY, SORT,     OPTIONAL, "by what, the most first; id unless said")
ADMIN_ARG(TUNNEL_LIST,  limit,  QUERY, COUNT,    OPTIONAL, "at most so many: 1000 unless said, 1000 at most")
ADMIN_ARG(TUNNEL_LIST,  offset, QUERY, COUNT,    OPTIONAL, "skip so many")
ADMIN(TUNNEL_SHOW,  GET,    "/v1/tunnels/{id}",  "tunnel show",   VIEW,    UNRECORDED, "tunnel", "one live tunnel")
ADMIN_ARG(TUNNEL_SHOW,  id,     PATH,  ID,       REQUIRED, "which")
ADMIN(TUNNEL_KILL,  DELETE, "/v1/tunnels/{id}",  "tunnel kill",   OPERATE, RECORDED,   "{ended}", "end a tunnel now; its client may come back unless it is banned")
ADMIN_ARG(TUNNEL_KILL,  id,     PATH,  GLOB,     REQUIRED, "which, or which ones")
ADMIN_ARG(TUNNEL_KILL,  reason, QUERY, TEXT,     OPTIONAL, "why, for the audit")
ADMIN(BAN_LIST,     GET,    "/v1/bans",          "ban list",      VIEW,    UNRECORDED, "{bans: [{match, until (null: for ever), added_at, by, reason}], total}", "what is banned")
ADMIN(BAN_ADD,      POST,   "/v1/bans",          "ban add",       OPERATE, RECORDED,   "{match, until, ended}", "refuse these ids from now on, and end their tunnels")
ADMIN_ARG(BAN_ADD,      match,  BODY,  GLOB,     REQUIRED, "the id, or the pattern")
ADMIN_ARG(BAN_ADD,      for,    BODY,  DURATION, OPTIONAL, "how long; for ever unless said")
ADMIN_ARG(BAN_ADD,      reason, BODY,  TEXT,     OPTIONAL, "why, for the audit")
ADMIN(BAN_REMOVE,   DELETE, "/v1/bans/{match}",  "ban remove",    OPERATE, RECORDED,   "{match}", "lift a ban")
ADMIN_ARG(BAN_REMOVE,   match,  PATH,  GLOB,     REQUIRED, "as it was added")
ADMIN(AUDIT_LIST,   GET,    "/v1/audit",         "audit list",    VIEW,    UNRECORDED, "{rows: [{seq, at, event, actor, subject, detail, prev_hash, hash}], next: seq or null}", "who did what, and when; the oldest first")
ADMIN_ARG(AUDIT_LIST,   since,  QUERY, MOMENT,   OPTIONAL, "not before")
ADMIN_ARG(AUDIT_LIST,   until,  QUERY, MOMENT,   OPTIONAL, "before")
ADMIN_ARG(AUDIT_LIST,   event,  QUERY, TEXT,     OPTIONAL, "only that event; tunnel.* for all of a kind")
ADMIN_ARG(AUDIT_LIST,   id,     QUERY, TEXT,     OPTIONAL, "only about that subject")
ADMIN_ARG(AUDIT_LIST,   actor,  QUERY, TEXT,     OPTIONAL, "only by that actor")
ADMIN_ARG(AUDIT_LIST,   after,  QUERY, COUNT,    OPTIONAL, "only rows behind that seq")
ADMIN_ARG(AUDIT_LIST,   last,   QUERY, COUNT,    OPTIONAL, "only the last so many of them: 1000 at most")
ADMIN_ARG(AUDIT_LIST,   limit,  QUERY, COUNT,    OPTIONAL, "at most so many: 100 unless said, 1000 at most")
ADMIN(AUDIT_FOLLOW, GET,    "/v1/audit/follow",  "audit follow",  VIEW,    UNRECORDED, "{rows, next: seq to ask after}", "rows as they come: waits until there are some")
ADMIN_ARG(AUDIT_FOLLOW, after,  QUERY, COUNT,    OPTIONAL, "only rows behind that seq; those that are still to come unless said")
ADMIN_ARG(AUDIT_FOLLOW, event,  QUERY, TEXT,     OPTIONAL, "only that event; tunnel.* for all of a kind")
ADMIN_ARG(AUDIT_FOLLOW, id,     QUERY, TEXT,     OPTIONAL, "only about that subject")
ADMIN_ARG(AUDIT_FOLLOW, actor,  QUERY, TEXT,     OPTIONAL, "only by that actor")
ADMIN_ARG(AUDIT_FOLLOW, wait,   QUERY, DURATION, OPTIONAL, "answer with none after so long: 20s unless said, 60s at most")
ADMIN(AUDIT_VERIFY, GET,    "/v1/audit/verify",  "audit verify",  VIEW,    UNRECORDED, "{ok, rows, first_seq, last_seq, broken_seq (null: none), problem, head: hash of the last row that fits}", "walk the chain, and name the first row that does not fit")
ADMIN(SESSION_LIST, GET,    "/v1/sessions",      "sessions list", VIEW,    UNRECORDED, "{sessions: [{session, id, peer, agent, family, iss, sub, jti, token_expires_at, opened_at, closed_at, reason, requests, bytes_in, bytes_out}], next: session or null}", "client connections, past and live; the newest first")
ADMIN_ARG(SESSION_LIST, id,     QUERY, GLOB,     OPTIONAL, "only of that id, or those")
ADMIN_ARG(SESSION_LIST, since,  QUERY, MOMENT,   OPTIONAL, "opened not before")
ADMIN_ARG(SESSION_LIST, before, QUERY, COUNT,    OPTIONAL, "only sessions with a smaller number")
ADMIN_ARG(SESSION_LIST, limit,  QUERY, COUNT,    OPTIONAL, "at most so many: 100 unless said, 1000 at most")
ADMIN(TOKEN_MINT,   POST,   "/v1/tokens",        "token mint",    ADMIN,   RECORDED,   "{token, id, expires_at}", "make a registration token")
ADMIN_ARG(TOKEN_MINT,   id,     BODY,  ID,       REQUIRED, "for which tunnel")
ADMIN_ARG(TOKEN_MINT,   ttl,    BODY,  DURATION, OPTIONAL, "how long it is good: 1d unless said, 30d at most")
ADMIN_ARG(TOKEN_MINT,   aud,    BODY,  TEXT,     OPTIONAL, "its audience; AUDIENCE unless said")
ADMIN(RELOAD,       POST,   "/v1/reload",        "reload",        ADMIN,   RECORDED,   "{warnings: [sentence]}", "read the configuration, certificates and secrets again")
ADMIN(DRAIN,        POST,   "/v1/drain",         "drain",         ADMIN,   RECORDED,   "{state}", "finish what is under way, then stop")
ADMIN(LOG_LEVEL,    PUT,    "/v1/log-level",     "log level",     ADMIN,   RECORDED,   "{level}", "change what is logged, until the next reload")
ADMIN_ARG(LOG_LEVEL,    level,  BODY,  LEVEL,    REQUIRED, "the least severe line that is logged")
ADMIN(CONFIG,       GET,    "/v1/config",        "config",        VIEW,    UNRECORDED, "{settings: [{name, value, source: default, file or environment, change: reload or restart, help}]}", "the settings in force; secrets are not shown")
ADMIN(METRICS,      GET,    "/metrics",          "metrics",       VIEW,    UNRECORDED, "text/plain: Prometheus, version 0.0.4", "counters and gauges")
ADMIN(REQUEST_LIST, GET,    "/v1/requests",      "request list",  ADMIN,   RECORDED,   "{requests: [{at, request, what, peer, host, tls, worker, built_in, built_in_path: by the built-in rule, or null, usual_path: what the client gets where a script names only a tunnel, id, path: as decided, verdict: passed, denied, answered, read_body, failed or not_found, status: of denied and answered, else null, blotted: credentials are not shown, head: as it came, in base64url}], total}", "the last requests that each worker remembers, and what the rules and the script made of them; the oldest first")
ADMIN_ARG(REQUEST_LIST, since,  QUERY, MOMENT,   OPTIONAL, "not before")
ADMIN_ARG(REQUEST_LIST, limit,  QUERY, COUNT,    OPTIONAL, "the last so many of them: 1000 unless said, 10000 at most")
ADMIN(WHY,          GET,    "/v1/requests/{id}", "why",           VIEW,    UNRECORDED, "{request, id, what, peer, worker, reason, text, fault, status, answered, bytes, at, took_ms, sentence}", "why a request failed")
ADMIN_ARG(WHY,          id,     PATH,  REQUEST,  REQUIRED, "the request's x-request-id")
/* clang-format on */
#undef ADMIN
#undef ADMIN_ARG
#undef ADMIN_TYPE
