/* What a row writes: sessions as they come and go, and events.
 *
 * A row may be written more than once, each time in a transaction that was undone before. So
 * nothing of a row is used up by writing it. */
#include "controlplane/ledger_priv.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/obj.h"

#define DETAIL_MAX     4096
#define EVENT_WORD_MAX 64
#define MS_IN_A_SECOND 1000.0

int
ledger_append(struct ledger *l, int64_t at, const char *event, const char *actor,
    struct span subject, struct span detail)
{
	struct audit_row row = {.at = at, .event = span_str(event), .detail = detail};
	struct strb a, s;
	int r;

	strb_init(&a, DB_TEXT_MAX);
	strb_init(&s, DB_TEXT_MAX);
	row.actor = db_clean(span_str(actor), &a);
	row.subject = db_clean(subject, &s);
	r = audit_append(&l->audit, &l->db, &row);
	strb_free(&a);
	strb_free(&s);
	return r;
}

static void
json_text(struct strb *b, const char *name, const char *text)
{
	strb_printf(b, ",\"%s\":\"", name);
	strb_json(b, span_str(text));
	strb_char(b, '"');
}

/* ---- a session begins ---- */

struct row_open {
	struct row row;
	struct client_facts client;
	unsigned worker;
};

static const char *
family_of(const struct client_facts *c)
{
	return c->websocktunnel ? "websocktunnel" : "webhooktunnel";
}

static int64_t
expiry_ms(const struct client_facts *c)
{
	return (int64_t)(c->claims.exp * MS_IN_A_SECOND);
}

static int
write_session(struct ledger *l, const struct client_facts *c)
{
	struct strb scratch[4];
	struct span clean[4];
	const char *const texts[4] = {c->agent, c->claims.iss, c->claims.sub, c->claims.jti};
	int r;

	for (int i = 0; i < 4; i++) {
		strb_init(&scratch[i], DB_TEXT_MAX);
		clean[i] = db_clean(span_str(texts[i]), &scratch[i]);
	}
	r = db_do(&l->db, DB_SESSION_OPEN, "ttstsssii", c->id, c->peer, clean[0], family_of(c),
	    clean[1], clean[2], clean[3], expiry_ms(c), c->opened_ms);
	for (int i = 0; i < 4; i++)
		strb_free(&scratch[i]);
	return r;
}

static void
open_detail(const struct row_open *o, struct strb *b)
{
	const struct client_facts *c = &o->client;
	char expires[CLOCK_TEXT_MAX];

	strb_printf(b, "{\"session\":%" PRId64 ",\"worker\":%u", o->row.number, o->worker);
	json_text(b, "peer", c->peer);
	json_text(b, "client", c->agent);
	json_text(b, "family", family_of(c));
	strb_printf(b, ",\"window\":%" PRIu32 ",\"rst\":%s", c->window, c->rst ? "true" : "false");
	json_text(b, "iss", c->claims.iss);
	json_text(b, "sub", c->claims.sub);
	json_text(b, "jti", c->claims.jti);
	json_text(b, "token_expires", clock_text(expiry_ms(c), expires));
	strb_char(b, '}');
}

static int
open_write(struct ledger *l, struct row *row)
{
	struct row_open *o = (struct row_open *)row;
	struct strb detail;
	int r = write_session(l, &o->client);

	if (r != SQLITE_OK)
		return r;
	row->number = sqlite3_last_insert_rowid(l->db.sql);
	strb_init(&detail, DETAIL_MAX);
	open_detail(o, &detail);
	r = ledger_append(l, row->at, audit_event_word(AUDIT_TUNNEL_OPEN), "client",
	    span_str(o->client.id), strb_span(&detail));
	strb_free(&detail);
	return r;
}

/* Its client was refused, but the row is there: so it ends as it began. */
static void
open_withdraw(struct ledger *l, struct row *row)
{
	const struct row_open *o = (const struct row_open *)row;
	const struct ledger_end end = {.session = row->number,
	    .id = o->client.id,
	    .actor = "",
	    .why = R_NOT_RECORDED,
	    .closed_ms = clock_wall_ms()};

	ledger_tunnel_end(l, &end, NULL, NULL);
}

void
ledger_tunnel_open(struct ledger *l, const struct client_facts *client, unsigned worker,
    ledger_done_f *done, void *user)
{
	static const struct row_kind kind = {open_write, NULL, open_withdraw};
	struct row_open *o = must_alloc(sizeof(*o));

	o->client = *client;
	o->worker = worker;
	o->row.urgent = true;
	ledger_queue(l, &o->row, &kind, done, user);
}

/* ---- and ends ---- */

struct row_end {
	struct row row;
	struct ledger_end end;
	char id[TUNNEL_ID_MAX + 1], actor[TUNNEL_ID_MAX + 1];
};

static enum audit_event
event_of(enum reason why)
{
	switch (why) {
	case R_REPLACED:
		return AUDIT_TUNNEL_REPLACED;
	case R_KILLED:
	case R_BANNED:
		return AUDIT_TUNNEL_KILLED;
	default:
		return AUDIT_TUNNEL_CLOSE;
	}
}

/* Whoever gave up waiting for the row no longer knows whose it was. */
static void
find_id(struct ledger *l, struct row_end *e)
{
	if (e->id[0])
		return;
	if (db_step(&l->db, DB_SESSION_ID, "i", e->end.session) == SQLITE_ROW)
		snprintf(e->id, sizeof(e->id), "%s", db_text(&l->db, DB_SESSION_ID, 0));
	db_end(&l->db, DB_SESSION_ID);
}

static int
end_write(struct ledger *l, struct row *row)
{
	struct row_end *e = (struct row_end *)row;
	const struct ledger_end *end = &e->end;
	char detail[DETAIL_MAX];
	int r = db_do(&l->db, DB_SESSION_END, "itiiii", end->closed_ms, reason_word(end->why),
	    (int64_t)end->requests, (int64_t)end->bytes_in, (int64_t)end->bytes_out, end->session);

	if (r != SQLITE_OK)
		return r;
	find_id(l, e);
	snprintf(detail, sizeof(detail),
	    "{\"session\":%" PRId64 ",\"reason\":\"%s\",\"requests\":%" PRIu64
	    ",\"bytes_in\":%" PRIu64 ",\"bytes_out\":%" PRIu64 "}",
	    end->session, reason_word(end->why), end->requests, end->bytes_in, end->bytes_out);
	r = ledger_append(l, row->at, audit_event_word(event_of(end->why)),
	    e->actor[0] ? e->actor : "whtd", span_str(e->id), span_str(detail));
	row->number = l->audit.now.seq;
	return r;
}

void
ledger_tunnel_end(struct ledger *l, const struct ledger_end *end, ledger_done_f *done, void *user)
{
	static const struct row_kind kind = {end_write, NULL, NULL};
	struct row_end *e = must_alloc(sizeof(*e));

	e->end = *end;
	snprintf(e->id, sizeof(e->id), "%s", end->id);
	snprintf(e->actor, sizeof(e->actor), "%s", end->actor);
	e->end.id = e->end.actor = NULL; /* the copies count */
	ledger_queue(l, &e->row, &kind, done, user);
}

/* ---- anything else that happens ---- */

struct row_event {
	struct row row;
	char event[EVENT_WORD_MAX];
	size_t subject_n, detail_n;
	char bytes[]; /* subject, detail, and the actor with its NUL */
};

static int
event_write(struct ledger *l, struct row *row)
{
	const struct row_event *e = (const struct row_event *)row;
	int r = ledger_append(l, row->at, e->event, e->bytes + e->subject_n + e->detail_n,
	    span_of(e->bytes, e->subject_n), span_of(e->bytes + e->subject_n, e->detail_n));

	row->number = l->audit.now.seq;
	return r;
}

void
ledger_event(struct ledger *l, const struct ledger_event *event, ledger_done_f *done, void *user)
{
	static const struct row_kind kind = {event_write, NULL, NULL};
	struct span subject = span_take(event->subject, DB_TEXT_MAX);
	struct span detail = event->detail.n ? event->detail : SPAN("{}");
	size_t actor_n = strlen(event->actor);
	struct row_event *e;

	if (detail.n > DB_TEXT_MAX)
		detail = SPAN("{\"cut\":true}"); /* half an object is none */
	e = must_alloc(sizeof(*e) + subject.n + detail.n + actor_n + 1);
	snprintf(e->event, sizeof(e->event), "%s", event->event);
	e->subject_n = subject.n;
	e->detail_n = detail.n;
	if (subject.n)
		memcpy(e->bytes, subject.p, subject.n);
	memcpy(e->bytes + subject.n, detail.p, detail.n);
	memcpy(e->bytes + subject.n + detail.n, event->actor, actor_n);
	e->row.urgent = event->cannot_wait;
	ledger_queue(l, &e->row, &kind, done, user);
}
