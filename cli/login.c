#include "cli/login.h"

#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "cli/probe.h"
#include "cli/profile.h"

/* A line of stdin, not shown while it is typed. */
static bool
ask_token(char out[TOKEN_MAX + 2])
{
	struct termios was, quiet;
	bool terminal = tcgetattr(STDIN_FILENO, &was) == 0;
	bool got;

	fputs("token: ", stderr);
	if (terminal) {
		quiet = was;
		quiet.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	}
	got = fgets(out, TOKEN_MAX + 2, stdin) != NULL;
	if (terminal)
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &was);
	fputs("\n", stderr);
	return got;
}

static void
take_token(struct settings *s)
{
	char text[TOKEN_MAX + 2];

	if (settings_text(s, OPT_TOKEN) || settings_text(s, OPT_TOKEN_FILE) ||
	    settings_text(s, OPT_CLIENT_ID))
		return;
	if (ask_token(text)) {
		struct span rest = span_str(text), line;

		span_cut(&rest, '\n', &line);
		settings_set(s, OPT_TOKEN, span_trim(line));
	}
	explicit_bzero(text, sizeof(text));
}

/* The profile is read wherever whclient is started. */
static void
make_absolute(struct settings *s, enum option_id option)
{
	const char *path = settings_text(s, option);
	char *whole = path ? realpath(path, NULL) : NULL;

	if (whole)
		settings_set(s, option, span_str(whole));
	free(whole);
}

static enum leave
complain(const char *about, const char *what, enum leave leave)
{
	fprintf(stderr, "whclient: %s: %s\n", about, what);
	return leave;
}

/* What the server says to the token. */
static enum leave
try_token(struct whc_tunnel *t, struct loop *loop)
{
	char error[TUNNEL_ERROR_MAX];
	const char *id, *verdict;
	struct probe probe;
	struct span token;

	settings_set(&t->settings, OPT_TARGET, SPAN("80")); /* not asked for here */
	if (!probe_ask_auth(t, loop, error))
		return complain("login", error, LEAVE_TOKEN);
	if (tunnel_read(t, error) < 0)
		return complain("login", error, LEAVE_USAGE);
	if (tunnel_open_tokens(t, loop, error) < 0)
		return complain("login", error, LEAVE_USAGE);
	token = tokens_take(t->tokens);
	id = settings_text(&t->settings, OPT_ID);
	if (!id)
		id = tokens_id(t->tokens);
	if (!token.n || !id[0])
		return complain(
		    "login", "no token, or none that says for which id it is", LEAVE_USAGE);
	probe_token(&probe, loop, t, id, token);
	verdict = probe_verdict(&probe);
	if (probe.error[0])
		return complain("login", verdict, LEAVE_FAILED);
	return verdict ? complain(t->server.text, verdict, LEAVE_TOKEN) : LEAVE_OK;
}

enum leave
login_run(const char *url, struct settings *s, const char *path, const char *profile)
{
	struct whc_tunnel t = {.token_fd = -1};
	struct loop *loop = loop_new();
	char error[PROFILE_ERROR_MAX];
	enum leave result;

	settings_set(s, OPT_SERVER, span_str(url));
	take_token(s);
	make_absolute(s, OPT_TOKEN_FILE);
	make_absolute(s, OPT_CA);
	settings_inherit(&t.settings, s);
	result = try_token(&t, loop);
	if (result == LEAVE_OK && profile_write(path, profile, s, error) < 0)
		result = complain(path, error, LEAVE_FAILED);
	if (result == LEAVE_OK)
		fprintf(stderr, "The server accepts it. Profile [%s] is in %s\n", profile, path);
	tunnel_end(&t);
	loop_run_down(loop);
	tunnel_free(&t);
	loop_free(&loop);
	return result;
}
