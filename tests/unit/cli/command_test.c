/* The shapes of the command line, profiles, and the screen as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "cli/auth_service.h"
#include "cli/command.h"
#include "cli/profile.h"
#include "cli/view.h"

static struct command command;
static char arguments[16][256], error[COMMAND_ERROR_MAX];

/* Words separated by spaces. */
static int
read_line(const char *line)
{
	char *argv[17] = {NULL};
	int argc = 0;
	struct span rest = span_str(line), word;

	settings_free(&command.settings);
	snprintf(arguments[argc++], 256, "whclient");
	while (span_word(&rest, &word))
		snprintf(arguments[argc++], 256, "%.*s", SPAN_FMT(word));
	for (int i = 0; i < argc; i++)
		argv[i] = arguments[i];
	return command_read(&command, argc, argv, error);
}

static void
expect(enum option_id option, const char *value)
{
	assert_string_equal(settings_text(&command.settings, option), value);
}

static int
end(void **state)
{
	(void)state;
	settings_free(&command.settings);
	return 0;
}

static void
test_the_short_shape(void **state)
{
	(void)state;
	assert_int_equal(read_line("3000"), 0);
	expect(OPT_TARGET, "3000");
	assert_int_equal(read_line("http://localhost:3000 /api=8000 /x=9000"), 0);
	assert_false(command.successor || command.of_old);
	assert_string_equal(command.settings.values[OPT_TARGET][2], "/x=9000");
}

static void
test_the_successors_shape(void **state)
{
	(void)state;
	assert_int_equal(read_line("https://a id 80 --json --token abc -o f"), 0);
	assert_true(command.successor);
	expect(OPT_SERVER, "https://a");
	expect(OPT_ID, "id");
	expect(OPT_TOKEN, "abc");
	expect(OPT_OUT_FILE, "f");
	assert_string_equal(arguments[6], "***");
}

static void
test_the_originals_shape(void **state)
{
	(void)state;
	assert_int_equal(read_line("my-client/abc key 8080 --cert={} --out-file=x --json"), 0);
	assert_true(command.of_old);
	expect(OPT_CLIENT_ID, "my-client/abc");
	expect(OPT_ACCESS_TOKEN, "key");
	expect(OPT_CERT, "{}");
	assert_string_equal(arguments[2], "***");
}

/* In one argument, in two, and behind the letter. */
static void
test_every_secret_is_wiped(void **state)
{
	(void)state;
	for (int i = 0; i < OPT_COUNT; i++) {
		const struct option_info *o = &option_infos[i];
		char line[128], letter[] = {' ', '-', o->letter, '\0'};

		if (!(o->kind & OPT_SECRET))
			continue;
		snprintf(line, sizeof(line), "--%s=hidden --%s hidden%s%s", o->word, o->word,
		    o->letter ? letter : "", o->letter ? "hidden" : "");
		assert_int_equal(read_line(line), 0);
		expect((enum option_id)i, "hidden");
		for (int j = 1; j <= (o->letter ? 4 : 3); j++)
			assert_null(strstr(arguments[j], "hidden"));
	}
}

static void
test_no_value_is_part_of_an_error(void **state)
{
	static const char *const lines[] = {
	    "--tokne=hidden 3000", "--json=hidden 3000", "-xhidden 3000", "--t=hidden 3000"};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		assert_true(read_line(lines[i]) < 0);
		assert_true(error[0] == '-');
		assert_null(strstr(error, "hidden"));
	}
	assert_true(read_line("3000 --token") < 0);
	assert_string_equal(error, "--token: a value is wanted behind it");
	assert_true(read_line("3000 -t") < 0);
	assert_string_equal(error, "-t: a value is wanted behind it");
}

static void
test_start_and_login(void **state)
{
	(void)state;
	assert_int_equal(read_line("start web api"), 0);
	assert_int_equal(command.nnames, 2);
	assert_int_equal(read_line("--profile x login https://a"), 0);
	assert_string_equal(command.login_url, "https://a");
	assert_true(read_line("start") < 0);
	assert_true(read_line("login") < 0);
	assert_true(read_line("a b") < 0);
	assert_true(read_line("a b c d") < 0);
}

static void
test_a_profile_takes_from_default_what_it_does_not_say(void **state)
{
	static const char text[] =
	    "# c\n[default]\nserver = https://a\ntoken = x\r\n\n"
	    "[web]\n target=3000\ntarget = /api=1\ntoken = y = z\n[other]\nid = o\n";
	struct settings s = {0};
	char what[PROFILE_ERROR_MAX];

	(void)state;
	assert_int_equal(profile_parse(span_str(text), "web", &s, what), 0);
	assert_string_equal(settings_text(&s, OPT_SERVER), "https://a");
	assert_string_equal(settings_text(&s, OPT_TOKEN), "y = z");
	assert_string_equal(s.values[OPT_TARGET][1], "/api=1");
	assert_null(settings_text(&s, OPT_ID));
	settings_free(&s);
	assert_true(profile_parse(span_str(text), "none", &s, what) < 0);
	assert_int_equal(profile_parse(SPAN(""), PROFILE_DEFAULT, &s, what), 0);
	settings_free(&s);
}

static void
test_what_is_said_first_is_believed(void **state)
{
	struct settings s = {0};
	char what[PROFILE_ERROR_MAX];

	(void)state;
	settings_set(&s, OPT_SERVER, SPAN("mine"));
	assert_int_equal(
	    profile_parse(SPAN("[default]\nserver = theirs\nid = x\n"), PROFILE_DEFAULT, &s, what),
	    0);
	assert_string_equal(settings_text(&s, OPT_SERVER), "mine");
	assert_string_equal(settings_text(&s, OPT_ID), "x");
	settings_free(&s);
}

static void
test_writing_a_profile_leaves_the_others(void **state)
{
	char path[] = "/tmp/wht-profile-XXXXXX", what[PROFILE_ERROR_MAX];
	struct settings s = {0}, read = {0};
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0 && dprintf(fd, "# mine\n[a]\nid = one\n[b]\nid = two\n") > 0);
	settings_set(&s, OPT_ID, SPAN("three"));
	assert_int_equal(profile_write(path, "a", &s, what), 0);
	assert_int_equal(profile_write(path, "a", &s, what), 0);
	assert_int_equal(profile_read(path, "b", &read, what), 0);
	assert_string_equal(settings_text(&read, OPT_ID), "two");
	settings_free(&read);
	assert_int_equal(profile_read(path, "a", &read, what), 0);
	assert_string_equal(settings_text(&read, OPT_ID), "three");
	settings_free(&read);
	settings_free(&s);
	close(fd);
	unlink(path);
}

static void
test_answers_of_the_auth_service(void **state)
{
	static char storage[AUTH_ANSWER_MAX];
	struct auth_answer a;

	(void)state;
	assert_true(auth_parse(
	    SPAN("{\"tunnelId\":\"i\",\"token\":\"t\",\"proxyUrl\":\"https://p\"}"), &a, storage));
	assert_true(span_eq(a.id, SPAN("i")) && span_eq(a.server, SPAN("https://p")));
	assert_true(auth_parse(
	    SPAN("{\"wstClient\":\"w\",\"wstAudience\":\"a\",\"token\":\"t\",\"expires\":\"\"}"),
	    &a, storage));
	assert_true(span_eq(a.id, SPAN("w")) && a.server.n == 0);
	assert_false(auth_parse(SPAN("{\"tunnelId\":\"../x/\",\"token\":\"t\"}"), &a, storage));
	assert_false(auth_parse(SPAN("{\"token\":7}"), &a, storage));
	assert_false(auth_parse(SPAN("[]"), &a, storage));
	assert_false(auth_parse(SPAN(""), &a, storage));
}

static void
test_the_screen_shows_nothing_of_a_strangers_controls(void **state)
{
	static struct view view;
	struct whc_event e = {.type = WHC_REQUEST,
	    .id = "",
	    .target = "t",
	    .text = "",
	    .method = "GET",
	    .path = "/\x1b]52;c;AAAA\a\xff",
	    .status = 200};
	struct strb out;

	(void)state;
	view = (struct view){0};
	strb_init(&out, VIEW_SCREEN_MAX);
	for (int i = 1; i <= 1000; i++) {
		e.us = (uint64_t)i * 1000;
		view_event(&view, &e);
	}
	view_draw(&view, 80, 24, 0, &out);
	assert_null(strstr(strb_cstr(&out), "\x1b]"));
	assert_null(strchr(strb_cstr(&out), '\a'));
	assert_in_range(view_percentile(&view, 50), 740000, 750000);
	for (unsigned height = 1; height < 30; height++) {
		strb_reset(&out);
		view_draw(&view, 20, height, 0, &out);
		assert_false(strb_failed(&out));
	}
	strb_free(&out);
}

static void
test_what_went_wrong_is_seen_on_a_narrow_screen(void **state)
{
	static struct view view;
	char path[300] = "/";
	struct whc_event e = {.type = WHC_REQUEST,
	    .id = "",
	    .target = "localhost:3000",
	    .text = "nothing listens on localhost:3000",
	    .method = "POST",
	    .path = path,
	    .status = 502};
	struct strb out;

	(void)state;
	memset(path + 1, 'a', sizeof(path) - 2);
	view = (struct view){0};
	strb_init(&out, VIEW_SCREEN_MAX);
	view_event(&view, &e);
	view_draw(&view, 80, 24, 0, &out);
	assert_non_null(strstr(strb_cstr(&out), "nothing listens on localhost:3000: /aaa"));
	strb_free(&out);
}

static void
assert_duration(int64_t seconds, const char *expected)
{
	char text[VIEW_TIME_MAX];

	view_duration(text, seconds);
	assert_string_equal(text, expected);
}

static void
test_what_is_left_of_a_token(void **state)
{
	(void)state;
	assert_duration(-5, "0 s");
	assert_duration(119, "119 s");
	assert_duration(120, "2 min");
	assert_duration(7199, "119 min");
	assert_duration(7200, "2 hours");
	assert_duration(172799, "47 hours");
	assert_duration(30 * 86400, "30 days");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_the_short_shape, end),
	    cmocka_unit_test_teardown(test_the_successors_shape, end),
	    cmocka_unit_test_teardown(test_the_originals_shape, end),
	    cmocka_unit_test_teardown(test_every_secret_is_wiped, end),
	    cmocka_unit_test_teardown(test_no_value_is_part_of_an_error, end),
	    cmocka_unit_test_teardown(test_start_and_login, end),
	    cmocka_unit_test(test_a_profile_takes_from_default_what_it_does_not_say),
	    cmocka_unit_test(test_what_is_said_first_is_believed),
	    cmocka_unit_test(test_writing_a_profile_leaves_the_others),
	    cmocka_unit_test(test_answers_of_the_auth_service),
	    cmocka_unit_test(test_the_screen_shows_nothing_of_a_strangers_controls),
	    cmocka_unit_test(test_what_went_wrong_is_seen_on_a_narrow_screen),
	    cmocka_unit_test(test_what_is_left_of_a_token),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
