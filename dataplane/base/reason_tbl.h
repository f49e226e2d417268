/* base/reason_tbl.h - why something ended. The one list; everything that speaks of an end reads it.
 *
 * REASON(code, NAME, word, status, close, fault, text)
 *   code    its number on the wire, in a wsmux RST: never reused, never changed
 *   word    the word in logs, counters, the x-webhooktunnel-error header and the operator's tools
 *   status  what a viewer is told when no response head has been sent yet; 0: nothing, only an end
 *   close   the WebSocket close code when a whole session ends so (RFC 6455, 7.4.1)
 *   fault   who would have to change something
 *   text    a sentence for people
 */
/* clang-format off */
REASON( 0, NONE,             "done",              0, 1000, NOBODY, "finished normally")

/* the viewer's side */
REASON( 1, BAD_REQUEST,      "bad_request",     400, 1002, VIEWER, "the request is malformed")
REASON( 2, HEAD_TOO_LARGE,   "head_too_large",  431, 1002, VIEWER, "the request head is larger than the limit")
REASON( 3, TARGET_TOO_LONG,  "target_too_long", 414, 1002, VIEWER, "the request target is longer than the limit")
REASON( 4, BAD_VERSION,      "bad_version",     505, 1002, VIEWER, "only HTTP/1.0 and HTTP/1.1 are spoken here")
REASON( 5, BAD_CODING,       "bad_coding",      501, 1002, VIEWER, "the only transfer coding spoken here is chunked")
REASON( 6, BAD_METHOD,       "bad_method",      405, 1002, VIEWER, "the method is not allowed here")
REASON( 7, UNKNOWN_METHOD,   "unknown_method",  501, 1002, VIEWER, "the method is not known here")
REASON( 8, BAD_EXPECT,       "bad_expect",      417, 1002, VIEWER, "the only expectation known here is 100-continue")
REASON( 9, HEAD_TIMEOUT,     "head_timeout",    408, 1002, VIEWER, "the request head was not complete in time")
REASON(10, BODY_TIMEOUT,     "body_timeout",    408, 1002, VIEWER, "the request body made no progress in time")
REASON(11, WRITE_TIMEOUT,    "write_timeout",     0, 1002, VIEWER, "the viewer did not take its response in time")
REASON(12, VIEWER_GONE,      "viewer_gone",       0, 1000, VIEWER, "the viewer went away")
REASON(13, VIEWER_IDLE,      "viewer_idle",       0, 1000, NOBODY, "the viewer's connection was idle")
REASON(14, TLS_FAILED,       "tls_failed",        0, 1002, VIEWER, "the TLS handshake failed")
REASON(15, HANDSHAKE_TIMEOUT,"handshake_timeout", 0, 1002, VIEWER, "the TLS handshake was not complete in time")
REASON(16, SHORT_BODY,       "short_body",      400, 1002, VIEWER, "the request body ended early")

/* registration */
REASON(20, BAD_ID,           "bad_id",          400, 1008, CLIENT, "the tunnel id is malformed")
REASON(21, NO_TOKEN,         "no_token",        400, 1008, CLIENT, "a registration needs one Authorization: Bearer token")
REASON(22, NO_UPGRADE,       "no_upgrade",      404, 1008, CLIENT, "a registration is a WebSocket upgrade")
REASON(23, BAD_TOKEN,        "bad_token",       401, 1008, CLIENT, "the token does not permit this id")
REASON(24, BAD_HANDSHAKE,    "bad_handshake",   400, 1002, CLIENT, "the WebSocket handshake is malformed")
REASON(25, BAD_WS_VERSION,   "bad_ws_version",  400, 1002, CLIENT, "the WebSocket version must be 13")
REASON(27, BANNED,           "banned",          403, 1008, POLICY, "the tunnel id is banned")
REASON(28, KILLED,           "killed",          502, 1008, POLICY, "an operator ended the session")
REASON(29, NOT_RECORDED,     "not_recorded",    503, 1013, SERVER, "the audit log cannot be written now")
REASON(26, TOKEN_EXPIRED,    "token_expired",     0, 1008, CLIENT, "the token of the session expired")

/* the tunnel's side, as a viewer meets it */
REASON(30, NO_TUNNEL,        "no_tunnel",       404, 1008, CLIENT, "no client is connected under that id")
REASON(31, NOT_FOUND,        "not_found",       404, 1008, VIEWER, "there is nothing here")
REASON(32, LINK_LOST,        "link_lost",       502, 1001, CLIENT, "the tunnel client disconnected")
REASON(33, REPLACED,         "replaced",        502, 1000, CLIENT, "another client registered the same id")
REASON(34, OPEN_TIMEOUT,     "open_timeout",    504, 1000, CLIENT, "the tunnel client did not accept the stream in time")
REASON(35, RESPONSE_TIMEOUT, "response_timeout",504, 1000, CLIENT, "the tunnel client did not answer in time")
REASON(36, BAD_RESPONSE,     "bad_response",    502, 1000, CLIENT, "the tunnel client sent a malformed response")
REASON(37, EMPTY_RESPONSE,   "empty_response",  502, 1000, CLIENT, "the tunnel client closed the stream before answering")
REASON(38, SHORT_RESPONSE,   "short_response",  502, 1000, CLIENT, "the tunnel client's response ended early")
REASON(39, RESPONSE_STALLED, "response_stalled",504, 1000, CLIENT, "the response body made no progress in time")
REASON(40, STREAM_RESET,     "stream_reset",    502, 1000, CLIENT, "the tunnel client gave the stream up")
REASON(41, TARGET_REFUSED,   "target_refused",  502, 1000, CLIENT, "nothing listens at the client's local target")
REASON(42, TARGET_FAILED,    "target_failed",   502, 1000, CLIENT, "the client's local target failed")

/* the tunnel client broke the protocol: the session ends */
REASON(50, PROTOCOL,         "protocol",        502, 1008, CLIENT, "the tunnel client broke the wsmux protocol")
REASON(51, WS_PROTOCOL,      "ws_protocol",     502, 1002, CLIENT, "the peer broke the WebSocket protocol")
REASON(52, MESSAGE_TOO_BIG,  "message_too_big", 502, 1009, CLIENT, "a WebSocket message was larger than the limit")
REASON(53, TEXT_MESSAGE,     "text_message",    502, 1008, CLIENT, "a wsmux session carries no text messages")
REASON(54, OVER_CREDIT,      "over_credit",     502, 1008, CLIENT, "the peer sent more than it had credit for")
REASON(55, TOO_MANY_OPENS,   "too_many_opens",  502, 1008, CLIENT, "the peer left too many streams unaccepted")
REASON(56, PING_TIMEOUT,     "ping_timeout",    502, 1001, CLIENT, "nothing was heard from the peer within the ping interval")
REASON(57, LINK_STALLED,     "link_stalled",    502, 1008, CLIENT, "the peer did not read what was sent to it")
REASON(58, BAD_CLOSE,        "bad_close",       502, 1002, CLIENT, "the peer sent a malformed Close frame")
REASON(59, BAD_TEXT,         "bad_text",        502, 1007, CLIENT, "a close reason was not UTF-8")

/* capacity and our own doing */
REASON(60, STREAM_MEMORY,    "stream_memory",   502, 1008, VIEWER, "given up: the viewer was too slow for what the client sent")
REASON(61, PROCESS_MEMORY,   "process_memory",  503, 1013, SERVER, "the service is at its memory limit")
REASON(62, TOO_MANY_STREAMS, "too_many_streams",503, 1013, CLIENT, "the tunnel has too many requests under way")
REASON(63, TOO_MANY_VIEWERS, "too_many_viewers",503, 1013, SERVER, "the service has too many connections")
REASON(64, SHUTDOWN,         "shutdown",        503, 1001, SERVER, "the service is shutting down")
REASON(65, INTERNAL,         "internal",        500, 1011, SERVER, "the service failed")
REASON(66, DIAL_FAILED,      "dial_failed",       0, 1001, SERVER, "the connection could not be made")
REASON(67, IO,               "io",              502, 1001, NOBODY, "the connection failed")
REASON(68, EOF,              "eof",             502, 1000, NOBODY, "the peer closed the connection")

/* the operator's script */
REASON(70, HOOK_DENIED,      "hook_denied",     403, 1008, POLICY, "the operator's script refused")
REASON(71, HOOK_ANSWERED,    "hook_answered",     0, 1000, NOBODY, "the operator's script answered")
REASON(72, HOOK_FAILED,      "hook_failed",     500, 1011, SERVER, "the operator's script failed")
REASON(73, BODY_TOO_LARGE,   "body_too_large",  413, 1009, VIEWER, "the request body is larger than the script may see")
/* clang-format on */
