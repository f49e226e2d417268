/* A request line and a body, whatever they are: an answer in words, and nothing left behind.
 *
 * The input is METHOD, a space, TARGET, a line feed, and the body. */
#include <stdlib.h>

#include "base/obj.h"
#include "controlplane/admin_route.h"

#define NOW_MS 1700000000000ll

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* What a person reads in a terminal holds nothing that the terminal would obey. */
static void
ensure_harmless(const char *text)
{
	for (; *text; text++)
		ENSURE(*text >= 0x20 && *text < 0x7F);
}

static void
ensure_types(const struct admin_args *args, enum admin_command command)
{
	for (int a = 0; a < ADMIN_ARGS; a++) {
		const struct admin_arg_row *row = admin_arg_row((enum admin_arg)a);
		struct admin_value again = {0};

		if (!args->of[a].text)
			continue;
		ENSURE(row->command == command);
		ENSURE(
		    admin_value_read(row->type, span_str(args->of[a].text), NOW_MS, &again) == 0);
		ENSURE(again.number == args->of[a].number);
		free(again.text);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span body = span_of(data, size), target, method;
	struct admin_refusal refusal = {0};
	struct admin_args args = {0};
	enum admin_command command;

	if (!span_cut(&body, '\n', &target) || !span_cut(&target, ' ', &method) || !target.p)
		return 0;
	if (admin_route_find(method, target, NOW_MS, &command, &args, &refusal) == 0 &&
	    admin_route_arguments(command, target, body, NOW_MS, &args, &refusal) == 0)
		ensure_types(&args, command);
	else
		ENSURE(refusal.status >= 400 && refusal.message[0]);
	ensure_harmless(refusal.message);
	ensure_harmless(refusal.hint);
	admin_args_clear(&args);
	return 0;
}
