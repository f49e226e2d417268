/* docs/operating.md is written by hand: what it promises must be what the tables say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "cli/ctl_command.h"

#define MANUAL VECTORS "/../../docs/operating.md"

static char manual[128 * 1024];

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
every_exit_status_is_explained(void **state)
{
	(void)state;
#define LEAVE_CTL(NAME, code, text)                                                                \
	if (!strstr(manual, "\n| " #code " | " text " |\n"))                                       \
		fail_msg("exit status " #code " is not told as the table has it");
#include "cli/exit_tbl.h"
#undef LEAVE_CTL
}

/* "audit list" is written as the noun alone, too. */
static bool
is_mentioned(const char *words)
{
	char name[64];
	size_t n;

	snprintf(name, sizeof(name), "whtctl %s", words);
	if (strstr(manual, name))
		return true;
	n = strlen(name);
	if (n > 5 && strcmp(name + n - 5, " list") == 0)
		name[n - 5] = '\0';
	return strstr(manual, name) != NULL;
}

static void
every_command_is_mentioned(void **state)
{
	(void)state;
	for (int i = 0; i < CTL_COUNT; i++) {
		if (!is_mentioned(ctl_commands[i].words))
			fail_msg("whtctl %s is not mentioned", ctl_commands[i].words);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_exit_status_is_explained),
	    cmocka_unit_test(every_command_is_mentioned),
	};

	return cmocka_run_group_tests(tests, read_manual, NULL);
}
