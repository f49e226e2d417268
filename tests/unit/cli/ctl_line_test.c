#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "cli/ctl_api.h"
#include "cli/ctl_complete.h"
#include "cli/ctl_help.h"
#include "cli/ctl_line.h"

#define PARSE(line, ...) parse(line, (const char *[]){"whtctl", __VA_ARGS__, NULL})

static int
parse(struct ctl_line *line, const char *const *argv)
{
	int argc = 0;

	while (argv[argc])
		argc++;
	return ctl_line_parse(line, argc, argv);
}

/* ---- the line ---- */

static void
options_stand_anywhere(void **state)
{
	struct ctl_line line;

	(void)state;
	assert_int_equal(PARSE(&line, "tunnel", "kill", "alpha", "--reason", "too loud"), 0);
	assert_int_equal(line.command, CTL_TUNNEL_KILL);
	assert_string_equal(line.values[ARG_TUNNEL_KILL_id], "alpha");
	assert_string_equal(line.values[ARG_TUNNEL_KILL_reason], "too loud");
	assert_int_equal(
	    PARSE(&line, "--json", "--reason=x=y", "-s", "/s", "tunnel", "kill", "--", "--alpha"),
	    0);
	assert_string_equal(line.values[ARG_TUNNEL_KILL_id], "--alpha");
	assert_string_equal(line.values[ARG_TUNNEL_KILL_reason], "x=y");
	assert_string_equal(line.options[CTLOPT_SOCKET], "/s");
	assert_non_null(line.options[CTLOPT_JSON]);
	assert_null(line.options[CTLOPT_NO_HEADER]);
}

static void
a_noun_alone_is_its_list(void **state)
{
	struct ctl_line line;

	(void)state;
	assert_int_equal(PARSE(&line, "audit", "--since", "2h", "--follow"), 0);
	assert_int_equal(line.command, CTL_AUDIT_LIST);
	assert_string_equal(line.values[ARG_AUDIT_LIST_since], "2h");
	assert_non_null(line.values[ARG_AUDIT_LIST_follow]);
	assert_int_equal(PARSE(&line, "sessions"), 0);
	assert_int_equal(line.command, CTL_SESSION_LIST);
	assert_int_equal(PARSE(&line, "token", "inspect", "-"), 0);
	assert_string_equal(line.values[ARG_TOKEN_INSPECT_token], "-");
}

static void
what_is_wrong_is_said(void **state)
{
	static const struct {
		const char *argv[6];
		const char *error;
	} rows[] = {
	    {{"whtctl", "tunel"}, "tunel: there is no such command"},
	    {{"whtctl", "tunnel", "kil", "x"}, "tunnel kil: there is no such command"},
	    {{"whtctl", "tunnel", "kill"}, "ID is missing"},
	    {{"whtctl", "tunnel", "kill", "a", "b"}, "b: one word too many"},
	    {{"whtctl", "status", "--match", "a"}, "--match: there is no such option"},
	    {{"whtctl", "status", "--nonsense"}, "--nonsense: there is no such option"},
	    {{"whtctl", "tunnel", "kill", "x", "--id=y"}, "--id=y: there is no such option"},
	    {{"whtctl", "tunnel", "list", "--match"}, "--match: wants a value"},
	    {{"whtctl", "status", "--json=1"}, "--json=1: takes no value"},
	    {{"whtctl", "audit", "--follow=1"}, "--follow=1: takes no value"},
	    {{"whtctl", "status", "-x"}, "-x: there is no such option"},
	    {{"whtctl", "\x1b[2J"}, "\\x1b[2J: there is no such command"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ctl_line line;

		assert_int_equal(parse(&line, rows[i].argv), -WHT_EINVAL);
		assert_string_equal(line.error, rows[i].error);
	}
}

static void
help_demands_nothing_of_the_rest(void **state)
{
	struct ctl_line line;

	(void)state;
	assert_int_equal(PARSE(&line, "tunnel", "kill", "--help"), 0);
	assert_int_equal(line.command, CTL_TUNNEL_KILL);
	assert_int_equal(PARSE(&line, "help", "tunnel", "kill"), 0);
	assert_int_equal(line.command, CTL_HELP);
	assert_int_equal(line.nwords, 3);
}

/* ---- what the table gives ---- */

static void
every_command_is_found_by_its_words(void **state)
{
	(void)state;
	for (int i = 0; i < CTL_COUNT; i++) {
		struct span rest = span_str(ctl_commands[i].words), word;
		char copy[4][32];
		const char *words[4];
		size_t n = 0, taken;

		while (span_word(&rest, &word)) {
			memcpy(copy[n], word.p, word.n);
			copy[n][word.n] = '\0';
			words[n] = copy[n];
			n++;
		}
		assert_int_equal(ctl_command_find(words, n, &taken), i);
		assert_int_equal(taken, n);
	}
}

/* An option with and without a value could not be told apart before the command is known. */
static void
no_two_commands_differ_in_whether_an_option_takes_a_value(void **state)
{
	(void)state;
	for (int i = 0; i < ARG_COUNT; i++) {
		for (int j = 0; j < ARG_COUNT; j++) {
			if (strcmp(ctl_args[i].name, ctl_args[j].name) == 0)
				assert_int_equal(ctl_args[i].place == PLACE_FLAG,
				    ctl_args[j].place == PLACE_FLAG);
		}
		for (int o = 0; o < CTLOPT_COUNT; o++)
			assert_string_not_equal(ctl_args[i].name, ctl_options[o].word);
	}
}

static void
every_name_in_a_path_is_an_argument(void **state)
{
	(void)state;
	for (int i = 0; i < CTL_COUNT; i++) {
		struct span rest = span_str(ctl_commands[i].path), part;

		while (rest.p && span_cut(&rest, '{', &part) && rest.p) {
			enum ctl_arg_id arg;

			assert_true(span_cut(&rest, '}', &part));
			arg = ctl_arg_find((enum ctl_id)i, part);
			assert_int_not_equal(arg, ARG_COUNT);
			assert_int_equal(ctl_args[arg].place, PLACE_PATH);
			assert_int_equal(ctl_args[arg].need, NEED_REQUIRED);
		}
	}
}

static void
help_names_every_command_and_fits_80_columns(void **state)
{
	struct span rest, line;
	struct strb out;

	(void)state;
	strb_init(&out, 1 << 20);
	ctl_help(&out);
	for (int i = 0; i < CTL_COUNT; i++) {
		assert_non_null(strstr(strb_cstr(&out), ctl_commands[i].words));
		ctl_help_command(&out, (enum ctl_id)i);
	}
	assert_false(strb_failed(&out));
	rest = strb_span(&out);
	while (span_cut(&rest, '\n', &line)) {
		assert_true(line.n <= 80 || span_find(span_trim(line), ' ') < 0);
		assert_true(line.n == 0 || line.p[line.n - 1] != ' ');
	}
	strb_free(&out);
}

/* ---- the request ---- */

static void
assert_target(const char *expected, const struct ctl_line *line)
{
	struct strb out;

	strb_init(&out, 4096);
	api_target(&out, line->command, line->values);
	assert_string_equal(strb_cstr(&out), expected);
	strb_free(&out);
}

static void
assert_body(const char *expected, const struct ctl_line *line)
{
	struct strb out;

	strb_init(&out, 4096);
	api_body(&out, line->command, line->values);
	assert_string_equal(strb_cstr(&out), expected);
	strb_free(&out);
}

/* A19 */
static void
a_request_carries_what_was_given_byte_for_byte(void **state)
{
	struct ctl_line line;

	(void)state;
	assert_int_equal(PARSE(&line, "tunnel", "kill", "a%2fb~.-_", "--reason", "a&b=c \"\n"), 0);
	assert_target("/v1/tunnels/a%252fb~.-_?reason=a%26b%3Dc%20%22%0A", &line);
	assert_body("", &line);
	assert_int_equal(PARSE(&line, "tunnel", "kill", "../v1/drain?x#y"), 0);
	assert_target("/v1/tunnels/..%2Fv1%2Fdrain%3Fx%23y", &line);
	assert_int_equal(PARSE(&line, "ban", "add", "t*", "--for", "2h", "--reason", "\"\\\n"), 0);
	assert_target("/v1/bans", &line);
	assert_body("{\"match\":\"t*\",\"for\":\"2h\",\"reason\":\"\\\"\\\\\\u000a\"}", &line);
	assert_int_equal(PARSE(&line, "tunnel", "--sort=bytes", "--match", "a*"), 0);
	assert_target("/v1/tunnels?match=a%2A&sort=bytes", &line);
	assert_int_equal(PARSE(&line, "drain"), 0);
	assert_target("/v1/drain", &line);
	assert_body("", &line);
}

/* ---- completion ---- */

#define COMPLETE(out, ...)                                                                         \
	complete(out, (const char *[]){__VA_ARGS__},                                               \
	    sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *))

static enum complete_live
complete(struct strb *out, const char **words, size_t nwords)
{
	strb_reset(out);
	return ctl_complete(out, words, nwords);
}

static bool
offers(const struct strb *out, const char *word)
{
	struct span rest = strb_span(out), line, first;

	while (span_cut(&rest, '\n', &line)) {
		span_cut(&line, '\t', &first);
		if (span_eq(first, span_str(word)))
			return true;
	}
	return false;
}

static void
completion_knows_commands_options_and_values(void **state)
{
	struct strb out;

	(void)state;
	strb_init(&out, 1 << 16);
	assert_int_equal(COMPLETE(&out, ""), LIVE_NOTHING);
	assert_true(offers(&out, "tunnel") && offers(&out, "status") && offers(&out, "top"));
	COMPLETE(&out, "tunnel", "k");
	assert_string_equal(strb_cstr(&out),
	    "kill\tend a tunnel now; its client may come back unless it is banned\n");
	assert_int_equal(COMPLETE(&out, "tunnel", "kill", "a"), LIVE_TUNNELS);
	assert_int_equal(COMPLETE(&out, "tunnel", "kill", "a", ""), LIVE_NOTHING);
	assert_int_equal(COMPLETE(&out, "ban", "remove", ""), LIVE_BANS);
	COMPLETE(&out, "tunnel", "list", "--s");
	assert_true(offers(&out, "--sort") && offers(&out, "--socket") && !offers(&out, "--match"));
	COMPLETE(&out, "--socket", "/s", "tunnel", "list", "--sort", "");
	assert_true(offers(&out, "streams") && offers(&out, "rtt") && !offers(&out, "or"));
	COMPLETE(&out, "log", "level", "");
	assert_true(offers(&out, "warn"));
	COMPLETE(&out, "completion", "z");
	assert_string_equal(strb_cstr(&out), "zsh\t\n");
	COMPLETE(&out, "help", "tunnel", "s");
	assert_true(offers(&out, "show"));
	COMPLETE(&out, "nonsense", "");
	assert_string_equal(strb_cstr(&out), "");
	strb_free(&out);
}

static void
completion_scripts_are_there_for_three_shells(void **state)
{
	(void)state;
	assert_non_null(ctl_completion_script("bash"));
	assert_non_null(ctl_completion_script("zsh"));
	assert_non_null(ctl_completion_script("fish"));
	assert_null(ctl_completion_script("csh"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(options_stand_anywhere),
	    cmocka_unit_test(a_noun_alone_is_its_list),
	    cmocka_unit_test(what_is_wrong_is_said),
	    cmocka_unit_test(help_demands_nothing_of_the_rest),
	    cmocka_unit_test(every_command_is_found_by_its_words),
	    cmocka_unit_test(no_two_commands_differ_in_whether_an_option_takes_a_value),
	    cmocka_unit_test(every_name_in_a_path_is_an_argument),
	    cmocka_unit_test(help_names_every_command_and_fits_80_columns),
	    cmocka_unit_test(a_request_carries_what_was_given_byte_for_byte),
	    cmocka_unit_test(completion_knows_commands_options_and_values),
	    cmocka_unit_test(completion_scripts_are_there_for_three_shells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
