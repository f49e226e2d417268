#include "cli/ctl_command.h"

#define RECORDED   true
#define UNRECORDED false

const struct ctl_command ctl_commands[CTL_COUNT] = {
#define ADMIN(NAME, method, path, words, role, audit, answer, help)                                \
	[CTL_##NAME] = {#method, path, words, #role, answer, help, audit},
#include "controlplane/admin_tbl.h"
#define LOCAL(NAME, words, help) [CTL_##NAME] = {NULL, NULL, words, NULL, NULL, help, false},
#include "cli/ctl_local_tbl.h"
};

const struct ctl_arg ctl_args[ARG_COUNT] = {
#define ADMIN_ARG(NAME, name, place, type, need, help)                                             \
	[ARG_##NAME##_##name] = {CTL_##NAME, #name, PLACE_##place, TYPE_##type, NEED_##need, help},
#include "controlplane/admin_tbl.h"
#define LOCAL_ARG(NAME, name, type, need, help)                                                    \
	[ARG_##NAME##_##name] = {CTL_##NAME, #name, PLACE_HERE, TYPE_##type, NEED_##need, help},
#define LOCAL_FLAG(NAME, name, help)                                                               \
	[ARG_##NAME##_##name] = {CTL_##NAME, #name, PLACE_FLAG, TYPE_NOTHING, NEED_OPTIONAL, help},
#include "cli/ctl_local_tbl.h"
};

const char *const ctl_expected[TYPES] = {
#define ADMIN_TYPE(TYPE, expected) [TYPE_##TYPE] = expected,
#include "controlplane/admin_tbl.h"
    [TYPE_SHELL] = "bash, zsh or fish",
};

/* "tunnel list" is "tunnel" and "list". */
static bool
words_are(const char *words, const char *noun, const char *verb)
{
	struct span rest = span_str(words), first;

	span_cut(&rest, ' ', &first);
	if (!span_eq(first, span_str(noun)))
		return false;
	return verb ? rest.p && span_eq(rest, span_str(verb)) : rest.p == NULL;
}

static enum ctl_id
find(const char *noun, const char *verb)
{
	for (int i = 0; i < CTL_COUNT; i++) {
		if (words_are(ctl_commands[i].words, noun, verb))
			return (enum ctl_id)i;
	}
	return CTL_COUNT;
}

enum ctl_id
ctl_command_find(const char *const *words, size_t nwords, size_t *taken)
{
	enum ctl_id id = CTL_COUNT;

	*taken = 2;
	if (nwords >= 2)
		id = find(words[0], words[1]);
	if (id != CTL_COUNT || nwords == 0)
		return id;
	*taken = 1;
	id = find(words[0], NULL);
	if (id == CTL_COUNT && nwords == 1)
		id = find(words[0], "list");
	return id;
}

bool
ctl_command_noun(const char *word)
{
	for (int i = 0; i < CTL_COUNT; i++) {
		struct span rest = span_str(ctl_commands[i].words), first;

		span_cut(&rest, ' ', &first);
		if (span_eq(first, span_str(word)))
			return true;
	}
	return false;
}

enum ctl_arg_id
ctl_arg_find(enum ctl_id command, struct span name)
{
	for (int i = 0; i < ARG_COUNT; i++) {
		if (ctl_args[i].command == command && span_eq(span_str(ctl_args[i].name), name))
			return (enum ctl_arg_id)i;
	}
	return ARG_COUNT;
}

enum ctl_arg_id
ctl_arg_required(enum ctl_id command, size_t n)
{
	for (int i = 0; i < ARG_COUNT; i++) {
		if (ctl_args[i].command == command && ctl_args[i].need == NEED_REQUIRED && n-- == 0)
			return (enum ctl_arg_id)i;
	}
	return ARG_COUNT;
}
