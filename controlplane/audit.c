#include "controlplane/audit.h"

#include <inttypes.h>
#include <stdio.h>

#include <openssl/evp.h>

#include "base/obj.h"

#define SCRATCH_MAX (4 * DB_TEXT_MAX)

static const char no_hash[AUDIT_HASH_CHARS + 1] =
    "0000000000000000000000000000000000000000000000000000000000000000";

const char *
audit_event_word(enum audit_event event)
{
	static const char *const words[AUDIT_EVENTS] = {
#define AUDIT_EVENT(NAME, word, what, subject, detail) word,
#include "controlplane/audit_event_tbl.h"
#undef AUDIT_EVENT
	};

	return words[event];
}

void
audit_init(struct audit *a)
{
	*a = (struct audit){.now = {.seq = 0}};
	strb_init(&a->scratch, SCRATCH_MAX);
}

void
audit_free(struct audit *a)
{
	strb_free(&a->scratch);
}

/* ---- the hash ---- */

static void
add_text(struct strb *b, struct span s)
{
	strb_printf(b, "%zu:", s.n);
	strb_add(b, s);
	strb_char(b, ',');
}

static void
add_number(struct strb *b, int64_t n)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, n);
	add_text(b, span_str(text));
}

void
audit_hash(const struct audit_row *row, struct strb *scratch, char out[AUDIT_HASH_CHARS + 1])
{
	unsigned char digest[AUDIT_HASH_CHARS / 2];
	struct span hashed;
	size_t begin = scratch->n;

	add_number(scratch, row->seq);
	add_number(scratch, row->at);
	add_text(scratch, row->event);
	add_text(scratch, row->actor);
	add_text(scratch, row->subject);
	add_text(scratch, row->detail);
	add_text(scratch, row->prev_hash);
	ENSURE(!strb_failed(scratch));
	hashed = span_drop(strb_span(scratch), begin);
	ENSURE(EVP_Digest(hashed.p, hashed.n, digest, NULL, EVP_sha256(), NULL) == 1);
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

/* ---- where it ends ---- */

static void
chain_set(struct audit_chain *c, int64_t seq, const char *hash)
{
	c->seq = seq;
	snprintf(c->hash, sizeof(c->hash), "%s", hash);
}

static int
load_rows(struct audit *a, struct db *db)
{
	int r = db_step(db, DB_AUDIT_LAST, "");

	if (r == SQLITE_ROW) {
		chain_set(&a->now, db_i64(db, DB_AUDIT_LAST, 0), db_text(db, DB_AUDIT_LAST, 1));
		a->now.at = db_i64(db, DB_AUDIT_LAST, 2);
	}
	db_end(db, DB_AUDIT_LAST);
	return r == SQLITE_ROW || r == SQLITE_DONE ? SQLITE_OK : r;
}

/* All rows may have been retired: then the chain ends where the last segment did. */
static int
load_segment(struct audit *a, struct db *db)
{
	int r = db_step(db, DB_SEGMENT_LAST, "");
	int64_t last = r == SQLITE_ROW ? db_i64(db, DB_SEGMENT_LAST, 3) : 0;

	if (r == SQLITE_ROW && last == 0) {
		a->now.segment_first = db_i64(db, DB_SEGMENT_LAST, 1);
		a->now.segment_opened = db_i64(db, DB_SEGMENT_LAST, 2);
	}
	if (last > a->now.seq)
		chain_set(&a->now, last, db_text(db, DB_SEGMENT_LAST, 4));
	db_end(db, DB_SEGMENT_LAST);
	return r == SQLITE_ROW || r == SQLITE_DONE ? SQLITE_OK : r;
}

static void
head_text(const struct audit_chain *c, char out[AUDIT_HEAD_MAX])
{
	snprintf(out, AUDIT_HEAD_MAX, "%" PRId64 ":%s", c->seq, c->hash);
}

/* Rows cut off at the end leave a hole for good: their numbers are not given again. */
static void
obey_head(struct audit *a, const char *head)
{
	char hash[AUDIT_HASH_CHARS + 1];
	int64_t seq;

	if (sscanf(head, "%" SCNd64 ":%64[0-9a-f]", &seq, hash) == 2 &&
	    strlen(hash) == AUDIT_HASH_CHARS && seq >= a->now.seq)
		chain_set(&a->now, seq, hash);
}

int
audit_load(struct audit *a, struct db *db, char mismatch[2][AUDIT_HEAD_MAX])
{
	int r;

	a->now = (struct audit_chain){.seq = 0};
	chain_set(&a->now, 0, no_hash);
	mismatch[0][0] = '\0';
	r = load_rows(a, db);
	if (r == SQLITE_OK)
		r = load_segment(a, db);
	if (r != SQLITE_OK)
		return r;
	head_text(&a->now, mismatch[1]);
	if (db_meta_get(db, "audit_head", mismatch[0], AUDIT_HEAD_MAX) &&
	    strcmp(mismatch[0], mismatch[1]) == 0)
		mismatch[0][0] = '\0';
	obey_head(a, mismatch[0]);
	a->kept = a->now;
	return SQLITE_OK;
}

bool
audit_same(const struct audit_chain *a, const struct audit_chain *b)
{
	return a->seq == b->seq && strcmp(a->hash, b->hash) == 0;
}

void
audit_keep(struct audit *a)
{
	a->kept = a->now;
}

void
audit_undo(struct audit *a)
{
	a->now = a->kept;
}

int
audit_seal(struct audit *a, struct db *db)
{
	char head[AUDIT_HEAD_MAX];

	head_text(&a->now, head);
	return db_meta_set(db, "audit_head", head);
}

/* ---- writing ---- */

static bool
segment_is_full(const struct audit_chain *c, int64_t at)
{
	return c->seq - c->segment_first + 1 >= AUDIT_SEGMENT_ROWS ||
	       at - c->segment_opened >= AUDIT_SEGMENT_MS;
}

static int
turn_segment(struct audit *a, struct db *db, int64_t at)
{
	int r = SQLITE_OK;

	if (a->now.segment_first && !segment_is_full(&a->now, at))
		return SQLITE_OK;
	if (a->now.segment_first)
		r = db_do(db, DB_SEGMENT_CLOSE, "iti", a->now.seq, a->now.hash, at);
	if (r == SQLITE_OK)
		r = db_do(db, DB_SEGMENT_OPEN, "iti", a->now.seq + 1, a->now.hash, at);
	a->now.segment_first = a->now.seq + 1;
	a->now.segment_opened = at;
	return r;
}

int
audit_append(struct audit *a, struct db *db, struct audit_row *row)
{
	char hash[AUDIT_HASH_CHARS + 1];
	int r = turn_segment(a, db, row->at);

	if (r != SQLITE_OK)
		return r;
	strb_reset(&a->scratch);
	row->seq = a->now.seq + 1;
	row->prev_hash = span_str(a->now.hash);
	audit_hash(row, &a->scratch, hash);
	r = db_do(db, DB_AUDIT_APPEND, "iissssst", row->seq, row->at, row->event, row->actor,
	    row->subject, row->detail, row->prev_hash, hash);
	if (r == SQLITE_OK) {
		chain_set(&a->now, row->seq, hash);
		a->now.at = row->at;
	}
	return r;
}

/* ---- retention ---- */

struct segment {
	int64_t number, first, last;
	char hash[AUDIT_HASH_CHARS + 1];
};

static int
delete_segment(struct db *db, const struct segment *s, int64_t now)
{
	int r = db_do(db, DB_SEGMENT_RETIRE, "ii", now, s->number);

	if (r == SQLITE_OK)
		r = db_do(db, DB_AUDIT_FORGET, "ii", s->first, s->last);
	return r;
}

static int
tell_retired(struct audit *a, struct db *db, const struct segment *s, int64_t now)
{
	char detail[256];
	struct audit_row row = {.at = now,
	    .event = span_str(audit_event_word(AUDIT_AUDIT_RETIRED)),
	    .actor = SPAN("whtd"),
	    .subject = SPAN("-")};

	snprintf(detail, sizeof(detail),
	    "{\"segment\":%" PRId64 ",\"first_seq\":%" PRId64 ",\"last_seq\":%" PRId64
	    ",\"last_hash\":\"%s\"}",
	    s->number, s->first, s->last, s->hash);
	row.detail = span_str(detail);
	return audit_append(a, db, &row);
}

int
audit_retire(struct audit *a, struct db *db, int64_t now, int64_t cutoff, bool *retired)
{
	struct segment s;
	int r = db_step(db, DB_SEGMENT_OLDEST, "i", cutoff);

	*retired = r == SQLITE_ROW;
	if (r == SQLITE_ROW) {
		s.number = db_i64(db, DB_SEGMENT_OLDEST, 0);
		s.first = db_i64(db, DB_SEGMENT_OLDEST, 1);
		s.last = db_i64(db, DB_SEGMENT_OLDEST, 2);
		snprintf(s.hash, sizeof(s.hash), "%s", db_text(db, DB_SEGMENT_OLDEST, 3));
	}
	db_end(db, DB_SEGMENT_OLDEST);
	if (!*retired)
		return r == SQLITE_DONE ? SQLITE_OK : r;
	r = delete_segment(db, &s, now);
	return r == SQLITE_OK ? tell_retired(a, db, &s, now) : r;
}
