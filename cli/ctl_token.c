/* Tokens: made by the service, read here. */
#include "cli/ctl.h"

#include "auth/base64url.h"
#include "auth/jwt.h"
#include "auth/tunnel_id.h"
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>

enum { TID_MAX = 4096 };

#define SECONDS_MAX 1e11 /* a moment beyond it is no moment */

/* The token alone, so that it can be piped. */
enum ctl_leave
ctl_run_mint(struct ctl *c)
{
	struct answer answer;
	enum ctl_leave leave = ctl_ask(c, &answer);
	const char *token = json_string_value(json_object_get(answer.json, "token"));

	if (leave == CTL_LEAVE_OK && c->json) {
		strb_add(&c->out, strb_span(&answer.text));
	} else if (leave == CTL_LEAVE_OK && token) {
		strb_visible(&c->out, span_str(token));
		strb_char(&c->out, '\n');
	} else if (leave == CTL_LEAVE_OK) {
		ctl_complain("the service's answer holds no token");
		leave = CTL_LEAVE_FAILED;
	}
	answer_free(&answer);
	return leave;
}

/* ---- token inspect ---- */

static void
read_stdin(struct strb *text)
{
	char part[4096];
	size_t n;

	while (!strb_failed(text) && (n = fread(part, 1, sizeof(part), stdin)) > 0)
		strb_add(text, span_of(part, n));
}

/* The argument, or with "-" the first line of stdin. What is too long is cut, and then no token. */
static struct span
take_token(const char *argument, struct strb *text)
{
	struct span rest, line = {NULL, 0};

	strb_init(text, JWT_TOKEN_MAX);
	if (strcmp(argument, "-") == 0)
		read_stdin(text);
	else
		strb_add(text, span_str(argument));
	rest = strb_span(text);
	span_cut(&rest, '\n', &line);
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	return span_trim(line);
}

/* The n-th of its three parts as JSON; NULL: not even that. */
static json_t *
part_of(struct span token, int n)
{
	char bytes[BASE64URL_BYTES(JWT_TOKEN_MAX)];
	struct span rest = token, part = {NULL, 0};
	size_t size;

	for (; n >= 0; n--) {
		if (!span_cut(&rest, '.', &part))
			return NULL;
	}
	if (part.n > JWT_TOKEN_MAX || base64url_decode(part, bytes, &size) != 0)
		return NULL;
	return json_loadb(bytes, size, JSON_REJECT_DUPLICATES, NULL);
}

/* Seconds since 1970 become a time; "_at" says so to whoever prints it. */
static void
set_moment(json_t *told, const char *name, const json_t *value)
{
	char text[CLOCK_TEXT_MAX];
	double s = json_number_value(value);

	if (json_is_number(value) && s > 0 && s < SECONDS_MAX)
		json_object_set_new(told, name, json_string(clock_text((int64_t)(s * 1e3), text)));
	else if (value)
		json_object_set(told, name, (json_t *)value);
}

static const struct {
	const char *claim, *told;
} moments[] = {{"iat", "issued_at"}, {"nbf", "good_from_at"}, {"exp", "expires_at"}};

static void
tell_claims(json_t *told, json_t *claims)
{
	if (json_object_get(claims, "tid"))
		json_object_set(told, "id", json_object_get(claims, "tid"));
	json_object_del(claims, "tid");
	for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
		set_moment(told, moments[i].told, json_object_get(claims, moments[i].claim));
		json_object_del(claims, moments[i].claim);
	}
	json_object_update(told, claims);
}

static void
add_fault(json_t *faults, const char *text)
{
	json_array_append_new(faults, json_string(text));
}

/* All that can be said against it without the secret and without the server's AUDIENCE. */
static json_t *
find_faults(struct span token, const json_t *head, double now_s)
{
	const char *alg = json_string_value(json_object_get(head, "alg"));
	json_t *faults = json_array();
	struct jwt_claims claims = {0};
	char tid[TID_MAX] = "";
	enum jwt_fault fault = jwt_peek(token, &claims, tid, sizeof(tid));

	if (fault != JWT_OK)
		add_fault(faults, jwt_fault_text(fault));
	if (head && (!alg || strcmp(alg, "HS256") != 0 || json_object_get(head, "crit")))
		add_fault(faults, jwt_fault_text(JWT_ALGORITHM));
	if (fault != JWT_OK)
		return faults;
	if (!tunnel_id_valid(span_str(tid)))
		add_fault(faults, "no tunnel can have its id");
	if (claims.exp <= now_s)
		add_fault(faults, jwt_fault_text(JWT_EXPIRED));
	if (claims.nbf > now_s)
		add_fault(faults, jwt_fault_text(JWT_NOT_YET));
	if (claims.exp - claims.nbf >= JWT_SPAN_MAX_S)
		add_fault(faults, jwt_fault_text(JWT_TOO_LONG_LIVED));
	return faults;
}

static void
print_inspection(struct ctl *c, json_t *told)
{
	const json_t *faults = json_object_get(told, "faults");

	for (size_t i = 0; i < json_array_size(faults); i++)
		strb_printf(&c->out, "WRONG: %s\n", json_string_value(json_array_get(faults, i)));
	if (json_array_size(faults) == 0)
		strb_add(&c->out,
		    SPAN("nothing wrong in it; only the service can judge its signature\n"));
	strb_char(&c->out, '\n');
	json_object_del(told, "faults");
	ctl_fields(c, told);
}

static void
print_json(struct ctl *c, const json_t *told)
{
	char *text = json_dumps(told, JSON_INDENT(2));

	strb_printf(&c->out, "%s\n", text ? text : "{}");
	free(text);
}

enum ctl_leave
ctl_run_inspect(struct ctl *c)
{
	struct strb text;
	struct span token = take_token(c->line.values[ARG_TOKEN_INSPECT_token], &text);
	json_t *head = part_of(token, 0), *claims = part_of(token, 1), *told = json_object();
	json_t *faults = find_faults(token, head, (double)c->now_ms / 1e3);
	enum ctl_leave leave = json_array_size(faults) == 0 ? CTL_LEAVE_OK : CTL_LEAVE_NO;

	json_object_set_new(told, "faults", faults);
	if (json_is_object(head))
		json_object_update(told, head);
	if (json_is_object(claims))
		tell_claims(told, claims);
	if (c->json)
		print_json(c, told);
	else
		print_inspection(c, told);
	json_decref(told);
	json_decref(head);
	json_decref(claims);
	strb_free(&text);
	return leave;
}
