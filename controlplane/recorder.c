#include "controlplane/recorder.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/obj.h"
#include "controlplane/audit.h"

#define RECORDER_MAGIC	0x2EC02DE2u
#define PATIENCE_MS	2000
#define LAST_WORDS_MS	5000
#define BANNED_EVERY_MS 1000
#define DETAIL_MAX	2048
#define DAY_MS		(24 * 3600 * 1000ull)
#define DATABASE	"webhooktunnel.db"

struct recorder {
	unsigned magic;
	struct ledger *ledger;
	const struct recorder_ops *ops; /* NULL: nobody is there to be answered */
	void *user;
	unsigned workers;
	unsigned *recorded; /* rows a worker that were not told yet */
	struct task tell;
	bool started;
	struct msg_refusals banned; /* refused since the last row about that */
	struct timer banned_due;
};

/* ---- answers ---- */

static void
on_tell(void *user)
{
	struct recorder *r;

	CAST_OBJ(r, user, RECORDER_MAGIC);
	for (unsigned w = 0; r->ops && w < r->workers; w++) {
		struct msg_recorded *letter;

		if (r->recorded[w] == 0)
			continue;
		letter = must_alloc(sizeof(*letter));
		letter->mail.type = MSG_RECORDED;
		letter->rows = r->recorded[w];
		r->recorded[w] = 0;
		r->ops->post(r->user, w, &letter->mail);
	}
}

static void
answer_admission(
    struct recorder *r, unsigned worker, uint64_t ticket, enum reason why, int64_t session)
{
	struct msg_admitted *letter;

	if (!r->ops)
		return;
	letter = must_alloc(sizeof(*letter));
	letter->mail.type = MSG_ADMITTED;
	letter->ticket = ticket;
	letter->why = why;
	letter->session = session;
	r->ops->post(r->user, worker, &letter->mail);
}

/* Who asked for a row, until it is settled. */
struct asker {
	struct recorder *r;
	unsigned worker;
	uint64_t ticket;
	char id[TUNNEL_ID_MAX + 1], peer[FACT_PEER_MAX];
};

static struct asker *
asker_new(struct recorder *r, unsigned worker)
{
	struct asker *a = must_alloc(sizeof(*a));

	a->r = r;
	a->worker = worker;
	return a;
}

/* On disk or counted as lost: either way the worker need not hold on to it. */
static void
on_row_settled(void *user, enum reason why, int64_t row)
{
	struct asker *a = user;

	(void)why;
	(void)row;
	a->r->recorded[a->worker]++;
	task_ask(&a->r->tell);
	free(a);
}

/* ---- admission ---- */

static void
write_refusals(
    struct recorder *r, const struct msg_refusals *letter, ledger_done_f *done, void *user)
{
	struct ledger_event event = {.event = audit_event_word(AUDIT_AUTH_REFUSED),
	    .actor = "client",
	    .subject = span_str(letter->id)};
	struct strb detail;

	strb_init(&detail, DETAIL_MAX);
	strb_printf(&detail, "{\"reason\":\"%s\",\"fault\":\"", reason_word(letter->why));
	strb_json(&detail, span_str(letter->detail));
	strb_add(&detail, SPAN("\",\"peer\":\""));
	strb_json(&detail, span_str(letter->peer));
	strb_printf(&detail, "\",\"count\":%" PRIu64 "}", letter->count);
	event.detail = strb_span(&detail);
	ledger_event(r->ledger, &event, done, user);
	strb_free(&detail);
}

/* Somebody who does not give up must not fill the audit. */
static void
on_banned_due(void *user)
{
	struct recorder *r;

	CAST_OBJ(r, user, RECORDER_MAGIC);
	write_refusals(r, &r->banned, NULL, NULL);
	r->banned.count = 0;
}

static void
refuse_banned(struct recorder *r, const char *id, const char *peer)
{
	if (r->banned.count++ > 0)
		return;
	r->banned.why = R_BANNED;
	r->banned.detail = "";
	snprintf(r->banned.id, sizeof(r->banned.id), "%s", id);
	snprintf(r->banned.peer, sizeof(r->banned.peer), "%s", peer);
	timer_start(&r->banned_due, BANNED_EVERY_MS);
}

/* The row is there, and the client will not be. */
static void
take_back(struct recorder *r, int64_t session, const char *id, enum reason why)
{
	const struct ledger_end end = {
	    .session = session, .id = id, .actor = "", .why = why, .closed_ms = clock_wall_ms()};

	ledger_tunnel_end(r->ledger, &end, NULL, NULL);
}

static void
on_session_settled(void *user, enum reason why, int64_t session)
{
	struct asker *a = user;
	struct recorder *r = a->r;

	if (why == R_NONE && ledger_is_banned(r->ledger, a->id, clock_wall_ms())) {
		why = R_BANNED;
		take_back(r, session, a->id, why);
		refuse_banned(r, a->id, a->peer);
	} else if (why == R_NONE && !r->ops) {
		take_back(r, session, a->id, R_SHUTDOWN);
	}
	answer_admission(r, a->worker, a->ticket, why, session);
	free(a);
}

void
recorder_on_admit(struct recorder *r, const struct msg_admit *letter)
{
	const struct client_facts *client = &letter->client;
	struct asker *a;

	if (ledger_is_banned(r->ledger, client->id, clock_wall_ms())) {
		refuse_banned(r, client->id, client->peer);
		answer_admission(r, letter->worker, letter->ticket, R_BANNED, 0);
		return;
	}
	a = asker_new(r, letter->worker);
	a->ticket = letter->ticket;
	memcpy(a->id, client->id, sizeof(a->id));
	memcpy(a->peer, client->peer, sizeof(a->peer));
	ledger_tunnel_open(r->ledger, client, letter->worker, on_session_settled, a);
}

void
recorder_on_tunnel_end(struct recorder *r, const struct msg_tunnel_end *letter)
{
	const struct ledger_end end = {.session = letter->session,
	    .id = letter->id,
	    .actor = letter->by,
	    .why = letter->why,
	    .requests = letter->requests,
	    .bytes_in = letter->bytes_in,
	    .bytes_out = letter->bytes_out,
	    .closed_ms = letter->closed_ms};

	ledger_tunnel_end(r->ledger, &end, on_row_settled, asker_new(r, letter->worker));
}

void
recorder_on_refusals(struct recorder *r, const struct msg_refusals *letter)
{
	write_refusals(r, letter, on_row_settled, asker_new(r, letter->worker));
}

void
recorder_on_hook_failed(struct recorder *r, const struct msg_hook_failed *letter)
{
	struct ledger_event event = {
	    .event = audit_event_word(AUDIT_HOOK_FAILED),
	    .actor = "whtd",
	    .subject = letter->id[0] ? span_str(letter->id) : SPAN("-"),
	};
	struct strb detail;

	strb_init(&detail, DETAIL_MAX + 6 * FACT_WHAT_MAX);
	strb_printf(&detail, "{\"phase\":\"%s\",\"count\":%llu,\"text\":\"",
	    lua_phase_info(letter->phase)->word, (unsigned long long)letter->count);
	strb_json(&detail, span_str(letter->text));
	strb_add(&detail, SPAN("\"}"));
	event.detail = strb_span(&detail);
	ledger_event(r->ledger, &event, on_row_settled, asker_new(r, letter->worker));
	strb_free(&detail);
}

/* ---- what the service itself does ---- */

static void
write_own(struct recorder *r, enum audit_event what, const char *detail)
{
	const struct ledger_event event = {.event = audit_event_word(what),
	    .actor = "whtd",
	    .subject = SPAN("-"),
	    .detail = span_str(detail)};

	ledger_event(r->ledger, &event, NULL, NULL);
}

void
recorder_reloaded(struct recorder *r, unsigned errors, const char *script)
{
	char detail[DETAIL_MAX];

	if (errors)
		snprintf(detail, sizeof(detail), "{\"errors\":%u}", errors);
	else if (script)
		snprintf(detail, sizeof(detail), "{\"lua_sha256\":\"%s\"}", script);
	else
		snprintf(detail, sizeof(detail), "{}");
	write_own(r, errors ? AUDIT_CONFIG_REFUSED : AUDIT_CONFIG_RELOADED, detail);
}

void
recorder_serve(
    struct recorder *r, unsigned workers, bool tls, const struct recorder_ops *ops, void *user)
{
	char detail[DETAIL_MAX];

	r->workers = workers;
	r->recorded = must_alloc(workers * sizeof(*r->recorded));
	r->ops = ops;
	r->user = user;
	r->started = true;
	snprintf(detail, sizeof(detail), "{\"version\":\"%s\",\"workers\":%u,\"tls\":%s}",
	    WHT_VERSION, workers, tls ? "true" : "false");
	write_own(r, AUDIT_SERVER_START, detail);
}

void
recorder_hang_up(struct recorder *r)
{
	r->ops = NULL;
}

/* ---- life ---- */

void
recorder_plan(struct recorder_plan *p, const struct config *c, struct report *report)
{
	const char *sync = config_text(c, SET_audit_sync);

	state_dir_find(c, p->dir);
	p->keep_ms = config_number(c, SET_audit_keep) * DAY_MS;
	p->sync_normal = sync && strcmp(sync, "normal") == 0;
	if (sync && !p->sync_normal && strcmp(sync, "full") != 0)
		report_error(report, "WHT_AUDIT_SYNC: \"%.100s\" is neither full nor normal", sync);
}

struct recorder *
recorder_open(struct loop *loop, const struct recorder_plan *plan, char error[LEDGER_ERROR_MAX])
{
	struct recorder *r;
	struct strb path;
	struct ledger_config config = {
	    .sync_normal = plan->sync_normal, .keep_ms = plan->keep_ms, .patience_ms = PATIENCE_MS};

	if (state_dir_make(plan->dir, error, LEDGER_ERROR_MAX) < 0)
		return NULL;
	OBJ_NEW(r, RECORDER_MAGIC);
	task_init(&r->tell, loop, on_tell, r);
	timer_init(&r->banned_due, loop, on_banned_due, r);
	strb_init(&path, PATH_MAX);
	strb_printf(&path, "%s/" DATABASE, plan->dir);
	config.path = strb_cstr(&path);
	r->ledger = ledger_open(loop, &config, error);
	strb_free(&path);
	if (!r->ledger)
		OBJ_FREE(r);
	return r;
}

struct ledger *
recorder_ledger(struct recorder *r)
{
	return r->ledger;
}

void
recorder_close(struct recorder **rp)
{
	struct recorder *r;
	struct ledger *last;

	TAKE_OBJ(r, rp, RECORDER_MAGIC);
	recorder_hang_up(r);
	if (r->banned.count > 0)
		on_banned_due(r);
	timer_stop(&r->banned_due);
	if (r->started)
		write_own(r, AUDIT_SERVER_STOP, "{}");
	last = r->ledger; /* which r still speaks to while it closes */
	ledger_close(&last, LAST_WORDS_MS);
	task_cancel(&r->tell);
	free(r->recorded);
	OBJ_FREE(r);
}
