#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "msg/msg.h"
#include "base/obj.h"

static void
test_a_new_policy_has_the_documented_limits(void **state)
{
	struct policy *p = policy_new();

	(void)state;
	assert_int_equal(p->limits.head_max, 32 * 1024);
	assert_int_equal(p->limits.drain_timeout, 30000);
	assert_in_range(p->limits.process_memory, 1, 512 * 1024 * 1024);
	assert_string_equal(p->hostname, "");
	assert_null(p->url_prefix);
	policy_unref(&p);
	assert_null(p);
	policy_unref(&p);
}

static void
test_the_last_reference_frees(void **state)
{
	struct policy *p = policy_new(), *q = policy_ref(p);

	(void)state;
	p->secrets[0] = span_dup(SPAN("secret"));
	policy_unref(&p);
	assert_string_equal(q->secrets[0], "secret");
	policy_unref(&q);
}

static void
client_url(struct policy *p, const char *want)
{
	struct strb url;

	strb_init(&url, 256);
	policy_client_url(p, SPAN("alpha"), &url);
	assert_string_equal(strb_cstr(&url), want);
	strb_free(&url);
}

/* R08 */
static void
test_where_viewers_find_a_tunnel(void **state)
{
	struct policy *p = policy_new();

	(void)state;
	free(p->authority);
	p->authority = span_dup(SPAN("Tunnel.example:8443"));
	client_url(p, "http://Tunnel.example:8443/alpha");
	p->tls = (struct tls_context *)p; /* any: only its presence counts */
	client_url(p, "https://alpha.Tunnel.example:8443");
	p->url_prefix = span_dup(SPAN("https://w.example/t"));
	client_url(p, "https://w.example/t/alpha");
	p->tls = NULL;
	policy_unref(&p);
}

static void
test_an_undelivered_letter_takes_what_it_carries(void **state)
{
	struct msg_policy *letter = must_alloc(sizeof(*letter));
	struct msg_drained *drained = must_alloc(sizeof(*drained));
	struct policy *p = policy_new();

	(void)state;
	letter->mail.type = MSG_POLICY;
	letter->policy = policy_ref(p);
	msg_free(&letter->mail);
	assert_int_equal(atomic_load(&p->refs), 1);
	policy_unref(&p);
	drained->mail.type = MSG_DRAINED;
	msg_free(&drained->mail);
	assert_string_equal(msg_name(MSG_CONN_MOVE), "conn_move");
	assert_string_equal(msg_name(MSG_COUNT), "unknown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_new_policy_has_the_documented_limits),
	    cmocka_unit_test(test_the_last_reference_frees),
	    cmocka_unit_test(test_where_viewers_find_a_tunnel),
	    cmocka_unit_test(test_an_undelivered_letter_takes_what_it_carries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
