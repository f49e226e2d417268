/* http/field_tbl.h - the header fields that mean something to us, and what they mean.
 *
 * FIELD(NAME, "name", class)
 *   FRAMING   says where a message ends or whom it is for: checked, out of Connection's reach
 *   HOP       belongs to one connection (RFC 9110, 7.6.1): never forwarded
 *   FORWARDED said by us about the viewer: what a stranger sends is replaced
 *   PLAIN     passed on as it came
 */
/* clang-format off */
FIELD(HOST,                 "host",                          FRAMING)
FIELD(CONTENT_LENGTH,       "content-length",                FRAMING)
FIELD(TRANSFER_ENCODING,    "transfer-encoding",             FRAMING)
FIELD(CONNECTION,           "connection",                    HOP)
FIELD(KEEP_ALIVE,           "keep-alive",                    HOP)
FIELD(PROXY_CONNECTION,     "proxy-connection",              HOP)
FIELD(PROXY_AUTHENTICATE,   "proxy-authenticate",            HOP)
FIELD(PROXY_AUTHORIZATION,  "proxy-authorization",           HOP)
FIELD(TE,                   "te",                            HOP)
FIELD(TRAILER,              "trailer",                       HOP)
FIELD(UPGRADE,              "upgrade",                       HOP)
FIELD(HTTP2_SETTINGS,       "http2-settings",                HOP)
FIELD(FORWARDED,            "forwarded",                     FORWARDED)
FIELD(X_FORWARDED_FOR,      "x-forwarded-for",               FORWARDED)
FIELD(X_FORWARDED_PROTO,    "x-forwarded-proto",             FORWARDED)
FIELD(X_FORWARDED_HOST,     "x-forwarded-host",              FORWARDED)
FIELD(X_FORWARDED_PORT,     "x-forwarded-port",              FORWARDED)
FIELD(X_REAL_IP,            "x-real-ip",                     FORWARDED)
FIELD(WHT_ORIGINAL_PATH,    "x-webhooktunnel-original-path", FORWARDED)
FIELD(WST_ORIGINAL_PATH,    "x-websocktunnel-original-path", FORWARDED)
FIELD(WHT_ID,               "x-webhooktunnel-id",            PLAIN)
FIELD(WST_ID,               "x-websocktunnel-id",            PLAIN)
FIELD(WHT_CLIENT_URL,       "x-webhooktunnel-client-url",    PLAIN)
FIELD(WST_CLIENT_URL,       "x-websocktunnel-client-url",    PLAIN)
FIELD(WHT_MUX,              "x-webhooktunnel-mux",           PLAIN)
FIELD(WHT_ERROR,            "x-webhooktunnel-error",         PLAIN)
FIELD(X_REQUEST_ID,         "x-request-id",                  PLAIN)
FIELD(AUTHORIZATION,        "authorization",                 PLAIN)
FIELD(COOKIE,               "cookie",                        PLAIN)
FIELD(USER_AGENT,           "user-agent",                    PLAIN)
FIELD(REFERER,              "referer",                       PLAIN)
FIELD(EXPECT,               "expect",                        HOP)
FIELD(DATE,                 "date",                          PLAIN)
FIELD(SEC_WEBSOCKET_KEY,    "sec-websocket-key",             PLAIN)
FIELD(SEC_WEBSOCKET_ACCEPT, "sec-websocket-accept",          PLAIN)
FIELD(SEC_WEBSOCKET_VERSION,"sec-websocket-version",         PLAIN)
/* clang-format on */
