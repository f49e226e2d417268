/* cli/ctl_command.h - the commands of whtctl, as two tables say them: controlplane/admin_tbl.h what
 * the service answers, cli/ctl_local_tbl.h what is done here.
 *
 * Parsing, help, completion and requests all read these rows; none knows a command by itself.
 */
#ifndef WHT_CLI_CTL_COMMAND_H
#define WHT_CLI_CTL_COMMAND_H

#include "base/span.h"

enum ctl_id {
#define ADMIN(NAME, method, path, words, role, audit, answer, help) CTL_##NAME,
#include "controlplane/admin_tbl.h"
#define LOCAL(NAME, words, help) CTL_##NAME,
#include "cli/ctl_local_tbl.h"
	CTL_COUNT
};

enum ctl_arg_id {
#define ADMIN_ARG(NAME, name, place, type, need, help) ARG_##NAME##_##name,
#include "controlplane/admin_tbl.h"
#define LOCAL_ARG(NAME, name, type, need, help) ARG_##NAME##_##name,
#define LOCAL_FLAG(NAME, name, help)		ARG_##NAME##_##name,
#include "cli/ctl_local_tbl.h"
	ARG_COUNT
};

enum ctl_type {
#define ADMIN_TYPE(TYPE, expected) TYPE_##TYPE,
#include "controlplane/admin_tbl.h"
	TYPE_SHELL, /* ours */
	TYPE_NOTHING,
	TYPES
};

enum ctl_place { PLACE_PATH, PLACE_QUERY, PLACE_BODY, PLACE_HERE, PLACE_FLAG };
enum ctl_need { NEED_REQUIRED, NEED_OPTIONAL };

struct ctl_command {
	const char *method, *path; /* NULL: done here */
	const char *words, *role, *answer, *help;
	bool recorded; /* in the audit */
};

struct ctl_arg {
	enum ctl_id command;
	const char *name;
	enum ctl_place place;
	enum ctl_type type;
	enum ctl_need need;
	const char *help;
};

extern const struct ctl_command ctl_commands[CTL_COUNT];
extern const struct ctl_arg ctl_args[ARG_COUNT];
extern const char *const ctl_expected[TYPES];

/* The command that the first words name, and how many of them did. A noun alone is its list.
 * CTL_COUNT: none does. */
enum ctl_id ctl_command_find(const char *const *words, size_t nwords, size_t *taken);
/* True when some command has that first word. */
bool ctl_command_noun(const char *word);

/* The argument of a command by its name; ARG_COUNT: it has none. */
enum ctl_arg_id ctl_arg_find(enum ctl_id command, struct span name);
/* The n-th required one, which is a word in its place; ARG_COUNT: there are fewer. */
enum ctl_arg_id ctl_arg_required(enum ctl_id command, size_t n);

#endif
