/* The last requests that failed, found by their names. */
#include "heads.h"

#include "edge/failures.h"

static void
fail_request(struct failures *f, const char *request, int status)
{
	struct failure_facts *place = failures_next(f);

	assert_string_equal(place->request, "");
	assert_int_equal(place->status, 0);
	strcpy(place->request, request);
	place->status = status;
}

static void
test_the_last_failures_are_found(void **state)
{
	struct failures f = {0};
	char name[32];

	(void)state;
	assert_null(failures_find(&f, "r0"));
	for (int i = 0; i < FAILURES_KEPT + 10; i++) {
		snprintf(name, sizeof(name), "r%d", i);
		fail_request(&f, name, 400 + i);
	}
	assert_null(failures_find(&f, "r0"));
	assert_null(failures_find(&f, "r9"));
	assert_int_equal(failures_find(&f, "r10")->status, 410);
	assert_int_equal(failures_find(&f, name)->status, 400 + FAILURES_KEPT + 9);
	fail_request(&f, "r10", 1);
	assert_int_equal(failures_find(&f, "r10")->status, 1); /* the newest under a name */
	failures_free(&f);
	failures_free(&f);
}

static void
test_a_few_failures(void **state)
{
	struct failures f = {0};

	(void)state;
	fail_request(&f, "a", 1);
	fail_request(&f, "b", 2);
	assert_int_equal(failures_find(&f, "a")->status, 1);
	assert_null(failures_find(&f, "c"));
	assert_null(failures_find(&f, "")); /* an empty place is nobody's */
	failures_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_last_failures_are_found),
	    cmocka_unit_test(test_a_few_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
