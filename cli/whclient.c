/* whclient - makes a local port reachable through a webhooktunnel server.
 *
 * main() only reads what is wanted, from three places, and gives it to libwhclient; what comes back
 * are events, which the screen or say.c tell. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/check.h"
#include "cli/command.h"
#include "cli/exit.h"
#include "cli/live.h"
#include "cli/login.h"
#include "cli/profile.h"
#include "cli/say.h"

static struct whc *whc;
static struct live *live; /* NULL: no screen */

static _Noreturn void
die_of_usage(const char *about, const char *wrong)
{
	if (live)
		live_close(&live);
	fprintf(stderr, "whclient: %s%s%s\nwhclient --help says how.\n", about,
	    about[0] ? ": " : "", wrong);
	exit(LEAVE_USAGE);
}

/* ---- what is wanted ---- */

/* The command line, then the environment, then the profile. */
static void
resolve(struct settings *s, const struct command *c, const char *profile)
{
	char path[PROFILE_PATH_MAX] = "", error[PROFILE_ERROR_MAX];
	const char *config, *name;
	int result;

	settings_inherit(s, &c->settings);
	if (!profile || c->verb != COMMAND_START)
		settings_inherit_environment(s);
	config = settings_text(s, OPT_CONFIG);
	name = profile ? profile : settings_text(s, OPT_PROFILE);
	if (config)
		snprintf(path, sizeof(path), "%s", config);
	else if (!profile_path(path))
		return;
	result = profile_read(path, name ? name : PROFILE_DEFAULT, s, error);
	if (result < 0)
		die_of_usage(path, error);
	settings_inherit_environment(s);
}

/* With these shapes of the command line, where the token comes from is not for the environment to
 * say.
 */
static bool
choose_source(struct settings *s, const struct command *c)
{
	bool given =
	    settings_text(&c->settings, OPT_TOKEN) || settings_text(&c->settings, OPT_TOKEN_FILE);

	if (settings_text(&c->settings, OPT_TOKEN))
		settings_clear(s, OPT_TOKEN_FILE);
	else if (settings_text(s, OPT_TOKEN_FILE))
		settings_clear(s, OPT_TOKEN);
	if (c->of_old || (c->successor && !given)) {
		settings_clear(s, OPT_TOKEN);
		settings_clear(s, OPT_TOKEN_FILE);
	}
	if (c->of_old && !settings_text(s, OPT_ROOT_URL)) {
		settings_clear(s, OPT_ID);
		settings_clear(s, OPT_SERVER);
	}
	return c->successor ? !given
			    : !settings_text(s, OPT_TOKEN) && !settings_text(s, OPT_TOKEN_FILE) &&
				  !settings_text(s, OPT_CLIENT_ID);
}

static int
check(const struct command *c)
{
	struct whc_tunnel t = {.token_fd = -1};

	resolve(&t.settings, c, c->nnames ? c->names[0] : NULL);
	choose_source(&t.settings, c);
	return check_run(&t) ? LEAVE_OK : LEAVE_FAILED;
}

static int
login(struct command *c)
{
	const char *profile = settings_text(&c->settings, OPT_PROFILE);
	const char *config = settings_text(&c->settings, OPT_CONFIG);
	char path[PROFILE_PATH_MAX];

	if (!config)
		config = getenv("WHT_CONFIG");
	if (config)
		snprintf(path, sizeof(path), "%s", config);
	else if (!profile_path(path))
		die_of_usage("login", "there is no home directory: --config says where to write");
	return (int)login_run(
	    c->login_url, &c->settings, path, profile ? profile : PROFILE_DEFAULT);
}

static void
add_tunnel(const struct command *c, const char *profile, bool *stdin_taken)
{
	struct whc_tunnel *t = whc_tunnel(whc);
	struct settings s = {0};
	bool from_stdin;

	resolve(&s, c, profile);
	from_stdin = choose_source(&s, c);
	if (from_stdin && (*stdin_taken || live))
		die_of_usage(profile ? profile : "",
		    "there is no token: whclient login, --token-file or WHT_TOKEN");
	*stdin_taken |= from_stdin;
	for (int i = 0; i < OPT_COUNT; i++) {
		for (int j = 0; j < SETTING_VALUES_MAX && s.values[i][j]; j++) {
			if (option_infos[i].kind & OPT_TUNNEL)
				whc_set(t, option_infos[i].word, s.values[i][j]);
		}
	}
	if (from_stdin)
		whc_tokens_from(t, STDIN_FILENO);
	settings_free(&s);
}

static enum log_level
read_level(const struct settings *s)
{
	const char *text = settings_text(s, OPT_LOG_LEVEL);
	int level = text ? log_level_parse(span_str(text)) : LVL_INFO;

	if (level < 0)
		die_of_usage("--log-level", "debug, info, warn or error is wanted");
	return settings_on(s, OPT_VERBOSE) ? LVL_DEBUG : (enum log_level)level;
}

/* ---- signals ---- */

static sigset_t endings;

static void
block_endings(void)
{
	sigemptyset(&endings);
	sigaddset(&endings, SIGINT);
	sigaddset(&endings, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &endings, NULL);
}

/* A thread of its own, for what a signal causes takes a lock. */
static void *
wait_for_endings(void *arg)
{
	int signum;

	(void)arg;
	sigwait(&endings, &signum);
	log_info(NULL, "stopping; once more stops at once");
	whc_stop(whc);
	sigwait(&endings, &signum);
	log_stop();
	_exit(LEAVE_OK);
}

/* ---- the life ---- */

struct teller {
	struct say say;
	char notice[1024], last[1024]; /* what has to be said when the screen is gone */
};

static void
on_event(void *user, const struct whc_event *e)
{
	struct teller *teller = user;

	if (e->type == WHC_OVER && e->status == LEAVE_USAGE)
		snprintf(
		    teller->last, sizeof(teller->last), "%s\nwhclient --help says how.", e->text);
	else if (e->type == WHC_OVER && e->status && live)
		snprintf(teller->last, sizeof(teller->last), "%s", e->text);
	else if (e->type == WHC_NOTICE && e->serious && live)
		snprintf(teller->notice, sizeof(teller->notice), "%s", e->text);
	say_event(&teller->say, e);
	if (live)
		live_event(live, e);
}

/* A thread that waits for keys and signals; which one, is a matter of the terminal. */
static void
run_with_screen(struct teller *teller, int *result)
{
	teller->say.quiet = true;
	live_start(live, whc);
	*result = whc_run(whc);
	live_close(&live);
}

static void
run_plain(int *result)
{
	pthread_t waiter;

	pthread_create(&waiter, NULL, wait_for_endings, NULL);
	*result = whc_run(whc);
	pthread_cancel(waiter);
	pthread_join(waiter, NULL);
}

static int
run(const struct command *c)
{
	struct teller teller = {.say = {.json = settings_on(&c->settings, OPT_JSON),
				    .out_file = settings_text(&c->settings, OPT_OUT_FILE)}};
	bool stdin_taken = false;
	int result;

	whc = whc_new();
	for (int i = 0; i < c->nnames; i++)
		add_tunnel(c, c->names[i], &stdin_taken);
	if (c->nnames == 0)
		add_tunnel(c, NULL, &stdin_taken);
	settings_wipe_environment();
	whc_on_event(whc, on_event, &teller);
	if (live)
		run_with_screen(&teller, &result);
	else
		run_plain(&result);
	whc_free(whc);
	if (teller.last[0])
		fprintf(stderr, "%s%swhclient: %s\n", teller.notice, teller.notice[0] ? "\n" : "",
		    teller.last);
	return result;
}

/* In a terminal, unless lines are wanted; stdin must not be needed for tokens. */
static bool
wants_screen(const struct command *c)
{
	return c->verb != COMMAND_LOGIN && !settings_on(&c->settings, OPT_CHECK) &&
	       !settings_on(&c->settings, OPT_PLAIN) && !settings_on(&c->settings, OPT_JSON) &&
	       !(c->successor && !settings_text(&c->settings, OPT_TOKEN) &&
		   !settings_text(&c->settings, OPT_TOKEN_FILE));
}

int
main(int argc, char **argv)
{
	struct command command;
	char error[COMMAND_ERROR_MAX];
	int result;

	if (command_read(&command, argc, argv, error) < 0)
		die_of_usage("", error);
	if (settings_on(&command.settings, OPT_HELP)) {
		command_print_help();
		return LEAVE_OK;
	}
	if (settings_on(&command.settings, OPT_VERSION)) {
		puts("whclient " WHT_VERSION);
		return LEAVE_OK;
	}
	block_endings();
	if (wants_screen(&command))
		live = live_open();
	log_start(&(struct log_config){.logger = "whclient",
	    .fd = STDERR_FILENO,
	    .json = settings_on(&command.settings, OPT_JSON),
	    .level = live ? LVL_ERROR + 1 : read_level(&command.settings)});
	if (command.verb == COMMAND_LOGIN)
		result = login(&command);
	else if (settings_on(&command.settings, OPT_CHECK))
		result = check(&command);
	else
		result = run(&command);
	settings_free(&command.settings);
	log_stop();
	return result;
}
