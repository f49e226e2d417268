/* lua/message_tbl.h - what req and res hold.
 *
 * MEMBER(name, TYPE, member, phases, "help")
 *   TYPE    TEXT, WORD (a text that is often the same as in the call before), TRUTH,
 *           STATUS (a number), HEADERS
 *   member  of struct lua_message; not looked at for HEADERS
 *   phases  where it is there: REQ of a viewer or a registration, RES, or both;
 *           what is empty is nil
 *
 * path and query may be set where the phase may edit a request,
 * status where it may edit a response. They are looked for in this order: what scripts ask for most
 * stands first.
 */
/* clang-format off */
MEMBER(headers,    HEADERS, tls,        REQ | RES, "the fields")
MEMBER(path,       WORD,    now.path,   REQ | RES, "without the query; in on_route the viewer's, then what the client gets")
MEMBER(id,         WORD,    id,         REQ | RES, "the tunnel; in on_route what the built-in rule says, or nil")
MEMBER(peer,       WORD,    peer,       REQ | RES, "the other end's address, without a port")
MEMBER(method,     WORD,    method,     REQ | RES, "of the request")
MEMBER(host,       WORD,    host,       REQ | RES, "as the viewer named it")
MEMBER(query,      TEXT,    now.query,  REQ | RES, "without its question mark")
MEMBER(tls,        TRUTH,   tls,        REQ | RES, "did it come by https?")
MEMBER(request_id, TEXT,    request_id, REQ | RES, "as in the log")
MEMBER(status,     STATUS,  now.status, RES,       "of the response")
MEMBER(body,       TEXT,    body,       REQ,       "in on_body")
MEMBER(iss,        WORD,    iss,        REQ,       "in on_register: of the token")
MEMBER(sub,        WORD,    sub,        REQ,       "in on_register: of the token")
MEMBER(jti,        TEXT,    jti,        REQ,       "in on_register: of the token")
/* clang-format on */
