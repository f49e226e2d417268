/* base/log_line.h - one event as one line, in either shape. For log.c alone.
 *
 * Pure: the moment and the process are given. Whatever a field holds, a line has no byte below 0x20
 * in it and ends with its only newline; a value longer than LOG_VALUE_MAX is cut, visibly.
 */
#ifndef WHT_BASE_LOG_LINE_H
#define WHT_BASE_LOG_LINE_H

#include "base/log.h"
#include "base/strb.h"

#define LOG_VALUE_MAX 1024
#define LOG_LINE_MAX  (32 * 1024) /* a syslog datagram holds it whole */

struct log_origin {
	const char *logger;
	const char *host;
	long pid;
};

struct log_record {
	int64_t wall_ms;
	enum log_level level;
	const char *type;
	const struct log_tag *tag; /* NULL: none */
	const struct log_field *fields;
};

/* Both start a new line in b, which must allow LOG_LINE_MAX bytes. An event that does not fit keeps
 * its type and its tag, and says that it was cut. */
void log_line_text(struct strb *b, const struct log_record *);
void log_line_json(struct strb *b, const struct log_record *, const struct log_origin *);

const char *log_level_word(enum log_level);
/* The number that syslog has for it (RFC 5424, 6.2.1), and mozlog too. */
int log_level_severity(enum log_level);

#endif
