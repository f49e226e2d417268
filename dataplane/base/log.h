/* base/log.h - lines for people and machines, that never make the caller wait.
 *
 * A line is built on the caller's thread and put into a bounded queue; one writer thread (started
 * by log_start) hands it to stdout or stderr and, where configured, to syslog. When the queue is
 * full because a pipe is blocked, lines are dropped and counted, and the count is logged when it
 * moves again. Before log_start and after log_stop lines go to stderr at once. Any thread.
 *
 * Two shapes from the same call: text for eyes,
 *   2026-11-22T14:13:33.042Z info  tunnel.open worker=2 tunnel=alpha peer=10.0.0.7:51234
 * or, in production, one JSON object a line with the mozlog fields Timestamp (ns), Type, Logger,
 * Severity (syslog's numbers), Pid, Hostname, EnvVersion, Fields. Bytes that a stranger chose are
 * escaped: one record is one line, always. Tokens and secrets are never given to a log call.
 */
#ifndef WHT_BASE_LOG_H
#define WHT_BASE_LOG_H

#include "base/span.h"

enum log_level { LVL_DEBUG, LVL_INFO, LVL_WARN, LVL_ERROR };

/* What an object is known by in every line about it. The object keeps it and what it points to. */
struct log_tag {
	int worker;	     /* -1: not in a worker */
	const char *kind;    /* "viewer", "link", ...; NULL: none */
	uint64_t serial;     /* of that kind, in this worker */
	struct span tunnel;  /* the id, once known */
	struct span request; /* the request id, once known */
};

/* One named value of an event. */
struct log_field {
	const char *name; /* NULL ends the list */
	enum { LOG_F_SPAN, LOG_F_INT, LOG_F_BOOL } kind;
	struct span text;
	int64_t number;
};
/* clang-format off */
#define LOG_TEXT(name, value) {name, LOG_F_SPAN, value, 0}
#define LOG_STR(name, value)  {name, LOG_F_SPAN, span_str(value), 0}
#define LOG_INT(name, value)  {name, LOG_F_INT, {NULL, 0}, (int64_t)(value)}
#define LOG_BOOL(name, value) {name, LOG_F_BOOL, {NULL, 0}, (value) ? 1 : 0}
/* clang-format on */

#define LOG_TAG_FIELDS_MAX 5
/* What an object is known by, as fields like any other: how many, and behind them one that ends
 * them. tag may be NULL. */
size_t log_tag_fields(const struct log_tag *, struct log_field out[LOG_TAG_FIELDS_MAX]);

/* An event with fields: log_event(LVL_INFO, "tunnel.open", &tag, LOG_STR("peer", peer)); */
#define log_event(level, type, tag, ...)                                                           \
	log_emit(level, type, tag,                                                                 \
	    (const struct log_field[]){__VA_ARGS__ __VA_OPT__(, ){.name = NULL}})
/* A sentence; its event type is "message". */
#define log_debug(tag, ...) log_sentence(LVL_DEBUG, tag, __VA_ARGS__)
#define log_info(tag, ...)  log_sentence(LVL_INFO, tag, __VA_ARGS__)
#define log_warn(tag, ...)  log_sentence(LVL_WARN, tag, __VA_ARGS__)
#define log_error(tag, ...) log_sentence(LVL_ERROR, tag, __VA_ARGS__)

void log_emit(enum log_level, const char *type, const struct log_tag *, const struct log_field *);
void log_sentence(enum log_level, const struct log_tag *, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* A line that somebody else laid out, as it is; its control bytes are escaped. */
void log_raw(enum log_level, struct span line);

struct log_config {
	const char *logger; /* "whtd" */
	bool json;
	int fd;		    /* where lines go: 1 or 2 */
	const char *syslog; /* "host:port" or "host", UDP, RFC 5424; NULL: none */
	enum log_level level;
};

/* 0, or -WHT_EINVAL when the syslog address cannot be used. Resolves a name, so it may wait. */
int log_start(const struct log_config *);
/* Writes what is queued, for a second at most, and ends the writer. */
void log_stop(void);

void log_set_level(enum log_level);
bool log_enabled(enum log_level);
/* The level called that ("debug" ... "error"), or -1. */
int log_level_parse(struct span name);
/* Lines that were dropped since log_start. */
uint64_t log_dropped(void);

#endif
