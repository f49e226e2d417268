/* lua/phase_tbl.h - the moments at which an operator's script is asked,
 * and what its word counts for.
 *
 * PHASE(NAME, word, function, may, fails, "argument", "when, and what it may answer")
 *   word      its name in settings, metrics and the audit
 *   function  the global function of the script
 *   may       what its verdict may hold (lua/verdict_tbl.h) and whether it may edit;
 *             anything else is an error of the script
 *   fails     what an error or an overrun means for the one request: CLOSED refuses it, OPEN goes
 *             on as if there were no script. A setting for those that have a request to refuse
 */
/* clang-format off */
PHASE(REGISTER, register, "on_register", MAY_DENY | MAY_NAME,                        CLOSED, "req",    "a client with a valid token wants to become a tunnel: deny, rename, label")
PHASE(ROUTE,    route,    "on_route",    MAY_ROUTE,                                  OPEN,   "req",    "which tunnel is a viewer's request for, and under which path? nil: the built-in rule")
PHASE(REQUEST,  request,  "on_request",  MAY_DENY | MAY_ANSWER | MAY_BODY | MAY_EDIT, CLOSED, "req",   "a viewer's request on its way into the tunnel: deny, answer, edit, or ask for the body first")
PHASE(BODY,     body,     "on_body",     MAY_DENY | MAY_ANSWER | MAY_EDIT,           CLOSED, "req",    "the same with req.body, for requests of which on_request asked for it")
PHASE(RESPONSE, response, "on_response", MAY_EDIT,                                   OPEN,   "res",    "the response head on its way to the viewer: edit status and fields")
PHASE(OPEN,     open,     "on_open",     0,                                          OPEN,   "tunnel", "a tunnel came up")
PHASE(CLOSE,    close,    "on_close",    0,                                          OPEN,   "tunnel", "a tunnel went away")
PHASE(LOG,      log,      "on_log",      MAY_DROP | MAY_LINE | MAY_EDIT,             OPEN,   "event",  "a line of the access or event log: change fields, drop it, or write your own")
/* clang-format on */
