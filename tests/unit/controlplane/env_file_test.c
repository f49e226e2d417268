#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/strb.h"
#include "controlplane/env_file.h"

/* What was read, as "NAME|value;" one after the other. */
static void
note(void *user, struct span name, struct span value)
{
	strb_printf(user, "%.*s|%.*s;", SPAN_FMT(name), SPAN_FMT(value));
}

static void
reads(const char *text, const char *want)
{
	struct strb got;
	unsigned line;
	const char *why;

	strb_init(&got, 4096);
	assert_int_equal(env_file_parse(span_str(text), note, &got, &line, &why), 0);
	assert_string_equal(strb_cstr(&got), want);
	strb_free(&got);
}

static void
refuses(struct span text, unsigned want_line)
{
	struct strb got;
	unsigned line = 0;
	const char *why = NULL;

	strb_init(&got, 4096);
	assert_int_equal(env_file_parse(text, note, &got, &line, &why), -WHT_EINVAL);
	assert_int_equal(line, want_line);
	assert_non_null(why);
	strb_free(&got);
}

static void
test_plain_lines_and_comments(void **state)
{
	(void)state;
	reads("", "");
	reads("\n\n  \n# A=1\n; B=2\n", "");
	reads("A=1", "A|1;");
	reads("A=1\nB=2\n", "A|1;B|2;");
	reads("  A = 1 2  \r\nB=\r\n", "A|1 2;B|;");
	reads("A=x#y ;z", "A|x#y ;z;");
	reads("A=b=c", "A|b=c;");
	reads("# goes on\\\nA=1", "A|1;");
}

static void
test_quotes(void **state)
{
	(void)state;
	reads("A='x  y'  \nB=\" z \"", "A|x  y;B| z ;");
	reads("A='\\n\"'", "A|\\n\";");
	reads("A=\"\\\"\\\\\\$\\`\\n\"", "A|\"\\$`\\n;");
	reads("A=a'b'\"c\"d", "A|abcd;");
	reads("A='one\ntwo'\nB=3", "A|one\ntwo;B|3;");
	reads("A=''\nB=\"\"", "A|;B|;");
}

static void
test_backslashes_outside_quotes(void **state)
{
	(void)state;
	reads("A=one\\\ntwo\nB=\\'x\\'", "A|onetwo;B|'x';");
	reads("A=x\\ ", "A|x ;");
	reads("A=\"one\\\ntwo\"", "A|onetwo;");
	reads("A=x\\", "A|x;");
}

static void
test_what_would_get_lost_is_refused_with_its_line(void **state)
{
	(void)state;
	refuses(SPAN("A=1\nnonsense\nB=2"), 2);
	refuses(SPAN("export A=1"), 1);
	refuses(SPAN("=1"), 1);
	refuses(SPAN("A-B=1"), 1);
	refuses(SPAN("A=1\n\nB='x\ny\n"), 3);
	refuses(SPAN("B=\"x\\\""), 1);
	refuses(SPAN("\xef\xbb\xbf"
		     "A=1"),
	    1);
	refuses(span_of("A=1\0", 4), 1);
}

static void
test_any_beginning_of_a_good_file_is_read_or_refused(void **state)
{
	static const char file[] = "# c\nA=1\\\n2 'x y'\"z\\\"\"\n; d\n B = \\q \nC='\n'";
	struct strb got;
	unsigned line;
	const char *why;

	(void)state;
	for (size_t n = 0; n <= sizeof(file) - 1; n++) {
		strb_init(&got, 4096);
		if (env_file_parse(span_of(file, n), note, &got, &line, &why) == 0)
			assert_false(strb_failed(&got));
		strb_free(&got);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_plain_lines_and_comments),
	    cmocka_unit_test(test_quotes),
	    cmocka_unit_test(test_backslashes_outside_quotes),
	    cmocka_unit_test(test_what_would_get_lost_is_refused_with_its_line),
	    cmocka_unit_test(test_any_beginning_of_a_good_file_is_read_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
