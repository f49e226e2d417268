#include "cli/ctl_top.h"

#include <stdlib.h>
#include <uthash.h>

#include "auth/tunnel_id.h"
#include "base/clock.h"
#include "base/obj.h"
#include "cli/ctl_unit.h"
#include "cli/ctl_value.h"

enum {
	HEAD_LINES = 3, /* two of the service, one empty */
	FOOT_LINES = 2, /* one empty, one of keys */
	SHEET_MAX = 1 << 20,
	ANSWER_LINE_MAX = 1 << 20
};

struct top_row {
	json_int_t session;
	char id[TUNNEL_ID_MAX + 1];
	double requests, in, out; /* totals, as the service counts */
	double requests_s, in_s, out_s;
	double streams, stalled, held, rtt_ms, up_ms;
	uint64_t seen_ms; /* of the last answer it was in */
	UT_hash_handle hh;
};

static const struct {
	int key;
	const char *by;
} sorts[] = {
#define TOP_SORT(NAME, key, by, more) {key, by},
#include "cli/ctl_top_tbl.h"
#undef TOP_SORT
};

static const struct sheet_column columns[] = {
    {"ID", .cut = true},
    {"REQ/S", .right = true},
    {"IN/S", .right = true, .rank = 1},
    {"OUT/S", .right = true, .rank = 1},
    {"STREAMS", .right = true},
    {"STALLED", .right = true},
    {"HELD", .right = true, .rank = 3},
    {"RTT", .right = true, .rank = 2},
    {"UP", .right = true, .rank = 4},
};

enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

void
top_init(struct top *t)
{
	*t = (struct top){.sort = TOP_BY_REQUESTS};
	sheet_init(&t->sheet, columns, COLUMNS, SHEET_MAX);
}

static void
forget(struct top *t, struct top_row *row)
{
	HASH_DEL(t->rows, row);
	free(row);
}

void
top_free(struct top *t)
{
	struct top_row *row, *next;

	HASH_ITER(hh, t->rows, row, next)
	forget(t, row);
	sheet_free(&t->sheet);
	json_decref(t->status);
}

/* ---- what the service tells ---- */

void
top_begin(struct top *t, uint64_t mono_ms)
{
	t->now_ms = mono_ms;
}

static struct top_row *
row_of(struct top *t, json_int_t session)
{
	struct top_row *row;

	HASH_FIND(hh, t->rows, &session, sizeof(session), row);
	if (row)
		return row;
	row = must_alloc(sizeof(*row));
	row->session = session;
	HASH_ADD(hh, t->rows, session, sizeof(row->session), row);
	return row;
}

static double
number(const json_t *object, const char *name)
{
	return json_number_value(json_object_get(object, name));
}

/* The difference since the last answer, by the second; nothing yet for a row that is new. */
static double
rate(const struct top *t, const struct top_row *row, double before, double now)
{
	if (row->seen_ms == 0 || row->seen_ms >= t->now_ms || now < before)
		return 0;
	return (now - before) * 1000 / (double)(t->now_ms - row->seen_ms);
}

static double
age_ms(const json_t *tunnel)
{
	const char *text = json_string_value(json_object_get(tunnel, "opened_at"));
	int64_t ms;

	if (!text || unit_parse_moment(span_str(text), &ms))
		return 0;
	return (double)(clock_wall_ms() - ms);
}

static void
add_tunnel(struct top *t, const json_t *tunnel)
{
	struct top_row *row = row_of(t, json_integer_value(json_object_get(tunnel, "session")));
	const char *id = json_string_value(json_object_get(tunnel, "id"));
	double requests = number(tunnel, "requests"), in = number(tunnel, "bytes_in"),
	       out = number(tunnel, "bytes_out");

	if (row->seen_ms == t->now_ms)
		return; /* twice in one round: pages moved */
	strncpy(row->id, id ? id : "", sizeof(row->id) - 1);
	row->requests_s = rate(t, row, row->requests, requests);
	row->in_s = rate(t, row, row->in, in);
	row->out_s = rate(t, row, row->out, out);
	row->requests = requests;
	row->in = in;
	row->out = out;
	row->streams = number(tunnel, "streams");
	row->stalled = number(tunnel, "stalled");
	row->held = number(tunnel, "held_bytes");
	row->rtt_ms = number(tunnel, "rtt_ms");
	row->up_ms = age_ms(tunnel);
	row->seen_ms = t->now_ms;
}

void
top_add(struct top *t, const json_t *tunnels)
{
	for (size_t i = 0; i < json_array_size(tunnels); i++)
		add_tunnel(t, json_array_get(tunnels, i));
}

void
top_end(struct top *t, json_t *status)
{
	struct top_row *row, *next;

	HASH_ITER(hh, t->rows, row, next)
	{
		if (row->seen_ms != t->now_ms)
			forget(t, row);
	}
	json_decref(t->status);
	t->status = json_incref(status);
	t->trouble[0] = '\0';
}

void
top_fail(struct top *t, const char *why)
{
	size_t n = strcspn(why, "\n");

	if (n >= sizeof(t->trouble))
		n = sizeof(t->trouble) - 1;
	memcpy(t->trouble, why, n);
	t->trouble[n] = '\0';
}

bool
top_key(struct top *t, int key)
{
	for (int i = 0; i < TOP_SORTS; i++) {
		if (sorts[i].key == key)
			t->sort = (enum top_sort)i;
	}
	t->help = (key == 'h' || key == '?') && !t->help;
	return key != 'q' && key != 'Q';
}

/* ---- drawing ---- */

static bool
comes_first(enum top_sort sort, const struct top_row *a, const struct top_row *b)
{
	switch (sort) {
#define TOP_SORT(NAME, key, by, more)                                                              \
	case TOP_BY_##NAME:                                                                        \
		return more;
#include "cli/ctl_top_tbl.h"
#undef TOP_SORT
	case TOP_SORTS:
		break;
	}
	return false;
}

static enum top_sort sort_now; /* qsort takes no argument of ours */

/* Equal ones by id, so that rows do not change places for nothing. */
static int
compare(struct top_row *a, struct top_row *b)
{
	if (comes_first(sort_now, a, b))
		return -1;
	if (comes_first(sort_now, b, a))
		return 1;
	return strcmp(a->id, b->id);
}

/* One line, cut to the width, and the rest of the terminal's line wiped. */
static void
end_line(struct strb *out)
{
	strb_add(out, SPAN("\x1b[K\r\n"));
}

static void
add_line(struct strb *out, struct strb *line, unsigned width, bool utf8)
{
	sheet_fit(out, strb_span(line), width, utf8);
	end_line(out);
	strb_reset(line);
}

/* The two lines about the service: what stands before a member, and the member. */
static const struct {
	const char *before, *member;
	enum value_kind kind;
} head[] = {
    {"whtd ", "version", VALUE_PLAIN},
    {"  ", "state", VALUE_PLAIN},
    {"  up ", "uptime_s", VALUE_SECONDS},
    {"  audit ", NULL, VALUE_PLAIN}, /* in a word, and the end of the line */
    {"tunnels ", "tunnels", VALUE_COUNT},
    {"  streams ", "streams", VALUE_COUNT},
    {"  viewers ", "viewers", VALUE_COUNT},
    {"  held ", "held_bytes", VALUE_BYTES},
    {" of ", "held_max_bytes", VALUE_BYTES},
};

static void
draw_head(const struct top *t, struct strb *out, unsigned width, bool utf8)
{
	const json_t *ledger = json_object_get(t->status, "ledger");
	bool troubled = json_is_true(json_object_get(ledger, "troubled"));
	struct strb line;

	strb_init(&line, ANSWER_LINE_MAX);
	for (size_t i = 0; i < sizeof(head) / sizeof(head[0]); i++) {
		strb_add(&line, span_str(head[i].before));
		if (head[i].member) {
			value_text(&line, json_object_get(t->status, head[i].member), head[i].kind,
			    clock_wall_ms());
			continue;
		}
		strb_add(&line, troubled ? SPAN("IN TROUBLE") : SPAN("well"));
		add_line(out, &line, width, utf8);
	}
	add_line(out, &line, width, utf8);
	end_line(out);
	strb_free(&line);
}

static void
add_row(struct top *t, const struct top_row *row)
{
	char text[COLUMNS][UNIT_TEXT_MAX];
	struct span cells[COLUMNS] = {span_str(row->id)};
	size_t n = 1;

	cells[n] = span_str(unit_count(row->requests_s, text[n])), n++;
	cells[n] = span_str(unit_bytes(row->in_s, text[n])), n++;
	cells[n] = span_str(unit_bytes(row->out_s, text[n])), n++;
	cells[n] = span_str(unit_count(row->streams, text[n])), n++;
	cells[n] = span_str(unit_count(row->stalled, text[n])), n++;
	cells[n] = span_str(unit_bytes(row->held, text[n])), n++;
	cells[n] = span_str(unit_duration(row->rtt_ms * 1e3, text[n])), n++;
	cells[n] = span_str(unit_duration(row->up_ms * 1e3, text[n])), n++;
	sheet_add(&t->sheet, cells);
}

/* As many of the first rows as there is room for; answers the lines taken. */
static unsigned
draw_rows(struct top *t, struct strb *out, unsigned width, unsigned room, bool utf8)
{
	const struct sheet_look look = {.width = width, .header = true, .utf8 = utf8, .bold = true};
	struct span rest, line;
	struct strb lines;
	unsigned taken = 0;

	sort_now = t->sort;
	HASH_SRT(hh, t->rows, compare);
	sheet_empty(&t->sheet);
	for (struct top_row *row = t->rows; row && t->sheet.nrows + 1 < room; row = row->hh.next)
		add_row(t, row);
	strb_init(&lines, SHEET_MAX);
	sheet_print(&t->sheet, &look, &lines);
	rest = strb_span(&lines);
	while (taken < room && span_cut(&rest, '\n', &line) && rest.p) {
		strb_add(out, line);
		end_line(out);
		taken++;
	}
	strb_free(&lines);
	return taken;
}

static unsigned
draw_help(struct strb *out, unsigned width, unsigned room, bool utf8)
{
	unsigned taken = 0;
	struct strb line;

	strb_init(&line, 256);
	for (int i = 0; i < TOP_SORTS && taken < room; i++, taken++) {
		strb_printf(&line, "  %c  sort by %s", sorts[i].key, sorts[i].by);
		add_line(out, &line, width, utf8);
	}
	if (taken + 2 <= room) {
		strb_add(&line, SPAN("  h  this page, and back"));
		add_line(out, &line, width, utf8);
		strb_add(&line, SPAN("  q  quit"));
		add_line(out, &line, width, utf8);
		taken += 2;
	}
	strb_free(&line);
	return taken;
}

/* The last line has no newline: it would scroll the screen. */
static void
draw_foot(const struct top *t, struct strb *out, unsigned width, bool utf8)
{
	struct strb line;

	strb_init(&line, 1024);
	if (t->trouble[0]) {
		strb_printf(&line, "NO NEWS: %s", t->trouble);
	} else {
		strb_printf(&line, "by %s;", sorts[t->sort].by);
		for (int i = 0; i < TOP_SORTS; i++)
			strb_printf(&line, " %c %s", sorts[i].key, sorts[i].by);
		strb_add(&line, SPAN(" h help q quit"));
	}
	strb_add(out, t->trouble[0] ? SPAN("\x1b[7m") : SPAN("\x1b[2m"));
	sheet_fit(out, strb_span(&line), width, utf8);
	strb_add(out, SPAN("\x1b[0m\x1b[K"));
	strb_free(&line);
}

void
top_draw(struct top *t, struct strb *out, unsigned width, unsigned height, bool utf8)
{
	unsigned room = height > HEAD_LINES + FOOT_LINES ? height - HEAD_LINES - FOOT_LINES : 0;
	unsigned taken;

	strb_add(out, SPAN("\x1b[H"));
	if (room > 0) {
		draw_head(t, out, width, utf8);
		taken = t->help ? draw_help(out, width, room, utf8)
				: draw_rows(t, out, width, room, utf8);
		for (; taken < room + 1; taken++)
			end_line(out);
	}
	draw_foot(t, out, width, utf8);
	strb_add(out, SPAN("\x1b[J"));
}
