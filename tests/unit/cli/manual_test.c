/* docs/whclient.md is written by hand: what it promises must be what the tables say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define MANUAL VECTORS "/../../docs/whclient.md"

static char manual[64 * 1024];

static int
read_manual(void **state)
{
	FILE *f = fopen(MANUAL, "r");

	(void)state;
	assert_non_null(f);
	assert_true(fread(manual, 1, sizeof(manual) - 1, f) > 0);
	fclose(f);
	return 0;
}

static void
test_every_exit_status_is_explained(void **state)
{
	(void)state;
#define LEAVE(NAME, code, text)                                                                    \
	if (!strstr(manual, "\n| " #code " | " text " |\n"))                                       \
		fail_msg("exit status " #code " is not told as the table has it");
#include "cli/exit_tbl.h"
#undef LEAVE
}

static void
test_every_option_is_mentioned(void **state)
{
	(void)state;
#define OPTION(NAME, letter, word, argument, environment, kind, help)                              \
	if (!strstr(manual, "--" word))                                                            \
		fail_msg("--" word " is not mentioned");
#include "cli/option_tbl.h"
#undef OPTION
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_exit_status_is_explained),
	    cmocka_unit_test(test_every_option_is_mentioned),
	};

	return cmocka_run_group_tests(tests, read_manual, NULL);
}
