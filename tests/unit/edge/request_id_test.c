/* The names of requests: whose they are, and that they differ. */
#include "heads.h"

#include "edge/request_id.h"

static const char *
id_from(struct span theirs, struct request_ids *ids)
{
	static char out[REQUEST_ID_MAX + 1];
	struct span told = request_id_take(out, theirs, ids);

	assert_ptr_equal(told.p, out);
	assert_int_equal(told.n, strlen(out));
	return out;
}

static void
test_a_sane_request_id_is_the_viewers(void **state)
{
	struct request_ids ids = {.next = "0000000000000abc"};
	char longest[REQUEST_ID_MAX + 2];

	(void)state;
	memset(longest, 'x', sizeof(longest));
	assert_string_equal(id_from(SPAN("a-Z.0_~:+/="), &ids), "a-Z.0_~:+/=");
	assert_int_equal(strlen(id_from(span_of(longest, REQUEST_ID_MAX), &ids)), REQUEST_ID_MAX);
	assert_string_equal(ids.next, "0000000000000abc");
	assert_string_equal(
	    id_from(span_of(longest, REQUEST_ID_MAX + 1), &ids), "0000000000000abc");
	assert_string_equal(id_from(SPAN(""), &ids), "0000000000000abd");
	for (int c = 0; c < 256; c++) {
		char one = (char)c;
		bool sane = strchr("._~:+/=-", c)
				? c != 0
				: (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
				      (c >= 'A' && c <= 'Z');

		assert_int_equal(strlen(id_from(span_of(&one, 1), &ids)), sane ? 1 : 16);
	}
}

static void
test_request_ids_differ(void **state)
{
	struct request_ids a, b;
	char first[REQUEST_ID_MAX + 1];

	(void)state;
	request_ids_init(&a);
	request_ids_init(&b);
	strcpy(first, id_from(SPAN(""), &a));
	assert_string_not_equal(first, id_from(SPAN(""), &a));
	assert_string_not_equal(first, id_from(SPAN(""), &b));
	strcpy(a.next, "00000000000009ff");
	assert_string_equal(id_from(SPAN(""), &a), "00000000000009ff");
	assert_string_equal(id_from(SPAN(""), &a), "0000000000000a00");
	strcpy(a.next, "ffffffffffffffff");
	assert_string_equal(id_from(SPAN(""), &a), "ffffffffffffffff");
	assert_string_equal(id_from(SPAN(""), &a), "0000000000000000");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_sane_request_id_is_the_viewers),
	    cmocka_unit_test(test_request_ids_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
