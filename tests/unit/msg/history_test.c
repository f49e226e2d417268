#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "msg/history.h"

#define HEAD(path, value) "GET " path " HTTP/1.1\r\nAuthorization: " value "\r\n\r\n"

static struct request_facts
facts_of(int n, char path[32])
{
	snprintf(path, 32, "/alpha/%d", n);
	return (struct request_facts){
	    .at_ms = n,
	    .outcome = OUTCOME_DENIED,
	    .status = 403,
	    .request_id = SPAN("r1"),
	    .peer = SPAN("192.0.2.7"),
	    .host = SPAN("a.example"),
	    .id = SPAN("alpha"),
	    .path = span_str(path),
	    .head = SPAN(HEAD("/alpha/x", "secret")),
	};
}

static void
put(struct history *h, int n)
{
	char path[32];
	struct request_facts facts = facts_of(n, path);

	history_put(h, &facts, NULL, 0);
}

/* The requests in it are those up to last, each of them whole; how many. */
static int
holds_up_to(const struct history *h, int last)
{
	struct history_cursor c = history_begin(h);
	struct request_facts facts;
	int count = 0, first = 0;
	char path[32];

	while (history_next(&c, &facts)) {
		if (count++ == 0)
			first = (int)facts.at_ms;
		assert_int_equal(facts.at_ms, first + count - 1);
		snprintf(path, sizeof(path), "/alpha/%d", (int)facts.at_ms);
		assert_true(span_eq(facts.path, span_str(path)));
		assert_true(span_eq(facts.head, SPAN(HEAD("/alpha/x", "secret"))));
		assert_true(span_eq(facts.peer, SPAN("192.0.2.7")));
		assert_int_equal(facts.built_in.n, 0);
		assert_int_equal(facts.status, 403);
	}
	if (count)
		assert_int_equal(first + count - 1, last);
	assert_false(history_next(&c, &facts));
	return count;
}

static void
test_the_last_ones_in_their_order(void **state)
{
	struct history *h = history_new(20000), *copy;
	int before = 0, kept;

	(void)state;
	assert_int_equal(holds_up_to(h, 0), 0);
	for (int n = 1; n <= 1000; n++) {
		put(h, n);
		kept = holds_up_to(h, n);
		assert_true(kept == before + 1 || (kept > before / 3 && n > 20));
		before = kept;
	}
	copy = history_copy(h);
	put(h, 1001);
	assert_int_equal(holds_up_to(copy, 1000), before);
	history_free(&copy);
	history_free(&h);
}

static void
test_nothing_is_kept_where_nothing_may_be(void **state)
{
	struct history *h = history_new(0);
	struct history *copy;

	(void)state;
	put(h, 1);
	copy = history_copy(h);
	assert_int_equal(holds_up_to(h, 1), 0);
	assert_int_equal(holds_up_to(copy, 1), 0);
	history_free(&copy);
	history_free(&h);
	h = history_new(400); /* less than one of them */
	put(h, 1);
	assert_int_equal(holds_up_to(h, 1), 0);
	history_free(&h);
}

static void
test_credentials_are_blotted_out(void **state)
{
	struct history *h = history_new(10000);
	struct request_facts facts, out;
	struct history_cursor c;
	struct span blots[2];
	char path[32];

	(void)state;
	facts = facts_of(1, path);
	blots[0] = span_of(memmem(facts.head.p, facts.head.n, "secret", 6), 6);
	blots[1] = SPAN(""); /* an empty value has no place */
	facts.blotted = true;
	history_put(h, &facts, blots, 2);
	c = history_begin(h);
	assert_true(history_next(&c, &out));
	assert_true(out.blotted && span_eq(out.head, SPAN(HEAD("/alpha/x", "******"))));
	history_free(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_last_ones_in_their_order),
	    cmocka_unit_test(test_nothing_is_kept_where_nothing_may_be),
	    cmocka_unit_test(test_credentials_are_blotted_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
