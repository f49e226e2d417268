/* The queue, the commit and its two states. The hard thing is that a row has exactly one end: on
 * disk, or refused; and that nobody is kept waiting for somebody else's lock or disk. */
#include "controlplane/ledger_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/obj.h"
#include "controlplane/ledger_lock.h"
#include "controlplane/migrate.h"

#define RETRY_MS       100
#define IDLE_GATHER_MS 50   /* for rows that nobody waits for */
#define OPEN_BUSY_MS   2000 /* at the start alone, somebody's lock is waited for */

static void on_turn_end(void *user);
static void on_timer(void *user);

/* ---- rows come and go ---- */

static void
gap_begin(struct ledger *l)
{
	if (l->gap.since_ms)
		return;
	l->gap.since_ms = clock_mono_ms();
	l->gap.since_at = clock_wall_ms();
}

static void
refuse(struct ledger *l, struct row *row)
{
	gap_begin(l);
	l->gap.refused += row->urgent;
	l->gap.dropped += !row->urgent;
	l->told.dropped += !row->urgent;
	TAILQ_INSERT_TAIL(&l->refused, row, entry);
}

/* Who is refused at once hears of it at the end of the turn, like everybody. */
void
ledger_queue(
    struct ledger *l, struct row *row, const struct row_kind *kind, ledger_done_f *done, void *user)
{
	row->kind = kind;
	row->done = done;
	row->user = user;
	row->queued_ms = clock_mono_ms();
	if (row->at == 0)
		row->at = clock_wall_ms();
	if (l->waiting < LEDGER_QUEUE_MAX) {
		TAILQ_INSERT_TAIL(&l->queue, row, entry);
		l->waiting++;
	} else {
		refuse(l, row);
	}
	task_ask(&l->turn_end);
}

void
ledger_settle(struct ledger *l, struct row *row, enum reason why)
{
	if (why == R_NONE && row->refused && row->kind->withdraw)
		row->kind->withdraw(l, row);
	if (why == R_NONE && row->kind->committed)
		row->kind->committed(l, row);
	if (row->done)
		row->done(row->user, why, row->number);
	free(row);
}

void
ledger_settle_batch(struct ledger *l)
{
	struct row *row;

	while ((row = TAILQ_FIRST(&l->batch))) {
		TAILQ_REMOVE(&l->batch, row, entry);
		l->waiting--;
		l->told.rows++;
		ledger_settle(l, row, R_NONE);
	}
}

static void
settle_refused(struct ledger *l)
{
	struct row *row;

	while ((row = TAILQ_FIRST(&l->refused))) {
		TAILQ_REMOVE(&l->refused, row, entry);
		ledger_settle(l, row, R_NOT_RECORDED);
	}
}

static void
take_batch(struct ledger *l)
{
	struct row *row;

	for (int i = 0; i < LEDGER_BATCH_MAX && (row = TAILQ_FIRST(&l->queue)); i++) {
		TAILQ_REMOVE(&l->queue, row, entry);
		TAILQ_INSERT_TAIL(&l->batch, row, entry);
	}
}

void
ledger_undo_batch(struct ledger *l)
{
	struct row *row;

	while ((row = TAILQ_LAST(&l->batch, row_list))) {
		TAILQ_REMOVE(&l->batch, row, entry);
		if (row->refused) {
			l->waiting--;
			free(row);
		} else {
			TAILQ_INSERT_HEAD(&l->queue, row, entry);
		}
	}
}

/* ---- waiting has an end ---- */

static bool
is_overdue(const struct ledger *l, const struct row *row, uint64_t now)
{
	/* Trouble that outlasted one row's patience is not waited for by the next. */
	return row->urgent && !row->refused &&
	       (now - row->queued_ms >= l->config.patience_ms ||
		   now - l->gap.since_ms >= l->config.patience_ms);
}

static void
refuse_overdue(struct ledger *l)
{
	uint64_t now = clock_mono_ms();
	struct row *row, *next;

	for (row = TAILQ_FIRST(&l->queue); row; row = next) {
		next = TAILQ_NEXT(row, entry);
		if (!is_overdue(l, row, now))
			continue;
		TAILQ_REMOVE(&l->queue, row, entry);
		l->waiting--;
		refuse(l, row);
	}
	TAILQ_FOREACH(row, &l->batch, entry)
	{
		if (!is_overdue(l, row, now))
			continue;
		row->refused = true;
		l->gap.refused++;
		if (row->done)
			row->done(row->user, R_NOT_RECORDED, 0);
		row->done = NULL;
	}
	settle_refused(l);
}

/* ---- the commit ---- */

static bool
gap_is_worth_a_row(const struct ledger *l)
{
	return l->gap.refused || l->gap.dropped ||
	       (l->mode == LEDGER_TROUBLED &&
		   clock_mono_ms() - l->gap.since_ms >= l->config.patience_ms);
}

static int
write_gap(struct ledger *l)
{
	char since[CLOCK_TEXT_MAX];
	struct strb detail;
	int r;

	strb_init(&detail, DB_TEXT_MAX);
	strb_printf(&detail,
	    "{\"since\":\"%s\",\"ms\":%llu,\"refused\":%llu,\"dropped\":%llu,\"why\":\"",
	    clock_text(l->gap.since_at, since),
	    (unsigned long long)(clock_mono_ms() - l->gap.since_ms),
	    (unsigned long long)l->gap.refused, (unsigned long long)l->gap.dropped);
	strb_json(&detail,
	    l->told.trouble[0] ? span_str(l->told.trouble) : SPAN("rows that cannot be taken"));
	strb_add(&detail, SPAN("\"}"));
	r = ledger_append(l, clock_wall_ms(), audit_event_word(AUDIT_AUDIT_GAP), "whtd", SPAN("-"),
	    strb_span(&detail));
	strb_free(&detail);
	return r;
}

static int
write_batch(struct ledger *l)
{
	struct row *row;
	int r = db_do(&l->db, DB_BEGIN, "");

	l->stuck = NULL;
	if (r == SQLITE_OK && gap_is_worth_a_row(l))
		r = write_gap(l);
	TAILQ_FOREACH(row, &l->batch, entry)
	{
		if (r != SQLITE_OK)
			return r;
		r = row->kind->write(l, row);
		if (r != SQLITE_OK)
			l->stuck = row;
	}
	return r == SQLITE_OK ? audit_seal(&l->audit, &l->db) : r;
}

static int
try_commit(struct ledger *l)
{
	bool committing;
	int r = ledger_ready(l);

	if (r != SQLITE_OK)
		return r;
	take_batch(l);
	r = write_batch(l);
	committing = r == SQLITE_OK;
	if (committing)
		r = db_do(&l->db, DB_COMMIT, "");
	if (r != SQLITE_OK)
		ledger_distrust(l, r, committing);
	return r;
}

/* A row that breaks a rule of the schema must not hold up all the others. */
static bool
drop_stuck(struct ledger *l, int code)
{
	int kind = code & 0xFF;

	if (!l->stuck || l->in_doubt ||
	    (kind != SQLITE_CONSTRAINT && kind != SQLITE_TOOBIG && kind != SQLITE_MISMATCH))
		return false;
	log_error(NULL, "a row was not taken by the database: %s", l->db.error);
	TAILQ_REMOVE(&l->queue, l->stuck, entry);
	l->waiting--;
	refuse(l, l->stuck);
	task_ask(&l->turn_end);
	timer_start(&l->timer, LOOP_TICK_MS);
	return true;
}

/* The only way into TROUBLED. */
static void
trouble(struct ledger *l)
{
	snprintf(l->told.trouble, sizeof(l->told.trouble), "%s", l->db.error);
	if (l->mode != LEDGER_TROUBLED) {
		l->mode = LEDGER_TROUBLED;
		gap_begin(l);
		log_event(LVL_ERROR, "ledger.trouble", NULL, LOG_STR("text", l->told.trouble));
	}
	refuse_overdue(l);
	timer_start(&l->timer, RETRY_MS);
}

/* And the only way out. */
static void
recover(struct ledger *l)
{
	if (l->mode != LEDGER_TROUBLED)
		return;
	l->mode = LEDGER_WRITING;
	l->told.trouble[0] = '\0';
	log_event(LVL_WARN, "ledger.recovered", NULL,
	    LOG_INT("ms", clock_mono_ms() - l->gap.since_ms), LOG_INT("refused", l->gap.refused),
	    LOG_INT("dropped", l->gap.dropped));
}

/* A slow disk cannot be hurried; whoever waited for it was told so by somebody else,
 * and the record says why. */
static void
tell_slow(struct ledger *l, uint64_t ms)
{
	char detail[DB_ERROR_MAX];
	struct ledger_event event = {
	    .event = audit_event_word(AUDIT_AUDIT_GAP), .actor = "whtd", .subject = SPAN("-")};

	log_event(LVL_WARN, "ledger.slow", NULL, LOG_INT("ms", ms));
	snprintf(detail, sizeof(detail), "{\"ms\":%llu,\"why\":\"a commit took so long\"}",
	    (unsigned long long)ms);
	event.detail = span_str(detail);
	ledger_event(l, &event, NULL, NULL);
}

static void
note_time(struct ledger *l, uint64_t began_ns)
{
	uint64_t us = (clock_mono_ns() - began_ns) / 1000;

	l->told.commits++;
	l->told.last_commit_us = us;
	if (us > l->told.slowest_commit_us)
		l->told.slowest_commit_us = us;
	if (us / 1000 >= l->config.patience_ms)
		tell_slow(l, us / 1000);
}

static size_t
batch_size(const struct ledger *l)
{
	const struct row *row;
	size_t n = 0;

	TAILQ_FOREACH(row, &l->batch, entry)
	n++;
	return n;
}

static void
commit(struct ledger *l)
{
	uint64_t began = clock_mono_ns();
	int r;

	timer_stop(&l->timer);
	r = try_commit(l);
	if (r != SQLITE_OK) {
		if (!drop_stuck(l, r))
			trouble(l);
		return;
	}
	audit_keep(&l->audit);
	note_time(l, began);
	pace_committed(&l->pace, clock_mono_ms(), batch_size(l));
	recover(l);
	l->gap = (struct ledger_gap){.since_ms = 0};
	ledger_settle_batch(l);
	ledger_checkpoint_if_due(l);
	if (!TAILQ_EMPTY(&l->queue))
		task_ask(&l->turn_end);
}

static bool
somebody_waits(const struct ledger *l)
{
	const struct row *row;

	TAILQ_FOREACH(row, &l->queue, entry)
	{
		if (row->urgent)
			return true;
	}
	return false;
}

static void
on_turn_end(void *user)
{
	struct ledger *l;
	uint64_t wait;

	CAST_OBJ(l, user, LEDGER_MAGIC);
	if (l->mode == LEDGER_TROUBLED) {
		refuse_overdue(l);
		return;
	}
	settle_refused(l);
	if (TAILQ_EMPTY(&l->queue))
		return;
	wait = somebody_waits(l) ? pace_wait(&l->pace, clock_mono_ms()) : IDLE_GATHER_MS;
	if (wait == 0)
		commit(l);
	else if (!timer_armed(&l->timer))
		timer_start(&l->timer, wait);
}

static void
on_timer(void *user)
{
	struct ledger *l;

	CAST_OBJ(l, user, LEDGER_MAGIC);
	if (l->mode == LEDGER_TROUBLED || !TAILQ_EMPTY(&l->queue))
		commit(l);
}

/* ---- asking ---- */

void
ledger_state(const struct ledger *l, struct ledger_state *out)
{
	*out = l->told;
	out->troubled = l->mode == LEDGER_TROUBLED;
	out->queued = l->waiting;
	out->wal_bytes = ledger_wal_bytes(l);
}

struct sqlite3 *
ledger_reader(struct ledger *l)
{
	return db_reader(l->path);
}

/* ---- life ---- */

static bool
say(char error[LEDGER_ERROR_MAX], const char *path, const char *what)
{
	snprintf(error, LEDGER_ERROR_MAX, "%s: %s", path, what);
	return false;
}

/* The damage that a crash, or somebody's hand, may have done is looked for
 * once, before it spreads. */
static bool
file_is_sound(struct ledger *l)
{
	sqlite3_stmt *stmt = NULL;
	char clean[2] = "0";
	bool sound;

	if (db_meta_get(&l->db, "clean", clean, sizeof(clean)) && clean[0] == '1')
		return true;
	sound =
	    sqlite3_prepare_v2(l->db.sql, "PRAGMA quick_check(1)", -1, &stmt, NULL) == SQLITE_OK &&
	    sqlite3_step(stmt) == SQLITE_ROW &&
	    strcmp((const char *)sqlite3_column_text(stmt, 0), "ok") == 0;
	if (!sound)
		snprintf(l->db.error, sizeof(l->db.error), "the database is damaged: %.180s",
		    stmt && sqlite3_column_text(stmt, 0)
			? (const char *)sqlite3_column_text(stmt, 0)
			: sqlite3_errmsg(l->db.sql));
	sqlite3_finalize(stmt);
	return sound;
}

static bool
open_file(struct ledger *l, char error[LEDGER_ERROR_MAX])
{
	char mismatch[2][AUDIT_HEAD_MAX];

	if (db_open(&l->db, l->path, DB_CREATE, l->config.sync_normal) != SQLITE_OK)
		return say(error, l->path, l->db.error);
	sqlite3_busy_timeout(l->db.sql, OPEN_BUSY_MS);
	if (migrate(&l->db) != SQLITE_OK || !file_is_sound(l) ||
	    audit_load(&l->audit, &l->db, mismatch) != SQLITE_OK ||
	    ledger_bans_load(l) != SQLITE_OK || ledger_begin(l, mismatch) != SQLITE_OK)
		return say(error, l->path, l->db.error);
	sqlite3_busy_timeout(l->db.sql, 0);
	return true;
}

static struct ledger *
ledger_new(struct loop *loop, const struct ledger_config *config)
{
	struct ledger *l;

	OBJ_NEW(l, LEDGER_MAGIC);
	l->loop = loop;
	l->config = *config;
	l->path = span_dup(span_str(config->path));
	l->config.path = l->path;
	l->lock = -1;
	audit_init(&l->audit);
	TAILQ_INIT(&l->queue);
	TAILQ_INIT(&l->batch);
	TAILQ_INIT(&l->refused);
	pace_init(&l->pace);
	task_init(&l->turn_end, loop, on_turn_end, l);
	timer_init(&l->timer, loop, on_timer, l);
	timer_init(&l->upkeep, loop, ledger_on_upkeep, l);
	return l;
}

static void
ledger_free(struct ledger *l)
{
	task_cancel(&l->turn_end);
	timer_stop(&l->timer);
	timer_stop(&l->upkeep);
	db_close(&l->db);
	ledger_unlock(&l->lock);
	audit_free(&l->audit);
	free(l->bans);
	free(l->path);
	OBJ_FREE(l);
}

/* The head in the log, which goes elsewhere, is a witness that whoever
 * can write the file has not. */
static void
tell_head(const struct ledger *l, const char *event)
{
	log_event(LVL_INFO, event, NULL, LOG_INT("seq", l->audit.kept.seq),
	    LOG_STR("hash", l->audit.kept.hash));
}

struct ledger *
ledger_open(struct loop *loop, const struct ledger_config *config, char error[LEDGER_ERROR_MAX])
{
	struct ledger *l = ledger_new(loop, config);

	l->lock = ledger_lock(l->path, error, LEDGER_ERROR_MAX);
	if (l->lock < 0 || !open_file(l, error)) {
		ledger_free(l);
		return NULL;
	}
	tell_head(l, "ledger.open");
	timer_start(&l->upkeep, LEDGER_UPKEEP_MS);
	return l;
}

static void
flush(struct ledger *l, uint64_t ms)
{
	const struct timespec pause = {0, 20 * 1000000};
	uint64_t until = clock_mono_ms() + ms;

	settle_refused(l);
	while (l->waiting > 0 || l->mode == LEDGER_TROUBLED) {
		commit(l);
		if (l->mode == LEDGER_TROUBLED && clock_mono_ms() >= until)
			return;
		if (l->mode == LEDGER_TROUBLED)
			nanosleep(&pause, NULL);
	}
}

static void
lose_the_rest(struct ledger *l)
{
	struct row_list *lists[] = {&l->batch, &l->queue, &l->refused};
	struct row *row;

	if (l->waiting > 0)
		log_event(LVL_ERROR, "ledger.lost", NULL, LOG_INT("rows", l->waiting),
		    LOG_STR("text", l->told.trouble));
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		while ((row = TAILQ_FIRST(lists[i]))) {
			TAILQ_REMOVE(lists[i], row, entry);
			ledger_settle(l, row, R_NOT_RECORDED);
		}
	}
}

/* Nothing is left for the WAL to tell: one file is what there is to back up. */
static void
tidy(struct ledger *l)
{
	if (ledger_checkpoint(l) == SQLITE_OK)
		sqlite3_db_config(l->db.sql, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
}

void
ledger_close(struct ledger **lp, uint64_t ms)
{
	struct ledger *l;

	TAKE_OBJ(l, lp, LEDGER_MAGIC);
	flush(l, ms);
	if (l->waiting == 0 && l->mode == LEDGER_WRITING &&
	    db_meta_set(&l->db, "clean", "1") == SQLITE_OK)
		tidy(l);
	lose_the_rest(l);
	tell_head(l, "ledger.closed");
	ledger_free(l);
}
