/* Commands about who may come in: bans and tokens. */
#include <stdio.h>
#include <stdlib.h>

#include "auth/jwt.h"
#include "base/clock.h"
#include "base/obj.h"
#include "base/reason.h"
#include "controlplane/admin_call.h"

#define DAY_MS (24 * 3600 * 1000ull)

/* ---- bans ---- */

static json_t *
ban_json(const struct ban *b)
{
	json_t *o = json_object();

	put_text(o, "match", b->match);
	put_time(o, "until", b->until_ms);
	put_time(o, "added_at", b->added_ms);
	put_text(o, "by", b->by);
	put_text(o, "reason", b->why);
	return o;
}

void
admin_do_BAN_LIST(struct admin_call *call)
{
	size_t n;
	const struct ban *bans = ledger_bans(call->admin->ledger, &n);
	json_t *answer = json_object(), *list = json_array();
	int64_t now_ms = clock_wall_ms();

	for (size_t i = 0; i < n; i++) {
		if (bans[i].until_ms == 0 || bans[i].until_ms > now_ms)
			json_array_append_new(list, ban_json(&bans[i]));
	}
	put_json(answer, "bans", list);
	put_number(answer, "total", (int64_t)json_array_size(list));
	admin_answer(&call, answer);
}

static const struct ban *
find_ban(const struct ledger *ledger, const char *match)
{
	size_t n;
	const struct ban *bans = ledger_bans(ledger, &n);

	for (size_t i = 0; i < n; i++) {
		if (strcmp(bans[i].match, match) == 0)
			return &bans[i];
	}
	return NULL;
}

static void
refuse_unrecorded(struct admin_call **callp, enum reason why)
{
	admin_refuse(callp, 503, reason_word(why),
	    "nothing was changed; try again when status says that the ledger is well", "%s",
	    reason_info(why)->text);
}

static void
ban_on_kicked(void *user, const struct answer *answer)
{
	struct admin_call *call;
	const struct ban *ban;
	const char *match;
	json_t *json;

	CAST_OBJ(call, user, ADMIN_CALL_MAGIC);
	if (answer->silent) {
		admin_refuse_silent(&call, answer);
		return;
	}
	match = call_text(call, ARG_BAN_ADD_match);
	ban = find_ban(call->admin->ledger, match);
	json = json_object();
	put_text(json, "match", match);
	put_time(json, "until", ban ? ban->until_ms : 0);
	put_number(json, "ended", answer->ended);
	admin_answer(&call, json);
}

/* First the ban, then the live ones: who is thrown out does not come back in between. */
static void
ban_on_added(void *user, enum reason why, int64_t row)
{
	struct admin_call *call;

	(void)row;
	CAST_OBJ(call, user, ADMIN_CALL_MAGIC);
	if (!call->admin)
		admin_refuse(&call, 503, reason_word(R_SHUTDOWN), "", "the service is stopping");
	else if (why != R_NONE)
		refuse_unrecorded(&call, why);
	else
		questions_kick(call->admin->questions, call_text(call, ARG_BAN_ADD_match),
		    call->peer.actor, R_BANNED, ban_on_kicked, call);
}

void
admin_do_BAN_ADD(struct admin_call *call)
{
	uint64_t for_ms = call_number(call, ARG_BAN_ADD_for, 0);
	const char *why = call_text(call, ARG_BAN_ADD_reason);
	struct ban ban = {.added_ms = clock_wall_ms()};

	ban.until_ms = for_ms ? ban.added_ms + (int64_t)for_ms : 0;
	snprintf(ban.match, sizeof(ban.match), "%s", call_text(call, ARG_BAN_ADD_match));
	snprintf(ban.by, sizeof(ban.by), "%s", call->peer.actor);
	snprintf(ban.why, sizeof(ban.why), "%s", why ? why : "");
	ledger_ban_add(call->admin->ledger, &ban, ban_on_added, call);
}

static void
ban_on_removed(void *user, enum reason why, int64_t row)
{
	struct admin_call *call;
	json_t *json;

	(void)row;
	CAST_OBJ(call, user, ADMIN_CALL_MAGIC);
	if (why != R_NONE) {
		refuse_unrecorded(&call, why);
		return;
	}
	json = json_object();
	put_text(json, "match", call_text(call, ARG_BAN_REMOVE_match));
	admin_answer(&call, json);
}

void
admin_do_BAN_REMOVE(struct admin_call *call)
{
	const char *match = call_text(call, ARG_BAN_REMOVE_match);

	if (find_ban(call->admin->ledger, match))
		ledger_ban_remove(
		    call->admin->ledger, match, call->peer.actor, ban_on_removed, call);
	else
		admin_refuse(&call, 404, "no_such_ban",
		    "ban list has them, each as it has to be written here", "there is no ban on %s",
		    match);
}

/* ---- tokens ---- */

static void
answer_token(struct admin_call **callp, char *token, int64_t expires_ms)
{
	json_t *json = json_object();

	put_text(json, "token", token);
	put_text(json, "id", call_text(*callp, ARG_TOKEN_MINT_id));
	put_time(json, "expires_at", expires_ms);
	explicit_bzero(token, strlen(token));
	free(token);
	admin_answer(callp, json);
}

void
admin_do_TOKEN_MINT(struct admin_call *call)
{
	const char *id = call_text(call, ARG_TOKEN_MINT_id);
	const char *aud = call_text(call, ARG_TOKEN_MINT_aud);
	int64_t ttl_s = (int64_t)(call_number(call, ARG_TOKEN_MINT_ttl, DAY_MS) / 1000);
	int64_t now_s = clock_wall_ms() / 1000;
	struct admin_facts f;
	char *token;

	call->admin->ops->facts(call->admin->user, &f);
	token = jwt_mint(span_str(id), span_str(f.policy->secrets[0]),
	    span_str(aud ? aud : f.policy->audience), now_s, ttl_s);
	if (token)
		answer_token(&call, token, (now_s + ttl_s) * 1000);
	else
		admin_refuse(&call, 400, "bad_argument", "from 1s to 30d",
		    "ttl: no token is good for so long, or for no time");
}
