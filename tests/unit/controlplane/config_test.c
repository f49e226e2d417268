/* From an environment to a policy, or to the sentences that say why not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "controlplane/publish.h"

/* Everything that was said, a line a sentence. */
static struct strb said;

static void
hear(void *user, enum log_level level, const char *sentence)
{
	(void)user;
	strb_printf(&said, "%s: %s\n", level == LVL_ERROR ? "error" : "warning", sentence);
}

static struct report
listen_anew(void)
{
	strb_free(&said);
	strb_init(&said, 64 * 1024);
	return (struct report){.say = hear};
}

#define GOOD                                                                                       \
	"HOSTNAME=Tunnel.Example:8443", "TASKCLUSTER_PROXY_SECRET_A=aaa",                          \
	    "TASKCLUSTER_PROXY_SECRET_B=bbb"
#define ENVIRONMENT(...) ((char *const *)(const char *const[]){__VA_ARGS__, NULL})

static struct policy *
policy_of(char *const *environment, unsigned errors)
{
	struct report report = listen_anew();
	struct config *c = config_load(environment, &report);
	struct policy *p = publish_policy(c, &report);

	config_free(&c);
	if (report.errors != errors)
		print_message("%s", strb_cstr(&said));
	assert_int_equal(report.errors, errors);
	return p;
}

static void
refused(char *const *environment, const char *sentence)
{
	struct policy *p = policy_of(environment, 1);

	policy_unref(&p);
	if (!strstr(strb_cstr(&said), sentence))
		print_message("%s", strb_cstr(&said));
	assert_non_null(strstr(strb_cstr(&said), sentence));
}

static void
write_file(char *path, const char *text)
{
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void
test_the_least_that_is_needed(void **state)
{
	struct policy *p = policy_of(ENVIRONMENT(GOOD), 0);

	(void)state;
	assert_non_null(p);
	assert_string_equal(p->hostname, "tunnel.example");
	assert_string_equal(p->authority, "Tunnel.Example:8443");
	assert_string_equal(p->secrets[0], "aaa");
	assert_string_equal(p->secrets[1], "bbb");
	assert_string_equal(p->audience, "");
	assert_null(p->url_prefix);
	assert_null(p->tls);
	assert_false(p->close_at_expiry);
	assert_int_equal(p->limits.head_max, 32768);
	assert_true(p->limits.process_memory > 0);
	assert_string_equal(strb_cstr(&said), "");
	policy_unref(&p);
}

static void
test_everything_reaches_the_policy(void **state)
{
	struct policy *p =
	    policy_of(ENVIRONMENT(GOOD, "URL_PREFIX=https://w.example/t//", "AUDIENCE=x",
			  "WHT_CLOSE_AT_EXPIRY=1", "WHT_TRUSTED_PROXIES=10.0.0.0/8, ::1",
			  "WHT_HEAD_TIMEOUT=0.5", "WHT_PROCESS_MEMORY=64MiB"),
		0);

	(void)state;
	assert_string_equal(p->url_prefix, "https://w.example/t");
	assert_string_equal(p->audience, "x");
	assert_true(p->close_at_expiry);
	assert_int_equal(p->trusted.n, 2);
	assert_int_equal(p->limits.head_timeout, 500);
	assert_int_equal(p->limits.process_memory, 64 << 20);
	policy_unref(&p);
}

/* J36 */
static void
test_an_empty_or_missing_secret_is_refused(void **state)
{
	(void)state;
	refused(ENVIRONMENT("HOSTNAME=h", "TASKCLUSTER_PROXY_SECRET_A=a"),
	    "TASKCLUSTER_PROXY_SECRET_B is required");
	refused(ENVIRONMENT(
		    "HOSTNAME=h", "TASKCLUSTER_PROXY_SECRET_A=", "TASKCLUSTER_PROXY_SECRET_B=b"),
	    "TASKCLUSTER_PROXY_SECRET_A is required, and must not be empty");
	refused(ENVIRONMENT("TASKCLUSTER_PROXY_SECRET_A=a", "TASKCLUSTER_PROXY_SECRET_B=b"),
	    "HOSTNAME is required");
}

/* C09 */
static void
test_a_bad_value_is_named_with_what_is_expected(void **state)
{
	(void)state;
	refused(ENVIRONMENT(GOOD, "PORT=http"),
	    "PORT in the environment: \"http\" is not a port number from 0 to 65535");
	refused(ENVIRONMENT(GOOD, "WHT_HEAD_MAX=big\x1b"), "\"big\\x1b\"");
	refused(ENVIRONMENT(GOOD, "URL_PREFIX=ftp://a"), "URL_PREFIX: \"ftp://a\"");
	refused(ENVIRONMENT(GOOD, "WHT_TRUSTED_PROXIES=::1 10.0.0.1/8"), "\"10.0.0.1/8\"");
	refused(ENVIRONMENT(GOOD, "WHT_WINDOW=5MiB"),
	    "WHT_WINDOW must not be larger than WHT_STREAM_MEMORY");
	refused(ENVIRONMENT(GOOD, "WHT_ENV_FILE=/nonexistent"), "/nonexistent: No such file");
	refused(ENVIRONMENT(GOOD, "WHT_ENV_FILE=/"), "/: not a regular file");
}

/* J37 */
static void
test_no_sentence_shows_a_secret(void **state)
{
	(void)state;
	refused(ENVIRONMENT("HOSTNAME=h", "TASKCLUSTER_PROXY_SECRET_A=hush\x01",
		    "TASKCLUSTER_PROXY_SECRET_B=b", "TASKCLUSTER_PROXY_SECRET_A=hush"),
	    "TASKCLUSTER_PROXY_SECRET_A in the environment: \"(not shown)\"");
	assert_null(strstr(strb_cstr(&said), "hush"));
}

static void
test_unknown_names_are_warned_of(void **state)
{
	struct policy *p = policy_of(ENVIRONMENT(GOOD, "WHT_WORKER=2", "WHT_ODD=1", "PATH=/bin",
					 "TASKCLUSTER_PROXY_SECRET=x", "=odd", "odd"),
	    0);

	(void)state;
	assert_string_equal(strb_cstr(&said),
	    "warning: WHT_WORKER in the environment is not a setting; did you mean WHT_WORKERS?\n"
	    "warning: WHT_ODD in the environment is not a setting\n"
	    "warning: TASKCLUSTER_PROXY_SECRET in the environment is not a setting; "
	    "did you mean TASKCLUSTER_PROXY_SECRET_A?\n");
	policy_unref(&p);
}

static void
test_the_environment_wins_over_the_file(void **state)
{
	char path[] = "/tmp/config_test.XXXXXX", variable[64];
	struct policy *p;

	(void)state;
	write_file(path, "AUDIENCE=file\nWHT_HEAD_TIMEOUT=3 # no comment\nWHT_FIELDS_MAX=7\nODD=1\n"
			 "WHT_ENV_FILE=/other\n");
	snprintf(variable, sizeof(variable), "WHT_ENV_FILE=%s", path);
	p = policy_of(ENVIRONMENT(GOOD, variable, "AUDIENCE=environment", "WHT_FIELDS_MAX="), 1);
	assert_null(p);
	assert_non_null(strstr(strb_cstr(&said),
	    "WHT_HEAD_TIMEOUT in the file of WHT_ENV_FILE: \"3 # no comment\" is not seconds"));
	assert_non_null(
	    strstr(strb_cstr(&said), "ODD in the file of WHT_ENV_FILE is not a setting\n"));
	assert_non_null(strstr(strb_cstr(&said), "WHT_ENV_FILE has no effect in the file"));
	unlink(path);
	snprintf(path, sizeof(path), "/tmp/config_test.XXXXXX");
	write_file(path, "AUDIENCE=file\nWHT_FIELDS_MAX=7\n");
	snprintf(variable, sizeof(variable), "WHT_ENV_FILE=%s", path);
	p = policy_of(ENVIRONMENT(GOOD, variable, "AUDIENCE=environment", "WHT_FIELDS_MAX="), 0);
	assert_string_equal(p->audience, "environment");
	assert_int_equal(p->limits.fields_max, 7);
	policy_unref(&p);
	unlink(path);
}

static void
test_a_reload_says_what_has_to_wait_for_a_restart(void **state)
{
	struct report report = listen_anew();
	struct config *old = config_load(ENVIRONMENT(GOOD, "PORT=1", "AUDIENCE=a"), &report);
	struct config *now = config_load(ENVIRONMENT(GOOD, "WHT_LISTEN=*", "AUDIENCE=b"), &report);

	(void)state;
	config_warn_restart(old, now, &report);
	assert_string_equal(strb_cstr(&said),
	    "warning: PORT changed; it takes effect at the next start\n"
	    "warning: WHT_LISTEN changed; it takes effect at the next start\n");
	config_free(&old);
	config_free(&now);
}

static void
test_a_suggestion_gives_way_to_what_is_given(void **state)
{
	struct report report = listen_anew();
	struct config *c = config_load(ENVIRONMENT("HOSTNAME=given"), &report);

	(void)state;
	config_suggest(c, SET_hostname, "suggested");
	config_suggest(c, SET_audience, "suggested");
	assert_string_equal(config_text(c, SET_hostname), "given");
	assert_string_equal(config_text(c, SET_audience), "suggested");
	config_free(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_least_that_is_needed),
	    cmocka_unit_test(test_everything_reaches_the_policy),
	    cmocka_unit_test(test_an_empty_or_missing_secret_is_refused),
	    cmocka_unit_test(test_a_bad_value_is_named_with_what_is_expected),
	    cmocka_unit_test(test_no_sentence_shows_a_secret),
	    cmocka_unit_test(test_unknown_names_are_warned_of),
	    cmocka_unit_test(test_the_environment_wins_over_the_file),
	    cmocka_unit_test(test_a_reload_says_what_has_to_wait_for_a_restart),
	    cmocka_unit_test(test_a_suggestion_gives_way_to_what_is_given),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	strb_free(&said);
	return failed;
}
