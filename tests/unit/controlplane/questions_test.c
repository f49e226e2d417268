/* Letters out, letters in, one answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/obj.h"
#include "controlplane/questions.h"

enum { WORKERS = 3, LETTERS_MAX = 16 };

/* What was posted, and what was answered. */
static struct world {
	struct loop *loop;
	struct questions *questions;
	struct mail *letters[LETTERS_MAX];
	unsigned to[LETTERS_MAX], nletters;
	unsigned answers, silent, ended, told;
	bool running;
} world;

static void
post(void *user, unsigned worker, struct mail *mail)
{
	(void)user;
	assert_true(world.nletters < LETTERS_MAX);
	world.to[world.nletters] = worker;
	world.letters[world.nletters++] = mail;
}

static int
begin(void **state)
{
	(void)state;
	world = (struct world){.loop = loop_new()};
	world.questions = questions_new(world.loop, WORKERS, post, NULL);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	if (world.questions)
		questions_free(&world.questions);
	for (unsigned i = 0; i < world.nletters; i++)
		msg_free(world.letters[i]);
	loop_free(&world.loop);
	return 0;
}

static void
done(void *user, const struct answer *answer)
{
	(void)user;
	world.answers++;
	world.silent = answer->silent;
	world.ended = answer->ended;
	world.told = 0;
	for (unsigned w = 0; w < answer->workers; w++)
		world.told += answer->told[w] != NULL;
	if (world.running)
		loop_stop(world.loop);
}

static void
run_until_answered(void)
{
	world.running = true;
	loop_run(world.loop);
	world.running = false;
}

static void
tell(uint64_t ticket, unsigned worker)
{
	struct msg_told *letter = must_alloc(sizeof(*letter));

	letter->mail.type = MSG_TOLD;
	letter->ticket = ticket;
	letter->worker = worker;
	letter->metrics = must_alloc(sizeof(*letter->metrics));
	questions_on_told(world.questions, letter);
}

static void
kicked(uint64_t ticket, unsigned worker, unsigned ended)
{
	struct msg_kicked *letter = must_alloc(sizeof(*letter));

	letter->mail.type = MSG_KICKED;
	letter->ticket = ticket;
	letter->worker = worker;
	letter->ended = ended;
	questions_on_kicked(world.questions, letter);
}

static uint64_t
ticket(unsigned letter)
{
	return ((struct msg_ask *)world.letters[letter])->ticket;
}

static void
everybody_is_asked_and_the_last_word_makes_the_answer(void **state)
{
	(void)state;
	questions_ask(world.questions, ASK_TUNNELS, "a*", done, NULL);
	assert_int_equal(world.nletters, WORKERS);
	for (unsigned i = 0; i < WORKERS; i++) {
		const struct msg_ask *ask = (struct msg_ask *)world.letters[i];

		assert_int_equal(world.to[i], i);
		assert_int_equal(ask->mail.type, MSG_ASK);
		assert_int_equal(ask->what, ASK_TUNNELS);
		assert_string_equal(ask->match, "a*");
		assert_int_equal(ask->ticket, ticket(0));
	}
	tell(ticket(0), 2);
	tell(ticket(0), 0);
	assert_int_equal(world.answers, 0);
	tell(ticket(0), 1);
	assert_int_equal(world.answers, 1);
	assert_int_equal(world.told, WORKERS);
	assert_int_equal(world.silent, 0);
}

static void
kicks_are_added_up(void **state)
{
	const struct msg_kick *kick;

	(void)state;
	questions_kick(world.questions, "alpha", "uid:7", R_KILLED, done, NULL);
	kick = (struct msg_kick *)world.letters[0];
	assert_string_equal(kick->match, "alpha");
	assert_string_equal(kick->by, "uid:7");
	assert_int_equal(kick->why, R_KILLED);
	for (unsigned w = 0; w < WORKERS; w++)
		kicked(kick->ticket, w, w);
	assert_int_equal(world.answers, 1);
	assert_int_equal(world.ended, 0 + 1 + 2);
}

static void
two_questions_do_not_mix(void **state)
{
	(void)state;
	questions_ask(world.questions, ASK_METRICS, "", done, NULL);
	questions_ask(world.questions, ASK_FAILURE, "r", done, NULL);
	assert_int_not_equal(ticket(0), ticket(WORKERS));
	for (unsigned w = 0; w < WORKERS; w++)
		tell(ticket(WORKERS), w);
	assert_int_equal(world.answers, 1);
	tell(ticket(0), 1);
	tell(ticket(0), 1); /* once too often: dropped */
	assert_int_equal(world.answers, 1);
}

static void
who_says_nothing_is_not_waited_for(void **state)
{
	uint64_t begin_ms = loop_now_ms(world.loop);

	(void)state;
	questions_ask(world.questions, ASK_METRICS, "", done, NULL);
	tell(ticket(0), 0);
	run_until_answered();
	assert_int_equal(world.answers, 1);
	assert_int_equal(world.silent, WORKERS - 1);
	assert_int_equal(world.told, 1);
	assert_true(loop_now_ms(world.loop) - begin_ms >= QUESTION_MS);
	tell(ticket(0), 1); /* too late: dropped */
	assert_int_equal(world.answers, 1);
}

/* A07 */
static void
a_worker_that_has_ended_is_neither_asked_nor_silent(void **state)
{
	(void)state;
	questions_ask(world.questions, ASK_METRICS, "", done, NULL);
	tell(ticket(0), 0);
	tell(ticket(0), 1);
	questions_worker_ended(world.questions, 2);
	assert_int_equal(world.answers, 1);
	assert_int_equal(world.silent, 0);
	questions_kick(world.questions, "a", "", R_KILLED, done, NULL);
	assert_int_equal(world.nletters, WORKERS + 2);
}

static void
with_nobody_left_the_answer_comes_all_the_same_and_later(void **state)
{
	(void)state;
	for (unsigned w = 0; w < WORKERS; w++)
		questions_worker_ended(world.questions, w);
	questions_ask(world.questions, ASK_METRICS, "", done, NULL);
	assert_int_equal(world.answers, 0);
	run_until_answered();
	assert_int_equal(world.answers, 1);
	assert_int_equal(world.silent, 0);
}

static void
the_end_answers_what_is_still_asked(void **state)
{
	(void)state;
	questions_ask(world.questions, ASK_METRICS, "", done, NULL);
	tell(ticket(0), 0);
	questions_free(&world.questions);
	assert_int_equal(world.answers, 1);
	assert_int_equal(world.silent, WORKERS - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		everybody_is_asked_and_the_last_word_makes_the_answer, begin, end),
	    cmocka_unit_test_setup_teardown(kicks_are_added_up, begin, end),
	    cmocka_unit_test_setup_teardown(two_questions_do_not_mix, begin, end),
	    cmocka_unit_test_setup_teardown(who_says_nothing_is_not_waited_for, begin, end),
	    cmocka_unit_test_setup_teardown(
		a_worker_that_has_ended_is_neither_asked_nor_silent, begin, end),
	    cmocka_unit_test_setup_teardown(
		with_nobody_left_the_answer_comes_all_the_same_and_later, begin, end),
	    cmocka_unit_test_setup_teardown(the_end_answers_what_is_still_asked, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
