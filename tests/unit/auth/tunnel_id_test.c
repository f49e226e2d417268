#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>

#include "auth/tunnel_id.h"

/* R13 R14 */
static void
test_each_byte_value(void **state)
{
	static const char good[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_~.%-";

	(void)state;
	for (int c = 0; c < 256; c++) {
		const char id[3] = {'a', (char)c, 'b'};
		bool want = c != 0 && strchr(good, c);

		assert_true(tunnel_id_valid(span_of(id, 3)) == want);
		assert_true(tunnel_id_valid(span_of(id, 2)) == want);
	}
}

/* R07 R15 */
static void
test_lengths(void **state)
{
	char id[8000];

	(void)state;
	memset(id, 'a', sizeof(id));
	assert_false(tunnel_id_valid(span_of(NULL, 0)));
	assert_true(tunnel_id_valid(span_of(id, 1)));
	assert_true(tunnel_id_valid(span_of(id, 128)));
	assert_false(tunnel_id_valid(span_of(id, 129)));
	assert_false(tunnel_id_valid(span_of(id, 8000)));
}

/* R16 R17 */
static void
test_names_that_are_not_ids(void **state)
{
	(void)state;
	assert_false(tunnel_id_valid(SPAN(".")));
	assert_false(tunnel_id_valid(SPAN("..")));
	assert_true(tunnel_id_valid(SPAN("...")));
	assert_true(tunnel_id_valid(SPAN(".a")));
	assert_false(tunnel_id_valid(SPAN("__")));
	assert_false(tunnel_id_valid(SPAN("__heartbeat__")));
	assert_true(tunnel_id_valid(SPAN("_a__")));
	assert_true(tunnel_id_valid(SPAN("a%2fb")));
	assert_true(tunnel_id_valid(SPAN("a%00b")));
}

static void
test_the_hash_is_siphash_2_4(void **state)
{
	struct owner_key key;
	char input[15];

	(void)state;
	for (int i = 0; i < 16; i++)
		key.bytes[i] = (unsigned char)i;
	for (int i = 0; i < 15; i++)
		input[i] = (char)i;
	assert_true(owner_hash(&key, span_of(input, 15)) == 0xa129ca6149be45e5);
	assert_true(owner_hash(&key, span_of(input, 0)) == 0x726fdb47dd0e0e31);
}

static void
test_ids_spread_over_the_workers(void **state)
{
	unsigned count[4] = {0};
	struct owner_key key, other;
	char id[32];

	(void)state;
	owner_key_make(&key);
	owner_key_make(&other);
	assert_memory_not_equal(&key, &other, sizeof(key));
	for (int i = 0; i < 4000; i++) {
		struct span s = span_of(id, (size_t)snprintf(id, sizeof(id), "worker-%d", i));

		assert_int_equal(owner_of(&key, s, 1), 0);
		count[owner_of(&key, s, 4)]++;
	}
	for (int w = 0; w < 4; w++)
		assert_in_range(count[w], 800, 1200);
}

static const struct owner_key fixed = {"0123456789abcde"};

static void *
own_many(void *user)
{
	uint64_t *sum = user;

	for (int i = 0; i < 2000; i++)
		*sum = *sum * 31 + owner_hash(&fixed, span_of(&i, sizeof(i)));
	return NULL;
}

static void
test_all_threads_agree(void **state)
{
	pthread_t threads[4];
	uint64_t sums[4] = {0};

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, own_many, &sums[i]), 0);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	for (int i = 1; i < 4; i++)
		assert_true(sums[i] == sums[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_byte_value),
	    cmocka_unit_test(test_lengths),
	    cmocka_unit_test(test_names_that_are_not_ids),
	    cmocka_unit_test(test_the_hash_is_siphash_2_4),
	    cmocka_unit_test(test_ids_spread_over_the_workers),
	    cmocka_unit_test(test_all_threads_agree),
	};

	return cmocka_run_group_tests_name("tunnel_id", tests, NULL, NULL);
}
