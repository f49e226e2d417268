/* Refusals on their way to the audit: alike ones once, none uncounted. */
#include "heads.h"

#include "edge/refusals.h"

/* J38: a flood costs a row, with a count, and tells of the first. */
static void
test_like_refusals_are_told_once(void **state)
{
	struct refusals r = {0};
	struct msg_refusals *letter;
	char longer[TUNNEL_ID_MAX + 10];

	(void)state;
	memset(longer, 'i', sizeof(longer));
	for (int i = 0; i < 1000; i++)
		refusals_note(
		    &r, R_BAD_TOKEN, "expired", i ? SPAN("later") : SPAN("first"), "1.2.3.4:5");
	refusals_note(
	    &r, R_BAD_TOKEN, "for another tunnel id", span_of(longer, sizeof(longer)), "p");
	assert_int_equal(r.n, 2);
	letter = refusals_letter(&r, 3);
	assert_int_equal(strlen(letter->id), TUNNEL_ID_MAX);
	assert_int_equal(letter->count, 1);
	msg_free(&letter->mail);
	letter = refusals_letter(&r, 3);
	assert_int_equal(letter->why, R_BAD_TOKEN);
	assert_string_equal(letter->detail, "expired");
	assert_string_equal(letter->id, "first");
	assert_string_equal(letter->peer, "1.2.3.4:5");
	assert_int_equal(letter->count, 1000);
	assert_int_equal(letter->worker, 3);
	assert_true(letter->at_ms > 0);
	msg_free(&letter->mail);
	assert_null(refusals_letter(&r, 3));
}

static void
test_refusals_are_bounded_and_all_counted(void **state)
{
	struct refusals r = {0};
	struct msg_refusals *letter;
	uint64_t sum = 0;
	int letters = 0;

	(void)state;
	for (int why = 1; why < 60; why++)
		refusals_note(&r, (enum reason)why, "", SPAN("x"), "p");
	assert_int_equal(r.n, REFUSALS_KINDS);
	while ((letter = refusals_letter(&r, 0))) {
		letters++;
		sum += letter->count;
		msg_free(&letter->mail);
	}
	assert_int_equal(letters, REFUSALS_KINDS);
	assert_int_equal(sum, 59);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_like_refusals_are_told_once),
	    cmocka_unit_test(test_refusals_are_bounded_and_all_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
