/* What a service answers, and tokens of strangers, on their way to an operator's terminal.
 *
 * The first byte: the width of the terminal; the second: what is done with the rest. Whatever
 * comes, the page is lines of printable ASCII, and in a terminal none is wider than it. */
#include <stdlib.h>

#include "base/obj.h"
#include "cli/ctl.h"
#include "cli/ctl_top.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OUT_MAX = 1 << 26, ALWAYS_FITS = 60 };

static void
assert_harmless(struct strb *out, size_t width)
{
	struct span rest = strb_span(out), line;

	ENSURE(!strb_failed(out));
	while (span_cut(&rest, '\n', &line)) {
		ENSURE(width == 0 || line.n <= width);
		for (size_t i = 0; i < line.n; i++)
			ENSURE(line.p[i] >= ' ' && line.p[i] <= '~');
	}
	strb_reset(out);
}

static void
list_all(struct ctl *c, const json_t *answer)
{
	for (int i = 0; i < CTL_COUNT; i++) {
		struct sheet sheet;

		if (!ctl_is_list((enum ctl_id)i))
			continue;
		ctl_list_sheet((enum ctl_id)i, &sheet);
		ctl_list_add(c, (enum ctl_id)i, &sheet, answer);
		sheet_print(&sheet, &c->look, &c->out);
		sheet_free(&sheet);
		assert_harmless(&c->out, c->look.width);
	}
}

/* Escape sequences are its own here; it must only not fall over, with two rounds to compare. */
static void
draw_top(struct ctl *c, json_t *answer)
{
	struct top top;

	top_init(&top);
	for (uint64_t round = 1; round <= 2; round++) {
		top_begin(&top, round * 1000);
		top_add(&top, json_object_get(answer, "tunnels"));
		top_end(&top, answer);
		top_draw(&top, &c->out, c->look.width, 24, false);
		ENSURE(!strb_failed(&c->out));
		strb_reset(&c->out);
	}
	top_free(&top);
}

static void
print_answer(struct ctl *c, const char *text, size_t n)
{
	json_t *answer = json_loadb(text, n, JSON_ALLOW_NUL, NULL);

	if (!answer)
		return;
	list_all(c, answer);
	draw_top(c, answer);
	ctl_fields(c, answer);
	assert_harmless(&c->out, 0);
	json_decref(answer);
}

static void
inspect(struct ctl *c, const char *text, size_t n)
{
	char *token = span_dup(span_of(text, n));

	if (strcmp(token, "-") != 0) {
		c->line.values[ARG_TOKEN_INSPECT_token] = token;
		ctl_run_inspect(c);
		assert_harmless(&c->out, 0);
	}
	free(token);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctl c = {.now_ms = 1795356813000};

	if (size < 2)
		return 0;
	c.look = (struct sheet_look){.width = ALWAYS_FITS + data[0], .header = true};
	strb_init(&c.out, OUT_MAX);
	if (data[1] == 't')
		inspect(&c, (const char *)data + 2, size - 2);
	else
		print_answer(&c, (const char *)data + 2, size - 2);
	strb_free(&c.out);
	return 0;
}
