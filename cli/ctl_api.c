#include "cli/ctl_api.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>

#include "base/obj.h"
#include "cli/ctl_socket.h"

#define API_MAGIC 0x61706921

struct api {
	unsigned magic;
	char path[SOCKET_PATH_MAX];
	CURL *curl; /* keeps its connection from one question to the next */
	struct curl_slist *fields;
};

struct api *
api_new(const char *path)
{
	struct api *a;

	OBJ_NEW(a, API_MAGIC);
	strncpy(a->path, path, sizeof(a->path) - 1);
	a->curl = curl_easy_init();
	ENSURE(a->curl);
	a->fields = curl_slist_append(NULL, "Content-Type: application/json");
	a->fields = curl_slist_append(a->fields, "Expect:");
	ENSURE(a->fields);
	return a;
}

void
api_free(struct api **ap)
{
	struct api *a;

	TAKE_OBJ(a, ap, API_MAGIC);
	curl_slist_free_all(a->fields);
	curl_easy_cleanup(a->curl);
	OBJ_FREE(a);
}

void
api_patience(struct api *a, long ms)
{
	CHECK_OBJ(a, API_MAGIC);
	curl_easy_setopt(a->curl, CURLOPT_TIMEOUT_MS, ms);
}

void
answer_init(struct answer *answer)
{
	*answer = (struct answer){0};
	strb_init(&answer->text, ANSWER_MAX);
	strb_init(&answer->why, 4096);
}

void
answer_free(struct answer *answer)
{
	json_decref(answer->json);
	strb_free(&answer->text);
	strb_free(&answer->why);
	answer->json = NULL;
}

/* ---- the question ---- */

static void
percent_encode(struct strb *out, struct span text)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    strchr("-._~", c))
			strb_char(out, (char)c);
		else
			strb_printf(out, "%%%02X", c);
	}
}

static void
add_path(struct strb *out, enum ctl_id command, const char *const values[ARG_COUNT])
{
	struct span rest = span_str(ctl_commands[command].path), before, name;

	while (span_cut(&rest, '{', &before)) {
		strb_add(out, before);
		if (!rest.p)
			return;
		span_cut(&rest, '}', &name);
		percent_encode(out, span_str(values[ctl_arg_find(command, name)]));
	}
}

void
api_target(struct strb *out, enum ctl_id command, const char *const values[ARG_COUNT])
{
	char sign = '?';

	add_path(out, command, values);
	for (int i = 0; i < ARG_COUNT; i++) {
		const struct ctl_arg *arg = &ctl_args[i];

		if (arg->command != command || arg->place != PLACE_QUERY || !values[i])
			continue;
		strb_char(out, sign);
		strb_printf(out, "%s=", arg->name);
		percent_encode(out, span_str(values[i]));
		sign = '&';
	}
}

void
api_body(struct strb *out, enum ctl_id command, const char *const values[ARG_COUNT])
{
	char sign = '{';

	for (int i = 0; i < ARG_COUNT; i++) {
		const struct ctl_arg *arg = &ctl_args[i];
		uint64_t number;

		if (arg->command != command || arg->place != PLACE_BODY || !values[i])
			continue;
		strb_printf(out, "%c\"%s\":", sign, arg->name);
		sign = ',';
		if (arg->type == TYPE_COUNT &&
		    span_u64(span_str(values[i]), INT64_MAX, &number) == 0) {
			strb_printf(out, "%llu", (unsigned long long)number);
			continue;
		}
		strb_char(out, '"');
		strb_json(out, span_str(values[i]));
		strb_char(out, '"');
	}
	if (sign == ',')
		strb_char(out, '}');
}

/* ---- the exchange ---- */

static size_t
on_bytes(char *p, size_t size, size_t n, void *user)
{
	struct strb *text = user;

	strb_add(text, span_of(p, size * n));
	return strb_failed(text) ? 0 : n;
}

static void
prepare(struct api *a, const char *method, const char *url, struct strb *body, struct strb *text)
{
	bool get = strcmp(method, "GET") == 0;

	curl_easy_setopt(a->curl, CURLOPT_UNIX_SOCKET_PATH, a->path);
	curl_easy_setopt(a->curl, CURLOPT_PROXY, ""); /* not one of the environment's */
	curl_easy_setopt(a->curl, CURLOPT_PROTOCOLS_STR, "http");
	curl_easy_setopt(a->curl, CURLOPT_URL, url);
	curl_easy_setopt(a->curl, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(a->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(a->curl, CURLOPT_USERAGENT, "whtctl/" WHT_VERSION);
	curl_easy_setopt(a->curl, CURLOPT_HTTPGET, 1L);
	curl_easy_setopt(a->curl, CURLOPT_CUSTOMREQUEST, method);
	if (!get && (body->n > 0 || strcmp(method, "DELETE") != 0)) {
		curl_easy_setopt(a->curl, CURLOPT_POSTFIELDS, strb_cstr(body));
		curl_easy_setopt(a->curl, CURLOPT_POSTFIELDSIZE, (long)body->n);
	}
	curl_easy_setopt(a->curl, CURLOPT_HTTPHEADER, body->n > 0 ? a->fields : NULL);
	curl_easy_setopt(a->curl, CURLOPT_WRITEFUNCTION, on_bytes);
	curl_easy_setopt(a->curl, CURLOPT_WRITEDATA, text);
}

static enum ctl_leave
explain_failure(struct api *a, CURLcode code, struct answer *answer)
{
	long error = 0;

	if (code == CURLE_URL_MALFORMAT) {
		strb_add(&answer->why, SPAN("the words are too long"));
		return CTL_LEAVE_USAGE;
	}
	if (strb_failed(&answer->text)) {
		strb_add(
		    &answer->why, SPAN("the answer is too long\nAsk for less: --limit, --match."));
		return CTL_LEAVE_FAILED;
	}
	curl_easy_getinfo(a->curl, CURLINFO_OS_ERRNO, &error);
	if (code == CURLE_COULDNT_CONNECT && error != 0)
		ctl_socket_explain(a->path, (int)error, &answer->why);
	else if (code == CURLE_OPERATION_TIMEDOUT)
		strb_add(
		    &answer->why, SPAN("the service did not answer in time\nIts log, and the state "
				       "of its process, may say why."));
	else
		strb_printf(&answer->why, "the service broke off: %s", curl_easy_strerror(code));
	return CTL_LEAVE_AWAY;
}

static enum ctl_leave
leave_of_status(long status)
{
	switch (status) {
	case 400:
	case 405:
	case 413:
	case 414:
		return CTL_LEAVE_USAGE;
	case 401:
	case 403:
		return CTL_LEAVE_DENIED;
	case 404:
	case 409:
	case 422:
		return CTL_LEAVE_NO;
	case 503:
	case 504:
		return CTL_LEAVE_BUSY;
	default:
		return status >= 200 && status < 300 ? CTL_LEAVE_OK : CTL_LEAVE_FAILED;
	}
}

/* The service's own sentence, and its hint on a line of its own. */
static void
explain_refusal(struct answer *answer)
{
	const char *message = json_string_value(json_object_get(answer->json, "message"));
	const char *hint = json_string_value(json_object_get(answer->json, "hint"));

	if (message)
		strb_visible(&answer->why, span_str(message));
	else
		strb_printf(&answer->why, "the service answered with status %ld", answer->status);
	if (hint && hint[0]) {
		strb_char(&answer->why, '\n');
		strb_visible(&answer->why, span_str(hint));
	}
}

static bool
is_text(enum ctl_id command)
{
	return span_starts(span_str(ctl_commands[command].answer), SPAN("text/plain"));
}

enum ctl_leave
api_ask(
    struct api *a, enum ctl_id command, const char *const values[ARG_COUNT], struct answer *answer)
{
	struct strb url, body;
	enum ctl_leave leave;
	CURLcode code;

	CHECK_OBJ(a, API_MAGIC);
	strb_init(&url, 64 << 10);
	strb_init(&body, 64 << 10);
	strb_add(&url, SPAN("http://whtd"));
	api_target(&url, command, values);
	api_body(&body, command, values);
	code = CURLE_URL_MALFORMAT;
	if (!strb_failed(&url) && !strb_failed(&body)) {
		prepare(a, ctl_commands[command].method, strb_cstr(&url), &body, &answer->text);
		code = curl_easy_perform(a->curl);
	}
	strb_free(&url);
	strb_free(&body);
	if (code != CURLE_OK)
		return explain_failure(a, code, answer);
	curl_easy_getinfo(a->curl, CURLINFO_RESPONSE_CODE, &answer->status);
	answer->json = json_loadb(strb_cstr(&answer->text), answer->text.n, JSON_ALLOW_NUL, NULL);
	leave = leave_of_status(answer->status);
	if (leave != CTL_LEAVE_OK) {
		explain_refusal(answer);
	} else if (!json_is_object(answer->json) && !is_text(command)) {
		strb_add(&answer->why, SPAN("the service's answer makes no sense"));
		leave = CTL_LEAVE_FAILED;
	}
	return leave;
}
