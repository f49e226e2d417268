/* docs/lua.md is held to the tables, and to the examples that it shows. */
#include "tests/unit/lua/play.h"

static char manual[1 << 20];

static void
read_text(const char *path, char *text, size_t max)
{
	FILE *f = fopen(path, "r");
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, max - 1, f);
	text[n] = '\0';
	fclose(f);
}

static void
shows(const char *text)
{
	if (!strstr(manual, text))
		fail_msg("docs/lua.md does not show: %s", text);
}

static void
test_tables(void **state)
{
	static const char *const texts[] = {
#define PHASE(NAME, word, function, may, fails, argument, help) function "(" argument ")", help,
#include "lua/phase_tbl.h"
#undef PHASE
#define API(lib, name, usage, help) usage, help,
#include "lua/api_tbl.h"
#undef API
#define MEMBER(name, type, member, phases, help) "`" #name "`", help,
#include "lua/message_tbl.h"
#undef MEMBER
#define STD(lib, name, how) "`" #name "`",
#include "lua/std_tbl.h"
#undef STD
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		shows(texts[i]);
}

static void
test_examples(void **state)
{
	static const char *const names[] = {"aliases", "allow_networks", "deny_agents", "github",
	    "stripe", "security_headers", "rate_limit", "maintenance", "log_common", "log_ecs"};
	static char text[1 << 16];
	char path[4096];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s.lua", EXAMPLES, names[i]);
		read_text(path, text, sizeof(text));
		shows(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_tables),
	    cmocka_unit_test(test_examples),
	};

	read_text(EXAMPLES "/../../docs/lua.md", manual, sizeof(manual));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
