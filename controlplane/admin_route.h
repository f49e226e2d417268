/* controlplane/admin_route.h - controlplane/admin_tbl.h as data,
 * and a request line looked up in it.
 *
 * Pure: a method, a target and a body in; a command with its checked arguments out, or a refusal
 * that says what to do instead. What is not in the table cannot be asked, and what is asked reaches
 * no handler before every argument has been read as the type that its row names.
 */
#ifndef WHT_CONTROLPLANE_ADMIN_ROUTE_H
#define WHT_CONTROLPLANE_ADMIN_ROUTE_H

#include "base/err.h"
#include "base/span.h"

enum admin_command {
#define ADMIN(NAME, ...) ADMIN_##NAME,
#include "controlplane/admin_tbl.h"
	ADMIN_COMMANDS
};

enum admin_arg {
#define ADMIN_ARG(NAME, name, ...) ARG_##NAME##_##name,
#include "controlplane/admin_tbl.h"
	ADMIN_ARGS
};

enum admin_type {
#define ADMIN_TYPE(TYPE, expected) ARG_IS_##TYPE,
#include "controlplane/admin_tbl.h"
};

enum admin_where { ARG_IN_PATH, ARG_IN_QUERY, ARG_IN_BODY };

/* In order: who has one has those before it. */
enum admin_role { ROLE_NONE, ROLE_VIEW, ROLE_OPERATE, ROLE_ADMIN };

struct admin_row {
	const char *method, *path, *words;
	enum admin_role role;
	bool recorded;
	const char *answer, *help;
};

struct admin_arg_row {
	enum admin_command command;
	const char *name;
	enum admin_where place;
	enum admin_type type;
	bool required;
	const char *help;
};

const struct admin_row *admin_row(enum admin_command);
const struct admin_arg_row *admin_arg_row(enum admin_arg);
const char *admin_type_expected(enum admin_type);
const char *admin_role_word(enum admin_role);
/* The role called that, or -1. */
int admin_role_parse(struct span word);

/* What was given for one argument. */
struct admin_value {
	char *text;	 /* malloc'ed, decoded; NULL: not given */
	uint64_t number; /* COUNT; DURATION and MOMENT in ms; LEVEL */
};

struct admin_args {
	struct admin_value of[ADMIN_ARGS];
};
void admin_args_clear(struct admin_args *);

/* Reads one value; its text is as decoded. now_ms: for MOMENT.
 * -WHT_EINVAL when it is not of that type. */
int admin_value_read(
    enum admin_type, struct span text, int64_t now_ms, struct admin_value *out) MUST_CHECK;

#define ADMIN_TEXT_MAX 400
#define ADMIN_BODY_MAX (64 * 1024)

/* What the peer is told instead of an answer. */
struct admin_refusal {
	int status;
	const char *error; /* a word */
	char message[ADMIN_TEXT_MAX], hint[ADMIN_TEXT_MAX];
	char allow[32]; /* with 405 */
};
void admin_refusal_set(struct admin_refusal *, int status, const char *error, const char *hint,
    const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* The route of a request line; arguments in the path go into args. */
int admin_route_find(struct span method, struct span target, int64_t now_ms, enum admin_command *,
    struct admin_args *, struct admin_refusal *) MUST_CHECK;
/* The rest of its arguments: those of the query and of the body. */
int admin_route_arguments(enum admin_command, struct span target, struct span body, int64_t now_ms,
    struct admin_args *, struct admin_refusal *) MUST_CHECK;

#endif
