/* msg/limit_tbl.h - what is bounded, by how much, and under which name it is set.
 *
 * LIMIT(field, "ENVIRONMENT_NAME", unit, default, "help")
 *   unit   BYTES, MS (set in seconds, fractions allowed: 0.5), COUNT; _OR_0 where 0 means something
 */
/* clang-format off */
LIMIT(head_max,          "WHT_HEAD_MAX",          BYTES,      32 * 1024,        "a whole request or response head")
LIMIT(target_max,        "WHT_TARGET_MAX",        BYTES,      8 * 1024,         "a request target")
LIMIT(fields_max,        "WHT_FIELDS_MAX",        COUNT,      100,              "fields in a head")
LIMIT(handshake_timeout, "WHT_HANDSHAKE_TIMEOUT", MS,         10 * 1000,        "from accept to a finished TLS handshake")
LIMIT(head_timeout,      "WHT_HEAD_TIMEOUT",      MS,         10 * 1000,        "from a request's first byte, or accept, to its whole head")
LIMIT(idle_timeout,      "WHT_IDLE_TIMEOUT",      MS,         75 * 1000,        "a viewer's connection between two requests")
LIMIT(body_timeout,      "WHT_BODY_TIMEOUT",      MS,         60 * 1000,        "a body, either way, that makes no progress")
LIMIT(response_timeout,  "WHT_RESPONSE_TIMEOUT",  MS,         60 * 1000,        "from a whole request to its response head")
LIMIT(open_timeout,      "WHT_OPEN_TIMEOUT",      MS,         30 * 1000,        "a stream that the client does not accept")
LIMIT(admit_timeout,       "WHT_ADMIT_TIMEOUT",        MS,    3 * 1000,         "a registration that waits for its row in the audit log")
LIMIT(drain_timeout,     "WHT_DRAIN_TIMEOUT",     MS,         30 * 1000,        "requests under way when the service stops")
LIMIT(linger_timeout,    "WHT_LINGER_TIMEOUT",    MS,         30 * 1000,        "late bytes of a stream that was given up (clients without rst)")
LIMIT(linger_bytes,      "WHT_LINGER_BYTES",      BYTES,      64 * 1024 * 1024, "the same, in bytes")
LIMIT(ping_interval,     "WHT_PING_INTERVAL",     MS,         20 * 1000,        "between two pings to a client; silence for one more ends the session")
LIMIT(reuse_timeout,     "WHT_REUSE_TIMEOUT",     MS_OR_0,    2 * 1000,         "an idle stream kept for the next request to the same tunnel; 0: never")
LIMIT(window,            "WHT_WINDOW",            BYTES,      256 * 1024,       "bytes that a client may send on one stream ahead of the viewer")
LIMIT(stream_memory,     "WHT_STREAM_MEMORY",     BYTES,      4 * 1024 * 1024,  "un-acknowledged bytes held for one stream")
LIMIT(session_memory,    "WHT_SESSION_MEMORY",    BYTES,      16 * 1024 * 1024, "un-acknowledged bytes held for one client")
LIMIT(process_memory,    "WHT_PROCESS_MEMORY",    BYTES_OR_0, 0,                "un-acknowledged bytes held in all; 0: 512 MiB or a quarter of the RAM, whichever is less")
LIMIT(requests_kept,     "WHT_REQUESTS_KEPT",     BYTES_OR_0, 1024 * 1024,      "heads of the last requests that each worker remembers, for whtctl request list and lua test --since; 0: none")
LIMIT(viewers_max,       "WHT_VIEWERS_MAX",       COUNT,      10000,            "viewer connections in all")
LIMIT(streams_max,       "WHT_STREAMS_MAX",       COUNT,      4096,             "streams of one client at once")
/* clang-format on */
