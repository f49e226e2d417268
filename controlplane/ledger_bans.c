/* Bans: rows for those who ask later, and a list in memory for the moment of a registration. The
 * list follows the rows: it changes when they are committed, never before. */
#include "controlplane/ledger_priv.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/obj.h"

#define DETAIL_MAX 4096

/* ---- in memory ---- */

const struct ban *
ledger_bans(const struct ledger *l, size_t *n)
{
	*n = l->nbans;
	return l->bans;
}

static bool
is_over(const struct ban *b, int64_t now_ms)
{
	return b->until_ms && b->until_ms <= now_ms;
}

bool
ledger_is_banned(const struct ledger *l, const char *id, int64_t now_ms)
{
	for (size_t i = 0; i < l->nbans; i++) {
		if (!is_over(&l->bans[i], now_ms) && fnmatch(l->bans[i].match, id, 0) == 0)
			return true;
	}
	return false;
}

static void
forget(struct ledger *l, const char *match)
{
	for (size_t i = 0; i < l->nbans; i++) {
		if (strcmp(l->bans[i].match, match) != 0)
			continue;
		l->nbans--;
		memmove(&l->bans[i], &l->bans[i + 1], (l->nbans - i) * sizeof(l->bans[0]));
		return;
	}
}

static void
remember(struct ledger *l, const struct ban *ban)
{
	struct ban *bans;

	forget(l, ban->match);
	bans = realloc(l->bans, (l->nbans + 1) * sizeof(*bans));
	ENSURE(bans);
	l->bans = bans;
	l->bans[l->nbans++] = *ban;
}

int
ledger_bans_load(struct ledger *l)
{
	struct db *db = &l->db;
	int r;

	while ((r = db_step(db, DB_BANS, "")) == SQLITE_ROW) {
		struct ban ban = {
		    .until_ms = db_i64(db, DB_BANS, 1), .added_ms = db_i64(db, DB_BANS, 2)};

		snprintf(ban.match, sizeof(ban.match), "%s", db_text(db, DB_BANS, 0));
		snprintf(ban.by, sizeof(ban.by), "%s", db_text(db, DB_BANS, 3));
		snprintf(ban.why, sizeof(ban.why), "%s", db_text(db, DB_BANS, 4));
		remember(l, &ban);
	}
	db_end(db, DB_BANS);
	return r == SQLITE_DONE ? SQLITE_OK : r;
}

/* ---- on disk ---- */

struct row_ban {
	struct row row;
	struct ban ban;
};

static void
add_detail(const struct ban *ban, struct strb *b)
{
	char until[CLOCK_TEXT_MAX];

	if (ban->until_ms)
		strb_printf(b, "{\"until\":\"%s\",\"why\":\"", clock_text(ban->until_ms, until));
	else
		strb_add(b, SPAN("{\"until\":null,\"why\":\""));
	strb_json(b, span_str(ban->why));
	strb_add(b, SPAN("\"}"));
}

static int
insert(struct ledger *l, const struct ban *ban)
{
	struct strb by, why;
	int r;

	strb_init(&by, DB_TEXT_MAX);
	strb_init(&why, DB_TEXT_MAX);
	r = db_do(&l->db, DB_BAN_ADD, "tiiss", ban->match, ban->until_ms, ban->added_ms,
	    db_clean(span_str(ban->by), &by), db_clean(span_str(ban->why), &why));
	strb_free(&by);
	strb_free(&why);
	return r;
}

static int
add_write(struct ledger *l, struct row *row)
{
	const struct row_ban *b = (const struct row_ban *)row;
	struct strb detail;
	int r = insert(l, &b->ban);

	if (r != SQLITE_OK)
		return r;
	strb_init(&detail, DETAIL_MAX);
	add_detail(&b->ban, &detail);
	r = ledger_append(l, row->at, audit_event_word(AUDIT_BAN_ADDED), b->ban.by,
	    span_str(b->ban.match), strb_span(&detail));
	strb_free(&detail);
	row->number = l->audit.now.seq;
	return r;
}

static void
add_committed(struct ledger *l, struct row *row)
{
	remember(l, &((const struct row_ban *)row)->ban);
}

void
ledger_ban_add(struct ledger *l, const struct ban *ban, ledger_done_f *done, void *user)
{
	static const struct row_kind kind = {add_write, add_committed, NULL};
	struct row_ban *b = must_alloc(sizeof(*b));

	b->ban = *ban;
	b->row.urgent = true;
	ledger_queue(l, &b->row, &kind, done, user);
}

static int
remove_write(struct ledger *l, struct row *row)
{
	const struct row_ban *b = (const struct row_ban *)row;
	int r = db_do(&l->db, DB_BAN_REMOVE, "t", b->ban.match);

	if (r == SQLITE_OK)
		r = ledger_append(l, row->at, audit_event_word(AUDIT_BAN_REMOVED), b->ban.by,
		    span_str(b->ban.match),
		    row->urgent ? SPAN("{}") : SPAN("{\"why\":\"expired\"}"));
	row->number = l->audit.now.seq;
	return r;
}

static void
remove_committed(struct ledger *l, struct row *row)
{
	forget(l, ((const struct row_ban *)row)->ban.match);
}

static void
queue_removal(struct ledger *l, const char *match, const char *by, bool urgent, ledger_done_f *done,
    void *user)
{
	static const struct row_kind kind = {remove_write, remove_committed, NULL};
	struct row_ban *b = must_alloc(sizeof(*b));

	snprintf(b->ban.match, sizeof(b->ban.match), "%s", match);
	snprintf(b->ban.by, sizeof(b->ban.by), "%s", by);
	b->row.urgent = urgent;
	ledger_queue(l, &b->row, &kind, done, user);
}

void
ledger_ban_remove(
    struct ledger *l, const char *match, const char *by, ledger_done_f *done, void *user)
{
	queue_removal(l, match, by, true, done, user);
}

/* An operator waits for what he asked; time does not. */
void
ledger_bans_expire(struct ledger *l)
{
	int64_t now = clock_wall_ms();

	for (size_t i = 0; i < l->nbans; i++) {
		if (is_over(&l->bans[i], now))
			queue_removal(l, l->bans[i].match, "whtd", false, NULL, NULL);
	}
}
