#include "cli/view.h"

#include <stdio.h>
#include <stdlib.h>

enum { KEY_ENTER = '\r', KEY_LF = '\n', KEY_ESCAPE = 27, KEY_BACKSPACE = 127, KEY_CTRL_H = 8 };
enum { TEXT_MAX = 32, PATH_MAX_SHOWN = 400 };

/* ---- events ---- */

static struct view_tunnel *
tunnel_of(struct view *v, const struct whc_event *e)
{
	struct view_tunnel *t;

	for (int i = 0; i < v->ntunnels; i++) {
		if (v->tunnels[i].of == e->tunnel)
			return &v->tunnels[i];
	}
	if (v->ntunnels == VIEW_TUNNELS_MAX)
		return &v->tunnels[VIEW_TUNNELS_MAX - 1];
	t = &v->tunnels[v->ntunnels++];
	t->of = e->tunnel;
	snprintf(t->status, sizeof(t->status), "connecting");
	snprintf(t->target, sizeof(t->target), "%s", e->target ? e->target : "");
	return t;
}

/* Visible ASCII only; the rest as '?'. */
static void
copy_visible(char *out, size_t max, const char *text)
{
	size_t n = 0;

	for (; *text && n + 1 < max; text++)
		out[n++] = *text >= 0x20 && *text < 0x7f ? *text : '?';
	out[n] = '\0';
}

static void
size_text(char out[TEXT_MAX], uint64_t bytes)
{
	static const char units[] = " KMGT";
	double size = (double)bytes;
	int unit = 0;

	while (size >= 1000 && units[unit + 1]) {
		size /= 1024;
		unit++;
	}
	if (unit)
		snprintf(out, TEXT_MAX, "%.1f %ciB", size, units[unit]);
	else
		snprintf(out, TEXT_MAX, "%u B", (unsigned)bytes);
}

static void
time_text(char out[TEXT_MAX], uint64_t us)
{
	if (us < 10 * 1000)
		snprintf(out, TEXT_MAX, "%.1f ms", (double)us / 1000);
	else if (us < 10 * 1000 * 1000)
		snprintf(out, TEXT_MAX, "%llu ms", (unsigned long long)us / 1000);
	else
		snprintf(out, TEXT_MAX, "%llu s", (unsigned long long)us / 1000000);
}

void
view_duration(char out[VIEW_TIME_MAX], int64_t seconds)
{
	static const struct {
		int64_t seconds;
		const char *name;
	} units[] = {{86400, "days"}, {3600, "hours"}, {60, "min"}, {1, "s"}};
	size_t i = 0;

	if (seconds < 0)
		seconds = 0;
	while (i < 3 && seconds < 2 * units[i].seconds)
		i++;
	snprintf(
	    out, VIEW_TIME_MAX, "%lld %s", (long long)(seconds / units[i].seconds), units[i].name);
}

/* What went wrong comes before the path, which may be longer than the screen is wide. */
static void
add_request(struct view *v, const struct whc_event *e)
{
	char path[PATH_MAX_SHOWN], time[TEXT_MAX], size[TEXT_MAX],
	    *line = v->lines[v->nlines++ % VIEW_LINES_MAX];

	copy_visible(path, sizeof(path), e->path);
	time_text(time, e->us);
	size_text(size, e->bytes);
	if (e->text[0])
		snprintf(line, VIEW_LINE_MAX, "%-7.7s %3d %9s %9s  %.160s: %.280s", e->method,
		    e->status, time, size, e->text, path);
	else
		snprintf(line, VIEW_LINE_MAX, "%-7.7s %3d %9s %9s  %s", e->method, e->status, time,
		    size, path);
	v->times_us[v->requests++ % VIEW_TIMES_MAX] = e->us;
	v->errors += e->status >= 500 || e->status == 0 || e->text[0];
	v->bytes += e->bytes;
}

void
view_event(struct view *v, const struct whc_event *e)
{
	struct view_tunnel *t = tunnel_of(v, e);

	switch (e->type) {
	case WHC_UP:
		t->up = true;
		copy_visible(t->url, sizeof(t->url), e->url);
		snprintf(t->status, sizeof(t->status), "online");
		t->expires = e->expires;
		v->notice[0] = '\0';
		break;
	case WHC_DOWN:
		t->up = false;
		t->rtt_us = 0;
		snprintf(t->status, sizeof(t->status), "offline: %.140s", e->text);
		break;
	case WHC_RESTING:
		snprintf(t->status, sizeof(t->status), "offline: trying again in %.1f s",
		    (double)e->ms / 1000);
		break;
	case WHC_REQUEST:
		add_request(v, e);
		break;
	case WHC_ROUND_TRIP:
		t->rtt_us = e->us;
		break;
	case WHC_TOKEN:
		if (e->expires)
			t->expires = e->expires;
		break;
	case WHC_NOTICE:
		copy_visible(v->notice, sizeof(v->notice), e->text);
		break;
	case WHC_OVER:
		snprintf(t->status, sizeof(t->status), "over: %.140s", e->text);
		t->up = false;
	}
}

static int
compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

uint64_t
view_percentile(const struct view *v, unsigned percent)
{
	uint64_t sorted[VIEW_TIMES_MAX];
	size_t n = v->requests < VIEW_TIMES_MAX ? v->requests : VIEW_TIMES_MAX;

	if (n == 0)
		return 0;
	memcpy(sorted, v->times_us, n * sizeof(sorted[0]));
	qsort(sorted, n, sizeof(sorted[0]), compare);
	return sorted[(n - 1) * percent / 100];
}

/* ---- the filter ---- */

bool
view_type(struct view *v, int key)
{
	size_t n = strlen(v->filter);

	if (!v->typing)
		return false;
	if (key == KEY_ENTER || key == KEY_LF) {
		v->typing = false;
	} else if (key == KEY_ESCAPE) {
		v->typing = false;
		v->filter[0] = '\0';
	} else if ((key == KEY_BACKSPACE || key == KEY_CTRL_H) && n) {
		v->filter[n - 1] = '\0';
	} else if (key >= 0x20 && key < 0x7f && n + 1 < sizeof(v->filter)) {
		v->filter[n] = (char)key;
		v->filter[n + 1] = '\0';
	}
	return true;
}

/* ---- drawing ---- */

static unsigned
draw_line(struct strb *out, unsigned width, const char *text)
{
	strb_printf(out, "%.*s\x1b[K\r\n", (int)width, text);
	return 1;
}

static unsigned
draw_tunnel(const struct view_tunnel *t, unsigned width, int64_t now_s, struct strb *out)
{
	char line[1200], rtt[TEXT_MAX] = "", left[VIEW_TIME_MAX] = "";

	if (t->rtt_us)
		time_text(rtt, t->rtt_us);
	if (t->expires > now_s)
		view_duration(left, t->expires - now_s);
	snprintf(line, sizeof(line), "%s%s%s%s%s", t->status, rtt[0] ? "   round trip " : "", rtt,
	    left[0]	 ? "   token ends in "
	    : t->expires ? "   token has ended"
			 : "",
	    left);
	draw_line(out, width, line);
	snprintf(line, sizeof(line), "%s -> %s", t->url[0] ? t->url : "(no URL yet)", t->target);
	draw_line(out, width, line);
	return 2;
}

static unsigned
draw_counts(const struct view *v, unsigned width, struct strb *out)
{
	char line[256], p50[TEXT_MAX], p90[TEXT_MAX], size[TEXT_MAX];

	time_text(p50, view_percentile(v, 50));
	time_text(p90, view_percentile(v, 90));
	size_text(size, v->bytes);
	snprintf(line, sizeof(line), "%llu requests, %llu failed, %s   p50 %s   p90 %s",
	    (unsigned long long)v->requests, (unsigned long long)v->errors, size, p50, p90);
	return draw_line(out, width, line) + draw_line(out, width, "");
}

/* The last ones that the filter lets pass, as many as there is room for. */
static void
draw_requests(const struct view *v, unsigned width, unsigned rows, struct strb *out)
{
	const char *shown[VIEW_LINES_MAX];
	uint64_t n = v->nlines < VIEW_LINES_MAX ? v->nlines : VIEW_LINES_MAX;
	unsigned found = 0;

	for (uint64_t i = 0; i < n && found < rows; i++) {
		const char *line = v->lines[(v->nlines - 1 - i) % VIEW_LINES_MAX];

		if (!v->filter[0] || strstr(line, v->filter))
			shown[found++] = line;
	}
	for (unsigned i = found; i > 0; i--)
		draw_line(out, width, shown[i - 1]);
	for (unsigned i = found; i < rows; i++)
		draw_line(out, width, "");
}

void
view_draw(const struct view *v, unsigned width, unsigned height, int64_t now_s, struct strb *out)
{
	char line[512];
	unsigned used = 0;

	strb_add(out, SPAN("\x1b[H"));
	used += draw_line(out, width, "whclient");
	for (int i = 0; i < v->ntunnels && used + 6 < height; i++)
		used += draw_tunnel(&v->tunnels[i], width, now_s, out);
	used += draw_line(out, width, v->notice);
	used += draw_counts(v, width, out);
	if (height > used + 1)
		draw_requests(v, width, height - used - 1, out);
	if (v->typing || v->filter[0])
		snprintf(line, sizeof(line), "filter: %s%s", v->filter, v->typing ? "_" : "");
	else
		snprintf(line, sizeof(line), "c copy the URL   f filter   q quit   %s", v->said);
	strb_printf(out, "%.*s\x1b[J", (int)width, line);
}
