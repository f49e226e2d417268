/* Commands about tunnels: the workers are asked, and their word is put in order. */
#include <stdlib.h>

#include "base/obj.h"
#include "base/strb.h"
#include "controlplane/admin_call.h"

enum { LIST_MAX = 1000, TEXT_MAX = 4096 };

/* ---- one tunnel ---- */

static void
put_url(json_t *o, const struct admin *a, const char *id)
{
	struct admin_facts f;
	struct strb url;

	a->ops->facts(a->user, &f);
	strb_init(&url, TEXT_MAX);
	policy_client_url(f.policy, span_str(id), &url);
	put_text(o, "url", strb_cstr(&url));
	strb_free(&url);
}

static void
put_client(json_t *o, const struct client_facts *c)
{
	put_text(o, "peer", c->peer);
	put_text(o, "agent", c->agent);
	put_text(o, "label", c->label);
	put_text(o, "family", c->websocktunnel ? "websocktunnel" : "webhooktunnel");
	put_number(o, "window", c->window);
	put_bool(o, "rst", c->rst);
	put_text(o, "iss", c->claims.iss);
	put_text(o, "sub", c->claims.sub);
	put_text(o, "jti", c->claims.jti);
	put_time(o, "token_expires_at", (int64_t)(c->claims.exp * 1000));
	put_time(o, "opened_at", c->opened_ms);
}

static json_t *
tunnel_json(const struct admin *a, const struct tunnel_facts *t)
{
	json_t *o = json_object();

	put_text(o, "id", t->client.id);
	put_url(o, a, t->client.id);
	put_number(o, "worker", t->worker);
	put_number(o, "session", t->session);
	put_client(o, &t->client);
	put_number(o, "requests", (int64_t)t->requests);
	put_number(o, "bytes_in", (int64_t)t->bytes_in);
	put_number(o, "bytes_out", (int64_t)t->bytes_out);
	put_json(o, "rtt_ms", t->rtt_us ? json_real((double)t->rtt_us / 1000) : json_null());
	put_number(o, "held_bytes", (int64_t)t->held);
	put_number(o, "streams", t->streams);
	put_number(o, "stalled", t->stalled);
	return o;
}

/* ---- all of them ---- */

struct listing {
	const struct tunnel_facts **of;
	size_t n;
};

static struct listing
gather(const struct answer *answer)
{
	struct listing l = {0};
	size_t total = 0;

	for (unsigned w = 0; w < answer->workers; w++)
		total += answer->told[w] ? answer->told[w]->ntunnels : 0;
	l.of = must_alloc(sizeof(*l.of) * (total + 1));
	for (unsigned w = 0; w < answer->workers; w++) {
		for (size_t i = 0; answer->told[w] && i < answer->told[w]->ntunnels; i++)
			l.of[l.n++] = &answer->told[w]->tunnels[i];
	}
	return l;
}

static uint64_t
sort_number(const struct tunnel_facts *t, const char *key)
{
	const struct {
		const char *key;
		uint64_t value;
	} numbers[] = {{"opened", (uint64_t)t->client.opened_ms}, {"requests", t->requests},
	    {"bytes", t->bytes_in + t->bytes_out}, {"streams", t->streams}, {"stalled", t->stalled},
	    {"held", t->held}, {"rtt", t->rtt_us}};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (strcmp(key, numbers[i].key) == 0)
			return numbers[i].value;
	}
	return 0;
}

/* The most first; then, and where nothing is counted, by id, so that pages fit together. */
static int
compare(const void *a, const void *b, void *key)
{
	const struct tunnel_facts *x = *(const struct tunnel_facts *const *)a;
	const struct tunnel_facts *y = *(const struct tunnel_facts *const *)b;
	uint64_t nx = sort_number(x, key), ny = sort_number(y, key);

	if (nx != ny)
		return nx < ny ? 1 : -1;
	return strcmp(x->client.id, y->client.id);
}

static uint64_t
least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static json_t *
page_of(const struct admin_call *call, const struct listing *l)
{
	uint64_t begin = least(call_number(call, ARG_TUNNEL_LIST_offset, 0), l->n);
	uint64_t limit = least(call_number(call, ARG_TUNNEL_LIST_limit, LIST_MAX), LIST_MAX);
	uint64_t end = least(begin + limit, l->n);
	json_t *page = json_object(), *tunnels = json_array();

	for (uint64_t i = begin; i < end; i++)
		json_array_append_new(tunnels, tunnel_json(call->admin, l->of[i]));
	put_json(page, "tunnels", tunnels);
	put_number(page, "total", (int64_t)l->n);
	put_json(page, "next", end < l->n ? json_integer((json_int_t)end) : json_null());
	return page;
}

static void
list_on_told(void *user, const struct answer *answer)
{
	struct admin_call *call;
	struct listing l;
	const char *key;
	json_t *page;

	CAST_OBJ(call, user, ADMIN_CALL_MAGIC);
	if (answer->silent) {
		admin_refuse_silent(&call, answer);
		return;
	}
	l = gather(answer);
	key = call_text(call, ARG_TUNNEL_LIST_sort);
	qsort_r(l.of, l.n, sizeof(*l.of), compare, (void *)(key ? key : "id"));
	page = page_of(call, &l);
	free(l.of);
	admin_answer(&call, page);
}

void
admin_do_TUNNEL_LIST(struct admin_call *call)
{
	const char *match = call_text(call, ARG_TUNNEL_LIST_match);

	questions_ask(call->admin->questions, ASK_TUNNELS, match ? match : "", list_on_told, call);
}

static void
show_on_told(void *user, const struct answer *answer)
{
	struct admin_call *call;
	struct listing l;

	CAST_OBJ(call, user, ADMIN_CALL_MAGIC);
	l = gather(answer);
	if (l.n > 0)
		admin_answer(&call, tunnel_json(call->admin, l.of[0]));
	else if (answer->silent)
		admin_refuse_silent(&call, answer);
	else
		admin_refuse(&call, 404, "no_such_tunnel",
		    "tunnel list has the live ones, sessions list those that were",
		    "no client is connected as %s", call_text(call, ARG_TUNNEL_SHOW_id));
	free(l.of);
}

void
admin_do_TUNNEL_SHOW(struct admin_call *call)
{
	questions_ask(call->admin->questions, ASK_TUNNELS, call_text(call, ARG_TUNNEL_SHOW_id),
	    show_on_told, call);
}

static void
kill_on_kicked(void *user, const struct answer *answer)
{
	struct admin_call *call;
	json_t *json;

	CAST_OBJ(call, user, ADMIN_CALL_MAGIC);
	if (answer->silent) {
		admin_refuse_silent(&call, answer);
	} else if (answer->ended == 0) {
		admin_refuse(&call, 404, "no_such_tunnel", "tunnel list has the live ones",
		    "no client is connected as %s", call_text(call, ARG_TUNNEL_KILL_id));
	} else {
		json = json_object();
		put_number(json, "ended", answer->ended);
		admin_answer(&call, json);
	}
}

void
admin_do_TUNNEL_KILL(struct admin_call *call)
{
	questions_kick(call->admin->questions, call_text(call, ARG_TUNNEL_KILL_id),
	    call->peer.actor, R_KILLED, kill_on_kicked, call);
}
