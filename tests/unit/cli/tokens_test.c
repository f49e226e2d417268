#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>
#include <cmocka.h>

#include "auth/jwt.h"
#include "base/clock.h"
#include "base/obj.h"
#include "cli/lines.h"
#include "cli/tokens.h"

/* A loop, and stdin's stand-in. */
static struct loop *loop;
static int in[2];

static int
setup(void **state)
{
	(void)state;
	loop = loop_new();
	return pipe(in);
}

static int
teardown(void **state)
{
	(void)state;
	loop_free(&loop);
	close(in[0]);
	return 0;
}

static void
on_news(void *user)
{
	(void)user;
	loop_stop(loop);
}

static void
say(const char *text)
{
	assert_int_equal(write(in[1], text, strlen(text)), strlen(text));
}

static void
assert_takes(struct tokens *t, const char *expected)
{
	struct span token = tokens_take(t);

	if (!span_eq(token, span_str(expected)))
		fail_msg("\"%.*s\" instead of \"%s\"", SPAN_FMT(token), expected);
}

static struct tokens *
begin_lines(void)
{
	struct tokens *t = tokens_of_lines(loop, in[0]);

	tokens_on_news(t, on_news, NULL);
	return t;
}

static void
end_lines(struct tokens *t)
{
	tokens_stop(t);
	loop_run_down(loop);
	tokens_free(&t);
}

static void
test_what_a_token_looks_like(void **state)
{
	char text[TOKEN_MAX + 1];

	(void)state;
	assert_true(token_shaped(SPAN("eyJ.a-b_c.D9")));
	assert_false(token_shaped(SPAN("")));
	assert_false(token_shaped(SPAN("a b")));
	assert_false(token_shaped(SPAN("a\r\nx-webhooktunnel-id: b")));
	assert_false(token_shaped(SPAN("a+b/c=")));
	memset(text, 'a', sizeof(text));
	assert_true(token_shaped(span_of(text, TOKEN_MAX)));
	assert_false(token_shaped(span_of(text, TOKEN_MAX + 1)));
}

static void
test_the_one_on_the_command_line_is_for_ever(void **state)
{
	struct tokens *t = tokens_of_text("a.b.c");

	(void)state;
	assert_null(tokens_of_text("not a token"));
	assert_takes(t, "a.b.c");
	assert_takes(t, "a.b.c");
	assert_int_equal(tokens_hope(t), TOKENS_NEVER);
	tokens_stop(t);
	tokens_free(&t);
}

static void
put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void
test_a_file_is_read_each_time(void **state)
{
	char path[] = "/tmp/wht-tokens-XXXXXX";
	struct tokens *t;

	(void)state;
	close(mkstemp(path));
	t = tokens_of_file(path);
	assert_takes(t, "");
	put(path, "first\n");
	assert_takes(t, "first");
	put(path, "  second\t\r\nthird\n");
	assert_takes(t, "second");
	put(path, "no newline");
	assert_takes(t, "");
	put(path, "no-newline");
	assert_takes(t, "no-newline");
	unlink(path);
	assert_takes(t, "");
	assert_int_equal(tokens_hope(t), TOKENS_RETRY);
	tokens_stop(t);
	tokens_free(&t);
}

static void
count_news(void *user)
{
	++*(int *)user;
}

/* Asked again and again: what is told is another token, and only that;
 * without one, the old stays. */
static void
test_a_file_is_read_before_its_token_ends(void **state)
{
	char path[] = "/tmp/wht-tokens-XXXXXX";
	struct tokens *t;
	int news = 0;

	(void)state;
	close(mkstemp(path));
	t = tokens_of_file(path);
	tokens_on_news(t, count_news, &news);
	put(path, "first\n");
	assert_takes(t, "first");
	tokens_renew(t);
	put(path, "");
	tokens_renew(t);
	unlink(path);
	tokens_renew(t);
	assert_int_equal(news, 0);
	assert_false(tokens_fresh(t));
	put(path, "second\n");
	tokens_renew(t);
	tokens_renew(t);
	assert_int_equal(news, 1);
	assert_true(tokens_fresh(t));
	assert_takes(t, "second");
	unlink(path);
	tokens_stop(t);
	tokens_free(&t);
}

static void
test_a_file_that_is_too_long_holds_no_token(void **state)
{
	char path[] = "/tmp/wht-tokens-XXXXXX";
	char *text = must_alloc(3 * TOKEN_MAX);
	struct tokens *t;

	(void)state;
	close(mkstemp(path));
	memset(text, 'a', 3 * TOKEN_MAX - 1);
	put(path, text);
	t = tokens_of_file(path);
	assert_takes(t, "");
	unlink(path);
	free(text);
	tokens_stop(t);
	tokens_free(&t);
}

static void
test_a_line_counts_as_soon_as_it_came(void **state)
{
	struct tokens *t = begin_lines();

	(void)state;
	assert_takes(t, "");
	assert_int_equal(tokens_hope(t), TOKENS_WAIT);
	say("fir");
	say("st\n");
	loop_run(loop);
	assert_true(tokens_fresh(t));
	assert_takes(t, "first");
	assert_false(tokens_fresh(t));
	assert_takes(t, "first");
	say("second\r\n");
	loop_run(loop);
	assert_takes(t, "second");
	close(in[1]);
	end_lines(t);
}

static void
test_the_last_line_needs_no_end(void **state)
{
	struct tokens *t = begin_lines();

	(void)state;
	say("\n  \nalone");
	close(in[1]);
	loop_run(loop);
	assert_takes(t, "alone");
	while (tokens_hope(t) == TOKENS_WAIT)
		loop_run(loop);
	end_lines(t);
}

static void
test_stdin_may_end_without_a_token(void **state)
{
	struct tokens *t = begin_lines();

	(void)state;
	close(in[1]);
	loop_run(loop);
	assert_takes(t, "");
	assert_int_equal(tokens_hope(t), TOKENS_NEVER);
	end_lines(t);
}

static void
test_lines_that_are_no_token_leave_the_old_one(void **state)
{
	struct tokens *t = begin_lines();
	char *text = must_alloc(2 * LINE_MAX_BYTES + 1);

	(void)state;
	say("good\n");
	loop_run(loop);
	memset(text, 'x', 2 * LINE_MAX_BYTES);
	say("what is this?\n");
	say(text);
	say("\n");
	close(in[1]);
	loop_run(loop);
	assert_takes(t, "good");
	free(text);
	end_lines(t);
}

static void
test_stopping_does_not_wait_for_a_line(void **state)
{
	(void)state;
	end_lines(begin_lines());
	close(in[1]);
}

static void
assert_doubt(const char *id, int64_t begin, int64_t lifetime, const char *expected)
{
	char *token = jwt_mint(SPAN("alpha"), SPAN("secret"), SPAN(""), begin, lifetime);
	struct tokens *t = tokens_of_text(token);
	char doubt[TOKEN_DOUBT_MAX] = "";

	assert_false(tokens_doubt(t, id, doubt)); /* not yet taken: not the one that was refused */
	tokens_take(t);
	assert_int_equal(tokens_doubt(t, id, doubt), expected != NULL);
	assert_memory_equal(doubt, expected ? expected : "", expected ? strlen(expected) : 1);
	assert_null(strstr(doubt, token));
	tokens_stop(t);
	tokens_free(&t);
	free(token);
}

static void
test_a_bearer_sees_what_is_plainly_wrong(void **state)
{
	int64_t now = clock_wall_ms() / 1000;

	(void)state;
	assert_doubt("alpha", now, 3600, NULL);
	assert_doubt("beta", now, 3600, "the token is for the id alpha");
	assert_doubt("alpha", now - 7200, 3600, "the token expired at 20");
	assert_doubt("alpha", now + 7200, 3600, "the token is not valid before 20");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_a_token_looks_like),
	    cmocka_unit_test(test_the_one_on_the_command_line_is_for_ever),
	    cmocka_unit_test(test_a_file_is_read_each_time),
	    cmocka_unit_test(test_a_file_is_read_before_its_token_ends),
	    cmocka_unit_test(test_a_file_that_is_too_long_holds_no_token),
	    cmocka_unit_test_setup_teardown(test_a_line_counts_as_soon_as_it_came, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_the_last_line_needs_no_end, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_stdin_may_end_without_a_token, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_lines_that_are_no_token_leave_the_old_one, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_stopping_does_not_wait_for_a_line, setup, teardown),
	    cmocka_unit_test(test_a_bearer_sees_what_is_plainly_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
