#include "base/clock.h"

#include <string.h>
#include <time.h>

#define DIGIT(n) (char)('0' + (n) % 10)

static uint64_t
read_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

uint64_t
clock_mono_ns(void)
{
	return read_ns(CLOCK_MONOTONIC);
}

uint64_t
clock_thread_ns(void)
{
	return read_ns(CLOCK_THREAD_CPUTIME_ID);
}

uint64_t
clock_mono_ms(void)
{
	return clock_mono_ns() / 1000000u;
}

uint64_t
clock_boot_ms(void)
{
	return read_ns(CLOCK_BOOTTIME) / 1000000u;
}

int64_t
clock_wall_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* A calendar is long to ask, and many lines of the log fall into one second. */
static const char *
date_text(time_t seconds)
{
	static _Thread_local char date[24];
	static _Thread_local time_t dated;
	struct tm tm;

	if (seconds == dated && date[0])
		return date;
	dated = seconds;
	if (!gmtime_r(&seconds, &tm) || !strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm))
		date[0] = '\0';
	return date;
}

struct span
clock_span(int64_t wall_ms, char out[CLOCK_TEXT_MAX])
{
	time_t seconds = (time_t)(wall_ms / 1000);
	int ms = (int)(wall_ms % 1000);
	char *end;

	if (ms < 0) {
		ms += 1000;
		seconds--;
	}
	end = stpcpy(out, date_text(seconds));
	memcpy(end, (char[]){'.', DIGIT(ms / 100), DIGIT(ms / 10), DIGIT(ms), 'Z', '\0'}, 6);
	return span_of(out, (size_t)(end - out) + 5);
}

const char *
clock_text(int64_t wall_ms, char out[CLOCK_TEXT_MAX])
{
	return clock_span(wall_ms, out).p;
}
