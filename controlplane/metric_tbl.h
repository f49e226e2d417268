/* controlplane/metric_tbl.h - what the control plane itself shows in /metrics; what workers count
 * is in msg/metric_tbl.h.
 *
 * METRIC(kind, field, "name", "help")   kind: counter or gauge; every field is a double
 * One that is not known (a certificate's end without TLS) is NAN, and is left out.
 */
/* clang-format off */
METRIC(gauge,   start_time,      "wht_start_time_seconds",               "when the service started, since 1970")
METRIC(gauge,   workers,         "wht_workers",                          "workers")
METRIC(gauge,   workers_silent,  "wht_workers_silent",                   "workers that did not tell their counters in time; theirs are missing here")
METRIC(gauge,   draining,        "wht_draining",                         "1: the service is stopping")
METRIC(gauge,   held_max,        "wht_held_max_bytes",                   "what wht_held_bytes may come to, all workers together")
METRIC(gauge,   certificate_end, "wht_certificate_expiry_timestamp_seconds", "when the certificate ends, since 1970")
METRIC(gauge,   bans,            "wht_bans",                             "bans, those that ran out included until they are cleared away")
METRIC(gauge,   audit_queued,    "wht_audit_queued_rows",                "audit rows that wait to be committed")
METRIC(gauge,   audit_troubled,  "wht_audit_troubled",                   "1: the database cannot be written now, and registrations are refused")
METRIC(counter, audit_rows,      "wht_audit_rows_total",                 "audit rows committed")
METRIC(counter, audit_commits,   "wht_audit_commits_total",              "transactions committed")
METRIC(counter, audit_dropped,   "wht_audit_dropped_rows_total",         "audit rows lost to the bound of the queue; each gap is a row of its own")
METRIC(gauge,   commit_last,     "wht_audit_last_commit_seconds",        "how long the last commit took")
METRIC(gauge,   commit_slowest,  "wht_audit_slowest_commit_seconds",     "how long the slowest commit since the start took")
METRIC(gauge,   wal,             "wht_audit_wal_bytes",                  "size of the write-ahead log")
METRIC(counter, log_dropped,     "wht_log_dropped_lines_total",          "log lines dropped because nobody took them")
/* clang-format on */
