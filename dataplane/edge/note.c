#include "edge/note.h"

#include "base/clock.h"
#include "base/obj.h"
#include "edge/hooks.h"
#include "net/addr.h"

enum { WHAT_MAX = 256 /* bytes of a target in the log */ };

/* The query may hold what is nobody's to read: it stays out of the log. */
static struct span
shown_target(struct span target)
{
	ptrdiff_t query = span_find(target, '?');

	return span_take(span_take(target, query < 0 ? WHAT_MAX : (size_t)query), WHAT_MAX);
}

static struct span
put(char **at, struct span value)
{
	struct span copy = span_of(*at, value.n);

	if (value.n)
		memcpy(*at, value.p, value.n);
	*at += value.n;
	return copy;
}

static void
put_what(char **at, struct note *note, struct span method, struct span target)
{
	note->method = put(at, method);
	put(at, SPAN(" "));
	note->path = put(at, target);
	note->what = span_of(note->method.p, method.n + 1 + target.n);
}

struct note *
note_new(const struct worker *w, const struct log_tag *tag, const char *peer,
    const struct http_head *head, const struct note_seen *seen)
{
	static const struct note_seen nothing = {.host = {"", 0}};
	struct span from = span_str(peer), method = head ? head->method : SPAN("");
	struct span target = head ? shown_target(head->target) : SPAN("");
	const struct note_seen *s = seen ? seen : &nothing;
	size_t n = tag->request.n + from.n + method.n + 1 + target.n + s->host.n + s->target.n +
		   s->agent.n + s->referer.n;
	struct note *note = must_alloc(sizeof(*note) + n);
	char *at = note->text;

	note->tag = *tag;
	note->tag.request = put(&at, tag->request);
	note->peer = put(&at, from);
	if (head)
		put_what(&at, note, method, target);
	note->seen.host = put(&at, s->host);
	note->seen.target = put(&at, s->target);
	note->seen.agent = put(&at, s->agent);
	note->seen.referer = put(&at, s->referer);
	note->began_ms = loop_now_ms(w->loop);
	return note;
}

void
note_free(struct note **np)
{
	if (!*np)
		return;
	free((*np)->tunnel);
	free(*np);
	*np = NULL;
}

void
note_tunnel(struct note *note, struct span id)
{
	free(note->tunnel);
	note->tunnel = span_dup(id);
	note->tag.tunnel = span_of(note->tunnel, id.n);
}

void
note_end(struct worker *w, struct note **np, int status, uint64_t bytes, enum reason why)
{
	struct note *note = *np;

	*np = NULL;
	note->status = status;
	note->bytes = bytes;
	note->took_ms = loop_now_ms(w->loop) - note->began_ms;
	note->why = why;
	STAILQ_INSERT_TAIL(&w->over, note, entry);
	task_ask(&w->tell);
}

/* ---- told ---- */

/* What a script that writes the log can read beside the fields. */
static void
lay_out_note(const void *what, struct log_field out[LUA_EXTRA_MAX])
{
	const struct note *note = what;

	*out++ = (struct log_field)LOG_STR("event", "http.request");
	*out++ = (struct log_field)LOG_INT("time_ms", clock_wall_ms());
	*out++ = (struct log_field)LOG_TEXT("method", note->method);
	*out++ = (struct log_field)LOG_TEXT("path", note->path);
	*out++ = (struct log_field)LOG_TEXT("host", note->seen.host);
	*out++ = (struct log_field)LOG_TEXT("user_agent", note->seen.agent);
	*out++ = (struct log_field)LOG_TEXT("referer", note->seen.referer);
	*out++ = (struct log_field)LOG_TEXT("address", addr_text_host(note->peer));
	out->name = NULL;
}

static void
note_tell(struct worker *w, const struct note *note)
{
	const struct hooks_extra extra = {lay_out_note, note};

	worker_log(w, "http.request", &note->tag, &extra, LOG_TEXT("request", note->what),
	    LOG_INT("status", note->status), LOG_INT("bytes", note->bytes),
	    LOG_INT("ms", note->took_ms), LOG_STR("reason", reason_word(note->why)),
	    LOG_TEXT("peer", note->peer));
}

void
notes_tell(struct worker *w)
{
	struct note *note;

	while ((note = STAILQ_FIRST(&w->over))) {
		STAILQ_REMOVE_HEAD(&w->over, entry);
		note_tell(w, note);
		note_free(&note);
	}
}
