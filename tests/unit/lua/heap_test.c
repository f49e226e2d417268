#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lua/heap.h"

enum { PIECES = 200, ROUNDS = 200 * 1000 };

struct piece {
	unsigned char *p;
	size_t n;
	unsigned char mark;
};

static bool
piece_is_whole(const struct piece *piece)
{
	for (size_t i = 0; i < piece->n; i++) {
		if (piece->p[i] != piece->mark)
			return false;
	}
	return true;
}

/* Small ones mostly, at the edges of their sizes now and then, and some large ones. */
static size_t
some_size(unsigned *seed)
{
	switch (rand_r(seed) % 8) {
	case 0:
		return 0;
	case 1:
		return 1 + (size_t)rand_r(seed) % 5000;
	case 2:
		return HEAP_SMALL - 1 + (size_t)rand_r(seed) % 3;
	case 3:
		return HEAP_STEP * (1 + (size_t)rand_r(seed) % 8) + (size_t)rand_r(seed) % 2;
	default:
		return 1 + (size_t)rand_r(seed) % 100;
	}
}

static void
piece_resize(struct heap *h, struct piece *piece, size_t want)
{
	unsigned char *p = heap_resize(h, piece->p, piece->n, want, false);

	if (want && !p) { /* no room: it is as it was */
		assert_true(want > piece->n && piece_is_whole(piece));
		return;
	}
	assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
	if (p && piece->n)
		assert_int_equal(p[(want < piece->n ? want : piece->n) - 1], piece->mark);
	piece->p = p;
	piece->n = want;
	if (p)
		memset(p, piece->mark, want);
}

static void
test_pieces_keep_what_is_in_them(void **state)
{
	struct piece pieces[PIECES] = {{.n = 0}};
	unsigned seed = 1;
	struct heap h;

	(void)state;
	heap_init(&h, 256 * 1024);
	for (int i = 0; i < PIECES; i++)
		pieces[i].mark = (unsigned char)(i + 1);
	for (int round = 0; round < ROUNDS; round++) {
		struct piece *piece = &pieces[rand_r(&seed) % PIECES];

		assert_true(piece_is_whole(piece));
		piece_resize(&h, piece, some_size(&seed));
		assert_true(h.held <= h.max);
	}
	heap_drop(&h); /* LeakSanitizer knows whether that was all */
	assert_int_equal(h.held, 0);
}

static void
test_no_more_than_it_may_hold(void **state)
{
	struct heap h;
	size_t count = 0;
	void *p;

	(void)state;
	heap_init(&h, 100 * 1000);
	assert_null(heap_resize(&h, NULL, 0, 100 * 1000 + 1, false));
	assert_null(heap_resize(&h, NULL, 0, SIZE_MAX / 2, false));
	p = heap_resize(&h, NULL, 0, 1000, false);
	assert_non_null(p);
	memset(p, 7, 1000);
	assert_null(heap_resize(&h, p, 1000, 100 * 1000 + 1, false));
	assert_int_equal(((char *)p)[999], 7);
	assert_null(heap_resize(&h, p, 1000, 0, false));
	while (heap_resize(&h, NULL, 0, 100, false))
		count++;
	assert_in_range(count, 600, 1000);
	heap_drop(&h);
	assert_non_null(heap_resize(&h, NULL, 0, 50 * 1000, false));
	heap_drop(&h);
}

static void
test_long_texts_are_counted(void **state)
{
	struct heap h;
	void *text, *table;

	(void)state;
	heap_init(&h, 10 * HEAP_LONG);
	text = heap_resize(&h, NULL, 0, HEAP_LONG, true);
	table = heap_resize(&h, NULL, 0, HEAP_LONG, false);
	assert_non_null(heap_resize(&h, NULL, 0, HEAP_LONG - 1, true));
	assert_int_equal(h.long_texts, 1);
	table = heap_resize(&h, table, HEAP_LONG, 2 * HEAP_LONG, false);
	assert_int_equal(h.long_texts, 1);
	assert_null(heap_resize(&h, table, 2 * HEAP_LONG, 0, false));
	assert_int_equal(h.long_texts, 1);
	assert_null(heap_resize(&h, text, HEAP_LONG, 0, false));
	assert_int_equal(h.long_texts, 0);
	heap_drop(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_pieces_keep_what_is_in_them),
	    cmocka_unit_test(test_no_more_than_it_may_hold),
	    cmocka_unit_test(test_long_texts_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
