/* whtctl - the operator's hand on a running whtd: what goes on, who did what, end this, ban that.
 *
 * main() reads the line, finds the socket and gives the command to whoever runs it. What commands
 * there are stands in two tables (cli/ctl_command.h), and most need no code of their own: a
 * question, an answer, and the general way to print it. */
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/ctl.h"
#include "cli/ctl_complete.h"
#include "cli/ctl_help.h"
#include "cli/ctl_socket.h"

#include <curl/curl.h>

enum { PATIENCE_MS = 30000, COMPLETION_MS = 1000, OUT_MAX = 1 << 30 };

/* ---- commands that are done here ---- */

static enum ctl_leave
run_help(struct ctl *c)
{
	if (c->line.nwords == 1) {
		ctl_help(&c->out);
	} else if (!ctl_help_words(&c->out, c->line.words + 1, c->line.nwords - 1)) {
		ctl_complain("there is no such command: whtctl help lists them");
		return CTL_LEAVE_USAGE;
	}
	return CTL_LEAVE_OK;
}

static enum ctl_leave
run_completion(struct ctl *c)
{
	const char *script = ctl_completion_script(c->line.values[ARG_COMPLETION_shell]);

	if (!script) {
		ctl_complain("completion is there for bash, zsh and fish");
		return CTL_LEAVE_USAGE;
	}
	strb_add(&c->out, span_str(script));
	return CTL_LEAVE_OK;
}

/* ---- who runs what: a listing, a sentence or fields, unless it stands here ---- */

static ctl_run_f *const runs[CTL_COUNT] = {
    [CTL_AUDIT_LIST] = ctl_run_audit,
    [CTL_AUDIT_FOLLOW] = ctl_run_follow,
    [CTL_AUDIT_VERIFY] = ctl_run_verify,
    [CTL_TOKEN_MINT] = ctl_run_mint,
    [CTL_METRICS] = ctl_run_text,
    [CTL_WHY] = ctl_run_why,
    [CTL_TOKEN_INSPECT] = ctl_run_inspect,
    [CTL_TOP] = ctl_run_top,
    [CTL_LUA_CHECK] = ctl_run_lua_check,
    [CTL_LUA_TEST] = ctl_run_lua_test,
    [CTL_COMPLETION] = run_completion,
    [CTL_HELP] = run_help,
};

static ctl_run_f *
runner(enum ctl_id command)
{
	if (runs[command])
		return runs[command];
	if (ctl_is_list(command))
		return ctl_run_list;
	return ctl_is_said(command) ? ctl_run_say : ctl_run_fields;
}

/* ---- main ---- */

static unsigned
terminal_width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	uint64_t n;

	if (!isatty(STDOUT_FILENO))
		return 0;
	if (columns && span_u64(span_str(columns), 10000, &n) == 0 && n > 0)
		return (unsigned)n;
	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 80;
}

static void
look_around(struct ctl *c)
{
	setlocale(LC_CTYPE, "");
	c->look = (struct sheet_look){
	    .width = terminal_width(),
	    .header = c->line.options[CTLOPT_NO_HEADER] == NULL,
	    .utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
	    .bold = isatty(STDOUT_FILENO) && !getenv("NO_COLOR"),
	};
	c->json = c->line.options[CTLOPT_JSON] != NULL;
	c->now_ms = clock_wall_ms();
	strb_init(&c->out, OUT_MAX);
}

/* Commands of the service, and those done here that ask some of them. */
static bool
needs_service(const struct ctl *c)
{
	if (c->line.command == CTL_LUA_TEST)
		return c->line.values[ARG_LUA_TEST_since] != NULL;
	return ctl_commands[c->line.command].method || c->line.command == CTL_TOP;
}

static enum ctl_leave
reach_service(struct ctl *c)
{
	char path[SOCKET_PATH_MAX];
	struct strb why;
	int err;

	if (!needs_service(c))
		return CTL_LEAVE_OK;
	strb_init(&why, 4096);
	err = ctl_socket_find(c->line.options[CTLOPT_SOCKET], path, &why);
	if (err)
		ctl_complain(strb_cstr(&why));
	strb_free(&why);
	if (err)
		return err == -WHT_EINVAL ? CTL_LEAVE_USAGE : CTL_LEAVE_AWAY;
	c->api = api_new(path);
	api_patience(c->api, PATIENCE_MS);
	return CTL_LEAVE_OK;
}

static enum ctl_leave
run(struct ctl *c)
{
	enum ctl_leave leave = reach_service(c), flushed;

	if (leave == CTL_LEAVE_OK)
		leave = runner(c->line.command)(c);
	flushed = ctl_flush(c);
	if (c->api)
		api_free(&c->api);
	return leave == CTL_LEAVE_OK ? flushed : leave;
}

static enum ctl_leave
complain_of_line(struct ctl *c)
{
	struct strb usage;

	strb_init(&usage, 4096);
	ctl_complain(c->line.error);
	if (c->line.command != CTL_COUNT)
		ctl_usage(&usage, c->line.command);
	else
		strb_add(&usage, SPAN("whtctl help lists the commands\n"));
	fputs(strb_cstr(&usage), stderr);
	strb_free(&usage);
	return CTL_LEAVE_USAGE;
}

/* Where names that only the service knows stand in its answers. */
static const struct {
	enum ctl_id command;
	const char *array, *member;
} lives[] = {
    [LIVE_TUNNELS] = {CTL_TUNNEL_LIST, "tunnels", "id"},
    [LIVE_BANS] = {CTL_BAN_LIST, "bans", "match"},
};

static void
add_names(struct strb *out, enum complete_live live, const json_t *answer, struct span begun)
{
	const json_t *array = json_object_get(answer, lives[live].array);

	for (size_t i = 0; i < json_array_size(array); i++) {
		const json_t *row = json_array_get(array, i);
		const char *text = json_string_value(json_object_get(row, lives[live].member));

		if (!text || !span_starts(span_str(text), begun))
			continue;
		strb_visible(out, span_str(text));
		strb_add(out, SPAN("\t\n"));
	}
}

/* Silent when the service cannot be asked, and soon, since a shell waits. */
static void
add_live(struct strb *out, enum complete_live live, struct span begun)
{
	const char *values[ARG_COUNT] = {NULL};
	char path[SOCKET_PATH_MAX];
	struct answer answer;
	struct api *api;
	struct strb why;
	int err;

	strb_init(&why, 4096);
	err = ctl_socket_find(NULL, path, &why);
	strb_free(&why);
	if (err)
		return;
	api = api_new(path);
	api_patience(api, COMPLETION_MS);
	answer_init(&answer);
	if (api_ask(api, lives[live].command, values, &answer) == CTL_LEAVE_OK)
		add_names(out, live, answer.json, begun);
	answer_free(&answer);
	api_free(&api);
}

/* whtctl __complete WORDS...: what the completion scripts call. */
static enum ctl_leave
complete(struct ctl *c, int argc, char **argv)
{
	const char *const *words = (const char *const *)argv + 2;
	size_t nwords = (size_t)argc - 2;
	enum complete_live live;

	strb_init(&c->out, OUT_MAX);
	live = ctl_complete(&c->out, words, nwords);
	if (live != LIVE_NOTHING)
		add_live(&c->out, live, span_str(nwords > 0 ? words[nwords - 1] : ""));
	return ctl_flush(c);
}

/* --help, --version, or nothing at all. */
static enum ctl_leave
speak_of_itself(struct ctl *c)
{
	if (c->line.options[CTLOPT_VERSION])
		strb_add(&c->out, SPAN("whtctl " WHT_VERSION "\n"));
	else if (c->line.command != CTL_COUNT)
		ctl_help_command(&c->out, c->line.command);
	else
		ctl_help(&c->out);
	ctl_flush(c);
	return c->line.options[CTLOPT_VERSION] || c->line.options[CTLOPT_HELP] ? CTL_LEAVE_OK
									       : CTL_LEAVE_USAGE;
}

int
main(int argc, char **argv)
{
	struct ctl c = {0};
	enum ctl_leave leave;

	curl_global_init(CURL_GLOBAL_DEFAULT);
	if (argc > 1 && strcmp(argv[1], "__complete") == 0) {
		leave = complete(&c, argc, argv);
	} else if (ctl_line_parse(&c.line, argc, (const char *const *)argv)) {
		leave = complain_of_line(&c);
	} else {
		look_around(&c);
		if (c.line.options[CTLOPT_VERSION] || c.line.options[CTLOPT_HELP] ||
		    c.line.nwords == 0)
			leave = speak_of_itself(&c);
		else
			leave = run(&c);
	}
	strb_free(&c.out);
	curl_global_cleanup();
	return (int)leave;
}
