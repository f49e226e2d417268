/* msg/metric_tbl.h - what a worker counts, and under which name it is
 * shown (Prometheus conventions).
 *
 * COUNTER(field, "name", "help")   only grows
 * GAUGE(field, "name", "help")     a value now; microseconds where the name ends in _seconds
 * HISTOGRAM(field, "name", "help") seconds, in the buckets of METRIC_BUCKETS
 * BY(field, count, "name", "label", label_of, "help")  counters for each value of a label
 *
 * What is no worker's (audit queue, commits, certificate expiry, process memory) is the control
 * plane's and stands in controlplane/metric_tbl.h.
 */
/* clang-format off */
BY(requests, 6,              "wht_requests_total",           "class",  metric_class,  "requests answered, by class of status; none: the viewer was told nothing")
BY(ended, REASON_COUNT,      "wht_ends_total",               "reason", metric_reason, "requests, connections and sessions that ended, by reason")
COUNTER(viewer_bytes_in,     "wht_viewer_received_bytes_total", "request body bytes from viewers")
COUNTER(viewer_bytes_out,    "wht_viewer_sent_bytes_total",  "response body bytes to viewers")
COUNTER(tunnel_bytes_in,     "wht_tunnel_received_bytes_total", "bytes from clients, framing included, of sessions that ended")
COUNTER(tunnel_bytes_out,    "wht_tunnel_sent_bytes_total",  "bytes to clients, framing included, of sessions that ended")
COUNTER(registrations,       "wht_registrations_total",      "clients admitted")
COUNTER(moves,               "wht_moves_total",              "connections given to the worker that owns their tunnel")
COUNTER(reuses,              "wht_stream_reuses_total",      "requests that went out on a stream kept from an earlier one")
GAUGE(tunnels,               "wht_tunnels",                  "live tunnels")
GAUGE(streams,               "wht_streams",                  "open streams")
GAUGE(viewers,               "wht_viewers",                  "viewer connections")
GAUGE(held,                  "wht_held_bytes",               "bytes from clients that wait for viewers")
GAUGE(lag_us,                "wht_loop_lag_seconds",         "how late the event loop came to its last check")
GAUGE(unrecorded,            "wht_unrecorded_rows",          "audit rows sent to the control plane and not yet on disk")
BY(hook_calls, LUA_PHASES,   "wht_hook_calls_total",         "phase",  metric_phase,  "calls of the operator's script")
BY(hook_failures, LUA_PHASES, "wht_hook_failures_total",     "phase",  metric_phase,  "those of them that erred or overran")
GAUGE(hook_memory,           "wht_hook_memory_bytes",        "memory that the script holds")
HISTOGRAM(hook_time,         "wht_hook_seconds",             "how long a call of the script took")
HISTOGRAM(first_byte,        "wht_time_to_first_byte_seconds", "from a whole request head to its response head")
HISTOGRAM(round_trip,        "wht_tunnel_round_trip_seconds", "pings of tunnel clients")
/* clang-format on */
