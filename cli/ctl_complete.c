#include "cli/ctl_complete.h"

#include "cli/ctl_line.h"

enum { WORDS_MAX = 64 };

static const char bash_script[] =
    "# whtctl completion for bash: whtctl completion bash >/etc/bash_completion.d/whtctl\n"
    "_whtctl() {\n"
    "\tlocal IFS=$'\\n' line\n"
    "\tCOMPREPLY=()\n"
    "\twhile read -r line; do\n"
    "\t\tCOMPREPLY+=(\"${line%%$'\\t'*}\")\n"
    "\tdone < <(whtctl __complete \"${COMP_WORDS[@]:1:COMP_CWORD}\" 2>/dev/null)\n"
    "}\n"
    "complete -F _whtctl whtctl\n";

static const char zsh_script[] =
    "#compdef whtctl\n"
    "# whtctl completion for zsh: whtctl completion zsh "
    ">/usr/local/share/zsh/site-functions/_whtctl\n"
    "_whtctl() {\n"
    "\tlocal -a found\n"
    "\tlocal line\n"
    "\twhtctl __complete \"${(@)words[2,CURRENT]}\" 2>/dev/null | while read -r line; do\n"
    "\t\tfound+=(\"${${line%%$'\\t'*}//:/\\\\:}:${line#*$'\\t'}\")\n"
    "\tdone\n"
    "\t_describe whtctl found\n"
    "}\n"
    "if [ \"$funcstack[1]\" = _whtctl ]; then\n"
    "\t_whtctl \"$@\"\n"
    "else\n"
    "\tcompdef _whtctl whtctl\n"
    "fi\n";

static const char fish_script[] =
    "# whtctl completion for fish: whtctl completion fish >~/.config/fish/completions/whtctl.fish\n"
    "function __whtctl_complete\n"
    "\tset -l words (commandline -opc) (commandline -ct)\n"
    "\twhtctl __complete $words[2..-1] 2>/dev/null\n"
    "end\n"
    "complete -c whtctl -f -a '(__whtctl_complete)'\n";

static const struct {
	const char *shell, *script;
} scripts[] = {{"bash", bash_script}, {"zsh", zsh_script}, {"fish", fish_script}};

const char *
ctl_completion_script(const char *shell)
{
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		if (strcmp(scripts[i].shell, shell) == 0)
			return scripts[i].script;
	}
	return NULL;
}

/* ---- candidates ---- */

struct wanted {
	struct strb *out;
	struct span begun; /* the word as far as it is typed */
};

static void
offer(const struct wanted *w, struct span word, const char *help)
{
	if (!span_starts(word, w->begun))
		return;
	strb_add(w->out, word);
	strb_printf(w->out, "\t%s\n", help);
}

/* "debug, info, warn or error" is four candidates. */
static void
offer_expected(const struct wanted *w, enum ctl_type type)
{
	struct span rest = span_str(ctl_expected[type]), word;

	while (span_word(&rest, &word)) {
		if (!span_eq(word, SPAN("or")))
			offer(w, word, "");
	}
}

/* A listing of live names is the service's; the closed sets are the table's. */
static enum complete_live
offer_values(const struct wanted *w, enum ctl_arg_id id)
{
	const struct ctl_arg *arg = &ctl_args[id];

	if (arg->type == TYPE_LEVEL || arg->type == TYPE_SORT || arg->type == TYPE_SHELL)
		offer_expected(w, arg->type);
	if (arg->command == CTL_BAN_REMOVE)
		return LIVE_BANS;
	return arg->type == TYPE_ID || arg->type == TYPE_GLOB ? LIVE_TUNNELS : LIVE_NOTHING;
}

static void
offer_option(const struct wanted *w, const char *name, const char *help)
{
	struct strb word;

	strb_init(&word, 256);
	strb_printf(&word, "--%s", name);
	offer(w, strb_span(&word), help);
	strb_free(&word);
}

static void
offer_options(const struct wanted *w, enum ctl_id command)
{
	for (int i = 0; i < ARG_COUNT; i++) {
		if (ctl_args[i].command == command && ctl_args[i].need == NEED_OPTIONAL)
			offer_option(w, ctl_args[i].name, ctl_args[i].help);
	}
	for (int i = 0; i < CTLOPT_COUNT; i++)
		offer_option(w, ctl_options[i].word, ctl_options[i].help);
}

/* The first words of commands, or with a noun the second ones of its commands. Each noun once: it
 * is told with the help of its first command. */
static void
offer_commands(const struct wanted *w, const char *noun)
{
	struct span last = {NULL, 0};

	for (int i = 0; i < CTL_COUNT; i++) {
		struct span rest = span_str(ctl_commands[i].words), first;
		const char *help = ctl_commands[i].help;

		span_cut(&rest, ' ', &first);
		if (noun && rest.p && span_eq(first, span_str(noun)))
			offer(w, rest, help);
		if (!noun && !span_eq(first, last))
			offer(w, first, rest.p ? "..." : help);
		last = first;
	}
}

/* ---- where the cursor is ---- */

/* The words before the cursor that are no options, and the option that waits for its value. */
struct before {
	const char *words[WORDS_MAX];
	size_t nwords;
	struct span option;
};

static void
read_before(struct before *b, const char *const *words, size_t nwords)
{
	*b = (struct before){.nwords = 0};
	for (size_t i = 0; i + 1 < nwords && b->nwords < WORDS_MAX; i++) {
		struct span word = span_str(words[i]);

		if (b->option.p)
			b->option = (struct span){NULL, 0};
		else if (!span_starts(word, SPAN("-")))
			b->words[b->nwords++] = words[i];
		else if (span_starts(word, SPAN("--")) &&
			 ctl_option_wants_value(span_drop(word, 2)))
			b->option = span_drop(word, 2);
	}
}

enum complete_live
ctl_complete(struct strb *out, const char *const *words, size_t nwords)
{
	struct wanted w = {out, nwords > 0 ? span_str(words[nwords - 1]) : SPAN("")};
	struct before b;
	size_t taken;
	enum ctl_id command;
	enum ctl_arg_id arg;

	read_before(&b, words, nwords);
	command = ctl_command_find(b.words, b.nwords, &taken);
	if (b.option.p) {
		arg = command == CTL_COUNT ? ARG_COUNT : ctl_arg_find(command, b.option);
		return arg == ARG_COUNT ? LIVE_NOTHING : offer_values(&w, arg);
	}
	if (span_starts(w.begun, SPAN("-"))) {
		offer_options(&w, command);
		return LIVE_NOTHING;
	}
	if (command == CTL_HELP)
		offer_commands(&w, b.nwords > 1 ? b.words[1] : NULL);
	else if (b.nwords < 2)
		offer_commands(&w, b.nwords == 1 ? b.words[0] : NULL);
	if (command == CTL_COUNT || command == CTL_HELP)
		return LIVE_NOTHING;
	arg = ctl_arg_required(command, b.nwords - taken);
	return arg == ARG_COUNT ? LIVE_NOTHING : offer_values(&w, arg);
}
