#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"

static struct chunk_pool pool;

static int
setup(void **state)
{
	(void)state;
	chunk_pool_init(&pool);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	assert_int_equal(pool.in_use, 0);
	chunk_pool_free(&pool);
	return 0;
}

static void
fill(char *p, size_t n, unsigned seed)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (char)(seed + i * 7 + i / 251);
}

static void
test_empty_holds_nothing(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, &pool, 100);
	assert_int_equal(pool.in_use, 0);
	assert_int_equal(buf_front(&b).n, 0);
	assert_int_equal(buf_append(&b, SPAN("abc")), 0);
	assert_int_equal(pool.in_use, 1);
	buf_drop(&b, 3);
	assert_int_equal(pool.in_use, 0);
}

static void
test_full_takes_nothing(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, &pool, 5);
	assert_int_equal(buf_append(&b, SPAN("abc")), 0);
	assert_int_equal(buf_append(&b, SPAN("def")), -WHT_EFULL);
	assert_int_equal(b.len, 3);
	assert_int_equal(buf_append_some(&b, SPAN("def")), 2);
	assert_int_equal(buf_room(&b), 0);
	buf_clear(&b);
	assert_int_equal(buf_room(&b), 5);
}

static void
test_every_drop_size_gives_the_bytes_back(void **state)
{
	static char in[20000], out[20000];

	(void)state;
	fill(in, sizeof(in), 3);
	for (size_t step = 1; step < 9000; step = step * 3 + 1) {
		struct buf b;
		size_t got = 0;

		buf_init(&b, &pool, sizeof(in));
		assert_int_equal(buf_append(&b, span_of(in, sizeof(in))), 0);
		while (b.len) {
			size_t n = buf_peek(&b, out + got, step);

			buf_drop(&b, n);
			got += n;
		}
		assert_int_equal(got, sizeof(in));
		assert_memory_equal(in, out, sizeof(in));
	}
}

static void
test_vec_and_front_agree(void **state)
{
	static char in[10000];
	struct iovec v[8];
	struct buf b;
	size_t sum = 0;
	int n;

	(void)state;
	fill(in, sizeof(in), 9);
	buf_init(&b, &pool, sizeof(in));
	assert_int_equal(buf_append(&b, span_of(in, sizeof(in))), 0);
	buf_drop(&b, 100);
	n = buf_vec(&b, v, 8);
	assert_int_equal(n, 3);
	assert_int_equal(v[0].iov_len, buf_front(&b).n);
	for (int i = 0; i < n; i++) {
		assert_memory_equal(v[i].iov_base, in + 100 + sum, v[i].iov_len);
		sum += v[i].iov_len;
	}
	assert_int_equal(sum, b.len);
	buf_clear(&b);
}

static void
test_splice_moves_chunks(void **state)
{
	struct buf a, b;
	char out[8] = "";

	(void)state;
	buf_init(&a, &pool, 6);
	buf_init(&b, &pool, 10);
	assert_int_equal(buf_append(&a, SPAN("abc")), 0);
	assert_int_equal(buf_append(&b, SPAN("defg")), 0);
	assert_int_equal(buf_splice(&a, &b), -WHT_EFULL);
	assert_int_equal(b.len, 4);
	buf_drop(&b, 1);
	assert_int_equal(buf_splice(&a, &b), 0);
	assert_int_equal(b.len, 0);
	assert_int_equal(buf_peek(&a, out, sizeof(out)), 6);
	assert_string_equal(out, "abcefg");
	buf_clear(&a);
}

static void
test_adopt_moves_the_count(void **state)
{
	struct chunk_pool other;
	struct buf b;

	(void)state;
	chunk_pool_init(&other);
	buf_init(&b, &pool, 9000);
	assert_int_equal(buf_append_some(&b, span_of((char[9000]){0}, 9000)), 9000);
	buf_adopt(&b, &pool, &other);
	assert_int_equal(pool.in_use, 0);
	assert_int_equal(other.in_use, 3);
	buf_clear(&b);
	assert_int_equal(other.in_use, 0);
	chunk_pool_free(&other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_empty_holds_nothing),
	    cmocka_unit_test(test_full_takes_nothing),
	    cmocka_unit_test(test_every_drop_size_gives_the_bytes_back),
	    cmocka_unit_test(test_vec_and_front_agree),
	    cmocka_unit_test(test_splice_moves_chunks),
	    cmocka_unit_test(test_adopt_moves_the_count),
	};

	return cmocka_run_group_tests_name("buf", tests, setup, teardown);
}
