/* From a request line, a query and a body to a command with its arguments, or to a sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/strb.h"
#include "controlplane/admin_route.h"

#define NOW_MS 1700000000000ll

struct asked {
	enum admin_command command;
	struct admin_args args;
	struct admin_refusal refusal;
};

static int
ask_bytes(struct asked *q, const char *method, struct span target, struct span body)
{
	*q = (struct asked){0};
	if (admin_route_find(span_str(method), target, NOW_MS, &q->command, &q->args, &q->refusal) <
	    0)
		return q->refusal.status;
	if (admin_route_arguments(q->command, target, body, NOW_MS, &q->args, &q->refusal) < 0)
		return q->refusal.status;
	return 200;
}

static int
ask(struct asked *q, const char *method, const char *target, const char *body)
{
	return ask_bytes(q, method, span_str(target), span_str(body));
}

static void
refused(const char *method, const char *target, const char *body, int status, const char *error)
{
	struct asked q;

	assert_int_equal(ask(&q, method, target, body), status);
	assert_string_equal(q.refusal.error, error);
	assert_true(q.refusal.message[0] && q.refusal.hint[0]);
	admin_args_clear(&q.args);
}

static void
every_row_is_found_by_its_own_path(void **state)
{
	(void)state;
	for (int c = 0; c < ADMIN_COMMANDS; c++) {
		const struct admin_row *row = admin_row((enum admin_command)c);
		struct admin_args args = {0};
		struct admin_refusal refusal;
		enum admin_command found;
		char path[100];
		char *brace;

		snprintf(path, sizeof(path), "%s", row->path);
		brace = strchr(path, '{');
		if (brace)
			strcpy(brace, "alpha");
		assert_int_equal(admin_route_find(span_str(row->method), span_str(path), NOW_MS,
				     &found, &args, &refusal),
		    0);
		assert_int_equal(found, c);
		admin_args_clear(&args);
	}
}

static void
no_two_rows_share_words_or_a_place(void **state)
{
	(void)state;
	for (int c = 0; c < ADMIN_COMMANDS; c++) {
		for (int d = 0; d < c; d++) {
			const struct admin_row *x = admin_row((enum admin_command)c);
			const struct admin_row *y = admin_row((enum admin_command)d);

			assert_string_not_equal(x->words, y->words);
			assert_true(strcmp(x->path, y->path) || strcmp(x->method, y->method));
		}
	}
}

static void
whatever_changes_something_is_recorded(void **state)
{
	(void)state;
	for (int c = 0; c < ADMIN_COMMANDS; c++) {
		const struct admin_row *row = admin_row((enum admin_command)c);

		/* Of what changes nothing, only the sight of what viewers sent. */
		assert_int_equal(
		    row->recorded, strcmp(row->method, "GET") != 0 || c == ADMIN_REQUEST_LIST);
		assert_true(row->role >= (row->recorded ? ROLE_OPERATE : ROLE_VIEW));
	}
}

static void
arguments_come_from_path_query_and_body(void **state)
{
	struct asked q;

	(void)state;
	assert_int_equal(ask(&q, "DELETE", "/v1/tunnels/a%2Ab?reason=too+much%21", ""), 200);
	assert_int_equal(q.command, ADMIN_TUNNEL_KILL);
	assert_string_equal(q.args.of[ARG_TUNNEL_KILL_id].text, "a*b");
	assert_string_equal(q.args.of[ARG_TUNNEL_KILL_reason].text, "too much!");
	admin_args_clear(&q.args);

	assert_int_equal(ask(&q, "GET", "/v1/tunnels?sort=bytes&match=a%3F&limit=7", ""), 200);
	assert_string_equal(q.args.of[ARG_TUNNEL_LIST_match].text, "a?");
	assert_int_equal(q.args.of[ARG_TUNNEL_LIST_limit].number, 7);
	admin_args_clear(&q.args);

	assert_int_equal(ask(&q, "POST", "/v1/bans", "{\"match\": \"x\", \"for\": \"2h\"}"), 200);
	assert_string_equal(q.args.of[ARG_BAN_ADD_match].text, "x");
	assert_int_equal(q.args.of[ARG_BAN_ADD_for].number, 2 * 3600 * 1000);
	assert_null(q.args.of[ARG_BAN_ADD_reason].text);
	admin_args_clear(&q.args);
}

static void
a_percent_sign_of_an_id_survives_encoding(void **state)
{
	struct asked q;

	(void)state;
	assert_int_equal(ask(&q, "GET", "/v1/tunnels/a%2520b", ""), 200);
	assert_string_equal(q.args.of[ARG_TUNNEL_SHOW_id].text, "a%20b");
	admin_args_clear(&q.args);
}

/* A06 */
static void
odd_ids_are_refused_in_words(void **state)
{
	(void)state;
	refused("GET", "/v1/tunnels/..", "", 400, "bad_argument");
	refused("GET", "/v1/tunnels/a%00b", "", 400, "bad_argument");
	refused("GET", "/v1/tunnels/a%2fb", "", 400, "bad_argument");
	refused("GET", "/v1/tunnels/__x", "", 400, "bad_argument");
	refused("DELETE", "/v1/tunnels/a%20b", "", 400, "bad_argument");
	refused("DELETE", "/v1/tunnels/%ff%1b[2J", "", 400, "bad_argument");
}

/* A09 */
static void
what_was_wrong_is_shown_harmlessly(void **state)
{
	struct asked q;

	(void)state;
	assert_int_equal(ask(&q, "GET", "/v1/tunnels?match=\x1b[2J\r\n\xff", ""), 400);
	for (const char *c = q.refusal.message; *c; c++)
		assert_true(*c >= 0x20 && *c < 0x7F);
	admin_args_clear(&q.args);
}

static void
what_is_not_in_the_table_cannot_be_asked(void **state)
{
	struct asked q;

	(void)state;
	refused("GET", "/", "", 404, "no_such_command");
	refused("GET", "/v1/tunnels/", "", 404, "no_such_command");
	refused("GET", "/v1/tunnels/a/b", "", 404, "no_such_command");
	refused("GET", "/v1/tunnels//", "", 404, "no_such_command");
	refused("GET", "//v1/tunnels", "", 404, "no_such_command");
	refused("GET", "/v1/%74unnels", "", 404, "no_such_command");
	refused("GET", "http://a/v1/tunnels", "", 404, "no_such_command");
	refused("get", "/v1/tunnels", "", 405, "bad_method");
	assert_int_equal(ask(&q, "PATCH", "/v1/tunnels/a", ""), 405);
	assert_string_equal(q.refusal.allow, "GET, DELETE");
	refused("GET", "/v1/status?x=1", "", 400, "unknown_argument");
	refused("GET", "/v1/tunnels?id=1", "", 400, "unknown_argument");
	refused("POST", "/v1/bans?match=a", "", 400, "unknown_argument");
	refused("POST", "/v1/bans", "{\"match\": \"a\", \"x\": 1}", 400, "unknown_argument");
	refused("GET", "/v1/tunnels?match=a&match=b", "", 400, "bad_argument");
}

static void
bodies_are_one_object_with_what_is_needed(void **state)
{
	(void)state;
	refused("POST", "/v1/bans", "", 400, "missing_argument");
	refused("POST", "/v1/bans", "{}", 400, "missing_argument");
	refused("POST", "/v1/bans", "{\"match\": null}", 400, "missing_argument");
	refused("POST", "/v1/bans", "[]", 400, "bad_body");
	refused("POST", "/v1/bans", "match=a", 400, "bad_body");
	refused("POST", "/v1/bans", "{\"match\": \"a\"} x", 400, "bad_body");
	refused("POST", "/v1/bans", "{\"match\": \"a\", \"match\": \"b\"}", 400, "bad_body");
	refused("POST", "/v1/bans", "{\"match\": 7}", 400, "bad_argument");
	refused("POST", "/v1/bans", "{\"match\": \"\"}", 400, "bad_argument");
	refused("POST", "/v1/bans", "{\"match\": \"a\\u0000b\"}", 400, "bad_body");
	refused(
	    "POST", "/v1/bans", "{\"match\": \"a\", \"reason\": \"x\\ny\"}", 400, "bad_argument");
}

/* A04 */
static void
every_byte_and_every_beginning_is_answered(void **state)
{
	static const char target[] =
	    "/v1/audit?since=2026-11-22T14:13:33Z&event=tunnel.*&id=a%20b&limit=9";
	char changed[sizeof(target)];
	struct asked q;

	(void)state;
	for (size_t n = 0; n < sizeof(target); n++) {
		ask_bytes(&q, "GET", span_of(target, n), SPAN(""));
		admin_args_clear(&q.args);
	}
	for (size_t at = 0; at < sizeof(target) - 1; at++) {
		for (int byte = 0; byte < 256; byte++) {
			memcpy(changed, target, sizeof(target));
			changed[at] = (char)byte;
			ask_bytes(&q, "GET", span_of(changed, sizeof(target) - 1), SPAN(""));
			admin_args_clear(&q.args);
		}
	}
}

/* ---- values ---- */

static bool
reads(enum admin_type type, const char *text, uint64_t number)
{
	struct admin_value v = {0};
	bool ok = admin_value_read(type, span_str(text), NOW_MS, &v) == 0;

	if (ok) {
		assert_string_equal(v.text, text);
		assert_int_equal(v.number, number);
	}
	free(v.text);
	return ok;
}

static void
durations_have_a_unit(void **state)
{
	(void)state;
	assert_true(reads(ARG_IS_DURATION, "0s", 0));
	assert_true(reads(ARG_IS_DURATION, "90s", 90 * 1000));
	assert_true(reads(ARG_IS_DURATION, "15m", 15 * 60 * 1000));
	assert_true(reads(ARG_IS_DURATION, "36500d", 36500ull * 24 * 3600 * 1000));
	assert_false(reads(ARG_IS_DURATION, "4294967295d", 0));
	assert_false(reads(ARG_IS_DURATION, "99999999999999999999s", 0));
	assert_false(reads(ARG_IS_DURATION, "", 0));
	assert_false(reads(ARG_IS_DURATION, "s", 0));
	assert_false(reads(ARG_IS_DURATION, "5", 0));
	assert_false(reads(ARG_IS_DURATION, "-5s", 0));
	assert_false(reads(ARG_IS_DURATION, "1.5h", 0));
	assert_false(reads(ARG_IS_DURATION, "2 h", 0));
	assert_false(reads(ARG_IS_DURATION, "2w", 0));
}

static void
moments_are_dates_or_how_long_ago(void **state)
{
	(void)state;
	assert_true(reads(ARG_IS_MOMENT, "2h", NOW_MS - 2 * 3600 * 1000));
	assert_true(reads(ARG_IS_MOMENT, "36500d", 0));
	assert_true(reads(ARG_IS_MOMENT, "1970-01-01", 0));
	assert_true(reads(ARG_IS_MOMENT, "2023-11-14T22:13:20Z", NOW_MS));
	assert_true(reads(ARG_IS_MOMENT, "2023-11-14T22:13:20", NOW_MS));
	assert_true(reads(ARG_IS_MOMENT, "2023-11-14 22:13:20.042Z", NOW_MS + 42));
	assert_false(reads(ARG_IS_MOMENT, "2023-13-14", 0));
	assert_false(reads(ARG_IS_MOMENT, "2023-11-14T", 0));
	assert_false(reads(ARG_IS_MOMENT, "2023-11-14T22:13:20+01:00", 0));
	assert_false(reads(ARG_IS_MOMENT, "23-11-14", 0));
	assert_false(reads(ARG_IS_MOMENT, "yesterday", 0));
}

static void
the_other_types_are_strict(void **state)
{
	char long_text[300];

	(void)state;
	memset(long_text, 'a', sizeof(long_text));
	long_text[129] = '\0';
	assert_true(reads(ARG_IS_ID, "a.b~c_d-e%f", 0));
	assert_false(reads(ARG_IS_ID, "a*", 0));
	assert_false(reads(ARG_IS_ID, long_text, 0));
	assert_true(reads(ARG_IS_GLOB, "a*[!b-c]?", 0));
	assert_false(reads(ARG_IS_GLOB, long_text, 0));
	assert_false(reads(ARG_IS_GLOB, "a b", 0));
	assert_true(reads(ARG_IS_TEXT,
	    "Gr\xc3\xbc\xc3\x9f"
	    "e",
	    0));
	assert_false(reads(ARG_IS_TEXT, "\xc3", 0));
	assert_false(reads(ARG_IS_TEXT, "a\tb", 0));
	long_text[129] = 'a', long_text[201] = '\0';
	assert_false(reads(ARG_IS_TEXT, long_text, 0));
	assert_true(reads(ARG_IS_COUNT, "9223372036854775807", INT64_MAX));
	assert_false(reads(ARG_IS_COUNT, "9223372036854775808", 0));
	assert_true(reads(ARG_IS_LEVEL, "warn", 2));
	assert_false(reads(ARG_IS_LEVEL, "WARN", 0));
	assert_true(reads(ARG_IS_SORT, "stalled", 0));
	assert_false(reads(ARG_IS_SORT, "name", 0));
	assert_true(reads(ARG_IS_REQUEST, "3f-9a:b", 0));
	assert_false(reads(ARG_IS_REQUEST, "a b", 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_row_is_found_by_its_own_path),
	    cmocka_unit_test(no_two_rows_share_words_or_a_place),
	    cmocka_unit_test(whatever_changes_something_is_recorded),
	    cmocka_unit_test(arguments_come_from_path_query_and_body),
	    cmocka_unit_test(a_percent_sign_of_an_id_survives_encoding),
	    cmocka_unit_test(odd_ids_are_refused_in_words),
	    cmocka_unit_test(what_was_wrong_is_shown_harmlessly),
	    cmocka_unit_test(what_is_not_in_the_table_cannot_be_asked),
	    cmocka_unit_test(bodies_are_one_object_with_what_is_needed),
	    cmocka_unit_test(every_byte_and_every_beginning_is_answered),
	    cmocka_unit_test(durations_have_a_unit),
	    cmocka_unit_test(moments_are_dates_or_how_long_ago),
	    cmocka_unit_test(the_other_types_are_strict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
