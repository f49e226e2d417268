#include "cli/say.h"

#include <errno.h>
#include <sys/stat.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/strb.h"

enum { EVENT_MAX = 64 * 1024 };

static const char *const words[] = {
    [WHC_UP] = "up",
    [WHC_DOWN] = "down",
    [WHC_RESTING] = "resting",
    [WHC_REQUEST] = "request",
    [WHC_ROUND_TRIP] = "round_trip",
    [WHC_TOKEN] = "token",
    [WHC_NOTICE] = "notice",
    [WHC_OVER] = "over",
};

/* ---- JSON ---- */

static void
add_text(struct strb *b, const char *name, const char *text)
{
	if (!text || !text[0])
		return;
	strb_printf(b, ",\"%s\":\"", name);
	strb_json(b, span_str(text));
	strb_char(b, '"');
}

static void
say_json(const struct whc_event *e)
{
	char when[CLOCK_TEXT_MAX];
	struct strb b;

	strb_init(&b, EVENT_MAX);
	strb_printf(&b, "{\"event\":\"%s\"", words[e->type]);
	add_text(&b, "url", e->url);
	add_text(&b, "id", e->id);
	add_text(&b, "target", e->target);
	add_text(&b, "method", e->method);
	add_text(&b, "path", e->path);
	if (e->type == WHC_REQUEST || e->type == WHC_OVER)
		strb_printf(&b, ",\"status\":%d", e->status);
	if (e->type == WHC_REQUEST)
		strb_printf(&b, ",\"bytes\":%llu", (unsigned long long)e->bytes);
	if (e->type == WHC_REQUEST || e->type == WHC_ROUND_TRIP)
		strb_printf(&b, ",\"ms\":%.3f", (double)e->us / 1000);
	if (e->type == WHC_RESTING)
		strb_printf(&b, ",\"ms\":%llu", (unsigned long long)e->ms);
	if (e->expires)
		strb_printf(&b, ",\"expires\":%lld", (long long)e->expires);
	add_text(&b, e->type == WHC_REQUEST ? "error" : "text", e->text);
	add_text(&b, "time", clock_text(clock_wall_ms(), when));
	strb_add(&b, SPAN("}\n"));
	if (!strb_failed(&b))
		fwrite(b.p, 1, b.n, stdout);
	fflush(stdout);
	strb_free(&b);
}

/* ---- lines ---- */

static void
say_request(const struct whc_event *e)
{
	log_event(LVL_INFO, "request", NULL, LOG_STR("tunnel", e->id), LOG_STR("method", e->method),
	    LOG_STR("path", e->path), LOG_INT("status", e->status), LOG_INT("us", e->us),
	    LOG_INT("bytes", e->bytes), LOG_STR("error", e->text));
}

/* A whole file or none: who waits for it must not read half a URL. */
static void
write_out_file(const char *path, const char *url)
{
	char next[4096];
	int fd, n = snprintf(next, sizeof(next), "%s.XXXXXX", path);
	bool written;

	if (n >= (int)sizeof(next) || (fd = mkstemp(next)) < 0) {
		log_warn(NULL, "%s cannot be written: %s", path, strerror(errno));
		return;
	}
	fchmod(fd, 0644);
	written = dprintf(fd, "%s", url) == (int)strlen(url);
	close(fd);
	if (!written || rename(next, path) < 0) {
		log_warn(NULL, "%s cannot be written: %s", path, strerror(errno));
		unlink(next);
	}
}

static void
say_url(struct say *say, const char *url)
{
	if (strcmp(say->url, url) == 0)
		return;
	snprintf(say->url, sizeof(say->url), "%s", url);
	if (say->out_file)
		write_out_file(say->out_file, url);
	if (say->json || say->quiet)
		return;
	printf("%s\n", url);
	fflush(stdout);
}

void
say_event(void *user, const struct whc_event *e)
{
	struct say *say = user;

	if (e->type == WHC_UP)
		say_url(say, e->url);
	if (say->json)
		say_json(e);
	else if (e->type == WHC_REQUEST && !say->quiet)
		say_request(e);
}
