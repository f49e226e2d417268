/* The audit as whoever doubts it walks it: segments in their order, and in each its rows.
 *
 * Nothing here trusts what a writer believed: it knows the canonical form and the tables, no more.
 * The first thing that does not fit ends the walk, because behind it nothing proves anything. */
#include "controlplane/audit.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define SCRATCH_MAX (16 * 1024 * 1024) /* a row that somebody made huge is no row of ours */

static const char rows_sql[] =
    "SELECT seq, at, event, actor, subject, detail, prev_hash, hash FROM audit ORDER BY seq";
static const char segments_sql[] =
    "SELECT segment, first_seq, anchor, last_seq, last_hash, retired FROM audit_segment"
    " ORDER BY segment";

struct walk {
	sqlite3_stmt *rows, *segments;
	int row;     /* what the last step of rows answered */
	int64_t seq; /* the last that fits, and its hash */
	struct audit_verdict *verdict;
	struct strb scratch;
	int error;
};

static bool __attribute__((format(printf, 3, 4)))
broken(struct walk *w, int64_t seq, const char *fmt, ...)
{
	va_list ap;

	w->verdict->broken_seq = seq;
	va_start(ap, fmt);
	vsnprintf(w->verdict->problem, sizeof(w->verdict->problem), fmt, ap);
	va_end(ap);
	return false;
}

static bool
step(struct walk *w, sqlite3_stmt *stmt)
{
	int r = sqlite3_step(stmt);

	if (r != SQLITE_ROW && r != SQLITE_DONE)
		w->error = r;
	return r == SQLITE_ROW;
}

static struct span
text_of(sqlite3_stmt *stmt, int column)
{
	const void *p = sqlite3_column_text(stmt, column);

	return span_of(p, (size_t)sqlite3_column_bytes(stmt, column));
}

/* ---- one row ---- */

static bool
hash_fits(struct walk *w, const struct audit_row *row)
{
	char hash[AUDIT_HASH_CHARS + 1];
	size_t n = row->event.n + row->actor.n + row->subject.n + row->detail.n + row->prev_hash.n;

	if (n > SCRATCH_MAX / 2)
		return false;
	strb_reset(&w->scratch);
	audit_hash(row, &w->scratch, hash);
	return span_eq(span_str(hash), text_of(w->rows, 7));
}

static bool
row_fits(struct walk *w)
{
	const struct audit_row row = {sqlite3_column_int64(w->rows, 0),
	    sqlite3_column_int64(w->rows, 1), text_of(w->rows, 2), text_of(w->rows, 3),
	    text_of(w->rows, 4), text_of(w->rows, 5), text_of(w->rows, 6)};

	if (row.seq > w->seq + 1)
		return broken(w, w->seq + 1, "row %" PRId64 " is missing", w->seq + 1);
	if (row.seq != w->seq + 1)
		return broken(w, row.seq, "row %" PRId64 " should not be there", row.seq);
	if (!hash_fits(w, &row))
		return broken(
		    w, row.seq, "row %" PRId64 " was changed: its hash is not its own", row.seq);
	if (!span_eq(row.prev_hash, span_str(w->verdict->head)))
		return broken(
		    w, row.seq, "row %" PRId64 " does not follow the row before it", row.seq);
	if (w->verdict->rows++ == 0)
		w->verdict->first_seq = row.seq;
	w->seq = w->verdict->last_seq = row.seq;
	snprintf(w->verdict->head, sizeof(w->verdict->head), "%.*s", SPAN_FMT(text_of(w->rows, 7)));
	return true;
}

/* ---- one segment ---- */

/* Its rows are gone, and were meant to be; the chain goes on behind them. */
static void
skip_retired(struct walk *w)
{
	w->seq = sqlite3_column_int64(w->segments, 3);
	snprintf(
	    w->verdict->head, sizeof(w->verdict->head), "%.*s", SPAN_FMT(text_of(w->segments, 4)));
}

static bool
rows_fit(struct walk *w, int64_t last)
{
	while (w->row && w->seq < last) {
		if (!row_fits(w))
			return false;
		w->row = step(w, w->rows);
	}
	if (w->seq < last && !w->error && last != INT64_MAX)
		return broken(w, w->seq + 1, "row %" PRId64 " is missing", w->seq + 1);
	return !w->error;
}

static bool
segment_fits(struct walk *w)
{
	int64_t number = sqlite3_column_int64(w->segments, 0);
	int64_t first = sqlite3_column_int64(w->segments, 1);
	bool open = sqlite3_column_type(w->segments, 3) == SQLITE_NULL;
	bool retired = sqlite3_column_type(w->segments, 5) != SQLITE_NULL;

	if (first != w->seq + 1 || !span_eq(text_of(w->segments, 2), span_str(w->verdict->head)))
		return broken(
		    w, w->seq + 1, "segment %" PRId64 " does not follow the one before it", number);
	if (retired) {
		skip_retired(w);
		return true;
	}
	if (!rows_fit(w, open ? INT64_MAX : sqlite3_column_int64(w->segments, 3)))
		return false;
	if (!open && !span_eq(text_of(w->segments, 4), span_str(w->verdict->head)))
		return broken(
		    w, w->seq, "segment %" PRId64 " does not end with its last row", number);
	return true;
}

/* ---- all of it ---- */

static bool
head_fits(struct walk *w, sqlite3 *sql)
{
	char ours[AUDIT_HEAD_MAX];
	sqlite3_stmt *stmt = NULL;
	bool fits = true;

	snprintf(ours, sizeof(ours), "%" PRId64 ":%s", w->seq, w->verdict->head);
	if (sqlite3_prepare_v2(sql, "SELECT value FROM meta WHERE key = 'audit_head'", -1, &stmt,
		NULL) == SQLITE_OK &&
	    step(w, stmt))
		fits = span_eq(text_of(stmt, 0), span_str(ours));
	sqlite3_finalize(stmt);
	return fits || broken(w, w->seq + 1, "rows behind %" PRId64 " were cut off", w->seq);
}

static void
walk_all(struct walk *w, sqlite3 *sql)
{
	bool fits = true;

	w->row = step(w, w->rows);
	while (fits && !w->error && step(w, w->segments))
		fits = segment_fits(w);
	if (fits && !w->error && w->row)
		fits = broken(w, sqlite3_column_int64(w->rows, 0),
		    "row %" PRId64 " is in no segment", (int64_t)sqlite3_column_int64(w->rows, 0));
	w->verdict->whole = fits && !w->error && head_fits(w, sql);
}

int
audit_verify(sqlite3 *sql, struct audit_verdict *v)
{
	struct walk w = {.verdict = v};
	int r;

	*v = (struct audit_verdict){.whole = false};
	memset(v->head, '0', AUDIT_HASH_CHARS);
	strb_init(&w.scratch, SCRATCH_MAX);
	r = sqlite3_exec(sql, "BEGIN", NULL, NULL, NULL);
	if (r == SQLITE_OK)
		r = sqlite3_prepare_v2(sql, rows_sql, -1, &w.rows, NULL);
	if (r == SQLITE_OK)
		r = sqlite3_prepare_v2(sql, segments_sql, -1, &w.segments, NULL);
	if (r == SQLITE_OK) {
		walk_all(&w, sql);
		r = w.error;
	}
	sqlite3_finalize(w.rows);
	sqlite3_finalize(w.segments);
	sqlite3_exec(sql, "COMMIT", NULL, NULL, NULL);
	strb_free(&w.scratch);
	return r;
}
