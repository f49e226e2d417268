#include "cli/ctl_unit.h"

#include <stdio.h>
#include <time.h>

/* Three significant digits at most, and the step up before rounding makes four of them. */
static const char *
scaled(double n, double step, const char *const names[], size_t nnames, char out[UNIT_TEXT_MAX])
{
	size_t i = 0;

	if (!(n > 0) || n > 1e30)
		n = 0;
	while (i + 1 < nnames && n >= step - 0.5) {
		n /= step;
		i++;
	}
	snprintf(out, UNIT_TEXT_MAX, i > 0 && n < 99.95 ? "%.1f%s" : "%.0f%s", n, names[i]);
	return out;
}

const char *
unit_bytes(double bytes, char out[UNIT_TEXT_MAX])
{
	static const char *const names[] = {" B", " KiB", " MiB", " GiB", " TiB", " PiB"};

	return scaled(bytes, 1024, names, sizeof(names) / sizeof(names[0]), out);
}

const char *
unit_count(double n, char out[UNIT_TEXT_MAX])
{
	static const char *const names[] = {"", "k", "M", "G", "T"};

	return scaled(n, 1000, names, sizeof(names) / sizeof(names[0]), out);
}

/* The two largest units that matter: nobody asks for the seconds of a week. */
static const char *
long_duration(uint64_t s, char out[UNIT_TEXT_MAX])
{
	uint64_t m = s / 60, h = m / 60, d = h / 24;

	if (h == 0)
		snprintf(out, UNIT_TEXT_MAX, "%um%02us", (unsigned)m, (unsigned)(s % 60));
	else if (d == 0)
		snprintf(out, UNIT_TEXT_MAX, "%uh%02um", (unsigned)h, (unsigned)(m % 60));
	else if (d < 1000)
		snprintf(out, UNIT_TEXT_MAX, "%ud%02uh", (unsigned)d, (unsigned)(h % 24));
	else
		snprintf(out, UNIT_TEXT_MAX, "%llud", (unsigned long long)d);
	return out;
}

const char *
unit_duration(double us, char out[UNIT_TEXT_MAX])
{
	if (!(us > 0))
		us = 0;
	if (us > 1e18)
		us = 1e18;
	if (us < 9.95e3)
		snprintf(out, UNIT_TEXT_MAX, "%.1fms", us / 1e3);
	else if (us < 999.5e3)
		snprintf(out, UNIT_TEXT_MAX, "%.0fms", us / 1e3);
	else if (us < 59.95e6)
		snprintf(out, UNIT_TEXT_MAX, "%.1fs", us / 1e6);
	else
		return long_duration((uint64_t)(us / 1e6 + 0.5), out);
	return out;
}

const char *
unit_moment(int64_t ms, char out[UNIT_TEXT_MAX])
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;

	if (!localtime_r(&seconds, &tm) ||
	    strftime(out, UNIT_TEXT_MAX, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		snprintf(out, UNIT_TEXT_MAX, "-");
	return out;
}

int
unit_parse_moment(struct span text, int64_t *ms)
{
	char copy[UNIT_TEXT_MAX];
	struct tm tm = {0};
	const char *rest;
	unsigned fraction = 0;

	if (text.n >= sizeof(copy))
		return -WHT_EINVAL;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	rest = strptime(copy, "%Y-%m-%dT%H:%M:%S", &tm);
	if (!rest || (*rest == '.' && sscanf(rest, ".%3u", &fraction) != 1))
		return -WHT_EINVAL;
	*ms = (int64_t)timegm(&tm) * 1000 + fraction;
	return 0;
}
