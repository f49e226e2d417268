#include "controlplane/config_doc.h"

#include <stdbool.h>

#include "controlplane/config.h"

#define SHOWN_MAX 100

/* The default as a reader may write it. */
static const char *
shown_default(const struct setting_info *info, struct strb *b)
{
	strb_reset(b);
	if (info->words[0])
		strb_add(b, span_str(info->words));
	else
		value_show_number(info->type, info->number, b);
	return strb_cstr(b);
}

void
config_print_help(FILE *out)
{
	struct strb b;

	strb_init(&b, SHOWN_MAX);
	for (int s = 0; s < SETTINGS; s++) {
		const struct setting_info *info = setting_info((enum setting)s);

		fprintf(out, "  %-27s %s (%s)\n", info->name, info->help, shown_default(info, &b));
	}
	strb_free(&b);
}

/* clang-format off */
static const char intro[] =
"# Configuration of whtd\n"
"\n"
"This page is printed by `whtd --print-config-doc` from `controlplane/config_tbl.h`; a test compares the two.\n"
"\n"
"Settings are environment variables. `WHT_ENV_FILE` may name a file with any of them, as `NAME=value` lines\n"
"quoted as in a systemd `EnvironmentFile`; the environment wins over the file, and a variable that is empty\n"
"counts as not set. A value that is not understood keeps the service from starting, with exit status 2; a name\n"
"that is not understood is warned of. `whtd --check-config` says what is wrong and does nothing else.\n"
"\n"
"At SIGHUP the file and the certificates are read again. What is marked *reload* takes effect at once; if\n"
"anything is wrong everything stays as it was, and the log says why. TLS is not switched on or off by a reload.\n"
"\n"
"| name | expected | default | change by | meaning |\n"
"| --- | --- | --- | --- | --- |\n";
/* clang-format on */

void
config_print_markdown(FILE *out)
{
	struct strb b;

	strb_init(&b, SHOWN_MAX);
	fputs(intro, out);
	for (int s = 0; s < SETTINGS; s++) {
		const struct setting_info *info = setting_info((enum setting)s);

		fprintf(out, "| `%s` | %s | %s | %s | %s |\n", info->name,
		    value_expected(info->type), shown_default(info, &b),
		    info->reloadable ? "reload" : "restart", info->help);
	}
	strb_free(&b);
}
