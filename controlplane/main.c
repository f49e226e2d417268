/* controlplane/main.c - whtd's command line: options say what to do, the environment says how. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "controlplane/admin_doc.h"
#include "controlplane/config_doc.h"
#include "controlplane/service.h"

enum option_code {
	OPT_HELP = 'h',
	OPT_VERSION = 'V',
	OPT_DEV = 256,
	OPT_CHECK,
	OPT_DOC,
	OPT_ADMIN_DOC
};

/* OPTION(CODE, "name", "help") */
#define OPTIONS(OPTION)                                                                            \
	OPTION(DEV, "dev", "serve on loopback without any configuration, to try things")           \
	OPTION(CHECK, "check-config", "say what is wrong with the configuration, and stop")        \
	OPTION(DOC, "print-config-doc", "print the table of settings as Markdown, and stop")       \
	OPTION(ADMIN_DOC, "print-admin-doc", "print the admin API as Markdown, and stop")          \
	OPTION(HELP, "help", "print this, and stop")                                               \
	OPTION(VERSION, "version", "print the version, and stop")

struct wish {
	bool dev, check;
};

static void
print_help(void)
{
	puts(
	    "usage: whtd [--dev] [--check-config]\n"
	    "The service that gives local HTTP servers public names. It runs in the foreground.\n");
#define OPTION_HELP(CODE, name, help) printf("  --%-25s %s\n", name, help);
	OPTIONS(OPTION_HELP)
#undef OPTION_HELP
	puts("\nSettings are environment variables, or lines of the file that WHT_ENV_FILE "
	     "names:\n");
	config_print_help(stdout);
	puts("\nSIGTERM, SIGINT and SIGQUIT let requests under way finish; a second one does not.\n"
	     "SIGHUP reads certificates, secrets, limits and WHT_ENV_FILE again.");
}

/* Does what there is to do for one option; answers an exit status, or -1 to go on. */
static int
take_option(int code, struct wish *wish)
{
	switch (code) {
	case OPT_DEV:
		wish->dev = true;
		return -1;
	case OPT_CHECK:
		wish->check = true;
		return -1;
	case OPT_HELP:
		print_help();
		return EXIT_SUCCESS;
	case OPT_VERSION:
		puts("whtd " WHT_VERSION);
		return EXIT_SUCCESS;
	case OPT_DOC:
		config_print_markdown(stdout);
		return EXIT_SUCCESS;
	case OPT_ADMIN_DOC:
		admin_print_markdown(stdout);
		return EXIT_SUCCESS;
	default:
		fputs("whtd --help lists the options\n", stderr);
		return EXIT_CONFIG;
	}
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
#define OPTION_ROW(CODE, name, help) {name, no_argument, NULL, OPT_##CODE},
	    OPTIONS(OPTION_ROW)
#undef OPTION_ROW
		{NULL, 0, NULL, 0}};
	struct wish wish = {false, false};
	int code;

	signal(SIGPIPE, SIG_IGN); /* a peer that is gone is an error code, at every write */
	while ((code = getopt_long(argc, argv, "hV", options, NULL)) != -1) {
		int status = take_option(code, &wish);

		if (status >= 0)
			return status;
	}
	if (optind < argc) {
		fprintf(stderr, "whtd: unexpected argument \"%s\"\n", argv[optind]);
		return take_option('?', &wish);
	}
	return wish.check ? service_check(wish.dev) : service_run(wish.dev);
}
