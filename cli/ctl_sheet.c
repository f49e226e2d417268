#include "cli/ctl_sheet.h"

#include "base/obj.h"

enum {
	GAP = 2,       /* spaces between columns */
	CUT_WELL = 24, /* a column is cut to this before others go for it, */
	CUT_LEAST = 8  /* and to this when there are no others left; or to its header. After that
			  anything is cut */
};

struct sheet_row {
	struct sheet_row *next;
	struct span cells[];
};

/* How a sheet stands in one terminal. */
struct layout {
	size_t width[SHEET_COLUMNS_MAX];
	bool hidden[SHEET_COLUMNS_MAX];
};

void
sheet_init(struct sheet *s, const struct sheet_column *columns, size_t ncolumns, size_t max)
{
	ENSURE(ncolumns <= SHEET_COLUMNS_MAX);
	*s = (struct sheet){.ncolumns = ncolumns};
	memcpy(s->columns, columns, ncolumns * sizeof(*columns));
	s->last = &s->first;
	arena_init(&s->arena, max);
}

void
sheet_free(struct sheet *s)
{
	arena_reset(&s->arena);
	*s = (struct sheet){0};
}

void
sheet_empty(struct sheet *s)
{
	arena_reset(&s->arena);
	s->first = NULL;
	s->last = &s->first;
	s->nrows = 0;
}

static bool
keep_cell(struct sheet *s, struct span text, struct span *cell)
{
	struct strb visible;

	strb_init(&visible, 4 * text.n);
	strb_visible(&visible, text);
	*cell = arena_copy(&s->arena, strb_span(&visible));
	strb_free(&visible);
	return cell->p != NULL;
}

bool
sheet_add(struct sheet *s, const struct span *cells)
{
	struct sheet_row *row;

	row = arena_alloc(&s->arena, sizeof(*row) + s->ncolumns * sizeof(row->cells[0]));
	if (!row)
		return false;
	for (size_t i = 0; i < s->ncolumns; i++) {
		if (!keep_cell(s, cells[i], &row->cells[i]))
			return false;
	}
	*s->last = row;
	s->last = &row->next;
	s->nrows++;
	return true;
}

/* ---- fitting ---- */

static size_t
total(const struct sheet *s, const struct layout *l)
{
	size_t sum = 0;

	for (size_t i = 0; i < s->ncolumns; i++) {
		if (!l->hidden[i])
			sum += l->width[i] + (sum > 0 ? GAP : 0);
	}
	return sum;
}

/* How far cutting may go. */
struct scissors {
	size_t least; /* a column keeps as much */
	bool all;     /* those as well that should not be cut, and headers */
};

static bool
may_cut(const struct sheet_column *c, size_t width, const struct scissors *how)
{
	return width > how->least && (how->all || (c->cut && width > strlen(c->header)));
}

/* The widest column that may still be cut, or NULL. */
static size_t *
widest(const struct sheet *s, struct layout *l, const struct scissors *how)
{
	size_t *found = NULL;

	for (size_t i = 0; i < s->ncolumns; i++) {
		if (!l->hidden[i] && may_cut(&s->columns[i], l->width[i], how) &&
		    (!found || l->width[i] > *found))
			found = &l->width[i];
	}
	return found;
}

static bool
hide_highest(const struct sheet *s, struct layout *l)
{
	size_t at = s->ncolumns;

	for (size_t i = 0; i < s->ncolumns; i++) {
		if (s->columns[i].rank > 0 && !l->hidden[i] &&
		    (at == s->ncolumns || s->columns[i].rank >= s->columns[at].rank))
			at = i;
	}
	if (at == s->ncolumns)
		return false;
	l->hidden[at] = true;
	return true;
}

/* Cuts from whole cells; true when that is enough. */
static bool
cut(const struct sheet *s, const struct layout *whole, size_t width, struct scissors how,
    struct layout *l)
{
	size_t *column;

	memcpy(l->width, whole->width, sizeof(l->width));
	while (total(s, l) > width) {
		column = widest(s, l, &how);
		if (!column)
			return false;
		--*column;
	}
	return true;
}

/* The cells that stay are better read than many that are cut to nothing. */
static void
fit(const struct sheet *s, const struct layout *whole, size_t width, struct layout *l)
{
	do {
		if (cut(s, whole, width, (struct scissors){.least = CUT_WELL}, l))
			return;
	} while (hide_highest(s, l));
	if (!cut(s, whole, width, (struct scissors){.least = CUT_LEAST}, l))
		(void)cut(s, whole, width, (struct scissors){.least = 1, .all = true}, l);
}

static void
measure(const struct sheet *s, bool header, struct layout *l)
{
	*l = (struct layout){0};
	for (size_t i = 0; i < s->ncolumns; i++) {
		l->width[i] = s->kept[i];
		if (header && strlen(s->columns[i].header) > l->width[i])
			l->width[i] = strlen(s->columns[i].header);
		for (const struct sheet_row *row = s->first; row; row = row->next) {
			if (row->cells[i].n > l->width[i])
				l->width[i] = row->cells[i].n;
		}
	}
}

/* ---- printing ---- */

static void
pad(struct strb *out, size_t n)
{
	for (; n > 0; n--)
		strb_char(out, ' ');
}

/* Printable ASCII in at most width columns. */
static size_t
put_cut(struct strb *out, struct span text, size_t width, bool utf8)
{
	if (text.n <= width) {
		strb_add(out, text);
		return text.n;
	}
	if (width == 0)
		return 0;
	strb_add(out, span_take(text, width - 1));
	strb_add(out, utf8 ? SPAN("\xe2\x80\xa6") : SPAN("~"));
	return width;
}

size_t
sheet_fit(struct strb *out, struct span text, size_t width, bool utf8)
{
	struct strb visible;
	size_t taken;

	strb_init(&visible, 4 * text.n);
	strb_visible(&visible, text);
	taken = put_cut(out, strb_span(&visible), width, utf8);
	strb_free(&visible);
	return taken;
}

/* cells, or the headers when NULL. Padding is owed and paid by the next cell, so that no line ends
 * with it. */
static void
print_line(const struct sheet *s, const struct layout *l, const struct span *cells,
    const struct sheet_look *look, struct strb *out)
{
	size_t owed = 0, taken;

	for (size_t i = 0; i < s->ncolumns; i++) {
		struct span text = cells ? cells[i] : span_str(s->columns[i].header);

		if (l->hidden[i])
			continue;
		if (s->columns[i].right && text.n < l->width[i])
			owed += l->width[i] - text.n;
		if (text.n > 0) {
			pad(out, owed);
			owed = 0;
		}
		taken = put_cut(out, text, l->width[i], look->utf8);
		owed +=
		    (s->columns[i].right && text.n < l->width[i] ? 0 : l->width[i] - taken) + GAP;
	}
}

void
sheet_print(struct sheet *s, const struct sheet_look *look, struct strb *out)
{
	struct layout whole, l;

	measure(s, look->header, &whole);
	memcpy(s->kept, whole.width, sizeof(s->kept));
	l = whole;
	if (look->width > 0)
		fit(s, &whole, look->width, &l);
	if (look->header) {
		strb_add(out, look->bold ? SPAN("\x1b[1m") : SPAN(""));
		print_line(s, &l, NULL, look, out);
		strb_add(out, look->bold ? SPAN("\x1b[0m\n") : SPAN("\n"));
	}
	for (const struct sheet_row *row = s->first; row; row = row->next) {
		print_line(s, &l, row->cells, look, out);
		strb_char(out, '\n');
	}
}
