/* whclient - makes a local port reachable through a webhooktunnel server.
 *
 * main() only reads the command line and puts the pieces together: tokens say who we are, keepup
 * keeps the tunnel up, forward carries its streams. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "auth/tunnel_id.h"
#include "base/log.h"
#include "cli/keepup.h"

enum option_id {
#define OPTION(NAME, letter, word, argument, help) OPT_##NAME,
#include "cli/option_tbl.h"
#undef OPTION
	OPT_COUNT
};

static const struct {
	char letter;
	const char *word, *argument, *help;
} options[] = {
#define OPTION(NAME, letter, word, argument, help) {letter, word, argument, help},
#include "cli/option_tbl.h"
#undef OPTION
};

static const struct {
	int code;
	const char *text;
} leaves[] = {
#define LEAVE(NAME, code, text) {code, text},
#include "cli/exit_tbl.h"
#undef LEAVE
};

enum { LETTER_BASE = 256 }; /* getopt_long's value of an option is LETTER_BASE + its number */

struct command {
	const char *id;
	struct place server, target;
	struct tokens *tokens;
	const char *token_file, *ca;
	bool has_token, insecure, insecure_target, once;
	uint64_t max_elapsed_ms;
	enum log_level level;
};

static struct loop *loop;

/* ---- words ---- */

static void
print_help(void)
{
	printf("usage: whclient [OPTION...] SERVER ID TARGET\n\n"
	       "Registers ID with the webhooktunnel SERVER (https://host[:port]), prints the URL "
	       "under\n"
	       "which TARGET is then reachable, and carries its requests until stopped.\n"
	       "TARGET is a local port, host:port, http://host[:port], https://host[:port] or "
	       "unix:/path.\n"
	       "Without --token and --token-file, each line on stdin is a token for the next "
	       "registration.\n\n");
	for (int i = 0; i < OPT_COUNT; i++) {
		const char *argument = options[i].argument ? options[i].argument : "";
		char letter[] = {'-', options[i].letter, ',', '\0'};
		char words[40];

		snprintf(words, sizeof(words), "--%s%s%s", options[i].word, argument[0] ? " " : "",
		    argument);
		printf(
		    "  %3s %-22s  %s\n", options[i].letter ? letter : "", words, options[i].help);
	}
	printf("\nexit status:\n");
	for (size_t i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++)
		printf("  %d  %s\n", leaves[i].code, leaves[i].text);
}

static _Noreturn void
die_of_usage(const char *about, const char *wrong)
{
	fprintf(stderr, "whclient: %s%s%s\nwhclient --help says how.\n", about,
	    about[0] ? ": " : "", wrong);
	exit(LEAVE_USAGE);
}

/* ---- the command line ---- */

/* Takes the token, and out of the process list with it. */
static void
take_token(struct command *c, char *argument)
{
	if (c->tokens)
		tokens_free(&c->tokens);
	c->tokens = tokens_of_text(argument);
	memset(argument, '*', strlen(argument));
	if (!c->tokens)
		die_of_usage("--token", "this cannot be a token");
	c->has_token = true;
}

static uint64_t
parse_seconds(const char *text)
{
	uint64_t seconds;

	if (span_u64(span_str(text), 1000 * 1000 * 1000, &seconds) || seconds == 0)
		die_of_usage("--max-elapsed", "a whole number of seconds is wanted");
	return seconds * 1000;
}

static enum log_level
parse_level(const char *text)
{
	int level = log_level_parse(span_str(text));

	if (level < 0)
		die_of_usage("--log-level", "debug, info, warn or error is wanted");
	return (enum log_level)level;
}

static void
take_option(struct command *c, enum option_id option, char *argument)
{
	switch (option) {
	case OPT_TOKEN:
		take_token(c, argument);
		break;
	case OPT_TOKEN_FILE:
		c->token_file = argument;
		break;
	case OPT_CA:
		c->ca = argument;
		break;
	case OPT_INSECURE:
		c->insecure = true;
		break;
	case OPT_INSECURE_TARGET:
		c->insecure_target = true;
		break;
	case OPT_MAX_ELAPSED:
		c->max_elapsed_ms = parse_seconds(argument);
		break;
	case OPT_ONCE:
		c->once = true;
		break;
	case OPT_LOG_LEVEL:
		c->level = parse_level(argument);
		break;
	case OPT_HELP:
		print_help();
		exit(LEAVE_OK);
	case OPT_VERSION:
		puts("whclient " WHT_VERSION);
		exit(LEAVE_OK);
	case OPT_COUNT:
		break;
	}
}

static void
read_options(struct command *c, int argc, char **argv)
{
	struct option longs[OPT_COUNT + 1] = {0};
	char shorts[2 * OPT_COUNT + 1] = "";
	int value;

	for (int i = 0; i < OPT_COUNT; i++) {
		int wants = options[i].argument ? required_argument : no_argument;

		longs[i] = (struct option){options[i].word, wants, NULL, LETTER_BASE + i};
		if (options[i].letter)
			snprintf(shorts + strlen(shorts), 3, "%c%s", options[i].letter,
			    options[i].argument ? ":" : "");
	}
	while ((value = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (value == '?')
			die_of_usage("", "see above");
		for (int i = 0; i < OPT_COUNT; i++) {
			if (value == LETTER_BASE + i || value == options[i].letter)
				take_option(c, (enum option_id)i, optarg);
		}
	}
}

static void
read_operands(struct command *c, int argc, char **argv)
{
	const char *wrong;

	if (argc - optind != 3)
		die_of_usage("", "SERVER, ID and TARGET are wanted, and nothing else");
	if ((wrong = place_of_server(argv[optind], &c->server)))
		die_of_usage(argv[optind], wrong);
	c->id = argv[optind + 1];
	if (!tunnel_id_valid(span_str(c->id)))
		die_of_usage(c->id,
		    "an id is 1 to 128 characters of A-Z a-z 0-9 _ ~ . % -, not . or .., "
		    "and does not begin with __");
	if ((wrong = place_of_target(argv[optind + 2], &c->target)))
		die_of_usage(argv[optind + 2], wrong);
	if (c->has_token && c->token_file)
		die_of_usage("", "--token and --token-file exclude each other");
	if (c->token_file && access(c->token_file, R_OK) < 0)
		die_of_usage(c->token_file, "the token file cannot be read");
}

/* ---- the life ---- */

static struct tls_context *
make_tls(bool wanted, const char *ca, bool insecure)
{
	struct tls_context *tls;
	char error[TLS_ERROR_MAX];

	if (!wanted)
		return NULL;
	tls = tls_client_new(ca, insecure, error);
	if (!tls) {
		fprintf(stderr, "whclient: %s\n", error);
		exit(LEAVE_FAILED);
	}
	return tls;
}

static void
warn_of_risks(const struct command *c)
{
	if (c->server.tls && c->insecure)
		log_warn(NULL,
		    "--insecure: anybody on the way can pose as the server and read the token");
	if (!c->server.tls && !c->server.loopback)
		log_warn(NULL, "http: anybody on the way can read the token and all traffic");
	if (c->target.tls && c->insecure_target)
		log_warn(NULL, "--insecure-target: the target's certificate is not verified");
}

static void
on_signal(void *user, int signum)
{
	static bool again;

	(void)signum;
	if (again) {
		log_stop();
		_exit(LEAVE_OK);
	}
	again = true;
	log_info(NULL, "stopping; once more stops at once");
	keepup_stop(user);
}

static void
raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static struct tokens *
make_tokens(const struct command *c)
{
	if (c->tokens)
		return c->tokens;
	return c->token_file ? tokens_of_file(c->token_file) : tokens_of_lines(loop, STDIN_FILENO);
}

static enum leave
serve(struct command *c)
{
	bool trust = c->insecure_target || c->target.loopback;
	struct tls_context *server_tls = make_tls(c->server.tls, c->ca, c->insecure);
	struct tls_context *target_tls = make_tls(c->target.tls, NULL, trust);
	struct keepup_config config = {
	    .loop = loop,
	    .server = &c->server,
	    .tls = server_tls,
	    .id = c->id,
	    .tokens = c->tokens = make_tokens(c),
	    .forwarder = forwarder_new(loop, &c->target, target_tls),
	    .once = c->once,
	    .max_elapsed_ms = c->max_elapsed_ms,
	};
	struct keepup *keepup = keepup_new(&config);
	enum leave result;

	loop_on_signal(loop, SIGINT, on_signal, keepup);
	loop_on_signal(loop, SIGTERM, on_signal, keepup);
	warn_of_risks(c);
	keepup_start(keepup);
	loop_run(loop);
	result = keepup_result(keepup);
	tokens_stop(c->tokens);
	loop_run_down(loop);
	keepup_free(&keepup);
	forwarder_free(&config.forwarder);
	tokens_free(&c->tokens);
	if (server_tls)
		tls_unref(&server_tls);
	if (target_tls)
		tls_unref(&target_tls);
	return result;
}

int
main(int argc, char **argv)
{
	struct command command = {.level = LVL_INFO};
	enum leave result;

	signal(SIGPIPE, SIG_IGN);
	read_options(&command, argc, argv);
	read_operands(&command, argc, argv);
	raise_descriptor_limit();
	log_start(&(struct log_config){
	    .logger = "whclient", .fd = STDERR_FILENO, .level = command.level});
	loop = loop_new();
	result = serve(&command);
	loop_free(&loop);
	log_stop();
	return (int)result;
}
