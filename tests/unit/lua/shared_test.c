#include "tests/unit/lua/play.h"

#include <pthread.h>

static struct lua_kv_value
text_value(const char *text)
{
	struct lua_kv_value v = {.kind = KV_TEXT, .n = strlen(text)};

	memcpy(v.text, text, v.n);
	return v;
}

static void
test_what_expires_is_gone(void **state)
{
	struct lua_shared *s = lua_shared_new();
	struct lua_kv_value v = text_value("x"), out;
	double sum;

	(void)state;
	assert_int_equal(lua_kv_set(s, SPAN("a"), &v, 1000, 500), 0);
	assert_true(lua_kv_get(s, SPAN("a"), 1499, &out));
	assert_false(lua_kv_get(s, SPAN("a"), 1500, &out));
	assert_int_equal(lua_kv_count(s), 0);
	assert_int_equal(lua_kv_increment(s, SPAN("n"), 1, 1000, 100, &sum), 0);
	assert_int_equal(lua_kv_increment(s, SPAN("n"), 1, 1050, 100, &sum), 0);
	assert_true(sum == 2); /* the first one's time holds */
	assert_int_equal(lua_kv_increment(s, SPAN("n"), 1, 1100, 100, &sum), 0);
	assert_true(sum == 1);
	lua_shared_free(&s);
}

static void
test_the_table_is_bounded(void **state)
{
	struct lua_shared *s = lua_shared_new();
	struct lua_kv_value v = {.kind = KV_TEXT, .n = LUA_KV_VALUE_MAX}, out;
	char key[32];

	(void)state;
	memset(v.text, 'x', sizeof(v.text));
	for (int i = 0; i < 3 * LUA_KV_ENTRIES; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		v.n = i < LUA_KV_ENTRIES ? LUA_KV_VALUE_MAX : 1;
		assert_int_equal(lua_kv_set(s, span_str(key), &v, 1, 0), 0);
	}
	assert_true(lua_kv_count(s) <= LUA_KV_ENTRIES);
	assert_false(lua_kv_get(s, SPAN("k0"), 1, &out));
	assert_true(lua_kv_get(s, span_str(key), 1, &out)); /* the newest stays */
	lua_shared_free(&s);
}

/* A rate limit that is at work is not pushed out by keys that come once. */
static void
test_what_is_counted_stays(void **state)
{
	struct lua_shared *s = lua_shared_new();
	struct lua_kv_value v = text_value("x");
	char key[32];
	double sum = 0;

	(void)state;
	for (int i = 0; i < 3 * LUA_KV_ENTRIES; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		assert_int_equal(lua_kv_set(s, span_str(key), &v, 1, 0), 0);
		if (i % 1000 == 0)
			assert_int_equal(lua_kv_increment(s, SPAN("n"), 1, 1, 0, &sum), 0);
	}
	assert_true(sum == (3 * LUA_KV_ENTRIES + 999) / 1000);
	lua_shared_free(&s);
}

static void
test_a_tunnel_and_its_successor(void **state)
{
	struct lua_shared *s = lua_shared_new();

	(void)state;
	lua_tunnel_up(s, SPAN("a"));
	lua_tunnel_up(s, SPAN("a"));
	lua_tunnel_down(s, SPAN("a"));
	assert_true(lua_tunnel_is_up(s, SPAN("a")));
	lua_tunnel_down(s, SPAN("a"));
	lua_tunnel_down(s, SPAN("a"));
	assert_false(lua_tunnel_is_up(s, SPAN("a")));
	lua_shared_free(&s);
}

static void *
add_many(void *user)
{
	double sum;

	for (int i = 0; i < 20000; i++)
		assert_int_equal(lua_kv_increment(user, SPAN("n"), 1, 1, 0, &sum), 0);
	return NULL;
}

/* L11 */
static void
test_workers_add_without_losing_any(void **state)
{
	struct lua_shared *s = lua_shared_new();
	pthread_t threads[4];
	struct lua_kv_value out;

	(void)state;
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, add_many, s);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_true(lua_kv_get(s, SPAN("n"), 1, &out));
	assert_true(out.number == 80000);
	lua_shared_free(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_expires_is_gone),
	    cmocka_unit_test(test_the_table_is_bounded),
	    cmocka_unit_test(test_what_is_counted_stays),
	    cmocka_unit_test(test_a_tunnel_and_its_successor),
	    cmocka_unit_test(test_workers_add_without_losing_any),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
