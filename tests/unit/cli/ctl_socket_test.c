#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/ctl_socket.h"

static char folder[] = "/tmp/ctl_socket_test.XXXXXX";

static void
touch(const char *name)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	*strrchr(path, '/') = '\0';
	mkdir(path, 0700);
	path[strlen(path)] = '/';
	assert_non_null(file = fopen(path, "w"));
	fclose(file);
}

static int
setup(void **state)
{
	char path[64];

	(void)state;
	strcpy(folder + sizeof(folder) - 7, "XXXXXX");
	unsetenv("WHT_ADMIN_SOCKET");
	unsetenv("RUNTIME_DIRECTORY");
	unsetenv("WHT_STATE_DIR");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/state", folder);
	setenv("WHT_STATE_DIR", path, 1);
	return chdir(folder);
}

static int
teardown(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return chdir("/") || system(command);
}

static void
assert_found(const char *named, const char *expected)
{
	char path[SOCKET_PATH_MAX];
	struct strb why;

	strb_init(&why, 4096);
	assert_int_equal(ctl_socket_find(named, path, &why), 0);
	assert_string_equal(
	    path + (expected[0] == '/' || expected[0] == '.' ? 0 : strlen(folder) + 1), expected);
	strb_free(&why);
}

static void
the_first_place_that_exists_is_it(void **state)
{
	char runtime[128];

	(void)state;
	touch("wht-state/admin.sock");
	assert_found(NULL, "./wht-state/admin.sock");
	touch("state/admin.sock");
	assert_found(NULL, "state/admin.sock");
	snprintf(runtime, sizeof(runtime), "%s/run:/elsewhere", folder);
	setenv("RUNTIME_DIRECTORY", runtime, 1);
	assert_found(NULL, "state/admin.sock");
	touch("run/admin.sock");
	assert_found(NULL, "run/admin.sock");
	setenv("WHT_ADMIN_SOCKET", "/named/by/environment", 1);
	assert_found(NULL, "/named/by/environment");
	assert_found("/named/here", "/named/here");
}

static void
when_there_is_none_it_says_where_it_looked(void **state)
{
	char path[SOCKET_PATH_MAX];
	struct strb why;

	(void)state;
	strb_init(&why, 4096);
	assert_int_equal(ctl_socket_find(NULL, path, &why), -WHT_EIO);
	assert_non_null(strstr(strb_cstr(&why), "/run/webhooktunnel/admin.sock"));
	assert_non_null(strstr(strb_cstr(&why), "/state/admin.sock"));
	assert_non_null(strstr(strb_cstr(&why), "./wht-state/admin.sock"));
	assert_non_null(strstr(strb_cstr(&why), "--socket"));
	strb_free(&why);
}

/* A02 */
static void
a_path_longer_than_the_kernel_takes_is_refused(void **state)
{
	char named[SOCKET_PATH_MAX + 1], path[SOCKET_PATH_MAX];
	struct strb why;

	(void)state;
	memset(named, 'x', SOCKET_PATH_MAX);
	named[SOCKET_PATH_MAX] = '\0';
	strb_init(&why, 4096);
	assert_int_equal(ctl_socket_find(named, path, &why), -WHT_EINVAL);
	assert_non_null(strstr(strb_cstr(&why), "107 bytes"));
	named[SOCKET_PATH_MAX - 1] = '\0';
	assert_int_equal(ctl_socket_find(named, path, &why), 0);
	strb_free(&why);
}

static void
assert_explains(const char *name, int error, const char *what)
{
	char path[256];
	struct strb why;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	strb_init(&why, 4096);
	ctl_socket_explain(path, error, &why);
	if (!strstr(strb_cstr(&why), what))
		fail_msg("%s", strb_cstr(&why));
	strb_free(&why);
}

/* A08 */
static void
it_says_what_to_do_about_an_error(void **state)
{
	(void)state;
	touch("state/admin.sock");
	assert_int_equal(chmod("state/admin.sock", 0660), 0);
	assert_explains("state/admin.sock", EACCES, "usermod -aG ");
	assert_int_equal(chmod("state/admin.sock", 0600), 0);
	assert_explains("state/admin.sock", EACCES, "WHT_ADMIN_GROUP");
	assert_explains("none/admin.sock", EACCES, "Its folder is closed");
	assert_explains("none/admin.sock", ENOENT, "Is whtd running");
	assert_explains("state/admin.sock", ECONNREFUSED, "nobody listens");
	assert_explains("state/\x1b", ENOTSOCK, "\\x1b: Socket operation on non-socket");
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(the_first_place_that_exists_is_it),
	    T(when_there_is_none_it_says_where_it_looked),
	    T(a_path_longer_than_the_kernel_takes_is_refused),
	    T(it_says_what_to_do_about_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
