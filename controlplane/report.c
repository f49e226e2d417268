#include "controlplane/report.h"

#include <stdarg.h>
#include <stdio.h>

static void __attribute__((format(printf, 3, 0)))
say(struct report *r, enum log_level level, const char *fmt, va_list ap)
{
	char sentence[REPORT_TEXT_MAX];

	vsnprintf(sentence, sizeof(sentence), fmt, ap);
	r->say(r->user, level, sentence);
}

void
report_error(struct report *r, const char *fmt, ...)
{
	va_list ap;

	r->errors++;
	va_start(ap, fmt);
	say(r, LVL_ERROR, fmt, ap);
	va_end(ap);
}

void
report_warning(struct report *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(r, LVL_WARN, fmt, ap);
	va_end(ap);
}
