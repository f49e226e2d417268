/* http/method_tbl.h - the methods we know, and what becomes of a request with one.
 *
 * METHOD("NAME", reason)   R_NONE: passed on. A method that is not here is R_UNKNOWN_METHOD: the
 * RTSP and ICE ones that llhttp would take are left out on purpose.
 */
/* clang-format off */
METHOD("GET",         R_NONE)
METHOD("POST",        R_NONE)
METHOD("HEAD",        R_NONE)
METHOD("PUT",         R_NONE)
METHOD("DELETE",      R_NONE)
METHOD("OPTIONS",     R_NONE)
METHOD("PATCH",       R_NONE)
METHOD("COPY",        R_NONE)
METHOD("LOCK",        R_NONE)
METHOD("MKCOL",       R_NONE)
METHOD("MOVE",        R_NONE)
METHOD("PROPFIND",    R_NONE)
METHOD("PROPPATCH",   R_NONE)
METHOD("SEARCH",      R_NONE)
METHOD("UNLOCK",      R_NONE)
METHOD("BIND",        R_NONE)
METHOD("REBIND",      R_NONE)
METHOD("UNBIND",      R_NONE)
METHOD("ACL",         R_NONE)
METHOD("REPORT",      R_NONE)
METHOD("MKACTIVITY",  R_NONE)
METHOD("CHECKOUT",    R_NONE)
METHOD("MERGE",       R_NONE)
METHOD("M-SEARCH",    R_NONE)
METHOD("NOTIFY",      R_NONE)
METHOD("SUBSCRIBE",   R_NONE)
METHOD("UNSUBSCRIBE", R_NONE)
METHOD("PURGE",       R_NONE)
METHOD("MKCALENDAR",  R_NONE)
METHOD("LINK",        R_NONE)
METHOD("UNLINK",      R_NONE)
METHOD("CONNECT",     R_BAD_METHOD)     /* we are no forward proxy */
METHOD("TRACE",       R_BAD_METHOD)     /* it would echo credentials to scripts */
METHOD("PRI",         R_BAD_VERSION)    /* the preface of HTTP/2 */
/* clang-format on */
