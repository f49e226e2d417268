/* cli/ctl_column_tbl.h - the listings: which array of the answer, and which columns.
 *
 * LISTING(NAME, "array", "next", "whole")
 *   next    the option that asks for the rows behind these
 *   whole   the option that bounds the listing by itself, so that all pages are fetched when it is
 *           given; "" when that is always so. Otherwise one page, and a word about the next
 * COLUMN(NAME, "HEADING", "member", KIND, SIDE, CUT, rank)
 *   KIND    of cli/ctl_value.h
 *   CUT     WHOLE, or CUT: may be cut when the terminal is narrow
 *   rank    0: always shown; else the highest goes first when the terminal is narrow
 */
#ifndef LISTING
#define LISTING(...)
#endif
#ifndef COLUMN
#define COLUMN(...)
#endif
/* clang-format off */
LISTING(TUNNEL_LIST, "tunnels", "offset", "")
COLUMN(TUNNEL_LIST, "ID",       "id",               PLAIN,  LEFT,  CUT,   0)
COLUMN(TUNNEL_LIST, "PEER",     "peer",             PLAIN,  LEFT,  CUT,   4)
COLUMN(TUNNEL_LIST, "AGENT",    "agent",            PLAIN,  LEFT,  CUT,   9)
COLUMN(TUNNEL_LIST, "UP",       "opened_at",        AGE,    RIGHT, WHOLE, 0)
COLUMN(TUNNEL_LIST, "STREAMS",  "streams",          PLAIN,  RIGHT, WHOLE, 0)
COLUMN(TUNNEL_LIST, "STALLED",  "stalled",          PLAIN,  RIGHT, WHOLE, 6)
COLUMN(TUNNEL_LIST, "REQUESTS", "requests",         COUNT,  RIGHT, WHOLE, 0)
COLUMN(TUNNEL_LIST, "IN",       "bytes_in",         BYTES,  RIGHT, WHOLE, 3)
COLUMN(TUNNEL_LIST, "OUT",      "bytes_out",        BYTES,  RIGHT, WHOLE, 2)
COLUMN(TUNNEL_LIST, "HELD",     "held_bytes",       BYTES,  RIGHT, WHOLE, 7)
COLUMN(TUNNEL_LIST, "RTT",      "rtt_ms",           MS,     RIGHT, WHOLE, 1)
COLUMN(TUNNEL_LIST, "TOKEN",    "token_expires_at", LEFT,   RIGHT, WHOLE, 5)
COLUMN(TUNNEL_LIST, "WORKER",   "worker",           PLAIN,  RIGHT, WHOLE, 8)

LISTING(BAN_LIST, "bans", "", "")
COLUMN(BAN_LIST, "MATCH",  "match",    PLAIN,  LEFT,  CUT,   0)
COLUMN(BAN_LIST, "LEFT",   "until",    EVER,   RIGHT, WHOLE, 0)
COLUMN(BAN_LIST, "ADDED",  "added_at", MOMENT, LEFT,  WHOLE, 2)
COLUMN(BAN_LIST, "BY",     "by",       PLAIN,  LEFT,  CUT,   1)
COLUMN(BAN_LIST, "REASON", "reason",   PLAIN,  LEFT,  CUT,   0)

LISTING(AUDIT_LIST, "rows", "after", "since")
COLUMN(AUDIT_LIST, "SEQ",     "seq",     PLAIN,  RIGHT, WHOLE, 0)
COLUMN(AUDIT_LIST, "AT",      "at",      MOMENT, LEFT,  WHOLE, 0)
COLUMN(AUDIT_LIST, "EVENT",   "event",   PLAIN,  LEFT,  WHOLE, 0)
COLUMN(AUDIT_LIST, "ACTOR",   "actor",   PLAIN,  LEFT,  CUT,   2)
COLUMN(AUDIT_LIST, "SUBJECT", "subject", PLAIN,  LEFT,  CUT,   0)
COLUMN(AUDIT_LIST, "DETAIL",  "detail",  PLAIN,  LEFT,  CUT,   1)

LISTING(SESSION_LIST, "sessions", "before", "since")
COLUMN(SESSION_LIST, "SESSION",  "session",   PLAIN,  RIGHT, WHOLE, 0)
COLUMN(SESSION_LIST, "ID",       "id",        PLAIN,  LEFT,  CUT,   0)
COLUMN(SESSION_LIST, "PEER",     "peer",      PLAIN,  LEFT,  CUT,   3)
COLUMN(SESSION_LIST, "AGENT",    "agent",     PLAIN,  LEFT,  CUT,   6)
COLUMN(SESSION_LIST, "SUB",      "sub",       PLAIN,  LEFT,  CUT,   7)
COLUMN(SESSION_LIST, "OPENED",   "opened_at", MOMENT, LEFT,  WHOLE, 0)
COLUMN(SESSION_LIST, "CLOSED",   "closed_at", MOMENT, LEFT,  WHOLE, 4)
COLUMN(SESSION_LIST, "REASON",   "reason",    PLAIN,  LEFT,  WHOLE, 0)
COLUMN(SESSION_LIST, "REQUESTS", "requests",  COUNT,  RIGHT, WHOLE, 5)
COLUMN(SESSION_LIST, "IN",       "bytes_in",  BYTES,  RIGHT, WHOLE, 8)
COLUMN(SESSION_LIST, "OUT",      "bytes_out", BYTES,  RIGHT, WHOLE, 8)

LISTING(REQUEST_LIST, "requests", "", "")
COLUMN(REQUEST_LIST, "AT",      "at",      MOMENT, LEFT,  WHOLE, 0)
COLUMN(REQUEST_LIST, "REQUEST", "what",    PLAIN,  LEFT,  CUT,   0)
COLUMN(REQUEST_LIST, "PEER",    "peer",    PLAIN,  LEFT,  CUT,   2)
COLUMN(REQUEST_LIST, "TUNNEL",  "id",      PLAIN,  LEFT,  CUT,   1)
COLUMN(REQUEST_LIST, "VERDICT", "verdict", PLAIN,  LEFT,  WHOLE, 0)
COLUMN(REQUEST_LIST, "STATUS",  "status",  PLAIN,  RIGHT, WHOLE, 0)
COLUMN(REQUEST_LIST, "ID",      "request", PLAIN,  LEFT,  WHOLE, 3)

LISTING(CONFIG, "settings", "", "")
COLUMN(CONFIG, "NAME",   "name",   PLAIN, LEFT, WHOLE, 0)
COLUMN(CONFIG, "VALUE",  "value",  PLAIN, LEFT, CUT,   0)
COLUMN(CONFIG, "FROM",   "source", PLAIN, LEFT, WHOLE, 0)
COLUMN(CONFIG, "CHANGE", "change", PLAIN, LEFT, WHOLE, 1)
/* clang-format on */
#undef LISTING
#undef COLUMN
