/* lua/verdict_tbl.h - what a table that a script returns may hold.
 *
 * VERDICT(key, TYPE, member, bit, KIND)
 *   TYPE    TEXT, NUMBER, TRUE or FIELDS
 *   member  of struct lua_verdict
 *   bit     the phase needs one of these (lua/phase_tbl.h)
 *   KIND    what the key makes of the verdict; NONE: it goes with another key
 */
/* clang-format off */
VERDICT(deny,      NUMBER, status, MAY_DENY,               DENY)
VERDICT(reason,    TEXT,   text,   MAY_DENY,               NONE)
VERDICT(status,    NUMBER, status, MAY_ANSWER,             ANSWER)
VERDICT(headers,   FIELDS, fields, MAY_ANSWER,             NONE)
VERDICT(body,      TEXT,   text,   MAY_ANSWER,             NONE)
VERDICT(read_body, TRUE,   status, MAY_BODY,               BODY)
VERDICT(id,        TEXT,   id,     MAY_NAME | MAY_ROUTE,   NAME)
VERDICT(path,      TEXT,   path,   MAY_ROUTE,              NONE)
VERDICT(label,     TEXT,   label,  MAY_NAME,               NAME)
/* clang-format on */
